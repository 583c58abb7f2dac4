"""What is not compiled gets one error of at most six lines that names the place, the cause and the cure."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssad.errors import UnsupportedError
from ssad.frontend.bytecode import Raw, translate
from ssad.frontend.instruction import Position
from ssad.frontend.lift import lift
from ssad.frontend.refusals import describe_uncompilable, location, refusal
from tests.golden import ROOT
from tests.refused_programs import refused_programs

PROGRAMS = refused_programs()


def refusal_of(fn: object) -> str:
    with pytest.raises(UnsupportedError) as caught:
        lift(fn)
    text = str(caught.value)
    assert len(text.splitlines()) <= 6
    assert caught.value.cure
    return text


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_constructs(fn: Any, golden: Callable[[Path, str], None]) -> None:
    """One text for every Python version."""
    text = refusal_of(fn)
    golden(ROOT / "errors" / f"{fn.__name__}.txt", text + "\n")


class Callable_:
    def method(self, x: float) -> float:
        return x

    def __call__(self, x: float) -> float:
        return x


OBJECTS = {
    "builtin": math.sin,
    "ufunc": np.sin,
    "numpy_function": np.linalg.norm,
    "class": float,
    "partial": functools.partial(pow, 2.0),
    "method": Callable_().method,
    "callable": Callable_(),
    "text": "x * x",
    "method_descriptor": str.upper,
    "staticmethod": staticmethod(lambda x: x),
}


def test_objects(golden: Callable[[Path, str], None]) -> None:
    del OBJECTS["numpy_function"]  # a plain function around C, that differs between versions of NumPy
    texts = [f"{name}: {describe_uncompilable(value)}" for name, value in OBJECTS.items()]
    assert all(refusal_of(value) for value in OBJECTS.values())
    golden(ROOT / "errors" / "objects.txt", "\n".join(texts) + "\n")


def test_unknown_opcode() -> None:
    raw = Raw("FLY_TO_MOON", 0, None, "", 0, Position(1, 4, 1, 9))
    (instruction,) = translate([raw], [], set(), (3, 12))
    error = refusal(instruction.arg, location(test_unknown_opcode.__code__, instruction.position))
    assert "FLY_TO_MOON" in error.cause and "3.12" in error.cause
    assert error.place is not None and (error.place.line, error.place.column) == (1, 4)
    assert "ssad/frontend/bytecode.py" in error.cure


def test_newer_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 19, 0, "final", 0))
    with pytest.raises(UnsupportedError, match=r"Python 3\.19 is not known") as caught:
        lift(PROGRAMS[0])
    assert caught.value.cure


def test_code_without_positions() -> None:
    """Stripped of its columns a program gets the same errors, only less exact ones."""
    for fn in PROGRAMS:
        bare = fn.__code__.replace(co_linetable=b"")
        with pytest.raises(UnsupportedError) as caught:
            lift(type(fn)(bare, {}, fn.__name__, None, fn.__closure__))
        assert caught.value.place is not None and caught.value.place.line == 1
