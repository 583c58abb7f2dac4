"""Between which bounds the integers of a function lie, by what they are made of and by the conditions that
hold where one asks.

    ^h(%k): %more = lt %k, %n        %k is at least 0 and at most %n, in ^body less than %n;
            branch %more, ^body, ..  %n is the length of an axis, at most 2**48: so %k + 1 does not overflow

Source: Cousot and Cousot 1977, "Abstract interpretation" (intervals), here without a fixpoint: the counter of
a loop is bounded by its trips, what it adds to by trips times the addend, its other variables by nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ssad.analysis.choices import does
from ssad.analysis.induction import counting
from ssad.analysis.memo import dominators, memoised
from ssad.ir.core import Block, Const, Function, Op, Value
from ssad.ir.edit import same_value
from ssad.ir.graph import predecessors
from ssad.ir.types import BOOL, I64, Scalar

LONGEST = 1 << 48
"""No axis and no list is longer: it could not be addressed. Entries and allocations refuse longer ones."""

MOST_TRIPS = 1 << 62
"""No loop runs longer: that would take centuries."""

DEPTH = 4
"""How far operands are looked at with the conditions of the place that one asks about."""


@dataclass(frozen=True)
class Range:
    """All integers from `low` to `high`, both included."""

    low: int
    high: int

    def within(self, other: Range) -> bool:
        """Whether every integer of this range is one of `other`."""
        return other.low <= self.low and self.high <= other.high

    def meet(self, other: Range) -> Range:
        """The integers of both; of the first where there are none (the place is never reached)."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Range(low, high) if low <= high else self

    def without(self, other: Range) -> Range:
        """The integers of this range but one, if `other` is the first or the last of them."""
        if self.low < self.high and other.low == other.high:
            return Range(self.low + (self.low == other.low), self.high - (self.high == other.low))
        return self

    def join(self, other: Range) -> Range:
        """The smallest range with the integers of either."""
        return Range(min(self.low, other.low), max(self.high, other.high))


WORD = Range(-(1 << 63), (1 << 63) - 1)


def whole(type: Scalar) -> Range:
    """All integers of a type."""
    if type.kind == "b":
        return Range(0, 1)
    if type.kind == "u":
        return Range(0, (1 << type.bits) - 1)
    return Range(-(1 << type.bits - 1), (1 << type.bits - 1) - 1)


@dataclass(frozen=True)
class _Fact:
    """`value relation other` holds from `block` on: from its op number `at`, or its start if that is -1."""

    block: Block
    at: int
    relation: str
    other: Value


_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
_CONTRARY = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "ne": "eq", "eq": "ne"}


