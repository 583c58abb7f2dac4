"""The op that takes or releases one of Python's locks; the reverse sweep takes what was released."""

from __future__ import annotations

from typing import Any

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, define
from ssad.ir.types import Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, need


def _rule(types: Types, attrs: Attrs) -> Type | None:
    need(
        not types and "object" in attrs and "take" in attrs,
        "no operands, the attributes object and take",
        types,
    )
    return None


def _lock_jvp(ctx: Any, op: Op) -> None:
    """The tangent sweep runs beside the primal, under the same lock."""


def _lock_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    ctx.b.lock(object=op.attrs["object"], take=not op.attrs["take"])


define(
    "lock",
    type_rule=_rule,
    eval=lambda **_: None,
    effects=Effect.CHECKS | Effect.SHARES,
    jvp=_lock_jvp,
    vjp=_lock_vjp,
    llvm=Native("lock"),
    takes_attrs=True,
    source="https://docs.python.org/3/library/threading.html#lock-objects",
)
