"""The writer of one function: names, operands, phis, failing sites, slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ssad.analysis.choices import does
from ssad.analysis.ranges import LONGEST
from ssad.backend import arrays, control, integers, lists, runtime, tapes, templates
from ssad.backend.layout import constant, part_scalars, part_types, scalar_type, symbol
from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Const, Edge, Function, Location, Op, Undef, Value
from ssad.ir.types import Array, Scalar, Tape, Type
from ssad.primitives.lowering import Native

if TYPE_CHECKING:
    from ssad.backend.llvm import ModuleWriter


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
        self.scopes = module.scopes.of(function) if noalias and does(function, "alias_scopes") else {}
        self.guarded_divisions = _guarded_divisions(function)
        self.recursive = function.name in module.recursive

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
        given = op.attrs.get("fp", "")
        is_quotient = op.name == "div" or (op.name == "mul" and any(_is_quotient(v) for v in op.operands))
        if is_quotient and "arcp" not in given:
            given = given.replace("reassoc ", "")
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
        prologue = self.prologue()
        bodies = [self.body(block, order) for block in order]
        lines = [signature, "start:", *self.allocas, *prologue]
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
        attributes = f"nounwind{self.module.width}{debug}"
        return f"define internal i32 @{name}({', '.join([*params, 'ptr %out'])}) {attributes} {{"

    def prologue(self) -> list[str]:
        """What a recursive function does first: count the call, and fail if it is nested too deep."""
        self.lines = []
        if self.recursive:
            self.loc = self.function.loc
            at = self.tmp(f"getelementptr i64, ptr %ctx, i64 {runtime.DEPTH}")
            self.depth = self.tmp(f"load i64, ptr {at}", "depth")
            lowest_at = self.tmp(f"getelementptr i64, ptr %ctx, i64 {runtime.LOWEST}")
            lowest = self.tmp(f"load i64, ptr {lowest_at}")
            frame = self.tmp("call ptr @llvm.frameaddress.p0(i32 0)")
            here = self.tmp(f"ptrtoint ptr {frame} to i64")
            left = self.tmp(f"icmp ne i64 {self.depth}, 0")
            room = self.tmp(f"icmp ugt i64 {here}, {lowest}")
            good = self.tmp(f"and i1 {left}, {room}")
            self.fail_unless(good, "RecursionError", "maximum recursion depth exceeded")
            self.emit(f"store i64 {self.tmp(f'sub i64 {self.depth}, 1')}, ptr {at}")
            self.locate(0)
        return self.lines

    def leave(self, status: str) -> None:
        """Return from the function; a recursive one no longer counts."""
        if self.recursive:
            at = self.tmp(f"getelementptr i64, ptr %ctx, i64 {runtime.DEPTH}")
            self.emit(f"store i64 {self.depth}, ptr {at}")
        self.emit(f"ret i32 {status}")

    def attributes(self, type: Type, part: int) -> str:
        """What LLVM may know of a parameter's part."""
        if not isinstance(type, Array):
            return ""
        if part == 0:
            return " noalias" if self.noalias else ""
        return f" range(i64 0, {LONGEST + 1})" if part <= type.rank else ""

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
        control.TERMINATORS[block.term.kind](self, block.term)
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

    def fail_unless(self, ok: str, exc: str, message: Any, payload: Sequence[Value] = ()) -> None:
        """Leave the function with a new site where the i1 `ok` is false; go on otherwise."""
        here, there = self.fresh("ok"), self.fresh("fail")
        self.emit(f"br i1 {ok}, label %{here}, label %{there}, !prof !0")
        self.failure(there, exc, message, payload)
        self.start(here)

    def failure(
        self,
        label: str,
        exc: str,
        message: Any,
        payload: Sequence[Value],
        cause: tuple[str, Any, int] | None = None,
    ) -> None:
        """Write, out of the way, the block that reports a site."""
        if len(payload) > runtime.PAYLOAD_WORDS:
            raise UnsupportedError(
                f"an error message with more than {runtime.PAYLOAD_WORDS} values", self.loc
            )
        lines, self.lines = self.lines, [f"{label}:"]
        number = self.module.site(exc, message, payload, self.loc, cause)
        for k, value in enumerate(payload):
            at = self.tmp(f"getelementptr i64, ptr %ctx, i64 {runtime.PAYLOAD + k}")
            self.emit(f"store i64 {self.word(value)}, ptr {at}")
        self.emit(f"store i64 {number}, ptr %ctx")
        self.leave(str(number))
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


_HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    **control.HANDLERS,
    **integers.HANDLERS,
    **arrays.HANDLERS,
    **lists.HANDLERS,
    **tapes.HANDLERS,
}


def _is_quotient(value: Value) -> bool:
    """LLVM would make (a / b) * c a quotient for each c, in loops too, if it might."""
    return isinstance(value.owner, Op) and value.owner.name == "div"