class Ranges:
    """The ranges of one function's integers, found when they are asked for."""

    def __init__(self, function: Function) -> None:
        self.dominators = dominators(function)
        self.into = predecessors(function)
        self.loops = counting(function)
        found = self.loops.values()
        self.counters = {fact.counter: fact.max_trips for fact in found if fact.counter is not None}
        self.facts: dict[Value, list[_Fact]] = {}
        self.known: dict[Value, Range] = {}
        self.open: set[Value] = set()
        self.left_out = not does(function, "ranges")
        for block in function.blocks:
            term = block.term
            if term.kind == "branch" and term.edges[0].target is not term.edges[1].target:
                for edge, holds in zip(term.edges, (True, False), strict=True):
                    if len(self.into[edge.target]) == 1:
                        self._learn(term.operands[0], holds, edge.target, -1)
            for n, op in enumerate(block.ops):
                if op.name == "check":
                    self._learn(op.operands[0], True, block, n)

    def _learn(self, condition: Value, holds: bool, block: Block, at: int) -> None:
        op = condition.owner
        if not isinstance(op, Op):
            return
        if op.name == "not":
            self._learn(op.operands[0], not holds, block, at)
        elif op.name == ("and" if holds else "or"):
            for part in op.operands:
                self._learn(part, holds, block, at)
        elif op.name == "in_range" and holds:
            index, length = op.operands
            self._note(index, "ge", Const(I64, 0), block, at)
            self._note(index, "lt", length, block, at)
        elif op.name in ("lt", "le", "gt", "ge", "eq", "ne"):
            relation = op.name if holds else _CONTRARY.get(op.name, "")
            if relation in _MIRRORED and _is_integer(op.operands[0]):
                self._note(op.operands[0], relation, op.operands[1], block, at)
                self._note(op.operands[1], _MIRRORED[relation], op.operands[0], block, at)

    def _note(self, value: Value, relation: str, other: Value, block: Block, at: int) -> None:
        if not isinstance(value, Const):
            self.facts.setdefault(value, []).append(_Fact(block, at, relation, other))

    # what one may ask

    def at(self, value: Value, block: Block, before: int, depth: int = DEPTH) -> Range:
        """The range of an integer in front of op number `before` of `block`."""
        found = self.of(value)
        if self.left_out:
            return found
        for fact in self.facts.get(value, ()):
            if self._holds(fact, block, before):
                other = self.of(fact.other)
                found = (
                    found.without(other)
                    if fact.relation == "ne"
                    else found.meet(_beside(fact.relation, other))
                )
        op = value.owner
        if depth and isinstance(op, Op) and op.name in _TRANSFER and op.operands:
            return found.meet(self._made(op, lambda v: self.at(v, block, before, depth - 1)))
        return found

    def _holds(self, fact: _Fact, block: Block, before: int) -> bool:
        if fact.block is block:
            return fact.at < before
        return self.dominators.dominates(fact.block, block)

    def of(self, value: Value) -> Range:
        """The range of an integer wherever it is."""
        if isinstance(value, Const):
            return Range(int(value.value), int(value.value))
        found = self.known.get(value)
        if found is None:
            if value in self.open or len(self.open) > 200:
                return whole(value.type)  # type: ignore[arg-type]
            self.open.add(value)
            found = whole(value.type) if self.left_out else self._find(value)  # type: ignore[arg-type]
            self.open.discard(value)
            self.known[value] = found
        return found

    # how it is found

    def _find(self, value: Value) -> Range:
        type = value.type
        assert isinstance(type, Scalar)
        owner = value.owner
        if isinstance(owner, Op):
            return self._made(owner, self.of)
        if value in self.counters:
            trips = self.counters[value]
            return Range(0, MOST_TRIPS if trips is None else max(0, self.of(trips).high))
        if not isinstance(owner, Block) or not self.into[owner]:
            return whole(type)
        if owner in self.loops:
            return self._accumulated(value, owner)
        return self._joined(owner, owner.params.index(value), self.into[owner])

    def _joined(self, block: Block, at: int, sources: list[Block]) -> Range:
        ranges = [
            self.of(edge.args[at])
            for source in dict.fromkeys(sources)
            for edge in source.term.edges
            if edge.target is block
        ]
        joined = ranges[0]
        for other in ranges[1:]:
            joined = joined.join(other)
        return joined

    def _accumulated(self, value: Value, header: Block) -> Range:
        """A variable of a loop that grows or shrinks by bounded steps, as often as the loop runs at most."""
        assert isinstance(value.type, Scalar)
        at = header.params.index(value)
        trips = self.loops[header].max_trips
        back = [p for p in dict.fromkeys(self.into[header]) if self.dominators.dominates(header, p)]
        front = [p for p in self.into[header] if p not in back]
        steps = [
            self._step(edge.args[at], value, 8)
            for latch in back
            for edge in latch.term.edges
            if edge.target is header
        ]
        if not front or not steps or any(step is None for step in steps):
            return whole(value.type)
        start = self._joined(header, at, front)
        low = min(0, *(step.low for step in steps if step is not None))
        high = max(0, *(step.high for step in steps if step is not None))
        if low == high == 0:
            return start
        count = MOST_TRIPS if trips is None else min(MOST_TRIPS, max(0, self.of(trips).high))
        found = Range(start.low + low * count, start.high + high * count)
        return found if found.within(whole(value.type)) else whole(value.type)

    def _step(self, value: Value, start: Value, depth: int) -> Range | None:
        """How much `value` is above `start`, a variable of the loop, in one iteration; None if unknown."""
        if value is start:
            return Range(0, 0)
        if not depth:
            return None
        op = value.owner
        if isinstance(op, Block):
            if op in self.loops or not self.into[op]:
                return None
            at = op.params.index(value)
            args = [e.args[at] for p in dict.fromkeys(self.into[op]) for e in p.term.edges if e.target is op]
            steps = [self._step(arg, start, depth - 1) for arg in args]
        elif isinstance(op, Op) and op.name == "select":
            steps = [self._step(arg, start, depth - 1) for arg in op.operands[1:]]
        elif isinstance(op, Op) and op.name in ("add", "sub"):
            a, b = op.operands
            if op.name == "add" and isinstance(a, Const):
                a, b = b, a
            before = self._step(a, start, depth - 1)
            if before is None:
                return None
            more = self.of(b)
            return _add(before, more) if op.name == "add" else _sub(before, more)
        else:
            return None
        if any(step is None for step in steps):
            return None
        found = steps[0]
        assert found is not None
        for other in steps[1:]:
            assert other is not None
            found = found.join(other)
        return found

    def _made(self, op: Op, of: Callable[[Value], Range]) -> Range:
        """The range of the result of an op, by those of its operands."""
        assert op.result is not None and isinstance(op.result.type, Scalar)
        limits = whole(op.result.type)
        rule = _TRANSFER.get(op.name)
        if rule is None:
            return limits
        operands = op.operands[1:] if op.name == "select" else op.operands
        if op.name not in ("dim", "list_len") and not all(map(_is_integer, operands)):
            return limits
        if op.name in ("dim", "list_len"):
            found = rule()
        elif op.name == "select":
            found = rule(*_selected(op, of))
        else:
            found = rule(*map(of, operands))
        return found if found.within(limits) else limits  # beyond them it has wrapped


