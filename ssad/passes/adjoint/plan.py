"""Which recalled values are used as they are, computed again, or kept, and where they are kept.

Kept are the values that the reverse sweep really reads and that cannot be had for less: the record set (TBR
in Hascoët and Pascual 2013). Computed again are cheap pure expressions over loop counters, values outside
loops, elements of arrays that nothing writes, and values kept anyway. An integer that a loop moves by the
same step in each iteration is computed from the number of the iteration: to the bit, for integers wrap. So
is which of its buffers has which name, where a loop has them take turns. Never computed again from floats:
decisions, trip counts, indices.

All of this but keeping on stacks can be left out (`analysis/choices.py`): "recompute", "invert" (to compute
from the number of the iteration), "index_tapes" (buffers for counted loops).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from ssad.analysis.alias import AliasClass, alias_classes
from ssad.analysis.choices import does
from ssad.analysis.effects import written_by
from ssad.analysis.induction import counter, trip_count
from ssad.analysis.shape import loop_form, preheaders, returning
from ssad.ir.core import Block, Const, Function, Op, Undef, Value
from ssad.ir.graph import Dominators, Loop, LoopForest
from ssad.ir.sweeps import is_split
from ssad.ir.types import I64, Array, Scalar

CHEAP = frozenset(
    [
        "add",
        "sub",
        "mul",
        "neg",
        "abs",
        "and",
        "or",
        "xor",
        "not",
        "shl",
        "shr",
        "select",
        "cast",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
        "wrap_index",
        "in_range",
        "dim",
        "load",
        "view",
        "choose",
        "sqrt",
    ]
)
"""Primitives that cost about as much as a load from a tape, or less."""

CHEAP_FOR_INTEGERS = frozenset(["floordiv", "mod"])
"""Of counters they are carried along in the end (`reduce_strength`); for others they cost about as much."""

LONGEST = 12
"""How many ops may be computed again for one value."""


MOST_IN_TURN = 4
"""Of how many buffers one is chosen by the number of the iteration."""


Carried = dict[Value, tuple[Value, Value]]
"""A header's parameters: what each is in the first iteration, and what the next one gets for it."""


class Way(Enum):
    """How the reverse sweep gets at a primal value."""

    DIRECT = "used as it is: defined outside loops and before the seam"
    RESIDUAL = "kept once: outside loops, on some path only"
    COUNTER = "the number of the mirrored iteration"
    STEPPED = "computed from the number of the mirrored iteration"
    ROTATED = "one of those that take turns, by the number of the mirrored iteration"
    RECOMPUTE = "computed again"
    INDEXED = "kept in a buffer with one entry per iteration"
    STACKED = "kept on a stack"


@dataclass(frozen=True)
class Site:
    """Where a fwd value is defined: its block, and the op unless it is a parameter."""

    block: Block
    op: Op | None


@dataclass(frozen=True)
class Stepped:
    """An i64 header parameter of `loop` that is `first` (+ or -) k * `step` in iteration k = 0, 1, ..."""

    loop: Loop
    first: Value
    step: Value
    sign: str


@dataclass(frozen=True)
class Rotated:
    """A header parameter of `loop` that is `firsts[k % len(firsts)]` in iteration k = 0, 1, ..."""

    loop: Loop
    firsts: list[Value]


