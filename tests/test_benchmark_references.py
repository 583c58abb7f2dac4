"""The adjoints written by hand in C, against which gradients are timed, are right."""

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.loops.cases import Case, small
from benchmarks.loops.native import Native, reference_library, timer_library

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler called cc")


def differences(reference: Native, argnum: int) -> np.ndarray:
    """Gradient of the C primal by central differences, extrapolated twice."""
    arguments = list(reference.case.arguments)
    x = np.array(arguments[argnum], dtype=float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = 4e-3 * max(abs(float(x[index])), 1e-3)
        quotients = []
        for h in (step, step / 2, step / 4):
            sides = []
            for sign in (1.0, -1.0):
                moved = x.copy()
                moved[index] += sign * h
                arguments[argnum] = moved if moved.ndim else float(moved)
                sides.append(reference.primal(*arguments))
            quotients.append((sides[0] - sides[1]) / (2 * h))
        first = [(4 * b - a) / 3 for a, b in pairwise(quotients)]
        gradient[index] = (16 * first[1] - first[0]) / 15
    return gradient


@pytest.mark.parametrize("case", small(), ids=lambda case: case.name)
def test_reference_adjoint_is_right(case: Case, tmp_path: Path) -> None:
    reference = Native(reference_library(case, tmp_path), case)
    value, gradients = reference.value_and_gradient()
    assert value == pytest.approx(case.function(*case.arguments), rel=1e-13)
    assert value == reference.primal(*case.arguments)
    for argnum, gradient in zip(case.argnums, gradients, strict=True):
        expected = differences(reference, argnum)
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


def test_timer_calls_the_function(tmp_path: Path) -> None:
    case = small()[0]
    reference = Native(reference_library(case, tmp_path), case, timer_library(case, tmp_path))
    assert reference.nanoseconds("primal", 100) > 0
    assert reference.nanoseconds("value_and_gradient", 100) > 0
    assert reference.value.value == reference.primal(*case.arguments)
