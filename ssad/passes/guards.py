"""What keeps indices in range where the check in front of an access has not been made yet.

An index that goes along with the counter of a loop stays on its axis as long as the loop ends early enough.
One that is another one in each iteration, for it was loaded, is clamped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ssad.analysis.induction import Place, place_of
from ssad.ir.builder import Builder
from ssad.ir.core import Const, Op, Value, i64

ACCESSES = ("load", "store", "accumulate")


@dataclass
class Guards:
    """Of a loop with `counter`, in which `made` are defined.

    limits   (array, axis, index) or (length, None, index): the loop must end before an index is too large
    clamped  op -> the numbers of its operands that are indices to be clamped
    """

    counter: Value
    made: Collection[Value]
    limits: list[tuple[Value, int | None, Place]] = field(default_factory=list)
    clamped: dict[Op, list[int]] = field(default_factory=dict)

    def cover(self, accesses: Iterable[tuple[Op, bool]]) -> bool:
        """Guard accesses, of which it is said whether every iteration makes them; False where that fails.

        What comes from outside the loop, no check in the loop has been asked for.
        """
        for op, always in accesses:
            array, *index = op.operands
            if array in self.made:
                return False
            for number, value in enumerate(index if op.name == "load" else index[:-1], 1):
                if value not in self.made and value is not self.counter:
                    continue
                place = place_of(value, self.counter, self.made)
                if place is not None and place.sign > 0 and always:
                    self.limits.append((array, number - 1, place))
                elif op.name == "load":
                    self.clamped.setdefault(op, []).append(number)
                else:
                    return False
        return True

    def imply(self, check: Op) -> bool:
        """Whether a check holds within the limits, which are drawn so that it does."""
        place = goes_along(check, self.counter, self.made)
        made = check.operands[0].owner
        if place is None or place.sign < 0 or not isinstance(made, Op):
            return False
        self.limits.append((made.operands[1], None, place))
        return True

    def trips(self, trips: Value, b: Builder) -> Value:
        """For how many of so many iterations the guards are enough."""
        for array, axis, place in dict.fromkeys(self.limits):
            offset: Value = i64(place.offset)
            if place.base is not None:
                offset = b.add(place.base, offset) if place.offset else place.base
            left = array if axis is None else b.dim(array, axis=axis)
            if not isinstance(offset, Const) or offset.value:
                left = b.sub(left, offset)
            if left is not trips:
                trips = b.select(b.lt(left, trips), left, trips)
            if not isinstance(offset, Const) or offset.value < 0:
                trips = b.select(b.ge(offset, 0), trips, 0)
        for array, axis in dict.fromkeys(
            (op.operands[0], n - 1) for op, ns in self.clamped.items() for n in ns
        ):
            trips = b.select(b.gt(b.dim(array, axis=axis), 0), trips, 0)  # what is clamped to 0 must be there
        return trips

    def clamp(self, original: Op, op: Op, b: Builder) -> None:
        """Clamp the indices of `op`, a copy of `original` or itself, with ops that come before it."""
        for number in self.clamped.get(original, ()):
            index = op.operands[number]
            length = b.dim(op.operands[0], axis=number - 1)
            op.operands[number] = b.select(b.in_range(index, length), index, 0)


def asks_index(check: Op, made: Collection[Value]) -> bool:
    """Whether a check asks if an index that is new in each iteration is in range."""
    op = check.operands[0].owner
    return isinstance(op, Op) and op.name == "in_range" and op.operands[0] in made


def asks_floats(check: Op) -> bool:
    """Whether a check says nothing of integers, from which an index could have been proved in range."""
    work = [check.operands[0]]
    while work:
        value = work.pop()
        op = value.owner
        if isinstance(value, Const):
            continue
        if not isinstance(op, Op):
            return False
        if op.name in ("not", "and", "or"):
            work.extend(op.operands)
        elif not all(v.type.is_float for v in op.operands):
            return False
    return True


def goes_along(check: Op, counter: Value, made: Collection[Value]) -> Place | None:
    """The index that a check asks for, if it goes along with the counter, below a length from outside."""
    op = check.operands[0].owner
    if not isinstance(op, Op) or op.name != "in_range" or op.operands[1] in made:
        return None
    return place_of(op.operands[0], counter, made)
