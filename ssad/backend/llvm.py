"""LLVM text from typed or refined IR. One template per primitive; nothing here imports llvmlite.

Every function becomes

    define internal i32 @user.NAME(ptr %ctx, <parts of the parameters>, ptr %out)

with results stored into the 8-byte slots at %out and 0 returned, or the number of the failing site. The main
function also gets the entry `i32 @entry.NAME(ptr %ctx, ptr %slots)`. Phis are made here and nowhere else,
from block parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ssad.analysis.callgraph import calls_in, recursive
from ssad.analysis.effects import is_elementary, synchronises
from ssad.analysis.ranges import LONGEST
from ssad.backend import debuginfo, runtime
from ssad.backend.externals import SYMBOL as EXTERNAL
from ssad.backend.externals import Place
from ssad.backend.function_writer import FunctionWriter
from ssad.backend.layout import part_types, symbol
from ssad.backend.locks import SYMBOL as LOCK
from ssad.backend.options import DEFAULT, Options
from ssad.backend.printing import SYMBOL, Print
from ssad.backend.scopes import Scopes
from ssad.ir.core import Function, Location, Module, Op, Value
from ssad.ir.types import Array, Type

WIDEST = '"prefer-vector-width"="512" "stackrealign"'
"""For elementary functions, which want all the lanes there are, and loops that were peeled for a cache line.
By itself LLVM takes shorter vectors for some CPUs, since long ones lower the clock of the oldest that have
them. What is saved around calls lies on a stack that begins at a cache line, or each such vector is in two.
"""


_HINTS = {
    "single": '!{!"llvm.loop.interleave.count", i32 1}',
    "none": '!{!"llvm.loop.vectorize.enable", i1 false}',
    "masked": '!{!"llvm.loop.vectorize.predicate.enable", i1 true}',
}


@dataclass(frozen=True)
class Site:
    """A place that can fail.

    exc       the exception: a builtin's name or a key of `Module.objects`
    message   its arguments, as the attribute of the op says them (`ir/raising.py`)
    payload   the IR types of the payload
    cause     what it is raised from: exception, message, and where in the payload its own begins
    """

    exc: str
    message: Any
    payload: tuple[str, ...]
    loc: Location | None
    cause: tuple[str, Any, int] | None = None


@dataclass
class LLVMCode:
    """LLVM text with what its callers need: the symbol of its entry, the types that go in and out, the sites.

    Site number 1 is the first. `returns_memory`: a result may lie in the arena, so the caller resets the
    context after reading it.
    """

    text: str
    entry: str
    param_types: list[Type]
    result_types: list[Type]
    sites: list[Site]
    returns_memory: bool
    prints: Sequence[Print] = ()
    locks: Sequence[str] = ()
    """The names of the locks that are taken, by their numbers."""
    externals: Sequence[Place] = ()
    recursive: bool = False
    """Whether functions call themselves, so that the context must say how deep they may."""


def to_llvm(
    module: Module,
    *,
    options: Options = DEFAULT,
    features: frozenset[str] | None = None,
    entry: str = "",
    release: str = "",
) -> LLVMCode:
    """LLVM text of every function of `module`, with an exported entry for the main one.

    `features` are the CPU's vector extensions (this machine's unless told). `entry` names the entry, seen
    by the linker but not outside the library; `release` likewise names the function that frees a context.
    """
    writer = ModuleWriter(module, options, features)
    ops = [op for function in module.functions.values() for op in function.ops()]
    if any(op.name == "to_aligned" or (options.vector_math and is_elementary(op.prim)) for op in ops):
        writer.width = f" {writer.group(WIDEST)}"
    called = {op.attrs["callee"] for f in module.functions.values() for op in calls_in(f)}
    main = module.main
    shared = any(synchronises(op.prim) for op in ops)
    for function in module.functions.values():
        # only the caller from outside has promised that arguments do not overlap, and that nobody else writes
        alone = function is main and main.name not in called and not shared
        writer.chunks.append(FunctionWriter(writer, function, noalias=alone and options.noalias).write())
    name = entry or f"entry.{symbol(main.name)}"
    writer.entry(main, name, "hidden " if entry else "")
    if release:
        writer.chunks.append(
            f"define hidden void @{release}(ptr %ctx) {{\n  call void @ssad.release(ptr %ctx)\n  ret void\n}}"
        )
    types = [v.type for v in main.params]
    return LLVMCode(
        writer.text(),
        name,
        types,
        list(main.result_types),
        writer.sites,
        returns_memory(main),
        tuple(writer.prints),
        tuple(writer.locks),
        tuple(writer.externals),
        bool(writer.recursive),
    )


def returns_memory(function: Function) -> bool:
    """Whether a result of `function` is an array."""
    return any(isinstance(t, Array) for t in function.result_types)


@dataclass
class ModuleWriter:
    """What the functions of one module share: declarations, failing sites, metadata."""

    module: Module
    options: Options
    features: frozenset[str] | None = None
    sites: list[Site] = field(default_factory=list)
    prints: list[Print] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    externals: list[Place] = field(default_factory=list)
    declarations: dict[str, str] = field(default_factory=dict)
    attribute_groups: dict[str, int] = field(default_factory=dict)
    vector_symbols: dict[str, None] = field(default_factory=dict)
    chunks: list[str] = field(default_factory=list)
    uses_stacks: bool = False
    width: str = ""
    """The attribute group that says how wide vectors are; empty where that is left to LLVM."""
    scopes: Scopes = field(default_factory=Scopes)

    def __post_init__(self) -> None:
        self.recursive = recursive(self.module)
        self.debug = debuginfo.DebugInfo(first=10) if self.options.debug else None

    def site(
        self,
        exc: str,
        message: Any,
        payload: Sequence[Value],
        loc: Location | None,
        cause: tuple[str, Any, int] | None = None,
    ) -> int:
        """The number of a new failing site."""
        self.sites.append(Site(exc, message, tuple(str(v.type) for v in payload), loc, cause))
        return len(self.sites)

    def print_place(self, op: Op) -> int:
        """The number of a new place that prints."""
        types = tuple(str(v.type) for v in op.operands)
        self.prints.append(Print(op.attrs["text"], types, tuple(op.attrs.get("kinds", ()))))
        self.declare(SYMBOL, f"declare void @{SYMBOL}(i32, ptr)")
        return len(self.prints) - 1

    def external_place(self, op: Op) -> int:
        """The number of a new place that calls an external function."""
        types = tuple(str(v.type) for v in op.operands)
        result = "" if op.result is None else str(op.result.type)
        self.externals.append(Place(op.attrs["object"], types, len(op.attrs["writes"]), result))
        self.declare(EXTERNAL, f"declare i32 @{EXTERNAL}(i32, ptr, ptr)")
        return len(self.externals) - 1

    def lock_place(self, op: Op) -> int:
        """The number of the lock that the op takes or releases."""
        name = op.attrs["object"]
        if name not in self.locks:
            self.locks.append(name)
        self.declare(LOCK, f"declare void @{LOCK}(i32, i32)")
        return self.locks.index(name)

    def declare(self, name: str, text: str) -> None:
        """Put the declaration of `@name` into the module, once."""
        self.declarations.setdefault(name, text)

    def loop_hint(self, vectors: str) -> str:
        """What is said at the back edge of a loop: how LLVM is to make vectors of its iterations, which it is
        not to do around calls of functions for single numbers.
        """
        node = self.scopes.node
        vectors = vectors if self.options.vector_math else "none"
        hint = node(lambda own: _HINTS[vectors])
        return f", !llvm.loop !{node(lambda own: f'distinct !{{!{own}, !{hint}}}')}"

    def group(self, attributes: str) -> str:
        """The number of an attribute group, as `#3`; 0 and 1 belong to the runtime."""
        return f"#{self.attribute_groups.setdefault(attributes, len(self.attribute_groups) + 2)}"

    def entry(self, function: Function, exported: str, visibility: str) -> None:
        """Write the exported entry of `function`: slots in, status and slots out."""
        at = 0
        line, debug = "", ""
        if self.debug is not None:
            debug = f" !dbg !{self.debug.subprogram(function, 'entry')}"
            line = f", !dbg !{self.debug.location(None, function, 'entry')}"
        lines = [
            f"define {visibility}i32 @{exported}(ptr noundef %ctx, ptr noundef %slots){self.width}{debug} {{"
        ]
        args = ["ptr %ctx"]
        axes: list[str] = []
        for value in function.params:
            for llvm in part_types(value.type):
                lines.append(f"  %p{at} = getelementptr i64, ptr %slots, i64 {at}")
                load = llvm if llvm != "i1" else "i8"
                lines.append(f"  %a{at} = load {load}, ptr %p{at}")
                if llvm == "i1":
                    lines.append(f"  %b{at} = trunc i8 %a{at} to i1")
                args.append(f"{llvm} %{'b' if llvm == 'i1' else 'a'}{at}")
                at += 1
            if isinstance(value.type, Array):
                rank = value.type.rank
                first = at - len(part_types(value.type)) + 1
                axes += [f"%a{n}" for n in range(first, first + rank)]
        if axes:
            lines += self._refuse_long(axes, function)
        lines.append(f"  %out = getelementptr i64, ptr %slots, i64 {at}")
        if self.recursive:
            lines.append(f"  call void @ssad.enter(ptr %ctx){line}")
        args.append("ptr %out")
        lines.append(f"  %status = call i32 @{symbol('user.' + function.name)}({', '.join(args)}){line}")
        resets = [f"  call void @ssad.reset(ptr %ctx){line}"]
        if returns_memory(function):
            test = ["  %bad = icmp ne i32 %status, 0", "  br i1 %bad, label %reset, label %done", "reset:"]
            resets = [*test, *resets, "  br label %done", "done:"]
        if any("@ssad." in chunk for chunk in self.chunks):  # otherwise nothing lies in the arena
            lines += resets
        lines += ["  ret i32 %status", "}"]
        self.chunks.append("\n".join(lines))

    def _refuse_long(self, axes: list[str], function: Function) -> list[str]:
        """Leave with an error where an axis is longer than anything that memory holds (views may be)."""
        lines, longest = [], axes[0]
        for n, axis in enumerate(axes[1:]):
            lines.append(f"  %longest{n} = call i64 @llvm.umax.i64(i64 {longest}, i64 {axis})")
            longest = f"%longest{n}"
        number = self.site("ValueError", f"an array has an axis longer than {LONGEST}", (), function.loc)
        return [
            *lines,
            f"  %long = icmp ugt i64 {longest}, {LONGEST}",
            "  br i1 %long, label %refuse, label %enter",
            "refuse:",
            f"  store i64 {number}, ptr %ctx",
            f"  ret i32 {number}",
            "enter:",
        ]

    def text(self) -> str:
        """The whole module."""
        parts = [*self.chunks, "\n".join(self.declarations.values())]
        if self.vector_symbols:
            names = ", ".join(f"ptr @{name}" for name in self.vector_symbols)
            parts.append(
                f"@llvm.compiler.used = appending global [{len(self.vector_symbols)} x ptr] [{names}], "
                'section "llvm.metadata"'
            )
        parts += [f"attributes #{n} = {{ {text} }}" for text, n in self.attribute_groups.items()]
        parts.append(runtime.support(self.uses_stacks, bool(self.recursive)))
        parts.append(
            '!1 = !{!2, !2, i64 0}\n!2 = !{!"array element", !4, i64 0}\n'
            '!3 = !{!5, !5, i64 0}\n!4 = !{!"ssad"}\n!5 = !{!"tape record", !4, i64 0}\n'
            '!6 = !{!"branch_weights", i32 1, i32 2000}\n'
            '!7 = !{!8, !8, i64 0}\n!8 = !{!"list header", !4, i64 0}'
        )
        parts += self.scopes.lines
        if self.debug is not None:
            parts.append(self.debug.text())
        return "\n".join(parts) + "\n"