def _selected(op: Op, of: Callable[[Value], Range]) -> Iterator[Range]:
    """The ranges of both sides of a `select` where they are taken: `a` is below `b` in `a < b ? a : b`."""
    test = op.operands[0].owner
    for value, holds in zip(op.operands[1:], (True, False), strict=True):
        found = of(value)
        if isinstance(test, Op) and test.name in _MIRRORED and len(test.operands) == 2:
            relation = test.name if holds else _CONTRARY[test.name]
            a, b = test.operands
            for one, known, other in ((a, relation, b), (b, _MIRRORED[relation], a)):
                if known != "ne" and same_value(one, value) and _is_integer(other):
                    found = found.meet(_beside(known, of(other)))
        yield found


def _is_integer(value: Value) -> bool:
    return isinstance(value.type, Scalar) and not value.type.is_float


def _beside(relation: str, other: Range) -> Range:
    """The integers that stand in a relation to one of `other`."""
    low = other.low if relation in ("ge", "eq") else other.low + 1 if relation == "gt" else -(1 << 64)
    high = other.high if relation in ("le", "eq") else other.high - 1 if relation == "lt" else 1 << 64
    return Range(low, high)


def _add(a: Range, b: Range) -> Range:
    return Range(a.low + b.low, a.high + b.high)


def _sub(a: Range, b: Range) -> Range:
    return Range(a.low - b.high, a.high - b.low)


def _mul(a: Range, b: Range) -> Range:
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(corners), max(corners))


def _neg(a: Range) -> Range:
    return Range(-a.high, -a.low)


def _abs(a: Range) -> Range:
    ends = abs(a.low), abs(a.high)
    return Range(0 if a.low <= 0 <= a.high else min(ends), max(ends))


