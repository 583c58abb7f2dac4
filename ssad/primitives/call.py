"""Calls of other functions of the module, and the tuples their results come in."""

from __future__ import annotations

from typing import Any

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
