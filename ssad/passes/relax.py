"""Every arithmetic op of a function gets the floating-point flags of `fastmath`.

    %s.1 = add %s, %v     ->     %s.1 = add %s, %v {fp = "reassoc contract nsz arcp afn"}

From here on passes, and LLVM, read on the op itself what they may do with it; nothing else says it.
"""

from __future__ import annotations

from ssad.ir.builder import RELAXED
from ssad.ir.core import Function, Module, Op
from ssad.passes.manager import function_pass


@function_pass("relax", "allow floating-point ops to be reordered, contracted and approximated")
def run(function: Function, module: Module) -> bool:
    strict = [op for op in function.ops() if _computes(op) and op.attrs.get("fp") != RELAXED]
    for op in strict:
        op.attrs = {**op.attrs, "fp": RELAXED}
    if strict:
        function.touch()
    return bool(strict)


def _computes(op: Op) -> bool:
    """Whether op is arithmetic of floats, one that it leaves in memory included."""
    values = op.operands if op.result is None else [*op.operands, op.result]
    return (op.prim.pure or op.name == "accumulate") and any(v.type.is_float for v in values)
