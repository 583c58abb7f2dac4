"""Gradients that are stored, not added up: of whatever was in their memory before nothing is left."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad import dispatch
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, compile_function, stage
from tests.oracle import tape

Fn = Callable[..., Any]


def exponentials(x: Any) -> Any:
    s = 0.0
    for k in range(len(x)):
        s += math.exp(x[k])
    return math.log(s)


def squares_of_all(x: Any) -> Any:
    s = 0.0
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            s += x[row, column] * x[row, column] * (row + 1)
    return s


def downwards(x: Any) -> Any:
    s = 0.0
    for k in range(len(x) - 1, -1, -1):
        s = s * 0.5 + math.sin(x[k])
    return s


def elements(x: Any) -> Any:
    s = 1.0
    for v in x:
        s *= 1.0 + v * v
    return s


def twice(x: Any) -> Any:
    """Backwards the second loop comes first, and stores; the first one adds."""
    s = 0.0
    for k in range(len(x)):
        s += math.exp(x[k])
    for k in range(len(x)):
        s += x[k] * s
    return s


def all_but_one(x: Any) -> Any:
    s = 0.0
    for k in range(1, len(x)):
        s += math.exp(x[k])
    return s


def some(x: Any) -> Any:
    s = 0.0
    for k in range(len(x)):
        if x[k] > 0.0:
            s += math.exp(x[k])
    return s


def until(x: Any) -> Any:
    s, k = 0.0, 0
    while k < len(x) and s < 3.0:
        s += math.exp(x[k])
        k += 1
    return s


def unless_short(x: Any) -> Any:
    if len(x) < 4:
        return 1.5
    s = 0.0
    for k in range(len(x)):
        s += math.exp(x[k])
    return s


def again_and_again(x: Any) -> Any:
    s = 0.0
    for _ in range(3):
        for k in range(len(x)):
            s += math.exp(0.1 * x[k] - 0.01 * s)
    return s


def in_place(x: Any) -> Any:
    for k in range(len(x)):
        x[k] = math.exp(x[k])
    s = 0.0
    for k in range(len(x)):
        s += x[k] * x[k]
    return s


def columns_of_rows(x: Any) -> Any:
    """The loops are as many as the axes, and as long, but each is over the other axis."""
    n, m = x.shape
    s = 0.0
    for k in range(m):
        for row in range(n):
            s += math.exp(x[row, k]) * (k + 1)
    return s


def diagonal(x: Any) -> Any:
    s = 0.0
    for row in range(x.shape[0]):
        for _ in range(x.shape[1]):
            s += math.exp(x[row, row])
    return s


STORED = [exponentials, squares_of_all, downwards, elements, columns_of_rows, twice, in_place, some]
ADDED = [all_but_one, until, unless_short, again_and_again, diagonal]
PLANES = (squares_of_all, columns_of_rows, diagonal)


def overwritten(fn: Fn, x: Any, **options: Any) -> int:
    """How many gradients need not be zero."""
    recipe, trace = Recipe((Step("gradient", (0,)),), **options), Trace(verify=True)
    return len(compile_function(fn, [abstract_of(x)], recipe, trace).derivative.overwritten)


@pytest.mark.parametrize("fn", STORED + ADDED, ids=lambda fn: fn.__name__)
def test_nothing_is_left(fn: Fn, monkeypatch: pytest.MonkeyPatch) -> None:
    def dirty(of: Any) -> Any:
        return np.full_like(of, np.nan)

    shapes = (
        [(3, 3), (4, 2), (1, 5), (2, 0), (0, 3)] if fn in PLANES else [(n,) for n in (1, 3, 8, 31, 33, 100)]
    )
    shapes = [shape for shape in shapes if fn is not diagonal or shape[0] <= shape[1]]
    assert overwritten(fn, np.ones(shapes[0])) == (fn in STORED)
    assert overwritten(fn, np.ones(shapes[0]), overlap=True) == 0
    assert overwritten(fn, np.ones(shapes[0]), adjoint_reassoc=False) == 0
    monkeypatch.setattr(dispatch.np, "empty_like", dirty)
    compiled = ssad.jit_grad(fn)
    for shape in shapes:
        x = np.random.default_rng(3).normal(size=shape)
        if not x.size and fn is exponentials:
            continue
        value, bar = compiled.value_and_grad(x.copy())
        want, (want_bar,) = tape.gradient(fn, (x.copy(),), (0,))
        np.testing.assert_allclose(value, want, rtol=1e-13)
        np.testing.assert_allclose(bar, want_bar, rtol=1e-12, atol=1e-14)


def test_the_tape_lies_in_the_gradient() -> None:
    """Not where elements are not one after the other, or of another type; `some` keeps a tape of bools."""
    x = np.ones(40)
    for fn, one, tapes in (
        (exponentials, x, 0),
        (exponentials, np.ones(80)[::2], 1),
        (exponentials, x.astype(np.float32), 1),
        (downwards, x, 0),
        (some, x, 1),
        (unless_short, x, 1),
    ):
        recipe, trace = Recipe((Step("gradient", (0,)),)), Trace(verify=True)
        module = stage("refined", fn, [abstract_of(one)], recipe, trace).value
        assert sum(op.name == "tape_new" for op in module.main.ops()) == tapes, fn
