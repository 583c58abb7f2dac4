"""A version for the lengths that small arguments are expected to have stands before the general one.

    ^entry: jump ^steps(0)                      ^entry: %is = eq (dim %y), 2
    ^steps(%t): jump ^inner(0)                          branch %is, ^small, ^general
    ^inner(%k):                           ->    ^small: as below, with 2 for `dim %y`
      branch (%k < dim %y), ^body, ^next        ^general: jump ^steps(0)
                                                ...

Where a loop over a small argument runs again and again, knowing how often is worth a lot: it is unrolled, and
small arrays of that length become scalars before anything is differentiated. What is expected is what the
function is compiled for first, or what the signature says; any other length takes the general version.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssad.analysis.induction import counting
from ssad.analysis.memo import loop_forest
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value, branch
from ssad.ir.edit import clone_blocks, replace_values
from ssad.ir.graph import Loop
from ssad.ir.primitive import Effect
from ssad.ir.types import I64
from ssad.passes.loop_simplify import unify_returns
from ssad.passes.manager import function_pass
from ssad.passes.unroll import MOST_TRIPS

MOST_OPS = 1000
"""Functions that are longer are not written twice."""

Expected = Mapping[tuple[Value, int], int]
"""(array, axis) -> the length that is expected."""


@function_pass("specialise", "a version for the small lengths that are expected")
def run(function: Function, module: Module) -> bool:
    sizes = function.attrs.pop("sizes", ())
    expected = {(function.params[n], axis): length for n, axis, length in sizes if 0 < length <= MOST_TRIPS}
    if not expected or sum(len(block.ops) for block in function.blocks) > MOST_OPS:
        return False
    asked = {_length(op): op for block in function.blocks for op in block.ops if op.name == "dim"}
    expected = {place: length for place, length in expected.items() if place in asked}
    forest = loop_forest(function)
    if not expected or not forest.loops:
        return False
    known = _Known(function, expected)
    if not any(known.is_small(loop) and known.runs_again(loop) for loop in forest.loops):
        return False
    _write_twice(function, expected)
    return True


def _length(op: Op) -> tuple[Value, int]:
    return op.operands[0], op.attrs["axis"]


class _Known:
    """What is known of numbers and loops if the lengths are as expected."""

    def __init__(self, function: Function, expected: Expected) -> None:
        self.expected = expected
        self.facts = counting(function)
        self.values: dict[Value, int | float | None] = {}

    def is_small(self, loop: Loop) -> bool:
        """Whether the loop could be unrolled then, and could not be now."""
        trips = self.facts[loop.header].trip_count
        if trips is None or isinstance(trips, Const):
            return False
        value = self.value(trips)
        return value is not None and 0 <= value <= MOST_TRIPS

    def runs_again(self, loop: Loop) -> bool:
        """Whether a loop around it is not of this kind."""
        around = loop.parent
        while around is not None:
            trips = self.facts[around.header].trip_count
            if not isinstance(trips, Const) and not self.is_small(around):
                return True
            around = around.parent
        return False

    def value(self, value: Value) -> int | float | None:
        """The number that `value` is, None if that is not known."""
        if isinstance(value, Const):
            return value.value
        if value not in self.values:
            self.values[value] = None  # should it depend on itself
            self.values[value] = self._computed(value.owner)
        return self.values[value]

    def _computed(self, op: Op | Block | None) -> int | float | None:
        if not isinstance(op, Op):
            return None
        if op.name == "dim":
            return self.expected.get(_length(op))
        if op.prim.effects is not Effect.PURE or op.prim.eval is None or op.prim.takes_attrs:
            return None
        operands = [self.value(v) for v in op.operands]
        if any(v is None for v in operands):
            return None
        found: int | float | None = op.prim.eval(*operands)
        return found


def _write_twice(function: Function, expected: Expected) -> None:
    """Put the function behind a test, and a copy of it in which the lengths are immediates."""
    entry = function.entry
    general = Block("general")
    general.ops, general.term = entry.ops, entry.term
    entry.ops = []
    b = Builder(entry, general.term.loc)
    together: Value | None = None
    for (array, axis), length in expected.items():
        same = b.eq(b.dim(array, axis=axis), length)
        together = same if together is None else b.and_(together, same)
    assert together is not None
    blocks = [general, *function.blocks[1:]]
    copies = clone_blocks(blocks, {})
    copies[general].name = "small"
    entry.term = branch(together, Edge(copies[general]), Edge(general), general.term.loc)
    function.blocks = [entry, *copies.values(), *blocks]
    lengths: dict[Value, Value] = {}
    for block in copies.values():
        for op in block.ops:
            if op.name == "dim" and op.result is not None and _length(op) in expected:
                lengths[op.result] = Const(I64, expected[_length(op)])
    replace_values(function, lengths)
    unify_returns(function)
    function.touch()
