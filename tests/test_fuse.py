"""Sums over samples: one loop for value and gradient, no tape, and cotangents of parameters in registers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.analysis.memo import loop_forest
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.oracle import tape

Fn = Callable[..., Any]


def line(p: Any, x: Any, y: Any) -> Any:
    """Least squares, large residuals by their size (Huber's loss)."""
    s = 0.0
    for k in range(len(x)):
        r = p[0] + p[1] * x[k] - y[k]
        if r > 1.0:
            s += 2.0 * r - 1.0
        else:
            s += r * r
    return s / len(x)


def checked(p: Any, x: Any, y: Any) -> Any:
    s = 0.0
    for k in range(len(x)):
        if y[k] == 0.0:
            raise ValueError("no weight")
        r = (p[0] * x[k] - p[1]) * y[k]
        s += r * r
    return 3.0 * s


def table(p: Any, x: Any, y: Any) -> Any:
    """Two loops around each other: every sample is compared with every other one."""
    s = 0.0
    for i in range(len(x)):
        for j in range(len(y)):
            d = p[0] * x[i] - p[1] * y[j]
            s += d * d * (i + 1)
    return s


def roots(p: Any, x: Any, y: Any) -> Any:
    """A loop inside that runs as often as the data want."""
    s = 0.0
    for k in range(len(x)):
        a = x[k] * x[k] + p[0] * p[0]
        r = a
        while abs(r * r - a) > 1e-14 * a:
            r = 0.5 * (r + a / r)
        s += r * p[1] - y[k]
    return s


def settled(p: Any, x: Any, y: Any) -> Any:
    """A loop inside that runs as often as the data want, by three numbers: too many for slopes."""
    s = 0.0
    for k in range(len(x)):
        b, c, d = 0.1 * p[0] * x[k], p[1] * y[k], p[0] + p[1]
        v, w, left = c, 0.0, 20
        while left > 0 and abs(v - w) > 1e-9:
            left -= 1
            w = v
            v = c / (d + b * v * v) if v > 0.5 else c / (2.0 + b * v)
        s += v * y[k]
    return s


def settled_twice(p: Any, x: Any, y: Any) -> Any:
    """Loops in loops whose numbers of iterations depend on data, and one more loop beside them."""
    s = 0.0
    for k in range(len(x)):
        b, c, v = 0.1 * p[0] * x[k], p[1] * y[k], p[0]
        for j in range(k % 3):
            w, left = v + 1.0, 20
            while left > 0 and abs(v - w) > 1e-9:
                left -= 1
                w = v
                v = c / (3.0 + b * v * v)
                if v * v < 0.01 * j:
                    break
            b = b * v
        t = 1.0
        while t < 100.0 and t * t < c * c:
            t = t * (1.02 + 0.001 * b * b)
        s += v * t
    return s


def warm(p: Any, x: Any, y: Any) -> Any:
    """Each sample begins where the one before has ended."""
    s, v = 0.0, 0.3
    for k in range(len(x)):
        b, c, w, left = 0.1 * p[0] * x[k], p[1] * y[k], v + 1.0, 20
        while left > 0 and abs(v - w) > 1e-9:
            left -= 1
            w = v
            v = c / (3.0 + b * v * v)
        s += v * y[k]
    return s


def polynomial(p: Any, x: Any, y: Any) -> Any:
    s = 0.0
    for k in range(len(x)):
        v = 0.0
        for c in p:
            v = v * x[k] + c
        s += (v - y[k]) ** 2
    return s


def in_place(p: Any, x: Any, y: Any) -> Any:
    """Samples are overwritten on the way: the reverse iteration needs what was there."""
    s = 0.0
    for k in range(len(x)):
        x[k] = x[k] * x[k] * p[0]
        s += x[k] * y[k] * p[1]
    return s


def waves(p: Any, x: Any, y: Any) -> Any:
    """The reverse loop has an elementary function of its own."""
    s = 0.0
    for k in range(len(x)):
        s += math.sin(p[0] * x[k]) + p[1] * y[k]
    return s


def handed_on(p: Any, x: Any, y: Any) -> Any:
    """A recurrence: nothing is independent."""
    s = p[1]
    for k in range(len(x)):
        s = p[0] * s * x[k] + y[k]
    return s


def of_their_sum(p: Any, x: Any, y: Any) -> Any:
    """The samples' seed is known in the end only."""
    s = 1.0
    for k in range(len(x)):
        r = p[0] * x[k] - p[1] * y[k]
        s += r * r
    return math.log(s)


def shifted(p: Any, x: Any, y: Any) -> Any:
    """The first loop writes what the second one reads from the other end."""
    n = len(x)
    w = np.zeros(n)
    for k in range(n):
        w[k] = x[k] * p[0]
    s = 0.0
    for k in range(n):
        s += w[n - 1 - k] * x[k] * p[1] + y[k]
    return s


def in_the_end(p: Any, x: Any, y: Any) -> Any:
    s = 0.0
    for k in range(len(x)):
        r = p[0] * x[k] - p[1] * y[k]
        s += r * r
        if s > 1e6:
            raise OverflowError("too much")
    return s


def from_hand_to_hand(p: Any, x: Any, y: Any) -> Any:
    """Three loops with an array between each two; backwards the first two are one."""
    n = len(x)
    v = np.zeros(n)
    w = np.zeros(n)
    for k in range(n):
        v[k] = x[k] * p[0] + 1.0
    for k in range(n):
        w[k] = v[k] * v[k] * p[1]
    s = 0.0
    for k in range(n):
        s += w[k] * x[k] - y[k]
    return s


def planes(p: Any, x: Any, y: Any) -> Any:
    """The same in two axes, with neighbours of the other axis."""
    n = len(x)
    v = np.zeros((n, n))
    w = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            v[i, j] = x[i] * y[j] * p[0]
    for i in range(n):
        for j in range(n):
            w[i, j] = v[i, j] * v[i, n - 1 - j] * p[1]
    s = 0.0
    for i in range(n):
        for j in range(n):
            s += w[i, j] * w[i, j]
    return s


FUSED = {in_the_end: 1, line: 1, checked: 1, table: 2, roots: 2}
"""Functions whose gradient has no loops but those of the primal -> how many."""
STACKED = {settled: 3, settled_twice: 6}
"""Functions that keep in the loop over the samples what the loops inside need -> how many loops there are."""
OTHERS = [warm, from_hand_to_hand, planes, polynomial, in_place, waves, handed_on, of_their_sum, shifted]


@pytest.mark.parametrize("fn", [*FUSED, *STACKED, *OTHERS], ids=lambda fn: fn.__name__)
def test_gradients(fn: Fn) -> None:
    rng = np.random.default_rng(5)
    for n in (1, 2, 3, 17, 40):
        arguments = np.array([0.7, 1.3]), rng.normal(size=n), rng.normal(size=n) + 3.0
        given = [np.copy(one) for one in arguments]
        value, bars = ssad.value_and_grad(fn, argnums=(0, 1, 2))(*given)
        want, want_bars = tape.gradient(fn, tuple(map(np.copy, arguments)), (0, 1, 2))
        np.testing.assert_allclose(value, want, rtol=1e-12)
        for bar, want_bar in zip(bars, want_bars, strict=True):
            np.testing.assert_allclose(bar, want_bar, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("fn", FUSED, ids=lambda fn: fn.__name__)
def test_one_loop_and_no_tape(fn: Fn) -> None:
    arguments = [abstract_of(np.ones(n)) for n in (2, 40, 40)]
    recipe = Recipe((Step("gradient", (0, 1)),))
    main = stage("refined", fn, arguments, recipe, Trace(verify=True)).value.main
    assert len(loop_forest(main).loops) == FUSED[fn]
    assert not [op for op in main.ops() if op.name in ("tape_new", "stack_new")]
    strict = stage("refined", fn, arguments, Recipe(recipe.steps, adjoint_reassoc=False), Trace(verify=True))
    assert len(loop_forest(strict.value.main).loops) > FUSED[fn]


@pytest.mark.parametrize("fn", [*STACKED, warm], ids=lambda fn: fn.__name__)
def test_stacks_of_one_sample(fn: Fn) -> None:
    """The tape is as long as one sample wants it; not where samples wait for others."""
    arguments = [abstract_of(np.ones(n)) for n in (2, 40, 40)]
    recipe = Recipe((Step("gradient", (0, 1, 2)),))
    main = stage("refined", fn, arguments, recipe, Trace(verify=True)).value.main
    names = [op.name for op in main.ops()]
    assert "stack_push" in names
    kept = [op.attrs["type"] for op in main.ops() if op.name == "tape_new"]
    assert not [one for one in kept if one.startswith("tape<tape")]
    if fn is settled:
        assert not kept
    outermost = [loop for loop in loop_forest(main).loops if loop.parent is None]
    assert len(outermost) == (2 if fn is warm else 1)
    if fn in STACKED:
        assert len(loop_forest(main).loops) == STACKED[fn]


def test_stacks_are_empty_again_after_each_sample() -> None:
    """Samples of very different length, in an order that makes chunks come and go."""
    x = np.array([1.0, 2.0] * 20)
    y = np.array([3e4, 2.0, 7.0, 1e6] * 10)
    value, bars = ssad.value_and_grad(settled_twice, argnums=(0, 1, 2))(np.array([0.7, 1.3]), x, y)
    want, want_bars = tape.gradient(settled_twice, (np.array([0.7, 1.3]), x.copy(), y.copy()), (0, 1, 2))
    np.testing.assert_allclose(value, want, rtol=1e-12)
    for bar, want_bar in zip(bars, want_bars, strict=True):
        np.testing.assert_allclose(bar, want_bar, rtol=1e-10, atol=1e-12 * float(np.max(np.abs(want_bar))))


def test_loops_that_hand_an_array_on_are_joined() -> None:
    """Its cotangent is gone with that."""
    arguments = [abstract_of(np.ones(n)) for n in (2, 40, 40)]
    recipe = Recipe((Step("gradient", (0, 1)),))
    joined, plain = (
        stage("refined", from_hand_to_hand, arguments, recipe, Trace(disable=disable, verify=True)).value.main
        for disable in ((), ("join_loops",))
    )
    assert len(loop_forest(joined).loops) == len(loop_forest(plain).loops) - 1 == 4
    arrays = [sum(op.name == "alloc" for op in main.ops()) for main in (joined, plain)]
    assert arrays == [3, 4]


def test_no_element_is_touched_without_a_sample() -> None:
    """The parameters of a model may be missing where there is nothing to compute."""
    nothing = np.zeros(0)
    for fn in (checked, table, of_their_sum):
        value, bars = ssad.value_and_grad(fn, argnums=(0, 1, 2))(nothing, nothing, nothing)
        assert value == fn(nothing, nothing, nothing)
        assert [bar.shape for bar in bars] == [(0,), (0,), (0,)]


def test_a_raise_on_the_way() -> None:
    x, y = np.ones(5), np.array([1.0, 2.0, 0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="no weight"):
        ssad.grad(checked, argnums=(0, 1, 2))(np.ones(2), x, y)
    np.testing.assert_array_equal(y, [1.0, 2.0, 0.0, 1.0, 1.0])
    with pytest.raises(OverflowError, match="too much"):
        ssad.grad(in_the_end, argnums=(0, 1, 2))(np.array([1e4, 1.0]), x, y)


def checked_first(x: Any, y: Any) -> Any:
    """The second loop writes only if the first one has found nothing."""
    for k in range(len(x)):
        if x[k] < 0.0:
            raise ValueError("negative")
    for k in range(len(x)):
        y[k] = x[k] * x[k]
    s = 0.0
    for k in range(len(x)):
        s += y[k]
    return s


def checked_afterwards(x: Any, y: Any) -> Any:
    """The first loop has written everything when the second one finds something."""
    for k in range(len(x)):
        y[k] = x[k] * x[k]
    for k in range(len(x)):
        if x[k] < 0.0:
            raise ValueError("negative")
    s = 0.0
    for k in range(len(x)):
        s += y[k]
    return s


@pytest.mark.parametrize("fn", [checked_first, checked_afterwards], ids=lambda fn: fn.__name__)
def test_what_is_seen_after_a_raise(fn: Fn) -> None:
    x = np.array([1.0, 2.0, -3.0, 4.0])
    got, want = np.zeros(4), np.zeros(4)
    for call, y in ((fn, want), (ssad.grad(fn), got)):
        with pytest.raises(ValueError, match="negative"):
            call(x, y)
    np.testing.assert_array_equal(got, want)
