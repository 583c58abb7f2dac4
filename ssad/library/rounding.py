"""`round(x, digits)`, bit for bit as Python and NumPy have it, as plain Python.

Python rounds the exact value of the float to a decimal number, half to even, and takes the float next to
that. Up to 22 digits 10**digits is a float, so the product with it is known exactly as the sum of two floats
(Dekker 1971), and the quotient of an integer below 2**53 by it is the float next to the decimal number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ssad.library.lists import constant

_SPLIT = 134217729.0
_MOST = 22


def round_float(x: float, digits: int) -> float:
    x = constant(x)  # steps have no slope
    if not math.isfinite(x) or digits > 323:
        return x
    if digits > _MOST or digits < -_MOST:
        raise ValueError("compiled code rounds to 22 digits at most")
    size = abs(x)
    scale = 1.0
    for _ in range(abs(digits)):
        scale *= 10.0
    if digits >= 0:
        rounded = _to_digits(size, scale)
    else:
        rounded = _to_tens(size, scale)
    return math.copysign(rounded, x)


def _rest_of_product(a: float, b: float) -> float:
    """What the float a * b lacks of the product."""
    x = _SPLIT * a
    high = x - (x - a)
    low = a - high
    y = _SPLIT * b
    high_b = y - (y - b)
    low_b = b - high_b
    return ((high * high_b - a * b) + high * low_b + low * high_b) + low * low_b


def _to_digits(size: float, scale: float) -> float:
    if size >= 4503599627370496.0:
        return size
    product = size * scale
    if product >= 9007199254740992.0:
        return size
    rest = _rest_of_product(size, scale)
    whole = float(int(product))
    part = product - whole
    if part == 0.0 and rest < 0.0:
        whole -= 1.0
        part = 1.0
    beyond = (part - 0.5) + rest
    if beyond > 0.0 or (beyond == 0.0 and int(whole) % 2 == 1):
        whole += 1.0
    return whole / scale


def _to_tens(size: float, scale: float) -> float:
    if size >= scale * 9007199254740992.0:
        return size
    rest = math.fmod(size, scale)
    whole = float(int(size / scale)) - 1.0
    for _ in range(3):  # the quotient may be one off
        if (size - whole * scale) - _rest_of_product(whole, scale) == rest:
            break
        whole += 1.0
    if 2.0 * rest > scale or (2.0 * rest == scale and int(whole) % 2 == 1):
        whole += 1.0
    return whole * scale


def round_int(n: int, digits: int) -> int:
    if digits >= 0:
        return n
    if digits < -18:
        return 0
    scale = 10**-digits
    whole, rest = divmod(n, scale)
    if 2 * rest > scale or (2 * rest == scale and whole % 2 == 1):
        whole += 1
    return whole * scale


def round_numpy(x: Any, digits: int) -> Any:
    scale = 10.0 ** abs(digits)
    if digits >= 0:
        return np.divide(np.rint(np.multiply(x, scale)), scale)
    return np.multiply(np.rint(np.divide(x, scale)), scale)


LIBRARY: dict[Any, Callable[..., Any]] = {
    ("round", "float"): round_float,
    ("round", "int"): round_int,
    ("round", "numpy"): round_numpy,
}
