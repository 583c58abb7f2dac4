"""`cmath` and NumPy's functions of complex numbers in terms of real ones, by CPython's formulas.

Where a formula takes |x| or gives a result the sign of x, it is multiplied by that sign here, which is the
same number but has a derivative at 0, too. `f(x, y)` gives the parts of f(x + iy) without errors;
`cmath_functions` tells range and domain errors from them.

Source: CPython, Modules/cmathmodule.c; Kahan 1987, "Branch cuts for complex elementary functions".
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

_LARGE = sys.float_info.max / 4.0
_SQRT_LARGE = math.sqrt(_LARGE)
_LOG_LARGE = math.log(_LARGE)
_TINY = sys.float_info.min
_SQRT_TINY = math.sqrt(_TINY)
_LN2 = math.log(2.0)
_LN10 = math.log(10.0)

Parts = tuple[Any, Any]


def _sign(x: Any) -> Any:
    """1.0 or -1.0 by the sign bit, which has no derivative."""
    return math.copysign(1.0, x)


def _finite(x: Any, y: Any) -> Any:
    return math.isfinite(x) and math.isfinite(y)


def hypot(x: Any, y: Any) -> Any:
    return np.abs(np.complex128(x, y))


def exp(x: Any, y: Any) -> Parts:
    if not _finite(x, y):
        if y == 0.0:
            return np.exp(x), y
        if not math.isfinite(y) and x == -math.inf:
            return 0.0, 0.0
        if not math.isfinite(y) and x == math.inf:
            return x, math.nan
    elif x > _LOG_LARGE:
        size = np.exp(x - 1.0)
        return size * np.cos(y) * math.e, size * np.sin(y) * math.e
    size = np.exp(x)
    return size * np.cos(y), size * np.sin(y)


def log(x: Any, y: Any) -> Parts:
    angle = np.arctan2(y, x)
    across, along = x * _sign(x), y * _sign(y)
    if across > _LARGE or along > _LARGE:
        return np.log(hypot(across / 2.0, along / 2.0)) + _LN2, angle
    if across < _TINY and along < _TINY:
        if across > 0.0 or along > 0.0:
            return np.log(hypot(across * 2.0**53, along * 2.0**53)) - 53 * _LN2, angle
        return np.log(across * 0.0), angle
    size = hypot(across, along)
    if size >= 0.71 and size <= 1.73:
        if across > along:
            return np.log1p((across - 1.0) * (across + 1.0) + along * along) / 2.0, angle
        return np.log1p((along - 1.0) * (along + 1.0) + across * across) / 2.0, angle
    return np.log(size), angle


def sqrt(x: Any, y: Any) -> Parts:
    if x == 0.0 and y == 0.0:  # 0 and y, with infinite slopes
        return np.sqrt(x + 0.0), _sign(y) * np.sqrt(y * _sign(y))
    if math.isinf(y):
        return math.inf, y
    sign = _sign(y)
    across = x if x >= 0.0 else -x
    along = y * sign
    if across < _TINY and along < _TINY:
        across = across * 2.0**53
        size = np.sqrt(across + hypot(across, along * 2.0**53)) * 2.0**-27
    else:
        across = across / 8.0
        size = 2.0 * np.sqrt(across + hypot(across, along / 8.0))
    other = along / (2.0 * size)
    if x >= 0.0:
        return size, sign * other
    return other, sign * size


def cosh(x: Any, y: Any) -> Parts:
    if not _finite(x, y):
        if y == 0.0:
            return np.cosh(x), abs(y) if math.isnan(x) else y * _sign(x)
        if x == 0.0:
            return math.nan, 0.0
        if math.isinf(x) and not math.isfinite(y):
            return math.inf, math.nan
    elif abs(x) > _LOG_LARGE:
        nearer = x - math.copysign(1.0, x)
        return np.cos(y) * np.cosh(nearer) * math.e, np.sin(y) * np.sinh(nearer) * math.e
    return np.cos(y) * np.cosh(x), np.sin(y) * np.sinh(x)


def sinh(x: Any, y: Any) -> Parts:
    if not _finite(x, y):
        if y == 0.0:
            return x, y
        if x == 0.0:
            return 0.0, math.nan
        if math.isinf(x) and not math.isfinite(y):
            return math.inf, math.nan
    elif abs(x) > _LOG_LARGE:
        nearer = x - math.copysign(1.0, x)
        return np.cos(y) * np.sinh(nearer) * math.e, np.sin(y) * np.cosh(nearer) * math.e
    return np.cos(y) * np.sinh(x), np.sin(y) * np.cosh(x)


def tanh(x: Any, y: Any) -> Parts:
    if math.isnan(x) and y == 0.0:
        return x, y
    if math.isinf(x) and not math.isfinite(y):
        return math.copysign(1.0, x), 0.0
    if not math.isfinite(y):
        return math.nan, math.nan
    if abs(x) > _LOG_LARGE:
        return math.copysign(1.0, x), 4.0 * np.sin(y) * np.cos(y) * np.exp(-2.0 * abs(x))
    tx, ty = np.tanh(x), np.tan(y)
    cx = 1.0 / np.cosh(x)
    both = tx * ty
    denominator = 1.0 + both * both
    return tx * (1.0 + ty * ty) / denominator, ((ty / denominator) * cx) * cx


def cos(x: Any, y: Any) -> Parts:
    return cosh(-y, x)


def sin(x: Any, y: Any) -> Parts:
    re, im = sinh(-y, x)
    return im, -re


def tan(x: Any, y: Any) -> Parts:
    re, im = tanh(-y, x)
    return im, -re


def _is_large(x: Any, y: Any) -> Any:
    return abs(x) > _LARGE or abs(y) > _LARGE


def _log_of_large(x: Any, y: Any) -> Any:
    return np.log(hypot(x / 2.0, y / 2.0)) + _LN2 * 2.0


def acos(x: Any, y: Any) -> Parts:
    if math.isnan(y) and (math.isinf(x) or x == 0.0):
        return (math.nan, math.inf) if math.isinf(x) else (math.pi / 2.0, math.nan)
    if _is_large(x, y):
        return np.arctan2(y * _sign(y), x), -_sign(y) * _log_of_large(x, y)
    a, b = sqrt(1.0 - x, -y)
    c, d = sqrt(1.0 + x, y)
    return 2.0 * np.arctan2(a, c), np.arcsinh(c * b - d * a)


def acosh(x: Any, y: Any) -> Parts:
    if _is_large(x, y):
        return _log_of_large(x, y), np.arctan2(y, x)
    a, b = sqrt(x - 1.0, y)
    c, d = sqrt(x + 1.0, y)
    return np.arcsinh(a * c + b * d), 2.0 * np.arctan2(b, c)


def asinh(x: Any, y: Any) -> Parts:
    if math.isnan(x) and (math.isinf(y) or y == 0.0):
        return (math.inf, math.nan) if math.isinf(y) else (x, y)
    if _is_large(x, y):
        return _sign(x) * _log_of_large(x, y), np.arctan2(y, x * _sign(x))
    a, b = sqrt(1.0 + y, -x)
    c, d = sqrt(1.0 - y, x)
    return np.arcsinh(a * d - c * b), np.arctan2(y, a * c - b * d)


def asin(x: Any, y: Any) -> Parts:
    re, im = asinh(-y, x)
    return im, -re


def atanh(x: Any, y: Any) -> Parts:
    if math.isinf(x):
        return _sign(x) * 0.0, y if math.isnan(y) else _sign(y) * (math.pi / 2.0)
    if math.isnan(x) and math.isinf(y):
        return 0.0, _sign(y) * (math.pi / 2.0)
    if math.isnan(y) and x == 0.0:
        return x, y
    if math.isnan(x) or math.isnan(y):
        return math.nan, math.nan
    if math.copysign(1.0, x) < 0.0:
        re, im = _atanh_right(-x, -y)
        return -re, -im
    return _atanh_right(x, y)


def _atanh_right(x: Any, y: Any) -> Parts:
    """For x >= 0."""
    along = y * _sign(y)
    if x > _SQRT_LARGE or along > _SQRT_LARGE:
        half = hypot(x / 2.0, y / 2.0)
        return x / 4.0 / half / half, _sign(y) * (math.pi / 2.0)
    if x == 1.0 and along < _SQRT_TINY:
        if along == 0.0:
            return math.inf * x, y
        size = -np.log(np.sqrt(along) / np.sqrt(hypot(along, 2.0)))
        return size, _sign(y) * (np.arctan2(2.0, -along) / 2.0)
    re = np.log1p(4.0 * x / ((1.0 - x) * (1.0 - x) + y * y)) / 4.0
    return re, -np.arctan2(-2.0 * y, (1.0 - x) * (1.0 + x) - y * y) / 2.0


def atan(x: Any, y: Any) -> Parts:
    re, im = atanh(-y, x)
    return im, -re


# Beyond cmath, for NumPy


def log10(x: Any, y: Any) -> Parts:
    re, im = log(x, y)
    return re / _LN10, im / _LN10


def log2(x: Any, y: Any) -> Parts:
    re, im = log(x, y)
    return re / _LN2, im / _LN2


def log1p(x: Any, y: Any) -> Parts:
    return np.log(hypot(x + 1.0, y)), np.arctan2(y, x + 1.0)


def exp2(x: Any, y: Any) -> Parts:
    return exp(x * _LN2, y * _LN2)


def expm1(x: Any, y: Any) -> Parts:
    half = np.sin(y / 2.0)
    return np.expm1(x) * np.cos(y) - 2.0 * half * half, np.exp(x) * np.sin(y)


def square(x: Any, y: Any) -> Parts:
    return x * x - y * y, x * y + y * x


CORES: dict[Any, Callable[[Any, Any], Parts]] = {
    np.exp: exp,
    np.exp2: exp2,
    np.expm1: expm1,
    np.log: log,
    np.log10: log10,
    np.log2: log2,
    np.log1p: log1p,
    np.sqrt: sqrt,
    np.square: square,
    np.cosh: cosh,
    np.sinh: sinh,
    np.tanh: tanh,
    np.cos: cos,
    np.sin: sin,
    np.tan: tan,
    np.arccos: acos,
    np.arccosh: acosh,
    np.arcsin: asin,
    np.arcsinh: asinh,
    np.arctan: atan,
    np.arctanh: atanh,
}
"""NumPy's function of a complex number -> (x, y) to the parts of its result, without errors."""
