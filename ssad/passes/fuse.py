"""A reverse loop whose iterations need nothing but their own forward iteration runs along with it.

    for k in range(n):                            for k in range(n):
      %v = ...; tape_set %tape, %k, %v              %v = ...
      total += ...                                  total += ...
    ...                                     ->      accumulate %x.bar, %k, %seed * %v
    for k in reversed(range(n)):                  ...
      %v = tape_get %tape, %k
      accumulate %x.bar, %k, %seed * %v

That is a sum over independent samples, whose derivative by each sample is known at once: no tape is left, and
what one iteration has loaded and computed is there for the reversed one. The reverse loop must use nothing
that comes into being in the forward loop but on tapes, or from that between the two; what it carries are
sums, which come in another order; what it adds to nobody has looked at since.

Stacks go along: a reverse iteration pops what its forward iteration has pushed, so behind it a stack is as it
was in front of it. What loops inside keep for as long as the data want is then as much as one sample needs.

Not where an elementary function is kept on the tape: several of them are computed at once (`fission`), which
is worth more than the tape costs. Nor where the reverse loop computes one, or divides in a body without
branches: LLVM makes vectors of that loop, which a sum in the order of the program would keep it from.

Source: Hascoët, Fidanova and Held 2001, "Adjoining independent computations".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from ssad.analysis.alias import AliasClass, alias_classes
from ssad.analysis.effects import (
    allocates,
    calls,
    is_elementary,
    must_stay,
    read_by,
    synchronises,
    tapes,
    written_by,
)
from ssad.analysis.induction import counting, counts_down, linear
from ssad.analysis.liveness import uses
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import live_exits, preheaders, returning
from ssad.analysis.sums import is_sum
from ssad.ir.core import Block, Function, Module, Op, Value, jump
from ssad.ir.edit import definitions, replace_values, same_value, split_edge
from ssad.ir.graph import Dominators, Loop, predecessors
from ssad.ir.types import Tape
from ssad.passes.manager import function_pass, repeated


@dataclass(frozen=True)
class Pair:
    """Two loops that run equally often, one behind the other, and the blocks between. `counter` counts from 0
    or down to 1, `at` likewise; `front` is the block in front of both.
    """

    forward: Loop
    backward: Loop
    front: Block
    between: list[Block]
    counter: Value
    at: Value
    turns: bool
    """The second one counts the other way."""

    @property
    def last(self) -> Block:
        """The block in front of the second loop."""
        return self.between[-1]


@function_pass("fuse", "run reverse iterations along with the forward ones, where these are independent")
def run(function: Function, module: Module) -> bool:
    return repeated(lambda: _one(function))


def _one(function: Function) -> bool:
    for pair in pairs(function, turning=True):
        stacks = _stacks(pair)
        if _independent(function, pair, stacks):
            fuse(function, pair, stacks)
            function.touch()
            forget_tapes(function, pair)
            return True
    return False


def pairs(function: Function, *, turning: bool) -> list[Pair]:
    """Loops that follow each other: those that turn, up and down again, or those that go on in one way."""
    forest = loop_forest(function)
    alive = returning(function)
    before = preheaders(function, forest)
    counts = counting(function)
    headers = {loop.header: loop for loop in forest.loops}
    preds = predecessors(function)

    def walk(loop: Loop, front: Block) -> tuple[Value, Value, bool] | None:
        """Counter, trips, and whether it counts down."""
        facts, down = counts[loop.header], counts_down(loop)
        if facts.counter is not None and facts.trip_count is not None:
            return facts.counter, facts.trip_count, False
        return (
            None if down is None else (down, front.term.edges[0].args[loop.header.params.index(down)], True)
        )

    found = []
    for loop in forest.loops:
        exits = live_exits(loop, alive)
        if loop not in before or [source for source, _ in exits] != [loop.header] or len(loop.latches) > 1:
            continue
        between = [loop.header.term.edges[exits[0][1]].target]
        while between[-1].term.kind == "jump" and between[-1].term.edges[0].target not in headers:
            between.append(between[-1].term.edges[0].target)
        if any(len(preds[block]) > 1 for block in between) or between[-1].term.kind != "jump":
            continue
        other = headers[between[-1].term.edges[0].target]
        ways_out = [source for source, _ in other.exits()]  # that it may raise is not for the second one
        if len(other.latches) > 1 or other.latches[0].term.kind != "jump" or ways_out != [other.header]:
            continue
        one, two = walk(loop, before[loop]), walk(other, between[-1])
        if one is None or two is None or other.parent is not loop.parent or not same_value(one[1], two[1]):
            continue
        if (one[2], two[2]) == (False, True) if turning else one[2] == two[2]:
            found.append(Pair(loop, other, before[loop], between, one[0], two[0], turning))
    return found


_DEAR = ("div", "sqrt")


_STACKS = ("stack_push", "stack_top", "stack_pop")


def _stacks(pair: Pair) -> dict[Value, Value]:
    """The stacks that the second loop takes over: its header parameters -> those of the first one."""
    headers = [pair.forward.header, pair.backward.header]
    if [header.sweep for header in headers] != ["fwd", "rev"]:
        return {}
    if any(op.name in _STACKS for block in (*headers, *pair.between) for op in block.ops):
        return {}  # more is pushed than is popped again
    passed = {
        param: arg
        for source, block in pairwise([pair.forward.header, *pair.between])
        for edge in source.term.edges
        if edge.target is block
        for param, arg in zip(block.params, edge.args, strict=True)
    }
    found = {}
    for param, start in zip(pair.backward.header.params, pair.last.term.edges[0].args, strict=True):
        while start in passed:
            start = passed[start]
        if isinstance(param.type, Tape) and param.type.growable and start in pair.forward.header.params:
            found[param] = start
    return found


def _independent(function: Function, pair: Pair, stacks: Mapping[Value, Value]) -> bool:
    """Whether the iterations of the second loop may each run behind that of the first one."""
    forward = [op for block in pair.forward.blocks for op in block.ops]
    between = [op for block in pair.between for op in block.ops]
    backward = [op for block in pair.backward.blocks for op in block.ops]
    if any(calls(op.prim) or synchronises(op.prim) for op in (*forward, *between, *backward)):
        return False
    straight = len(pair.backward.blocks) == 2
    if any(must_stay(op.prim) or is_elementary(op.prim) for op in backward):
        return False
    if straight and any(op.name in _DEAR for op in backward):
        return False
    if not is_apart(function, pair, stacks):
        return False
    sums = set(pair.backward.header.params) - {pair.at, *stacks}
    if any(not is_sum(param, pair.backward) for param in sums):
        return False
    return _keeps_apart(function, pair, forward, between, backward)


def is_apart(function: Function, pair: Pair, stacks: Collection[Value] = ()) -> bool:
    """Whether the second loop uses no value of the first one, nor of what comes between by that, but `stacks`
    that it takes over; and whether what it carries is all that is used of it.
    """
    late = late_values(pair)
    inside = {v for block in pair.backward.blocks for v in definitions(block)}
    header = pair.backward.header
    used = [v for block in pair.backward.blocks for op in block.ops for v in op.operands]
    used += [v for block in pair.backward.blocks for v in given_by(block)]
    starts = zip(header.params, pair.last.term.edges[0].args, strict=True)
    used += [arg for param, arg in starts if param not in stacks]
    if late & set(used):
        return False
    sums = set(header.params) - {pair.at}
    for block in function.blocks:
        if block not in pair.backward.blocks:
            outside = {v for op in block.ops for v in op.operands} | set(given_by(block))
            if outside & (inside - sums):
                return False
    return True


def late_values(pair: Pair) -> set[Value]:
    """What comes into being in the first loop, or between the two by what that has left."""
    late = {v for block in pair.forward.blocks for v in definitions(block)}
    for block in pair.between:
        late.update(block.params)
        for op in block.ops:
            if op.result is not None and (not op.prim.pure or allocates(op.prim) or late & set(op.operands)):
                late.add(op.result)
    return late


def given_by(block: Block) -> list[Value]:
    return [*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)]


def _keeps_apart(
    function: Function, pair: Pair, forward: list[Op], between: list[Op], backward: list[Op]
) -> bool:
    """Whether what the second loop reads was written by no later iteration, and nobody misses its writes."""
    of = alias_classes(function).of
    first = {of[v] for op in (*forward, *between) for v in written_by(op) if not tapes(op.prim)}
    looked_at = {of[v] for op in (*forward, *between) for v in read_by(op)}
    written: set[AliasClass] = set()
    for op in backward:
        if not tapes(op.prim):
            written.update(of[v] for v in written_by(op))
        if op.name in ("store", "fill", "copy") or (
            written_by(op) and not tapes(op.prim) and op.name != "accumulate"
        ):
            return False
    if written & (first | looked_at):
        return False
    for op in backward:
        if op.name != "accumulate" and any(
            of[v] in first | written for v in read_by(op) if not tapes(op.prim)
        ):
            return False
    kept = {op.operands[0]: op for op in forward if op.name == "tape_set"}
    recalled = {op.result for op in backward if op.name == "tape_get"}  # tapes of a loop inside
    everywhere = [op for op in function.ops() if op.name == "tape_set"]
    for op in backward:
        if not tapes(op.prim) or op.name in _STACKS[1:] or op.operands[0] in recalled:
            continue
        if op.name != "tape_get" or linear(op.operands[1]) != (pair.at, -1):
            return False
        put = kept.get(op.operands[0])
        if put is None or sum(one.operands[0] is op.operands[0] for one in everywhere) != 1:
            return False
        value = put.operands[2 + op.attrs["field"]].owner
        if put.operands[1] is not pair.counter or (isinstance(value, Op) and is_elementary(value.prim)):
            return False
    return True


def fuse(function: Function, pair: Pair, stacks: Mapping[Value, Value] = MappingProxyType({})) -> None:
    """Let each iteration of the second loop follow that of the first one, and take over `stacks`."""
    late = late_values(pair)
    for block in pair.between:
        early = [op for op in block.ops if op.result is not None and op.result not in late]
        pair.front.ops += early
        block.ops = [op for op in block.ops if op not in early]
    header, head = pair.forward.header, pair.backward.header
    latch, end = pair.forward.latches[0], pair.backward.latches[0]
    if latch.term.kind != "jump":  # or raise
        latch = split_edge(function, latch, latch.successors.index(header), "loop.latch")
    carried = [param for param in head.params if param is not pair.at and param not in stacks]
    starts = dict(zip(head.params, pair.last.term.edges[0].args, strict=True))
    ends = dict(zip(head.params, end.term.edges[0].args, strict=True))
    again = [*latch.term.edges[0].args]
    sums = {param: header.add_param(param.type, param.name) for param in carried}
    now = again[header.params.index(pair.counter)] if pair.turns else pair.counter
    forward: dict[Value, Value] = {**sums, pair.at: now}
    inside, outside = head.term.edges
    for (
        param,
        ours,
    ) in stacks.items():  # an iteration takes over what it has pushed, and leaves what was before
        at = header.params.index(ours)
        forward[param], again[at] = again[at], ends[param]
    if inside.target not in pair.backward.blocks:
        inside, outside = outside, inside
    outside.args = [stacks.get(arg, arg) for arg in outside.args]
    rest = [block for block in function.blocks if block not in pair.backward.blocks]
    replace_values(function, stacks, rest)
    latch.ops += head.ops
    latch.term = jump(inside.target, inside.args, latch.term.loc)
    end.term = jump(header, [*again, *(ends[param] for param in carried)], end.term.loc)
    pair.last.term = jump(outside.target, outside.args, pair.last.term.loc)
    pair.front.term.edges[0].args += [starts[param] for param in carried]
    moved = [block for block in function.blocks if block in pair.backward.blocks and block is not head]
    for block in moved:
        block.sweep = header.sweep
    at = rest.index(latch) + 1
    function.blocks = [*rest[:at], *moved, *rest[at:]]
    replace_values(function, forward)


def forget_tapes(function: Function, pair: Pair) -> None:
    """What has been put on a tape in the same iteration need not be read from there."""
    dominators = Dominators(function)
    home: dict[Value, tuple[Block, Op]] = {}
    for block in pair.forward.blocks:
        home.update((op.operands[0], (block, op)) for op in block.ops if op.name == "tape_set")
    known: dict[Value, Value] = {}
    for block in function.blocks:
        if block in pair.backward.blocks:
            for op in block.ops:
                if op.name == "tape_get" and op.operands[0] in home and op.result is not None:
                    source, put = home[op.operands[0]]
                    if dominators.dominates(source, block):
                        known[op.result] = put.operands[2 + op.attrs["field"]]
            block.ops = [op for op in block.ops if op.result not in known]
    replace_values(function, known)
    used = Counter(v for block in function.blocks for v in uses(block))
    for block, put in home.values():
        if used[put.operands[0]] == 1:  # a tape of tapes, whose memory is that of tapes that are read
            block.ops.remove(put)
    function.touch()
