"""Derivatives that a compiled function calls: right, differentiated themselves, never the value instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, stage
from tests.oracle.differences import richardson
from tests.outside import refused


def cubic(x: Any, a: Any = 2.0) -> Any:
    return x * x * x - a * math.sin(x)


slope = ssad.grad(cubic)
slopes = ssad.grad(cubic, argnums=(0, 1))
both = ssad.value_and_grad(cubic)
decorated = ssad.jit_grad(cubic)
last = ssad.grad(cubic, argnums=-1)


def defaults_before(a: float = 1.0, x: float = 2.0, *, c: float = 0.5) -> float:
    return a * a * x * x * x * c


def by_objects_outside(x: float) -> Any:
    value, by_x = both(x)
    by_both = slopes(x, x * x)
    named = slope(a=x, x=2.0) * slope(x=x) * last(x, a=x)
    return value * by_x + by_both[0] * by_both[1] + decorated.value(x) * decorated(x, a=3.0) * named


def by_operators_inside(x: float) -> Any:
    def local(t: float) -> float:
        return t * x * math.exp(t)

    value, by_t = ssad.value_and_grad(local)(x)
    return ssad.grad(local)(x) * ssad.grad(lambda t: t**3 * x)(2.0 * x) + value * by_t + ssad.jit(local)(x)


def newton(a: float) -> float:
    x = 1.0
    for _ in range(20):
        x = x - cubic(x, a) / slope(x, a)
    return x


def distance(t: float, target: float) -> Any:
    work = np.zeros(3)
    for i in range(3):
        work[i] = t * i
    total = 0.0
    for i in range(3):
        total += (work[i] - target) ** 2
    return total


pull = ssad.grad(distance)


def descent(target: float) -> float:
    t = 0.1
    while abs(pull(t, target)) > 1e-12:
        t -= 0.05 * pull(t, target)
    return t


def constant(x: float) -> float:
    return ssad.grad(lambda t: 3.0)(x) + x * ssad.value_and_grad(lambda t: 3.0)(x)[0]


def float32(x: float) -> Any:
    y = np.float32(x)
    return float(ssad.grad(lambda t: t * t)(y)) * x


def array_beside(x: float) -> Any:
    weights = np.array([1.0, x])

    def f(t: float, w: Any) -> Any:
        return t * t * w[1]

    return ssad.grad(f)(x, weights) * ssad.grad(f, argnums=0)(2.0, weights)


@pytest.mark.parametrize(
    "f", [by_objects_outside, by_operators_inside, newton, descent, constant, float32, array_beside]
)
def test_values_and_derivatives(f: Callable[[float], Any]) -> None:
    x, h = 0.75, 1e-5
    value, by_x = ssad.value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-6 if f is float32 else 1e-12)
    if f is not float32:
        assert by_x == pytest.approx((f(x + h) - f(x - h)) / (2.0 * h), rel=1e-6)
    assert ssad.jvp(f, (x,), (1.0,))[1] == pytest.approx(by_x, rel=1e-12)


def test_the_door_differentiates_a_derivative_again() -> None:
    assert ssad.grad(ssad.grad(lambda x: x * x * x))(2.0) == 12.0
    assert ssad.grad(decorated)(0.5) == pytest.approx(3.0 + 2.0 * math.sin(0.5), rel=1e-14)
    assert ssad.jit(slope)(0.5) == pytest.approx(slope(0.5), rel=1e-14)
    assert ssad.grad(ssad.grad(ssad.grad(lambda x: x * x * x * x)))(2.0) == 48.0


def test_what_it_writes_is_written_once() -> None:
    def f(t: float, out: Any) -> float:
        out[0] += t
        return t * out[0]

    def g(x: float, out: Any) -> float:
        return ssad.grad(f)(x, out) + out[0]

    out = np.array([1.0])
    assert ssad.jit(g)(2.0, out) == 8.0 and out[0] == 3.0
    assert "one argnum" in refused(NotImplementedError, ssad.jit(lambda x: _writes_two(x)), 1.0)


def _through(t: float, a: Any, b: Any) -> float:
    a[0] = t * t
    return float(b[0] * t)


def test_arrays_that_may_be_one_memory() -> None:
    """Their tangents would have to be one as well: only arrays that are surely two are taken."""

    def apart(x: float) -> Any:
        a, b = np.zeros(1), np.ones(1)
        return ssad.grad(_through)(x, a, b) * a[0]

    def one(x: float) -> Any:
        a = np.zeros(1)
        return ssad.grad(_through)(x, a, a)

    def views(x: float) -> Any:
        a = np.zeros(2)
        return ssad.grad(_through)(x, a[:1], a)

    assert ssad.jit(apart)(3.0) == 9.0
    for f in (one, views):
        assert "may be one memory" in refused(NotImplementedError, ssad.jit(f), 3.0)


def _writes_two(x: float) -> float:
    def f(t: float, s: float, out: Any) -> float:
        out[0] += t
        return s * out[0]

    return ssad.grad(f, argnums=(0, 1))(x, x, np.zeros(1))[0]


def _writes(x: Any) -> Any:
    x[0] *= 2.0
    return x[0]


def energy(x: Any, t: Any = 0.5, n: int = 2) -> Any:
    """Loops, a table that is kept, a branch on the data."""
    work = np.zeros(len(x))
    total = 0.0
    for k in range(n):
        for i in range(len(x)):
            work[i] = math.sin(x[i] * t + k) if x[i] > 0.0 else x[i] * x[i - 1]
        total += work[0] * work[-1] + x[k]
    return total


by_array = ssad.jit_grad(energy)
by_array_and_number = ssad.value_and_grad(energy, argnums=(0, 1))


def gradient_descent(x: Any, t: Any) -> Any:
    x = x.copy()
    for _ in range(3):
        direction = by_array(x, t)
        for i in range(len(x)):
            x[i] -= 0.1 * direction[i]
    value, (by_x, by_t) = by_array_and_number(x, t, n=1)
    return value * by_t + by_x[0] * x[1]


def matrices_of_any_layout(x: Any, t: Any) -> Any:
    m = np.zeros((2, len(x)))
    for i in range(2):
        for j in range(len(x)):
            m[i, j] = x[j] * t + i

    def total(a: Any, b: Any) -> Any:
        s = 0.0
        for i in range(len(a)):
            for j in range(len(b)):
                s += a[i, j] * a[i, j] * b[j]
        return s

    whole = ssad.grad(total)(m, x)
    part, of_view = ssad.grad(total, argnums=(0, 1))(m[:, ::2], x[::2])
    return whole[1, 0] * part[0, 1] + of_view[1] + whole[0, 2]


def trees(x: Any, t: Any) -> Any:
    def loss(p: Any, more: Any) -> Any:
        return p["w"][0] * p["b"] ** 2 + p["w"][1] * p["k"] * more[0] + more[1][2]

    p = {"w": x, "b": t, "k": 3, "name": "p"}
    by_p, by_more = ssad.grad(loss, argnums=(0, 1))(p, (t, x))
    return by_p["w"][0] * by_p["b"] + by_p["w"][1] + by_more[0] * by_more[1][2]


@pytest.mark.parametrize("f", [gradient_descent, matrices_of_any_layout, trees])
def test_by_arrays_and_trees(f: Callable[..., Any]) -> None:
    """The value by the adjoint, derivatives by tangents; both are those of the program that Python runs."""
    x, t = np.array([0.3, -0.4, 0.8]), 0.7
    assert ssad.jit(f)(x, t) == pytest.approx(f(x, t), rel=1e-12)
    value, (by_x, by_t) = ssad.value_and_grad(f, argnums=(0, 1))(x, t)
    assert value == pytest.approx(f(x, t), rel=1e-12)
    assert by_t == pytest.approx(float(np.asarray(richardson(f, (x, t), 1))), rel=1e-7)
    np.testing.assert_allclose(by_x, richardson(f, (x, t), 0), rtol=1e-7)
    v = np.array([1.0, -2.0, 0.5])
    assert ssad.jvp(f, (x, t), (v, 1.0))[1] == pytest.approx(by_x @ v + by_t, rel=1e-12)
    slopes = richardson(lambda s: ssad.grad(f, argnums=1)(x, s), (t,), 0)
    assert ssad.hessian(f, argnums=1)(x, t) == pytest.approx(float(np.asarray(slopes)), rel=1e-6, abs=1e-9)


def test_the_adjoint_runs_where_nothing_is_differentiated() -> None:
    """One tape there; tangents, which need none, where a derivative of the whole follows."""
    arguments = [abstract_of(np.zeros(3)), abstract_of(0.5)]
    for recipe, taped in ((Recipe(), True), (Recipe((Step("reverse", (0,)),)), False)):
        module = stage("optimised", gradient_descent, arguments, recipe).value
        assert any(op.name == "tape_new" for op in module.main.ops()) is taped


REFUSED: list[tuple[str, Callable[..., Any], str]] = [
    ("a builtin", lambda x: ssad.grad(math.sin)(x), "the derivative of builtin"),
    ("by an int", lambda x: ssad.grad(cubic)(3), "cannot differentiate by int"),
    ("twice", lambda x: ssad.grad(ssad.grad(cubic))(x), "derivative of a derivative"),
    ("argnums", lambda x: ssad.grad(cubic, argnums=5)(x), "argnums 5"),
    ("options", lambda x: ssad.grad(cubic, fastmath=True)(x), "argnums only"),
    ("a tuple", lambda x: ssad.grad(lambda t: (t, t))(x), "one float"),
    ("by ints", lambda x: ssad.grad(lambda t: x * t[0])(np.zeros(3, int))[0], "derivative by int64 array"),
    ("by an array that is written", lambda x: ssad.grad(_writes)(np.full(2, x))[0], "writes into arrays"),
    ("by a star", lambda x: ssad.grad(lambda *t: t[0])(x), "`*args`"),
    ("a default before", lambda x: ssad.grad(defaults_before)(x=x), "leaves some out"),
    ("a default between", lambda x: ssad.grad(defaults_before)(x, c=x), "leaves some out"),
    ("the last one", lambda x: ssad.grad(defaults_before, argnums=-1)(x), "argnums -1"),
    ("a Hessian", lambda x: ssad.hessian(cubic)(x), "ssad.hessian"),
]


@pytest.mark.parametrize(("f", "part"), [(f, p) for _, f, p in REFUSED], ids=[n for n, _, _ in REFUSED])
def test_what_is_refused(f: Callable[..., Any], part: str) -> None:
    assert part in refused((TypeError, NotImplementedError), ssad.jit(f), 1.0)  # type: ignore[arg-type]
