"""Total versions of Python's arithmetic: IEEE results where Python raises. These are the `eval` columns.

They compute in f64; the interpreter rounds to f32 and wraps integers to their width, so a function here may
return an integer of any size. Values are those of the C library, which CPython's `math` calls and the native
code too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

inf, nan = math.inf, math.nan


def total(
    fn: Callable[[float], float], pole: Callable[[float], float] | None = None
) -> Callable[[float], float]:
    """`fn` with nan where it raises ValueError and inf where it overflows.

    `pole(x)` gives the value where `fn` raises ValueError, if that is not always nan.
    """

    def evaluate(x: float) -> float:
        try:
            return fn(x)
        except ValueError:
            return nan if pole is None else pole(x)
        except OverflowError:
            return inf

    evaluate.__name__ = fn.__name__
    return evaluate


def log_pole(x: float) -> float:
    return -inf if x == 0.0 else nan


def log1p_pole(x: float) -> float:
    return -inf if x == -1.0 else nan


def atanh_pole(x: float) -> float:
    return math.copysign(inf, x) if abs(x) == 1.0 else nan


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def tgamma(x: float) -> float:
    """Gamma: at 0 infinite with the sign of the zero, nan at the negative integers and -inf."""
    try:
        return math.gamma(x)
    except ValueError:
        return math.copysign(inf, x) if x == 0.0 else nan
    except OverflowError:
        return inf if x > 0 or math.floor(x) % 2 == 0 else -inf


def lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return inf


def div(x: float, y: float) -> float:
    if y != 0.0:
        return x / y
    if x == 0.0 or x != x:
        return nan
    return math.copysign(inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    """C's pow."""
    try:
        return math.pow(x, y)
    except ValueError:
        if x == 0.0:  # a pole; odd integer exponents keep the sign of the zero
            return math.copysign(inf, x) if math.fmod(y, 2.0) != 0.0 and y == math.floor(y) else inf
        return nan
    except OverflowError:
        return -inf if x < 0.0 and math.fmod(y, 2.0) != 0.0 else inf


def fmod(x: float, y: float) -> float:
    try:
        return math.fmod(x, y)
    except ValueError:
        return nan


def mod(x: float, y: float) -> float:
    """The remainder with the divisor's sign; by zero nan for floats, 0 for integers (any value would do)."""
    if isinstance(x, int):
        return x % y if y else 0
    if y == 0.0 or math.isinf(x):
        return nan
    return x % y


def floordiv(x: float, y: float) -> float:
    """The quotient rounded down; by zero NumPy's for floats, 0 for integers (any value would do)."""
    if isinstance(x, int):
        return x // y if y else 0
    return x // y if y != 0.0 else div(x, y)


def fma(x: float, y: float, z: float) -> float:
    """x*y + z with one rounding."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return x * y + z
    if not math.isfinite(z):
        return z
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:  # exact in floats, too, and with the right sign
        return x * y + z
    try:
        rounded = float(exact)
    except OverflowError:
        return inf if exact > 0 else -inf
    return math.copysign(rounded, 1.0 if exact > 0 else -1.0)


def rounding(fn: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding to integers that stays a float: keeps nan, infinities and the sign of zero."""

    def evaluate(x: float) -> float:
        return math.copysign(float(fn(x)), x) if math.isfinite(x) else x

    return evaluate


def maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


def fmax(x: float, y: float) -> float:
    return x if x >= y or y != y else y


def fmin(x: float, y: float) -> float:
    return x if x <= y or y != y else y


def ipow(x: int, n: int) -> int:
    """x**n for n >= 0, known up to multiples of 2**64 (any value would do for n < 0)."""
    return pow(x, n, 1 << 64) if n >= 0 else 0


def fits_i64(x: int) -> bool:
    return -(1 << 63) <= x < 1 << 63


def ipow_overflows(x: int, n: int) -> bool:
    if n < 0 or abs(x) < 2:
        return False
    return n > 63 or not fits_i64(x**n)


def shl(x: int, n: int) -> int:
    """x * 2**n; 0 where the count is not in [0, 64)."""
    return x << n if 0 <= n < 64 else 0


def shr(x: int, n: int) -> int:
    """x / 2**n rounded down, for any n >= 0 (any value would do for n < 0)."""
    return x >> min(n, 64) if n >= 0 else x


def shl_overflows(x: int, n: int) -> bool:
    if n >= 64:
        return x != 0
    return n >= 0 and not fits_i64(x << n)


def sign(x: float) -> float:
    """1, -1 or 0 of x's type; nan stays nan."""
    return type(x)((x > 0) - (x < 0)) if x == x else x
