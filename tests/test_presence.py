"""Zero times an infinite slope: directions, seeds and results that were not asked about."""

import math

import numpy as np

import ssad


def doubled_and_root(x, y):
    return 2.0 * x, math.sqrt(y)


def roots(d):
    r = np.zeros(len(d))
    for i in range(len(d)):
        r[i] = math.sqrt(d[i])
    return r


def powers(x):
    return x[0] ** 2 + math.sqrt(x[1]) + x[2] ** 1.5


def quotient(x, y):
    return x / y if y != 0.0 else x


def test_a_direction_in_which_the_root_does_not_move():
    assert ssad.jvp(doubled_and_root, (1.0, 0.0), (1.0, 0.0)) == ((2.0, 0.0), (2.0, 0.0))
    assert ssad.jvp(doubled_and_root, (1.0, 0.0), (0.0, 1.0)) == ((2.0, 0.0), (0.0, math.inf))


def test_a_result_without_a_seed():
    _, pullback = ssad.vjp(doubled_and_root, 1.0, 0.0)
    assert pullback((1.0, 0.0)) == (2.0, 0.0)
    assert pullback((0.0, 1.0)) == (0.0, math.inf)


def test_rows_and_columns_of_a_jacobian():
    expected = [[math.inf, 0.0], [0.0, 0.25]]
    np.testing.assert_array_equal(ssad.jacobian(roots)(np.array([0.0, 4.0])), expected)


def test_mixed_second_derivatives():
    hessian = ssad.hessian(powers)(np.array([1.0, 0.0, 0.0]))
    np.testing.assert_array_equal(hessian, np.diag([2.0, -math.inf, math.inf]))


def test_a_slope_that_counts_is_infinite():
    assert ssad.grad(lambda x, y: x + math.sqrt(y), argnums=(0, 1))(1.0, 0.0) == (1.0, math.inf)
    assert ssad.grad(lambda x, y: x * math.sqrt(y), argnums=1)(2.0, 0.0) == math.inf


def test_numbers_that_are_not_finite_are_not_hidden():
    """What is used and is nan makes the derivative nan: only the zeros of what is not used are safe."""
    x = np.array([2.0, np.nan])
    assert np.isnan(ssad.grad(lambda x: x[0] * x[1])(x)[0])
    assert np.isnan(ssad.jvp(lambda x: np.sqrt(x[0]) * x[1], (x,), (np.array([1.0, 0.0]),))[1])


def test_the_branch_decides():
    assert ssad.grad(quotient, argnums=(0, 1))(np.float64(2.0), np.float64(0.0)) == (1.0, 0.0)
    assert ssad.grad(quotient, argnums=(0, 1))(2.0, 4.0) == (0.25, -0.125)
