"""Decorators from outside: what callers may pass, what they get back, what they are told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError
from tests.oracle.tape import gradient
from tests.outside import log_sum_exp, random, refused, squares

# What comes back


def test_one_decorator_four_doors() -> None:
    @ssad.jit_grad(argnums=(0, 1))
    def f(x: Any, t: float) -> Any:
        return log_sum_exp(x, t)

    x = random(4)
    value, (x_bar, t_bar) = gradient(log_sum_exp, (x, 0.5), (0, 1))
    got = f(x, 0.5)
    assert type(got) is tuple and type(got[0]) is np.ndarray and type(got[1]) is float
    np.testing.assert_allclose(got[0], x_bar, rtol=1e-14)
    assert got[1] == pytest.approx(t_bar, rel=1e-14)
    assert f.value_and_grad(x, 0.5)[0] == f.value(x, 0.5) == pytest.approx(value, rel=1e-15)
    assert f.py_func(x, 0.5) == value
    assert f.__name__ == "f" and f.__wrapped__ is f.py_func  # type: ignore[attr-defined]


def test_an_int_argnums_gives_one_gradient_a_tuple_a_tuple() -> None:
    f = ssad.grad(lambda x, y: x * x * y, argnums=1)
    assert f(3.0, 5.0) == 9.0
    assert ssad.grad(lambda x, y: x * x * y, argnums=(1,))(3.0, 5.0) == (9.0,)
    assert ssad.grad(lambda x, y: x * x * y, argnums=(1, 0))(3.0, 5.0) == (9.0, 30.0)
    assert ssad.grad(lambda x, y: x * x * y, argnums=-1)(3.0, 5.0) == 9.0


@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_scalars_come_back_as_they_went_in(kind: type) -> None:
    value, slope = ssad.value_and_grad(lambda x: x * x * x)(kind(2.0))
    assert type(value) is type(slope) is kind
    assert (value, slope) == (8.0, 12.0)


def test_zero_dimensional_array() -> None:
    value, slope = ssad.value_and_grad(lambda x: math.exp(x) * x)(np.array(0.5))
    assert isinstance(slope, np.ndarray) and slope.shape == () and slope.dtype == np.float64
    assert slope == pytest.approx(1.5 * math.exp(0.5), rel=1e-14)
    assert value == pytest.approx(0.5 * math.exp(0.5), rel=1e-14)


def test_float32_gradient_in_the_axis_order_of_the_argument() -> None:
    for x in (random(3, 4), np.asfortranarray(random(3, 4))):
        x = x.astype(np.float32, order="K")
        got = ssad.grad(squares)(x)
        assert got.dtype == np.float32 and got.shape == x.shape
        assert got.flags.c_contiguous == x.flags.c_contiguous
        assert got.flags.f_contiguous == x.flags.f_contiguous
        np.testing.assert_allclose(got, gradient(squares, (x.astype(float),))[1], rtol=1e-5)


LAYOUTS: dict[str, Callable[[], Any]] = {
    "every second row": lambda: random(6, 4)[::2],
    "every second column": lambda: random(3, 8)[:, ::2],
    "negative strides": lambda: random(3, 4)[::-1, ::-1],
    "one axis negative": lambda: random(3, 4)[:, ::-1],
    "transposed": lambda: random(4, 3).T,
    "Fortran order": lambda: np.asfortranarray(random(3, 4)),
    "a field of a larger block": lambda: random(3, 4, 2)[:, :, 1],
    "swapped axes": lambda: random(2, 4, 3).transpose(2, 1, 0)[:, :, 0],
    "broadcast rows": lambda: np.broadcast_to(random(4), (3, 4)),
    "one row": lambda: random(1, 4),
    "no rows": lambda: np.zeros((0, 4)),
    "no columns": lambda: np.zeros((3, 0)),
}


@pytest.mark.parametrize("make", LAYOUTS.values(), ids=list(LAYOUTS))
def test_layouts(make: Callable[[], Any]) -> None:
    x = make()
    value, got = ssad.value_and_grad(squares)(x)
    expected, bar = gradient(squares, (x.copy(),))  # a copy: repeated elements are inputs of their own
    assert value == expected
    assert got.shape == x.shape and got.dtype == x.dtype
    np.testing.assert_allclose(got, bar, rtol=1e-14)
    got[...] = 0.0  # an array of its own, which may be written


def scaled(x: Any) -> Any:
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] *= x[i, j] + i
    return squares(x)


@pytest.mark.parametrize("make", [m for n, m in LAYOUTS.items() if n != "broadcast rows"])
def test_layouts_written(make: Callable[[], Any]) -> None:
    x = make()
    _, bar = gradient(scaled, (x,))
    by_python = x.copy()
    scaled(by_python)
    np.testing.assert_allclose(ssad.grad(scaled)(x), bar, rtol=1e-14)
    np.testing.assert_array_equal(x, by_python)


def test_repeated_elements_are_not_written() -> None:
    x = np.lib.stride_tricks.as_strided(random(4), (3, 4), (0, 8))
    assert x.flags.writeable
    before = x.copy()
    assert "share memory" in refused(TypeError, ssad.grad(scaled), x)
    np.testing.assert_array_equal(x, before)


def test_read_only_arrays() -> None:
    def reads(x: Any) -> Any:
        return x[0] * x[1]

    def writes(x: Any) -> Any:
        x[0] = 2.0
        return x[0] * x[1]

    x = random(2)
    x.flags.writeable = False
    before = x.copy()
    np.testing.assert_array_equal(ssad.grad(reads)(x), x[::-1])
    assert ssad.jit(reads)(x) == x[0] * x[1]
    for door in (ssad.jit(writes), ssad.grad(writes), lambda x: ssad.vjp(writes, x)):
        text = refused(TypeError, door, x)
        assert "'x'" in text and "read-only" in text and "x.copy()" in text
    np.testing.assert_array_equal(x, before)


def test_a_written_argument_is_named() -> None:
    def f(a: Any, b: Any, out: Any) -> Any:
        out[0] = a[0] * b[0]
        return out[0]

    out = np.zeros(1)
    out.flags.writeable = False
    assert "'out'" in refused(TypeError, ssad.grad(f), random(1), random(1), out)


def test_unaligned_array() -> None:
    raw = np.zeros(8 * 5 + 1, np.uint8)
    x = raw[1:].view(np.float64)
    x[:] = random(5)
    assert not x.flags.aligned
    try:
        got = ssad.grad(log_sum_exp)(x, 0.5)
    except SsadError as error:
        assert error.cure
    else:
        np.testing.assert_allclose(got, gradient(log_sum_exp, (x.copy(), 0.5))[1], rtol=1e-14)


# What cannot be differentiated


def test_a_result_that_is_no_scalar_shows_its_shape() -> None:
    def doubled(x: Any) -> Any:
        y = np.zeros((len(x), 2))
        y[0, 0] = x[0]
        return y

    text = refused(TypeError, ssad.grad(doubled), random(3))
    assert "(3, 2)" in text and "jacobian" in text
    text = refused(TypeError, ssad.grad(lambda x: (x, x)), 1.0)
    assert "tuple" in text
    text = refused(TypeError, ssad.grad(lambda x: 3), 1.0)
    assert "int" in text
    text = refused(TypeError, ssad.grad(lambda x: None), 1.0)
    assert "None" in text
    refused(TypeError, ssad.grad(lambda x: x > 0.0), 1.0)


def test_gradient_by_an_int_names_the_argument() -> None:
    for args in ((3, 1.0), (np.int64(3), 1.0), (True, 1.0), (np.arange(3), 1.0), (np.ones(2, bool), 1.0)):
        text = refused(TypeError, ssad.grad(lambda count, y: y), *args)
        assert "'count'" in text
    assert "'y'" in refused(TypeError, ssad.grad(lambda count, y: y, argnums=1), 1.0, 2)
    assert "int64" in refused(TypeError, ssad.grad(lambda x: x[0]), np.arange(3))
    with pytest.raises(TypeError, match="'count'"):
        ssad.hvp(lambda count: count * 1.0, 3, 1.0)
    with pytest.raises(TypeError, match="'count'"):
        ssad.jvp(lambda count: count * 1.0, (3,), (1.0,))


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), "x", 0.0, None, (0, "x"), [0, 5]])
def test_argnums_that_fit_nothing(argnums: Any) -> None:
    refused(TypeError, lambda: ssad.grad(lambda x, y: x * y, argnums=argnums))


def test_argnums_twice_or_none() -> None:
    assert ssad.grad(lambda x, y: x * y, argnums=(0, 0))(1.0, 2.0) == (2.0, 2.0)
    assert ssad.grad(lambda x, y: x * y, argnums=())(1.0, 2.0) == ()


# Keywords, defaults, methods


def test_keywords_and_defaults() -> None:
    @ssad.jit_grad
    def f(x: float, scale: float = 2.0, *, power: int = 3) -> float:
        return scale * x**power

    assert f(2.0) == 24.0
    assert f(2.0, 1.0) == 12.0
    assert f(scale=1.0, x=2.0) == 12.0
    assert f(2.0, power=2) == 8.0
    assert f.value_and_grad(2.0, power=1) == (4.0, 2.0)
    assert f.value(x=1.0, power=1) == 2.0


def test_default_arrays_and_none() -> None:
    weights = np.array([1.0, 2.0])

    def f(x: Any, w: Any = weights, shift: Any = None) -> Any:
        total = 0.0
        for i in range(len(x)):
            total += x[i] * w[i]
        return total if shift is None else total + shift * x[0]

    g = ssad.jit_grad(f)
    np.testing.assert_array_equal(g(np.ones(2)), [1.0, 2.0])
    np.testing.assert_array_equal(g(np.ones(2), shift=4.0), [5.0, 2.0])
    weights[0] = 7.0
    np.testing.assert_array_equal(g(np.ones(2)), [7.0, 2.0])


def test_operators_take_defaults_too() -> None:
    def f(x: float, a: float = 3.0) -> float:
        return a * x * x

    assert ssad.jvp(f, (2.0,), (1.0,)) == (12.0, 12.0)
    assert ssad.vjp(f, 2.0)[1](1.0)[0] == 12.0
    assert ssad.hvp(f, 2.0, 1.0) == 6.0
    assert ssad.hessian(f)(2.0) == 6.0
    assert ssad.jacobian(f)(2.0) == 12.0
    ssad.check_grads(f, 2.0)


class Spring:
    def __init__(self, stiffness: float) -> None:
        self.stiffness = stiffness

    @ssad.jit_grad(argnums=1)
    def energy(self, x: float) -> float:
        return self.stiffness * x * x

    @staticmethod
    @ssad.jit_grad
    def cube(x: float) -> float:
        return x * x * x


def test_methods() -> None:
    assert Spring.cube(2.0) == Spring(1.0).cube(2.0) == 12.0
    assert Spring(1.0).energy(3.0) == 6.0


def test_a_decorated_function_calls_another() -> None:
    @ssad.jit
    def inner(x: float) -> float:
        return x * x

    @ssad.jit_grad
    def outer(x: float) -> float:
        return inner(x) * x

    assert outer(2.0) == 12.0
