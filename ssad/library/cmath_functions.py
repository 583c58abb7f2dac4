"""The functions of `cmath`: what their cores compute, with CPython's range and domain errors."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ssad.library import complex_cores as core

_LN10 = math.log(10.0)


def _made(parts: tuple[Any, Any]) -> complex:
    return complex(float(parts[0]), float(parts[1]))


def _finite(x: float, y: float) -> bool:
    return math.isfinite(x) and math.isfinite(y)


def _in_range(x: float, y: float, parts: tuple[Any, Any]) -> complex:
    """The result, unless it is infinite though the argument is finite."""
    re, im = float(parts[0]), float(parts[1])
    if (math.isinf(re) or math.isinf(im)) and _finite(x, y):
        raise OverflowError("math range error")
    return complex(re, im)


def exp(z: complex) -> complex:
    x, y = z.real, z.imag
    if math.isinf(y) and (math.isfinite(x) or x > 0.0):
        raise ValueError("math domain error")
    return _in_range(x, y, core.exp(x, y))


def log(z: complex) -> complex:
    if z.real == 0.0 and z.imag == 0.0:
        raise ValueError("math domain error")
    return _made(core.log(z.real, z.imag))


def log_to_base(z: complex, base: complex) -> complex:
    numerator, denominator = _made(core.log(z.real, z.imag)), log(base)
    if denominator == 0.0:
        raise ValueError("math domain error")
    return numerator / denominator


def log10(z: complex) -> complex:
    w = log(z)
    return complex(w.real / _LN10, w.imag / _LN10)


def sqrt(z: complex) -> complex:
    return _made(core.sqrt(z.real, z.imag))


def cosh(z: complex) -> complex:
    x, y = z.real, z.imag
    if math.isinf(y) and not math.isnan(x):
        raise ValueError("math domain error")
    return _in_range(x, y, core.cosh(x, y))


def sinh(z: complex) -> complex:
    x, y = z.real, z.imag
    if math.isinf(y) and not math.isnan(x):
        raise ValueError("math domain error")
    return _in_range(x, y, core.sinh(x, y))


def tanh(z: complex) -> complex:
    if math.isinf(z.imag) and math.isfinite(z.real):
        raise ValueError("math domain error")
    return _made(core.tanh(z.real, z.imag))


def cos(z: complex) -> complex:
    return cosh(complex(-z.imag, z.real))


def sin(z: complex) -> complex:
    w = sinh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def tan(z: complex) -> complex:
    w = tanh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def acos(z: complex) -> complex:
    return _made(core.acos(z.real, z.imag))


def acosh(z: complex) -> complex:
    return _made(core.acosh(z.real, z.imag))


def asin(z: complex) -> complex:
    return _made(core.asin(z.real, z.imag))


def asinh(z: complex) -> complex:
    return _made(core.asinh(z.real, z.imag))


def atan(z: complex) -> complex:
    w = atanh(complex(-z.imag, z.real))
    return complex(w.imag, -w.real)


def atanh(z: complex) -> complex:
    if abs(z.real) == 1.0 and z.imag == 0.0:
        raise ValueError("math domain error")
    return _made(core.atanh(z.real, z.imag))


def phase(z: complex) -> float:
    angle = math.atan2(z.imag, z.real)
    if angle == 0.0 and z.imag != 0.0 and math.isfinite(z.real):
        raise OverflowError("math range error")  # it is the underflow that CPython reports so
    return angle


def polar(z: complex) -> tuple[float, float]:
    size = float(core.hypot(z.real, z.imag))
    if math.isinf(size) and _finite(z.real, z.imag):
        raise OverflowError("math range error")
    return size, math.atan2(z.imag, z.real)


def rect(r: float, phi: float) -> complex:
    if math.isinf(phi) and not (math.isnan(r) or r == 0.0):
        raise ValueError("math domain error")
    if phi == 0.0:
        if math.isfinite(r):
            return complex(r, phi * r)
        return complex(r, 0.0 if math.isnan(r) else phi * math.copysign(1.0, r))
    if r == 0.0 and not math.isfinite(phi):
        return complex(0.0, 0.0)
    if math.isinf(r) and math.isnan(phi):
        return complex(math.inf, math.nan)
    return complex(r * float(np.cos(phi)), r * float(np.sin(phi)))


def isnan(z: complex) -> bool:
    return math.isnan(z.real) or math.isnan(z.imag)


def isinf(z: complex) -> bool:
    return math.isinf(z.real) or math.isinf(z.imag)


def isfinite(z: complex) -> bool:
    return _finite(z.real, z.imag)


def isclose(a: complex, b: complex, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if isinf(a) or isinf(b):
        return False
    gap = core.hypot(a.real - b.real, a.imag - b.imag)
    bound = rel_tol * core.hypot(b.real, b.imag)
    return bool(gap <= bound or gap <= rel_tol * core.hypot(a.real, a.imag) or gap <= abs_tol)


LIBRARY: dict[Any, Callable[..., Any]] = {
    cmath.exp: exp,
    cmath.log: log,
    cmath.log10: log10,
    cmath.sqrt: sqrt,
    cmath.cosh: cosh,
    cmath.sinh: sinh,
    cmath.tanh: tanh,
    cmath.cos: cos,
    cmath.sin: sin,
    cmath.tan: tan,
    cmath.acos: acos,
    cmath.acosh: acosh,
    cmath.asin: asin,
    cmath.asinh: asinh,
    cmath.atan: atan,
    cmath.atanh: atanh,
    cmath.phase: phase,
    cmath.polar: polar,
    cmath.rect: rect,
    cmath.isnan: isnan,
    cmath.isinf: isinf,
    cmath.isfinite: isfinite,
    cmath.isclose: isclose,
    ("two", cmath.log): log_to_base,
}
"""`("two", f)`: f with two arguments."""
