"""The pass `bounds` proves only what is true: near the ends of arrays functions raise where CPython does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.backend.interp import run
from ssad.frontend.arguments import abstract_of
from ssad.frontend.infer import infer
from ssad.ir.core import Module
from ssad.passes.manager import run_passes

WITH = ["simplify_cfg", "fold", "cse", "bounds", "fold", "dce"]


def typed(fn: Callable[..., Any], *args: Any) -> Module:
    return infer(fn, [abstract_of(arg) for arg in args]).module


def outcome(call: Callable[[], Any]) -> tuple[Any, ...]:
    try:
        return ("value", float(call()))
    except IndexError as error:
        return ("error", str(error))


def checks(module: Module) -> int:
    return sum(op.name == "check" for op in module.main.ops())


LOOP = """
def fn(x):
    s = 0.0
    for i in range({start}, len(x) - {less}):
        s += x[i + {shift}]
    return s
"""
DOWN = """
def fn(x):
    s = 0.0
    for i in range(len(x) - {less} - 1, {start} - 1, -1):
        s = 0.5 * s + x[i + {shift}]
    return s
"""
REVERSED = """
def fn(x):
    s = 0.0
    for i in reversed(range({start}, len(x) - {less})):
        s = 0.5 * s + x[i + {shift}]
    return s
"""
FROM_BEHIND = """
def fn(x):
    s = 0.0
    for i in range({start}, len(x) - {less}):
        s = 0.5 * s + x[len(x) - 1 - i + {shift}]
    return s
"""
FORMS = {"up": LOOP, "down": DOWN, "reversed": REVERSED, "from behind": FROM_BEHIND}
BOUNDS = list(product(range(-2, 3), range(-1, 3), range(-2, 3)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("start", "less", "shift"), BOUNDS)
def test_same_outcome_as_cpython(start: int, less: int, shift: int, form: str) -> None:
    space: dict[str, Any] = {}
    exec(FORMS[form].format(start=start, less=less, shift=shift), space)
    fn = space["fn"]
    module = typed(fn, np.ones(3))
    run_passes(module, WITH, verify=True)
    for n in range(6):
        x = np.arange(1.0, n + 1.0)
        assert outcome(lambda x=x: run(module, [x])[0]) == outcome(lambda x=x: fn(x)), n


def stencil(x, y):
    for i in range(1, len(x) - 1):
        x[i] = x[i - 1] + x[i] + x[i + 1]


def table(x, y):
    for i in range(x.shape[0]):
        for j in range(i, x.shape[1]):
            x[i, j] += 1.0


def other(x, y):
    for i in range(len(x)):
        y[i] = x[i]


def downwards(x, y):
    n = len(x)
    for i in range(n - 1, -1, -1):
        x[i] = 0.5 * x[i]
    for i in range(n - 2, 0, -1):
        x[i] = x[i - 1] + x[i] + x[i + 1]
    for i in reversed(range(1, n - 1)):
        x[i] = x[i - 1] + x[i + 1]
    for i in range(1, n - 1):
        x[n - 1 - i] = x[n - 2 - i] + x[n - i]


def too_far_down(x, y):
    for i in range(len(x) - 2, -1, -1):
        x[i] = x[i - 1]


CASES = [
    (downwards, (6,), 0),
    (too_far_down, (6,), 1),
    (stencil, (4,), 0),
    (table, (2, 3), 1),
    (other, (4,), 1),
]


@pytest.mark.parametrize(("fn", "shape", "left"), CASES)
def test_checks_that_stay(fn: Callable[..., Any], shape: tuple[int, ...], left: int) -> None:
    """In `table` the inner loop starts at a variable; in `other` the arrays may have different lengths."""
    module = typed(fn, np.ones(shape), np.ones(shape))
    run_passes(module, WITH, verify=True)
    assert checks(module) == left
