"""What may be None is an object or a list on other paths: nothing looks at it where it is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import ssad


@dataclass
class Box:
    size: float

    def grow(self) -> None:
        self.size *= 2

    def __bool__(self) -> bool:
        return self.size > 1.5


def box(x: float, n: int) -> Any:
    made = None
    if n:
        made = Box(x)
        made.grow()
    return made


def items(x: float, n: int) -> Any:
    made = None
    if n:
        made = [x]
        for _ in range(n):
            made.append(x * n)
    return made


def truth_of_object(x: float, n: int) -> float:
    return 1.0 if box(x, n) else 2.0


def truth_of_list(x: float, n: int) -> float:
    return 1.0 if items(x, n) else 2.0


def equal_lists(x: float, n: int) -> float:
    return 1.0 if items(x, n) == [x, x] else 2.0


def equal_objects(x: float, n: int) -> float:
    first, second = box(x, n), None
    if n > 1:
        second = first
    return (1.0 if first is None else 2.0) + (5.0 if second == first else 7.0)


def result_inside(x: float, n: int) -> Any:
    return box(x, n), x


def list_or_other(x: float, n: int) -> float:
    total = 0.0
    for v in items(x, n) or [3.0 * x]:
        total += v * v
    return total


def array_or_other(x: float, n: int) -> float:
    made = np.full(2, x) if n else None
    other = made if made is not None else np.ones(2)
    return other[0] * x


def used_all_the_same(x: float, n: int) -> float:
    return items(x, n)[0]


FUNCTIONS = [
    box,
    truth_of_object,
    truth_of_list,
    equal_lists,
    equal_objects,
    result_inside,
    list_or_other,
    array_or_other,
    used_all_the_same,
]


@pytest.mark.parametrize("fn", FUNCTIONS)
def test_as_in_cpython(fn: Callable[..., Any]) -> None:
    compiled = ssad.jit(fn)
    for n in range(4):
        try:
            expected = fn(1.0, n)
        except TypeError as error:
            with pytest.raises(TypeError, match=str(error)[:20]):
                compiled(1.0, n)
        else:
            assert compiled(1.0, n) == expected


@pytest.mark.parametrize("fn", [list_or_other, array_or_other])
@pytest.mark.parametrize("n", range(3))
def test_gradients(fn: Callable[..., Any], n: int) -> None:
    slope = (fn(0.7 + 1e-6, n) - fn(0.7 - 1e-6, n)) / 2e-6
    assert ssad.grad(fn)(0.7, n) == pytest.approx(slope, rel=1e-7)