class Plan:
    """Decides, for every value asked for, by which `Way` the reverse sweep gets it."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.dominators = Dominators(function)
        self.forest = LoopForest(function, self.dominators)
        self.alive = returning(function)
        self.exit = next(b for b in function.blocks if b.sweep == "fwd" and self._leads_to_reverse(b))
        self.aliases = alias_classes(function)
        self.split = is_split(function)
        self.recomputes = does(function, "recompute")
        self.indexes = does(function, "index_tapes")
        self.sites: dict[Value, Site] = {}
        for block in function.blocks:
            self.sites.update((p, Site(block, None)) for p in block.params)
            self.sites.update((op.result, Site(block, op)) for op in block.ops if op.result is not None)
        self.counters = {counter(function, loop): loop for loop in self._fwd_loops()}
        self.trips = {loop: self._exact_trips(loop) for loop in self._fwd_loops()}
        self.before = preheaders(function, self.forest)
        inverts = self._fwd_loops() if does(function, "invert") else ()
        carried = {loop: self._carried(loop) for loop in inverts}
        self.stepped = {p: s for loop in carried for p, s in self._stepped(loop, carried[loop])}
        self.rotated = {p: r for loop in carried for p, r in self._rotated(loop, carried[loop])}
        self.ways: dict[Value, Way] = {}
        self._writers: dict[AliasClass, set[Block]] | None = None
        self._reached: dict[Block, set[Block]] = {}
        self.order = {v: n for n, v in enumerate(self._definitions())}

    def form(self, loop: Loop) -> str:
        """Where a loop is left (see `analysis.shape.loop_form`)."""
        return loop_form(loop, self.alive)

    def _definitions(self) -> Iterator[Value]:
        for block in self.dominators.order:
            yield from block.params
            yield from (op.result for op in block.ops if op.result is not None)

    def _leads_to_reverse(self, block: Block) -> bool:
        return any(edge.target.sweep == "rev" for edge in block.term.edges)

    def _fwd_loops(self) -> list[Loop]:
        return [
            loop for loop in self.forest.loops if loop.header.sweep == "fwd" and loop.header in self.alive
        ]

    def _exact_trips(self, loop: Loop) -> Value | None:
        """The number of full iterations where it is known before the loop starts."""
        if counter(self.function, loop) is None or self.form(loop) != "top":
            return None
        return trip_count(self.function, loop)

    def _stepped(self, loop: Loop, carried: Carried) -> Iterator[tuple[Value, Stepped]]:
        """The integers that the loop moves by the same step in each iteration, its counter left out."""
        for param, (first, last) in carried.items():
            op = last.owner
            if param.type is not I64 or not isinstance(op, Op) or param in self.counters:
                continue
            if op.name not in ("add", "sub") or param not in op.operands:
                continue
            at = op.operands.index(param)
            step = op.operands[1 - at]
            if (at == 1 and op.name == "sub") or not self._stays(step, loop):
                continue
            yield param, Stepped(loop, first, step, op.name)

    def _rotated(self, loop: Loop, carried: Carried) -> Iterator[tuple[Value, Rotated]]:
        """What the loop has take turns, with nothing else ever among it."""
        for param in carried:
            turn = [param]
            while len(turn) <= MOST_IN_TURN and carried[turn[-1]][1] in carried:
                following = carried[turn[-1]][1]
                if following is param:
                    break
                turn.append(following)
            closed = 1 < len(turn) <= MOST_IN_TURN and carried[turn[-1]][1] is param
            if closed and isinstance(param.type, Array | Scalar):
                yield param, Rotated(loop, [carried[v][0] for v in turn])

    def _carried(self, loop: Loop) -> Carried:
        (latch,) = loop.latches
        back = next(e for e in latch.term.edges if e.target is loop.header)
        (entering,) = self.before[loop].term.edges
        ends = zip(entering.args, back.args, strict=True)
        return dict(zip(loop.header.params, ends, strict=True))

    def _stays(self, value: Value, loop: Loop) -> bool:
        """Whether `value` is defined outside of the loop."""
        return isinstance(value, Const) or (
            value in self.sites and self.sites[value].block not in loop.blocks
        )

    def around(self, value: Value) -> list[Loop]:
        """The loops around the definition of a value."""
        return self.forest.around(self.sites[value].block)

    def way(self, value: Value) -> Way:
        """How the reverse sweep gets `value` when nothing else is kept."""
        known = self.ways.get(value)
        if known is None:
            known = self.ways[value] = self._decide(value)
        return known

    def _decide(self, value: Value) -> Way:
        site = self.sites[value]
        loops = self.forest.around(site.block)
        if not loops:
            direct = self.dominators.dominates(site.block, self.exit)
            return Way.DIRECT if direct else Way.RESIDUAL
        if value in self.counters:
            return Way.COUNTER
        if not self.recomputes:
            if value in self.stepped or value in self.rotated:
                return self._again(value)
        elif self.cost(value) <= LONGEST:
            return self._again(value)
        return self.kept_in(loops[-1])

    def kept_in(self, loop: Loop) -> Way:
        """How the values of a loop are kept."""
        indexed = self.trips[loop] is not None and self.indexes
        return Way.INDEXED if indexed else Way.STACKED

    def cost(self, value: Value, kept: Collection[Value] = ()) -> int:
        """How many ops it takes to compute `value` again from what is there and from `kept`; large where it
        cannot be.
        """
        return self._count(value, kept, {})

    def _count(self, value: Value, kept: Collection[Value], seen: dict[Value, int], depth: int = 0) -> int:
        """The cost of `value`, which `depth` ops depend on one after another that are counted as well."""
        if isinstance(value, Const | Undef) or (value in kept and depth):
            return 0
        if value in seen:
            return seen[value]
        if depth > LONGEST:
            return LONGEST + 1
        seen[value] = LONGEST + 1  # loop-carried values lead back to themselves
        site = self.sites[value]
        if value in self.counters or (not self.forest.around(site.block) and self.way(value) is Way.DIRECT):
            seen[value] = 0
        elif self._again(value) is not Way.RECOMPUTE or (site.op is not None and self.repeatable(site.op)):
            total = 1
            for operand in self.made_of(value):
                total += self._count(operand, kept, seen, depth + 1)
                if total > LONGEST:
                    break
            seen[value] = min(total, LONGEST + 1)
        return seen[value]

    def _again(self, value: Value) -> Way:
        """How a value that is not kept is made again."""
        if value in self.stepped:
            return Way.STEPPED
        return Way.ROTATED if value in self.rotated else Way.RECOMPUTE

    def made_of(self, value: Value) -> list[Value]:
        """What `value` is computed from, if it is computed again."""
        stepped = self.stepped.get(value)
        if stepped is not None:
            return [stepped.first, stepped.step]
        if value in self.rotated:
            return self.rotated[value].firsts
        op = self.sites[value].op
        assert op is not None
        return op.operands

    def repeatable(self, op: Op) -> bool:
        """Whether `op`, repeated in the reverse sweep on the same operands, gives the same bits."""
        if op.result is None or not (op.name in CHEAP or _divides_integers(op)):
            return False
        if op.name == "load" and not self._lasts(op):
            return False
        discrete = not op.result.type.is_float
        return not (discrete and any(v.type.is_float for v in op.operands))

    def _lasts(self, load: Op) -> bool:
        """Whether what is loaded lies there in the reverse sweep: nothing writes to it after that. Between
        the sweeps of a function called its callers may write what they can see.
        """
        one = self.aliases.of[load.operands[0]]
        if self.split and one.escapes:
            return False
        if not one.written:
            return True
        assert load.result is not None
        block = self.sites[load.result].block
        writing = self._writing()
        if self._behind(block) & writing.get(one, set()):
            return False
        later = block.ops[block.ops.index(load) + 1 :]
        return not any(self.aliases.of[v] is one for op in later for v in written_by(op))

    def _writing(self) -> dict[AliasClass, set[Block]]:
        """The blocks in which memory of a class is written."""
        if self._writers is None:
            self._writers = {}
            for block in self.function.blocks:
                for op in block.ops:
                    for array in written_by(op):
                        self._writers.setdefault(self.aliases.of[array], set()).add(block)
        return self._writers

    def _behind(self, block: Block) -> set[Block]:
        """The blocks that control may come to from a block."""
        known = self._reached.get(block)
        if known is None:
            known = self._reached[block] = set()
            work = [edge.target for edge in block.term.edges]
            while work:
                one = work.pop()
                if one not in known:
                    known.add(one)
                    work.extend(edge.target for edge in one.term.edges)
        return known

    def settle(self, wanted: list[Value]) -> None:
        """Given all recalled values: those computable from the others that are kept are computed again."""
        if not self.recomputes:
            return
        kept = {v for v in wanted if self.way(v) in (Way.STACKED, Way.INDEXED)}
        for value in sorted(kept, key=self.order.__getitem__, reverse=True):  # the latest definitions first
            if self.cost(value, kept) <= LONGEST // 2:
                kept.remove(value)
                self._repeat(value, kept)

    def _repeat(self, value: Value, kept: set[Value]) -> None:
        """Have `value` and what it is made of computed again, down to values that are there."""
        self.ways[value] = self._again(value)
        for operand in self.made_of(value):
            if isinstance(operand, Const | Undef) or operand in kept:
                continue
            if self.way(operand) in (Way.STACKED, Way.INDEXED):
                self._repeat(operand, kept)


def _divides_integers(op: Op) -> bool:
    return op.name in CHEAP_FOR_INTEGERS and not op.operands[0].type.is_float
