"""Buffers that take turns: what one iteration of a time loop empties, the next one need not add to.

    for each step, backwards:                      for each step, backwards:
      x, y = y, x                                    x, y = y, x
      x.bar[p] += ... y.bar[p + 1] ...     ->        if x.bar is what was left to be emptied:
      y.bar[i] = 0                                     x.bar[p] = ... y.bar[p + 1] ...
                                                     otherwise: that is emptied now; x.bar[p] += ...
                                                     y.bar is left to be emptied
                                                   what is left is emptied

Two buffers that change places are known at run time only, so it is asked there: an array is compared with
that of the iteration before.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssad.ir.core import Block, Const, Edge, Function, Undef, Value, bool_, branch, i64, jump
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop
from ssad.ir.types import BOOL
from ssad.passes.gather.finding import (
    Nest,
    Offsets,
    Stencil,
    Summands,
    at_the_ends,
    is_plain,
    offsets_of,
    spread_of,
)
from ssad.passes.gather.writing import Gathering


@dataclass(frozen=True)
class Turn:
    """A loop whose iterations do one nest each. `emptied` is what the nest sets to zero, at its counters plus
    `offsets`; `target` what it adds to.
    """

    loop: Loop
    before: Block
    emptied: Value
    target: Value
    offsets: Offsets


def turn_of(nest: Nest, stencil: Stencil, before: dict[Loop, Block]) -> Turn | None:
    """The loop around a nest, if its buffers may take turns there."""
    loop = nest.outer.parent
    if loop is None or loop not in before or loop.children != [nest.outer] or nest.kept:
        return None
    zeros = [op for op in nest.body.ops if op.name == "store"]
    if len(zeros) != 1 or len(stencil.summands) != 1:
        return None
    ((target, summands),) = stencil.summands.items()
    array, *index, _ = zeros[0].operands
    offsets = offsets_of(index, nest.counters)
    if array.type is not target.type or offsets is None:
        return None
    if not _covers(summands, offsets, 0):
        return None
    inside = {v for block in loop.blocks for v in definitions(block)}
    if inside & set(nest.trips) or not _does_nothing_else(loop, nest):
        return None
    (at,) = nest.outer.exits()
    if set(at[0].term.edges[at[1]].args) & {v for block in nest.outer.blocks for v in definitions(block)}:
        return None
    return Turn(loop, before[loop], array, target, offsets)


def _covers(summands: Summands, within: Offsets, r: int) -> bool:
    """Whether each element at the counters plus `within` is added to, from the axis `r` on."""
    if r == len(within):
        return True
    least, most = spread_of(summands)[r]
    if not least <= within[r] <= most:
        return False
    early, late = at_the_ends(summands, r)
    ends = [some for at, some in early if at > within[r]] + [some for over, some in late if over <= within[r]]
    return all(_covers(some, within, r + 1) for some in (summands, *ends))


def _does_nothing_else(loop: Loop, nest: Nest) -> bool:
    """Whether each iteration comes to the nest, and touches no other memory, what it finds on tapes apart."""
    if len(loop.latches) != 1 or [block for block, _ in loop.exits()] != [loop.header]:
        return False
    for block in loop.blocks:
        if block in nest.outer.blocks:
            continue
        if block is not loop.header and block.term.kind != "jump":
            return False
        if not all(op.name == "disjoint" or is_plain(op) for op in block.ops):
            return False
    return True


class Turning(Gathering):
    """Writes the nest of a loop in which buffers take turns; where they do not it is left as it is."""

    def __init__(self, function: Function, nest: Nest, stencil: Stencil, turn: Turn) -> None:
        super().__init__(function, nest, stencil)
        self.turn = turn
        (self.way_out,) = turn.loop.exits()

    def write(self) -> None:
        function, nest, turn, b = self.function, self.nest, self.turn, self.b
        whole = nest.before.term
        at = function.blocks.index(nest.before) + 1
        left, some = self.remembered()
        fine = self.may_gather()
        turns = b.and_(some, b.same(left, turn.target))
        if fine is not None:
            turns = b.and_(turns, fine)
        start, other, owed, scatter = (
            self.block(name) for name in ("gather", "other", "gather.owed", "scatter")
        )
        nest.before.term = branch(turns, Edge(start), Edge(other), self.loc)
        b.block = start
        ((target, summands),) = self.stencil.summands.items()
        self.gather(target, summands, turn.offsets)
        ((head, n),) = nest.outer.exits()
        behind = head.term.edges[n]
        b.block.term = jump(behind.target, [*behind.args], self.loc)
        other.term = branch(some, Edge(owed), Edge(scatter), self.loc)
        b.block = owed
        self.empty(left)
        b.block.term = jump(scatter, [], self.loc)
        scatter.term = whole
        function.blocks[at:at] = self.blocks
        self.blocks = []
        self.settle(left, some)

    def remembered(self) -> tuple[Value, Value]:
        """The array that is left to be emptied from the iteration before, and whether there is one."""
        loop, array = self.turn.loop, self.turn.emptied
        left = loop.header.add_param(array.type, "left")
        some = loop.header.add_param(BOOL, "some")
        nothing, something = [Undef(array.type), bool_(False)], [array, bool_(True)]
        for block, given in ((self.turn.before, nothing), (loop.latches[0], something)):
            for edge in block.term.edges:
                if edge.target is loop.header:
                    edge.args.extend(given)
        return left, some

    def settle(self, left: Value, some: Value) -> None:
        """Behind the loop what is left is emptied."""
        header, n = self.way_out
        behind = header.term.edges[n]
        start, owed, done = (self.block(f"gather.{name}") for name in ("left", "owed", "settled"))
        header.term.edges[n] = Edge(start)
        start.term = branch(some, Edge(owed), Edge(done), self.loc)
        self.b.block = owed
        self.empty(left)
        self.b.block.term = jump(done, [], self.loc)
        done.term = jump(behind.target, behind.args, self.loc)
        at = self.function.blocks.index(header) + 1
        self.function.blocks[at:at] = self.blocks

    def empty(self, array: Value, *index: Value) -> None:
        """Set to zero what the nest sets to zero."""
        r = len(index)
        if r == self.rank:
            self.b.store(array, *index, Const(array.type.elem, 0.0))  # type: ignore[attr-defined]
            return
        own = self.turn.offsets[r]
        first, last = i64(1 + own), self.b.add(self.nest.trips[r], own)
        self.loop(first, last, lambda at: self.empty(array, *index, at))
