"""Adjoints of stencils gather what they would scatter.

    for i:                                     for p where all three are: x.bar[p] += a * y.bar[p + 1]
      b = y.bar[i]; y.bar[i] = 0                                            + c * y.bar[p]
      x.bar[i - 1] += a * b              ->                                 + a * y.bar[p - 1]
      x.bar[i]     += c * b                    for i near the ends: the others, one by one
      x.bar[i + 1] += a * b                    for i: y.bar[i] = 0

What is read at several places makes the reverse sweep add to several places of each iteration, and each waits
for the one before. Where the indices are counters plus constants, every element can fetch its summands: one
store for each, which LLVM vectorises. Sums change their order, as adjoints' may. The arrays that are read and
set to zero must lie apart from those that are added to: if that is not known, it is asked when the loop
begins, and the loop as it was is the other way.

Source: Hückelheim, Hascoët and Müller 2017, "Algorithmic differentiation of code with multiple
context-specific activities" (TF-MAD: gather instead of scatter), for any rank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from ssad.analysis.alias import AliasClasses, alias_classes
from ssad.analysis.effects import allocates, refers
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value, branch, i64, jump
from ssad.ir.edit import clone_blocks, definitions
from ssad.ir.graph import Loop
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import I64
from ssad.passes.bounds import linear
from ssad.passes.fission import is_elementary
from ssad.passes.manager import function_pass

Offsets = tuple[int, ...]
"""For each axis what is added to the counter of its loop."""

MOST_COST, DEAR = 60, 10
"""What the summands of an element may take, in simple ops: each of them is computed for itself."""


@dataclass(frozen=True)
class _Nest:
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
class _Stencil:
    """What the body adds to each array, with the offsets, and the pairs of arrays that must lie apart."""

    summands: dict[Value, list[tuple[Op, Offsets]]]
    apart: list[tuple[Value, Value]]


@function_pass("gather", "let each element fetch what is added to it")
def run(function: Function, module: Module) -> bool:
    if not any(op.name == "accumulate" for op in function.ops()):
        return False
    forest = loop_forest(function)
    before = preheaders(function, forest)
    aliases = alias_classes(function)
    used = _used_in(function)
    found: list[tuple[_Nest, _Stencil]] = []
    for loop in forest.loops:
        if not loop.children and loop.header.sweep == "rev":
            nest = _nest(loop, before, used)
            stencil = None if nest is None else _stencil(nest, aliases)
            if nest is not None and stencil is not None:
                found.append((nest, stencil))
    for nest, stencil in found:
        _Gathering(function, nest, stencil).write()
    if found:
        function.touch()
    return bool(found)


# Finding


def _used_in(function: Function) -> dict[Value, set[Block]]:
    used: dict[Value, set[Block]] = {}
    for block in function.blocks:
        for op in block.ops:
            for v in op.operands:
                used.setdefault(v, set()).add(block)
        for v in (*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)):
            used.setdefault(v, set()).add(block)
    return used


def _nest(loop: Loop, before: dict[Loop, Block], used: dict[Value, set[Block]]) -> _Nest | None:
    """The nest around a loop that accumulates, with as many loops as the array has axes."""
    if len(loop.blocks) != 2:
        return None
    body = next(block for block in loop.blocks if block is not loop.header)
    rank = max((len(op.operands) - 2 for op in body.ops if op.name == "accumulate"), default=0)
    loops: list[Loop] = []
    at: Loop | None = loop
    while at is not None and len(loops) < rank:
        if at not in before or len(at.children) > 1 or _counts_down(at) is None:
            return None
        loops.insert(0, at)
        at = at.parent
    if not rank or len(loops) < rank:
        return None
    outer = loops[0]
    around = [block for block in outer.blocks if block is not body]
    if not all(_is_plain(op) for block in around for op in block.ops) or len(outer.exits()) != 1:
        return None
    counters = [counter for one in loops if (counter := _counts_down(one)) is not None]
    trips = [
        before[one].term.edges[0].args[one.header.params.index(at)]
        for one, at in zip(loops, counters, strict=True)
    ]
    inside = [v for block in outer.blocks for v in definitions(block)]
    if set(trips) & set(inside):
        return None
    kept = [v for v in inside if not used.get(v, set()) <= set(outer.blocks)]
    return _Nest(loops, counters, trips, body, around, before[outer], kept)


def _counts_down(loop: Loop) -> Value | None:
    """The parameter that counts down to 1: `branch (%at > 0)`, `jump (%at - 1)`; None where there is none."""
    header = loop.header
    test = header.term.operands[0].owner if header.term.kind == "branch" else None
    if not isinstance(test, Op) or test.name != "gt" or not _is(test.operands[1], 0):
        return None
    at = test.operands[0]
    stays = header.term.edges[0].target in loop.blocks
    if at not in header.params or not stays or len(loop.exits()) != 1:
        return None
    n = header.params.index(at)
    back = [edge.args[n] for latch in loop.latches for edge in latch.term.edges if edge.target is header]
    return at if all(linear(arg) == (at, -1) for arg in back) else None


def _is(value: Value, number: int) -> bool:
    return isinstance(value, Const) and value.value == number


def _is_plain(op: Op) -> bool:
    return op.prim.pure and not allocates(op.prim) and op.result is not None and not refers(op.result.type)


def _stencil(nest: _Nest, aliases: AliasClasses) -> _Stencil | None:
    """What the body does, if it may be done in another order."""
    summands: list[tuple[Op, Offsets]] = []
    zeros: list[Op] = []
    loads: list[Op] = []
    for op in nest.body.ops:
        if op.name == "accumulate":
            offsets = _offsets(op.operands[1:-1], nest.counters)
            if offsets is None:
                return None
            summands.append((op, offsets))
        elif op.name == "store":
            loaded = [one for one in loads if one.operands == op.operands[:-1]]
            if (
                not _is(op.operands[-1], 0)
                or not loaded
                or _offsets(op.operands[1:-1], nest.counters) is None
            ):
                return None
            zeros.append(op)
        elif op.name == "load":
            loads.append(op)
        elif op.name != "tape_get" and not _is_plain(op):
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
    needed = [op for one, _ in summands for op in _slice(nest, [one.operands[-1]])]
    carried = {p for block in (nest.body, *nest.around) for p in block.params} - set(nest.counters)
    values = {v for op in (*needed, *(one for one, _ in summands)) for v in op.operands}
    if values & carried or sum(map(_cost, needed)) > MOST_COST:
        return None
    pairs = [*product(emptied, targets), *combinations(emptied, 2)]
    return _Stencil(targets, [pair for pair in pairs if aliases.may_alias(*pair)])


def _cost(op: Op) -> int:
    return DEAR if op.name == "div" or is_elementary(op) else 1


def _before(block: Block, first: Op, second: Op) -> bool:
    return block.ops.index(first) < block.ops.index(second)


def _offsets(index: Sequence[Value], counters: Sequence[Value]) -> Offsets | None:
    """What is added to the counters, where the index of each axis is the counter of its loop."""
    found = [linear(i) for i in index]
    if len(found) != len(counters) or any(
        base is not at for (base, _), at in zip(found, counters, strict=True)
    ):
        return None
    offsets = tuple(offset for _, offset in found)
    return offsets if all(abs(offset) < 1 << 20 for offset in offsets) else None


def _slice(nest: _Nest, values: Sequence[Value]) -> list[Op]:
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


# Writing


class _Gathering:
    """Writes the new loops behind the block in front of the nest."""

    def __init__(self, function: Function, nest: _Nest, stencil: _Stencil) -> None:
        self.function = function
        self.nest = nest
        self.stencil = stencil
        self.loc = nest.before.term.loc
        self.blocks: list[Block] = []
        self.b = Builder(nest.before, self.loc)
        self.rank = len(nest.loops)

    def write(self) -> None:
        function, nest, b = self.function, self.nest, self.b
        whole = nest.before.term
        at = function.blocks.index(nest.before) + 1
        apart: Value | None = None
        for pair in self.stencil.apart:
            one = b.disjoint(*pair)
            apart = one if apart is None else b.and_(apart, one)
        start = self.block("gather")
        if apart is not None:
            other = self.block("scatter")
            other.term = whole
            nest.before.term = branch(apart, Edge(start), Edge(other), self.loc)
        else:
            nest.before.term = jump(start, [], self.loc)
        self.b.block = start
        for target, summands in self.stencil.summands.items():
            self.gather(target, summands)
        rest = nest.body
        if apart is not None:
            values: dict[Value, Value] = {}
            copies = clone_blocks(nest.outer.blocks, values)
            self.meet(copies, values)
            self.blocks.extend(copies.values())
            rest = copies[nest.body]
            whole = jump(copies[nest.outer.header], [*whole.edges[0].args], self.loc)
        rest.ops = [op for op in rest.ops if op.name != "accumulate"]
        self.b.block.term = whole
        function.blocks[at:at] = self.blocks

    def gather(self, target: Value, summands: list[tuple[Op, Offsets]]) -> None:
        """All that is added to one array."""
        offsets = [each for _, each in summands]
        least = [min(o[r] for o in offsets) for r in range(self.rank)]
        most = [max(o[r] for o in offsets) for r in range(self.rank)]
        low = [self.b.add(1, each) for each in most]
        high = [self.b.add(count, each) for count, each in zip(self.nest.trips, least, strict=True)]
        widths = [b - a for a, b in zip(least, most, strict=True)]
        if any(widths):
            first = [i64(1)] * self.rank
            self.loops(first, self.nest.trips, lambda at: self.rim(summands, at, low, high), widths)
        self.loops(low, high, lambda at: self.fetch(target, summands, at))

    def meet(self, copies: dict[Block, Block], values: dict[Value, Value]) -> None:
        """Behind the nest goes on what both ways lead to; what is used there has come from either."""
        nest, header = self.nest, self.nest.outer.header
        ((_, n),) = nest.outer.exits()
        join = self.block("gather.done")
        join.term = jump(header.term.edges[n].target, header.term.edges[n].args, header.term.loc)
        params = {v: join.add_param(v.type, v.name) for v in nest.kept}
        inside = set(nest.outer.blocks)
        for block in (*self.function.blocks, join):
            if block not in inside:
                _use(block, params)
        header.term.edges[n] = Edge(join, [*nest.kept])
        copies[header].term.edges[n] = Edge(join, [values[v] for v in nest.kept])

    def block(self, name: str) -> Block:
        block = Block(name)
        block.sweep = self.nest.before.sweep
        self.blocks.append(block)
        return block

    def loops(
        self,
        low: Sequence[Value],
        high: Sequence[Value],
        inside: Callable[[list[Value]], None],
        rim: Sequence[int] = (),
    ) -> None:
        """Loops from `low` to `high`, both included, the first one outermost; with `rim` what is further than
        that from all ends is left out.
        """
        heads: list[tuple[Block, Value, Block]] = []
        middle: Value | None = None
        for r in range(self.rank):
            head, body, after = (self.block(f"gather.{name}") for name in ("loop", "body", "end"))
            at = head.add_param(I64, "p")
            self.b.block.term = jump(head, [low[r]], self.loc)
            head.term = branch(Builder(head, self.loc).le(at, high[r]), Edge(body), Edge(after), self.loc)
            self.b.block = body
            heads.append((head, at, after))
            if rim and r < self.rank - 1:
                inner = self.is_inner(r, at, rim[r])
                middle = inner if middle is None else self.b.and_(middle, inner)
        inside([at for _, at, _ in heads])
        for r in reversed(range(self.rank)):
            head, at, after = heads[r]
            following = self.b.add(at, 1)
            if rim and r == self.rank - 1:
                jumps = self.is_inner(r, following, rim[r])
                if middle is not None:
                    jumps = self.b.and_(middle, jumps)
                end = self.b.add(self.b.sub(self.nest.trips[r], rim[r]), 1)
                following = self.b.select(jumps, end, following)
            self.b.block.term = jump(head, [following], self.loc)
            self.b.block = after

    def is_inner(self, r: int, at: Value, width: int) -> Value:
        """Whether all that iteration `at` of a loop adds to is fetched."""
        last = self.b.sub(self.nest.trips[r], width)
        return self.b.and_(self.b.gt(at, width), self.b.le(at, last))

    def at(self, counters: Sequence[Value], values: Sequence[Value]) -> list[Value]:
        """What some values of the nest are in the iteration with these counters."""
        known: dict[Value, Value] = dict(zip(self.nest.counters, counters, strict=True))
        for op in _slice(self.nest, values):
            copy = Op(op.prim, [known.get(v, v) for v in op.operands], dict(op.attrs), None, op.loc)
            assert op.result is not None
            copy.result = known[op.result] = Value(op.result.type, op.result.name, copy)
            self.b.block.ops.append(copy)
        return [known.get(v, v) for v in values]

    def rim(
        self,
        summands: list[tuple[Op, Offsets]],
        counters: list[Value],
        low: Sequence[Value],
        high: Sequence[Value],
    ) -> None:
        """What one iteration adds to elements that do not fetch it."""
        for op, offsets in summands:
            index = [self.b.add(at, offset) for at, offset in zip(counters, offsets, strict=True)]
            fetched: Value | None = None
            for i, first, last in zip(index, low, high, strict=True):
                one = self.b.and_(self.b.ge(i, first), self.b.le(i, last))
                fetched = one if fetched is None else self.b.and_(fetched, one)
            assert fetched is not None
            adds, after = self.block("gather.rim"), self.block("gather.next")
            self.b.block.term = branch(fetched, Edge(after), Edge(adds), self.loc)
            self.b.block = adds
            (value,) = self.at(counters, [op.operands[-1]])
            self.b.accumulate(op.operands[0], *index, value)
            adds.term = jump(after, [], self.loc)
            self.b.block = after

    def fetch(self, target: Value, summands: list[tuple[Op, Offsets]], index: list[Value]) -> None:
        """All that is added to one element."""
        total: Value | None = None
        for op, offsets in summands:
            counters = [self.b.sub(p, offset) for p, offset in zip(index, offsets, strict=True)]
            (value,) = self.at(counters, [op.operands[-1]])
            if total is None:
                total = value
            else:
                added = Op(PRIMITIVES["add"], [total, value], {"fp": FP}, value.type, op.loc)
                self.b.block.ops.append(added)
                assert added.result is not None
                total = added.result
        assert total is not None
        self.b.accumulate(target, *index, total)


def _use(block: Block, instead: dict[Value, Value]) -> None:
    for op in block.ops:
        op.operands = [instead.get(v, v) for v in op.operands]
    block.term.operands = [instead.get(v, v) for v in block.term.operands]
    for edge in block.term.edges:
        edge.args = [instead.get(v, v) for v in edge.args]


FP = "reassoc contract nsz"
