"""Loops that count, up or down: the canonical counter and how often such a loop runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ssad.analysis.choices import does
from ssad.analysis.memo import loop_forest, memoised
from ssad.analysis.shape import live_exits, returning
from ssad.ir.core import Block, Const, Function, Op, Undef, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop, predecessors
from ssad.ir.types import I64


@dataclass(frozen=True)
class Counting:
    """What is known of one loop; None where it is not of that form.

    counter     the i64 header parameter that is k in iteration k = 0, 1, ...
    max_trips   an i64 defined outside the loop: the header sends control out once the counter has reached it,
                so the latch runs at most max(max_trips, 0) times.
    trip_count  the same value where the header is the only way out on which the function may still return:
                then the latch runs exactly max(trip_count, 0) times, or the function raises.
    """

    counter: Value | None = None
    max_trips: Value | None = None
    trip_count: Value | None = None


@memoised
def counting(function: Function) -> Mapping[Block, Counting]:
    """header -> what is known of its loop, for every loop of `function`."""
    loops = loop_forest(function).loops
    if not loops:
        return {}
    preds = predecessors(function)
    home = {v: block for block in function.blocks for v in definitions(block)}
    alive = returning(function)
    facts: dict[Block, Counting] = {}
    for loop in loops:
        if not does(function, "induction"):
            facts[loop.header] = Counting()
            continue
        counter = _counter(loop, preds[loop.header])
        bound = None if counter is None else _bound(loop, counter, home)
        only = all(block is loop.header for block, _ in live_exits(loop, alive))
        facts[loop.header] = Counting(counter, bound, bound if only else None)
    return facts


def counter(function: Function, loop: Loop) -> Value | None:
    """The canonical counter of `loop`: a header parameter that starts at 0 and grows by 1 at every latch."""
    return counting(function)[loop.header].counter


def trip_count(function: Function, loop: Loop) -> Value | None:
    """How often the latch of `loop` runs (negative: never), where a value defined outside says so exactly."""
    return counting(function)[loop.header].trip_count


def max_trips(function: Function, loop: Loop) -> Value | None:
    """A bound, defined outside the loop, on how often the latch of `loop` runs (negative means never)."""
    return counting(function)[loop.header].max_trips


def counts_down(loop: Loop) -> Value | None:
    """The parameter that counts down to 1: `branch (%at > 0)`, `jump (%at - 1)`; None where there is none."""
    header = loop.header
    test = header.term.operands[0].owner if header.term.kind == "branch" else None
    if not isinstance(test, Op) or test.name != "gt" or not _is_zero(test.operands[1]):
        return None
    at = test.operands[0]
    stays = header.term.edges[0].target in loop.blocks
    if at not in header.params or not stays or len(loop.exits()) != 1:
        return None
    n = header.params.index(at)
    back = [edge.args[n] for latch in loop.latches for edge in latch.term.edges if edge.target is header]
    return at if all(linear(arg) == (at, -1) for arg in back) else None


def linear(value: Value) -> tuple[Value, int]:
    """`value` as another one plus a constant."""
    offset = 0
    while isinstance(op := value.owner, Op) and op.name in ("add", "sub"):
        a, b = op.operands
        if op.name == "add" and isinstance(a, Const):
            a, b = b, a
        if not isinstance(b, Const) or isinstance(a, Const):
            break
        step = int(b.value)
        value, offset = a, offset + (step if op.name == "add" else -step)
    return value, offset


@dataclass(frozen=True)
class Place:
    """The integer `sign` * counter + `base` + `offset`; a base of None is 0."""

    sign: int
    base: Value | None
    offset: int


def place_of(value: Value, counter: Value, made: Collection[Value]) -> Place | None:
    """Where on its row an index is, if it goes on by 1 with the counter, or back; `made` is what changes."""
    if value is counter:
        return Place(1, None, 0)
    op = value.owner
    if value not in made or not isinstance(op, Op) or op.name not in ("add", "sub"):
        return None
    sign = 1 if op.name == "add" else -1
    a, b = op.operands
    place = place_of(a, counter, made)
    if place is not None:
        rest, ours = b, sign
    else:
        place, rest, ours = place_of(b, counter, made), a, 1
        if place is not None and sign < 0:
            place = None if place.base is not None else Place(-place.sign, None, -place.offset)
    if place is None or rest is counter or rest in made:
        return None
    if isinstance(rest, Const):
        return replace(place, offset=place.offset + ours * int(rest.value))
    return replace(place, base=rest) if place.base is None and ours > 0 else None


def _counter(loop: Loop, preds: list[Block]) -> Value | None:
    header = loop.header
    arguments: list[tuple[Block, list[Value]]] = []
    for pred in dict.fromkeys(preds):
        arguments.extend((pred, e.args) for e in pred.term.edges if e.target is header)
    for at, param in enumerate(header.params):
        if param.type is I64 and all(
            _is_successor(args[at], param) if block in loop.blocks else _is_zero(args[at])
            for block, args in arguments
        ):
            return param
    return None


def _is_zero(value: Value) -> bool:
    return isinstance(value, Const) and value.value == 0


def _is_successor(value: Value, of: Value) -> bool:
    """Whether `value` is `of` + 1."""
    op = value.owner
    if not isinstance(op, Op) or op.name != "add":
        return False
    a, b = op.operands
    if b is of:
        a, b = b, a
    return a is of and isinstance(b, Const) and b.value == 1


def _bound(loop: Loop, counter: Value, home: Mapping[Value, Block]) -> Value | None:
    """n where the header leaves the loop exactly if not counter < n."""
    term = loop.header.term
    if term.kind != "branch":
        return None
    inside = [edge.target in loop.blocks for edge in term.edges]
    op = term.operands[0].owner
    if inside[0] == inside[1] or not isinstance(op, Op) or len(op.operands) != 2:
        return None
    name, (a, b) = op.name, op.operands
    if b is counter:
        a, b = b, a
        name = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}.get(name, name)
    if a is not counter or name != ("lt" if inside[0] else "ge"):
        return None
    if isinstance(b, Undef) or (not isinstance(b, Const) and home[b] in loop.blocks):
        return None
    return b
