"""The operand stack run symbolically: what the handlers of `opcodes.py` work on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from types import CodeType
from typing import Any

from ssad.errors import SsadError
from ssad.frontend.cfg import CodeBlock
from ssad.frontend.instruction import Instruction, Position
from ssad.frontend.refusals import location, refusal
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Function, Location, Module, Op, Terminator, Value
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import OBJECT


class Pending:
    """A stack entry that is not a value: the null beside a callee, or what only an inner function may use.

    `what` is the construct to refuse where a value is wanted, at `place`; `content` is for who knows the
    entry.
    """

    __slots__ = ("content", "place", "what")

    def __init__(self, what: str, content: Any = None, place: Location | None = None) -> None:
        self.what = what
        self.content = content
        self.place = place


class LateClosures:
    """The closures that see variables assigned after they were made (see `closures.py`).

    `made`: result of `py.function` -> its op. `held_by`: local -> such an op that it holds, None if several.
    `loaded`: a value loaded from such a local -> the op. `remade`: the copies made for calls.
    """

    __slots__ = ("held_by", "loaded", "made", "remade")

    def __init__(self) -> None:
        self.made: dict[Value, Op] = {}
        self.held_by: dict[str, Op | None] = {}
        self.loaded: dict[Value, Op] = {}
        self.remade: list[Op] = []


NULL = Pending("intrinsic")
Entry = Value | Pending


class Frame:
    """One function being lifted: its IR so far, the block at hand with its stack, our place in the source.

    Locals, stack slots and loop counters are variables of one SSA builder: ("local", name), ("stack", depth)
    and ("counter", depth of the iterator).
    """

    def __init__(
        self, code: CodeType, function: Function, module: Module, blocks: Sequence[CodeBlock]
    ) -> None:
        self.code = code
        self.function = function
        self.module = module
        self.free = frozenset(code.co_freevars)
        self.ssa = SSABuilder(lambda _: OBJECT, self._undefined, _hint)
        self.blocks = {block: function.add_block() for block in blocks}
        self.builder = Builder(function.entry)
        self.stack: list[Entry] = []
        self.unbound: dict[str, Op] = {}
        self.late = LateClosures()
        self.at: CodeBlock = blocks[0]
        self._position: Position | None = None
        self._shapes: dict[CodeBlock, list[Pending | None]] = {blocks[0]: []}
        self._awaited = {block: block.predecessors for block in blocks}
        self.ssa.seal(function.entry)

    # where we are

    @property
    def block(self) -> Block:
        return self.builder.block

    @property
    def loc(self) -> Location:
        assert self.builder.loc is not None
        return self.builder.loc

    def go_to(self, instruction: Instruction) -> None:
        """Give what is emitted next the place of `instruction`."""
        position = instruction.position
        if position is not self._position and position != self._position:
            self._position = position
            line = self.builder.loc.line if self.builder.loc is not None else None
            self.builder.loc = location(self.code, position, line)

    def refuse(self, what: object) -> SsadError:
        """The error that says that the construct at hand is not compiled."""
        return refusal(what, self.builder.loc)

    # ops, variables, stack

    def emit(self, name: str, /, *operands: Value, hint: str = "", **attrs: Any) -> Value:
        """Emit an op; its result."""
        return self.builder.emit(name, *operands, hint=hint, **attrs)

    def read(self, variable: Hashable) -> Value:
        return self.ssa.read(variable, self.builder.block)

    def write(self, variable: Hashable, value: Value) -> None:
        self.ssa.write(variable, self.builder.block, value)

    def push(self, entry: Entry) -> None:
        self.stack.append(entry)

    def pop(self) -> Value:
        """The value on top of the stack. Raises UnsupportedError where the entry stands for none."""
        entry = self.stack.pop()
        if isinstance(entry, Pending):
            raise refusal(entry.what, entry.place or self.loc)
        return entry

    def pop_many(self, count: int) -> list[Value]:
        """The topmost `count` values, the deepest first."""
        values = [self.pop() for _ in range(count)]
        values.reverse()
        return values

    def producer(self, value: Value, name: str) -> Op | None:
        """The op called `name` whose result is `value`, or None."""
        owner = value.owner
        return owner if isinstance(owner, Op) and owner.prim.name == name else None

    def withdraw(self, op: Op) -> bool:
        """Take `op` out of the block at hand if it stands there."""
        ops = self.builder.block.ops
        for n in range(len(ops) - 1, -1, -1):
            if ops[n] is op:
                del ops[n]
                return True
        return False

    def _undefined(self, variable: Hashable) -> Value:
        """Nothing was assigned: the local is unbound. The op goes to the front of the function at the end."""
        assert isinstance(variable, tuple) and variable[0] == "local", variable
        name = variable[1]
        op = self.unbound.get(name)
        if op is None:
            Builder(scratch := Block(), self.function.loc).emit("py.unbound", name=name, hint=name)
            op = self.unbound[name] = scratch.ops[0]
        assert op.result is not None
        return op.result

    # blocks

    def enter(self, block: CodeBlock) -> None:
        """Begin with `block`; every block that comes before it on some way without a back edge is done."""
        self.at = block
        self.builder.block = self.blocks[block]
        shape = self._shapes[block]
        self.stack = [self.read(("stack", n)) if kind is None else kind for n, kind in enumerate(shape)]

    def leave(self, terminator: Terminator, drop: tuple[int, int] = (0, 0)) -> None:
        """End the block at hand; along the n-th way `drop[n]` entries on top of the stack are forgotten."""
        here = self.builder.block
        here.term = terminator
        for depth, entry in enumerate(self.stack):
            if isinstance(entry, Value):
                self.ssa.write(("stack", depth), here, entry)
            elif entry is not NULL and terminator.edges:
                raise refusal(entry.what, entry.place or self.loc)
        shape = [None if isinstance(entry, Value) else entry for entry in self.stack]
        for n, successor in enumerate(self.at.successors):
            there = shape[: len(shape) - drop[n]]
            assert self._shapes.setdefault(successor, there) == there, "two depths of the stack at one place"
            target = self.blocks[successor]
            self.ssa.add_edge(here, target)
            self._awaited[successor] -= 1
            if not self._awaited[successor]:
                self.ssa.seal(target)


def _hint(variable: Hashable) -> str:
    assert isinstance(variable, tuple)
    kind, name = variable
    return name if kind == "local" else "k" if kind == "counter" else ""
