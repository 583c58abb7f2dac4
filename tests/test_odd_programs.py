"""Functions as people write them: each is what CPython makes of it, or refused in six lines with a cure."""

from __future__ import annotations

import contextlib
import inspect
import io
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import ArgumentError, SsadError
from tests import odd_programs
from tests.oracle.differences import richardson
from tests.oracle.tape import gradient

PROGRAMS = [
    fn
    for name, fn in vars(odd_programs).items()
    if inspect.isfunction(fn) and fn.__module__ == odd_programs.__name__ and not name.startswith("_")
]

NARROWER: dict[str, Any] = {
    "integer_overflow": OverflowError,
    "int_of_huge": OverflowError,
    "infinite_integer": OverflowError,
    "integer_negative_power": ValueError,
    "power_of_negative": ValueError,
    "int_or_float": 2.0,
}
"""Where machine types cannot follow Python: an exception instead of a large or complex number, and one
type, float, for a variable that is an int on some paths.
"""


def arguments(fn: Callable[..., Any]) -> tuple[Any, ...]:
    text = (fn.__doc__ or "").strip()
    made: tuple[Any, ...] = eval(f"({text},)" if text else "()", vars(odd_programs))
    return made


def outcome(fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The value, or the exception that is raised; nothing is printed or read."""
    random.seed(0)
    np.random.seed(0)
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        try:
            return fn(*args)
        except (Exception, SystemExit) as error:
            return error


def same(got: Any, expected: Any) -> bool:
    if isinstance(expected, BaseException):
        return type(got) is type(expected) and str(got) == str(expected)
    if isinstance(expected, tuple):
        return type(got) is tuple and len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, np.ndarray):
        return isinstance(got, np.ndarray) and got.dtype == expected.dtype and np.array_equal(got, expected)
    return type(got) is type(expected) and bool(got == expected or (got != got and expected != expected))


def check_refusal(error: SsadError, fn: Callable[..., Any]) -> None:
    """Cause and cure, in six lines; the place and its source unless an argument is to blame."""
    lines = str(error).splitlines()
    assert len(lines) <= 6
    assert error.cause and error.cure
    assert lines[0].startswith(f"error[{error.code}]: ")
    assert lines[-1].startswith("  help: ")
    if isinstance(error, ArgumentError) and error.place is None:
        assert fn.__name__ in lines[0]
        return
    assert error.place is not None
    assert lines[1].startswith("  --> ") and f":{error.place.line}" in lines[1]
    if error.place.column is not None:
        assert "^" in lines[3]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
@pytest.mark.filterwarnings("ignore")
def test_right_or_refused(fn: Callable[..., Any]) -> None:
    got = outcome(ssad.jit(vector_math=False)(fn), arguments(fn))
    if isinstance(got, SsadError):
        check_refusal(got, fn)
        return
    if fn.__name__ in NARROWER:
        wanted = NARROWER[fn.__name__]
        assert type(got) is wanted if isinstance(wanted, type) else same(got, wanted)
        return
    expected = outcome(fn, arguments(fn))
    assert same(got, expected), f"{got!r} instead of {expected!r}"


def has_gradient(fn: Callable[..., Any]) -> bool:
    args = arguments(fn)
    if not args or not (isinstance(args[0], float) or getattr(args[0], "dtype", None) == np.float64):
        return False
    value = outcome(fn, args)
    if not isinstance(value, float) or not math.isfinite(value):
        return False
    return not isinstance(outcome(ssad.jit(fn), arguments(fn)), Exception)


@pytest.mark.filterwarnings("ignore")
def test_gradients_of_those_that_are_compiled() -> None:
    checked = 0
    for fn in filter(has_gradient, PROGRAMS):
        got = ssad.grad(fn)(*arguments(fn))
        try:
            value, expected = gradient(fn, arguments(fn))
        except TypeError:  # the tape has no rule for something in it
            value = None
        if value != fn(*arguments(fn)):
            expected = richardson(fn, arguments(fn))
        scale = max(1e-3, float(np.max(np.abs(expected))))
        assert np.allclose(got, expected, rtol=0.0, atol=1e-7 * scale), fn.__name__
        checked += 1
    assert checked >= 60


def test_how_many_there_are() -> None:
    names = {fn.__name__ for fn in PROGRAMS}
    assert len(names) == len(PROGRAMS) >= 300
    assert set(NARROWER) <= names
