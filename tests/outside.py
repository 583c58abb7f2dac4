"""What tests of the whole product share: points, comparison with the oracle, the form of a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError
from tests.oracle.arguments import copy_arguments
from tests.oracle.tape import gradient


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape)


def agrees(fn: Callable[..., Any], args: tuple[Any, ...], argnums: int | tuple[int, ...] = 0) -> None:
    """Value, gradient and the final content of all arguments are those of CPython and the oracle."""
    expected, bars = gradient(fn, args, argnums)
    by_python, by_ssad = copy_arguments(args), copy_arguments(args)
    fn(*by_python)
    value, got = ssad.value_and_grad(fn, argnums=argnums, vector_math=False)(*by_ssad)
    assert value == expected
    bars, got = (bars, got) if isinstance(argnums, tuple) else ((bars,), (got,))
    scale = max(float(np.max(np.abs(b), initial=0.0)) for b in bars)
    for b, g in zip(bars, got, strict=True):
        np.testing.assert_allclose(g, b, rtol=0.0, atol=1e-12 * scale)
    for a, b in zip(by_python, by_ssad, strict=True):
        np.testing.assert_array_equal(a, b)


def refused(error: type[Exception], call: Callable[..., Any], *args: Any, **keywords: Any) -> str:
    """The text of the refusal: an SsadError of the given kind, short, with a cure."""
    with pytest.raises(error) as caught:
        call(*args, **keywords)
    assert isinstance(caught.value, SsadError)
    text = str(caught.value)
    assert len(text.splitlines()) <= 6
    assert caught.value.cure
    return text


def log_sum_exp(x: Any, t: Any) -> Any:
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


def squares(x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j] * x[i, j] * (i + 2 * j + 1)
    return total
