"""Loops whose checks wait until they have ended, or whose values are computed ahead of them: what is raised
is what CPython raises, wherever it happens, and what is computed is what it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage

Fn = Callable[..., Any]
LENGTHS = (0, 1, 7, 31, 32, 33, 64, 100)
PLACES = (0, 5, 31, 32, 40, 63, 65, 69)


def exponentials(y: Any, x: Any, ix: Any) -> None:
    """One check, without a payload."""
    for i in range(len(x)):
        y[i] = math.exp(x[i])


def in_place(y: Any, x: Any, ix: Any) -> None:
    """The check reads what the loop writes."""
    for i in range(len(x)):
        x[i] = math.exp(x[i])


def two_errors(y: Any, x: Any, ix: Any) -> None:
    """Which one comes first depends on the data."""
    for i in range(len(x)):
        y[i] = math.log(1.0 + x[i]) * math.sqrt(2.0 - x[i])


def taken(y: Any, x: Any, ix: Any) -> None:
    """Indices that are loaded, negative ones among them."""
    for i in range(len(ix)):
        y[i] = 2.0 * x[ix[i]]


def taken_and_divided(y: Any, x: Any, ix: Any) -> None:
    """The index of one check is in range by another one."""
    for i in range(len(ix)):
        y[i] = 1.0 / float(x[ix[i]])


def with_a_length(y: Any, x: Any, ix: Any) -> None:
    """A number of iterations that is no length."""
    for i in range(int(ix[0]) if len(ix) else 0):
        y[i] = math.exp(x[i + 1])


def summed(y: Any, x: Any, ix: Any) -> float:
    """A sum in the order of the program: what it is made of is computed ahead."""
    s = 0.0
    for i in range(len(ix)):
        s += math.exp(x[ix[i]])
    return s


def summed_to(y: Any, x: Any, ix: Any) -> float:
    """The same over a number of iterations that is no length."""
    s = 0.0
    for i in range(int(ix[0]) if len(ix) else 0):
        s += math.exp(x[i])
    return s


PRIMALS = (exponentials, in_place, two_errors, taken, taken_and_divided, with_a_length)
SUMS = (summed, summed_to)


def arguments(n: int, last: int) -> list[Any]:
    """Arrays of n elements, all in the domain of everything above; indices from -n on."""
    rng = np.random.default_rng(n)
    x, ix = rng.random(n), rng.integers(-n, n, n) if n else np.zeros(0, np.int64)
    if n:
        ix[0] = last
    return [np.zeros(n), x, ix]


def outcome(fn: Fn, args: list[Any]) -> tuple[Any, ...]:
    """What comes of a call: the result and the arrays, or the exception."""
    args = [a.copy() for a in args]
    try:
        result = fn(*args)
    except (ArithmeticError, IndexError, ValueError) as error:
        return type(error), str(error)
    return result, *args


def same(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> None:
    """Exceptions are equal, numbers to the few last bits in which vector functions may differ."""
    assert len(found) == len(wanted), (found, wanted)
    if isinstance(wanted[0], type):
        assert found == wanted
        return
    for one, other in zip(found, wanted, strict=True):
        if other is None:
            assert one is None
        else:
            np.testing.assert_allclose(one, other, rtol=2e-15, atol=0)


def text(fn: Fn, *steps: Step, fastmath: bool = False) -> str:
    """The refined IR."""
    kinds = [abstract_of(a) for a in arguments(4, 2)]
    return stage("refined", fn, kinds, Recipe(steps, fastmath=fastmath), Trace(verify=True)).text()


@pytest.mark.parametrize("fn", PRIMALS, ids=lambda fn: fn.__name__)
def test_they_wait(fn: Fn) -> None:
    assert "%bad" in text(fn)


@pytest.mark.parametrize("fn", SUMS, ids=lambda fn: fn.__name__)
def test_sums_keep_their_checks_unless_they_may_be_reordered(fn: Fn) -> None:
    assert "%bad" not in text(fn)
    assert "^fission" in text(fn, Step("gradient", (1,)))
    fast = text(fn, Step("gradient", (1,)), fastmath=True)
    assert "%bad" in fast
    assert "^fission" not in fast


@pytest.mark.parametrize("vector_math", [True, False], ids=["vectors", "scalar"])
@pytest.mark.parametrize("fn", [*PRIMALS, *SUMS], ids=lambda fn: fn.__name__)
def test_every_length(fn: Fn, vector_math: bool) -> None:
    native = ssad.jit(vector_math=vector_math)(fn)
    for n in LENGTHS:
        for last in (0, n - 1, n, n + 3, -n, -n - 1):
            args = arguments(n, last)
            same(outcome(native, args), outcome(fn, args))


@pytest.mark.parametrize("fn", [*PRIMALS, *SUMS], ids=lambda fn: fn.__name__)
def test_what_is_raised_is_what_comes_first(fn: Fn) -> None:
    native = ssad.jit(fn)
    for first in PLACES:
        for second in PLACES:
            args = arguments(70, 69)
            args[1][first], args[1][second] = 3.0, -2.0
            same(outcome(native, args), outcome(fn, args))
            args[1][first], args[1][second] = 1e4, 0.0
            same(outcome(native, args), outcome(fn, args))
            args[2][second] = 70
            same(outcome(native, args), outcome(fn, args))
            args[2][first] = -71
            same(outcome(native, args), outcome(fn, args))


def test_an_empty_axis_is_not_read() -> None:
    for fn in (taken, taken_and_divided, summed):
        native = ssad.jit(fn)
        for ix in (np.zeros(40, np.int64), np.full(40, -1)):
            args = [np.zeros(40), np.zeros(0), ix]
            same(outcome(native, args), outcome(fn, args))


@pytest.mark.parametrize("fastmath", [False, True], ids=["strict", "fastmath"])
@pytest.mark.parametrize("fn", SUMS, ids=lambda fn: fn.__name__)
def test_gradients(fn: Fn, fastmath: bool) -> None:
    """By what the sums are: each element's exponential, as often as it is taken."""
    gradient = ssad.grad(fn, argnums=1, fastmath=fastmath)
    for n in LENGTHS:
        for last in (n - 1, n, -n, -n - 1):
            args = arguments(n, last)
            wanted = outcome(fn, args)
            found = outcome(gradient, args)
            if isinstance(wanted[0], type):
                assert found[:2] == wanted[:2]
                continue
            count = np.zeros(n)
            np.add.at(count, args[2] if fn is summed else np.arange(max(last, 0) if n else 0), 1.0)
            np.testing.assert_allclose(found[0], count * np.exp(args[1]), rtol=1e-14)
    args = arguments(70, 69)
    args[1][40] = 1e4
    args[2][1:] = np.arange(1, 70)
    assert outcome(gradient, args) == (OverflowError, "math range error")


