"""Lifted IR means what the function means: evaluated in CPython, it ends as the direct call does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ssad.frontend.lift import lift
from tests.corpus import registry
from tests.lifted_eval import Evaluator, binding

CASES = registry.cases() + registry.array_valued() + registry.raising()


def outcome(call: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """How a call ends, in a form that can be compared: result or exception, and the arguments afterwards."""
    with np.errstate(all="ignore"):
        try:
            end: Any = call(*args)
        except Exception as error:
            end = (type(error), str(error))
    return image(end), image(args)


def image(value: Any) -> Any:
    """`value` such that equal images mean equal to the last bit."""
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, tuple | list):
        return type(value), [image(item) for item in value]
    if isinstance(value, float):
        return type(value), float(value).hex()
    return type(value), value


def agrees(fn: Any, *args: Any) -> Any:
    """Assert that the lifted function ends like the function itself on `args`, and return how."""
    direct = outcome(fn, args)
    assert outcome(binding(fn, Evaluator(lift(fn))), args) == direct
    return direct[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(case: registry.Case) -> None:
    evaluate = binding(case.fn, Evaluator(lift(case.fn)))
    for direct, lifted in zip(case.argument_sets(), case.argument_sets(), strict=True):
        assert outcome(evaluate, lifted) == outcome(case.fn, direct)
