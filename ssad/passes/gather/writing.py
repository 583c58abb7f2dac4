"""The loops that fetch, in place of the nest that scattered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Op, Value, branch, i64, jump
from ssad.ir.edit import clone_blocks
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import I64
from ssad.passes.gather.finding import Nest, Offsets, Stencil, slice_of


class Gathering:
    """Writes the new loops behind the block in front of the nest."""

    def __init__(self, function: Function, nest: Nest, stencil: Stencil) -> None:
        self.function = function
        self.nest = nest
        self.stencil = stencil
        self.loc = nest.before.term.loc
        self.blocks: list[Block] = []
        self.b = Builder(nest.before, self.loc)
        self.rank = len(nest.loops)

    def write(self) -> None:
        function, nest, b = self.function, self.nest, self.b
        whole = nest.before.term
        at = function.blocks.index(nest.before) + 1
        apart: Value | None = None
        for pair in self.stencil.apart:
            one = b.disjoint(*pair)
            apart = one if apart is None else b.and_(apart, one)
        start = self.block("gather")
        if apart is not None:
            other = self.block("scatter")
            other.term = whole
            nest.before.term = branch(apart, Edge(start), Edge(other), self.loc)
        else:
            nest.before.term = jump(start, [], self.loc)
        self.b.block = start
        for target, summands in self.stencil.summands.items():
            self.gather(target, summands)
        rest = nest.body
        if apart is not None:
            values: dict[Value, Value] = {}
            copies = clone_blocks(nest.outer.blocks, values)
            self.meet(copies, values)
            self.blocks.extend(copies.values())
            rest = copies[nest.body]
            whole = jump(copies[nest.outer.header], [*whole.edges[0].args], self.loc)
        rest.ops = [op for op in rest.ops if op.name != "accumulate"]
        self.b.block.term = whole
        function.blocks[at:at] = self.blocks

    def gather(self, target: Value, summands: list[tuple[Op, Offsets]]) -> None:
        """All that is added to one array."""
        offsets = [each for _, each in summands]
        least = [min(o[r] for o in offsets) for r in range(self.rank)]
        most = [max(o[r] for o in offsets) for r in range(self.rank)]
        low = [self.b.add(1, each) for each in most]
        high = [self.b.add(count, each) for count, each in zip(self.nest.trips, least, strict=True)]
        widths = [b - a for a, b in zip(least, most, strict=True)]
        if any(widths):
            first = [i64(1)] * self.rank
            self.loops(first, self.nest.trips, lambda at: self.rim(summands, at, low, high), widths)
        self.loops(low, high, lambda at: self.fetch(target, summands, at))

    def meet(self, copies: dict[Block, Block], values: dict[Value, Value]) -> None:
        """Behind the nest goes on what both ways lead to; what is used there has come from either."""
        nest, header = self.nest, self.nest.outer.header
        ((_, n),) = nest.outer.exits()
        join = self.block("gather.done")
        join.term = jump(header.term.edges[n].target, header.term.edges[n].args, header.term.loc)
        params = {v: join.add_param(v.type, v.name) for v in nest.kept}
        inside = set(nest.outer.blocks)
        for block in (*self.function.blocks, join):
            if block not in inside:
                _use(block, params)
        header.term.edges[n] = Edge(join, [*nest.kept])
        copies[header].term.edges[n] = Edge(join, [values[v] for v in nest.kept])

    def block(self, name: str) -> Block:
        block = Block(name)
        block.sweep = self.nest.before.sweep
        self.blocks.append(block)
        return block

    def loops(
        self,
        low: Sequence[Value],
        high: Sequence[Value],
        inside: Callable[[list[Value]], None],
        rim: Sequence[int] = (),
    ) -> None:
        """Loops from `low` to `high`, both included, the first one outermost; with `rim` what is further than
        that from all ends is left out.
        """
        heads: list[tuple[Block, Value, Block]] = []
        middle: Value | None = None
        for r in range(self.rank):
            head, body, after = (self.block(f"gather.{name}") for name in ("loop", "body", "end"))
            at = head.add_param(I64, "p")
            self.b.block.term = jump(head, [low[r]], self.loc)
            head.term = branch(Builder(head, self.loc).le(at, high[r]), Edge(body), Edge(after), self.loc)
            self.b.block = body
            heads.append((head, at, after))
            if rim and r < self.rank - 1:
                inner = self.is_inner(r, at, rim[r])
                middle = inner if middle is None else self.b.and_(middle, inner)
        inside([at for _, at, _ in heads])
        for r in reversed(range(self.rank)):
            head, at, after = heads[r]
            following = self.b.add(at, 1)
            if rim and r == self.rank - 1:
                jumps = self.is_inner(r, following, rim[r])
                if middle is not None:
                    jumps = self.b.and_(middle, jumps)
                end = self.b.add(self.b.sub(self.nest.trips[r], rim[r]), 1)
                following = self.b.select(jumps, end, following)
            self.b.block.term = jump(head, [following], self.loc)
            self.b.block = after

    def is_inner(self, r: int, at: Value, width: int) -> Value:
        """Whether all that iteration `at` of a loop adds to is fetched."""
        last = self.b.sub(self.nest.trips[r], width)
        return self.b.and_(self.b.gt(at, width), self.b.le(at, last))

    def at(self, counters: Sequence[Value], values: Sequence[Value]) -> list[Value]:
        """What some values of the nest are in the iteration with these counters."""
        known: dict[Value, Value] = dict(zip(self.nest.counters, counters, strict=True))
        for op in slice_of(self.nest, values):
            copy = Op(op.prim, [known.get(v, v) for v in op.operands], dict(op.attrs), None, op.loc)
            assert op.result is not None
            copy.result = known[op.result] = Value(op.result.type, op.result.name, copy)
            self.b.block.ops.append(copy)
        return [known.get(v, v) for v in values]

    def rim(
        self,
        summands: list[tuple[Op, Offsets]],
        counters: list[Value],
        low: Sequence[Value],
        high: Sequence[Value],
    ) -> None:
        """What one iteration adds to elements that do not fetch it."""
        for op, offsets in summands:
            index = [self.b.add(at, offset) for at, offset in zip(counters, offsets, strict=True)]
            fetched: Value | None = None
            for i, first, last in zip(index, low, high, strict=True):
                one = self.b.and_(self.b.ge(i, first), self.b.le(i, last))
                fetched = one if fetched is None else self.b.and_(fetched, one)
            assert fetched is not None
            adds, after = self.block("gather.rim"), self.block("gather.next")
            self.b.block.term = branch(fetched, Edge(after), Edge(adds), self.loc)
            self.b.block = adds
            (value,) = self.at(counters, [op.operands[-1]])
            self.b.accumulate(op.operands[0], *index, value)
            adds.term = jump(after, [], self.loc)
            self.b.block = after

    def fetch(self, target: Value, summands: list[tuple[Op, Offsets]], index: list[Value]) -> None:
        """All that is added to one element."""
        total: Value | None = None
        for op, offsets in summands:
            counters = [self.b.sub(p, offset) for p, offset in zip(index, offsets, strict=True)]
            (value,) = self.at(counters, [op.operands[-1]])
            if total is None:
                total = value
            else:
                added = Op(PRIMITIVES["add"], [total, value], {"fp": FP}, value.type, op.loc)
                self.b.block.ops.append(added)
                assert added.result is not None
                total = added.result
        assert total is not None
        self.b.accumulate(target, *index, total)


def _use(block: Block, instead: dict[Value, Value]) -> None:
    for op in block.ops:
        op.operands = [instead.get(v, v) for v in op.operands]
    block.term.operands = [instead.get(v, v) for v in block.term.operands]
    for edge in block.term.edges:
        edge.args = [instead.get(v, v) for v in edge.args]


FP = "reassoc contract nsz"
