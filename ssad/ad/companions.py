"""Companion arrays: beside every array or list that active data may reach runs a second one, its shadow or
its tangent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ssad.analysis.effects import refers
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Function, Undef, Value
from ssad.ir.graph import reverse_postorder
from ssad.ir.types import Array, List

KEEPS = frozenset(("list_put", "list_set"))
"""Ops that put their last operand, which may be a reference, into their first one. The companion of what is
put in goes into the companion, at once: the reverse sweep looks there only.
"""


def add_companions(
    function: Function,
    wanted: Callable[[Value], bool],
    suffix: str,
    given: Mapping[Value, Value] | None = None,
) -> dict[Value, Value]:
    """Give every wanted array value of `function` a companion: array -> companion.

    Parameters of the entry get theirs directly behind them, other blocks at the end; results of ops by the
    primitive's own rule, directly after the op. What is in `given` has one already.
    """
    of: dict[Value, Value] = dict(given or {})

    def want(value: Value) -> bool:
        return isinstance(value.type, Array | List) and wanted(value)

    for block in function.blocks:
        params: list[Value] = []
        trailing: list[Value] = []
        for param in block.params:
            params.append(param)
            if want(param):
                of[param] = Value(param.type, f"{param.name}.{suffix}", block)
                (params if block is function.entry else trailing).append(of[param])
        block.params = params + trailing
    _companions_of_ops(function, want, of, suffix)
    for block in function.blocks:
        for edge in block.term.edges:
            carried = [p for p in edge.target.params if p in of] if edge.target is not function.entry else []
            args = dict(zip(edge.target.params, edge.args, strict=False))
            edge.args.extend(companion(of, args[p]) for p in carried)
    function.touch()
    return of


def sweep_order(function: Function) -> list[Block]:
    """The blocks in an order in which what a value is made from, or recalls, comes before it."""
    return sorted(reverse_postorder(function), key=lambda block: block.sweep == "rev")


def companion(of: Mapping[Value, Value], value: Value) -> Value:
    """The companion of `value`; of an undefined array another undefined one."""
    return Undef(value.type) if isinstance(value, Undef) else of[value]


def _companions_of_ops(
    function: Function, want: Callable[[Value], bool], of: dict[Value, Value], suffix: str
) -> None:
    def known(value: Value) -> Value | None:
        return Undef(value.type) if isinstance(value, Undef) else of.get(value)

    for block in sweep_order(function):
        ops, block.ops = block.ops, []
        b = Builder(block)
        for op in ops:
            block.ops.append(op)
            if op.name in KEEPS and op.operands[0] in of and refers(op.operands[-1].type):
                b.loc = op.loc
                holder, *where, kept = op.operands
                b.emit(op.name, of[holder], *where, companion(of, kept), **op.attrs)
            if op.result is None or op.result in of or not want(op.result):
                continue
            assert op.prim.companion is not None, f"{op.name} yields an array but has no companion rule"
            b.loc = op.loc
            made = op.prim.companion(b, op, known)
            made.name = f"{op.result.name}.{suffix}"
            of[op.result] = made
