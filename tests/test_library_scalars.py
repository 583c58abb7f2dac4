"""The scalar functions of the library against their originals, values and exceptions."""

from __future__ import annotations

import inspect
import math
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.ir.primitive import CALLS
from ssad.library.scalars import LIBRARY

SPECIAL = (0.0, -0.0, 0.5, 1.0, -1.0, 2.5, -3.0, 1e300, -1e300, 5e-324, math.inf, -math.inf, math.nan)
WHOLE = (0, 1, -1, 2, 12, -18, 35, 97, 10**9 + 7, 2**53 + 1, 2**62, 2**63 - 1)
INTEGERS = {math.gcd, math.lcm, math.factorial, math.isqrt}
APART = (math.ldexp, np.around, np.round, np.interp, np.isclose, np.nan_to_num)  # with tests of their own
FUNCTIONS = [fn for fn in LIBRARY if fn not in APART]
NUMPYS = [fn for fn in FUNCTIONS if isinstance(fn, np.ufunc) or fn in (np.clip, np.fix, np.sinc)]


def arity(fn: Callable[..., Any]) -> int:
    kinds = [p.kind for p in inspect.signature(LIBRARY[fn]).parameters.values()]
    return kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)


def arguments(fn: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Special values in all combinations, and random ones."""
    count, seed = arity(fn), random.Random(fn.__name__)
    if fn in INTEGERS:
        pool: list[Any] = [n for n in WHOLE if fn is not math.factorial or n < 100]
    else:
        pool = [*SPECIAL, 3, -2]
        if fn is np.reciprocal:
            pool = list(SPECIAL)
    points: list[tuple[Any, ...]] = [()]
    for _ in range(count):
        points = [(*p, x) for p in points for x in pool]
    if fn not in INTEGERS:
        for _ in range(300):
            points.append(tuple(seed.uniform(-9, 9) * 10 ** seed.uniform(-3, 3) for _ in range(count)))
    return points


def outcome(fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The bits of the results, or the exception with its text."""
    try:
        with np.errstate(all="ignore"):
            result = fn(*args)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return type(error).__name__, str(error)
    return [_bits(x) for x in (result if isinstance(result, tuple) else (result,))]


def _bits(x: Any) -> Any:
    if isinstance(x, float):
        return "nan" if x != x else struct.pack("d", x)
    return type(x), x


@pytest.mark.parametrize("fn", [fn for fn in FUNCTIONS if fn not in NUMPYS])
def test_math(fn: Callable[..., Any]) -> None:
    """Bit for bit, with the same exceptions; the type of the result is the original's."""
    for args in arguments(fn):
        assert outcome(LIBRARY[fn], args) == outcome(fn, args), args


@pytest.mark.parametrize("fn", NUMPYS)
def test_numpy(fn: Callable[..., Any]) -> None:
    """Within 4 ulp, special values alike, and a NumPy scalar of the same type."""
    for args in arguments(fn):
        with np.errstate(all="ignore"):
            expected, value = fn(*args), LIBRARY[fn](*args)
        assert type(value) is type(expected) or (isinstance(value, float) and isinstance(expected, float)), (
            args
        )
        if isinstance(expected, np.bool_):
            assert value == expected, args
        elif math.isfinite(expected) and math.isfinite(value):
            assert abs(value - expected) <= 4 * math.ulp(expected), (args, value, expected)
        else:
            assert _bits(float(value)) == _bits(float(expected)), (args, value, expected)


def test_isclose_with_tolerances() -> None:
    for tolerances in (
        {"rel_tol": 0.1},
        {"abs_tol": 0.3},
        {"rel_tol": 1e-3, "abs_tol": 2.0},
        {"rel_tol": -1.0},
    ):
        for a in SPECIAL:
            for b in (*SPECIAL, 1.05, 2.4):
                ours = outcome(lambda a, b, t=tolerances: LIBRARY[math.isclose](a, b, **t), (a, b))
                assert ours == outcome(lambda a, b, t=tolerances: math.isclose(a, b, **t), (a, b))


def compiled_alike(fn: Callable[..., Any], *points: tuple[Any, ...]) -> None:
    """NumPy's numbers of numbers, to the last bit."""
    native = ssad.jit(fn, vector_math=False)
    for args in points:
        with np.errstate(all="ignore"):
            expected = fn(*args)
        assert type(native(*args)) is type(expected)
        assert _bits(float(native(*args))) == _bits(float(expected)), args


def test_numbers_that_are_close() -> None:
    pairs = [(a, b) for a in SPECIAL for b in (*SPECIAL, 1.0 + 1e-9, 2.5001, 1.05)]
    compiled_alike(lambda a, b: np.isclose(a, b), *pairs)
    compiled_alike(lambda a, b: np.isclose(a, b, 0.1, atol=0.3), *pairs)
    compiled_alike(lambda a, b: np.isclose(a, b, equal_nan=True), *pairs)


def test_numbers_made_finite_and_rounded() -> None:
    every = [(x,) for x in (*SPECIAL, 2.675, -0.5, 1.5)]
    compiled_alike(lambda x: np.nan_to_num(x), *every)
    compiled_alike(lambda x: np.nan_to_num(x, nan=7.0, posinf=x, neginf=-1.0), *every)
    compiled_alike(lambda x: np.round(x), *every)
    compiled_alike(lambda x: np.around(x, 2), *every)


def test_interpolation() -> None:
    seed = np.random.default_rng(7)

    def between(x: Any, xs: Any, ys: Any) -> Any:
        return np.interp(x, xs, ys)

    for n in (1, 2, 3, 10):
        xs, ys = np.sort(seed.normal(size=n)), seed.normal(size=n)
        points = [(x, xs, ys) for x in (*SPECIAL, *xs.tolist(), *seed.normal(size=20).tolist())]
        compiled_alike(between, *points)
        compiled_alike(lambda x, xs, ys: np.interp(x, xs, ys, left=-5, right=7.0), *points)
        compiled_alike(between, *[(x, xs, np.append(ys[1:], math.inf)) for x, _, _ in points])
    with pytest.raises(ValueError, match="not of the same length"):
        ssad.jit(between)(1.0, np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="array of sample points is empty"):
        ssad.jit(between)(1.0, np.ones(0), np.ones(0))


def test_sinc_near_zero() -> None:
    """d/dx at x = 0 is 0, d2/dx2 is -pi**2 / 3; the quotient alone loses all digits of them."""
    slope, curvature = ssad.grad(lambda x: np.sinc(x)), ssad.hessian(lambda x: np.sinc(x))
    for x in (0.0, 1e-12, 1e-5, -2e-3):
        y = math.pi * x
        assert slope(x) == pytest.approx(-math.pi * (y / 3 - y**3 / 30), rel=1e-9, abs=1e-15)
        assert curvature(x) == pytest.approx(-(math.pi**2) * (1 / 3 - y**2 / 10), rel=1e-8)


def test_library_and_table_share_only_what_differs_in_arguments() -> None:
    """A callable is either one primitive or a composition; `math.log` is both, by its number of arguments."""
    assert LIBRARY.keys() & CALLS.keys() == {math.log}
    assert arity(math.log) == 2


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_a_tie_is_no_branch_of_its_own(name: str) -> None:
    """The formula on a tie depends on both operands, so that both get half of the cotangent."""
    fn, h = LIBRARY[getattr(np, name)], 1e-6
    for x in (0.0, -3.0, 40.0):
        for step in ((h, 0.0), (0.0, h), (-h, 0.0), (0.0, -h)):
            slope = (fn(x + step[0], x + step[1]) - fn(x, x)) / sum(step)
            assert abs(slope - 0.5) < 1e-5


def test_exact_sums() -> None:
    seed = random.Random(5)
    compiled = ssad.jit(lambda x: math.fsum(x), vector_math=False)
    for n in range(600):
        far = seed.choice((0, 60, 1070))
        x = [
            seed.choice((-1, 1)) * math.ldexp(seed.random(), seed.randint(-far, far // 2))
            for _ in range(n % 13)
        ]
        if n % 20 == 0:
            x += [seed.choice(SPECIAL), seed.choice(SPECIAL)]
        assert outcome(compiled, (np.array(x),)) == outcome(math.fsum, (x,))


def test_numbers_scaled_to_the_ends() -> None:
    seed = random.Random(6)
    scaled, apart = ssad.jit(lambda x, n: math.ldexp(x, n)), ssad.jit(lambda x: math.frexp(x))
    for _ in range(600):
        x = seed.choice((*SPECIAL, math.ldexp(seed.uniform(-1, 1), seed.randint(-1080, 1023))))
        assert outcome(apart, (x,)) == outcome(math.frexp, (x,))
        for n in (0, seed.randint(-60, 60), seed.randint(-2200, 2200), -1074):
            assert outcome(scaled, (x, n)) == outcome(math.ldexp, (x, n))
