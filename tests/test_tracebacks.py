"""Errors reach the user without the frames of the compiler; a switch shows them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ssad

HOUSE = str(Path(ssad.__file__).parent)


def divided(x):
    return 1.0 / x


def misspelt(x):
    return x.strip()


CALLS: dict[str, Callable[[], Any]] = {
    "value": lambda: ssad.jit(divided)(0.0),
    "gradient": lambda: ssad.grad(divided)(0.0),
    "value_and_grad": lambda: ssad.value_and_grad(divided)(0.0),
    "jvp": lambda: ssad.jvp(divided, (0.0,), (1.0,)),
    "vjp": lambda: ssad.vjp(divided, 0.0),
    "hvp": lambda: ssad.hvp(divided, 0.0, 1.0),
    "hessian": lambda: ssad.hessian(divided)(0.0),
    "jacobian": lambda: ssad.jacobian(divided)(0.0),
    "check_grads": lambda: ssad.check_grads(divided, 0.0),
    "refused": lambda: ssad.grad(misspelt)(1.0),
    "no_float": lambda: ssad.grad(divided)(1),
    "arity": lambda: ssad.grad(divided)(),
    "no_function": lambda: ssad.grad(3.0),  # type: ignore[arg-type]
    "option": lambda: ssad.grad(divided, fast=True),
    "pullback": lambda: ssad.vjp(divided, 1.0)[1](np.ones(3)),
    "signature": lambda: ssad.export(divided, "f65", "unused.so"),
}


def _frames(call: Callable[[], Any]) -> list[str]:
    with pytest.raises(Exception) as caught:
        call()
    return [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_frame_of_ours(call: Callable[[], Any]) -> None:
    ours = [name for name in _frames(call) if name.startswith(HOUSE)]
    assert len(ours) <= 1, ours


@pytest.mark.parametrize("name", ["gradient", "refused"])
def test_switch_shows_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSAD_TRACEBACK", "full")
    frames = _frames(CALLS[name])
    assert sum(frame.startswith(HOUSE) for frame in frames) >= 3


def test_the_place_is_still_told() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        ssad.grad(divided)(0.0)
    assert "test_tracebacks.py" in caught.value.__notes__[0]
    assert caught.value.__context__ is None
