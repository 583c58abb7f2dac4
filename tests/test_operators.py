"""Second order, Jacobians and rules by hand, from outside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import ssad
from tests.oracle.tape import gradient
from tests.outside import log_sum_exp, random, refused, squares

# Second order and Jacobians


def rosenbrock(x: Any) -> Any:
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2
    return total


def rosenbrock_hessian(x: Any) -> Any:
    n = len(x)
    h = np.zeros((n, n))
    for i in range(n - 1):
        h[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] = h[i + 1, i] = -400.0 * x[i]
    return h


def test_hessian_and_hvp() -> None:
    x = random(5)
    h = ssad.hessian(rosenbrock)(x)
    np.testing.assert_allclose(h, rosenbrock_hessian(x), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(h, h.T, rtol=1e-13, atol=1e-12)
    v = random(5, seed=1)
    np.testing.assert_allclose(ssad.hvp(rosenbrock, x, v), h @ v, rtol=1e-12)
    np.testing.assert_array_equal(x, random(5))


def test_hessian_through_a_while_loop_with_a_buffer() -> None:
    def f(x: Any) -> Any:
        work = np.zeros(len(x))
        for i in range(len(x)):
            y = x[i]
            while y < 20.0:
                y = y * y + x[0] * y
            work[i] = y
        total = 0.0
        for i in range(len(x)):
            total += math.log(work[i]) * work[0]
        return total

    x = np.array([0.9, 1.1, 1.3])
    h = ssad.hessian(f)(x)
    np.testing.assert_allclose(h, h.T, rtol=1e-11)
    for k in range(3):

        def slope(t: float, k: int = k) -> Any:
            moved = x.copy()
            moved[k] += t
            return gradient(f, (moved,))[1]

        d = 1e-4
        numeric = (8 * (slope(d) - slope(-d)) - (slope(2 * d) - slope(-2 * d))) / (12 * d)
        np.testing.assert_allclose(h[k], numeric, rtol=1e-6, atol=1e-6 * np.max(np.abs(h)))


def test_hessian_by_a_later_argument_and_of_a_matrix() -> None:
    assert ssad.hessian(lambda a, x: a * x * x * x, argnums=1)(2.0, 3.0) == 36.0
    h = ssad.hessian(squares)(random(2, 3))
    assert h.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(h.reshape(6, 6), np.diag([2.0, 6.0, 10.0, 4.0, 8.0, 12.0]), atol=1e-14)


def curve(x: Any, n: int) -> Any:
    y = np.zeros(n)
    for i in range(n):
        y[i] = math.sin(x[i % len(x)] * (i + 1)) * x[0]
    return y


@pytest.mark.parametrize("size", [2, 7])
def test_jacobian_modes(size: int) -> None:
    x = random(4)
    rows = [gradient(curve, (x, size), 0, unit)[1] for unit in np.eye(size)]
    for mode in ("auto", "forward", "reverse"):
        got = ssad.jacobian(curve, mode=mode)(x, size)
        assert got.shape == (size, 4)
        np.testing.assert_allclose(got, rows, rtol=1e-13, atol=1e-14)
    refused(TypeError, ssad.jacobian, curve, mode="sideways")


def test_jacobian_of_scalars_and_matrices() -> None:
    assert ssad.jacobian(lambda x: x * x)(3.0) == 6.0
    assert ssad.jacobian(squares)(random(2, 3)).shape == (2, 3)

    def outer(x: Any) -> Any:
        y = np.zeros((len(x), len(x)))
        for i in range(len(x)):
            for j in range(len(x)):
                y[i, j] = x[i] * x[j]
        return y

    x = random(3)
    for mode in ("forward", "reverse"):
        got = ssad.jacobian(outer, mode=mode)(x)
        assert got.shape == (3, 3, 3)
        expected = np.einsum("ik,j->ijk", np.eye(3), x) + np.einsum("i,jk->ijk", x, np.eye(3))
        np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_many_runs_see_one_state() -> None:
    """Each row of a Jacobian or Hessian is taken at the same state outside, which is left as it was."""
    state = np.array([1.0])

    def f(x: Any) -> Any:
        state[0] += 1.0
        y = np.zeros(3)
        for i in range(3):
            y[i] = x[i % 2] * state[0]
        return y

    def energy(x: Any) -> Any:
        state[0] += 1.0
        return x[0] * x[0] * x[1] * state[0]

    for mode in ("forward", "reverse"):
        expected = [[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]
        np.testing.assert_array_equal(ssad.jacobian(f, mode=mode)(np.ones(2)), expected)
    np.testing.assert_array_equal(ssad.hessian(energy)(np.ones(2)), [[4.0, 4.0], [4.0, 0.0]])
    assert state[0] == 1.0


def test_arguments_by_keyword() -> None:
    def f(x: float, a: float = 1.0, *, n: int = 2) -> float:
        return a * x**n

    assert ssad.hessian(f)(2.0, n=3) == 12.0
    assert ssad.hessian(f)(x=2.0, a=5.0) == 10.0
    assert ssad.jacobian(f)(2.0, n=3, a=2.0) == 24.0
    refused(TypeError, ssad.hessian(f), 2.0, m=3)


# Rules by hand


def test_custom_rule_in_loops_and_both_modes() -> None:
    def solve(a: float) -> float:
        """The root of y**3 + y = a by Newton's method."""
        y = a
        for _ in range(60):
            y = y - (y * y * y + y - a) / (3.0 * y * y + 1.0)
        return y

    @ssad.defvjp(solve)
    def implicit(y_bar: float, y: float, a: float) -> float:
        return 7.0 * y_bar / (3.0 * y * y + 1.0)  # 7: to see that the rule was used

    def f(x: Any) -> Any:
        total = 0.0
        i = 0
        while i < len(x):
            total += solve(x[i] * 2.0) * x[i]
            i += 1
        return total

    x = random(4)
    roots = np.array([solve(2.0 * v) for v in x])
    expected = roots + x * 2.0 * 7.0 / (3.0 * roots**2 + 1.0)
    np.testing.assert_allclose(ssad.grad(f)(x), expected, rtol=1e-13)
    v = random(4, seed=1)
    value, tangent = ssad.jvp(f, (x,), (v,))
    assert value == pytest.approx(f(x), rel=1e-14)
    assert tangent == pytest.approx(expected @ v, rel=1e-13)


