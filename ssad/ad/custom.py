"""Calls whose derivative a user's rule gives: `call args... {vjp = "rule"}`.

The rule is a function `rule(y_bar, y, *args)` of the module that returns one cotangent per float argument.
Reverse mode calls it once; forward mode once per float result, whose row of the Jacobian it then gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssad.analysis.alias import AliasClasses, alias_classes
from ssad.errors import DifferentiationError
from ssad.ir.builder import Builder
from ssad.ir.core import Const, Function, Module, Op, Value
from ssad.ir.edit import replace_values
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import Array, List, Scalar, Tuple, Type
from ssad.ir.types import array as array_type


def results_of_custom_calls(function: Function, module: Module) -> dict[Op, list[Value]]:
    """For every call with a rule the values that its parts go by, each extracted directly behind the call.

    Raises DifferentiationError for calls that no rule can describe: arrays that are written or returned.
    """
    parts: dict[Op, list[Value]] = {}
    forward: dict[Value, Value] = {}
    memory = alias_classes(function)
    for block in function.blocks:
        if not any("vjp" in op.attrs for op in block.ops):
            continue
        ops, block.ops = block.ops, []
        for op in ops:
            if "vjp" in op.attrs and op.result is not None:
                _refuse_arrays(op, module)
                op.operands = [_as_it_is_now(v, Builder(block, op.loc), memory) for v in op.operands]
            block.ops.append(op)
            if "vjp" in op.attrs and op.result is not None:
                parts[op] = _extracted(op, block.ops)
    for op in function.ops():
        if op.name == "extract" and op.operands[0].owner in parts and op.result is not None:
            call = op.operands[0].owner
            assert isinstance(call, Op)
            kept = parts[call][op.attrs["index"]]
            if kept is not op.result:
                forward[op.result] = kept
    replace_values(function, forward)
    function.touch()
    return parts


def _as_it_is_now(array: Value, b: Builder, memory: AliasClasses) -> Value:
    """An array for the rule, which reads it in the reverse sweep: a copy, where it is written meanwhile."""
    if not isinstance(array.type, Array | List) or memory.is_read_only(array):
        return array
    if isinstance(array.type, List):
        raise DifferentiationError(
            "a list that changes is passed to a function with a rule by hand",
            b.loc,
            "pass an array: np.array(xs), or a list that is not changed",
        )
    shape = [b.dim(array, axis=n) for n in range(array.type.rank)]
    layout = "F" if array.type.layout == "F" else "C"
    kept = b.alloc(*shape, type=str(array_type(array.type.elem, array.type.rank, layout)), hint=array.name)
    b.copy(kept, array)
    if array.type.layout == "A":
        return b.view(kept, 0, shape[0], 1, pattern="s" + ":" * (array.type.rank - 1))
    return kept


def _extracted(op: Op, ops: list[Op]) -> list[Value]:
    assert op.result is not None
    if not isinstance(op.result.type, Tuple):
        return [op.result]
    made = []
    for n, type_ in enumerate(op.result.type.elems):
        extract = Op(PRIMITIVES["extract"], [op.result], {"index": n}, type_, op.loc, op.result.name)
        ops.append(extract)
        assert extract.result is not None
        made.append(extract.result)
    return made


def _refuse_arrays(op: Op, module: Module) -> None:
    callee = module.functions[op.attrs["callee"]]
    if any(isinstance(t, Array) for t in callee.result_types):
        raise DifferentiationError(
            f"{callee.name} has a rule by hand and returns an array, which rules cannot describe",
            op.loc,
            "return a float, or leave the rule out",
        )
    aliases = alias_classes(callee)
    if any(isinstance(p.type, Array) and aliases.of[p].written for p in callee.params):
        raise DifferentiationError(
            f"{callee.name} has a rule by hand and writes into an argument",
            op.loc,
            "write the result into a new array, or leave the rule out",
        )


def call_rule(
    b: Builder,
    op: Op,
    module: Module,
    y_bar: Sequence[Value],
    recall: Callable[[Value], Value],
    y: Sequence[Value],
) -> list[tuple[Value, Value]]:
    """Emit the call of the rule; (float argument, its cotangent) for each. `y_bar` and `y` are parts of the
    result.
    """
    rule = module.functions[op.attrs["vjp"]]
    args = [*y_bar, *(recall(v) for v in y), *(recall(v) for v in op.operands)]
    floats = [v for v in op.operands if _is_float(v.type)]
    types = rule.result_types
    bars = [n for n, t in enumerate(types) if _is_float(t)]  # beside them may stand whose numbers they are
    if len(bars) != len(floats):
        raise DifferentiationError(
            f"the rule {rule.name} returns {len(bars)} cotangents for {len(floats)} float arguments",
            rule.loc,
            "return one cotangent per argument, None for those that are no floats",
        )
    if len(types) == 1:
        return [(floats[0], b.call(*args, callee=rule.name, type=str(types[0])))]
    out = b.call(*args, callee=rule.name, type=f"tuple<{', '.join(map(str, types))}>")
    return [(x, b.extract(out, index=n)) for n, x in zip(bars, floats, strict=True)]


def unit(parts: Sequence[Value], which: int, recall: Callable[[Value], Value]) -> list[Value]:
    """The parts of y_bar that pick row `which` of the Jacobian."""
    return [
        Const(v.type, 1.0 if n == which else 0.0)
        if isinstance(v.type, Scalar) and v.type.is_float
        else recall(v)
        for n, v in enumerate(parts)
    ]


def _is_float(type: Type) -> bool:
    return type.elem.is_float if isinstance(type, Array) else type.is_float
