"""Every stage of every corpus function is valid at that stage, and its text is the same module again."""

import pytest

from ssad.frontend.arguments import abstract_of
from ssad.ir.core import Module
from ssad.ir.equal import difference
from ssad.ir.parser import parse_module
from ssad.ir.printer import print_module
from ssad.ir.verify import verify
from ssad.pipeline import Artefact, Recipe, Step, Trace, stage, stages
from tests.corpus.registry import Case, cases

BEFORE, BEHIND = ("lifted", "typed"), ("optimised", "adjoint", "refined")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_stages_are_valid_and_survive_a_round_trip(case: Case) -> None:
    arguments = [abstract_of(value) for value in case.argument_sets()[0]]
    for name in BEFORE:
        typed = stage(name, case.fn, arguments, Recipe())
        _assert_valid_and_readable(typed)
    for mode in ("reverse", "forward"):
        recipe = Recipe((Step(mode, case.positions),))
        made = stages(case.fn, arguments, recipe, Trace(verify=True), typed.value)
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
