"""The lengths that small arguments have are immediates, where that is worth a version of its own.

    ^entry: jump ^steps(0)                      ^entry: jump ^steps(0)
    ^steps(%t): jump ^inner(0)                  ^steps(%t): jump ^inner(0)
    ^inner(%k):                           ->    ^inner(%k):
      branch (%k < dim %y), ^body, ^next          branch (%k < 2), ^body, ^next

Where a loop over a small argument runs again and again, knowing how often is worth a lot: it is unrolled, and
small arrays of that length become scalars before anything is differentiated. The lengths are those of the
arguments that the function is compiled for; who calls asks whether they are still the same (`dispatch.py`),
and has a version for all lengths made where they are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssad.analysis.induction import counting
from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import replace_values
from ssad.ir.graph import Loop
from ssad.ir.primitive import Effect
from ssad.ir.types import I64
from ssad.passes.manager import function_pass
from ssad.passes.unroll import MOST_TRIPS

MOST_OPS = 1000
"""Of functions that are longer there is no version for small lengths."""

Expected = Mapping[tuple[Value, int], int]
"""(array, axis) -> the length that is expected."""


@function_pass("specialise", "take small lengths for granted, if they are given")
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
    _assume(function, expected)
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


def _assume(function: Function, expected: Expected) -> None:
    """Put immediates for the lengths, and say so."""
    lengths: dict[Value, Value] = {}
    for op in function.ops():
        if op.name == "dim" and op.result is not None and _length(op) in expected:
            lengths[op.result] = Const(I64, expected[_length(op)])
    replace_values(function, lengths)
    number = {param: n for n, param in enumerate(function.params)}
    function.attrs["assumes"] = tuple((number[array], axis, n) for (array, axis), n in expected.items())
    function.touch()
