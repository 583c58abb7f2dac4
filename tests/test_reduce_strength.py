"""Divisions of a loop's counter that are carried along: what each iteration gets is what CPython gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage

Fn = Callable[..., Any]


def upwards(y: Any, n: int, m: int) -> None:
    """From 0 on."""
    for k in range(n):
        y[k, 0] = k // m
        y[k, 1] = k % m


def from_behind(y: Any, n: int, m: int) -> None:
    """Down to 0."""
    for k in range(len(y) - 1, -1, -1):
        y[k, 0] = k // m
        y[k, 1] = k % m


def shifted(y: Any, n: int, m: int) -> None:
    """What is divided begins at either side of 0."""
    for k in range(n):
        y[k, 0] = float((k - 7) // m) + 0.5 * ((k + 3) // m)
        y[k, 1] = float((k - 7) % m) + 0.5 * ((k + 3) % m)


def mirrored(y: Any, n: int, m: int) -> None:
    """What is divided falls where the counter grows."""
    for k in range(n):
        y[k, 0] = (5 - k) // m
        y[k, 1] = (5 - k) % m


def from_numpy(y: Any, n: int, m: int) -> None:
    """NumPy's integers: by 0 everything is 0, with a warning."""
    d = np.int64(m)
    for k in range(n):
        y[k, 0] = np.floor_divide(k, d)
        y[k, 1] = np.remainder(k, d)


def skipping(y: Any, n: int, m: int) -> None:
    """Some iterations end early, and some divide only."""
    for k in range(n):
        if y[k, 0] > 0.5:
            continue
        if k % 2 == 0:
            y[k, 0] = k // m
        y[k, 1] = k % m


FUNCTIONS = (upwards, from_behind, shifted, mirrored, from_numpy, skipping)


def ring(x: Any, w: Any) -> float:
    """Weights that come round again."""
    s = 0.0
    for k in range(len(x)):
        s += x[k] * w[k % len(w)] * w[(len(x) - 1 - k) % len(w)]
    return s


def text(fn: Fn, args: list[Any], *steps: Step) -> str:
    """The refined IR."""
    return stage("refined", fn, [abstract_of(a) for a in args], Recipe(steps), Trace(verify=True)).text()


def outcome(fn: Fn, n: int, m: int) -> Any:
    """What is stored, or what is raised."""
    y = np.random.default_rng(0).random((n, 2))
    try:
        with np.errstate(divide="ignore"):
            fn(y, n, m)
    except ZeroDivisionError as error:
        return str(error)
    return y.tolist()


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: fn.__name__)
def test_every_divisor(fn: Fn) -> None:
    kinds = [np.zeros((3, 2)), 3, 2]
    code = text(fn, kinds)
    assert "%remainder" in code
    assert "floordiv %k" not in code
    native = ssad.jit(fn)
    for n in (0, 1, 2, 29):
        for m in range(-9, 10):
            assert outcome(native, n, m) == outcome(fn, n, m), (n, m)
        for m in (29, -29, 2**62, -(2**63), 2**63 - 1):
            assert outcome(native, n, m) == outcome(fn, n, m), (n, m)


def test_a_ring_has_no_checks_and_no_divisions_left() -> None:
    x, w = np.random.default_rng(1).random(50), np.random.default_rng(2).random(7)
    code = text(ring, [x, w], Step("gradient", (0, 1)))
    body = code[code.index("^body") :].split("\n^")[0]
    assert "mod %" not in body
    assert "in_range" not in code
    value, (by_x, by_w) = ssad.value_and_grad(ring, argnums=(0, 1))(x, w)
    k = np.arange(50)
    one, other = k % 7, (49 - k) % 7
    assert value == ring(x, w)
    np.testing.assert_allclose(by_x, w[one] * w[other], rtol=1e-14)
    wanted = np.zeros(7)
    np.add.at(wanted, one, x * w[other])
    np.add.at(wanted, other, x * w[one])
    np.testing.assert_allclose(by_w, wanted, rtol=1e-13)
    with pytest.raises(ZeroDivisionError):
        ssad.value_and_grad(ring, argnums=(0, 1))(x, np.zeros(0))
