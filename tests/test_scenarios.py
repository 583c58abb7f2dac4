"""What other tools test themselves with: CPython's values, gradients by differences, in both modes."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError
from ssad.trees import leaves, refilled
from tests.oracle.differences import richardson
from tests.scenarios.registry import Maker, Scenario, scenarios


def by_id(which: Callable[[Scenario], bool]) -> Any:
    chosen = [one for one in scenarios() if which(one)]
    return pytest.mark.parametrize("scenario", chosen, ids=lambda one: one.name)


@by_id(lambda one: not one.refused)
def test_right(scenario: Scenario) -> None:
    fn, numbers = scenario.fn, scenario.argnums
    native = ssad.jit(fn, vector_math=False)
    gradient = ssad.jit_grad(fn, argnums=numbers, vector_math=False) if numbers else None
    for make in scenario.arguments:
        if gradient is not None and not raises(fn, make):
            check_derivatives(gradient, make, numbers)
        else:
            check_value(native, make)


def raises(fn: Callable[..., Any], make: Maker) -> Exception | None:
    try:
        fn(*make())
    except Exception as error:
        return error
    return None


def check_value(native: Any, make: Maker) -> None:
    """CPython's value or exception, and what it leaves of the arguments."""
    ours, theirs = make(), make()
    error = raises(native.py_func, make)
    if error is not None:
        with pytest.raises(type(error)) as caught:
            native(*ours)
        assert str(caught.value) == str(error)
        return
    assert same(native(*ours), native.py_func(*theirs))
    assert same(ours, theirs), "what is left of the arguments"


def same(a: Any, b: Any) -> bool:
    """Whether two values are alike, types and all."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "__dict__"):
        return same(list(vars(a).items()), list(vars(b).items()))
    return bool(a == b)


def check_derivatives(gradient: Any, make: Maker, numbers: tuple[int, ...]) -> None:
    fn = gradient.py_func
    ours, theirs, args = make(), make(), make()
    expected = fn(*theirs)
    value, bars = gradient.value_and_grad(*ours)
    assert type(value) is type(expected)
    assert value == pytest.approx(expected, rel=1e-15, abs=0.0)
    for a, b in zip(leaves(list(ours)), leaves(list(theirs)), strict=True):
        assert np.array_equal(a, b) or a is b, "what is left of the arguments"
    rng = np.random.default_rng(0)
    ways: dict[int, Any] = {n: direction(args[n], rng) for n in numbers}
    slope = sum(inner(bar, ways[n]) for n, bar in zip(numbers, bars, strict=True))
    along = functools.partial(moved, fn, make, ways)
    assert slope == pytest.approx(float(np.asarray(richardson(along, (0.0,), 0))), rel=1e-7, abs=1e-7)
    _, dot = ssad.jvp(fn, args, [ways.get(n) for n in range(len(args))], vector_math=False)
    assert dot == pytest.approx(slope, rel=1e-12, abs=1e-12)


@by_id(lambda one: bool(one.refused))
def test_refused(scenario: Scenario) -> None:
    """With the code that is noted, at a line of the function or at the argument, in six lines at most."""
    for make in scenario.arguments:
        with pytest.raises(SsadError) as error:
            ssad.grad(scenario.fn, argnums=scenario.argnums)(*make())
        assert error.value.code == scenario.refused
        text = str(error.value)
        theme = scenario.name.partition(".")[0]
        assert len(text.splitlines()) <= 6 and "help: " in text
        assert f"scenarios/{theme}.py:" in text or "an argument is" in text


def is_float(leaf: Any) -> bool:
    return np.asarray(leaf).dtype.kind == "f"


def direction(tree: Any, rng: np.random.Generator) -> Any:
    """A random tangent; None for what is no float."""
    fresh = (rng.standard_normal(np.shape(v)) if is_float(v) else None for v in leaves(tree))
    return refilled(tree, (v if v is None or np.ndim(v) else float(v) for v in fresh))


def inner(bar: Any, way: Any) -> float:
    pairs = zip(leaves(bar), leaves(way), strict=True)
    return float(sum(np.sum(np.asarray(a) * b) for a, b in pairs if b is not None))


def moved(fn: Callable[..., Any], make: Maker, ways: dict[int, Any], t: float) -> Any:
    """The value with the arguments moved by `t` times a tangent."""
    args = copy.deepcopy(list(make()))
    for n, way in ways.items():
        args[n] = refilled(args[n], _added(args[n], way, t))
    return fn(*args)


def _added(tree: Any, way: Any, t: float) -> Iterator[Any]:
    for leaf, dot in zip(leaves(tree), leaves(way), strict=True):
        yield leaf if dot is None else leaf + t * dot
