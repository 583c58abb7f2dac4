"""What stands for the checks of a loop where they are not made in their places: guards, and a flag.

An index that goes along with the counter of a loop stays on its axis as long as the loop ends early enough.
One that is another one in each iteration, for it was loaded, is clamped. Whether a check would have failed is
said by a flag, of which it is asked behind the loop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ssad.analysis.induction import Place, place_of
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Edge, Op, Value, branch, i64, jump
from ssad.ir.edit import copy_op
from ssad.ir.graph import Loop
from ssad.ir.types import I64

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


def is_one_error(checks: Sequence[Op]) -> bool:
    """Whether checks, wherever they fail, raise the same."""
    return len(checks) == 1 and len(checks[0].operands) == 1


def raise_late(
    ask: Block,
    bad: Value,
    checks: Sequence[Op],
    asked: Sequence[Op] | None,
    span: tuple[Value, Value, Value],
    behind: Edge,
) -> Sequence[Block]:
    """End `ask`, where `bad` says that one of the checks of a loop would have failed: raise what the loop
    would have raised, or go on `behind`.

    `asked` are the checks and what they are made from, in order; None where they raise the same in every
    iteration. `span` is the counter, its first value, and the first one that it does not have. Returns the
    new blocks: a loop that makes the checks, one iteration after the other.
    """
    loc = checks[0].loc
    if asked is None:
        b = Builder(ask, loc)
        b.emit("check", b.not_(bad), **checks[0].attrs)
        ask.term = jump(behind.target, [*behind.args], loc)
        return ()
    counter, first, stop = span
    head, body = Block("scan"), Block("scan.body")
    k = head.add_param(I64, counter.name)
    head.term = branch(Builder(head, loc).lt(k, stop), Edge(body), Edge(behind.target, [*behind.args]), loc)
    values: dict[Value, Value] = {counter: k}
    body.ops = [copy_op(op, values) for op in asked]
    body.term = jump(head, [Builder(body, loc).add(k, 1)], loc)
    body.term.attrs["vectors"] = "none"
    ask.term = branch(bad, Edge(head, [first]), Edge(behind.target, [*behind.args]), loc)
    return head, body


def shown_by_sums(loop: Loop, always: Collection[Block], checks: Sequence[Op]) -> dict[Op, Value]:
    """The checks of a loop, each with a parameter of its header that is not finite at the end if the check
    has failed; none if not all of them have one. `always` are blocks of every iteration.
    """
    if len(loop.latches) > 1 or loop.latches[0].term.kind != "jump":
        return {}
    sums = [p for p in loop.header.params if p.type.is_float and p in _infected(loop, always, p)]
    home = {op: block for block in loop.blocks for op in block.ops}
    shown: dict[Op, Value] = {}
    for check in checks:
        value = _asked_finite(check.operands[0])
        infected = set() if value is None or home[check] not in always else _infected(loop, always, value)
        found = next((param for param in sums if param in infected), None)
        if found is None:
            return {}
        shown[check] = found
    return shown


def _asked_finite(condition: Value) -> Value | None:
    """A value that is not finite where a condition does not hold."""
    op = condition.owner
    if isinstance(op, Op) and op.name == "isfinite":
        return op.operands[0]
    if isinstance(op, Op) and op.name == "or":
        return next((v for v in map(_asked_finite, op.operands) if v is not None), None)
    return None


def _infected(loop: Loop, always: Collection[Block], value: Value) -> set[Value]:
    """The header's parameters that are not finite in the next iteration if `value` is not in this one:
    infinity and nan go through sums and products, be it as the other one.
    """
    infected = {value}
    for op in (op for block in loop.blocks if block in always for op in block.ops):
        if op.name in ("add", "sub", "mul", "neg") and not infected.isdisjoint(op.operands):
            infected.add(op.result)  # type: ignore[arg-type]
    (back,) = loop.latches[0].term.edges
    return {param for param, arg in zip(loop.header.params, back.args, strict=True) if arg in infected}
