"""Gradients of the corpus without a pass drawn at random, and without any that is not needed."""

from __future__ import annotations

import random

import pytest

from ssad.analysis.choices import CHOICES
from ssad.passes.manager import all_passes
from ssad.pipeline import FINISH, NEEDED, OPTIMISE, REFINE
from tests.corpus.registry import Case, cases
from tests.fuzz import OPTIONAL
from tests.without import judge


@pytest.mark.parametrize("case", [c for c in cases() if c.positions][::4], ids=lambda case: case.name)
def test_gradient_without_passes(case: Case) -> None:
    """Of every fourth function; `make fuzz` leaves out each pass, of all of them."""
    judge(case, (random.Random(case.name).choice(OPTIONAL),))
    judge(case, OPTIONAL)


def test_every_pass_that_may_be_left_out_is() -> None:
    names = {
        name for one in (*OPTIMISE, *REFINE, *FINISH) for name in ((one,) if isinstance(one, str) else one)
    }
    assert names <= {one.name for one in all_passes()}
    assert set(OPTIONAL) == (names | set(CHOICES)) - set(NEEDED)
