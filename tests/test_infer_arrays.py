"""Indices, slices, stores, loops over arrays: value, content and exception are NumPy's, for every layout."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ssad.errors import SsadError
from ssad.frontend.infer import Typed
from tests.typed_run import outcome, run_typed, same, same_outcome, typed

BOUNDS = (None, 0, 2, -1, 5, 7, -9)
STEPS = (None, 2, -1, -3)


def _arrays() -> list[np.ndarray]:
    normal = np.random.default_rng(0).normal
    matrix = normal(size=(3, 4))
    return [
        normal(size=6),
        normal(size=12)[::2],
        normal(size=6)[::-1],
        np.zeros(0),
        np.arange(6),
        np.arange(6, dtype=np.int32),
        np.arange(5, dtype=np.uint8),
        normal(size=5).astype(np.float32),
        np.array([True, False, True]),
        matrix,
        np.asfortranarray(matrix),
        matrix[::2, ::-1],
        np.zeros((0, 3)),
        np.arange(6).reshape(2, 3),
        normal(size=(2, 3, 4)),
    ]


def _twin(x: np.ndarray) -> np.ndarray:
    """A copy with strides of the same kind."""
    if x.flags.forc:
        return x.copy(order="K")
    big = np.zeros([2 * n + 1 for n in x.shape], x.dtype)
    twin = big[tuple([slice(None, None, -2)] * x.ndim)][tuple(slice(0, n) for n in x.shape)]
    twin[...] = x
    return twin


def _function(body: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {"np": np, "math": math}
    lines = "\n".join(f"    {line}" for line in body.split("; "))
    exec(f"def f(x, i, j):\n{lines}\n", scope)
    return scope["f"]


def _agrees(body: str) -> None:
    fn = _function(body)
    programs: dict[str, Typed | SsadError] = {}
    compiled = 0
    for x, (i, j) in itertools.product(_arrays(), ((1, -2), (-1, 2), (3, 0))):
        ours, theirs = (_twin(x), i, j), (_twin(x), i, j)
        key = f"{x.dtype} {x.ndim} {ours[0].flags.c_contiguous} {ours[0].flags.f_contiguous}"
        if key not in programs:
            try:
                programs[key] = typed(fn, ours)
            except SsadError as error:
                programs[key] = error
        program = programs[key]
        if isinstance(program, SsadError):
            continue
        compiled += 1
        expected = outcome(lambda theirs=theirs: fn(*theirs))
        actual = outcome(lambda program=program, ours=ours: run_typed(program, ours))
        assert same_outcome(actual, expected), (body, x.dtype, x.shape, i, j, expected, actual)
        assert same(ours[0], theirs[0]), (body, x.dtype, x.shape, i, j, "content")
    assert compiled


def test_slices() -> None:
    for start, stop, step in itertools.product(BOUNDS, BOUNDS, STEPS):
        text = ":".join("" if bound is None else str(bound) for bound in (start, stop, step))
        _agrees(f"return x[{text}]")


READS = """
return x[i]|return x[-1]|return x[i, j]|return x[i][j]|return x[i:j]|return x[j:i]|return x[:, 0]|return x[1]
return x[:, 1:]|return x[::-1, ::2]|return x[...]|return x[1:][::2][0]|return x[..., 1:]
return len(x), x.shape, x.size, x.ndim|return x[len(x)]|return x.shape == (3, 4)|return x is x, x is None
return x.dtype == np.float64|return isinstance(x, np.ndarray)|return (x[0], (x[1], 2)), None
n, m = x.shape; return n|return x[np.int64(1)]
a, b, c = x; return c|a, b = x; return a|return x[0].item()|return np.array(x)|return x.copy()
"""
STORES = """
x[i] = 2.7; return x[i]|x[i] = j; return x|x[0] += 1; return x|x[:] = 3; return x|x[1:3] = 2.5; return x
x[1:] = x[:-1]; return x|x[:-1] = x[1:]; return x|x[::-1] = x; return x|x[0] = x[1]; return x
x[:, 0] = 1; return x
x[0] = math.nan; return x|x[0] = math.inf; return x|x[0] = 300; return x|x[0] = -1; return x
x[0] = 1e300; return x
x[:2] = x[:3]; return x|x[0] = True; return x|x[0] = np.float64(2.9); return x
x[i], x[j] = x[j], x[i]; return x
x.fill(2); return x|y = x; y[0] = 5; return x|r = x[0]; r[1] = 9; return x|y = x[i:]; y[0] = 2; return x
"""
LOOPS = """
s = 0.0; for v in x: s += v; return s
s = 0.0; for row in x: s += row[0]; return s
s = 0.0; for k, v in enumerate(x): s += v * k; return s
s = 0.0; for k, v in enumerate(x, i): s += v * k; return s
s = 0.0; for a, b in zip(x, x[1:]): s += a * b; return s
s = 0.0; for v in reversed(x): s = s * 0.5 + v; return s
s = 1.0; for k in reversed(range(len(x))): s = s * 0.5 + x[k]; return s
s = 0; for k in range(i, j, -1): s += k; return s
s = 0; for k in range(10, -10, j): s = s * 2 + k; return s
s = 0.0; for t in (1.0, 2.0, x[0]): s += t; return s
for k in range(len(x) - 1, 0, -1): x[k] = x[k - 1]; return x
return len(range(10, i, -3)), len(range(i, j)), len(range(j, i, 2)), range(i, 9)[j]
return i in (1, 2), 3 in range(0, 10, i)
"""
MAKERS = """
return np.zeros_like(x)|return np.ones_like(x)|return np.full_like(x, 3)|return np.zeros(len(x))
return np.ones(x.shape)
return np.full(3, 2)|return np.full((2, 2), 1.5, dtype=np.float32)|return np.zeros((2, i))|return np.zeros(j)
return np.zeros(3, dtype=int)|return np.zeros(3, "f4")|return np.array([x[0], 1.0])|return np.array((1, 2, 3))
return np.array([[1.0, 2], [3, 4]])|t = (1.0, 2.0, 3.0); return t[-1], t[i], t[1:]
"""


def _cases(text: str, separator: str) -> list[str]:
    return [case.strip() for case in text.replace(separator, "\n").splitlines() if case.strip()]


@pytest.mark.parametrize("body", _cases(READS + STORES + MAKERS, "|"))
def test_arrays(body: str) -> None:
    _agrees(body)


@pytest.mark.parametrize("body", _cases(LOOPS, "|"))
def test_loops(body: str) -> None:
    _agrees(body)
