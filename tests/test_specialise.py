"""Versions for small lengths: every other length is as right, and whoever says what to expect is heard."""

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of, parse_signature
from ssad.pipeline import Recipe, Step, Trace, sizes_of, stage
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


def optimised(args, disable=()):
    return stage(
        "optimised", heun, args, Recipe(steps=(Step("gradient", (0, 1)),)), Trace(disable=disable)
    ).text()


def test_the_signature_says_what_to_expect():
    assert sizes_of(parse_signature("f64, (f64[3], i64), f64[2, 3], f64[:]")) == (
        (1, 0, 3),
        (3, 0, 2),
        (3, 1, 3),
    )
    without = optimised(parse_signature("f64[:], f64[:], f64, i64"))
    expecting = optimised(parse_signature("f64[2], f64[2], f64, i64"))
    assert "^small" not in without and "^small" in expecting
    assert expecting == optimised([abstract_of(arg) for arg in arguments(2)])
    assert optimised(parse_signature("f64[2], f64[2], f64, i64"), ["specialise"]) == without
    assert "^small" not in optimised(parse_signature("f64[9], f64[9], f64, i64"))


def test_small_state_is_scalars():
    """What was in arrays is in values: the small version allocates nothing, and no tape keeps an array."""
    text = optimised(parse_signature("f64[2], f64[2], f64, i64"))
    small = text[text.index("^small") : text.index("^general")]
    assert "alloc" not in small and "alloc" in text
