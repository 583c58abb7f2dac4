"""Conversion between scalar types."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssad.ir.core import Op, Value
from ssad.ir.primitive import TypeMismatch, define
from ssad.ir.types import Scalar, Type, parse_type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, declared, need


def _rule(types: Types, attrs: Attrs) -> Type | None:
    to = declared(attrs, "to")
    need(len(types) == 1 and isinstance(types[0], Scalar), "one scalar", types)
    if not isinstance(to, Scalar):
        raise TypeMismatch(f"to is a scalar type, not {to}")
    return to


def _evaluate(x: Any, to: str, **_: Any) -> Any:
    """To an integer a float truncates and saturates (nan: 0), an integer wraps; a bool is `x != 0`."""
    type = parse_type(to)
    assert isinstance(type, Scalar)
    if type.kind == "b":
        return x != 0
    if type.kind == "f":
        if isinstance(x, int) and type.bits == 32:  # one rounding, not two by way of f64
            return float(np.uint64(x).astype(np.float32) if x > 0 else np.int64(x).astype(np.float32))
        return float(x)
    if not isinstance(x, float):
        return int(x)
    low, high = (
        (-(1 << (type.bits - 1)), (1 << (type.bits - 1)) - 1)
        if type.kind == "i"
        else (0, (1 << type.bits) - 1)
    )
    if x != x:
        return 0
    return low if x <= low else high if x >= high else int(x)


def _continuous(op: Op) -> bool:
    assert op.result is not None
    return op.operands[0].type.is_float and op.result.type.is_float


def _jvp(ctx: Any, op: Op) -> Value | None:
    x_dot = ctx.dot(op.operands[0]) if _continuous(op) else None
    return None if x_dot is None else ctx.b.cast(x_dot, to=op.attrs["to"])


def _vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    if y_bar is not None and _continuous(op) and ctx.active(op.operands[0]):
        ctx.add_bar(op.operands[0], ctx.b.cast(y_bar, to=str(op.operands[0].type)))


define(
    "cast",
    type_rule=_rule,
    eval=_evaluate,
    jvp=_jvp,
    vjp=_vjp,
    llvm=Native("cast"),
    points=((1.5,), (-2.5,), (3,), (True,), (1e300,), (-7,)),
    takes_attrs=True,
    slopes="finite",
)
