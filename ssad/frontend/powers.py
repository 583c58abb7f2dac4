"""`**`: four kinds of power, each with what Python refuses about it."""

from __future__ import annotations

import math
import operator

import numpy as np

from ssad.frontend import python_errors as errors
from ssad.frontend.abstract import Number
from ssad.frontend.context import FALSE, TRUE, Context, Rep, scalar
from ssad.frontend.promotion import bring, meet
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I8, I64, U64, Scalar


def power(ctx: Context, a: Rep, b: Rep) -> Rep:
    """`a ** b` of two numbers."""
    exponent = b.abstract
    assert isinstance(exponent, Number)
    to, flag = meet(ctx, a, b)
    whole = not exponent.type.is_float
    if to.is_float:
        return _float_power(ctx, bring(ctx, a, to), bring(ctx, b, to), flag, whole)
    negative = exponent.constant is not None and exponent.constant < 0
    if negative and flag is FALSE:
        return _float_power(ctx, ctx.cast(a.parts[0], F64), ctx.cast(b.parts[0], F64), flag, whole)
    return _integer_power(ctx, a, b, I8 if to is BOOL else to, flag)


def _integer_power(ctx: Context, a: Rep, b: Rep, to: Scalar, flag: Value) -> Rep:
    """Integers stay integers, so a negative exponent is refused: by NumPy's rule, or because the type is
    int.
    """
    x, y = bring(ctx, a, to), bring(ctx, b, to)
    nonnegative = ctx.emit("ge", y, Const(to, 0))
    if flag is not FALSE:
        exc, text = errors.message_of(operator.pow, np.int64(2), np.int64(-1))
        ctx.check(ctx.or_(ctx.not_(flag), nonnegative), exc, text)
    if flag is not TRUE:
        ctx.check(ctx.or_(flag, nonnegative), "ValueError", errors.INT_POWER)
    if to is U64:
        ctx.check(ctx.emit("le", y, Const(U64, 2**63 - 1)), "OverflowError", errors.INT_TOO_LARGE)
    # powers of narrow integers wrap to their width, as those of i64 do modulo a multiple of it
    x, y = ctx.cast(x, I64), ctx.cast(y, I64)
    if flag is not TRUE:
        fits = ctx.not_(ctx.emit("ipow_overflows", x, y))
        ctx.check(ctx.or_(flag, fits), "OverflowError", errors.INT_TOO_LARGE)
    return scalar(ctx.cast(ctx.emit("ipow", x, y), to), flag)


def _float_power(ctx: Context, x: Value, y: Value, flag: Value, whole: bool) -> Rep:
    """Python's float power raises at the pole, where the result is complex, and where it is too large.

    `whole`: the exponent was an integer.
    """
    checked = ctx.python_errors and flag is not TRUE
    number = y.value if isinstance(y, Const) else None
    finite = TRUE if whole else ctx.emit("isfinite", y)
    if checked and not (number is not None and not number < 0.0):
        _check_pole(ctx, x, y, flag, finite)
    if flag is not TRUE and not whole and not (number is not None and _is_whole(number)):
        _check_complex(ctx, x, y, flag, finite)
    result = ctx.emit("pow", x, y)
    if checked and not (number is not None and 0.0 <= number <= 1.0):
        too_large = ctx.and_(ctx.emit("isinf", result), ctx.emit("isfinite", x), finite)
        ctx.check(ctx.or_(ctx.not_(too_large), flag), *errors.power_overflow())
    return scalar(result, flag)


def _is_whole(number: float) -> bool:
    return not math.isfinite(number) or number == math.floor(number)


def _zero(like: Value) -> Const:
    assert isinstance(like.type, Scalar)
    return Const(like.type, 0.0)


def _check_pole(ctx: Context, x: Value, y: Value, flag: Value, finite: Value) -> None:
    """Zero to a finite negative power."""
    negative = ctx.and_(ctx.emit("lt", y, _zero(y)), finite)
    pole = ctx.and_(negative, ctx.emit("eq", x, _zero(x)))
    ctx.check(ctx.or_(flag, ctx.not_(pole)), *errors.power_of_zero())


def _check_complex(ctx: Context, x: Value, y: Value, flag: Value, finite: Value) -> None:
    """A finite negative number to a finite fractional power."""
    fractional: Value = TRUE
    if not isinstance(y, Const):
        fractional = ctx.and_(ctx.emit("ne", ctx.emit("floor", y), y), finite)
    below = ctx.and_(ctx.emit("lt", x, _zero(x)), ctx.emit("isfinite", x))
    fine = ctx.or_(flag, ctx.not_(ctx.and_(below, fractional)))
    ctx.check(fine, "ValueError", errors.COMPLEX_POWER)
