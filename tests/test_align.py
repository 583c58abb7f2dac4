"""Loops that begin at a cache line: what is peeled, and that every element is what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.api.running import reverse
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.test_gather import heat_1d, heat_2d, heat_3d, wave
from tests.without import Without

Fn = Callable[..., Any]
OFFSETS = range(0, 64, 8)


def smooth(u: Any, v: Any) -> float:
    """Up a row and down the next one, in place of what was there."""
    n, m = u.shape
    for i in range(n):
        for j in range(1, m - 1):
            v[i, j] = 0.25 * u[i, j - 1] + 0.5 * u[i, j] + 0.25 * u[i, j + 1]
    for i in range(n):
        for j in range(m - 2, 0, -1):
            u[i, j] = v[i, j - 1] * v[i, j + 1]
    return u[n // 2, m // 2]


def running(u: Any, v: Any) -> float:
    """Each iteration reads what the one before has written: the order matters."""
    n, m = u.shape
    for i in range(n):
        for j in range(1, m - 1):
            u[i, j] = 0.5 * u[i, j - 1] + 0.25 * u[i, j + 1] + v[i, j]
    return u[n // 2, m // 2]


def at(offset: int, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same array, so many bytes behind the beginning of a cache line."""
    memory = np.zeros(values.nbytes + 128, np.uint8)
    start = -memory.ctypes.data % 64 + offset
    array = memory[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    array[...] = values
    assert array.ctypes.data % 64 == offset
    return array


def peels(fn: Fn, arguments: Sequence[Any], *steps: Step) -> int:
    """How many loops are peeled."""
    trace = Trace(verify=True)
    module = stage("refined", fn, [abstract_of(a) for a in arguments], Recipe(steps), trace).value
    return sum(op.name == "to_aligned" for op in module.main.ops())


@pytest.mark.parametrize("fn", [smooth, running], ids=lambda fn: fn.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_at_every_offset(fn: Fn, dtype: Any) -> None:
    """Bit for bit those of Python, in rows of every length around that from which on they are peeled."""
    compiled = ssad.jit_grad(fn)
    fewest = 96 if dtype is np.float64 else 192
    rng = np.random.default_rng(3)
    u, v = (rng.normal(size=(3, 210)).astype(dtype) for _ in range(2))
    assert peels(fn, (u, v)) == (2 if fn is smooth else 1)
    for offset in range(0, 64, np.dtype(dtype).itemsize):
        for m in (1, 2, 3, 17, fewest + 1, fewest + 2, fewest + 9):
            given = at(offset, u[:, :m].copy()), at(64 - offset - 8 & 63, v[:, :m].copy())
            wanted = u[:, :m].copy(), v[:, :m].copy()
            found = compiled.value(*given)
            assert found == fn(*wanted)
            for got, want in zip(given, wanted, strict=True):
                np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("fn", [heat_1d, heat_2d, heat_3d, wave], ids=lambda fn: fn.__name__)
def test_gradients_do_not_depend_on_it(fn: Fn) -> None:
    shape = {heat_1d: (121,), wave: (121,), heat_2d: (5, 121), heat_3d: (4, 5, 121)}[fn]
    u = np.random.default_rng(7).normal(size=shape)
    steps = (Step("gradient", (0, 1)),)
    assert peels(fn, (u, 0.3, 3), *steps)
    peeled, plain = (Without(fn, disabled, Recipe()) for disabled in ((), ("align",)))
    for offset in OFFSETS:
        given = at(offset, u), 0.3, 3
        (found, bars), (wanted, plain_bars) = (reverse(one, given, steps, (0, 1)) for one in (peeled, plain))
        for got, want in zip((found, *bars), (wanted, *plain_bars), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)