def test_custom_rule_with_an_array_argument() -> None:
    def energy(x: Any, k: float, n: int) -> Any:
        total = 0.0
        for i in range(n):
            total += 0.5 * k * x[i] * x[i]
        return total

    @ssad.defvjp(energy)
    def rule(y_bar: float, y: float, x: Any, k: float, n: int) -> Any:
        x_bar = np.zeros(len(x))
        for i in range(n):
            x_bar[i] = 10.0 * y_bar * k * x[i]
        return x_bar, 10.0 * y_bar * y / k, None

    x = random(3)
    for n in (0, 2, 3):
        x_bar, k_bar = ssad.grad(lambda x, k, n: 3.0 * energy(x, k, n), argnums=(0, 1))(x, 2.0, n)
        np.testing.assert_allclose(x_bar, np.where(np.arange(3) < n, 60.0 * x, 0.0), rtol=1e-14)
        assert k_bar == pytest.approx(30.0 * energy(x, 2.0, n) / 2.0, rel=1e-14)
    v = random(3, seed=1)
    _, tangent = ssad.jvp(energy, (x, 2.0, 3), (v, None, None))
    assert tangent == pytest.approx(20.0 * (x @ v), rel=1e-13)


def test_custom_rule_of_the_outermost_function() -> None:
    def f(x: float) -> float:
        return x * x

    ssad.defvjp(f)(lambda y_bar, y, x: 100.0 * y_bar)
    assert ssad.grad(f)(3.0) == 100.0
    assert ssad.jvp(f, (3.0,), (2.0,)) == (9.0, 200.0)


def test_stop_gradient() -> None:
    def f(x: Any) -> Any:
        total = 0.0
        for i in range(len(x)):
            total += ssad.stop_gradient(x[i]) * x[i]
        return total

    x = random(3)
    assert ssad.stop_gradient(x) is x
    np.testing.assert_array_equal(ssad.grad(f)(x), x)
    assert ssad.jvp(f, (x,), (np.ones(3),))[1] == pytest.approx(x.sum(), rel=1e-14)
    assert ssad.grad(lambda x: math.exp(ssad.stop_gradient(x)) + 2.0 * x)(1.0) == 2.0


def test_check_grads_passes_where_it_should() -> None:
    ssad.check_grads(rosenbrock, random(4))
    ssad.check_grads(log_sum_exp, random(3), 0.5)
    ssad.check_grads(log_sum_exp, random(3), 0.5, argnums=1, order=1)
    ssad.check_grads(curve, random(3), 5)
    ssad.check_grads(lambda x, n: x**n, 1.5, 3)


def test_check_grads_fails_where_it_should() -> None:
    def factor(x: float) -> float:
        return x * x * x

    def wrong_factor(x: float) -> float:
        return x * x * x

    ssad.defvjp(factor)(lambda y_bar, y, x: 3.0 * x * x * y_bar)
    ssad.defvjp(wrong_factor)(lambda y_bar, y, x: 3.1 * x * x * y_bar)
    ssad.check_grads(lambda x: factor(x) * x, 1.25)
    with pytest.raises(ssad.GradientMismatch, match="disagrees"):
        ssad.check_grads(lambda x: wrong_factor(x) * x, 1.25)
    with pytest.raises(AssertionError):
        ssad.check_grads(lambda x: ssad.stop_gradient(x) * x, 1.25)
    with pytest.raises(ssad.GradientMismatch):
        ssad.check_grads(lambda x: math.floor(x) * x, 1.0)
