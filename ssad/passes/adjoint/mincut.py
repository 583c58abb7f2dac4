"""Keep the fewest bytes from which the reverse sweep can compute what it asks for: a minimum cut.

    %s = load %x, %k              recall %a; recall %b          %s.1 = recall %s
    %a = mul %s, 2.0                                     ->     %a.1 = mul %s.1, 2.0
    %b = mul %s, 3.0                                            %b.1 = mul %s.1, 3.0

Values are nodes; what an op that may be repeated computes hangs on its operands, what cannot be computed
again (loaded from memory that is overwritten, carried round a loop, dear) hangs on the source, what is
recalled leads to the sink. A node costs its bytes, those of an inner loop many times those of the loop around
it. The cheapest set of nodes that parts source and sink is kept; all that is recalled is computed from it.

Source: Moses and Churavy 2020, "Instead of rewriting foreign code for machine learning, automatically
synthesize fast gradients" (Enzyme), whose choice of what to cache is such a cut.
"""

from __future__ import annotations

from collections.abc import Collection

from ssad.analysis.choices import does
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.types import BOOL, Scalar
from ssad.passes.adjoint.plan import LONGEST, Plan, Way
from ssad.passes.manager import function_pass

KEPT = (Way.STACKED, Way.INDEXED)
INNER = 16
"""How many iterations a loop is taken to have."""


@function_pass("mincut", "keep the fewest bytes from which all that is recalled can be computed")
def run(function: Function, module: Module) -> bool:
    recalled = dict.fromkeys(op.operands[0] for op in function.ops() if op.name == "recall")
    if not (recalled and does(function, "recompute")):
        return False
    plan = Plan(function)
    wanted = [v for v in recalled if plan.way(v) in KEPT]
    if not any(_may_repeat(plan, v) for v in wanted):
        return False  # each of them has to be kept
    kept = _least(plan, wanted)
    again = {v for v in wanted if v not in kept and plan.cost(v, kept) <= LONGEST}
    if not again:
        return False
    for block in function.blocks:
        _Repeating(plan, block, kept, again).run()
    function.touch()
    return True


def _may_repeat(plan: Plan, value: Value) -> bool:
    op = plan.sites[value].op
    return op is not None and plan.repeatable(op)


def _least(plan: Plan, wanted: Collection[Value]) -> set[Value]:
    """The values to keep."""
    import networkx  # which takes as long to import as a small function to compile

    graph = networkx.DiGraph()
    work = [(v, 0) for v in wanted]
    for v in wanted:
        graph.add_edge((v, "out"), "sink")
    seen: set[Value] = set()
    while work:  # those that are asked for first, what they are made of behind them
        value, far = work.pop(0)
        if value in seen:
            continue
        seen.add(value)
        graph.add_edge((value, "in"), (value, "out"), capacity=_bytes(plan, value) * 1024 + min(far, 1000))
        op = plan.sites[value].op
        if op is None or not plan.repeatable(op) or far > LONGEST:
            graph.add_edge("source", (value, "in"))
            continue
        for operand in op.operands:
            if not isinstance(operand, Const | Undef) and plan.way(operand) in KEPT:
                graph.add_edge((operand, "out"), (value, "in"))
                work.append((operand, far + 1))
    if "source" not in graph:
        return set()
    _, (before, _) = networkx.minimum_cut(graph, "source", "sink")
    return {v for v in seen if (v, "in") in before and (v, "out") not in before}


def _bytes(plan: Plan, value: Value) -> int:
    """What a value takes on a tape, in all iterations of loops of `INNER`."""
    size = value.type.bits // 8 if isinstance(value.type, Scalar) and value.type is not BOOL else 1
    return max(1, size) * INNER ** min(len(plan.around(value)), 6)


class _Repeating:
    """Computes in a block of the reverse sweep what it recalls, from what is kept."""

    def __init__(self, plan: Plan, block: Block, kept: Collection[Value], again: Collection[Value]) -> None:
        self.plan = plan
        self.block = block
        self.kept = kept
        self.again = again
        self.known: dict[Value, Value] = {}
        self.b = Builder(Block())

    def run(self) -> None:
        if not any(op.name == "recall" and op.operands[0] in self.again for op in self.block.ops):
            return
        forward: dict[Value, Value] = {}
        for op in self.block.ops:
            if op.name == "recall" and op.operands[0] in self.again:
                assert op.result is not None
                self.b.loc = op.loc
                forward[op.result] = self.value(op.operands[0])
                continue
            op.operands = [forward.get(v, v) for v in op.operands]
            self.b.block.ops.append(op)
            if op.name == "recall" and op.result is not None:
                self.known.setdefault(op.operands[0], op.result)
        self.block.ops = self.b.block.ops
        term = self.block.term
        term.operands = [forward.get(v, v) for v in term.operands]
        for edge in term.edges:
            edge.args = [forward.get(v, v) for v in edge.args]

    def value(self, value: Value) -> Value:
        """What `value` was, at this place of the reverse sweep."""
        if isinstance(value, Const | Undef):
            return value
        if value not in self.known:
            op = self.plan.sites[value].op
            if op is None or value in self.kept or self.plan.way(value) not in KEPT:
                self.known[value] = self.b.recall(value, hint=value.name)
            else:
                copy = Op(op.prim, list(map(self.value, op.operands)), dict(op.attrs), None, op.loc)
                copy.result = self.known[value] = Value(value.type, value.name, copy)
                self.b.block.ops.append(copy)
        return self.known[value]
