"""Nests of loops whose body adds to several places that are counters plus constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

from ssad.analysis.alias import AliasClasses, alias_classes
from ssad.analysis.effects import allocates, is_elementary, refers
from ssad.analysis.induction import counts_down, linear
from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Const, Function, Op, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop

Offsets = tuple[int, ...]
"""For each axis what is added to the counter of its loop."""

Summands = Sequence[tuple[Op, Offsets]]
Ends = Sequence[tuple[int, Summands]]

MOST_WRITTEN = 800
MOST_COST, DEAR = 60, 10
"""What the summands of an element may take, in simple ops: each of them is computed for itself."""


@dataclass(frozen=True)
class Nest:
    """Loops around each other, counting down to 1, that touch no memory but in the body of the innermost;
    outermost first. `around` are all blocks but the body, `kept` what is used behind the nest.
    """

    loops: list[Loop]
    counters: list[Value]
    trips: list[Value]
    body: Block
    around: list[Block]
    before: Block
    kept: list[Value]

    @property
    def outer(self) -> Loop:
        return self.loops[0]


@dataclass(frozen=True)
class Stencil:
    """What the body adds to each array, with the offsets, and the pairs of arrays that must lie apart."""

    summands: dict[Value, list[tuple[Op, Offsets]]]
    apart: list[tuple[Value, Value]]


def find(function: Function, before: dict[Loop, Block]) -> list[tuple[Nest, Stencil]]:
    """All of them in a function; `before` are the blocks in front of its loops."""
    forest = loop_forest(function)
    aliases = alias_classes(function)
    used = _used_in(function)
    found: list[tuple[Nest, Stencil]] = []
    for loop in forest.loops:
        if not loop.children and loop.header.sweep == "rev":
            nest = _nest(loop, before, used)
            stencil = None if nest is None else _stencil(nest, aliases)
            if nest is not None and stencil is not None:
                found.append((nest, stencil))
    return found


def _used_in(function: Function) -> dict[Value, set[Block]]:
    used: dict[Value, set[Block]] = {}
    for block in function.blocks:
        for op in block.ops:
            for v in op.operands:
                used.setdefault(v, set()).add(block)
        for v in (*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)):
            used.setdefault(v, set()).add(block)
    return used


def _nest(loop: Loop, before: dict[Loop, Block], used: dict[Value, set[Block]]) -> Nest | None:
    """The nest around a loop that accumulates, with as many loops as the array has axes."""
    if len(loop.blocks) != 2:
        return None
    body = next(block for block in loop.blocks if block is not loop.header)
    rank = max((len(op.operands) - 2 for op in body.ops if op.name == "accumulate"), default=0)
    loops: list[Loop] = []
    at: Loop | None = loop
    while at is not None and len(loops) < rank:
        if at not in before or len(at.children) > 1 or counts_down(at) is None:
            return None
        loops.insert(0, at)
        at = at.parent
    if not rank or len(loops) < rank:
        return None
    outer = loops[0]
    around = [block for block in outer.blocks if block is not body]
    if not all(is_plain(op) for block in around for op in block.ops) or len(outer.exits()) != 1:
        return None
    counters = [counter for one in loops if (counter := counts_down(one)) is not None]
    trips = [
        before[one].term.edges[0].args[one.header.params.index(at)]
        for one, at in zip(loops, counters, strict=True)
    ]
    inside = [v for block in outer.blocks for v in definitions(block)]
    if set(trips) & set(inside):
        return None
    kept = [v for v in inside if not used.get(v, set()) <= set(outer.blocks)]
    return Nest(loops, counters, trips, body, around, before[outer], kept)


def _is(value: Value, number: int) -> bool:
    return isinstance(value, Const) and value.value == number


def is_plain(op: Op) -> bool:
    """Whether it computes a number, or says which array is meant, and does nothing else."""
    if op.name in ("choose", "tape_get"):
        return True
    return op.prim.pure and not allocates(op.prim) and op.result is not None and not refers(op.result.type)


def _stencil(nest: Nest, aliases: AliasClasses) -> Stencil | None:
    """What the body does, if it may be done in another order."""
    summands: list[tuple[Op, Offsets]] = []
    zeros: list[Op] = []
    loads: list[Op] = []
    for op in nest.body.ops:
        if op.name == "accumulate":
            offsets = offsets_of(op.operands[1:-1], nest.counters)
            if offsets is None:
                return None
            summands.append((op, offsets))
        elif op.name == "store":
            loaded = [one for one in loads if one.operands == op.operands[:-1]]
            if (
                not _is(op.operands[-1], 0)
                or not loaded
                or offsets_of(op.operands[1:-1], nest.counters) is None
            ):
                return None
            zeros.append(op)
        elif op.name == "load":
            loads.append(op)
        elif not is_plain(op):
            return None
    targets: dict[Value, list[tuple[Op, Offsets]]] = {}
    for op, offsets in summands:
        targets.setdefault(op.operands[0], []).append((op, offsets))
    if not any(len({offsets for _, offsets in group}) > 1 for group in targets.values()):
        return None
    emptied = dict.fromkeys(op.operands[0] for op in zeros)
    inside = {v for block in (nest.body, *nest.around) for v in definitions(block)}
    if inside & {*targets, *emptied} or targets.keys() & emptied.keys():
        return None
    for op in loads:  # of what becomes zero only before that, and nothing else that is written
        array = op.operands[0]
        written = [zero for zero in zeros if zero.operands[0] is array]
        if array in targets or array in inside:
            return None
        if array not in emptied and any(aliases.may_alias(array, other) for other in (*targets, *emptied)):
            return None
        if any(zero.operands[:-1] != op.operands or not _before(nest.body, op, zero) for zero in written):
            return None
    if len(emptied) != len(zeros):
        return None
    if sum(map(_written, targets.values())) > MOST_WRITTEN:
        return None
    needed = [op for one, _ in summands for op in slice_of(nest, [one.operands[-1]])]
    carried = {p for block in (nest.body, *nest.around) for p in block.params} - set(nest.counters)
    values = {v for op in (*needed, *(one for one, _ in summands)) for v in op.operands}
    if values & carried or sum(map(_cost, needed)) > MOST_COST:
        return None
    pairs = [*product(emptied, targets), *combinations(emptied, 2)]
    return Stencil(targets, [pair for pair in pairs if aliases.may_alias(*pair)])


def spread_of(summands: Summands) -> list[tuple[int, int]]:
    """The least and the greatest offset of each axis."""
    return [(min(along), max(along)) for along in zip(*(offsets for _, offsets in summands), strict=True)]


def at_the_ends(summands: Summands, r: int) -> tuple[Ends, Ends]:
    """Of the elements of an axis to which not all summands come: those at its begin by their index, those at
    its end by how far they are behind the last iteration; each with the summands that do come.
    """
    least, most = spread_of(summands)[r]
    early = [(at, [s for s in summands if s[1][r] < at]) for at in range(1 + least, 1 + most)]
    late = [(over, [s for s in summands if s[1][r] >= over]) for over in range(1 + least, 1 + most)]
    return early, late


def _written(summands: Summands, r: int = 0) -> int:
    """How many summands will be written, those of the ends of all axes each by itself."""
    if r == len(summands[0][1]):
        return len(summands)
    least, most = spread_of(summands)[r]
    if most - least > MOST_WRITTEN:
        return most - least
    ends = [some for end in at_the_ends(summands, r) for _, some in end]
    return sum(_written(some, r + 1) for some in (summands, *ends))


def _cost(op: Op) -> int:
    return DEAR if op.name == "div" or is_elementary(op.prim) else 1


def _before(block: Block, first: Op, second: Op) -> bool:
    return block.ops.index(first) < block.ops.index(second)


def offsets_of(index: Sequence[Value], counters: Sequence[Value]) -> Offsets | None:
    """What is added to the counters, where the index of each axis is the counter of its loop."""
    found = [linear(i) for i in index]
    if len(found) != len(counters) or any(
        base is not at for (base, _), at in zip(found, counters, strict=True)
    ):
        return None
    offsets = tuple(offset for _, offset in found)
    return offsets if all(abs(offset) < 1 << 20 for offset in offsets) else None


def slice_of(nest: Nest, values: Sequence[Value]) -> list[Op]:
    """The ops of the nest that some values are made from, in order."""
    order = [op for block in (*nest.around, nest.body) for op in block.ops]
    inside = set(order)
    found: set[Op] = set()
    work = list(values)
    while work:
        op = work.pop().owner
        if isinstance(op, Op) and op in inside and op not in found:
            found.add(op)
            work.extend(op.operands)
    return _sorted(order, found)


def _sorted(order: Sequence[Op], found: set[Op]) -> list[Op]:
    """What is found, operands before what uses them."""
    done: list[Op] = []
    seen: set[Op] = set()

    def visit(op: Op) -> None:
        if op in seen:
            return
        seen.add(op)
        for operand in op.operands:
            if isinstance(operand.owner, Op) and operand.owner in found:
                visit(operand.owner)
        done.append(op)

    for op in order:
        if op in found:
            visit(op)
    return done