def weighted(x: Any, w: float) -> float:
    """Overflow shows in the sum, even where the weight is zero."""
    s = 0.0
    for i in range(len(x)):
        s += w * math.exp(x[i])
    return math.sin(s)


def test_a_sum_shows_what_has_overflowed() -> None:
    kinds = [abstract_of(np.zeros(3)), abstract_of(1.0)]
    recipe = Recipe((Step("gradient", (0, 1)),))
    code = stage("refined", weighted, kinds, recipe, Trace(verify=True)).text()
    assert "check" not in code[code.index("^body fwd") :].split("\n^")[0]
    assert "isfinite %s" in code
    native = ssad.value_and_grad(weighted, argnums=(0, 1))
    for n in (1, 31, 32, 33, 100):
        for at in {0, n // 2, n - 1}:
            for w in (1.0, 0.0, -1.0):
                x = np.linspace(-1.0, 1.0, n)
                value, (by_x, by_w) = native(x, w)
                assert value == pytest.approx(weighted(x, w), rel=1e-12)
                total = float(np.exp(x).sum())
                np.testing.assert_allclose(by_x, math.cos(w * total) * w * np.exp(x), rtol=1e-11)
                assert by_w == pytest.approx(math.cos(w * total) * total, rel=1e-11)
                x[at] = 710.0
                with pytest.raises(OverflowError, match="math range error"):
                    native(x, w)


def plain(x: Any) -> float:
    """The exponential of infinity is no overflow."""
    s = 0.0
    for i in range(len(x)):
        s += math.exp(x[i])
    return s


def test_infinity_is_no_overflow() -> None:
    x = np.zeros(100)
    x[3], x[70] = np.inf, np.nan
    value, by_x = ssad.value_and_grad(plain)(x)
    assert math.isnan(value) and math.isnan(plain(x))
    assert by_x[3] == np.inf
    assert math.isnan(by_x[70])
    x[90] = 1e5
    with pytest.raises(OverflowError):
        ssad.value_and_grad(plain)(x)
