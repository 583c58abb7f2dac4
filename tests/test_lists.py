"""Lists against CPython: sums to the last bit, sorting, refusals, memory that runs out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError

EXACT = {"vector_math": False}


def total(x: Any, scale: float) -> Any:
    values = []
    for v in x:
        values.append(float(v) * scale)
    return sum(values)


def total_from(x: Any, start: Any) -> Any:
    values = []
    for v in x:
        values.append(float(v))
    return sum(values, start)


def total_of_array(x: Any, start: Any) -> Any:
    return sum(x, start)


def total_of_six(x: Any, n: int) -> Any:
    return sum((x[0], float(x[1]), n, float(x[2]), float(x[3]))) + sum((n, float(x[1]), n, float(x[2])))


@pytest.mark.parametrize("fn", [total, total_from, total_of_array, total_of_six])
@pytest.mark.parametrize("second", [1, 3, 0.1, -0.0, 1e300])
def test_sum_rounds_as_cpython_does(fn: Callable[..., Any], second: Any) -> None:
    if fn is total_of_six and isinstance(second, float):
        second = 7
    rng = np.random.default_rng(5)
    compiled = ssad.jit(fn, **EXACT)
    for _ in range(20):
        x = rng.normal(size=9) * 10.0 ** rng.integers(-12, 13, size=9)
        got = compiled(x, second)
        assert float(got).hex() == float(fn(x, second)).hex()
        assert type(got) is type(fn(x, second))


@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan, 1e308])
def test_sum_of_what_is_not_finite(odd: float) -> None:
    for x in ([odd, 1.0], [1.0, odd, 2.0], [odd, odd], [odd, -odd, 3.0]):
        got, expected = ssad.jit(total, **EXACT)(np.array(x), 1.0), total(np.array(x), 1.0)
        assert got == expected or (math.isnan(got) and math.isnan(expected))


def test_gradient_of_a_compensated_sum_is_that_of_the_sum() -> None:
    x = np.array([1e16, 1.0, -1e16, 3.0])
    np.testing.assert_array_equal(ssad.grad(total)(x, 2.0), np.full(4, 2.0))


def ranked(x: Any, backwards: bool) -> Any:
    keys = []
    for k, v in enumerate(x):
        keys.append((float(v), k))
    keys.sort(key=lambda pair: pair[0], reverse=backwards)
    s = 0.0
    for k, (_, where) in enumerate(keys):
        s += where * 100.0**k
    return s


RANKED = ssad.jit(ranked)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 8])
def test_sorting_is_stable(n: int, backwards: bool) -> None:
    rng = np.random.default_rng(n)
    for _ in range(10):
        x = rng.integers(0, 3, size=n).astype(float)
        assert RANKED(x, backwards) == ranked(x, backwards)


def test_nan_is_not_sorted() -> None:
    with pytest.raises(ValueError, match="does not sort nan"):
        ssad.jit(lambda x: sorted(x)[0])(np.array([1.0, math.nan]))


def nan_in_a_tuple(x: float, y: float) -> bool:
    return y in (1.0, x)


def nan_in_pairs(x: float, y: float) -> bool:
    return (x, 1.0) < (y, 2.0)


def nan_in_a_list(x: float, y: float) -> int:
    values = [x]
    values.append(2.0)
    return values.count(y)


def nan_caught(x: float, y: float) -> float:
    try:
        return sorted([x, y, x])[0] + [x].index(y)
    except ValueError:
        return 7.0


@pytest.mark.parametrize("fn", [nan_in_a_tuple, nan_in_pairs, nan_in_a_list, nan_caught])
def test_two_nan_are_no_objects(fn: Callable[..., Any]) -> None:
    compiled = ssad.jit(fn)
    for x, y in ((1.0, 2.0), (1.0, 1.0), (2.0, 1.0)):
        assert compiled(x, y) == fn(x, y)
    if fn is not nan_caught:
        for x, y in ((math.nan, 1.0), (1.0, math.nan)):
            assert compiled(x, y) == fn(x, y)
    with pytest.raises(ValueError, match="nan"):
        compiled(math.nan, math.nan)


def test_nan_that_is_one_object_is_in_a_tuple_of_it() -> None:
    assert ssad.jit(lambda x: x in (x, 1.0))(math.nan)
    assert not ssad.jit(lambda x: (x, 0.0) != (x, 0.0))(math.nan)


def grown(x: float, n: int) -> float:
    values = []
    for k in range(n):
        values.append(x * k)
    return values[n // 2]


def test_a_long_list() -> None:
    assert ssad.grad(grown)(2.0, 1_000_000) == 500_000.0


def list_of_arrays_and_lists(x: Any) -> Any:
    rows = [x]
    rows.append([x[0]])
    return rows[0][0]


def list_in_itself(x: Any) -> Any:
    rows = []
    for v in x:
        rows.append([v])
    rows.append(rows)
    return rows[0][0]


class Node:
    def __init__(self, value: float) -> None:
        self.value = value
        self.children: list[Any] = []


def tree_of_objects(x: Any) -> Any:
    root = now = Node(x[0])
    for v in x:
        now.children.append(Node(v))
        now = now.children[0]
    return root.value + len(root.children)


def iterators_in_a_list(x: Any) -> Any:
    rows = [enumerate(x)]
    rows.append(enumerate(x))
    return len(rows)


def string_into_list(x: Any) -> Any:
    rows = [1.0]
    rows.append("a")
    return rows[0]


def index_by_float(x: Any) -> Any:
    rows = [1.0]
    return rows[x[0]]


def generator_kept(x: Any) -> Any:
    values = (v for v in x)
    return sum(values) + len(list(values))


def generator_in_a_loop(x: Any) -> Any:
    values, s = (v for v in x), 0.0
    for _ in range(2):
        s += sum(values)
    return s


def generator_passed_on(x: Any) -> Any:
    return total_of_array((v for v in x), 0.0)


def any_of_its_own(x: Any) -> Any:
    def any(values: Any) -> float:
        return 1.0

    return any(v for v in x)


def test_generators_that_are_passed_on() -> None:
    """To a function of the user's, and to one that only has the name of a builtin function."""
    x = np.array([1.5, -2.0, 0.5])
    assert ssad.jit(generator_passed_on)(x) == generator_passed_on(x) == 0.0
    np.testing.assert_array_equal(ssad.grad(generator_passed_on)(x), np.ones(3))
    assert ssad.jit(any_of_its_own)(x) == 1.0
    np.testing.assert_array_equal(ssad.grad(any_of_its_own)(x), np.zeros(3))


