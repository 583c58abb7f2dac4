"""Adjoints of stencils: gathered or scattered they are one; and what must not be gathered is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.oracle import tape

Fn = Callable[..., Any]


def heat_1d(u0: Any, a: Any, steps: int) -> Any:
    u, v = u0.copy(), u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    total = 0.0
    for x in u:
        total += x * x
    return total


def heat_2d(u0: Any, a: Any, steps: int) -> Any:
    n, m = u0.shape
    u, v = u0.copy(), u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + a * (
                    u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                )
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j] * (i + 1)
    return total


def wide_and_crooked(u: Any, a: Any, steps: int) -> Any:
    """Offsets on one side, far away, and a coefficient for each place."""
    n = len(u)
    total = 0.0
    for s in range(steps):
        w = np.zeros(n)
        for i in range(3, n - 1):
            w[i] = a * u[i - 3] + u[i] * 0.5 - u[i + 1] * (i + s)
        for i in range(n):
            total += w[i] * w[i]
    return total


def nonlinear(u0: Any, a: Any, steps: int) -> Any:
    """The slopes come from a tape."""
    u, v = u0.copy(), u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] - a * u[i] * (u[i + 1] - u[i - 1])
        u, v = v, u
    return u[1] * u[-2] + u[2]


def wave(u0: Any, c: Any, steps: int) -> Any:
    """Three buffers: what is added to one of them does not move."""
    n = len(u0)
    before, now, after = u0.copy(), u0.copy(), np.zeros(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            after[i] = 2.0 * now[i] - before[i] + c * c * (now[i + 1] - 2.0 * now[i] + now[i - 1])
        before, now, after = now, after, before
    return now[1] * now[-2] + now[2]


def reaction(a0: Any, feed: Any, steps: int) -> Any:
    """Two fields that depend on each other."""
    n = len(a0)
    a, b, a2, b2 = a0.copy(), np.ones(n), a0.copy(), np.ones(n)
    for _ in range(steps):
        for i in range(1, n - 1):
            met = 0.1 * a[i] * b[i] * b[i]
            a2[i] = a[i] + 0.2 * (a[i - 1] - 2.0 * a[i] + a[i + 1]) - met + feed * (1.0 - a[i])
            b2[i] = b[i] + 0.1 * (b[i - 1] - 2.0 * b[i] + b[i + 1]) + met
        a, a2 = a2, a
        b, b2 = b2, b
    return a[1] * b[2] + a[-2]


def heat_3d(u0: Any, a: Any, steps: int) -> Any:
    n, m, k = u0.shape
    v = np.zeros((n, m, k))
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            for l in range(1, k - 1):  # noqa: E741
                v[i, j, l] = a * (
                    u0[i - 1, j, l]
                    + u0[i + 1, j, l]
                    + u0[i, j - 1, l]
                    + u0[i, j + 1, l]
                    + u0[i, j, l - 1]
                    - u0[i, j, l + 1]
                )
    total = 0.0
    for i in range(n):
        for j in range(m):
            for l in range(k):  # noqa: E741
                total += v[i, j, l] ** 3
    return total


def rotating(u0: Any, a: Any, steps: int) -> Any:
    """Three buffers: what is left to be emptied is never what comes next."""
    u, v, w = u0.copy(), 2.0 * u0[0] + u0.copy()[1] * np.ones(1)[0], u0.copy()
    x = u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            w[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, w, x = w, x, u
    return u[1] * u[-2] + w[2] * x[1] + v


def shrinking(u0: Any, a: Any, steps: int) -> Any:
    """What is emptied is another part of the buffer each time."""
    u, v = u0.copy(), u0.copy()
    for s in range(steps):
        for i in range(1 + s, len(u) - 1 - s):
            v[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    return u[1] * u[-2] + v[2] * u[2]


def swapped_now_and_then(u0: Any, a: Any, steps: int) -> Any:
    u, v = u0.copy(), u0.copy()
    for s in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        if s % 3 != 1:
            u, v = v, u
    return u[1] * u[-2] + v[2] * u[2]


def watched(u0: Any, a: Any, steps: int) -> Any:
    """Each step is part of the loss as well."""
    u, v = u0.copy(), u0.copy()
    total = 0.0
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
        total += u[1] * u[2]
    return total


def several_runs(u0: Any, a: Any, steps: int) -> Any:
    u, v = u0.copy(), u0.copy()
    total = 0.0
    for k in range(3):
        for _ in range(steps + k):
            for i in range(1, len(u) - 1):
                v[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
            u, v = v, u
        total += u[1] * v[2]
    return total


def gauss_seidel(u0: Any, a: Any, steps: int) -> Any:
    """In place: what an iteration adds to is read by the next ones."""
    u = u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            u[i] = u[i] + a * (u[i - 1] - 2.0 * u[i] + u[i + 1])
    return u[1] * u[-2]


def every_other(u: Any, a: Any, steps: int) -> Any:
    """The index is no counter plus a constant."""
    w = np.zeros(len(u))
    for i in range(1, len(u) // 2):
        w[i] = a * u[2 * i] + u[i] * u[i - 1]
    return w[1] * w[2] + steps


GATHERED = [heat_1d, heat_2d, wide_and_crooked, nonlinear, wave, reaction, heat_3d]
SHAPES: dict[Fn, list[tuple[int, ...]]] = {
    heat_2d: [(2, 2), (3, 9), (7, 8)],
    heat_3d: [(2, 3, 4), (3, 5, 4), (6, 7, 5)],
}


def gradient(fn: Fn, arguments: tuple[Any, ...], **options: Any) -> list[Any]:
    return list(ssad.grad(fn, argnums=(0, 1), **options)(*arguments))


def blocks(fn: Fn, arguments: tuple[Any, ...], *steps: Step, **options: Any) -> list[str]:
    steps = steps or (Step("gradient", (0, 1)),)
    trace = Trace(verify=True)
    module = stage("refined", fn, [abstract_of(a) for a in arguments], Recipe(steps, **options), trace).value
    return [block.name for block in module.main.blocks if block.name.startswith("gather")]


def arguments_of(fn: Fn, shape: tuple[int, ...], steps: int = 3) -> tuple[Any, ...]:
    return np.random.default_rng(7).normal(size=shape), 0.3, steps


@pytest.mark.parametrize("fn", GATHERED, ids=lambda fn: fn.__name__)
def test_gathered_is_scattered(fn: Fn) -> None:
    """At every size, down to where nothing is left to gather; by the coefficient as well."""
    first = SHAPES.get(fn, [(1,)])[-1]
    assert blocks(fn, arguments_of(fn, first))
    assert not blocks(fn, arguments_of(fn, first), adjoint_reassoc=False)
    for shape in SHAPES.get(fn, [(n,) for n in (4, 5, 6, 11)]):
        arguments = arguments_of(fn, shape)
        kept = [np.copy(one) for one in arguments]
        for got, want in zip(
            gradient(fn, arguments), gradient(fn, arguments, adjoint_reassoc=False), strict=True
        ):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(arguments[0], kept[0])


@pytest.mark.parametrize("fn", GATHERED, ids=lambda fn: fn.__name__)
def test_gathered_is_the_tapes(fn: Fn) -> None:
    arguments = arguments_of(fn, SHAPES.get(fn, [(9,)])[-1])
    _, bars = tape.gradient(fn, arguments, (0, 1))
    for got, want in zip(gradient(fn, arguments), bars, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


TURNING = {heat_1d: True, heat_2d: True, rotating: True, several_runs: True, shrinking: False}
TURNING |= {swapped_now_and_then: False, watched: False}
"""Functions with buffers that change places -> whether they take turns."""


@pytest.mark.parametrize("fn", TURNING, ids=lambda fn: fn.__name__)
def test_buffers_that_take_turns(fn: Fn) -> None:
    """By the grid alone, in any number of steps."""
    step = Step("gradient", (0,))
    shapes = SHAPES.get(fn, [(n,) for n in (3, 4, 5, 6, 13)])
    assert ("gather.settled" in blocks(fn, arguments_of(fn, shapes[-1]), step)) is TURNING[fn]
    for shape in shapes[1:]:
        for steps in (0, 1, 2, 5):
            arguments = arguments_of(fn, shape, steps)
            got = ssad.grad(fn)(*arguments)
            _, (want,) = tape.gradient(fn, arguments, (0,))
            np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("fn", [gauss_seidel, every_other], ids=lambda fn: fn.__name__)
def test_what_must_not_be_gathered(fn: Fn) -> None:
    arguments = arguments_of(fn, (9,))
    assert not [name for name in blocks(fn, arguments) if name == "gather.loop"]
    _, bars = tape.gradient(fn, arguments, (0, 1))
    for got, want in zip(gradient(fn, arguments), bars, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)


def test_one_memory_for_both_is_found_when_it_runs() -> None:
    """Written into from itself, where the arguments are the same array: the loop as it was."""

    def smoothed(u: Any, v: Any) -> Any:
        for i in range(1, len(u) - 1):
            v[i] = 0.5 * u[i] + 0.25 * (u[i - 1] + u[i + 1])
        return v[1] * v[2] + v[-2]

    x = np.random.default_rng(3).normal(size=8)
    _, (want, _) = tape.gradient(lambda u, v: smoothed(u, u), (x.copy(), x.copy()), (0, 1))
    got = ssad.grad(lambda u: smoothed(u, u))(x.copy())
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)
    both = x.copy()
    by_u, by_v = ssad.grad(smoothed, argnums=(0, 1))(both, both)
    np.testing.assert_allclose(np.asarray(by_u), want, rtol=1e-12, atol=1e-14)
    del by_v


def test_single_precision() -> None:
    arguments = (np.linspace(0.0, 1.0, 12, dtype=np.float32), np.float32(0.3), 3)
    wide = tuple(float(a) if isinstance(a, np.float32) else a for a in arguments)
    exact = ssad.grad(heat_1d)(arguments[0].astype(float), *wide[1:])
    np.testing.assert_allclose(ssad.grad(heat_1d)(*arguments), exact, rtol=1e-4)
