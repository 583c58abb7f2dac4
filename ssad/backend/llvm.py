"""LLVM text from typed or refined IR: blocks, edges, calls and failing checks. One template per primitive.

Text is joined from strings; nothing here imports llvmlite. Every function becomes

    define internal i32 @user.NAME(ptr %ctx, <parts of the parameters>, ptr %out)

with results stored into the 8-byte slots at %out and 0 returned, or the number of the failing site; the main
function also gets the entry `i32 @entry.NAME(ptr %ctx, ptr %slots)`. Phis are made here and nowhere else,
from block parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ssad.backend import arrays, debuginfo, integers, runtime, tapes, templates
from ssad.backend.layout import constant, part_scalars, part_types, scalar_type, symbol
from ssad.backend.options import DEFAULT, Options
from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Const, Edge, Function, Location, Module, Op, Terminator, Undef, Value
from ssad.ir.types import Array, Scalar, Tape, Tuple, Type
from ssad.primitives.lowering import Native

FAST = "reassoc contract nsz arcp afn"
"""What `fastmath` allows; nan and inf keep their meaning."""


@dataclass(frozen=True)
class Site:
    """A place that can fail: the exception (a builtin's name or a key of `Module.objects`), its message with
    `{0}`, ... for
    the payload (None: no argument), the IR types of the payload, and where it is."""

    exc: str
    message: str | None
    payload: tuple[str, ...]
    loc: Location | None


@dataclass
class LLVMCode:
    """LLVM text with what its callers need: sites (number 1 is the first), exported entries, types of the
    main function.

    `returns_memory`: a result may lie in the arena, so the caller resets the context after reading it.
    """

    text: str
    sites: list[Site]
    entries: dict[str, str]
    param_types: list[Type]
    result_types: list[Type]
    returns_memory: bool


def to_llvm(module: Module, *, options: Options = DEFAULT, entries: Sequence[str] | None = None) -> LLVMCode:
    """LLVM text of every function of `module`; `entries` names those that are exported (the main one unless
    told).
    """
    writer = ModuleWriter(module, options)
    names = [module.main.name] if entries is None else list(entries)
    for function in module.functions.values():
        writer.function(function, exported=function.name in names)
    symbols = {name: writer.entry(module.functions[name]) for name in names}
    main = module.functions[names[0]]
    return LLVMCode(
        writer.text(),
        writer.sites,
        symbols,
        [v.type for v in main.params],
        list(main.result_types),
        returns_memory(main),
    )


def returns_memory(function: Function) -> bool:
    """Whether a result of `function` is an array."""
    return any(isinstance(t, Array) for t in function.result_types)


@dataclass
class ModuleWriter:
    """What the functions of one module share: declarations, failing sites, metadata."""

    module: Module
    options: Options
    sites: list[Site] = field(default_factory=list)
    declarations: dict[str, str] = field(default_factory=dict)
    attribute_groups: dict[str, int] = field(default_factory=dict)
    vector_symbols: dict[str, None] = field(default_factory=dict)
    chunks: list[str] = field(default_factory=list)
    uses_stacks: bool = False

    def __post_init__(self) -> None:
        self.debug = debuginfo.DebugInfo(first=10) if self.options.debug else None

    def function(self, function: Function, exported: bool) -> None:
        self.chunks.append(FunctionWriter(self, function, noalias=exported and self.options.noalias).write())

    def site(self, exc: str, message: str | None, payload: Sequence[Value], loc: Location | None) -> int:
        """The number of a new failing site."""
        self.sites.append(Site(exc, message, tuple(str(v.type) for v in payload), loc))
        return len(self.sites)

    def declare(self, name: str, text: str) -> None:
        """Put the declaration of `@name` into the module, once."""
        self.declarations.setdefault(name, text)

    def group(self, attributes: str) -> str:
        """The number of an attribute group, as `#3`; 0 and 1 belong to the runtime."""
        return f"#{self.attribute_groups.setdefault(attributes, len(self.attribute_groups) + 2)}"

    def entry(self, function: Function) -> str:
        """Write the exported entry of `function`: slots in, status and slots out. Returns its symbol."""
        exported, at = f"entry.{symbol(function.name)}", 0
        line, debug = "", ""
        if self.debug is not None:
            debug = f" !dbg !{self.debug.subprogram(function, 'entry')}"
            line = f", !dbg !{self.debug.location(None, function, 'entry')}"
        lines = [f"define i32 @{exported}(ptr noundef %ctx, ptr noundef %slots){debug} {{"]
        args = ["ptr %ctx"]
        for value in function.params:
            for llvm in part_types(value.type):
                lines.append(f"  %p{at} = getelementptr i64, ptr %slots, i64 {at}")
                load = llvm if llvm != "i1" else "i8"
                lines.append(f"  %a{at} = load {load}, ptr %p{at}")
                if llvm == "i1":
                    lines.append(f"  %b{at} = trunc i8 %a{at} to i1")
                args.append(f"{llvm} %{'b' if llvm == 'i1' else 'a'}{at}")
                at += 1
        lines.append(f"  %out = getelementptr i64, ptr %slots, i64 {at}")
        args.append("ptr %out")
        lines.append(f"  %status = call i32 @{symbol('user.' + function.name)}({', '.join(args)}){line}")
        if returns_memory(function):
            lines += ["  %bad = icmp ne i32 %status, 0", "  br i1 %bad, label %reset, label %done", "reset:"]
        lines.append(f"  call void @ssad.reset(ptr %ctx){line}")
        if returns_memory(function):
            lines += ["  br label %done", "done:"]
        lines += ["  ret i32 %status", "}"]
        self.chunks.append("\n".join(lines))
        return exported

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
        parts.append(runtime.support(self.uses_stacks))
        parts.append(
            '!1 = !{!2, !2, i64 0}\n!2 = !{!"array element", !4, i64 0}\n'
            '!3 = !{!5, !5, i64 0}\n!4 = !{!"ssad"}\n!5 = !{!"tape record", !4, i64 0}\n'
            '!6 = !{!"branch_weights", i32 1, i32 2000}'
        )
        if self.debug is not None:
            parts.append(self.debug.text())
        return "\n".join(parts) + "\n"


Handler = Callable[["FunctionWriter", Op], None]


class FunctionWriter:
    """Writes one function. Bodies are written in reverse postorder, so that definitions come before uses;
    phis last.
    """

    def __init__(self, module: ModuleWriter, function: Function, noalias: bool) -> None:
        self.module = module
        self.options = module.options
        self.function = function
        self.noalias = noalias
        self.values: dict[Value, tuple[str, ...]] = {}
        self.lines: list[str] = []
        self.cold: list[str] = []
        self.allocas: list[str] = []
        self.labels: dict[Block, str] = {}
        self.incoming: dict[Block, list[tuple[str, list[tuple[str, ...]]]]] = {}
        self.counter = 0
        self.label = ""
        self.loc: Location | None = None
        self.carry = ""
        self.local_allocs = arrays.local_allocs(function)
        self.guarded_divisions = _guarded_divisions(function)

    # names

    def fresh(self, hint: str = "") -> str:
        """A new local name, without the sigil."""
        self.counter += 1
        if hint and hint.isascii() and hint.replace("_", "a").replace(".", "a").isalnum():
            return f"{hint}.{self.counter}"
        return f"v.{self.counter}"

    def tmp(self, text: str, hint: str = "") -> str:
        """Write `%new = text` and return `%new`."""
        self.counter += 1
        name = f"%{hint or 't'}.{self.counter}"
        self.lines.append(f"  {name} = {text}")
        return name

    def emit(self, text: str) -> None:
        """Write one instruction."""
        self.lines.append(f"  {text}")

    def start(self, label: str) -> None:
        """Begin an LLVM block; the one before must have been ended."""
        self.lines.append(f"{label}:")
        self.label = label

    def new_parts(self, value: Value) -> tuple[str, ...]:
        """Fresh names for the parts of `value`."""
        types = part_types(value.type)
        stem = f"%{self.fresh(value.name)}"
        if len(types) == 1 and isinstance(value.type, Scalar):
            return (stem,)
        return tuple(f"{stem}.{suffix}" for suffix in _suffixes(value.type, len(types)))

    # operands and results

    def parts(self, value: Value) -> tuple[str, ...]:
        """What carries `value`, written as operands without types."""
        if isinstance(value, Const):
            return (constant(value),)
        if isinstance(value, Undef):
            # nothing depends on it; zero keeps the program deterministic should something do
            return tuple(_ZERO.get(t, "0") for t in part_types(value.type))
        return self.values[value]

    def one(self, value: Value) -> str:
        """The single part of a number."""
        return self.parts(value)[0]

    def typed(self, value: Value) -> str:
        """Type and text of a number, as in `double %x`."""
        assert isinstance(value.type, Scalar)
        return f"{scalar_type(value.type)} {self.one(value)}"

    def define(self, op: Op, *parts: str) -> None:
        """These parts carry the result of `op`."""
        assert op.result is not None
        self.values[op.result] = parts

    def coerced(self, value: Value, wanted: Type) -> tuple[str, ...]:
        """The parts of `value` where `wanted` is expected: a contiguous array may go where strides are
        carried.
        """
        parts = self.parts(value)
        if (
            isinstance(wanted, Array)
            and isinstance(value.type, Array)
            and wanted.layout == "A" != value.type.layout
        ):
            return (*parts, *arrays.strides(self, value))
        return parts

    def flags(self, op: Op) -> str:
        """Floating-point flags of `op`, each followed by a space."""
        if self.options.fastmath:
            return FAST + " "
        given = op.attrs.get("fp", "")
        return f"{given} " if given else ""

    # the function

    def write(self) -> str:
        function = self.function
        order = _reverse_postorder(function)
        for block in order:
            self.labels[block] = self.fresh(block.name or "block")
            self.incoming[block] = []
        looped = any(edge.target is function.entry for block in order for edge in block.term.edges)
        signature = self.signature(looped)
        bodies = [self.body(block, order) for block in order]
        lines = [signature, "start:", *self.allocas]
        lines.append(self.located(f"  br label %{self.labels[function.entry]}"))
        for block, body in zip(order, bodies, strict=True):
            lines.append(f"{self.labels[block]}:")
            if block is not function.entry or looped:
                self.phis(block, lines)
            lines += body
        return "\n".join([*lines, *self.cold, "}"])

    def signature(self, looped: bool) -> str:
        """The first line; also names the parameters."""
        params = ["ptr noundef %ctx"]
        entry = self.function.entry
        starts: list[tuple[str, ...]] = []
        for value in entry.params:
            names = self.new_parts(value)
            self.values[value] = names
            for at, (llvm, name) in enumerate(zip(part_types(value.type), names, strict=True)):
                params.append(f"{llvm}{self.attributes(value.type, at)} {name}{'.in' if looped else ''}")
            starts.append(tuple(f"{name}.in" for name in names))
        if looped:
            self.incoming[entry].append(("start", starts))
        name, debug = symbol("user." + self.function.name), ""
        if self.module.debug is not None:
            debug = f" !dbg !{self.module.debug.subprogram(self.function)}"
        return f"define internal i32 @{name}({', '.join([*params, 'ptr %out'])}) nounwind{debug} {{"

    def attributes(self, type: Type, part: int) -> str:
        """What LLVM may know of a parameter's part."""
        if not isinstance(type, Array):
            return ""
        if part == 0:
            return " noalias" if self.noalias else ""
        return " range(i64 0, -9223372036854775808)" if part <= type.rank else ""

    def body(self, block: Block, order: list[Block]) -> list[str]:
        """The instructions of `block` behind its phis; afterwards the arguments of its edges are known."""
        self.lines = []
        self.label = self.labels[block]
        for param in block.params:
            if param not in self.values:
                self.values[param] = self.new_parts(param)
        if block in self.guarded_divisions:
            # keeps LLVM from turning the branch into selects and running the division always
            self.emit("call void @llvm.sideeffect()")
        begin = 0
        for op in block.ops:
            self.loc = op.loc
            how = op.prim.llvm
            if type(how) is Native:
                _HANDLERS[how.name](self, op)
            else:
                templates.lower(self, op, how)
            begin = self.locate(begin)
        self.loc = block.term.loc
        _TERMINATORS[block.term.kind](self, block.term)
        self.locate(begin)
        return self.lines

    def locate(self, begin: int) -> int:
        """Give the lines from `begin` on the present location, for debuggers."""
        if self.module.debug is not None:
            self.lines[begin:] = [self.located(line) for line in self.lines[begin:]]
        return len(self.lines)

    def located(self, line: str) -> str:
        debug = self.module.debug
        if debug is None or not line.startswith(" "):
            return line
        return f"{line}, !dbg !{debug.location(self.loc, self.function)}"

    def phis(self, block: Block, lines: list[str]) -> None:
        """Append the phis that the parameters of `block` are."""
        incoming = self.incoming[block]
        for k, param in enumerate(block.params):
            for part, (llvm, name) in enumerate(zip(part_types(param.type), self.values[param], strict=True)):
                ways = ", ".join(f"[ {args[k][part]}, %{label} ]" for label, args in incoming)
                lines.append(f"  {name} = phi {llvm} {ways}")

    def edge(self, edge: Edge) -> str:
        """Note that control comes from here to the target of `edge` with its arguments; returns the label."""
        args = [self.coerced(v, p.type) for v, p in zip(edge.args, edge.target.params, strict=True)]
        self.incoming[edge.target].append((self.label, args))
        return self.labels[edge.target]

    # failing

    def fail_unless(self, ok: str, exc: str, message: str | None, payload: Sequence[Value] = ()) -> None:
        """Leave the function with a new site where the i1 `ok` is false; go on otherwise."""
        here, there = self.fresh("ok"), self.fresh("fail")
        self.emit(f"br i1 {ok}, label %{here}, label %{there}, !prof !0")
        self.failure(there, exc, message, payload)
        self.start(here)

    def failure(self, label: str, exc: str, message: str | None, payload: Sequence[Value]) -> None:
        """Write, out of the way, the block that reports a site."""
        if len(payload) > runtime.PAYLOAD_WORDS:
            raise UnsupportedError(
                f"an error message with more than {runtime.PAYLOAD_WORDS} values", self.loc
            )
        lines, self.lines = self.lines, [f"{label}:"]
        number = self.module.site(exc, message, payload, self.loc)
        for k, value in enumerate(payload):
            at = self.tmp(f"getelementptr i64, ptr %ctx, i64 {runtime.PAYLOAD + k}")
            self.emit(f"store i64 {self.word(value)}, ptr {at}")
        self.emit(f"store i64 {number}, ptr %ctx")
        self.emit(f"ret i32 {number}")
        self.locate(0)
        self.cold += self.lines
        self.lines = lines

    def word(self, value: Value) -> str:
        """A number as a 64-bit word: floats by the bits of their double, integers and bools extended."""
        type = value.type
        assert isinstance(type, Scalar), f"a payload of type {type}"
        text = self.one(value)
        if type.kind == "f":
            if type.bits == 32:
                text = self.tmp(f"fpext float {text} to double")
            return self.tmp(f"bitcast double {text} to i64")
        if type.bits == 64:
            return text
        return self.tmp(f"{'sext' if type.kind == 'i' else 'zext'} {scalar_type(type)} {text} to i64")

    # slots

    def store_slots(self, value: Value, wanted: Type, out: str, first: int) -> int:
        """Store the parts of `value` as slots `first`, ... of `out`; returns the next slot's number."""
        kinds = zip(part_types(wanted), part_scalars(wanted), self.coerced(value, wanted), strict=True)
        for k, (llvm, kind, text) in enumerate(kinds, first):
            if llvm.startswith("i") and llvm != "i64":
                text = self.tmp(f"{'sext' if kind.startswith('i') else 'zext'} {llvm} {text} to i64")
                llvm = "i64"
            at = self.tmp(f"getelementptr i64, ptr {out}, i64 {k}")
            self.emit(f"store {llvm} {text}, ptr {at}")
        return first + len(part_types(wanted))

    def load_slots(self, type: Type, out: str) -> tuple[str, ...]:
        """The parts of a value of `type` from the slots at `out`."""
        parts = []
        for k, llvm in enumerate(part_types(type)):
            at = self.tmp(f"getelementptr i64, ptr {out}, i64 {k}")
            parts.append(self.tmp(f"load {llvm}, ptr {at}"))
        return tuple(parts)

    def alloca(self, count: int, llvm: str, align: int = 8) -> str:
        """Memory of the frame, reserved once per call."""
        name = f"%{self.fresh('frame')}"
        self.allocas.append(f"  {name} = alloca [{count} x {llvm}], align {align}")
        return name


_ZERO = {"double": "0.0", "float": "0.0", "ptr": "null", "i1": "false"}
_DIVISIONS = frozenset(("div", "mod", "floordiv", "fmod"))


def _suffixes(type: Type, count: int) -> list[str]:
    match type:
        case Array(rank=rank):
            return (["ptr", *(f"d{k}" for k in range(rank)), *(f"s{k}" for k in range(rank))])[:count]
        case Tape(growable=True):
            return ["base", "cur", "end"]
        case Tape():
            return ["tape"]
    return [f"p{k}" for k in range(count)]


def _guarded_divisions(function: Function) -> dict[Block, None]:
    """The arms of branches that hold a division."""
    return {
        edge.target: None
        for block in function.blocks
        if block.term.kind == "branch"
        for edge in block.term.edges
        if any(op.prim.name in _DIVISIONS for op in edge.target.ops)
    }


def _reverse_postorder(function: Function) -> list[Block]:
    """The reachable blocks, each after those that dominate it."""
    seen = {function.entry: None}
    order: list[Block] = []
    stack = [(function.entry, iter(function.entry.successors))]
    while stack:
        block, successors = stack[-1]
        for target in successors:
            if target not in seen:
                seen[target] = None
                stack.append((target, iter(target.successors)))
                break
        else:
            order.append(block)
            stack.pop()
    return order[::-1]


# terminators


def _jump(w: FunctionWriter, term: Terminator) -> None:
    w.emit(f"br label %{w.edge(term.edges[0])}")


def _branch(w: FunctionWriter, term: Terminator) -> None:
    then, other = term.edges
    condition = w.one(term.operands[0])
    label = w.edge(then)
    if then.target is not other.target:
        second = w.edge(other)
        w.emit(f"br i1 {condition}, label %{label}, label %{second}{_likely(then.target, other.target)}")
        return
    between = w.fresh("edge")
    w.emit(f"br i1 {condition}, label %{label}, label %{between}")
    w.start(between)
    w.emit(f"br label %{w.edge(other)}")


def _likely(then: Block, other: Block) -> str:
    """Branch weights where one side only raises."""
    if (then.term.kind == "raise") == (other.term.kind == "raise"):
        return ""
    return ", !prof !0" if other.term.kind == "raise" else ", !prof !6"


def _return(w: FunctionWriter, term: Terminator) -> None:
    slot = 0
    for value, wanted in zip(term.operands, w.function.result_types, strict=True):
        slot = w.store_slots(value, wanted, "%out", slot)
    w.emit("ret i32 0")


def _raise(w: FunctionWriter, term: Terminator) -> None:
    label = w.fresh("raise")
    w.emit(f"br label %{label}")
    w.failure(label, term.attrs["exc"], term.attrs.get("message"), term.operands)


_TERMINATORS: dict[str, Callable[[FunctionWriter, Terminator], None]] = {
    "jump": _jump,
    "branch": _branch,
    "return": _return,
    "raise": _raise,
}

# ops that are neither memory nor arithmetic


def _check(w: FunctionWriter, op: Op) -> None:
    ok, *payload = op.operands
    w.fail_unless(w.one(ok), op.attrs["exc"], op.attrs.get("message"), payload)


def _call(w: FunctionWriter, op: Op) -> None:
    callee = w.module.module.functions[op.attrs["callee"]]
    args = ["ptr %ctx"]
    for value, param in zip(op.operands, callee.params, strict=True):
        args += map(" ".join, zip(part_types(param.type), w.coerced(value, param.type), strict=True))
    slots = sum(len(part_types(t)) for t in callee.result_types)
    out = w.alloca(slots, "i64") if slots else "null"
    status = w.tmp(f"call i32 @{symbol('user.' + callee.name)}({', '.join([*args, f'ptr {out}'])})")
    good = w.tmp(f"icmp eq i32 {status}, 0")
    here, there = w.fresh("ok"), w.fresh("fail")
    w.emit(f"br i1 {good}, label %{here}, label %{there}, !prof !0")
    w.cold += [f"{there}:", w.located(f"  ret i32 {status}")]
    w.start(here)
    if op.result is not None:
        w.define(op, *w.load_slots(op.result.type, out))


def _tuple(w: FunctionWriter, op: Op) -> None:
    w.define(op, *(part for value in op.operands for part in w.parts(value)))


def _extract(w: FunctionWriter, op: Op) -> None:
    whole, index = op.operands[0], int(op.attrs["index"])
    assert isinstance(whole.type, Tuple)
    first = sum(len(part_types(t)) for t in whole.type.elems[:index])
    w.define(op, *w.parts(whole)[first : first + len(part_types(whole.type.elems[index]))])


def _same(w: FunctionWriter, op: Op) -> None:
    w.define(op, *w.parts(op.operands[0]))


def _recall(w: FunctionWriter, op: Op) -> None:
    raise UnsupportedError("recall has no machine form: run the pass materialise before the backend", op.loc)


_HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "check": _check,
    "call": _call,
    "tuple": _tuple,
    "extract": _extract,
    "identity": _same,
    "recall": _recall,
    **integers.HANDLERS,
    **arrays.HANDLERS,
    **tapes.HANDLERS,
}
