"""The scenarios that users meet first: mutation, aliasing, pullbacks, results that are arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import ssad
from tests.oracle.arguments import copy_arguments
from tests.oracle.tape import gradient
from tests.outside import agrees, random

# Work buffers and mutated arguments


def through_buffer(x: Any, work: Any) -> Any:
    for i in range(len(x)):
        work[i] = x[i] * x[i]
    total = 0.0
    for i in range(len(x)):
        total += work[i] * x[i]
    return total


def ping_pong(x: Any, a: Any, b: Any, steps: int) -> Any:
    for i in range(len(x)):
        a[i] = x[i]
    for _ in range(steps):
        for i in range(1, len(x) - 1):
            b[i] = 0.25 * a[i - 1] + 0.5 * a[i] * a[i] + 0.25 * a[i + 1]
        a, b = b, a
    return a[len(x) // 2]


def test_work_buffer_outside_argnums() -> None:
    agrees(through_buffer, (random(5), np.full(5, 7.0)))


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_two_work_buffers_that_swap(steps: int) -> None:
    agrees(ping_pong, (random(7), np.zeros(7), np.zeros(7), steps))


def test_work_buffer_keeps_a_value_between_uses() -> None:
    """What the buffer held before the call is an input as well."""

    def f(x: Any, work: Any) -> Any:
        total = 0.0
        for i in range(len(x)):
            total += work[i] * x[i]
            work[i] = math.sin(x[i])
        for i in range(len(x)):
            total += work[i] ** 2
        return total

    agrees(f, (random(4), random(4, seed=1)), (0, 1))


def test_mutated_arguments_hold_what_the_plain_call_leaves() -> None:
    def f(x: Any, t: float) -> Any:
        for i in range(1, len(x)):
            x[i] = x[i - 1] * t + x[i]
        x[0] = 0.0
        return x[len(x) - 1] * x[1]

    agrees(f, (random(6), 0.5), (0, 1))


def test_overwritten_again_and_again() -> None:
    def f(x: Any) -> Any:
        for k in range(5):
            for i in range(len(x)):
                x[i] = math.cos(x[i]) * x[(i + k) % len(x)]
        return x[0] + x[len(x) - 1]

    agrees(f, (random(4),))


def test_inputs_that_are_only_read_stay_as_they_are() -> None:
    x = random(5)
    before = x.copy()
    ssad.grad(lambda x: x[0] * x[1])(x)
    ssad.vjp(through_buffer, x, np.zeros(5))[1](1.0)
    ssad.hvp(lambda x: x[0] ** 3 * x[1], x, np.ones(5))
    ssad.check_grads(lambda x: x[0] ** 3 * x[1], x)
    np.testing.assert_array_equal(x, before)


def test_vjp_leaves_mutated_arguments_as_one_plain_call_does() -> None:
    def doubling(x: Any) -> Any:
        for i in range(len(x)):
            x[i] *= 2.0
        return x[0] * x[1]

    x = np.array([1.0, 2.0])
    _, pullback = ssad.vjp(doubling, x)
    np.testing.assert_array_equal(x, [2.0, 4.0])
    for _ in range(2):
        np.testing.assert_array_equal(pullback(1.0)[0], [8.0, 4.0])
    np.testing.assert_array_equal(x, [2.0, 4.0])


# Aliased arguments


def dot(a: Any, b: Any) -> Any:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def shift_into(a: Any, b: Any) -> Any:
    """Order matters where `a` and `b` overlap."""
    for i in range(len(a)):
        b[i] = 2.0 * a[i] + 0.5 * b[i]
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i] * (i + 1)
    return total


def test_same_array_twice_read_only() -> None:
    x = random(4)
    np.testing.assert_array_equal(ssad.grad(dot)(x, x), x)
    agrees(dot, (x, x), (0, 1))


def test_same_array_twice_written() -> None:
    x = random(4)
    agrees(shift_into, (x, x), (0, 1))


@pytest.mark.parametrize("shift", [-3, -1, 1, 2, 6])
def test_overlapping_views(shift: int) -> None:
    block = random(16)
    a, b = block[4:9], block[4 + shift : 9 + shift]
    agrees(dot, (a, b), (0, 1))
    agrees(shift_into, (a, b), (0, 1))


def test_overlapping_views_with_strides() -> None:
    block = random(16)
    agrees(shift_into, (block[0:10:2], block[4::-1]), (0, 1))
    agrees(shift_into, (block[:5][::-1], block[:5]), (0, 1))


def test_interleaved_views_that_share_no_element() -> None:
    block = random(10)
    agrees(shift_into, (block[0::2], block[1::2]), (0, 1))


def test_overlap_with_an_array_that_is_not_asked_for() -> None:
    x = random(5)
    agrees(shift_into, (x, x), 0)
    agrees(shift_into, (x[:4], x[1:]), 1)


def test_a_version_for_separate_arguments_is_not_used_for_overlapping_ones() -> None:
    g = ssad.jit_grad(argnums=(0, 1))(shift_into)
    x = random(6)
    for a, b in ((x[:3].copy(), x[3:].copy()), (x[:3], x[1:4]), (x[:3].copy(), x[3:].copy())):
        expected = gradient(shift_into, (a, b), (0, 1))[1]
        for got, bar in zip(g(*copy_arguments((a, b))), expected, strict=True):
            np.testing.assert_allclose(got, bar, rtol=1e-13)


# Arguments that are tuples


def summed_into(pair: Any, x: Any) -> Any:
    out, t = pair
    for i in range(len(x)):
        out[i] = t * x[i] + out[i - 1]
    return out[0] * x[0] + out[len(x) - 1]


def through_a_tuple(function: Any, shared: bool) -> Any:
    return lambda x: function((x if shared else np.ones(4), 0.5), x)


def test_arrays_in_tuples_overlap_too() -> None:
    value = ssad.jit(vector_math=False)(summed_into)
    by_x = ssad.grad(summed_into, argnums=1)
    for shared in (False, True, False):
        x = random(4)
        plain = through_a_tuple(summed_into, shared)
        assert through_a_tuple(value, shared)(x.copy()) == plain(x.copy())
        _, expected = gradient(plain, (x,), 0)
        np.testing.assert_allclose(through_a_tuple(by_x, shared)(x.copy()), expected, rtol=1e-13)


def test_a_tuple_is_known_by_its_types() -> None:
    f = ssad.jit(lambda pair: pair[0] + pair[1])
    kept = [(1.0, 2.0), (1, 2), (1.0, np.float64(2.0)), (3.5, 4.0), (3, 4)]
    assert [f(pair) for pair in kept] == [3.0, 3, 3.0, 7.5, 7]
    assert len(f.signatures) == 3


def test_a_pullback_keeps_arrays_in_tuples() -> None:
    y = np.array([1.0, 2.0])
    _, pullback = ssad.vjp(lambda pair, t: t * pair[0][0] + pair[0][1] * t * pair[1], (y, 3), 0.5)
    y[:] = 9.0
    assert pullback(1.0)[1] == 1.0 + 2.0 * 3


# Pullbacks


def test_pullback_twice_and_after_x_changed() -> None:
    def f(x: Any, t: float) -> Any:
        total = 0.0
        for i in range(len(x)):
            total += math.exp(x[i] * t)
        return total

    x = random(4)
    _, (x_bar, t_bar) = gradient(f, (x, 0.5), (0, 1))
    value, pullback = ssad.vjp(f, x, 0.5)
    assert value == pytest.approx(f(x, 0.5), rel=1e-15)
    x[:] = -5.0
    for y_bar in (1.0, 1.0, -2.0):
        got = pullback(y_bar)
        np.testing.assert_allclose(got[0], y_bar * x_bar, rtol=1e-14)
        assert got[1] == pytest.approx(y_bar * t_bar, rel=1e-14)


def test_pullbacks_of_two_points_do_not_meet() -> None:
    def f(x: float) -> float:
        y = x
        while y < 100.0:
            y = y * x
        return y

    _, at_two = ssad.vjp(f, 2.0)
    _, at_three = ssad.vjp(f, 3.0)
    assert at_two(1.0) == (7 * 2.0**6,)
    assert at_three(1.0) == (5 * 3.0**4,)
    assert at_two(1.0) == (7 * 2.0**6,)


def test_pullback_after_a_captured_array_changed() -> None:
    weights = np.array([3.0, 1.0])
    _, pullback = ssad.vjp(lambda x: x * x * weights[0], 2.0)
    weights[0] = 100.0
    assert pullback(1.0) == pullback(1.0) == (12.0,)


def test_pullbacks_write_nothing_outside() -> None:
    state = np.array([1.0])

    def f(x: float) -> Any:
        state[0] *= 2.0
        return x * state[0]

    value, pullback = ssad.vjp(f, 3.0)
    assert value == 6.0 and state[0] == 2.0
    assert pullback(1.0) == pullback(1.0) == (2.0,)
    assert state[0] == 2.0


def test_pullback_of_an_array() -> None:
    def f(x: Any) -> Any:
        y = np.zeros(len(x) - 1)
        for i in range(len(y)):
            y[i] = x[i] * x[i + 1]
        return y

    x, y_bar = random(5), random(4, seed=2)
    y, pullback = ssad.vjp(f, x)
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_allclose(pullback(y_bar)[0], gradient(f, (x,), 0, y_bar)[1], rtol=1e-14)


# Results that are arguments


def itself(x: Any) -> Any:
    x[0] = 3.0 * x[0]
    return x


def row(x: Any, i: int) -> Any:
    return x[i]


def tail(x: Any) -> Any:
    return x[1:]


def test_returned_argument_is_the_callers_array_or_its_view() -> None:
    x = random(4)
    first = x[0]
    y = ssad.jit(itself)(x)
    assert y is x or (y.base is x or y.base is x.base)
    assert np.shares_memory(x, y) and y.shape == x.shape
    assert x[0] == y[0] == 3.0 * first


def test_returned_view_of_an_argument_shares_its_memory() -> None:
    a = random(3, 4)
    y = ssad.jit(row)(a, 1)
    np.testing.assert_array_equal(y, a[1])
    a[1, 2] = -1.0
    assert y[2] == -1.0
    y[0] = -2.0
    assert a[1, 0] == -2.0
    x = random(5)
    z = ssad.jit(tail)(x)
    assert np.shares_memory(x, z) and z.shape == (4,)


def test_a_returned_view_keeps_its_memory_alive() -> None:
    def fresh(n: int) -> Any:
        y = np.zeros(n)
        for i in range(n):
            y[i] = i
        return y[1:]

    compiled = ssad.jit(fresh)
    views = [compiled(1000) for _ in range(50)]
    compiled(1000)[:] = -1.0
    for view in views:
        np.testing.assert_array_equal(view, np.arange(1.0, 1000.0))


def test_pullback_of_a_returned_argument() -> None:
    for fn, args in ((itself, (random(3),)), (tail, (random(4),)), (row, (random(2, 3), 1))):
        y, pullback = ssad.vjp(fn, *copy_arguments(args))
        y_bar = random(*np.shape(y), seed=3)
        np.testing.assert_allclose(pullback(y_bar)[0], gradient(fn, args, 0, y_bar)[1], rtol=1e-14)
