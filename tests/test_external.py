"""External functions: called back from native code; derivatives by differences, complex steps and rules."""

from __future__ import annotations

import cmath
import gc
import math
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import ssad
from tests.oracle.differences import richardson

X = np.array([0.7, -1.2, 0.4, 2.0])


def table(x: Any, y: Any) -> Any:
    return cmath.exp(x).real * y if isinstance(x, complex) else math.exp(x) * y


def analytic(x: Any, y: Any) -> Any:
    return np.exp(x) * y


def its_rule(y_bar: float, y: float, x: float, y_: float) -> tuple[float, float]:
    return y_bar * y, y_bar * math.exp(x)


def program(black: Any) -> Any:
    def f(x: Any, t: Any, n: int) -> Any:
        total = 0.0
        for k in range(n):
            while total < 1.5 * k:
                total += black(x[k], t) ** 2 + 0.1
            x[k] = total * t
        return total * x[0]

    return f


@pytest.mark.parametrize(
    ("method", "fn", "tolerance"),
    [("central", table, 1e-8), ("complex_step", analytic, 1e-13), (its_rule, table, 1e-13)],
)
def test_gradient_is_that_of_the_function_compiled(method: Any, fn: Any, tolerance: float) -> None:
    def plain(x: Any, y: Any) -> Any:
        return math.exp(x) * y

    ours, theirs = program(ssad.external(fn, method=method)), program(plain)
    args = (X, 0.6, 4)
    assert ssad.jit(ours)(X.copy(), 0.6, 4) == theirs(X.copy(), 0.6, 4)
    for got, expected in zip(
        ssad.grad(ours, argnums=(0, 1))(X.copy(), *args[1:]),
        ssad.grad(theirs, argnums=(0, 1))(X.copy(), *args[1:]),
        strict=True,
    ):
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    way = (np.ones(4), 0.5, None)
    got, expected = (ssad.jvp(f, (X.copy(), 0.6, 4), way)[1] for f in (ours, theirs))
    np.testing.assert_allclose(got, expected, rtol=tolerance)
    got, expected = (ssad.hessian(f, argnums=1)(X.copy(), 0.6, 4) for f in (ours, theirs))
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def cubed_rule(y_bar: float, y: float, x: float) -> float:
    return 3.0 * x * x * y_bar


@pytest.mark.parametrize("method", ["central", "complex_step", cubed_rule])
@pytest.mark.parametrize("x", [0.5, 1e2, 1e4, -1e6])
def test_second_derivatives_of_any_size(method: Any, x: float) -> None:
    cubed = ssad.external(lambda x: x**3, method=method)
    assert abs(ssad.hessian(lambda x: cubed(x))(x) / (6.0 * x) - 1.0) < 1e-5


def test_float32_arguments() -> None:
    squared = ssad.external(lambda x: x * x, method="central")
    got = ssad.grad(lambda x: squared(x))(np.float32(3.0))
    assert type(got) is np.float32 and abs(got - 6.0) < 1e-5


def moments(v: Any, k: Any, flag: bool, n: int) -> tuple[float, float]:
    assert type(k) is float and type(flag) is bool and type(n) is int and v.flags.owndata
    return float(np.sum(v**2)) * k, float(np.prod(v)) * n if flag else 0.0


def moments_rule(y_bar: Any, y: Any, v: Any, k: float, flag: bool, n: int) -> tuple[Any, ...]:
    first, second = y_bar
    bar = 2.0 * v * k * first + (np.prod(v) / v * n * second if flag else 0.0)
    return bar, float(np.sum(v**2)) * first, None, None


@pytest.mark.parametrize(("method", "tolerance"), [("central", 1e-8), (moments_rule, 1e-12)])
def test_arrays_views_and_several_results(method: Any, tolerance: float) -> None:
    black = ssad.external(moments, method=method, result=(float, float))

    def f(x: Any, k: Any) -> Any:
        total = 0.0
        for n in range(1, 3):
            a, b = black(x[::2], k, n > 1, n)
            x[0] = x[0] * a + k  # the rule must see what was there
            total += a * b + a * x[0]
        return total

    def by_hand(x: Any, k: Any) -> Any:
        total = 0.0
        for n in range(1, 3):
            a, b = (x[0] ** 2 + x[2] ** 2) * k, (x[0] * x[2] * n if n > 1 else 0.0)
            x[0] = x[0] * a + k
            total += a * b + a * x[0]
        return total

    got = ssad.grad(f, argnums=(0, 1))(X.copy(), 0.3)
    expected = ssad.grad(by_hand, argnums=(0, 1))(X.copy(), 0.3)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    second = ssad.hessian(f)(X.copy(), 0.3)
    np.testing.assert_allclose(second, ssad.hessian(by_hand)(X.copy(), 0.3), rtol=1e-3, atol=1e-4)


def test_how_often_it_is_called() -> None:
    calls: list[float] = []

    @ssad.external(method="central")
    def noted(x: float, n: int) -> float:
        calls.append(x)
        return x**n

    def f(x: Any) -> Any:
        return noted(x, 3) + noted(x + 1.0, 2)

    for call, expected in ((ssad.jit(f), 2), (ssad.grad(f), 2 + 2 * 2)):
        calls.clear()
        call(2.0)
        assert len(calls) == expected
    assert noted(2.0, 3) == 8.0  # from Python as before
    assert noted.__name__ == "noted"


