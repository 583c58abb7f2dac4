"""Elementary functions leave loops that LLVM cannot vectorise, for one in front of them that it can.

    ^body: %e = exp %v                ^fission: for 32 values of %k.1, from %k on:
           tape_set %tape, %k, %e               %v.1 = mul %x.1, %t; %e.1 = exp %v.1
           check ...            ->              tape_set %tape, %k.1, %e.1
           %r.1 = add %r, %e          ^fission.1: the same for what is left in the end, at most 31
                                      ^body:    for the same values of %k:
                                                %e = tape_get %tape, %k {field = 0}
                                                check ...; %r.1 = add %r, %e

A sum in the order of the program, a check or a branch keeps a loop scalar. What a value that goes on a tape
is made from does not: numbers, the counter, and elements of arrays that the loop does not write. So it is
computed for a strip of iterations first; the tape is there anyway. A whole strip has a known length, and the
last one is done by vectors with a mask: no elementary function is computed for one number alone. What
somebody can see stays where it is. So do checks, but for those that a sum shows to have failed: when `exp`
overflows, what it is added to is not finite any more, so it is asked for that once, behind the strip.

Nothing may be read in front of the loop that the loop would not read: the header is its only way out. Where
checks of indices are left in it, what is read ahead is guarded: the strips end where an index that goes
along with the counter would leave its axis, and one that was loaded is clamped; the check is still made in
the loop, before anything is seen of it. No other check may depend on integers, from which the range of an
index could have been proved.

A function with the attribute `scalar_math` has its elementary functions computed one at a time all the same.
Then only loops with branches are split: what is mispredicted there need not wait for what takes long.

Source: Allen and Kennedy 2001, "Optimizing Compilers for Modern Architectures", chapter 5: strip mining and
loop distribution.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssad.analysis.alias import AliasClasses, alias_classes
from ssad.analysis.effects import calls, is_elementary, synchronises
from ssad.analysis.induction import counting
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.analysis.slices import Slices, sources
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Location, Module, Op, Value, branch, i64, jump
from ssad.ir.edit import copy_op
from ssad.ir.graph import Dominators, Loop
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import I64, Tape
from ssad.passes.defer_checks import deferrals
from ssad.passes.guards import Guards, asks_floats, asks_index, raise_late, shown_by_sums
from ssad.passes.manager import function_pass

STRIP = 32
"""Iterations that are computed at once: while their sum is added up, the next ones are under way."""


@function_pass("fission", "compute elementary functions that are kept on tapes in a loop of their own")
def run(function: Function, module: Module) -> bool:
    if not any(op.name == "tape_set" for op in function.ops()):
        return False
    forest = loop_forest(function)
    before = preheaders(function, forest)
    counts = counting(function)
    aliases = alias_classes(function)
    whole = {deferral.loop for deferral in deferrals(function)}
    one_by_one = function.attrs.get("scalar_math", False)
    changed = False
    for loop in forest.loops:
        facts = counts[loop.header]
        if one_by_one and len(loop.blocks) < 3:
            continue
        if loop in whole:  # LLVM makes vectors of it when its checks are gone
            continue
        if loop.children or loop not in before or facts.counter is None or facts.trip_count is None:
            continue
        search = _Search(loop, forest.dominators, aliases, facts.counter)
        kept = search.kept()
        if kept:
            _split(function, loop, before[loop], search.guards, facts.trip_count, kept, search.shown())
            changed = True
    if changed:
        function.touch()
    return changed


class _Search:
    """Looks at one loop: what may go to the front, and what may wait until a strip has ended."""

    def __init__(self, loop: Loop, dominators: Dominators, aliases: AliasClasses, counter: Value) -> None:
        self.loop = loop
        self.slices = Slices(loop, dominators, aliases, counter)
        self.guards = Guards(counter, self.slices.made)
        self.checks = [op for op in self.slices.ops if op.name == "check"]

    def kept(self) -> list[tuple[Op, list[Op]]]:
        """The `tape_set`s that may go to the front, each with what its operands are made from, in order;
        guarded where a check of an index is left in the loop.
        """
        if any(block is not self.loop.header for block, _ in self.loop.exits()):
            return []
        if any(calls(op.prim) or synchronises(op.prim) for op in self.slices.ops):
            return []
        of_indices = [op for op in self.checks if not asks_floats(op)]
        if not all(asks_index(op, self.guards.made) for op in of_indices):
            return []
        wanted = [(op, self.slices.needed(op.operands)) for op in self.slices.ops if self.is_wanted(op)]
        kept = [(op, needed) for op, needed in wanted if needed is not None]
        loads = dict.fromkeys(op for _, needed in kept for op in needed if op.name == "load")
        if of_indices and not self.guards.cover((op, True) for op in loads):
            return []
        return kept

    def is_wanted(self, op: Op) -> bool:
        """Whether op keeps an elementary function that is computed in every iteration."""
        if op.name != "tape_set" or not isinstance(op.operands[0].type, Tape):
            return False
        made = op.operands[-1].owner
        if not isinstance(made, Op) or not is_elementary(made.prim):
            return False
        return len(op.operands[0].type.fields) == 1 and any(made in b.ops for b in self.slices.always)

    def shown(self) -> Mapping[Op, Value]:
        """The checks that may wait, each with a sum that is not finite any more if it has failed."""
        if not all(map(asks_floats, self.checks)):
            return {}
        shown = shown_by_sums(self.loop, self.slices.always, self.checks)
        return shown if all(self.slices.needed(op.operands) is not None for op in shown) else {}


def _split(
    function: Function,
    loop: Loop,
    before: Block,
    guards: Guards,
    trips: Value,
    kept: list[tuple[Op, list[Op]]],
    shown: Mapping[Op, Value],
) -> None:
    header, loc, counter = loop.header, loop.header.term.loc, guards.counter
    strip, end, more = Block("strip"), Block("fission.end"), Block("strip.end")
    safe = guards.trips(trips, Builder(before, loc))
    given = [strip.add_param(p.type, p.name) for p in header.params]
    first = given[header.params.index(counter)]
    b = Builder(strip, loc)
    last = b.add(first, STRIP)
    is_whole = b.le(last, safe)
    stop = b.select(is_whole if safe is trips else b.le(last, trips), last, trips)
    ahead = stop if safe is trips else b.select(b.le(stop, safe), stop, safe)
    whole = _ahead(kept, guards, first, i64(STRIP), end, "single", loc)
    rest = _ahead(kept, guards, first, b.sub(ahead, first), end, "masked", loc)
    strip.term = branch(is_whole, Edge(whole[0], [i64(0)]), Edge(rest[0], [i64(0)]), loc)
    for block in (strip, *whole, *rest, end, more):
        block.sweep = before.sweep
    end.term = jump(header, [*given], loc)
    before.term = jump(strip, before.term.edges[0].args, loc)
    inside, outside = header.term.edges
    if inside.target not in loop.blocks:
        inside, outside = outside, inside
    header.term = branch(
        Builder(header, header.term.loc).lt(counter, stop), inside, Edge(more), header.term.loc
    )
    again = Edge(strip, [*header.params])
    more.term = branch(Builder(more, header.term.loc).lt(counter, trips), again, outside, header.term.loc)
    at = function.blocks.index(before) + 1
    function.blocks[at:at] = [strip, *whole, *rest, end]
    at = max(function.blocks.index(block) for block in loop.blocks) + 1
    function.blocks.insert(at, more)
    for keeps, needed in kept:
        _read(loop, keeps, needed)
    gone = {keeps for keeps, _ in kept}
    for block in loop.blocks:
        block.ops = [op for op in block.ops if op not in gone]
    if shown:
        _ask_late(function, loop, more, shown, (counter, first, stop))


def _ask_late(
    function: Function, loop: Loop, more: Block, shown: Mapping[Op, Value], span: tuple[Value, Value, Value]
) -> None:
    """Behind a strip, look for the check that has failed if a sum is not finite any more."""
    inside = [op for block in loop.blocks for op in block.ops]
    asked = {*shown, *sources((v for op in shown for v in op.operands), set(inside))}
    following = Block("strip.next")
    following.term, loc = more.term, more.term.loc
    ops, more.ops = more.ops, []
    following.ops = ops
    b = Builder(more, loc)
    sums = [*dict.fromkeys(shown.values())]
    bad = b.not_(b.isfinite(sums[0]))
    for one in sums[1:]:
        bad = b.or_(bad, b.not_(b.isfinite(one)))
    scan = raise_late(more, bad, [*shown], [op for op in inside if op in asked], span, Edge(following))
    for block in loop.blocks:
        block.ops = [op for op in block.ops if op not in shown]
    for block in (*scan, following):
        block.sweep = more.sweep
    at = function.blocks.index(more) + 1
    function.blocks[at:at] = [*scan, following]


def _ahead(
    kept: list[tuple[Op, list[Op]]],
    guards: Guards,
    first: Value,
    count: Value,
    end: Block,
    vectors: str,
    loc: Location | None,
) -> tuple[Block, Block]:
    """Header and body of a loop that computes what is kept for `count` iterations, from `first` on."""
    head, body = Block("fission"), Block("fission.body")
    k = head.add_param(I64, guards.counter.name)
    head.term = branch(Builder(head, loc).lt(k, count), Edge(body), Edge(end), loc)
    b = Builder(body, loc)
    values: dict[Value, Value] = {guards.counter: b.add(first, k)}
    for keeps, needed in kept:
        for op in (*needed, keeps):
            if op.result not in values:
                copy = copy_op(op, values)
                guards.clamp(op, copy, b)
                body.ops.append(copy)
    body.term = jump(head, [b.add(k, 1)], loc)
    body.term.attrs["vectors"] = vectors
    return head, body


def _read(loop: Loop, keeps: Op, needed: list[Op]) -> None:
    """In the loop the value comes from the tape, where it was computed."""
    tape, index, value = keeps.operands
    made = value.owner
    home = next(block for block in loop.blocks if made in block.ops)
    assert isinstance(made, Op)
    at = home.ops.index(made)
    home.ops, behind = home.ops[:at], home.ops[at + 1 :]
    values: dict[Value, Value] = {}
    for op in needed:
        if op is not made and op.result is not None and op.result.type is I64:
            home.ops.append(copy_op(op, values))
    made.prim, made.operands, made.attrs = (
        PRIMITIVES["tape_get"],
        [tape, values.get(index, index)],
        {"field": 0},
    )
    home.ops += [made, *behind]
