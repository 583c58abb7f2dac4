"""The loops that fetch, in place of the nest that scattered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from ssad.ir.builder import REORDERED, Builder
from ssad.ir.core import Block, Edge, Function, Op, Value, branch, i64, jump
from ssad.ir.edit import clone_blocks
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import I64
from ssad.passes.gather.finding import Nest, Offsets, Stencil, Summands, at_the_ends, slice_of, spread_of


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
        function, nest = self.function, self.nest
        whole = nest.before.term
        at = function.blocks.index(nest.before) + 1
        fine = self.may_gather()
        start = self.block("gather")
        if fine is not None:
            other = self.block("scatter")
            other.term = whole
            nest.before.term = branch(fine, Edge(start), Edge(other), self.loc)
        else:
            nest.before.term = jump(start, [], self.loc)
        self.b.block = start
        for target, summands in self.stencil.summands.items():
            self.gather(target, summands)
        rest = nest.body
        if fine is not None:
            values: dict[Value, Value] = {}
            copies = clone_blocks(nest.outer.blocks, values)
            self.meet(copies, values)
            self.blocks.extend(copies.values())
            rest = copies[nest.body]
            whole = jump(copies[nest.outer.header], [*whole.edges[0].args], self.loc)
        rest.ops = [op for op in rest.ops if op.name != "accumulate"]
        self.b.block.term = whole
        function.blocks[at:at] = self.blocks

    def may_gather(self) -> Value | None:
        """Whether the arrays lie apart that must, and no iteration is near two ends of an axis; None where
        that is known.
        """
        conditions = [self.b.disjoint(*pair) for pair in self.stencil.apart]
        for summands in self.stencil.summands.values():
            for count, (least, most) in zip(self.nest.trips, spread_of(summands), strict=True):
                if most > least:
                    conditions.append(self.b.ge(count, most - least))
        return reduce(self.b.and_, conditions) if conditions else None

    def gather(self, target: Value, summands: Summands, within: Offsets | None = None) -> None:
        """All that is added to one array. `within`: its elements at the counters plus these offsets are what
        is added to them; all others keep what they are.
        """
        self.axis(target, summands, [], within)

    def axis(
        self,
        target: Value,
        summands: Summands,
        index: list[Value],
        within: Offsets | None,
    ) -> None:
        """The elements with these indices on the first axes, which have these summands. At the ends of the
        axis that follows not all of them arrive.
        """
        r = len(index)
        if r == self.rank:
            self.fetch(target, summands, index, "accumulate" if within is None else "store")
            return
        count = self.nest.trips[r]
        least, most = spread_of(summands)[r]
        early, late = at_the_ends(summands, r)
        for at, some in early:
            own = within if within is not None and at > within[r] else None
            self.axis(target, some, [*index, i64(at)], own)
        first, last = self.b.add(1, most), self.b.add(count, least)
        self.loop(first, last, lambda at: self.axis(target, summands, [*index, at], within))
        for over, some in late:
            own = within if within is not None and over <= within[r] else None
            self.axis(target, some, [*index, self.b.add(count, over)], own)

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

    def loop(self, low: Value, high: Value, inside: Callable[[Value], None]) -> None:
        """A loop from `low` to `high`, both included."""
        head, body, after = (self.block(f"gather.{name}") for name in ("loop", "body", "end"))
        at = head.add_param(I64, "p")
        self.b.block.term = jump(head, [low], self.loc)
        head.term = branch(Builder(head, self.loc).le(at, high), Edge(body), Edge(after), self.loc)
        self.b.block = body
        inside(at)
        self.b.block.term = jump(head, [self.b.add(at, 1)], self.loc)
        self.b.block = after

    def at(self, counters: Sequence[Value], values: Sequence[Value]) -> list[Value]:
        """What some values of the nest are in the iteration with these counters."""
        known: dict[Value, Value] = dict(zip(self.nest.counters, counters, strict=True))
        for op in slice_of(self.nest, values):
            copy = Op(op.prim, [known.get(v, v) for v in op.operands], dict(op.attrs), None, op.loc)
            assert op.result is not None
            copy.result = known[op.result] = Value(op.result.type, op.result.name, copy)
            self.b.block.ops.append(copy)
        return [known.get(v, v) for v in values]

    def fetch(
        self,
        target: Value,
        summands: Summands,
        index: list[Value],
        how: str = "accumulate",
    ) -> None:
        """All that is added to one element, or is its value (`how` is "store")."""
        total: Value | None = None
        for op, offsets in summands:
            counters = [self.b.sub(p, offset) for p, offset in zip(index, offsets, strict=True)]
            (value,) = self.at(counters, [op.operands[-1]])
            if total is None:
                total = value
            else:
                added = Op(PRIMITIVES["add"], [total, value], {"fp": REORDERED}, value.type, op.loc)
                self.b.block.ops.append(added)
                assert added.result is not None
                total = added.result
        assert total is not None
        self.b.emit(how, target, *index, total)


def _use(block: Block, instead: dict[Value, Value]) -> None:
    for op in block.ops:
        op.operands = [instead.get(v, v) for v in op.operands]
    block.term.operands = [instead.get(v, v) for v in block.term.operands]
    for edge in block.term.edges:
        edge.args = [instead.get(v, v) for v in edge.args]
