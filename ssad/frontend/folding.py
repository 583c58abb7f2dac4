"""Constant folding while typed IR is written: enough to decide types, branches and checks at compile time."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I64, Scalar, scalar

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}
_DIVISION: dict[str, Callable[[Any, Any], Any]] = {
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
}
_OVERFLOWS: dict[str, Callable[[int, int], int]] = {
    "add_overflows": operator.add,
    "sub_overflows": operator.sub,
    "mul_overflows": operator.mul,
}
_FLOAT_PREDICATES = {"isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite}
_FITS_I64 = range(-(2**63), 2**63)


def fold(name: str, operands: Sequence[Value], attrs: Mapping[str, Any]) -> Value | None:
    """The result of primitive `name` if it is known at compile time, else None. Everything folded is
    exact.
    """
    if not operands:
        return None
    if name in ("and", "or") and operands[0].type is BOOL:
        return _logic(name, operands[0], operands[1])
    if name == "select":
        cond = operands[0]
        if isinstance(cond, Const):
            return operands[1 if cond.value else 2]
        arms = [v.value if isinstance(v, Const) and v.type is BOOL else None for v in operands[1:]]
        return cond if arms == [True, False] else None
    if not all(isinstance(v, Const) for v in operands):
        return None
    values = [v.value for v in operands if isinstance(v, Const)]
    type_ = operands[0].type
    assert isinstance(type_, Scalar)
    if name == "cast":
        return _cast(values[0], scalar(attrs["to"]))
    if name == "not" and type_ is BOOL:
        return Const(BOOL, not values[0])
    if name in _FLOAT_PREDICATES:
        return Const(BOOL, _FLOAT_PREDICATES[name](values[0]))
    if len(values) == 1:
        if name in ("neg", "abs") and type_ in (F64, I64):
            return _number(type_, -values[0] if name == "neg" else abs(values[0]))
        return None
    return _binary(name, type_, values[0], values[1])


def _binary(name: str, type_: Scalar, a: Any, b: Any) -> Value | None:
    if name in _COMPARE:
        return Const(BOOL, _COMPARE[name](a, b))
    if name in _OVERFLOWS:
        return Const(BOOL, _OVERFLOWS[name](a, b) not in _FITS_I64)
    if name == "xor" and type_ is BOOL:
        return Const(BOOL, a is not b)
    if type_ not in (F64, I64):
        return None
    if name in _ARITHMETIC:
        return _number(type_, _ARITHMETIC[name](a, b))
    if name in _DIVISION and b != 0:
        return _number(type_, _DIVISION[name](a, b))
    if type_ is I64 and name in ("and", "or", "xor"):
        return Const(I64, {"and": a & b, "or": a | b, "xor": a ^ b}[name])
    if name == "ipow" and 0 <= b < 64 and a**b in _FITS_I64:
        return Const(I64, a**b)
    if name == "ipow_overflows" and 0 <= b < 64:
        return Const(BOOL, a**b not in _FITS_I64)
    return None


def _number(type_: Scalar, value: Any) -> Value | None:
    if type_ is I64 and value not in _FITS_I64:
        return None
    return Const(type_, value)


def _logic(name: str, a: Value, b: Value) -> Value | None:
    neutral = name == "and"
    for x, other in ((a, b), (b, a)):
        if isinstance(x, Const):
            return other if bool(x.value) is neutral else x
    return a if a is b else None


def _cast(value: Any, to: Scalar) -> Value | None:
    if to.is_float:
        if to is F64:
            return Const(to, float(value))
        return None if isinstance(value, float) and not _exact_in_f32(value) else _f32(value, to)
    if to is BOOL or not math.isfinite(value):
        return None
    whole = int(value)
    low = -(1 << (to.bits - 1)) if to.kind == "i" else 0
    return Const(to, whole) if low <= whole < low + (1 << to.bits) else None


def _exact_in_f32(value: float) -> bool:
    from ssad.frontend.joins import fits
    from ssad.ir.types import F32

    return fits(value, F32)


def _f32(value: Any, to: Scalar) -> Value | None:
    return Const(to, float(value)) if abs(value) <= 2**24 or isinstance(value, float) else None
