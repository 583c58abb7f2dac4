"""Every stage of every corpus function is valid at that stage, and its text is the same module again."""

import pytest

from ssad.frontend.arguments import abstract_of
from ssad.ir.core import Module
from ssad.ir.equal import difference
from ssad.ir.parser import parse_module
from ssad.ir.printer import print_module
from ssad.ir.verify import verify
from ssad.pipeline import Recipe, Step, Trace, stages
from tests.corpus.registry import Case, cases

IR_STAGES = ("lifted", "typed", "optimised", "adjoint", "refined")


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_stages_are_valid_and_survive_a_round_trip(case: Case, mode: str) -> None:
    arguments = [abstract_of(value) for value in case.argument_sets()[0]]
    seen = []
    for artefact in stages(case.fn, arguments, Recipe((Step(mode, case.positions),)), Trace(verify=True)):
        if artefact.stage not in IR_STAGES:
            break
        seen.append(artefact.stage)
        if mode == "forward" and artefact.stage in IR_STAGES[:3]:
            continue  # the same as in reverse mode
        module = getattr(artefact.value, "module", artefact.value)
        assert isinstance(module, Module)
        verify(module, artefact.stage)
        text = print_module(module)
        again = parse_module(text)
        assert difference(module, again) is None
        assert print_module(again) == text
        verify(again, artefact.stage)
    assert tuple(seen) == IR_STAGES
