"""Quotients and remainders of a loop's counter are carried along instead of being divided anew.

    ^loop(%k):                                   ^loop(%k, %q, %r):
      %q = floordiv %k, %m               ->        %r.1 = %r + 1, or 0 and %q + 1 where that is %m
      %r = mod %k, %m                              jump ^loop(%k + 1, %q.1, %r.1)

A division of integers takes as long as ten additions, and loops over a flattened grid or a ring buffer make
one in every iteration. The divisor may have any sign; by 0 everything is 0, as for the primitives, whose
checks stand beside them. What is divided is the counter, or the counter plus or minus what is known to be so
small that the sum does not wrap: a constant, the length of an axis.

A constant divisor is left alone: LLVM multiplies instead, in loops of vectors too, where nothing may be
carried. Products of counters are left to LLVM as well, which makes sums and addresses of them.

Source: Cocke and Kennedy 1977, "An algorithm for reduction of operator strength".
"""

from __future__ import annotations

from dataclasses import dataclass

from ssad.analysis.induction import Place, counting, counts_down, place_of
from ssad.analysis.memo import loop_forest
from ssad.analysis.ranges import MOST_TRIPS, Range, Ranges, ranges
from ssad.analysis.shape import preheaders
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Module, Op, Value, i64
from ssad.ir.edit import definitions, replace_values
from ssad.ir.graph import Loop
from ssad.ir.types import I64
from ssad.passes.manager import function_pass

_NAMES = ("floordiv", "mod")


@dataclass(frozen=True)
class _Division:
    """What is at a place, divided by `divisor`, in a loop that counts `down`, or up."""

    counter: Value
    place: Place
    divisor: Value
    down: bool


@function_pass("reduce_strength", "carry quotients and remainders of counters along")
def run(function: Function, module: Module) -> bool:
    if not any(op.name in _NAMES for op in function.ops()):
        return False
    forest = loop_forest(function)
    before = preheaders(function, forest)
    counts = counting(function)
    known = ranges(function)
    forward: dict[Value, Value] = {}
    for loop in forest.loops:
        up, down = counts[loop.header].counter, counts_down(loop)
        counter = down if up is None else up
        if counter is None or loop not in before or len(loop.latches) != 1:
            continue
        start = before[loop].term.edges[0].args[loop.header.params.index(counter)]
        made = {v for block in loop.blocks for v in definitions(block)}
        found: dict[_Division, list[Op]] = {}
        for op in (op for block in loop.blocks for op in block.ops if op.name in _NAMES):
            dividend, divisor = op.operands
            place = place_of(dividend, counter, made)
            if divisor in made or isinstance(divisor, Const) or place is None:
                continue
            if not _stays_small(known, place, start, before[loop]):
                continue
            found.setdefault(_Division(counter, place, divisor, up is None), []).append(op)
        for division, ops in found.items():
            carried = _carry(loop, before[loop], division)
            forward.update((op.result, carried[op.name]) for op in ops if op.result is not None)
    if not forward:
        return False
    for block in function.blocks:
        block.ops = [op for op in block.ops if op.result not in forward]
    replace_values(function, forward)
    return True


def _stays_small(known: Ranges, place: Place, start: Value, before: Block) -> bool:
    """Whether a loop that begins behind `before`, and counts up or down from `start`, cannot come to where
    integers wrap.
    """
    at = len(before.ops)
    if known.at(start, before, at).high >= MOST_TRIPS:  # how often a loop runs, and so how far it counts up
        return place.sign > 0 and place.base is None and -MOST_TRIPS < place.offset <= 0
    base = Range(0, 0) if place.base is None else known.at(place.base, before, at)
    return base.low + place.offset > -MOST_TRIPS and base.high + place.offset < MOST_TRIPS


def _carry(loop: Loop, before: Block, division: _Division) -> dict[str, Value]:
    """New parameters of the loop: the quotient and the remainder in each iteration."""
    header, latch = loop.header, loop.latches[0]
    edge = before.term.edges[0]
    start = edge.args[header.params.index(division.counter)]
    m, place = division.divisor, division.place
    b = Builder(before, header.term.loc)
    first = b.add(start, place.offset) if place.sign > 0 else b.sub(i64(place.offset), start)
    if place.base is not None:
        first = b.add(place.base, first)
    positive, negative = b.gt(m, 0), b.lt(m, 0)
    end = b.select(positive, m, 1)
    begin = b.select(negative, b.add(m, 1), 0)
    more = b.select(positive, 1, b.select(negative, i64(-1), i64(0)))
    edge.args += [b.floordiv(first, m), b.mod(first, m)]
    quotient, remainder = header.add_param(I64, "quotient"), header.add_param(I64, "remainder")
    b = Builder(latch, latch.term.loc)
    if division.down == (place.sign > 0):  # the dividend falls
        turns = b.eq(remainder, begin)
        following = [b.sub(quotient, more), b.sub(end, 1), b.sub(remainder, 1)]
    else:
        stepped = b.add(remainder, 1)
        turns = b.eq(stepped, end)
        following = [b.add(quotient, more), begin, stepped]
    back = next(edge for edge in latch.term.edges if edge.target is header)
    back.args += [b.select(turns, following[0], quotient), b.select(turns, following[1], following[2])]
    return {"floordiv": quotient, "mod": remainder}
