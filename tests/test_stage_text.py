"""Every stage of every corpus function is valid at that stage, and its text is the same module again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ssad.frontend.arguments import abstract_of
from ssad.ir.core import Module
from ssad.ir.equal import difference
from ssad.ir.parser import parse_module
from ssad.ir.printer import print_module
from ssad.ir.verify import verify
from ssad.pipeline import Artefact, Recipe, Step, Trace, stage, stages
from tests.corpus.registry import Case, cases
from tests.test_derivatives_inside import gradient_descent, matrices_of_any_layout, trees
from tests.test_trees import CASES

INSIDE = (gradient_descent, matrices_of_any_layout, trees)

BEFORE, BEHIND = ("lifted", "typed"), ("optimised", "adjoint", "refined")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_stages_are_valid_and_survive_a_round_trip(case: Case) -> None:
    _assert_all_stages_are_valid(case.fn, case.argument_sets()[0], case.positions)


@pytest.mark.parametrize(("fn", "make", "leaves"), CASES.values(), ids=CASES)
def test_stages_of_what_takes_trees(
    fn: Callable[..., Any], make: Callable[..., tuple[Any, ...]], leaves: tuple[Any, ...]
) -> None:
    """Objects, lists and dicts that are changed come in as memory, and go out as further results."""
    _assert_all_stages_are_valid(fn, make(*leaves), (0,))


@pytest.mark.parametrize("fn", INSIDE)
def test_stages_of_what_differentiates_inside(fn: Callable[..., Any]) -> None:
    _assert_all_stages_are_valid(fn, (np.ones(3), 0.7), (0, 1))
    artefact = stage(
        "optimised", fn, [abstract_of(np.ones(3)), abstract_of(0.7)], Recipe(), Trace(verify=True)
    )
    _assert_valid_and_readable(artefact)


def _assert_all_stages_are_valid(
    fn: Callable[..., Any], args: Sequence[Any], positions: tuple[int, ...]
) -> None:
    arguments = [abstract_of(value) for value in args]
    for name in BEFORE:
        typed = stage(name, fn, arguments, Recipe())
        _assert_valid_and_readable(typed)
    for mode in ("reverse", "forward"):
        recipe = Recipe((Step(mode, positions),))
        made = stages(fn, arguments, recipe, Trace(verify=True), typed.value)
        for name, one in zip(BEHIND, made, strict=False):  # what follows is LLVM's
            assert one.stage == name
            if mode == "reverse" or name != "optimised":  # which is the same in both
                _assert_valid_and_readable(one)


def _assert_valid_and_readable(artefact: Artefact) -> None:
    module = getattr(artefact.value, "module", artefact.value)
    assert isinstance(module, Module)
    verify(module, artefact.stage)
    text = print_module(module)
    again = parse_module(text)
    assert difference(module, again) is None
    assert print_module(again) == text
    verify(again, artefact.stage)
