"""Types and typed IR: goldens of small functions; values, exceptions and types against CPython and NumPy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssad.frontend.arguments import parse_signature
from ssad.frontend.custom import CUSTOM_VJP, STOP_GRADIENT
from ssad.frontend.infer import infer
from ssad.ir.verify import verify
from tests.corpus import registry
from tests.corpus.registry import Case
from tests.programs import random_program
from tests.typed_programs import GOLDENS
from tests.typed_run import outcome, run_typed, same, same_outcome, typed

GOLDEN = Path(__file__).parent / "golden" / "typed"

# Goldens


@pytest.mark.parametrize(("fn", "signature"), GOLDENS, ids=[fn.__name__ for fn, _ in GOLDENS])
def test_typed_text(fn: Callable[..., Any], signature: str, golden: Callable[[Path, str], None]) -> None:
    program = infer(fn, parse_signature(signature))
    verify(program.module)
    text = re.sub(r"(?m)^loc .*\n?| @L\d+", "", str(program.module))
    golden(GOLDEN / f"{fn.__name__}.txt", f"# {signature} -> {program.result}\n{text.rstrip()}\n")


# Values


def _corpus() -> list[Case]:
    return [*registry.cases(), *registry.array_valued(), *registry.raising()]


@pytest.mark.parametrize("case", _corpus(), ids=lambda case: case.name)
def test_corpus_is_cpython(case: Case) -> None:
    kernels = any(isinstance(cell.cell_contents, np.ufunc) for cell in case.fn.__closure__ or ())
    if kernels or case.name in ("complex_numbers.numpy_scalars_mix", "scalars.numpy_scalars"):
        pytest.skip("NumPy's own kernels differ from libm in the last bit")
    for ours, theirs in zip(case.argument_sets(), case.argument_sets(), strict=True):
        program = typed(case.fn, ours)
        expected = outcome(lambda theirs=theirs: case.fn(*theirs))
        actual = outcome(lambda program=program, ours=ours: run_typed(program, ours))
        if isinstance(expected[0], int) and isinstance(
            actual[0], float
        ):  # an int that may become a float is one
            expected = float(expected[0]), None
        assert same_outcome(actual, expected), (actual, expected)
        for a, b in zip(ours, theirs, strict=True):
            assert not isinstance(a, np.ndarray) or same(a, b), "an array argument ends differently"


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_programs_are_cpython(first: int) -> None:
    for seed in range(first, first + 50):
        program = random_program(seed)
        fn, ours, theirs = program.function(), program.arguments(), program.arguments()
        code = typed(fn, ours)
        expected = outcome(lambda fn=fn, theirs=theirs: fn(*theirs))
        actual = outcome(lambda code=code, ours=ours: run_typed(code, ours))
        assert same_outcome(actual, expected), (seed, actual, expected, program.source)
        assert all(same(a, b) for a, b in zip(ours, theirs, strict=True)), (seed, program.source)


# What is found outside

SCALE = 2.0
TABLE = np.array([1.0, 2.0, 3.0])


def scaled_sum(n):
    s = 0.0
    for i in range(n):
        s += SCALE * TABLE[i]
    return s


def through_helper(n):
    return scaled_sum(n) + scaled_sum(2)


def test_outside_arrays_are_hidden_arguments() -> None:
    program = typed(through_helper, (3,))
    assert [capture.origin.name for capture in program.captures] == ["TABLE"]
    assert [str(p.type) for p in program.module.main.params] == ["i64", "f64[?; C]"]
    assert same(run_typed(program, (3,)), through_helper(3))


def test_guards_notice_a_changed_global(monkeypatch: pytest.MonkeyPatch) -> None:
    program = typed(scaled_sum, (3,))
    assert all(guard.holds() for guard in program.guards)
    monkeypatch.setitem(scaled_sum.__globals__, "SCALE", 3.0)
    assert [guard.origin.name for guard in program.guards if not guard.holds()] == ["SCALE"]


def last_elements(x):
    s = 0.0
    for row in x:
        s += row[-1]
    return s


# Error models, rules, instances


def quotient(x, y):
    return math.log(x / y)


def test_numpy_error_model_drops_domain_checks() -> None:
    program = typed(quotient, (1.0, 0.0), "numpy")
    assert run_typed(program, (1.0, 0.0)) == math.inf
    assert not [op for op in program.module.main.ops() if op.name == "check"]


def test_numpy_error_model_keeps_index_checks() -> None:
    program = typed(last_elements, (np.zeros((2, 0)),), "numpy")
    with pytest.raises(IndexError, match="index -1 is out of bounds for axis 0 with size 0"):
        run_typed(program, (np.zeros((2, 0)),))


def clipped(x):
    return min(max(x, -1.0), 1.0)


def straight_through(y_bar, y, x):
    return y_bar


def uses_rule(x):
    return 3.0 * clipped(x) * held(x)


def held(x):
    return x


def test_rules_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CUSTOM_VJP, clipped, straight_through)
    STOP_GRADIENT.add(held)
    try:
        program = typed(uses_rule, (5.0,))
    finally:
        STOP_GRADIENT.discard(held)
    ops = {op.name: op for op in program.module.main.ops()}
    assert ops["call"].attrs == {"callee": "clipped", "type": "f64", "vjp": "straight_through"}
    assert "stop_gradient" in ops
    assert len(program.module.functions["straight_through"].params) == 3
    assert same(run_typed(program, (5.0,)), 15.0)


def polynomial(x, n):
    return x**n


def many_callers(x):
    return polynomial(x, 2) + polynomial(x, 3) + polynomial(2.0 * x, 2)


def test_one_function_per_argument_types() -> None:
    program = typed(many_callers, (1.5,))
    assert list(program.module.functions) == ["many_callers", "polynomial", "polynomial.1"]
    assert same(run_typed(program, (1.5,)), many_callers(1.5))


def test_dead_branches_are_not_typed() -> None:
    def by_rank(x):
        if x.ndim == 2:
            return x[0, 0]
        return x[0]

    for x in (np.ones(2), np.ones((2, 2))):
        program = typed(by_rank, (x,))
        assert not [b for b in program.module.main.blocks if b.term.kind == "branch"]
        assert same(run_typed(program, (x,)), np.float64(1.0))
