"""A loop that waits for nothing but a sum adds without multiplying in the same instruction.

    ^loop(%r.bar, %x.bar):                       %x.bar.1 = add %x.bar, %m {fp = "reassoc contract nsz"}
      %m = mul %r.bar, %r                 ->     %x.bar.1 = add %x.bar, %m {fp = "reassoc nsz"}
      jump ^loop(%r.bar * %x, %x.bar.1)

LLVM makes one instruction of a product and the addition of it wherever it may. From one sum to the next, that
one takes 4 cycles on most CPUs, the addition alone 2 to 4 and never more: the product is there in time. So
where all else that an iteration hands on to the next one is a single operation away, it is the sum that sets
the pace, and it is kept apart. The adjoint of a power or of any other product is such a loop.

Not where something else takes longer than the sum: then an instruction less is better. Nor where a loop hands
on nothing but sums: LLVM makes vectors of it.

Source: Fog, "Instruction tables" (latencies of ADDSD and VFMADD231SD).
"""

from __future__ import annotations

from collections.abc import Collection

from ssad.analysis.memo import loop_forest
from ssad.analysis.sums import is_sum
from ssad.ir.core import Block, Function, Module, Op, Value
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass

CONTRACT = "contract"


@function_pass("shorten_chains", "keep the sum that a loop waits for apart from the products in it")
def run(function: Function, module: Module) -> bool:
    if not any(CONTRACT in op.attrs.get("fp", "") for op in function.ops()):
        return False
    changed = False
    for loop in loop_forest(function).loops:
        if not loop.children and len(loop.latches) == 1:
            for op in _sums(loop):
                op.attrs = {**op.attrs, "fp": op.attrs["fp"].replace(CONTRACT, "").replace("  ", " ")}
                changed = True
    if changed:
        function.touch()
    return changed


def _sums(loop: Loop) -> list[Op]:
    """The additions that a loop waits for, if it does not wait for anything else."""
    inside = {op for block in loop.blocks for op in block.ops}
    carried = [param for param in loop.header.params if param.type.is_float]
    sums = [param for param in carried if is_sum(param, loop)]
    (back,) = [edge for edge in loop.latches[0].term.edges if edge.target is loop.header]
    given = dict(zip(loop.header.params, back.args, strict=True))
    others = [given[param] for param in carried if param not in sums and given[param] is not param]
    if not others or not all(_is_one_op(value, loop, inside) for value in others):
        return []
    return [op for param in sums if (op := _added(given[param], inside)) is not None]


def _is_one_op(value: Value, loop: Loop, inside: Collection[Op]) -> bool:
    """Whether a value is one op away from what an iteration is given."""
    op = value.owner
    return (
        isinstance(op, Op)
        and op.name in ("add", "sub", "mul")
        and all(v in loop.header.params or not _is_computed(v, loop, inside) for v in op.operands)
    )


def _is_computed(value: Value, loop: Loop, inside: Collection[Op]) -> bool:
    """Whether a float is made from floats in the loop, or may be: what is read from memory is not."""
    op = value.owner
    if isinstance(op, Op):
        return op in inside and any(v.type.is_float for v in op.operands)
    return isinstance(op, Block) and op in loop.blocks


def _added(value: Value, inside: Collection[Op]) -> Op | None:
    """The addition of a product, computed in the loop, that makes the next value of a sum."""
    op = value.owner
    if not isinstance(op, Op) or CONTRACT not in op.attrs.get("fp", ""):
        return None
    made = [v.owner for v in op.operands]
    return op if any(isinstance(one, Op) and one in inside and one.name == "mul" for one in made) else None
