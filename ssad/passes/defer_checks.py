"""What a loop may raise is asked for behind it, where nothing else keeps LLVM from making vectors of it.

    ^loop(%k): branch (%k < %n), ^body, ^exit    ^loop(%k, %bad):
    ^body:                                         branch (%k < %n), ^body, ^ask
      %e = exp %v                                ^body:
      check %ok(%e), %k                    ->      %e = exp %v; %bad.1 = or %bad, not %ok(%e)
      store %y, %k, %e                             store %y, %k, %e
      jump ^loop(%k + 1)                           jump ^loop(%k + 1, %bad.1)
                                                 ^ask: branch %bad, ^scan, ^exit
                                                 ^scan: the checks again, one iteration after the other

A check that depends on data is a way out of the loop that no vector can take. A sticky flag is none. Where it
is set, a second loop finds the first check that fails, which is what the program would have raised; it can if
the checks ask for nothing that the loop writes. Where there is one check, which says the same of every
iteration, it is made behind the loop, of the flag. After an exception what has been written is anybody's
guess; no op traps, and the loop ends either way.

Indices that checks have kept in range need another guard. One that goes along with the counter does not
leave its axis if the loop ends early enough: what is left is run by the loop as it was, for which a copy is
made. One that was loaded is clamped.

    ^body: %i = load %ix, %k                     ^body: %i = load %ix, %k
           check in_range(%i, %n)          ->           %ok = in_range(%i, %n); %bad.1 = or %bad, not %ok
           %v = load %x, %i                             %v = load %x, select(%ok, %i, 0)

Where elementary functions are computed one at a time (the function has the attribute `scalar_math`), or where
iterations depend on each other, as in a sum in the order of the program, the check stays: it is predicted,
and costs less than a flag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ssad.analysis.alias import AliasClasses, alias_classes
from ssad.analysis.effects import is_elementary
from ssad.analysis.induction import counting, place_of
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.analysis.slices import Slices
from ssad.analysis.sums import is_sum
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Module, Op, Value, bool_, branch, i64, jump
from ssad.ir.edit import clone_blocks
from ssad.ir.graph import Dominators, Loop
from ssad.ir.types import BOOL, Array
from ssad.passes.guards import ACCESSES, Guards, asks_floats, asks_index, is_one_error, raise_late
from ssad.passes.manager import function_pass
from ssad.primitives.lowering import ByKind, Intrinsic, Template

_OTHER = ("check", "tape_get", "tape_set", "cast", "dim")


WHOLE = 32
"""Elementary functions are computed for multiples of as many numbers, several vectors of them at a time, and
with a mask for what is left.
"""


@dataclass(frozen=True)
class Deferral:
    """A loop whose checks may wait until it has ended.

    waiting  the checks that may fail, in order
    asked    these and what they are made from in the loop, for a second loop; None where one error is enough
    guards   what keeps indices in range, with which the other checks hold; None where no check asks for one
    """

    loop: Loop
    before: Block
    counter: Value
    trips: Value
    waiting: Sequence[Op]
    asked: Sequence[Op] | None
    guards: Guards | None


@function_pass("defer_checks", "let loops of vectors ask behind them whether something is raised")
def run(function: Function, module: Module) -> bool:
    found = deferrals(function)
    for deferral in found:
        _defer(function, deferral)
    if found:
        function.touch()
    return bool(found)


def deferrals(function: Function) -> list[Deferral]:
    """The loops that LLVM can make vectors of if their checks wait."""
    if not any(op.name == "check" for op in function.ops()):
        return []
    forest = loop_forest(function)
    before = preheaders(function, forest)
    counts = counting(function)
    aliases = alias_classes(function)
    one_by_one = function.attrs.get("scalar_math", False)
    found = []
    for loop in forest.loops:
        facts = counts[loop.header]
        if loop.children or loop not in before or facts.counter is None or facts.trip_count is None:
            continue
        if len(loop.latches) > 1 or loop.latches[0].term.kind != "jump":
            continue
        search = _Search(loop, forest.dominators, aliases, facts.counter, one_by_one)
        one = search.deferral(before[loop], facts.trip_count)
        if one is not None:
            found.append(one)
    return found


class _Search:
    """Looks at one loop."""

    def __init__(
        self, loop: Loop, dominators: Dominators, aliases: AliasClasses, counter: Value, one_by_one: bool
    ) -> None:
        self.loop = loop
        self.one_by_one = one_by_one
        self.counter = counter
        self.aliases = aliases
        self.slices = Slices(loop, dominators, aliases, counter)
        self.made = self.slices.made

    def deferral(self, before: Block, trips: Value) -> Deferral | None:
        header = self.loop.header
        blocks, ops, always = self.slices.blocks, self.slices.ops, self.slices.always
        if any(block is not header for block, _ in self.loop.exits()) or len(blocks) < 2:
            return None
        checks = [op for op in ops if op.name == "check"]
        if not checks or any(op in block.ops for block in blocks if block not in always for op in checks):
            return None
        if not all(map(self.makes_vectors, ops)):
            return None
        if any(not is_sum(param, self.loop) for param in header.params if param is not self.counter):
            return None
        guards = None
        of_indices = [op for op in checks if not asks_floats(op)]
        if of_indices:
            guards = Guards(self.counter, self.made)
            if not all(asks_index(op, self.made) for op in of_indices):
                return None
            implied = [op for op in of_indices if guards.imply(op)]
            checks = [op for op in checks if op not in implied]
            if not guards.cover((op, b in always) for b in blocks for op in b.ops if op.name in ACCESSES):
                return None
        if not checks:
            return None  # LLVM makes ends of the loop of them
        asked = None
        if not is_one_error(checks):
            needed = self.slices.needed(v for op in checks for v in op.operands)
            if needed is None:
                return None
            asked = [op for op in ops if op in checks or op in needed]
        return Deferral(self.loop, before, self.counter, trips, checks, asked, guards)

    def makes_vectors(self, op: Op) -> bool:
        """Whether LLVM can do several of an op at once."""
        how = op.prim.llvm
        if op.name in ACCESSES:
            kind = op.operands[0].type
            return isinstance(kind, Array) and (op.name == "load" or self.is_row(op))
        if op.name in _OTHER:
            return True
        if is_elementary(op.prim):
            return not self.one_by_one
        if isinstance(how, ByKind) and op.operands:
            how = getattr(how, getattr(op.operands[0].type, "kind", ""), None)
        return op.prim.pure and isinstance(how, Template | Intrinsic)

    def is_row(self, write: Op) -> bool:
        """Whether each iteration writes one place of its own, and reads no other of that array."""
        array, *index = write.operands[:-1]
        moving = [v for v in index if v is self.counter or v in self.made]
        if array in self.made or len(moving) != 1 or place_of(moving[0], self.counter, self.made) is None:
            return False
        of = self.aliases.of
        there = [
            op for op in self.slices.ops if op.name in ACCESSES and of.get(op.operands[0]) is of.get(array)
        ]
        return all(op.operands[: len(index) + 1] == [array, *index] for op in there)


def _defer(function: Function, deferral: Deferral) -> None:
    loop, before = deferral.loop, deferral.before
    header, loc = loop.header, loop.header.term.loc
    blocks = [block for block in function.blocks if block in loop.blocks]
    ask, trips = Block("ask"), deferral.trips
    copies = {block: block for block in blocks}
    values: dict[Value, Value] = {}
    guards = deferral.guards
    if guards is not None:  # a copy runs as far as is safe, and the loop as it was what is left
        copies = clone_blocks(blocks, values)
        trips = guards.trips(trips, Builder(before, loc))
        behind = Edge(header, [values[param] for param in header.params])
    else:
        behind = next(edge for edge in header.term.edges if edge.target not in loop.blocks)
    head, latch = copies[header], copies[loop.latches[0]]
    bad = head.add_param(BOOL, "bad")
    flag = _flag(deferral, copies, bad)
    inside = next(edge for edge in head.term.edges if edge.target in copies.values())
    counter = values.get(deferral.counter, deferral.counter)
    more = head.term.operands[0]
    if guards is not None:
        more = Builder(head, loc).lt(counter, trips)
    elif head.term.edges[0] is not inside:
        more = Builder(head, loc).not_(more)
    head.term = branch(more, inside, Edge(ask), loc)
    latch.term = jump(head, [*latch.term.edges[0].args, flag], latch.term.loc)
    span = (deferral.counter, i64(0), trips)
    scan = raise_late(ask, bad, deferral.waiting, deferral.asked, span, behind)
    start = [*before.term.edges[0].args, bool_(False)]
    before.term = jump(head, start, before.term.loc)
    new = [*copies.values()] if guards is not None else []
    if any(is_elementary(op.prim) for block in blocks for op in block.ops):
        new = [*_whole(before, [*copies.values()], counter, trips), *new]
        latch.term.attrs["vectors"] = "masked"
    at = function.blocks.index(before) + 1
    function.blocks[at:at] = new
    at = function.blocks.index(latch) + 1
    function.blocks[at:at] = [ask, *scan]
    for block in (*new, ask, *scan):
        block.sweep = header.sweep


def _whole(before: Block, blocks: Sequence[Block], counter: Value, trips: Value) -> list[Block]:
    """A copy of a loop for what fills its vectors, which leaves what is left to the loop itself."""
    loc = before.term.loc
    head = before.term.edges[0].target
    values: dict[Value, Value] = {}
    copies = clone_blocks(blocks, values)
    copy = copies[head]
    whole = Builder(before, loc).and_(trips, -WHOLE)
    inside = next(edge for edge in copy.term.edges if edge.target in copies.values())
    rest = Edge(head, [values[param] for param in head.params])
    copy.term = branch(Builder(copy, loc).lt(values[counter], whole), inside, rest, loc)
    before.term = jump(copy, before.term.edges[0].args, loc)
    return list(copies.values())


def _flag(deferral: Deferral, copies: Mapping[Block, Block], bad: Value) -> Value:
    """Put a flag in the place of checks, and clamp indices; returns the flag as it is at the latch."""
    for block, copy in copies.items():
        b, originals, ops = Builder(copy), block.ops, copy.ops
        copy.ops = []
        for original, op in zip(originals, ops, strict=True):
            b.loc = op.loc
            if op.name != "check":
                if deferral.guards is not None:
                    deferral.guards.clamp(original, op, b)
                copy.ops.append(op)
            elif original in deferral.waiting:
                bad = b.or_(bad, b.not_(op.operands[0]))
    return bad
