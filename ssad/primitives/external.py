"""The op that calls back into Python: an external function, named by what the module has under `object`.

Its derivative is a rule around it (see `frontend/externals.py`); where there is none, none is taken.
"""

from __future__ import annotations

from typing import Any

from ssad.errors import DifferentiationError
from ssad.ir.builder import as_value
from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import Array, Scalar, Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, declared


def _rule(types: Types, attrs: Attrs) -> Type | None:
    if not all(isinstance(type, Scalar | Array) for type in types) or "object" not in attrs:
        raise TypeMismatch("numbers and arrays, and the attribute object")
    if "type" not in attrs:
        return None
    result = declared(attrs)
    if not isinstance(result, Scalar):
        raise TypeMismatch(f"type is a number, not {result}")
    return result


def _carries(value: Value) -> bool:
    kind = value.type.elem if isinstance(value.type, Array) else value.type
    return kind.is_float


def _dot(ctx: Any, value: Value) -> Value | None:
    dot: Value | None = ctx.dot_array(value) if isinstance(value.type, Array) else ctx.dot(value)
    return dot


def _external_jvp(ctx: Any, op: Op) -> Value | None:
    """Central differences along the tangents; what is written into arrays goes into their tangents."""
    cut = len(op.operands) - len(op.attrs["writes"])
    given, outs = op.operands[:cut], op.operands[cut:]
    dots = [_dot(ctx, v) if _carries(v) else None for v in given]
    if all(dot is None for dot in dots):
        return None
    if not op.attrs["differenced"]:
        _refuse(op)
    moving = sum(1 << n for n, dot in enumerate(dots) if dot is not None)
    into = [ctx.dot_array(out) for out in outs]
    operands = [as_value(moving), *given, *(dot for dot in dots if dot is not None), *into]
    writes = tuple(range(len(operands) - len(into), len(operands)))
    attrs = {
        **op.attrs,
        "object": f"{op.attrs['object']}.pushforward",
        "writes": writes,
        "differenced": False,
    }
    made: Value = ctx.b.emit("external", *operands, **attrs)
    return None if op.result is None else made


def _external_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    """Reverse mode knows the rule of the call around it; where there is none, none is taken."""
    if any(ctx.active(v) if isinstance(v.type, Scalar) else ctx.shadow(v) is not None for v in op.operands):
        _refuse(op)


def _refuse(op: Op) -> None:
    name = op.attrs["object"].removesuffix(".pushforward").removesuffix(".pullback")
    raise DifferentiationError(
        f"the external function {name} has no derivative of this order",
        op.loc,
        'give it a first one: @ssad.external(method="central"), or "complex_step", or a rule',
    )


define(
    "external",
    type_rule=_rule,
    effects=Effect.CHECKS | Effect.READS | Effect.WRITES,
    jvp=_external_jvp,
    vjp=_external_vjp,
    llvm=Native("external"),
    takes_attrs=True,
)
