"""Calls that stay calls, because the function called calls itself: its derivative is a function, too.

For each such function it is decided once, by a fixpoint over all that call it, which of its parameters carry
derivatives. In reverse mode its joint adjoint `@g.joint` is emitted, whose two sweeps are called apart, as
two functions later (passes/adjoint/split.py):

    %y = call %x {callee = "g", type = "f64"}

    fwd:  %g = call %x {callee = "g.joint", sweep = "fwd", type = "tuple<f64, residual>"}   (%y, %residual)
    rev:  %x.bar = call %residual.1, %y.bar {callee = "g.joint", sweep = "rev", type = "f64"}

In forward mode `@g.tangent` is called with tangents behind arguments and results.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ssad.analysis.activity import Activity, activity
from ssad.analysis.alias import alias_classes
from ssad.analysis.effects import refers, written_by
from ssad.ir.core import Function, Module, Op, Terminator, Value
from ssad.ir.edit import replace_values
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.sweeps import result_type
from ssad.ir.types import RESIDUAL, Array, List, Tuple, Type


def has_derivative(type_: Type) -> bool:
    """Whether a value of this type has a cotangent or tangent: floats and arrays of them."""
    return has_derivative(type_.elem) if isinstance(type_, Array | List) else type_.is_float


def has_companion(type_: Type) -> bool:
    """Whether the derivative of such a value is memory beside it."""
    return has_derivative(type_) and refers(type_)


def kept_calls(function: Function) -> list[Op]:
    """The calls of `function` that are differentiated by calls; those with a rule by hand are not."""
    return [op for op in function.ops() if op.prim.name == "call" and "vjp" not in op.attrs]


def numbers_of(op: Op, callee: Function) -> list[int | None]:
    """For each operand of a call of `callee`, or of one of its sweeps, the number of its parameter; None for
    the residual and for results of the forward sweep.
    """
    if op.attrs.get("sweep") != "rev":
        return list(range(len(op.operands)))
    attrs, count = callee.attrs, len(callee.params)
    results: list[int | None] = [None] * len(attrs["again_results"])
    return [None, *attrs["again"], *results, *range(count - attrs["seeds"], count)]


class Demands:
    """Which parameters of the functions called carry derivatives: `wanted`, by name, numbers of parameters.

    With `forward` those that are varied, else those that are useful as well.
    """

    def __init__(self, root: Function, module: Module, active: Collection[int], *, forward: bool) -> None:
        self.module = module
        self.forward = forward
        self.wanted: dict[str, set[int]] = {}
        work: dict[Function, None] = {root: None} if kept_calls(root) else {}
        while work:
            function = next(iter(work))
            del work[function]
            numbers = active if function is root else self.wanted[function.name]
            facts = self.facts(function, function.params, numbers, called=function is not root)
            news: set[str] = set()
            if function is not root:
                own = (n for n, p in enumerate(function.params) if self.carries(facts, p))
                news |= self._add(function.name, own)
            for op in kept_calls(function):
                pairs = zip(op.operands, numbers_of(op, self.callee(op)), strict=True)
                demanded = [n for v, n in pairs if n is not None and self.carries(facts, v)]
                news |= self._add(op.attrs["callee"], demanded)
            # a function is looked at again when it, or one that it calls, wants more
            for other in [root, *(module.functions[name] for name in self.wanted)]:
                if other.name in news or any(op.attrs["callee"] in news for op in kept_calls(other)):
                    work[other] = None

    def callee(self, op: Op) -> Function:
        """The function that a call names."""
        return self.module.functions[op.attrs["callee"]]

    def facts(
        self, function: Function, params: Sequence[Value], active: Collection[int], *, called: bool
    ) -> Activity:
        """Activity in `function`, or in a copy of it with these `params`, by those with the numbers `active`.

        Arrays that need a companion since the function they are passed to demands one count as varied, and
        so do arrays that a function `called` returns.
        """
        seeds = [params[n] for n in active]
        calls = kept_calls(function)
        for op in calls:
            demanded = self.wanted.get(op.attrs["callee"], ())
            for value, number in zip(op.operands, numbers_of(op, self.callee(op)), strict=True):
                if has_companion(value.type) and (number in demanded or (number is None and demanded)):
                    seeds.append(value)
        if called or (calls and self.forward):
            seeds += [v for block in function.blocks for v in _returned_arrays(block.term)]
        return activity(function, seeds, alias_classes(function))

    def carries(self, facts: Activity, value: Value) -> bool:
        """Whether derivatives by `value` are carried along."""
        found = value in facts.varied if self.forward else facts.active(value)
        return found and has_derivative(value.type)

    def moves(self, op: Op, facts: Activity) -> bool:
        """Whether derivatives pass through a call: something active is written by it or comes out of it."""
        if op.attrs["callee"] not in self.wanted:
            return False
        if self.forward and "sweep" in op.attrs:  # both sweeps of a function change together
            return True
        targets = [*written_by(op), *([op.result] if op.result is not None else [])]
        return any(v in facts.varied if self.forward else facts.active(v) for v in targets)

    def _add(self, name: str, numbers: Iterable[int]) -> set[str]:
        """Note what is wanted of a function; its name, if that is news."""
        before = self.wanted.get(name, set())
        after = before | set(numbers)
        if after == before:
            return set()
        self.wanted[name] = after
        return {name}


def _returned_arrays(term: Terminator) -> list[Value]:
    if term.kind != "return":
        return []
    return [v for v in term.operands if has_companion(v.type)]


@dataclass
class Respelled:
    """A call with results for the derivative beside its own: `parts`, by kind and number."""

    op: Op
    parts: dict[tuple[str, int], Value]

    @property
    def primal(self) -> list[Value]:
        """The call's own results."""
        return [v for (kind, _), v in self.parts.items() if kind == "primal"]


