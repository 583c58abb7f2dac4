"""Calls of other functions of the module, and the tuples their results come in."""

from __future__ import annotations

from typing import Any

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import NONE, Tuple, Type, tuple_of
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, declared, need, same

_INLINED = "calls are inlined before differentiation"


def _call_rule(types: Types, attrs: Attrs) -> Type | None:
    result = declared(attrs)
    return None if result is NONE else result


def _extract_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 1 and isinstance(types[0], Tuple), "one tuple", types)
    assert isinstance(types[0], Tuple)
    index = attrs.get("index")
    if not isinstance(index, int) or not 0 <= index < len(types[0].elems):
        raise TypeMismatch(f"index {index} is not a position of {types[0]}")
    return types[0].elems[index]


define(
    "call",
    type_rule=_call_rule,
    effects=Effect.CALLS,
    nondifferentiable=_INLINED,
    llvm=Native("call"),
)
define(
    "tuple",
    type_rule=lambda types, attrs: tuple_of(*types),
    eval=lambda *xs: xs,
    nondifferentiable=_INLINED,
    llvm=Native("tuple"),
    points=((1.5, 3), (2.0,)),
)
define(
    "extract",
    type_rule=_extract_rule,
    eval=lambda xs, index, **_: xs[index],
    nondifferentiable=_INLINED,
    llvm=Native("extract"),
    takes_attrs=True,
)


def _identity(x: Any) -> Any:
    return x


# Must stay where it is until the function has been differentiated: no pass may fold it away before.
define(
    "stop_gradient",
    type_rule=same("fiub", 1),
    eval=_identity,
    partials=lambda b, y, x: (None,),
    llvm=Native("identity"),
    python="{0}",
    points=((1.5,), (3,), (True,)),
)


def _slope_jvp(ctx: Any, op: Op) -> Value | None:
    x_dot: Value | None = ctx.dot(op.operands[0])
    a_dot: Value | None = ctx.dot(op.operands[1])
    if a_dot is None:
        return x_dot
    moved: Value = ctx.moved(op.operands[1], ctx.b.mul(op.operands[2], a_dot))
    total: Value = moved if x_dot is None else ctx.b.add(x_dot, moved)
    return total


def _slope_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, a, slope = op.operands
    if y_bar is not None and ctx.active(x):
        ctx.add_bar(x, y_bar)
    if y_bar is not None and ctx.active(a):
        ctx.add_bar(a, ctx.b.mul(y_bar, ctx.recall(slope)))


# The slope is computed beside the value, which is cut off from what it depends on (see ad/preaccumulate.py).
define(
    "with_slope",
    type_rule=same("f", 3),
    eval=lambda x, a, slope: x,
    jvp=_slope_jvp,
    vjp=_slope_vjp,
    llvm=Native("identity"),
    python="{0}",
)