def captured_by_lambda(x: Any) -> Any:
    functions = [lambda: v for v in x]  # noqa: B023
    return functions[0]()


def set_of_values(x: Any) -> Any:
    return len({v for v in x})


def test_a_generator_is_gone_through_once() -> None:
    assert ssad.jit(generator_kept)(np.ones(2)) == generator_kept(np.ones(2)) == 2.0


@pytest.mark.parametrize(
    ("fn", "code"),
    [
        (list_of_arrays_and_lists, "SSAD0201"),
        (list_in_itself, "SSAD0201"),
        (tree_of_objects, "SSAD0151"),
        (iterators_in_a_list, "SSAD0162"),
        (string_into_list, "SSAD0201"),
        (index_by_float, "SSAD0202"),
        (generator_in_a_loop, "SSAD0107"),
        (captured_by_lambda, "SSAD0104"),
        (set_of_values, "SSAD0104"),
    ],
)
def test_refusals(fn: Callable[..., Any], code: str) -> None:
    with pytest.raises(SsadError) as error:
        ssad.grad(fn)(np.ones(2))
    assert error.value.code == code
    assert len(str(error.value).splitlines()) <= 6


OUTSIDE = [1.0]


def appended(x: float) -> Any:
    OUTSIDE.append(x)
    return OUTSIDE[1]


def test_a_list_found_outside_is_not_changed() -> None:
    with pytest.raises(SsadError) as error:
        ssad.jit(appended)(2.0)
    assert error.value.code == "SSAD0153" and OUTSIDE == [1.0]


def repeated_rows(x: float, n: int, k: int) -> Any:
    rows = [[x]] * n
    rows[k].append(x)
    return len(rows[0]), len(rows)


def indexed_rows(x: float, n: int, k: int) -> Any:
    rows = [[x] for _ in range(n)]
    return rows[k][k - k]


def sliced_rows(x: float, n: int, k: int) -> Any:
    rows = [[x + i] for i in range(n)]
    rows[k : k + 2] = [[0.0]]
    rows *= 2
    return len(rows), rows[-1][0], rows[0] is rows[n - 1 if k < n else n]


@pytest.mark.parametrize("fn", [repeated_rows, indexed_rows, sliced_rows])
def test_lists_of_lists_at_their_ends(fn: Callable[..., Any]) -> None:
    compiled = ssad.jit(fn)
    for n in (0, 1, 3):
        for k in (-5, -1, 0, 2, 5):
            try:
                expected = fn(1.5, n, k)
            except IndexError as error:
                with pytest.raises(IndexError, match=str(error)):
                    compiled(1.5, n, k)
            else:
                assert compiled(1.5, n, k) == expected


def test_a_long_history() -> None:
    def history(x: float, n: int) -> float:
        states = []
        for k in range(n):
            states.append(np.full(1000, x * k))
        return states[n // 2][0]

    assert ssad.grad(history)(2.0, 2000) == 1000.0
