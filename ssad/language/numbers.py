"""Numbers."""

from __future__ import annotations

import cmath
import math

import numpy as np


def integers(x: float = 0.7, n: int = 13) -> float:
    """Integers: `//`, `%`, `divmod`, `**`, bit operations, with Python's sign rules."""
    q, r = divmod(-n, 4)
    k = (n << 2 >> 1) & 13 | 2 ^ 5
    return x * (q + r * 2 + k + ~n + n // -3 + n % -5 + 2**n % 7)


def floats(x: float = 0.7) -> float:
    """Floats: arithmetic, `//`, `%`, `**`, `abs`, `min`, `max`, `round`."""
    y = x**3.5 + 2.0**x - 7.5 // x * 0.1 + 7.5 % x
    return abs(min(y, 3.0)) + max(x, 0.1, 0.2) + round(2.6)


def mixed_types(x: float = 0.7, n: int = 3) -> float:
    """Ints that become floats, bools that become ints, conversions."""
    s = 0
    for _ in range(n):
        s = s + x
    return s + True + int(3.9) * float(n) + bool(n)


def single_precision(x: np.float32 = np.float32(0.7)) -> float:
    """`np.float32`, kept as such."""
    y = x * np.float32(1.5)
    return float(y * y)


def fixed_width_integers(x: float = 0.7) -> float:
    """NumPy integers of any width."""
    n = np.int8(100)
    m = np.uint16(40000)
    return x * (int(n - np.int8(3)) + int(m >> np.uint16(2)))


def elementary(x: float = 0.7) -> float:
    """Functions of `math`, and of `np` on scalars."""
    return math.sin(x) * math.exp(-x) + np.tanh(x) * math.hypot(x, 2.0) + math.erf(x)


def complex_numbers(x: float = 0.7) -> float:
    """Complex numbers."""
    z = cmath.exp(1j * x) * (1.0 + 2.0j)
    return abs(z) + (z * z.conjugate()).real + z.imag


def complex_arrays(x: float = 0.7) -> float:
    """Arrays of `complex128`: elements and views."""
    z = np.zeros(3, dtype=complex)
    for k in range(3):
        z[k] = cmath.rect(x, 0.5 * k)
    z[1:] = 2j * x
    return abs(z[0] * z[2]) + z[0].real * z[::2][1].imag