def test_its_exceptions_arrive_as_they_are() -> None:
    error = KeyError("mine", 3)

    @ssad.external(method="central")
    def failing(x: float) -> float:
        if x > 1.0:
            raise error
        return x

    def f(x: Any, n: int) -> Any:
        rows = np.zeros(n)
        for k in range(n):
            rows[k] = failing(x * k)
        return rows[n - 1]

    for call in (ssad.jit(f), ssad.grad(f)):
        assert call(0.1, 4) is not None
        with pytest.raises(KeyError) as caught:
            call(0.6, 4)
        assert caught.value is error


def test_keeps_no_argument_alive_and_gives_none_away() -> None:
    kept: list[Any] = []

    @ssad.external
    def keeping(v: Any) -> float:
        kept.append(v)
        v[0] = 100.0
        return 1.0

    def f(x: Any) -> Any:
        inner = np.zeros(3)
        inner[1] = x[0]
        return keeping(inner) + inner[0] + x[0]

    assert ssad.jit(f)(X) == 1.0 + X[0]
    assert kept[0].tolist() == [100.0, X[0], 0.0]
    dead = weakref.ref(kept.pop())
    gc.collect()
    assert dead() is None


def test_compiled_functions_inside_and_threads() -> None:
    inner = ssad.jit(lambda x: x * x)

    @ssad.external(method=lambda y_bar, y, x: 2.0 * x * y_bar)
    def squared(x: float) -> float:
        return float(inner(x))

    def f(x: Any) -> Any:
        total = 0.0
        for e in x:
            total += squared(e)
        return total

    gradient = ssad.grad(f)
    gradient(X)
    results: list[Any] = [None] * 4
    threads = [
        threading.Thread(target=lambda n=n: results.__setitem__(n, gradient(X * n)))  # type: ignore[misc]
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(4):
        np.testing.assert_allclose(results[n], 2.0 * X * n)


def wrong_rule(y_bar: Any, y: Any, x: Any) -> Any:
    return None


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ssad.external(3), "takes a callable"),
        (lambda: ssad.external(abs, method="forward"), "no method 'forward'"),
        (lambda: ssad.external(abs, result=str), "return numbers"),
        (lambda: ssad.jit(lambda x: text(x))(1.0), "returned 'text' where float was declared"),
        (lambda: ssad.jit(lambda x: pair(x))(1.0), "(1.0, 1.0) where float"),
        (lambda: ssad.jit(lambda x: half(x))(1.0), "returned 0.5 where int was declared"),
        (lambda: ssad.jit(lambda x: huge(x))(1.0), "where int was declared"),
        (lambda: ssad.jit(lambda x: neither(x))(1.0), "returned 2 where bool was declared"),
        (lambda: ssad.grad(lambda x: size(x))(1.0), "returned 1.0 for a complex number"),
        (lambda: ssad.jit(lambda x: np.linalg.det(x))(np.ones((2, 2))), "det = ssad.external(np.linalg.det,"),
        (lambda: ssad.grad(lambda x: misruled(x))(1.0), "returns None for argument 0"),
        (lambda: ssad.grad(lambda x: bare(x))(1.0), "no derivative of this order"),
        (lambda: ssad.jit(lambda x: bare((x, x)))(1.0), "numbers and arrays are passed"),
        (lambda: ssad.jit(lambda x: bare(x, x))(1.0), "too many positional arguments"),
    ],
)
def test_bad_input(call: Any, says: str) -> None:
    with pytest.raises(ssad.SsadError) as caught:
        call()
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 6


text = ssad.external(lambda x: "text")
pair = ssad.external(lambda x: (x, x), method="central")
half = ssad.external(lambda x: 0.5, result=int)
huge = ssad.external(lambda x: 2**70, result=int)
neither = ssad.external(lambda x: 2, result=bool)
size = ssad.external(abs, method="complex_step")
misruled = ssad.external(lambda x: x, method=wrong_rule)
bare = ssad.external(lambda x: x)


def test_a_rule_sees_the_array_as_it_was() -> None:
    def squares(x: Any) -> Any:
        total = 0.0
        for e in x:
            total += e * e
        return total

    @ssad.defvjp(squares)
    def rule(y_bar: Any, y: Any, x: Any) -> Any:
        bar = np.zeros(len(x))
        for i in range(len(x)):
            bar[i] = 2.0 * x[i] * y_bar
        return bar

    def f(x: Any) -> Any:
        total = 0.0
        for k in range(3):
            total += squares(x[::2]) * (k + 1.0)
            x[2 * (k % 2)] = total * 0.5
        return total

    got = ssad.grad(f)(X.copy())
    np.testing.assert_allclose(got, richardson(lambda x: f(x.copy()), (X,), 0), rtol=1e-8)


def test_a_library_calls_nobody(tmp_path: Any) -> None:
    with pytest.raises(ssad.errors.UnsupportedError, match="cannot call back"):
        ssad.export(lambda x: pair(x), "f64", tmp_path / "l.so", name="f")
