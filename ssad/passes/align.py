"""Inner loops of stencils begin where a cache line does: what lies before it runs in a loop of its own.

    jump ^loop(1)                            %n = to_aligned %y, %i, 1 {bytes = 64, down = false}
    ^loop(%j):                               jump ^loop.1(1)
      branch (%j < %m), ^body, ^end          ^loop.1(%j.1):
    ^body:                            ->       branch (%j.1 < 1 + %n), ^body.1, ^loop(%j.1)
      ... load %x, %i, %j - 1 ...            ^body.1:
      ... load %x, %i, %j + 1 ...              ...
      store %y, %i, %j, ...                    store %y, %i, %j.1, ...
      jump ^loop(%j + 1)                       jump ^loop.1(%j.1 + 1)

A loop that reads neighbours in a row has vectors that lie across two cache lines, each of which costs two
accesses; those of its stores need not. Where a row begins is not known before the program runs, so what is
peeled is computed then. Iterations stay in their order: each gives what it gave.

Source: Eichenberger, Wu and O'Brien 2004, "Vectorization for SIMD architectures with alignment constraints"
(peeling for the alignment of a store).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ssad.analysis.effects import calls, is_elementary, must_stay, synchronises, tapes
from ssad.analysis.induction import Place, place_of
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Module, Op, Value, branch, i64, jump
from ssad.ir.edit import clone_blocks, definitions
from ssad.ir.graph import Loop
from ssad.ir.types import I64, Array
from ssad.passes.manager import function_pass

BYTES = 64
"""A cache line, and a vector of AVX-512."""

FEWEST_VECTORS = 12
"""Shorter loops are left as they are: the iterations in front, one by one, would cost more than they save."""

_DOWN = {"lt": False, "le": False, "gt": True, "ge": True}


@dataclass(frozen=True)
class Walk:
    """An innermost loop that counts from `start` by steps of 1, up or down, until it meets `bound`."""

    header: Block
    body: Block
    before: Block
    counter: Value
    start: Value
    bound: Value
    condition: str
    """The comparison of counter and bound with which the loop goes on."""

    @property
    def down(self) -> bool:
        return _DOWN[self.condition]


@function_pass("align", "let inner loops of stencils begin at a cache line")
def run(function: Function, module: Module) -> bool:
    forest = loop_forest(function)
    before = preheaders(function, forest)
    found: list[tuple[Walk, Op]] = []
    for loop in _deepest(forest.loops):
        walk = _walk(loop, before[loop]) if loop in before else None
        row = None if walk is None else _row(walk)
        if walk is not None and row is not None:
            found.append((walk, row))
    for walk, row in found:
        _peel(function, walk, row)
    if found:
        function.touch()
    return bool(found)


def _deepest(loops: Sequence[Loop]) -> list[Loop]:
    """Of each nest the loops that most others are around: what lies at the rim of a grid runs less often."""
    around = {loop: _around(loop) for loop in loops}
    depth: dict[Loop, int] = {}
    for chain in around.values():
        depth[chain[0]] = max(depth.get(chain[0], 2), len(chain))
    return [loop for loop, chain in around.items() if len(chain) == depth[chain[0]]]


def _around(loop: Loop) -> list[Loop]:
    """The loops around a loop, the outermost first, and itself."""
    return [*([] if loop.parent is None else _around(loop.parent)), loop]


def _walk(loop: Loop, before: Block) -> Walk | None:
    """The loop as a walk, if it is one whose iterations carry nothing but the counter."""
    header = loop.header
    term = header.term
    if len(loop.blocks) != 2 or len(header.params) != 1 or term.kind != "branch":
        return None
    (counter,), (body,) = header.params, (b for b in loop.blocks if b is not header)
    test = term.operands[0].owner
    if counter.type is not I64 or term.edges[0].target is not body or term.edges[1].target in loop.blocks:
        return None
    if header.ops != [test] or not isinstance(test, Op) or test.name not in _DOWN:
        return None
    if test.operands[0] is not counter:
        return None
    bound, end = test.operands[1], body.term
    down = _DOWN[test.name]
    if bound in definitions(body) or end.kind != "jump" or not _is_next(end.edges[0].args[0], counter, down):
        return None
    return Walk(header, body, before, counter, before.term.edges[0].args[0], bound, test.name)


def _is_next(value: Value, counter: Value, down: bool) -> bool:
    """Whether `value` is `counter` + 1, or `counter` - 1 for a walk down."""
    return place_of(value, counter, {value}) == Place(1, None, -1 if down else 1)


def _row(walk: Walk) -> Op | None:
    """The first op that writes along a row, if the loop reads neighbours and computes what vectors do."""
    made = set(definitions(walk.body))
    found = None
    reads: dict[tuple[Value, ...], set[Place]] = {}
    for op in walk.body.ops:
        if not _in_range(op) and any(ask(op.prim) for ask in _ASK):
            return None
        if op.name == "load":
            *row, last = op.operands
            at = place_of(last, walk.counter, made)
            if at is not None and _is_row(row, walk, made):
                reads.setdefault(tuple(row), set()).add(at)
        elif op.name in ("store", "accumulate") and found is None:
            *row, last, _ = op.operands
            if place_of(last, walk.counter, made) is not None and _is_row(row, walk, made):
                found = op
    return found if any(len(at) > 1 for at in reads.values()) else None


_ASK = (calls, must_stay, tapes, synchronises, is_elementary)


def _in_range(op: Op) -> bool:
    """Whether op checks an index, which LLVM makes an end of the loop of."""
    made = op.operands[0].owner if op.name == "check" else None
    return isinstance(made, Op) and made.name == "in_range"


def _is_row(row: Sequence[Value], walk: Walk, made: set[Value]) -> bool:
    """Whether an array and all but the last of its indices are one row throughout, without gaps."""
    array = row[0].type
    assert isinstance(array, Array)
    fixed = all(v is not walk.counter and v not in made for v in row)
    return fixed and array.layout == "C" and array.elem.bytes in (4, 8)


def _peel(function: Function, walk: Walk, row: Op) -> None:
    """A loop in front of the loop for the iterations until `row` writes to where a vector begins."""
    array, *index, _ = row.operands
    b = Builder(walk.before, walk.before.term.loc)
    place = place_of(index[-1], walk.counter, definitions(walk.body))
    assert place is not None
    base = i64(0) if place.base is None else place.base
    first = b.add(b.add(base, walk.start) if place.sign > 0 else b.sub(base, walk.start), place.offset)
    down = walk.down == (place.sign > 0)
    peel = b.to_aligned(array, *index[:-1], first, bytes=BYTES, down=down, hint="peel")
    assert isinstance(array.type, Array)
    few = FEWEST_VECTORS * BYTES // array.type.elem.bytes
    low, high = (walk.bound, walk.start) if walk.down else (walk.start, walk.bound)
    runs = b.and_(b.lt(low, high), b.ge(b.sub(high, low), few))  # the difference may overflow
    some = b.select(runs, peel, 0, hint="peel")
    stop = b.sub(walk.start, some, hint="stop") if walk.down else b.add(walk.start, some, hint="stop")
    values: dict[Value, Value] = {}
    copies = clone_blocks([walk.header, walk.body], values)
    header, counter = copies[walk.header], values[walk.counter]
    header.ops = []
    more = Builder(header, walk.header.term.loc).emit("gt" if walk.down else "lt", counter, stop)
    header.term = branch(more, Edge(copies[walk.body]), Edge(walk.header, [counter]), walk.header.term.loc)
    copies[walk.body].term.attrs["vectors"] = "none"
    walk.before.term = jump(header, [walk.start], walk.before.term.loc)
    at = function.blocks.index(walk.header)
    function.blocks[at:at] = list(copies.values())
