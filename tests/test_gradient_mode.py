"""A gradient by one number is its tangent, unless the adjoint is asked for; it is the same gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import ArgumentError
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, stage


def power(x: Any, n: int) -> Any:
    r = 1.0
    while n > 0:
        n -= 1
        r *= math.sin(x)
    return r


def written(x: Any, work: Any) -> Any:
    s = 0.0
    for i in range(1, len(work)):
        work[i] = math.cos(work[i - 1] * x)
        s += work[i] * x
    return s


def recursive(x: Any, n: int) -> Any:
    return x if n == 0 else math.sin(recursive(x, n - 1)) * x


def perhaps(x: Any) -> Any:
    return None if x > 5.0 else x * x


def precise(x: Any) -> Any:
    return x * x * np.float64(0.5)


def tree(p: Any, y: Any) -> Any:
    return p["x"] ** 3 * y


CASES: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "while": (power, lambda: (1.3, 5)),
    "an array that is written": (written, lambda: (1.3, np.ones(4))),
    "recursion": (recursive, lambda: (1.3, 4)),
    "float or None": (perhaps, lambda: (1.3,)),
    "float32": (precise, lambda: (np.float32(1.3),)),
    "a tree": (tree, lambda: ({"x": 1.3, "name": "p"}, 2.0)),
}


@pytest.mark.parametrize(("fn", "make"), CASES.values(), ids=CASES)
def test_both_ways_agree(fn: Callable[..., Any], make: Callable[[], tuple[Any, ...]]) -> None:
    outcomes = []
    for mode in ("auto", "reverse"):
        args = make()
        value, bar = ssad.value_and_grad(fn, mode=mode)(*args)
        left = [a.tolist() for a in args if isinstance(a, np.ndarray)]
        outcomes.append((value, type(value), bar, type(bar), left))
    (v, tv, b, tb, left), (w, tw, c, tc, right) = outcomes
    assert (v, tv, tb, left) == (w, tw, tc, right)
    if isinstance(b, dict):
        b, c = b["x"], c["x"]
    assert b == pytest.approx(c, rel=1e-6 if tb is np.float32 else 1e-14)


def through_one_memory(x: Any, a: Any, b: Any) -> Any:
    a[0] = x * x
    return b[0] * x


def test_arguments_that_overlap() -> None:
    """What is written through one name is read through the other, its tangent as well."""
    for mode in ("auto", "reverse"):
        grad = ssad.grad(through_one_memory, mode=mode)
        w = np.array([1.0, 2.0])
        assert grad(3.0, w, w) == grad(3.0, w[:1], w) == 27.0
        assert grad(3.0, w[:1], w[1:]) == 2.0
    pair = {"a": np.ones(2), "b": 0}
    pair["b"] = pair["a"]
    assert ssad.grad(lambda x, p: through_one_memory(x, p["a"], p["b"]))(3.0, pair) == 27.0


def tapes(
    argnums: tuple[int, ...],
    arguments: tuple[Any, ...],
    fn: Any = power,
    makers: tuple[str, ...] = ("tape_new", "stack_new"),
    **options: Any,
) -> int:
    recipe = Recipe((Step("gradient", argnums),), **options)
    module = stage("refined", fn, [abstract_of(a) for a in arguments], recipe).value
    return sum(op.name in makers for op in module.main.ops())


def test_the_tangent_keeps_nothing() -> None:
    assert tapes((0,), (1.3, 5)) == 0
    assert tapes((0,), (1.3, 5), mode="reverse") > 0


def test_loops_by_more_than_two_numbers_are_reversed() -> None:
    def product(x: Any, y: Any, z: Any, n: int) -> Any:
        r = 1.0
        while n > 0:
            n -= 1
            r = math.sin(x * r) * z + y
        return r

    assert tapes((0,), (1.3, 0.5, 0.9, 4), product) == 0
    assert tapes((0, 1), (1.3, 0.5, 0.9, 4), product) == 0
    assert tapes((0, 1), (1.3, 0.5, 0.9, 4), product, mode="reverse") > 0
    assert tapes((0, 1, 2), (1.3, 0.5, 0.9, 4), product) > 0
    both = ssad.grad(product, argnums=(0, 1))(1.3, 0.5, 0.9, 4)
    reverse = ssad.grad(product, argnums=(0, 1), mode="reverse")(1.3, 0.5, 0.9, 4)
    assert both == pytest.approx(reverse, rel=1e-14)


def roots(numbers: Any, scale: Any) -> Any:
    """Newton's iteration inside a loop: by each number, and by a scale that all share."""
    total = 0.0
    for k in range(len(numbers)):
        a = numbers[k] * scale
        x = a
        for _ in range(100):
            if abs(x * x - a) <= 1e-14 * a:
                break
            x = 0.5 * x if x * x > 4.0 * a else 0.5 * (x + a / x)
        else:
            x = math.nan
        total += x * scale
    return total


def test_inner_loops_run_their_tangents() -> None:
    """What the adjoint keeps is the way out for each number; no iterate, and no slope."""
    numbers = np.geomspace(1e-3, 1e6, 7)
    arguments = (numbers, 2.0)
    assert tapes((0, 1), arguments, roots) == 1
    assert tapes((0, 1), arguments, roots, ("stack_new",)) == 0
    assert tapes((0, 1), arguments, roots, ("stack_new",), mode="reverse") > 0
    by_number, by_scale = ssad.grad(roots, argnums=(0, 1))(*arguments)
    np.testing.assert_allclose(by_number, 2.0**1.5 / (2.0 * np.sqrt(numbers)), rtol=1e-12)
    assert by_scale == pytest.approx(1.5 * math.sqrt(2.0) * np.sqrt(numbers).sum(), rel=1e-12)
    again = ssad.hessian(lambda scale: roots(numbers, scale))(2.0)
    assert again == pytest.approx(0.75 / math.sqrt(2.0) * np.sqrt(numbers).sum(), rel=1e-10)


def test_gradient_of_one_complex_number_is_the_adjoint() -> None:
    by_z = ssad.grad(lambda z: (z * z).real)(1.3 + 0.5j)
    assert by_z == pytest.approx(ssad.grad(lambda z: (z * z).real, mode="reverse")(1.3 + 0.5j), rel=1e-14)


def test_exceptions_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    def noisy(x: Any) -> Any:
        print("once")
        return math.log(x)

    assert ssad.grad(noisy)(2.0) == 0.5
    assert capsys.readouterr().out == "once\n"
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        ssad.grad(noisy)(-2.0)


def test_other_modes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="mode is 'tape'"):
        ssad.grad(power, mode="tape")
