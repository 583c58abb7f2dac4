"""Functions of one or a few numbers that are compositions of primitives, as plain Python.

They are lifted and inlined like user code, so their derivatives, checks and error messages come for free.
What is written with Python's operators and `math` yields Python numbers, what is written with NumPy's
functions NumPy's. Values are those of the originals, bit for bit for `math`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_TO_DEGREES = 180.0 / math.pi
_TO_RADIANS = math.pi / 180.0

# math


def degrees(x: float) -> float:
    return x * _TO_DEGREES


def radians(x: float) -> float:
    return x * _TO_RADIANS


def floor(x: float) -> int:
    n = int(x)
    return n - (n > x)


def ceil(x: float) -> int:
    n = int(x)
    return n + (n < x)


def trunc(x: float) -> int:
    return int(x)


def log(x: float, base: float) -> float:
    """`math.log` with two arguments; with one it is the primitive."""
    return math.log(x) / math.log(base)


_FAR = 2.0**1023
_NEAR = 2.0**-969  # the least normal number times 2**53: what is rounded is rounded once


def ldexp(x: float, i: int) -> float:
    if x == 0.0 or not math.isfinite(x):
        return x
    y, n = x, min(max(i, -10000), 10000)
    while n > 1023:
        y *= _FAR
        n -= 1023
    while n < -1022:
        y *= _NEAR
        n += 969
    y *= 2.0**n
    if math.isinf(y):
        raise OverflowError("math range error")
    return y


def frexp(x: float) -> tuple[float, int]:
    if x == 0.0 or not math.isfinite(x):
        return x, 0
    m, e, step = x, 0, 512
    while step > 0:
        while abs(m) >= 2.0**step:
            m *= 2.0**-step
            e += step
        while abs(m) < 2.0 ** (1 - step):
            m *= 2.0**step
            e -= step
        step //= 2
    if abs(m) >= 1.0:
        m *= 0.5
        e += 1
    return m, e


def modf(x: float) -> tuple[float, float]:
    if math.isinf(x):
        return math.copysign(0.0, x), x
    whole = float(np.trunc(x))
    return math.copysign(x - whole, x), whole


def remainder(x: float, y: float) -> float:
    """x - n y for the integer n nearest to x / y, ties to even; always exact."""
    if math.isnan(x) or math.isnan(y):
        return x + y
    if math.isinf(x) or y == 0.0:
        raise ValueError("math domain error")
    if math.isinf(y):
        return x * 1.0
    size, period = abs(x), abs(y)
    above = math.fmod(size, period)
    below = period - above
    if above < below:
        rest = above
    elif above > below:
        rest = -below
    else:
        rest = above - 2.0 * math.fmod(0.5 * (size - above), period)
    return rest if math.copysign(1.0, x) > 0.0 else -rest


def ulp(x: float) -> float:
    """The distance from |x| to the next larger float, at the largest one to the next smaller."""
    size = abs(x)
    if math.isnan(x) or math.isinf(x):
        return size
    above = math.nextafter(size, math.inf)
    if math.isinf(above):
        return size - math.nextafter(size, 0.0)
    return above - size


def isclose(a: float, b: float, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if math.isinf(a) or math.isinf(b):
        return False
    gap = abs(b - a)
    return gap <= abs(rel_tol * b) or gap <= abs(rel_tol * a) or gap <= abs_tol


def gcd(a: int, b: int) -> int:
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a % b
    return a


def lcm(a: int, b: int) -> int:
    if a == 0 or b == 0:
        return 0
    return abs(a // gcd(a, b) * b)


def factorial(n: int) -> int:
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    product = 1
    for k in range(2, n + 1):
        product *= k
    return product


def isqrt(n: int) -> int:
    """The square root rounded down: that of floats, put right by at most a few steps."""
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    root = int(math.sqrt(n))
    while root > 0 and root > n // root:
        root -= 1
    while root + 1 <= n // (root + 1):
        root += 1
    return root


# NumPy


def square(x: Any) -> Any:
    return np.multiply(x, x)


def reciprocal(x: Any) -> Any:
    """1 / x of floats; integers raise, where NumPy rounds to 0."""
    return np.power(x, -1)


def positive(x: Any) -> Any:
    return np.multiply(x, 1)


def clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def deg2rad(x: Any) -> Any:
    return np.multiply(x, _TO_RADIANS)


def rad2deg(x: Any) -> Any:
    return np.multiply(x, _TO_DEGREES)


def signbit(x: Any) -> Any:
    return np.less(np.copysign(1.0, x), 0.0)


def heaviside(x: Any, at_zero: Any) -> Any:
    if x == 0.0:
        return np.multiply(at_zero, 1.0)
    return np.maximum(np.sign(x), 0.0)


def logaddexp(x: Any, y: Any) -> Any:
    """log(exp x + exp y). No case of its own for x = y: there both get half of the cotangent."""
    gap = np.subtract(x, y)
    if gap > 0.0:
        return np.add(x, np.log1p(np.exp(np.negative(gap))))
    if gap <= 0.0:
        return np.add(y, np.log1p(np.exp(gap)))
    return np.add(x, y)  # equal infinities, or nan


def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y)."""
    gap = np.subtract(x, y)
    if gap > 0.0:
        return np.add(x, np.multiply(np.log1p(np.exp2(np.negative(gap))), 1.0 / math.log(2.0)))
    if gap <= 0.0:
        return np.add(y, np.multiply(np.log1p(np.exp2(gap)), 1.0 / math.log(2.0)))
    return np.add(x, y)


