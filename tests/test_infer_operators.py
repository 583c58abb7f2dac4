"""Every operator and many functions on every kind of number: the outcome is CPython's and NumPy's."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ssad.errors import SsadError
from ssad.frontend.infer import Typed
from tests.typed_run import Outcome, outcome, run_typed, same_outcome, typed

FLOATS = [0.0, -0.0, 1.0, -3.5, 7.0, math.inf, -math.inf, math.nan, 1e308, 5e-324]
INTS = [0, 1, -1, 7, -3, 64, -(2**63), 2**63 - 1]
SCALARS = [
    *FLOATS,
    *INTS,
    True,
    False,
    *map(np.float64, FLOATS),
    *map(np.float32, (0.0, 1.5, -2.0, math.nan, 3e38, 0.1)),
    *map(np.int64, INTS),
    *map(np.int32, (0, -1, 2**31 - 1, -(2**31))),
    *map(np.uint8, (0, 7, 255)),
    np.uint64(5),
    np.int16(3),
    np.bool_(True),
    np.bool_(False),
]
SYMBOLS = ["+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^", "<", "<=", ">", ">=", "==", "!="]
BINARY = [*(f"a {symbol} b" for symbol in SYMBOLS), "divmod(a, b)"]
UNARY = """
    -a; +a; ~a; not a; abs(a); round(a); int(a); float(a); bool(a); np.float64(a); np.float32(a); np.bool_(a)
    a**2; a**-1; a**0.5; a**0; a**3; 1.0 / a; a // 2; 7 % a; 5.5 % a; a < 1 < 2; a in (1, 2.5, None)
    a is None; isinstance(a, float); isinstance(a, (int, np.floating)); 2.0**70 * a; 2 if a else 2.5
    (a, 1)[0]; math.pow(a, 2); math.pow(a, -1); math.fabs(a); np.add(a, 1); np.multiply(a, 2.0)
    np.maximum(a, 1); np.less(a, 1); np.negative(a); math.copysign(1, a); math.fmod(a, 3); math.atan2(a, 2)
    math.log(a, 2); math.exp(a); math.log(a); math.sqrt(a); math.asin(a); math.atanh(a); math.log1p(a)
    math.cosh(a); math.floor(a); math.ceil(a); math.isnan(a); np.isfinite(a); math.degrees(a); math.isqrt(a)
"""


def _function(expression: str, parameters: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {"np": np, "math": math}
    exec(f"def f({parameters}):\n    return {expression}\n", scope)
    return scope["f"]


def _sweep(expression: str, parameters: str, arguments: Any) -> None:
    """Compare every call; a refusal at compile time stands for a TypeError, or is documented."""
    fn = _function(expression, parameters)
    programs: dict[Any, Typed | SsadError] = {}
    wrong = []
    for args in arguments:
        key = tuple(map(type, args))
        if key not in programs:
            try:
                programs[key] = typed(fn, args)
            except SsadError as error:
                programs[key] = error
        program = programs[key]
        expected = outcome(lambda args=args: fn(*args))
        if isinstance(program, SsadError):
            if not isinstance(expected[1], TypeError | AttributeError) and "float16" not in program.cause:
                wrong.append((args, expected, program.cause))
            continue
        actual = outcome(lambda program=program, args=args: run_typed(program, args))
        if not same_outcome(actual, expected) and not _documented(actual, expected):
            wrong.append((args, expected, actual))
    assert not wrong, f"{len(wrong)} of them, the first: {wrong[0]}"


def _documented(actual: Outcome, expected: Outcome) -> bool:
    """What differs on purpose: ints of 64 bits, no complex numbers, ints that meet floats in a join."""
    value, error = actual
    wanted = expected[0]
    if isinstance(wanted, complex):
        return isinstance(error, ValueError) and "complex" in str(error)
    if isinstance(error, OverflowError) and "too large" in str(error):
        numbers = wanted if isinstance(wanted, tuple) else (wanted,)
        large = any(isinstance(n, int) and not -(2**63) <= n < 2**63 for n in numbers)
        return large or isinstance(expected[1], OverflowError)
    return isinstance(wanted, int) and isinstance(value, float) and value == wanted


@pytest.mark.parametrize("expression", BINARY)
def test_binary(expression: str) -> None:
    pairs = itertools.product(SCALARS, SCALARS)
    if "<<" in expression:
        pairs = ((a, b) for a, b in pairs if not (isinstance(b, int) and b > 64))  # no room for the result
    if "/ b" in expression and "//" not in expression:  # beyond 2**53 int / int is rounded twice
        pairs = ((a, b) for a, b in pairs if abs(float(a)) < 2**53 or abs(float(b)) < 2**53)
    _sweep(expression, "a, b", pairs)


@pytest.mark.parametrize("expression", [e.strip() for e in UNARY.replace("\n", ";").split(";") if e.strip()])
def test_unary(expression: str) -> None:
    values = SCALARS
    if expression in ("math.floor(a)", "math.ceil(a)"):  # np.int64 goes by way of a float there
        values = [v for v in SCALARS if abs(float(v)) < 2**53 or isinstance(v, float)]
    if "isinstance(a, (int" in expression or "2 if a" in expression:
        values = [v for v in SCALARS if not isinstance(v, np.generic)]
    _sweep(expression, "a", [(v,) for v in values])


@pytest.mark.parametrize("symbol", ["+", "*", "/", "//", "**"])
def test_mixed_flavour(symbol: str) -> None:
    """A number that is Python's or NumPy's at run time has the rules of what it is."""
    source = f"def f(which, a, b, c):\n    x = a if which else b\n    return x {symbol} c\n"
    scope: dict[str, Any] = {}
    exec(source, scope)
    fn = scope["f"]
    for a, b, c in itertools.product(
        (0.1, -2.0, 3.0), (np.float64(0.3), np.float32(0.7)), (0.0, 0.7, 3, np.float32(0.1), np.float64(2.0))
    ):
        for which in (True, False):
            program = typed(fn, (which, a, b, c))
            expected = outcome(lambda which=which, a=a, b=b, c=c: fn(which, a, b, c))
            actual = outcome(
                lambda program=program, which=which, a=a, b=b, c=c: run_typed(program, (which, a, b, c))
            )
            close = _last_bit(actual, expected) if symbol == "**" else False
            unsettled = isinstance(actual[1], TypeError) and which and isinstance(c, np.generic)
            allowed = close or unsettled or isinstance(expected[0], complex)
            assert same_outcome(actual, expected) or allowed, (a, b, c, which, actual, expected)


def _last_bit(actual: Outcome, expected: Outcome) -> bool:
    """NumPy's own power kernels differ from libm in the last bits."""
    x, y = actual[0], expected[0]
    return type(x) is type(y) and x is not None and bool(abs(x - y) <= 2 * np.spacing(abs(y)))


def test_constants_beyond_64_bits() -> None:
    fn = _function("(a + 2**70, a < 2**70, 2**70 // 2**60, -(2**64) + 2**64 + 1)", "a")
    assert run_typed(typed(fn, (1.5,)), (1.5,)) == fn(1.5)
    assert operator.index(fn(1.5)[3]) == 1
