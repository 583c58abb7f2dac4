"""The timed gradients agree with those written by hand, in Python and from the exported library."""

import shutil
from pathlib import Path

import pytest

from benchmarks.loops.cases import Case, small
from benchmarks.loops.page import table
from benchmarks.loops.run import contenders, measure, parse
from benchmarks.loops.samples import Samples


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler called cc")
@pytest.mark.parametrize("case", small(), ids=lambda case: case.name)
def test_compiled_gradient_agrees_with_c(case: Case, tmp_path: Path) -> None:
    timers = contenders(case, tmp_path, parse([]))  # checks values and gradients to 1e-9
    assert {"native primal", "native gradient", "call gradient", "C gradient"} <= timers.keys()


def test_ratios_are_medians_of_paired_rounds() -> None:
    samples = measure({"slow": lambda calls: 30 * calls, "fast": lambda calls: 10 * calls}, rounds=4)
    assert samples.ratio("slow", "fast") == (3.0, 3.0, 3.0)
    assert samples.ratio("slow", "absent") is None


def test_the_page_shows_ratios_and_goals() -> None:
    case = small()[0]
    times = {"C primal": [10.0, 10.0], "C gradient": [20.0, 21.0], "native gradient": [5.0, 5.0]}
    (row,) = [line for line in table([(case, Samples(times))], 2).splitlines() if line.startswith("| W1 ")]
    assert row.split(" | ")[1:] == ["10 ns", "2.05", "-", "-", "-", "0.50 (0.70)", "-", "-", "- |"]
