"""Constant folding and algebraic identities, all bit-exact: one sweep in reverse postorder.

    %a = mul %x, 1.0          (gone: %x)
    %b = pow %a, 2.0     ->   %b = mul %x, %x
    %c = lt 1, 2              (gone: true)
    branch %c, ^b, ^d         jump ^b

Never folded: `0.0 * x` (nan and inf), `x + 0.0` without the flag `nsz` (-0.0), `x - x` of floats, functions
of f32 whose value in f64 would be rounded twice.
"""

from __future__ import annotations

from ssad.analysis.induction import counting
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value
from ssad.ir.edit import prune_params, remove_unreachable, replace_values, same_value
from ssad.ir.graph import predecessors, reverse_postorder
from ssad.ir.numbers import normalise
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import F32, I64, Scalar
from ssad.passes.algebra import RULES
from ssad.passes.manager import function_pass
from ssad.passes.simplify_cfg import fold_branches


@function_pass("fold", "compute constants, apply exact identities, decide constant branches")
def run(function: Function, module: Module) -> bool:
    folding = Folding(function)
    folding.sweep()
    if not folding.changed:
        return False
    if fold_branches(function):
        remove_unreachable(function)
    if folding.constant_params:
        prune_params(function, folding.constant_params)
    # nothing else is left to replace: in reverse postorder every use comes after its definition
    counts = {b.mirrors[1] for b in function.blocks if b.mirrors is not None}
    replace_values(function, {v: folding.forward[v] for v in counts if v in folding.forward})
    function.touch()
    return True


EXACT_IN_F32 = frozenset(
    {"add", "sub", "mul", "div", "neg", "abs", "sqrt", "fmod", "copysign", "floor", "ceil", "trunc", "rint"}
    | {"lt", "le", "gt", "ge", "eq", "ne", "isnan", "isinf", "isfinite"}
    | {"select", "cast", "maximum", "minimum", "fmax", "fmin", "stop_gradient"}
)
"""Primitives whose f32 result is the rounded result of computing in f64."""


class Folding:
    """The state of the sweep; what the rules of `ssad.passes.algebra` see of the function."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.forward: dict[Value, Value] = {}
        self.constant_params: dict[Value, Value] = {}
        self.changed = False
        self.counters = {facts.counter for facts in counting(function).values()}
        self._ops: list[Op] = []

    def sweep(self) -> None:
        """Fold block after block, following only edges that can be taken."""
        expected = {block: len(preds) for block, preds in predecessors(self.function).items()}
        arrived: dict[Block, list[Edge]] = {block: [] for block in self.function.blocks}
        reached = {self.function.entry}
        for block in reverse_postorder(self.function):
            taken: Edge | None = None
            if block in reached:
                if block.params and arrived[block] and len(arrived[block]) == expected[block]:
                    self._params(block, arrived[block])
                self._block(block)
                taken = self._taken(block)
            for edge in block.term.edges:
                if block not in reached or (taken is not None and edge is not taken):
                    expected[edge.target] -= 1
                else:
                    arrived[edge.target].append(edge)
                    reached.add(edge.target)

    def emit(self, name: str, *operands: Value, like: Op) -> Value:
        """The value of primitive `name` in the place of `like`, itself folded."""
        prim = PRIMITIVES[name]
        result_type = prim.type_rule([v.type for v in operands], {})
        keeps_flags = "fp" in like.attrs and result_type is not None and result_type.is_float
        attrs = {"fp": like.attrs["fp"]} if keeps_flags else {}
        hint = like.result.name if like.result is not None else ""
        return self.keep(Op(prim, list(operands), attrs, result_type, like.loc, hint))

    def keep(self, op: Op) -> Value:
        """The value of a new op, itself folded."""
        value = self._op(op)
        assert value is not None
        return value

    def nonnegative(self, value: Value) -> bool:
        """Whether the integer `value` is surely >= 0: counters, sizes, and their sums and multiples."""
        if isinstance(value, Const):
            return value.value >= 0
        if value in self.counters:
            return True
        op = value.owner
        if not isinstance(op, Op):
            return False
        if op.name in ("add", "mul"):  # of sizes and indices: far from wrapping
            return op.result is not None and op.result.type is I64 and all(map(self._small, op.operands))
        return op.name == "dim"

    def _small(self, value: Value) -> bool:
        if isinstance(value, Const):
            return 0 <= value.value < 1 << 15
        op = value.owner
        return value in self.counters or (isinstance(op, Op) and op.name == "dim")

    def _params(self, block: Block, edges: list[Edge]) -> None:
        for at, param in enumerate(block.params):
            first = edges[0].args[at]
            if isinstance(first, Const) and all(same_value(edge.args[at], first) for edge in edges):
                self.constant_params[param] = self.forward[param] = first
                self.changed = True

    def _block(self, block: Block) -> None:
        forward = self.forward
        self._ops = []
        for op in block.ops:
            op.operands = [forward.get(v, v) for v in op.operands]
            value = self._op(op)
            if value is not op.result or (value is None and self._ops[-1:] != [op]):
                self.changed = True
                if op.result is not None and value is not None:
                    forward[op.result] = value
        block.ops = self._ops
        term = block.term
        term.operands = [forward.get(v, v) for v in term.operands]
        for edge in term.edges:
            edge.args = [forward.get(v, v) for v in edge.args]

    def _taken(self, block: Block) -> Edge | None:
        """The only edge that a branch on a constant takes."""
        term = block.term
        if term.kind != "branch" or not isinstance(term.operands[0], Const):
            return None
        self.changed = True
        return term.edges[0 if term.operands[0].value else 1]

    def _op(self, op: Op) -> Value | None:
        """What stands for the result of `op`; `op` is kept if that is its own result."""
        rule = RULES.get(op.name)
        value: Value | None = constant(op)
        if value is None and rule is not None:
            value = rule(self, op)
        if value is not None:
            return value
        if op.name == "check" and isinstance(op.operands[0], Const) and op.operands[0].value:
            return None
        self._ops.append(op)
        return op.result


def constant(op: Op) -> Const | None:
    """The immediate that a pure op of immediates computes; None where it is not surely those bits."""
    type = op.result.type if op.result is not None else None
    prim = op.prim
    if not isinstance(type, Scalar) or prim.eval is None or not prim.pure or not op.operands:
        return None
    values: list[float | int | bool] = []
    for operand in op.operands:
        if not isinstance(operand, Const) or (operand.type is F32 and prim.name not in EXACT_IN_F32):
            return None
        values.append(operand.value)
    result = prim.eval(*values, **op.attrs) if prim.takes_attrs else prim.eval(*values)
    return Const(type, normalise(result, type))
