"""Versions for small lengths: every other length is as right."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.oracle import tape


def rates(y, p, k):
    n = len(y)
    for i in range(n):
        k[i] = p[i] * y[i] - 0.25 * y[i] * y[(i + 1) % n]


def heun(p, y0, h, steps):
    n = len(y0)
    y, z = y0.copy(), np.empty(n)
    k1, k2 = np.zeros(n), np.zeros(n)
    for _ in range(steps):
        rates(y, p, k1)
        for j in range(n):
            z[j] = y[j] + h * k1[j]
        rates(z, p, k2)
        for j in range(n):
            y[j] += 0.5 * h * (k1[j] + k2[j])
    total = 0.0
    for j in range(n):
        total += y[j] * (j + 1.0)
    return total


def arguments(n, steps=7):
    rng = np.random.default_rng(n)
    return rng.uniform(0.5, 1.0, n), rng.uniform(0.5, 1.0, n), 0.125, steps


@pytest.mark.parametrize("first", [1, 3, 8, 9])
def test_all_lengths_are_right_whichever_comes_first(first):
    derivative = ssad.value_and_grad(heun, argnums=(0, 1))
    for n in (first, 3, 2, 1, 8, 9, 20):
        args = arguments(n)
        value, expected = tape.gradient(heun, args, (0, 1))
        got_value, got = derivative(*args)
        assert got_value == value
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-13)


def test_checks_are_those_of_the_general_version():
    derivative = ssad.value_and_grad(heun, argnums=(0, 1))
    p, y0, h, steps = arguments(3)
    derivative(p, y0, h, steps)
    for n in (2, 4):
        with pytest.raises(IndexError, match="index 1 is out of bounds" if n == 2 else "index"):
            derivative(p[: n - 1], arguments(n)[1], h, steps)


def optimised(fn, args, disable=()):
    recipe = Recipe(steps=(Step("gradient", (0, 1)),))
    return stage(
        "optimised", fn, [abstract_of(a) for a in args], recipe, Trace(disable=disable), expect=True
    ).text()


def test_small_state_is_scalars():
    """What was in arrays is in values, and the only loop left is that of the steps."""
    small = optimised(heun, arguments(2))
    assert "alloc" not in small and "copy" not in small
    assert small.count(" jump ^loop") == 2
    general = optimised(heun, arguments(9))
    assert "alloc" in general
    assert general == optimised(heun, arguments(2), ["specialise"])


def test_there_are_two_versions_at_most():
    jit = ssad.jit(heun)
    for n in (3, 4, 5, 3, 6):
        assert jit(*arguments(n)) == heun(*arguments(n))
    assert jit.signatures == ["float64 array, float64 array, float, int"]


def test_threads_with_arguments_of_several_lengths():
    derivative = ssad.grad(heun)
    with ThreadPoolExecutor(8) as pool:
        lengths = [1 + n % 5 for n in range(40)]
        for n, got in zip(lengths, pool.map(lambda n: derivative(*arguments(n)), lengths), strict=True):
            _, (expected,) = tape.gradient(heun, arguments(n), (0,))
            np.testing.assert_allclose(got, expected, rtol=1e-13)