Spelling = Callable[[list[Type]], list[tuple[str, int]]]
"""From the types of a call's results to what it shall give: ("primal", n), ("companion", n), ("residual", 0).
"""


def respell(function: Function, calls: Collection[Op], spelling: Spelling) -> dict[Op, Respelled]:
    """Give each of `calls` the results of its `spelling`, each part extracted directly behind the call.

    Parts are extracted once only (see `extract_once`).
    """
    old: dict[Op, dict[int, Value]] = {op: {} for op in calls}
    extracts: set[Op] = set()
    for op, call in _extracts(function, old):
        assert op.result is not None
        extracts.add(op)
        old[call][op.attrs["index"]] = op.result
    made: dict[Op, Respelled] = {}
    for block in function.blocks:
        ops, block.ops = block.ops, []
        for op in ops:
            if op not in extracts:
                block.ops.append(op)
            if op in old:
                made[op] = _with_results(op, old[op], spelling, block.ops)
    return made


def extract_once(function: Function) -> None:
    """Let every part of what a kept call gives be one value, extracted directly behind the call.

    A part that is extracted in several places would have an activity in each, and cotangents in each.
    """
    parts: dict[Op, dict[int, Op]] = {op: {} for op in kept_calls(function)}
    forward: dict[Value, Value] = {}
    extracts: set[Op] = set()
    for op, call in _extracts(function, parts):
        extracts.add(op)
        kept = parts[call].setdefault(op.attrs["index"], op)
        if kept is not op:
            assert op.result is not None and kept.result is not None
            forward[op.result] = kept.result
    if not forward:
        return
    for block in function.blocks:
        ops, block.ops = block.ops, []
        for op in ops:
            if op not in extracts:
                block.ops.append(op)
            block.ops += parts.get(op, {}).values()
    replace_values(function, forward)
    function.touch()


def _extracts(function: Function, calls: Collection[Op]) -> Iterator[tuple[Op, Op]]:
    """The ops that extract a part of what one of `calls` gives, each with the call."""
    for op in function.ops():
        owner = op.operands[0].owner if op.name == "extract" else None
        if isinstance(owner, Op) and owner in calls and op.result is not None:
            yield op, owner


def _with_results(op: Op, old: dict[int, Value], spelling: Spelling, ops: list[Op]) -> Respelled:
    """Change the results of `op`; the values that were extracted from it, `old`, stay the same."""
    types: list[Type] = []
    if op.result is not None:
        types = list(op.result.type.elems) if isinstance(op.result.type, Tuple) else [op.result.type]
        if not isinstance(op.result.type, Tuple):
            old[0] = op.result
    parts: dict[tuple[str, int], Value] = {}
    for kind, n in spelling(types):
        type_ = RESIDUAL if kind == "residual" else types[n]
        parts[kind, n] = old[n] if kind == "primal" and n in old else Value(type_)
        if kind == "primal" and not parts[kind, n].name:
            parts[kind, n].name = op.attrs["callee"]
    values = list(parts.values())
    whole = result_type([v.type for v in values])
    op.attrs["type"] = str(whole)
    if len(values) < 2:
        op.result = values[0] if values else None
        if op.result is not None:
            op.result.owner = op
        return Respelled(op, parts)
    op.result = Value(whole, "", op)
    for n, value in enumerate(values):
        extract = Op(PRIMITIVES["extract"], [op.result], {"index": n}, None, op.loc)
        extract.result, value.owner = value, extract
        ops.append(extract)
    return Respelled(op, parts)


def add_operands(
    op: Op,
    numbers: Sequence[int | None],
    companion: Callable[[Value, int | None], Value | None],
    *,
    written: bool,
) -> None:
    """Put companions behind the operands of a call that have one; `written`: it writes them with those."""
    operands: list[Value] = []
    writes: list[int] = []
    before = op.attrs.get("writes")
    for at, (value, number) in enumerate(zip(op.operands, numbers, strict=True)):
        if before is not None and at in before:
            writes.append(len(operands))
        operands.append(value)
        beside = companion(value, number)
        if beside is not None:
            if written and writes[-1:] == [len(operands) - 1]:
                writes.append(len(operands))
            operands.append(beside)
    op.operands = operands
    if before is not None:
        op.attrs["writes"] = tuple(writes)
