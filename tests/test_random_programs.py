"""Random programs: values bit for bit CPython's, gradients the tape's, forward against reverse.

Five hundred from seeds, in chunks, so that several processes share them; some drawn by Hypothesis, which
shrinks what fails. `make fuzz N=5000 SEED=2000` goes on where this stops.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import OPTIONAL, Way, failure, judge, main, near, way_of
from tests.oracle import tape
from tests.programs import Program, programs

PROGRAMS, CHUNK = 500, 25


@pytest.mark.parametrize("first", range(0, PROGRAMS, CHUNK))
def test_seeded_programs(first: int) -> None:
    failures = [text for seed in range(first, first + CHUNK) if (text := failure(seed))]
    assert not failures, "\n".join(failures[:3])


@given(programs(), st.sampled_from([Way(), *(Way(1, (name,)) for name in OPTIONAL)]))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_drawn_programs(program: Program, way: Way) -> None:
    judge(program, way)


def test_ways_are_shared_fairly() -> None:
    ways = Counter(map(way_of, range(PROGRAMS)))
    assert ways[Way()] == ways[Way(1)] == PROGRAMS / 4
    assert ways[Way(1, OPTIONAL)] == PROGRAMS / 4
    assert min(ways[Way(1, (name,))] for name in OPTIONAL) >= PROGRAMS // (4 * len(OPTIONAL)) > 1


SCALAR = "def program(x, y, a, b):\n    x[0] = a * b\n    return x[0] + y[0]\n"


def test_a_judge_judges() -> None:
    """A right program passes; what is off by little, nan, or of another shape does not."""
    args = (np.ones(2), np.ones(3), 2.0, 3.0)
    judge(Program(SCALAR, args), Way())
    for wrong in (np.nan, 1.0 + 1e-9):
        with pytest.raises(AssertionError, match="the gradient is"):
            near(wrong, 1.0, 1e-12, "the gradient")
    with pytest.raises(AssertionError, match="has shape"):
        near(np.ones(2), 1.0, 1e-12, "the gradient")


def test_a_failure_shows_seed_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tape.SLOPES, "mul", lambda z, x, y: (x, y))
    texts = [text for seed in range(6) if (text := failure(seed))]
    assert texts
    assert texts[0].startswith("seed ")
    assert "def program(x, y, a, b):" in texts[0]
    assert "AssertionError: the gradient by argument" in texts[0]


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "7", "--count", "3", "--workers", "1"]) == 0
    assert "3 of 3 programs, 0 failed" in capsys.readouterr().out
