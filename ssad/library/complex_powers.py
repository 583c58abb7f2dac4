"""Powers of complex numbers whose exponent is not a small integer known at compile time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_PRODUCTS = 100.0


def power(z: complex, w: complex, numpy: bool) -> complex:
    """z**w as CPython computes it; `numpy`: without its errors."""
    re, im = z.real, z.imag
    along, across = w.real, w.imag
    if across == 0.0 and along == np.floor(along) and abs(along) <= MOST_PRODUCTS:
        value = integer_power(z, int(along), numpy)
        return _beside_integer(value, z, along)
    if re == 0.0 and im == 0.0:
        if not numpy and (across != 0.0 or along < 0.0):
            raise ZeroDivisionError("0.0 to a negative or complex power")
        return complex(math.nan, math.nan) if across != 0.0 or along < 0.0 else 0j
    size = float(np.abs(np.complex128(z)))
    angle = math.atan2(im, re)
    length = float(np.power(np.float64(size), along))
    phase = angle * along
    if across != 0.0:
        length = float(np.float64(length) / np.exp(angle * across))
        phase += across * float(np.log(size))
    if math.isinf(phase) and not numpy:  # its cosine is a domain error, which CPython reports so
        raise ZeroDivisionError("0.0 to a negative or complex power")
    result = complex(length * float(np.cos(phase)), length * float(np.sin(phase)))
    if not numpy and (math.isinf(result.real) or math.isinf(result.imag)):
        raise OverflowError("complex exponentiation")
    return result


def integer_power(z: complex, n: int, numpy: bool) -> complex:
    """z**n for an integer n from -100 to 100."""
    result, square, left = 1 + 0j, z, abs(n)
    while left > 0:
        if left & 1 == 1:
            result = result * square
        left >>= 1
        if left > 0:
            square = square * square
    if n < 0:
        if result.real == 0.0 and result.imag == 0.0 and not numpy:
            raise ZeroDivisionError("0.0 to a negative or complex power")
        result = complex(np.complex128(1 + 0j) / result) if numpy else (1 + 0j) / result
    if not numpy and (math.isinf(result.real) or math.isinf(result.imag)):
        raise OverflowError("complex exponentiation")
    return result


def power_of_integer(z: complex, n: Any, numpy: bool) -> complex:
    """z**n for an integer n, which has no derivative."""
    if abs(n) <= 100:
        return integer_power(z, int(n), numpy)
    return power(z, complex(float(n)), numpy)


def _beside_integer(value: complex, z: complex, exponent: float) -> complex:
    """`value`, which is z**n, as a function of an exponent that happens to be n: times exp(0 log z).

    The zeros are added so that no sign of a zero changes.
    """
    if (z.real == 0.0 and z.imag == 0.0) or not math.isfinite(value.real) or not math.isfinite(value.imag):
        return value
    size = float(np.abs(np.complex128(z)))
    if math.isinf(size) or math.isnan(size):
        return value
    rest = exponent - np.floor(exponent)
    growth = float(np.exp(rest * np.log(size)))
    angle = float(rest * math.atan2(z.imag, z.real))
    re, im = growth * math.cos(angle), growth * math.sin(angle)
    return complex(value.real * re - (value.imag * im + 0.0), value.imag * re - (0.0 - value.real * im))


LIBRARY: dict[Any, Any] = {("power", False): power, ("power", True): power_of_integer}
"""`**` by whether the exponent is an integer."""
