"""The reversed control flow: a reversed block per block, a reversed loop per loop.

How a loop is reversed depends on where it is left (edges into code that never returns do not count):

* *inert*: nothing active inside, so there is nothing to reverse.
* *top*: only from its header, as every `for` loop. The header's part of the last, unfinished iteration is
  reversed in front of the reversed loop, which then counts full iterations down.
* *bottom*: only from its latch. Every iteration is a full one.
* *middle*: anything else, several exits included. The reversed loop's header gets a number that says by which
  exit the primal loop was left, 0 meaning through the latch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ssad.ad.cotangents import Bars, Cotangents, bar_name, zero
from ssad.analysis.induction import counter, trip_count
from ssad.analysis.shape import live_exits, loop_form, returning
from ssad.ir.builder import Builder
from ssad.ir.core import (
    Block,
    Const,
    Edge,
    Function,
    Location,
    Terminator,
    Undef,
    Value,
    branch,
    i64,
    jump,
    return_,
)
from ssad.ir.graph import Dominators, Loop, LoopForest, predecessors
from ssad.ir.types import BOOL, I64, U8, Array, Scalar


@dataclass
class _Reversed:
    """What is known of the reversal of one loop."""

    loop: Loop
    form: str
    trips: Value | None = None
    """The primal value that counts finished iterations, defined by the header."""
    total: Value | None = None
    """How many full iterations there are (none if negative), where that is known before the loop."""
    header: Block | None = None
    carried: list[Value] = field(default_factory=list)
    """The scalars whose cotangents the reversed header takes as parameters."""
    exits: list[tuple[Block, int]] = field(default_factory=list)


class Mirror:
    """Emits the reverse sweep of `function`, whose blocks are the forward sweep, by rules in `bars`."""

    def __init__(self, function: Function, bars: Cotangents) -> None:
        self.function = function
        self.bars = bars
        self.dominators = Dominators(function)
        self.forest = LoopForest(function, self.dominators)
        self.returning = returning(function)
        self.blocks = [b for b in self.dominators.order if b in self.returning]
        self.exit_block = next(b for b in self.blocks if b.term.kind == "return")
        self.entry_live, self.exit_live = bars.live(self.blocks)
        self.reversed: dict[Block, Block] = {}
        self.loops: dict[Loop, _Reversed] = {}
        self.choice: dict[Block, Value] = {}
        self.trip_params: dict[tuple[Block, Loop], Value] = {}
        self.preds = predecessors(function)
        self.home: dict[Value, Block] = {}
        self.recalled: dict[tuple[Block, Value], Value] = {}
        self.at_exit: dict[tuple[Block, Value], Value] = {}

    def emit(self, seeds: dict[int, Value], asked: list[Value], *, firm: bool) -> None:
        """Emit everything. `seeds` are the seeds by result number, not zero if there is but one and it is
        `firm`; `asked` the scalars whose cotangents are results.
        """
        self.asked = asked
        for loop in self.forest.loops:
            if loop.header in self.returning:
                self.loops[loop] = self._classify(loop)
        for block in self.blocks:
            self._remember_choice(block)
        for info in self.loops.values():
            self._remember_trips(info)
        for block in self.function.blocks:
            self.home.update((p, block) for p in block.params)
            self.home.update((op.result, block) for op in block.ops if op.result is not None)
        for block in self.blocks:
            if not self._inert(block):
                here = self.reversed[block] = self._new_block(f"{block.name}.rev", self.exit_live[block])
                here.reverses = block
        self.primal_results = list(self.exit_block.term.operands)
        self.bars.weigh(self.blocks, [self.primal_results[n] for n in seeds], firm=firm and len(seeds) == 1)
        for info in self.loops.values():
            self._open(info)
        for block in reversed(self.blocks):
            if block in self.reversed:
                self._reverse_block(block, seeds)
        for info in self.loops.values():
            if info.form == "middle":
                self._dispatch(info)
        location = self.exit_block.term.loc
        self.exit_block.term = jump(self.reversed[self.exit_block], [], location)

    # what the forward sweep has to remember

    def _classify(self, loop: Loop) -> _Reversed:
        form = loop_form(loop, self.returning) if self._has_active(loop) else "inert"
        return _Reversed(loop, form, exits=live_exits(loop, self.returning))

    def _has_active(self, loop: Loop) -> bool:
        for block in loop.blocks:
            if any(p in self.bars.scalars for p in block.params) or any(
                self.bars.moves(op) for op in block.ops
            ):
                return True
        return False

    def _inert(self, block: Block) -> bool:
        return any(self.loops[loop].form == "inert" for loop in self.forest.around(block))

    def _into(self, block: Block) -> list[tuple[Block, int]]:
        """The edges into `block`, as (source, number)."""
        sources = dict.fromkeys(self.preds[block])
        return [(s, n) for s in sources for n, e in enumerate(s.term.edges) if e.target is block]

    def _remember_choice(self, block: Block) -> None:
        """A join gets a parameter that says by which edge it was entered."""
        edges = self._into(block)
        loop = self.forest.innermost.get(block)
        if len(edges) < 2 or (loop is not None and loop.header is block) or self._inert(block):
            return
        kind = _choice_type(len(edges))
        self.choice[block] = block.add_param(kind, f"{block.name}.from")
        for n, (source, number) in enumerate(edges):
            source.term.edges[number].args.append(Const(kind, n == 0 if kind is BOOL else n))

    def _remember_trips(self, info: _Reversed) -> None:
        """The loop counts its finished iterations, and every exit passes the count on to its target, unless
        the number is known before the loop starts.
        """
        if info.form == "inert" or self._inert(info.loop.header):
            return
        loop = info.loop
        header = loop.header
        info.trips = counter(self.function, loop)
        if info.form == "top":
            info.total = trip_count(self.function, loop)
        if info.total is not None:
            return
        if info.trips is None:
            info.trips = header.add_param(I64, f"{header.name}.trips")
            latch = loop.latches[0]
            more = Builder(latch, latch.term.loc).add(info.trips, 1, hint=info.trips.name)
            for source, number in self._into(header):
                source.term.edges[number].args.append(more if source is latch else i64(0))
        for target in dict.fromkeys(b.term.edges[n].target for b, n in info.exits):
            param = target.add_param(I64, info.trips.name)
            self.trip_params[target, loop] = param
            for source, number in self._into(target):
                source.term.edges[number].args.append(info.trips)

    # blocks

    def _new_block(self, name: str, bars: list[Value]) -> Block:
        block = self.function.add_block(name)
        block.sweep = "rev"
        for value in bars:
            block.add_param(value.type, bar_name(value))
        return block

    def _open(self, info: _Reversed) -> None:
        """Make the header of a reversed loop."""
        if info.trips is None:
            return
        loop = info.loop
        header = loop.header
        block = info.header = self.function.add_block(f"{header.name}.loop.rev")
        block.sweep = "rev"
        count = block.add_param(I64, f"{header.name}.at")
        if info.form == "middle":
            block.add_param(I64, f"{header.name}.exit")
            sources = [loop.latches[0], *(b for b, _ in info.exits)]
            info.carried = list(dict.fromkeys(v for s in sources for v in self.exit_live[s]))
        elif info.form == "bottom":
            info.carried = self.exit_live[loop.latches[0]]
        else:
            own = [p for p in header.params if p in self.bars.scalars]
            info.carried = list(dict.fromkeys([*self.entry_live[header], *own]))
        bars = {v: block.add_param(v.type, bar_name(v)) for v in info.carried}
        block.mirrors = (header, count)
        location = header.term.loc
        b = Builder(block, location)
        if info.form == "top":
            at = b.sub(count, 1, hint=count.name)
            block.mirrors = (header, at)
            again, done = (
                self._new_block(f"{header.name}.again", []),
                self._new_block(f"{header.name}.done", []),
            )
            block.term = branch(b.gt(count, 0), Edge(again), Edge(done), location)
            self._follow_into(header, loop, again, dict(bars), back=True)
            self._follow_into(header, loop, done, dict(bars), back=False)
        elif info.form == "bottom":
            block.term = self._jump(loop.latches[0], bars, location)

    def _dispatch(self, info: _Reversed) -> None:
        """In the header of a loop reversed in "middle" form: go where its exit number says."""
        block = info.header
        assert block is not None
        _, which, *params = block.params
        bars: Bars = dict(zip(info.carried, params, strict=True))
        location = info.loop.header.term.loc
        for n, (source, number) in enumerate(info.exits, 1):
            there = self._new_block(f"{source.name}.exit", [])
            other = self._new_block(f"{info.loop.header.name}.which", [])
            is_it = Builder(block, location).eq(which, n)
            block.term = branch(is_it, Edge(there), Edge(other), location)
            target = source.term.edges[number].target
            levels = self._left(source, target)
            self._enter(levels[levels.index(info.loop) + 1 :], source, target, there, dict(bars))
            block = other
        block.term = self._jump(info.loop.latches[0], bars, location)

    # following edges backwards

    def _reverse_block(self, block: Block, seeds: dict[int, Value]) -> None:
        here = self.reversed[block]
        bars: Bars = dict(zip(self.exit_live[block], here.params, strict=True))
        if block is self.exit_block:
            self._seed(here, bars, seeds)
        b = Builder(here, block.term.loc, self.bars.fp)
        self.bars.reverse_ops(block, b, bars, self._recall)
        loop = self.forest.innermost.get(block)
        if loop is None or loop.header is not block:
            self._leave(block, here, bars)
            return
        info = self.loops[loop]
        assert info.header is not None and info.header.mirrors is not None
        at = info.header.mirrors[1]
        location = block.term.loc
        if info.form == "top":
            here.term = jump(info.header, [at, *self._args(info.carried, bars)], location)
            return
        again, done = self._new_block(f"{block.name}.again", []), self._new_block(f"{block.name}.done", [])
        here.term = branch(Builder(here, location).gt(at, 0), Edge(again), Edge(done), location)
        self._follow_into(block, loop, again, dict(bars), back=True)
        self._follow_into(block, loop, done, dict(bars), back=False)

    def _seed(self, here: Block, bars: Bars, seeds: dict[int, Value]) -> None:
        b = Builder(here, self.exit_block.term.loc, self.bars.fp)
        for n, value in enumerate(self.primal_results):
            if n not in seeds:
                continue
            if isinstance(value.type, Array):
                if value in self.bars.shadows:
                    b.add_into(self._recall(b, self.bars.shadows[value]), seeds[n])
            elif value in self.bars.scalars:
                bars[value] = b.add(bars[value], seeds[n]) if value in bars else seeds[n]

    def _leave(self, block: Block, here: Block, bars: Bars) -> None:
        """Go on from the reversed `block`, ending in `here`, to the reversed predecessor that was taken."""
        location = block.term.loc
        edges = self._into(block)
        if not edges:
            values = [bars.get(v) or zero(v.type) for v in self.asked]
            here.term = return_([*self.primal_results, *values], location)
            return
        for n, (source, number) in enumerate(edges[:-1]):
            there, other = (
                self._new_block(f"{source.name}.side", []),
                self._new_block(f"{block.name}.side", []),
            )
            b = Builder(here, location)
            came = self._recall(b, self.choice[block])
            cond = came if len(edges) == 2 else b.eq(came, Const(_choice_type(len(edges)), n))
            here.term = branch(cond, Edge(there), Edge(other), location)
            self._follow(source, number, there, dict(bars))
            here = other
        self._follow(*edges[-1], here, bars)

    def _follow_into(self, header: Block, loop: Loop, here: Block, bars: Bars, *, back: bool) -> None:
        """From the reversed start of an iteration, `here`, to the one before (`back`) or out of the loop."""
        latch = loop.latches[0]
        source, number = next((s, n) for s, n in self._into(header) if (s is latch) == back)
        self._edge(source, number, here, bars)
        info = self.loops[loop]
        if not back or info.form == "top":
            here.term = self._jump(source, bars, source.term.loc)
            return
        assert info.header is not None and info.header.mirrors is not None
        before = Builder(here, source.term.loc).sub(info.header.mirrors[1], 1)
        exit_ = [i64(0)] if info.form == "middle" else []
        here.term = jump(info.header, [before, *exit_, *self._args(info.carried, bars)], source.term.loc)

    def _follow(self, source: Block, number: int, here: Block, bars: Bars) -> None:
        """From `here`, where edge `number` of `source` was entered, to the reversed `source`."""
        target = source.term.edges[number].target
        self._edge(source, number, here, bars)
        self._enter(self._left(source, target), source, target, here, bars)

    def _edge(self, source: Block, number: int, here: Block, bars: Bars) -> None:
        """Turn the cotangents at the start of an edge's target into those at the end of its source."""
        edge = source.term.edges[number]
        b = Builder(here, source.term.loc, self.bars.fp)
        arrived = {p: bars.pop(p) for p in edge.target.params if p in bars}
        for param, arg in self.bars.passed(edge):
            if param in arrived:
                present = bars.get(arg)
                bars[arg] = arrived[param] if present is None else b.add(present, arrived[param])

    def _left(self, source: Block, target: Block) -> list[Loop]:
        """The loops that an edge leaves, outermost first."""
        return [loop for loop in self.forest.around(source) if target not in loop.blocks]

    def _enter(self, levels: list[Loop], source: Block, target: Block, here: Block, bars: Bars) -> None:
        """From `here` into the reversed loops `levels` and to where `source` went on to `target`, outside of
        them.
        """
        location = source.term.loc
        if not levels:
            here.term = self._jump(source, bars, location)
            return
        loop = levels[0]
        info = self.loops[loop]
        if info.form == "inert":
            before = next(s for s, _ in self._into(loop.header) if s not in loop.blocks)
            here.term = self._jump(before, bars, location)
            return
        assert info.header is not None
        b = Builder(here, location, self.bars.fp)
        count = self._recall(b, self.trip_params[target, loop] if info.total is None else info.total)
        number: list[Value] = []
        if info.form == "top":
            self.bars.reverse_ops(loop.header, b, bars, self._recall_at_exit(loop, target))
        elif info.form == "middle":
            exits = [
                n
                for n, (s, e) in enumerate(info.exits, 1)
                if s is source and s.term.edges[e].target is target
            ]
            number = [i64(exits[0])]
        here.term = jump(info.header, [count, *number, *self._args(info.carried, bars)], location)

    def _jump(self, block: Block, bars: Bars, location: Location | None) -> Terminator:
        return jump(self.reversed[block], self._args(self.exit_live[block], bars), location)

    def _args(self, values: list[Value], bars: Bars) -> list[Value]:
        return [bars.get(v) or zero(v.type) for v in values]

    # primal values in the reverse sweep

    def _recall(self, b: Builder, value: Value) -> Value:
        """The primal `value` in the mirrored iteration."""
        if isinstance(value, Const | Undef) or value not in self.home:
            return value
        home = self.home[value]
        if not self.forest.around(home) and self.dominators.dominates(home, self.exit_block):
            return value
        known = self.recalled.get((b.block, value))
        if known is None:
            known = self.recalled[b.block, value] = b.recall(value, hint=value.name)
        return known

    def _recall_at_exit(self, loop: Loop, target: Block) -> Callable[[Builder, Value], Value]:
        """Recall for the header's part of the unfinished iteration: its values as they were when the loop was
        left.
        """

        def recall(b: Builder, value: Value) -> Value:
            if self.home.get(value) is not loop.header:
                return self._recall(b, value)
            param = self.at_exit.get((target, value))
            if param is None:
                param = self.at_exit[target, value] = target.add_param(value.type, value.name)
                self.home[param] = target
                for source, number in self._into(target):
                    source.term.edges[number].args.append(value)
            return self._recall(b, param)

        return recall


def _choice_type(ways: int) -> Scalar:
    """In what it is remembered by which of so many edges a join was entered."""
    return BOOL if ways == 2 else U8 if ways <= 256 else I64
