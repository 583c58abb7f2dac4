"""The operand stack run symbolically: what the handlers of `opcodes.py` work on."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Sequence
from types import CodeType
from typing import Any

from ssad.errors import SsadError
from ssad.frontend.cfg import CodeBlock
from ssad.frontend.comprehensions import spelled
from ssad.frontend.instruction import Instruction, Position
from ssad.frontend.refusals import location, refusal
from ssad.frontend.suspension import Memory
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Location, Module, Op, Terminator, Value, branch, jump
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


NULL = Pending("intrinsic")
HANDLED = ("handled", "")
"""The variable that holds the exception being handled."""

Entry = Value | Pending


class Frame:
    """One function being lifted: its IR so far, the block at hand with its stack, our place in the source.

    Locals, stack slots, loop counters and the exception being handled are variables of one SSA builder:
    ("local", name), ("stack", depth), ("counter", depth of the iterator) and HANDLED. `matched`: block -> the
    depth of an exception, the classes that were tested on the way there, and whether it is none of them.
    """

    def __init__(
        self, code: CodeType, function: Function, module: Module, blocks: Sequence[CodeBlock], inner: bool
    ) -> None:
        self.code = code
        self.function = function
        self.module = module
        self.free = frozenset(code.co_freevars)
        self.ssa: SSABuilder | Memory = SSABuilder(lambda _: OBJECT, self._undefined, _hint)
        self.generator: Value | None = None
        self.yields: list[tuple[Block, CodeBlock]] = []
        if is_generator(code):
            self.generator = function.add_block("entry").add_param(OBJECT, "generator")
            self.ssa = Memory(self.generator)
        self.captures = self.free if inner else frozenset()
        self.blocks = {block: function.add_block() for block in blocks}
        self.builder = Builder(function.entry)
        self.stack: list[Entry] = []
        self.unbound: dict[str, Op] = {}
        self.cells: dict[str, Value] = {}
        self.groups: dict[str, dict[str, CodeType]] = {}
        self.at: CodeBlock = blocks[0]
        self._position: Position | None = None
        self.matched: dict[CodeBlock, tuple[int, Value, bool]] = {}
        self._shapes: dict[CodeBlock, list[Pending | None]] = {blocks[0]: []}
        self._awaited = {block: block.predecessors for block in blocks}
        self._numbers = {block: number for number, block in enumerate(blocks)}
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
            if isinstance(self.ssa, Memory):
                self.ssa.loc = self.builder.loc

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
        assert isinstance(variable, tuple) and variable[0] in ("local", "handled"), variable
        name = variable[1]
        op = self.unbound.get(name)
        if op is None:
            builder = Builder(scratch := Block(), self.function.loc)
            if variable == HANDLED:  # no exception is being handled where a function begins
                builder.emit("py.const", value=None)
            else:
                builder.emit("py.unbound", name=name, hint=name)
            op = self.unbound[name] = scratch.ops[0]
        assert op.result is not None
        return op.result

    # blocks

    def enter(self, block: CodeBlock) -> None:
        """Begin with `block`; every block that comes before it on some way without a back edge is done."""
        self.at = block
        self.builder.block = self.blocks[block]
        shape = self._shapes[block]
        slot = ("stack",) if self.generator is None else ("stack", self._numbers[block])
        self.stack = [self.read((*slot, n)) if kind is None else kind for n, kind in enumerate(shape)]
        if block.instructions:
            self.go_to(block.instructions[0])
        if block in self.matched and block.predecessors == 1:
            self._narrow(*self.matched[block])
        if block.handler is not None:
            self._attempt(block)

    def _narrow(self, depth: int, classes: Value, negate: bool) -> None:
        """The exception at `depth` has been tested: from here on it is one of `classes`, or none of them."""
        error = self.stack[depth]
        assert isinstance(error, Value)
        self.stack[depth] = narrowed = self.emit("py.narrow", error, classes, negate=negate, hint="error")
        if self.generator is None and self.read(HANDLED) is error:
            self.write(HANDLED, narrowed)

    def _attempt(self, block: CodeBlock) -> None:
        """Go on in a block of its own, from which exceptions go to the handler; locals are those of now."""
        handler, caught_by = block.handler, block.caught_by
        assert handler is not None and caught_by is not None
        head = self.builder.block
        error = self.emit("py.attempt", hint="error")
        body = Block("try")
        self.function.blocks.insert(self.function.blocks.index(head) + 1, body)
        raised = self.emit("py.caught", error, hint="raised")
        head.term = branch(raised, Edge(self.blocks[caught_by]), Edge(body), self.loc)
        shape: list[Entry] = [*self.stack[: handler.depth], *[NULL] * handler.lasti, error]
        if self.generator is not None:
            self._keep_for_handler(head, caught_by, shape)
            self.builder.block = body
            return
        for depth, entry in enumerate(self.stack):
            if isinstance(entry, Value):  # what was narrowed
                self.ssa.write(("stack", depth), head, entry)
        self.ssa.write(("stack", len(shape) - 1), head, error)
        self._arrive(head, caught_by, [None if isinstance(entry, Value) else entry for entry in shape])
        self.ssa.add_edge(head, body)
        self.ssa.seal(body)
        self.builder.block = body

    def _keep_for_handler(self, head: Block, handler: CodeBlock, shape: list[Entry]) -> None:
        """In a generator: on the way to the handler its stack goes to its places in memory."""
        caught = Block("caught")
        self.function.blocks.insert(self.function.blocks.index(head) + 1, caught)
        caught.term = jump(head.term.edges[0].target, None, self.loc)
        head.term.edges[0].target = caught
        for depth, entry in enumerate(shape):
            if isinstance(entry, Value):
                self.ssa.write(("stack", self._numbers[handler], depth), caught, entry)
        kinds = [None if isinstance(entry, Value) else entry for entry in shape]
        assert self._shapes.setdefault(handler, kinds) == kinds, "two depths of the stack at one place"

    def leave(self, terminator: Terminator, drop: tuple[int, int] = (0, 0), present: str = "") -> None:
        """End the block at hand; along the n-th way `drop[n]` entries on top of the stack are forgotten, and
        along the second one the local `present` is not None.
        """
        here = self.builder.block
        here.term = terminator
        for depth, entry in enumerate(self.stack):
            if isinstance(entry, Value):
                if self.generator is None:
                    self.ssa.write(("stack", depth), here, entry)
            elif entry is not NULL and terminator.edges:
                raise refusal(entry.what, entry.place or self.loc)
        shape = [None if isinstance(entry, Value) else entry for entry in self.stack]
        present = "" if self.generator is not None else present
        for n, successor in enumerate(self.at.successors):
            source = self._present(here, terminator.edges[1], present) if n == 1 and present else here
            self._arrive(source, successor, shape[: len(shape) - drop[n]])

    def _present(self, here: Block, edge: Edge, name: str) -> Block:
        """A block on the edge in which the local, found not to be None, gets a type that says so."""
        block = Block("present")
        self.function.blocks.insert(self.function.blocks.index(here) + 1, block)
        block.term = jump(edge.target, None, self.loc)
        edge.target = block
        self.ssa.add_edge(here, block)
        self.ssa.seal(block)
        value = self.ssa.read(("local", name), here)
        self.builder.block = block
        self.ssa.write(("local", name), block, self.emit("py.present", value, hint=name))
        return block

    def _arrive(self, source: Block, successor: CodeBlock, shape: list[Pending | None]) -> None:
        """Announce the edge from `source`, which brings a stack of that shape."""
        if self.generator is not None:  # each block has places of its own for its stack
            number = self._numbers[successor]
            for depth, (entry, kind) in enumerate(zip(self.stack, shape, strict=False)):
                if kind is None:
                    assert isinstance(entry, Value)
                    self.ssa.write(("stack", number, depth), source, entry)
        assert self._shapes.setdefault(successor, shape) == shape, "two depths of the stack at one place"
        target = self.blocks[successor]
        self.ssa.add_edge(source, target)
        self._awaited[successor] -= 1
        if not self._awaited[successor]:
            self.ssa.seal(target)


def is_generator(code: CodeType) -> bool:
    """Whether a function with this code returns a generator."""
    return bool(code.co_flags & inspect.CO_GENERATOR)


def _hint(variable: Hashable) -> str:
    assert isinstance(variable, tuple)
    kind, name = variable
    return spelled(name) if kind == "local" else "k" if kind == "counter" else ""
