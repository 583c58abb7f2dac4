"""The generator of random programs: what it writes runs, is bounded, and is various."""

import inspect
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings

from tests.oracle.differences import complex_step
from tests.oracle.tape import gradient
from tests.program_forms import FOOTER, HEADER
from tests.programs import EVERY_KIND, Program, programs, random_program

ARGNUMS = (0, 1, 2, 3)


def _judge(program: Program) -> None:
    function = program.function()
    try:
        plain = function(*program.arguments())
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)):
            gradient(function, program.args, ARGNUMS)
        return
    value, bars = gradient(function, program.args, ARGNUMS)
    assert type(value) is type(plain)
    assert np.float64(value).tobytes() == np.float64(plain).tobytes()
    assert abs(value) < 1e6
    flat = np.concatenate([np.ravel(bar) for bar in bars])
    assert np.abs(flat).max() < 1e6
    with np.errstate(all="ignore"):
        stepped = complex_step(function, program.args, ARGNUMS)
    scale = max(1.0, np.abs(flat).max())
    np.testing.assert_allclose(np.concatenate([np.ravel(bar) for bar in stepped]), flat, atol=1e-12 * scale)


@given(programs())
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_drawn_programs_agree_with_the_tape(program: Program) -> None:
    _judge(program)


def test_seeded_programs_agree_with_the_tape() -> None:
    for seed in range(100):
        _judge(random_program(seed))


def test_every_kind_of_statement_appears() -> None:
    seen = Counter(kind for seed in range(200) for kind in random_program(seed).kinds)
    assert set(seen) == EVERY_KIND
    assert min(seen.values()) >= 5


def test_programs_are_their_seeds() -> None:
    assert repr(random_program(7)) == repr(random_program(7))
    assert random_program(7).source != random_program(8).source


def test_arguments_are_fresh_and_keep_their_layout() -> None:
    program = random_program(3)
    first, second = program.arguments(), program.arguments()
    first[0][0] += 1.0
    assert second[0][0] == program.args[0][0] != first[0][0]
    assert first[0].strides == program.args[0].strides


def test_source_is_seen_by_inspect() -> None:
    program = random_program(11)
    assert inspect.getsource(program.function()) in program.source
    assert inspect.getsource(program.function()).startswith("def program(")


def test_counterexamples_shrink() -> None:
    smallest = find(
        programs(),
        lambda program: "while_data" in program.kinds,
        settings=settings(
            max_examples=500,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    body = smallest.source.removeprefix(HEADER).removesuffix(FOOTER)
    assert body.count("\n") < 10, smallest
