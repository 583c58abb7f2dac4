"""`math.comb`, `perm` and `prod` inside: CPython's numbers and exceptions, up to 64 bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad

combine, permute = ssad.jit(lambda n, k: math.comb(n, k)), ssad.jit(lambda n, k: math.perm(n, k))


@pytest.mark.parametrize(("native", "original"), [(combine, math.comb), (permute, math.perm)])
def test_small_numbers(native: Callable[..., int], original: Callable[..., int]) -> None:
    for n in range(-2, 70):
        for k in range(-2, 72):
            assert outcome(native, n, k) == outcome(original, n, k), (n, k)


def outcome(fn: Callable[..., int], n: int, k: int) -> Any:
    try:
        result = fn(n, k)
    except ValueError as error:
        return str(error)
    except OverflowError:
        return "too large"
    return result if result < 2**63 else "too large"


def test_products() -> None:
    def f(x: Any, a: Any) -> Any:
        return math.prod(a) * math.prod((x, 2.0, x), start=0.5) + math.prod(range(1, 5)) * x + math.prod(())

    a = np.array([1.5, -2.0, 0.25])
    assert ssad.jit(f)(0.7, a) == f(0.7, a)
    x_bar, a_bar = ssad.grad(f, argnums=(0, 1))(0.7, a)
    assert x_bar == pytest.approx(math.prod(a) * 2.0 * 0.7 + 24.0, rel=1e-14)
    np.testing.assert_allclose(a_bar, 0.49 * math.prod(a) / a, rtol=1e-14)