def fix(x: Any) -> Any:
    return np.trunc(x)


def float_power(x: Any, y: Any) -> Any:
    return np.multiply(x, 1.0) ** np.multiply(y, 1.0)


def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x). Near zero, where the quotient's derivatives cancel, by its series."""
    angle = np.multiply(x, math.pi)
    if np.abs(angle) < 0.01:
        square = np.multiply(angle, angle)
        return 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
    return np.divide(np.sin(angle), angle)


def around(x: Any, decimals: int = 0) -> Any:
    return round(np.multiply(x, 1.0), decimals)


def nearly(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """`np.isclose` of numbers."""
    if equal_nan and np.isnan(a) and np.isnan(b):
        return np.isnan(a)
    near = np.less_equal(np.abs(np.subtract(a, b)), np.add(atol, np.multiply(rtol, np.abs(b))))
    return np.logical_or(np.equal(a, b), np.logical_and(near, np.isfinite(b)))


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    y = np.multiply(x, 1.0)
    if np.isnan(y):
        return np.multiply(nan, 1.0)
    if y == math.inf:
        return np.multiply(_LARGEST if posinf is None else posinf, 1.0)
    if y == -math.inf:
        return np.multiply(-_LARGEST if neginf is None else neginf, 1.0)
    return y


_LARGEST = float(np.finfo(np.float64).max)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """Linear interpolation at a number, as `np.interp` does it; `xp` increases."""
    n = len(xp)
    if n == 0:
        raise ValueError("array of sample points is empty")
    if n != len(fp):
        raise ValueError("fp and xp are not of the same length.")
    if n > 1 and np.isnan(x):
        return np.multiply(x, 1.0)
    if x < xp[0]:
        return np.multiply(fp[0] if left is None else left, 1.0)
    if x > xp[n - 1]:
        return np.multiply(fp[n - 1] if right is None else right, 1.0)
    if x == xp[n - 1]:
        return np.multiply(fp[n - 1], 1.0)
    if n == 1:  # x is nan
        return np.multiply(fp[0], 1.0)
    low, high = 0, n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if xp[middle] <= x:
            low = middle
        else:
            high = middle
    slope = np.divide(np.subtract(fp[low + 1], fp[low]), np.subtract(xp[low + 1], xp[low]))
    y = np.add(np.multiply(slope, np.subtract(x, xp[low])), fp[low])
    if np.isnan(y) and x == xp[low]:  # infinite slopes and values
        y = np.multiply(fp[low], 1.0)
    elif np.isnan(y):
        y = np.add(np.multiply(slope, np.subtract(x, xp[low + 1])), fp[low + 1])
        if np.isnan(y) and fp[low] == fp[low + 1]:
            y = np.multiply(fp[low], 1.0)
    return y


LIBRARY: dict[Any, Callable[..., Any]] = {
    math.degrees: degrees,
    math.radians: radians,
    math.floor: floor,
    math.ceil: ceil,
    math.trunc: trunc,
    math.log: log,
    math.frexp: frexp,
    math.ldexp: ldexp,
    math.modf: modf,
    math.remainder: remainder,
    math.ulp: ulp,
    math.isclose: isclose,
    math.gcd: gcd,
    math.lcm: lcm,
    math.factorial: factorial,
    math.isqrt: isqrt,
    np.square: square,
    np.reciprocal: reciprocal,
    np.positive: positive,
    np.around: around,
    np.clip: clip,
    np.fix: fix,
    np.float_power: float_power,
    np.interp: interp,
    np.isclose: nearly,
    np.nan_to_num: nan_to_num,
    np.round: around,
    np.sinc: sinc,
    np.deg2rad: deg2rad,
    np.radians: deg2rad,
    np.rad2deg: rad2deg,
    np.degrees: rad2deg,
    np.signbit: signbit,
    np.heaviside: heaviside,
    np.logaddexp: logaddexp,
    np.logaddexp2: logaddexp2,
}
"""Callable -> the plain Python function of the same value. One that is in `CALLS`, too (`math.log`), is meant
for the numbers of arguments that the primitive does not take."""
