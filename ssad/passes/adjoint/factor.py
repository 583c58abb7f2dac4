"""Products that share factors share the work: what the adjoint adds up is factored.

    %a = mul %k0.bar, %y1                      %d = sub (mul %p3, %k1.bar), (mul %p1, %k0.bar)
    %b = mul %a, %p1                           %y0.bar = add (mul %y1, %d), %s
    %c = mul (mul %k1.bar, %p3), %y1     ->    %y1.bar = add (mul %y0, %d), %t
    %y0.bar = add (sub %c, %b), %s
    ...

The chain rule hands every operand its share product by product, and repeats what they have in common. Here
all that a block computes with flags that allow it is written as sums of products. Then, again and again, the
factor is taken out that saves most: of several sums at once, if what is left (the kernel) is the same but for
its sign. At last, two factors that occur together in several products are multiplied once. To add a product
costs no more than the product, for there are instructions that do both; by that count the block must get
shorter, or it stays as it was.

Source: Hosangadi, Fallah and Kastner 2006, "Optimizing polynomial expressions by algebraic factorization and
common subexpression elimination".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ssad.analysis.memo import loop_forest
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import definitions, replace_values
from ssad.passes.manager import function_pass

MOST_FACTORS = 6
"""Longer products are not taken apart any further."""
MOST_OPS = 500
"""Blocks with more arithmetic are left alone: looking for what it shares takes quadratic time."""


@function_pass("factor", "take out common factors of what the adjoint adds up")
def run(function: Function, module: Module) -> bool:
    forward: dict[Value, Value] = {}
    uses = Counter(v for block in function.blocks for v in _used_in(block))
    forest = loop_forest(function)
    for block in function.blocks:
        if 2 < sum(map(_is_ours, block.ops)) <= MOST_OPS:
            loop = forest.innermost.get(block)
            varied = None if loop is None else {v for one in loop.blocks for v in definitions(one)}
            forward.update(_factor(block, uses, varied))
    replace_values(function, forward)
    return bool(forward)


def _used_in(block: Block) -> Iterable[Value]:
    for op in block.ops:
        yield from op.operands
    yield from block.term.operands
    for edge in block.term.edges:
        yield from edge.args


def _is_ours(op: Op) -> bool:
    """Whether op is arithmetic whose order does not matter."""
    return op.name in ("add", "sub", "mul", "neg") and "reassoc" in op.attrs.get("fp", "")


def _factor(block: Block, uses: Mapping[Value, int], varied: Collection[Value] | None) -> dict[Value, Value]:
    """Write the sums of a block in another way, if that is shorter; returns what stands for what. `varied` is
    what the iterations of the loop around it do not share, if there is one.
    """
    reading = _Reading(block, uses, varied)
    sums, factors = reading.sums(), reading.factors
    found = _take_out(sums, factors)
    if not _pair_up(sums, factors) and not found:
        return {}
    ops, forward = _Writing(block, factors, uses).write({one.op: one for one in sums if one.op is not None})
    inside = Counter(v for op in block.ops for v in op.operands)
    needed = {op.result for op in block.ops if op.result is not None and uses[op.result] > inside[op.result]}
    before, after = _alive(block.ops, needed, {}), _alive(ops, needed, forward)
    if _instructions(after) >= _instructions(before):
        return {}
    block.ops = after
    return forward


def _alive(ops: Sequence[Op], needed: Iterable[Value], forward: Mapping[Value, Value]) -> list[Op]:
    """The ops that something needs, be it outside."""
    wanted = {forward.get(value, value) for value in needed}
    alive = []
    for op in reversed(ops):
        if op.result in wanted or not op.prim.pure:
            alive.append(op)
            wanted.update(forward.get(value, value) for value in op.operands)
    return alive[::-1]


def _instructions(ops: Sequence[Op]) -> int:
    """How many instructions arithmetic takes where a product is added by the one that multiplies."""
    uses = Counter(v for op in ops for v in op.operands)
    products = {
        op.result for op in ops if op.name == "mul" and op.result is not None and uses[op.result] == 1
    }
    count = 0
    for op in ops:
        if op.name in ("add", "sub", "mul", "neg") and op.operands[0].type.is_float:
            count += not (op.name in ("add", "sub") and not products.isdisjoint(op.operands))
    return count


# sums of products

Term = tuple[int, tuple[int, ...]]
"""A sign, and the numbers of the factors, in order."""
Kernel = tuple[Term, ...]


@dataclass(eq=False)
class _Sum:
    """Terms that are added up, for the result of `op` or as a factor."""

    terms: list[Term]
    op: Op | None = None


Factor = Value | _Sum | tuple[int, int]
"""A value that is not taken apart, a kernel, or two factors by their numbers."""


@dataclass
class _Factors:
    """The factors, each with its number."""

    numbers: dict[object, int] = field(default_factory=dict)
    items: list[Factor] = field(default_factory=list)

    def number(self, key: object, item: Factor) -> int:
        found = self.numbers.setdefault(key, len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found


class _Reading:
    """Writes what a block computes as sums of products."""

    def __init__(self, block: Block, uses: Mapping[Value, int], varied: Collection[Value] | None) -> None:
        self.factors = _Factors()
        self.varied = varied
        self.ops = {op.result: op for op in block.ops if op.result is not None and op.result.type.is_float}
        self.ours = [op for op in block.ops if _is_ours(op)]
        self.by_us = Counter(v for op in self.ours for v in op.operands)
        self.summed = Counter(v for op in self.ours if op.name != "mul" for v in op.operands)
        self.uses = uses

    def sums(self) -> list[_Sum]:
        """One for each value that something else needs than what it is part of, but for products too long to
        take apart.
        """
        found = [_Sum(self.terms(op), op) for op in self.ours if self.is_root(op)]
        alone = [((1, (self.factors.numbers.get(one.op.result),)),) for one in found if one.op is not None]
        return [one for one, itself in zip(found, alone, strict=True) if tuple(one.terms) != itself]

    def is_root(self, op: Op) -> bool:
        value = op.result
        assert value is not None
        if op.name in ("add", "sub"):
            return not (self.uses[value] == self.summed[value] == 1)
        return self.uses[value] > self.by_us[value]

    def terms(self, op: Op) -> list[Term]:
        if op.name == "mul":
            assert op.result is not None
            return [self.whole(op.result)]
        signs = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}[op.name]
        found: list[Term] = []
        for value, sign in zip(op.operands, signs, strict=True):
            made = self.ops.get(value)
            if made is not None and _is_ours(made) and made.name in ("add", "sub") and not self.is_root(made):
                found += [(sign * s, factors) for s, factors in self.terms(made)]
            else:
                s, factors = self.whole(value)
                found.append((sign * s, factors))
        return found

    def whole(self, value: Value) -> Term:
        """The factors of a value; what a loop does not change stays together, for the product leaves it."""
        sign, factors = self.product(value)
        if self.varied is None:
            return sign, factors
        fixed = [f for f in factors if self.factors.items[f] not in self.varied]
        if len(fixed) > 1:
            factors = tuple(f for f in factors if f not in fixed)
            first = fixed[0]
            for second in fixed[1:]:
                first = self.factors.number((first, second), (first, second))
            factors = tuple(sorted((*factors, first)))
        return sign, factors

    def product(self, value: Value, depth: int = 0) -> Term:
        """The factors of a value. What the primal multiplies is taken apart like what the adjoint does."""
        op = self.ops.get(value)
        if op is not None and op.name == "neg" and _is_ours(op):
            sign, factors = self.product(op.operands[0], depth)
            return -sign, factors
        if op is not None and op.name == "mul" and depth < MOST_FACTORS:
            (s, a), (t, b) = (self.product(v, depth + 1) for v in op.operands)
            if len(a) + len(b) <= MOST_FACTORS:
                return s * t, tuple(sorted(a + b))
        return 1, (self.factors.number(value.key() if isinstance(value, Const) else value, value),)


# factoring


def _take_out(sums: list[_Sum], factors: _Factors) -> bool:
    """Take out factors as long as that saves something; the kernels become sums of their own."""
    changed = False
    while True:
        found: dict[Kernel, list[tuple[_Sum, int, int, list[Term]]]] = {}
        for one in sums:
            for factor, n in Counter(f for _, product in one.terms for f in set(product)).items():
                group = [term for term in one.terms if factor in term[1] and len(term[1]) > 1]
                if n > 1 and len(group) > 1:
                    sign, kernel = _kernel(group, factor)
                    found.setdefault(kernel, []).append((one, factor, sign, group))
        best = max(found, key=lambda kernel: _saving(kernel, found[kernel], factors), default=())
        if not best or _saving(best, found[best], factors) <= 0:
            return changed
        changed = True
        made = _Sum(list(best))
        number = factors.number(best, made)
        if factors.items[number] is made:
            sums.append(made)
        for one, factor, sign, group in found[best]:
            left = Counter(one.terms)
            left.subtract(group)
            if min(left.values()) >= 0:  # no other factor has been taken out of these terms
                one.terms = [*left.elements(), (sign, tuple(sorted((factor, number))))]


def _kernel(group: list[Term], factor: int) -> tuple[int, Kernel]:
    """What is left of terms without a factor, the first one positive; and the sign that was taken out."""
    rest = []
    for sign, product in group:
        at = product.index(factor)
        rest.append((sign, product[:at] + product[at + 1 :]))
    rest.sort(key=lambda term: term[1])
    lead = rest[0][0]
    return lead, tuple((lead * sign, product) for sign, product in rest)


def _saving(kernel: Kernel, places: Sequence[tuple[_Sum, int, int, list[Term]]], factors: _Factors) -> int:
    """How many instructions fewer there are with a kernel."""
    saved = sum(_cost(group) - 1 for _, _, _, group in places)
    if kernel in factors.numbers:
        return saved
    return saved - _cost(kernel) + any(len(product) == 1 for _, product in kernel)


def _cost(terms: Iterable[Term]) -> int:
    """How many instructions terms take that are added to something."""
    return sum(max(1, len(product) - 1) for _, product in terms)


def _pair_up(sums: Sequence[_Sum], factors: _Factors) -> bool:
    """Make factors of the pairs that occur in several products; says whether there are any."""
    changed = False
    while True:
        pairs: Counter[tuple[int, int]] = Counter()
        for one in sums:
            for _, product in one.terms:
                pairs.update({(a, b) for n, a in enumerate(product) for b in product[n + 1 :]})
        pair, n = max(pairs.items(), key=lambda item: (item[1], item[0]), default=((0, 0), 0))
        if n < 2:
            return changed
        changed = True
        number = factors.number(pair, pair)
        for one in sums:
            one.terms = [(sign, _paired(product, pair, number)) for sign, product in one.terms]


def _paired(product: tuple[int, ...], pair: tuple[int, int], number: int) -> tuple[int, ...]:
    left = Counter(product)
    left.subtract(pair)
    return product if min(left.values()) < 0 else tuple(sorted([*left.elements(), number]))


class _Writing:
    """Writes sums of products as ops."""

    def __init__(self, block: Block, factors: _Factors, uses: Mapping[Value, int]) -> None:
        self.block = block
        self.factors = factors
        self.uses = uses
        self.scratch = Block()
        self.forward: dict[Value, Value] = {}
        self.written: dict[int, Value] = {}
        self.depths: dict[Value, int] = {}

    def write(self, sums: Mapping[Op, _Sum]) -> tuple[list[Op], dict[Value, Value]]:
        """The ops of the block, with those of the sums in their places, and what stands for what."""
        for op in self.block.ops:
            made = sums.get(op)
            if made is None:
                self.scratch.ops.append(op)
            else:
                assert op.result is not None
                b = Builder(self.scratch, op.loc, op.attrs["fp"])
                total = self.forward[op.result] = self.total(made, b)
                if self.scratch.ops and total is self.scratch.ops[-1].result:
                    total.name = op.result.name
        return self.scratch.ops, self.forward

    def total(self, one: _Sum, b: Builder) -> Value:
        """Terms in the order in which they come to be; what is carried along for nothing else comes last."""
        parts = [(sign, self.product(product, b)) for sign, product in one.terms]
        parts.sort(key=lambda part: self.depth(part[1]))
        carried = [part for part in parts if self.is_carried(part[1])]
        parts = [part for part in parts if part not in carried]
        if not parts:
            parts, carried = carried, []
        first = next((n for n, (sign, _) in enumerate(parts) if sign > 0), 0)
        lead, total = parts.pop(first)
        for sign, value in parts:
            total = b.add(total, value) if sign == lead else b.sub(total, value)
        for sign, value in carried:
            total, lead = (b.add(value, total) if sign == lead else b.sub(value, total)), sign
        return total if lead > 0 else b.neg(total)

    def product(self, numbers: tuple[int, ...], b: Builder) -> Value:
        values = sorted((self.value(number, b) for number in numbers), key=self.depth)
        product = values[0]
        for value in values[1:]:
            product = b.mul(product, value)
        return product

    def value(self, number: int, b: Builder) -> Value:
        item = self.factors.items[number]
        if isinstance(item, Value):
            return self.forward.get(item, item)
        if number not in self.written:
            self.written[number] = self.total(item, b) if isinstance(item, _Sum) else self.product(item, b)
        return self.written[number]

    def is_carried(self, value: Value) -> bool:
        return isinstance(value.owner, Block) and self.uses.get(value, 0) == 1

    def depth(self, value: Value) -> int:
        """How many ops of the block follow on each other before a value is there."""
        if value not in self.depths:
            op = value.owner
            here = isinstance(op, Op) and op.prim.pure
            self.depths[value] = 1 + max(map(self.depth, op.operands), default=0) if here else 0  # type: ignore[union-attr]
        return self.depths[value]