def _floordiv(a: Range, b: Range) -> Range:
    if b.low <= 0:
        return WORD
    corners = [x // y for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(corners), max(corners))


def _mod(a: Range, b: Range) -> Range:
    """The sign is the divisor's, as in Python; a % b is a where that lies between."""
    if b.low <= 0:
        return WORD
    if a.low >= 0 and a.high < b.low:
        return a
    return Range(0, b.high - 1)


def _and(a: Range, b: Range) -> Range:
    masks = [r.high for r in (a, b) if r.low >= 0]
    return Range(0, min(masks)) if masks else WORD


def _shr(a: Range, b: Range) -> Range:
    return Range(min(a.low, 0), max(a.high >> min(b.low, 64), 0)) if b.low >= 0 else WORD


def _wrap_index(i: Range, n: Range) -> Range:
    """i + n where i is negative, else i."""
    below = None if i.low >= 0 else Range(i.low + n.low, min(i.high, -1) + n.high)
    above = None if i.high < 0 else Range(max(i.low, 0), i.high)
    if below is None or above is None:
        return below or above or WORD
    return below.join(above)


_LENGTH = Range(0, LONGEST)
_TRANSFER: dict[str, Callable[..., Range]] = {
    "abs": _abs,
    "add": _add,
    "and": _and,
    "cast": lambda a: a,
    "dim": lambda: _LENGTH,
    "floordiv": _floordiv,
    "list_len": lambda: _LENGTH,
    "mod": _mod,
    "mul": _mul,
    "neg": _neg,
    "select": Range.join,
    "shr": _shr,
    "sub": _sub,
    "wrap_index": _wrap_index,
}


@memoised
def ranges(function: Function) -> Ranges:
    """What is known of the integers of `function`."""
    return Ranges(function)


_OVERFLOWING = {"add_overflows": _add, "sub_overflows": _sub, "mul_overflows": _mul}


def decided(found: Ranges, condition: Value, block: Block, before: int) -> bool | None:
    """Whether a condition on integers holds in front of op number `before` of `block`; None if unknown."""
    if isinstance(condition, Const):
        return bool(condition.value)
    op = condition.owner
    if not isinstance(op, Op) or condition.type is not BOOL:
        return None
    if op.name in ("and", "or", "not"):
        parts = [decided(found, part, block, before) for part in op.operands]
        if op.name == "not":
            return None if parts[0] is None else not parts[0]
        strong = op.name == "or"  # one such part decides
        if strong in parts:
            return strong
        return None if None in parts else not strong
    if op.name in _OVERFLOWING:
        result = _OVERFLOWING[op.name](*(found.at(v, block, before) for v in op.operands))
        return False if result.within(WORD) else None
    if op.name in ("in_range", "lt", "le", "gt", "ge", "eq", "ne") and all(map(_is_integer, op.operands)):
        a, b = (found.at(v, block, before) for v in op.operands)
        if op.name == "in_range" and _is_remainder(*op.operands) and b.low > 0:
            return True
        return _COMPARED[op.name](a, b)
    return None


def _is_remainder(value: Value, divisor: Value) -> bool:
    op = value.owner
    return isinstance(op, Op) and op.name == "mod" and same_value(op.operands[1], divisor)


def _below(a: Range, b: Range) -> bool | None:
    return True if a.high < b.low else False if a.low >= b.high else None


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _same(a: Range, b: Range) -> bool | None:
    if a.high < b.low or b.high < a.low:
        return False
    return True if a.low == a.high == b.low == b.high else None


def _inside(i: Range, n: Range) -> bool | None:
    if i.low >= 0 and i.high < n.low:
        return True
    return False if i.high < 0 or i.low >= n.high else None


_COMPARED: dict[str, Callable[[Range, Range], bool | None]] = {
    "in_range": _inside,
    "lt": _below,
    "ge": lambda a, b: _negated(_below(a, b)),
    "gt": lambda a, b: _below(b, a),
    "le": lambda a, b: _negated(_below(b, a)),
    "eq": _same,
    "ne": lambda a, b: _negated(_same(a, b)),
}
