"""Checks that cannot fail are proved so: of indices made from loop counters, of integers that stay small.

    ^h(%k: i64): %more = lt %k, %n                 ^h(%k: i64): %more = lt %k, %n
    ^body: %ok = in_range %k, %n           ->      ^body: check true, %k, 0, %n
           check %ok, %k, 0, %n                           check true
           %over = add_overflows %k, 1
           check (not %over)

In the body of a loop that counts from 0 up to `max(n + a, b) - c`, with c >= b, the counter is at most
n + a - c - 1: otherwise the body would not run. What counts down from n + d is at least d + c - a + 1 then.
An index is compared with `n` where that is the length of the axis, or where the array has been made with n
elements, or n and some more; where it cannot be negative it does not count from behind. All else is decided
by ranges of numbers (`analysis/ranges.py`). `fold` drops the checks.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssad.analysis.induction import counting, linear
from ssad.analysis.memo import loop_forest
from ssad.analysis.ranges import decided, ranges
from ssad.ir.core import Block, Const, Function, Module, Op, Value, bool_
from ssad.ir.edit import replace_values, same_value
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass


@function_pass("bounds", "prove that indices are in range and integers do not overflow")
def run(function: Function, module: Module) -> bool:
    limits = _limits(function)
    forward: dict[Value, Value] = {}
    for block in function.blocks:
        for op in block.ops:
            if (op.name not in _PROVED and op.name != "wrap_index") or op.result is None:
                continue
            index, length = op.operands
            interval = _interval(forward.get(index, index), block, limits)
            if interval is None:
                continue
            if op.name == "wrap_index" and interval.low >= 0:
                forward[op.result] = index
            elif op.name != "wrap_index" and _PROVED[op.name](interval, length):
                forward[op.result] = bool_(op.name == "in_range")
    replace_values(function, forward)
    forward.update(_from_the_front(function))
    changed = _by_ranges(function) or bool(forward)
    if changed:
        function.touch()
    return changed


def _from_the_front(function: Function) -> dict[Value, Value]:
    """Indices that by their ranges do not count from behind."""
    found = ranges(function)
    forward = {
        op.result: op.operands[0]
        for block in function.blocks
        for n, op in enumerate(block.ops)
        if op.name == "wrap_index" and op.result is not None and found.at(op.operands[0], block, n).low >= 0
    }
    replace_values(function, forward)
    return forward


def _by_ranges(function: Function) -> bool:
    """Conditions of checks, and of branches to handlers, that ranges of integers decide."""
    found = ranges(function)
    changed = False
    for block in function.blocks:
        for n, op in enumerate(block.ops):
            if op.name != "check" or isinstance(op.operands[0], Const):
                continue
            if decided(found, op.operands[0], block, n):
                op.operands[0] = bool_(True)
                changed = True
        term = block.term
        if term.kind == "branch" and _is_check(term.operands[0]):
            holds = decided(found, term.operands[0], block, len(block.ops))
            if holds is not None:
                term.operands[0] = bool_(holds)
                changed = True
    return changed


def _is_check(condition: Value) -> bool:
    """Whether a branch stands for a check: whether integers overflow, or an index is in range."""
    op = condition.owner
    if not isinstance(op, Op):
        return False
    if op.name in ("and", "or", "not"):
        return all(map(_is_check, op.operands))
    return op.name == "in_range" or op.name.endswith("_overflows")


@dataclass(frozen=True)
class _Interval:
    """From `low` to `length + above`, both included."""

    low: int
    length: Value
    above: int


@dataclass(frozen=True)
class _Limit:
    """A counter is below `length + offset` in the loop's blocks, the header left out."""

    loop: Loop
    length: Value
    offset: int
    clamped: Value | None = None
    shift: int = 0
    """In these blocks `clamped`, the larger one of two numbers, is `length + shift`."""

    def linear(self, value: Value) -> tuple[Value, int]:
        """`value` as another one plus a constant, in these blocks."""
        base, offset = linear(value)
        return (self.length, offset + self.shift) if base is self.clamped else (base, offset)


def _limits(function: Function) -> dict[Value, _Limit]:
    """What is known of each loop's counter."""
    limits: dict[Value, _Limit] = {}
    facts = counting(function)
    for loop in loop_forest(function).loops:
        fact = facts[loop.header]
        if fact.counter is None or fact.max_trips is None:
            continue
        length, offset = linear(fact.max_trips)
        clamped, most, shift = None, _maximum(length), 0
        if most is not None and offset <= -most[1]:  # else the loop may run up to the constant
            clamped = length
            length, shift = linear(most[0])
        if abs(offset + shift) < 1 << 62:  # so that nothing wraps: what is added is checked where it is added
            limits[fact.counter] = _Limit(loop, length, offset + shift, clamped, shift)
    return limits


def _is_length(value: Value) -> bool:
    return isinstance(value.owner, Op) and value.owner.name == "dim"


def _maximum(value: Value) -> tuple[Value, int] | None:
    """(a, b) if `value` is the larger one of a and the immediate b."""
    op = value.owner
    if not isinstance(op, Op) or op.name != "select":
        return None
    test = op.operands[0].owner
    if not isinstance(test, Op) or test.name != "lt":
        return None
    a, b = test.operands
    if not isinstance(b, Const) or not same_value(b, op.operands[1]) or a is not op.operands[2]:
        return None
    return a, int(b.value)


def _interval(value: Value, block: Block, limits: dict[Value, _Limit]) -> _Interval | None:
    """Where an integer lies in `block`: a length or a counter plus a constant, or a length less a counter."""
    base, offset = linear(value)
    if _is_length(base):
        return _Interval(offset, base, offset)
    op = base.owner
    down = isinstance(op, Op) and op.name == "sub"
    counter, less = linear(op.operands[1]) if isinstance(op, Op) and down else (base, 0)
    limit = limits.get(counter)
    if limit is None or block is limit.loop.header or block not in limit.loop.blocks:
        return None
    if not isinstance(op, Op) or not down:
        return _Interval(offset, limit.length, limit.offset + offset - 1)
    start, more = limit.linear(op.operands[0])
    above = offset + more - less
    return _Interval(above - limit.offset + 1, limit.length, above) if start is limit.length else None


def _in_range(index: _Interval, length: Value) -> bool:
    of, more = _extent(length)
    return of is index.length and index.low >= 0 and index.above < more


def _extent(length: Value) -> tuple[Value, int]:
    """The length of an axis as another number plus a constant, where the array is made here."""
    dim = length.owner
    array = dim.operands[0].owner if isinstance(dim, Op) and dim.name == "dim" else None
    if isinstance(dim, Op) and isinstance(array, Op) and array.name == "alloc":
        return linear(array.operands[dim.attrs["axis"]])
    return length, 0


def _sub_fits(x: _Interval, y: Value) -> bool:
    """x is between 0 and the length, y is not negative."""
    return isinstance(y, Const) and y.value >= 0 and x.low >= 0 and x.above <= 0


def _add_fits(x: _Interval, y: Value) -> bool:
    """x + y is at most the length."""
    return isinstance(y, Const) and y.value >= 0 and x.low >= 0 and x.above + y.value <= 0


_PROVED = {"in_range": _in_range, "sub_overflows": _sub_fits, "add_overflows": _add_fits}
