"""The function that goes on in a generator, lifted: what outlives a `yield` is memory.

A generator is lifted as one function that runs up to the next `yield` and says whether it got there. All
that outlives a `yield` (locals, the operand stack, loop counters) are fields of the generator's memory, so
that the function may be entered anywhere. It begins by going to where it stopped; into a loop it goes by the
loop's head, so that loops have one entry:

    entry: state 0 -> start;  state 1 -> head of the outer loop -> head of the inner loop -> behind yield 1
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Location, Op, Value, branch, jump, return_
from ssad.ir.graph import Loop, LoopForest

STATE, VALUE, RESUME, RESULT = "#state", "#value", "#resume", "#result"
"""Where it goes on (0 at the start, -1 nowhere); what it has yielded; where it is going (0: it is there); its
result.
"""
FINISHED = -1


class Memory:
    """The variables of a generator's frame, with the methods of an `SSABuilder`."""

    def __init__(self, generator: Value) -> None:
        self.generator = generator
        self.loc: Location | None = None
        self.forwarded: dict[Value, Value] = {}
        self.written: dict[tuple[Block, Hashable], Value] = {}

    def write(self, variable: Hashable, block: Block, value: Value) -> None:
        Builder(block, self.loc).emit("py.frame_store", self.generator, value, name=_field(variable))
        self.written[block, variable] = value

    def read(self, variable: Hashable, block: Block) -> Value:
        assert isinstance(variable, tuple)
        here = self.written.get((block, variable))
        if here is not None and not (isinstance(here.owner, Op) and here.owner.name == "py.unbound"):
            return here  # what the block has written itself, whatever else the variable is elsewhere
        name, local = _field(variable), variable[0] == "local"
        hint = name if local else ""
        return Builder(block, self.loc).emit(
            "py.frame_load", self.generator, name=name, local=local, hint=hint
        )

    def add_edge(self, source: Block, target: Block) -> None:
        """Memory does not care."""

    def seal(self, block: Block) -> None:
        """Nor here."""


def _field(variable: Hashable) -> str:
    assert isinstance(variable, tuple)
    kind, *rest = variable
    return str(rest[0]) if kind == "local" else "#" + ".".join(map(str, variable))


def forget_results(function: Function) -> None:
    """Leave out what a generator returns if that is None in any case."""
    stores = [op for op in function.ops() if op.name == "py.frame_store" and op.attrs["name"] == RESULT]
    owners = [op.operands[1].owner for op in stores]
    if all(isinstance(o, Op) and o.name == "py.const" and o.attrs.get("value", 0) is None for o in owners):
        for block in function.blocks:
            block.ops = [op for op in block.ops if op not in stores]


def forget_unread(function: Function) -> None:
    """Leave out the places of the operand stack that are handed on and never looked at: what lies there may
    be of one kind on one way and of another on the next.
    """
    changed = True
    while changed:
        used = {value for op in function.ops() for value in op.operands}
        used.update(value for block in function.blocks for value in block.term.operands)
        read = {op.attrs["name"] for op in function.ops() if op.name == "py.frame_load" and op.result in used}
        changed = False
        for block in function.blocks:
            kept = [op for op in block.ops if not _is_for_nobody(op, used, read)]
            changed |= len(kept) < len(block.ops)
            block.ops = kept


def _is_for_nobody(op: Op, used: set[Value], read: set[str]) -> bool:
    if op.name == "py.frame_load":
        return not op.attrs["local"] and op.result not in used
    return (
        op.name == "py.frame_store" and op.attrs["name"].startswith("#stack") and op.attrs["name"] not in read
    )


def dispatch(
    function: Function, generator: Value, start: Block, yields: Sequence[tuple[Block, Block]]
) -> None:
    """Let the entry go to where the generator stopped, and every `yield` leave the function.

    `yields` are the blocks that end with one and those that follow.
    """
    function.entry.term = jump(start)
    forest = LoopForest(function)
    nests = {number: forest.around(behind) for number, (_, behind) in enumerate(yields, 1)}
    heads = {loop: Block("head") for nest in nests.values() for loop in nest}
    for block in function.blocks:
        for edge in block.term.edges:
            for loop, head in heads.items():
                if edge.target is loop.header:
                    edge.target = head
    router = _Router(function, generator, heads)
    for loop, head in heads.items():
        inside = {n: nest for n, nest in nests.items() if loop in nest}
        ways = [(n, router.way(nest[nest.index(loop) + 1 :], yields[n - 1][1])) for n, nest in inside.items()]
        router.choose(head, RESUME, ways, loop.header)
    entry = Builder(function.entry, function.loc)
    state = entry.emit("py.frame_load", generator, name=STATE, local=False)
    entry.emit("py.frame_store", generator, state, name=RESUME)
    over = Block("over")
    function.blocks.append(over)
    router.leave(over, FINISHED, False)
    ways = [(n, router.way(nest, yields[n - 1][1])) for n, nest in nests.items()]
    router.choose(function.entry, STATE, [*ways, (FINISHED, over)], start)
    for number, (block, _) in enumerate(yields, 1):
        router.leave(block, number, True)


class _Router:
    def __init__(self, function: Function, generator: Value, heads: dict[Loop, Block]) -> None:
        self.function = function
        self.generator = generator
        self.heads = heads
        for head in heads.values():
            function.blocks.append(head)

    def way(self, nest: Sequence[Loop], behind: Block) -> Block:
        """Where to go for the block behind a `yield` in these loops: the next head, or there."""
        if nest:
            return self.heads[nest[0]]
        arrival = Block("resume")
        self.function.blocks.append(arrival)
        b = Builder(arrival, self.function.loc)
        b.emit("py.frame_store", self.generator, b.emit("py.const", value=0), name=RESUME)
        arrival.term = jump(behind)
        return arrival

    def choose(self, block: Block, field: str, ways: Sequence[tuple[int, Block]], otherwise: Block) -> None:
        """End `block` by going to the way whose number the field holds."""
        for number, target in ways:
            b = Builder(block, self.function.loc)
            here = b.emit("py.frame_load", self.generator, name=field, local=False)
            same = b.emit("py.compare", here, b.emit("py.const", value=number), op="==")
            test = b.emit("py.truth", same, negate=False)
            following = Block("else")
            self.function.blocks.append(following)
            block.term = branch(test, Edge(target), Edge(following), self.function.loc)
            block = following
        block.term = jump(otherwise, None, self.function.loc)

    def leave(self, block: Block, state: int, yielded: bool) -> None:
        """End `block` by leaving the function."""
        b = Builder(block, block.ops[-1].loc if block.ops else self.function.loc)
        b.emit("py.frame_store", self.generator, b.emit("py.const", value=state), name=STATE)
        block.term = return_([b.emit("py.const", value=yielded)], b.loc)
