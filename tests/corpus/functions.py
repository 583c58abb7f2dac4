"""Each function of math, NumPy and the builtins that no other theme calls."""

import math
import operator

import numpy as np

from tests.corpus.registry import case


@case(args=lambda: (0.7, 3))
def builtin_tests(x, n):
    s = x
    if isinstance(x, float) and not isinstance(n, (float, str)) and callable(math.sin):
        s = s * x
    if bool(n) and tuple((x, n))[1] == n:
        s = s + sum((x, n))
    return s


@case(args=(lambda: (0.7,), lambda: (2.4,)))
def math_special(x):
    return math.gamma(x) * math.lgamma(x + 2.0) + math.fabs(x - 3.0) + math.remainder(x, 0.5)


@case(args=lambda: (0.7, 12, 18))
def math_integers(x, n, m):
    k = math.gcd(n, m) + math.lcm(n, m) + math.isqrt(m) + math.factorial(5)
    return x * (k + math.comb(n, 3) + math.perm(5, 2) + math.prod((n, 2))) + x**2


@case(args=lambda: (0.7,), smooth=False)
def math_tests(x):
    s = 0.0
    for v in (x, math.inf, math.nan, -1.0):
        if math.isnan(v) or math.isinf(v):
            s += 1.0
        elif math.isfinite(v) and not math.isclose(v, 0.7000000001):
            s += v
        else:
            s += v * v
    return s


@case(args=lambda: (2.75,))
def math_parts(x):
    f, i = math.modf(2.75)
    return f * x + i + math.ulp(1.0) + math.nextafter(1.0, 2.0)


@case(args=lambda: (0.7, -1.3), argnums=(0, 1))
def ufuncs_as_operators(x, y):
    a = np.add(x, np.multiply(y, 2.0))
    b = np.subtract(a, np.negative(x))
    c = np.divide(b, np.positive(3.0)) + np.true_divide(a, 2.0)
    return c * np.reciprocal(x) + np.fabs(y)


@case(args=lambda: (7.3, 2.1), argnums=(0, 1))
def ufuncs_that_round(x, y):
    a = np.floor_divide(x, y) + np.mod(x, y) * 2.0 + np.remainder(-x, y)
    return a + np.rint(x) * y + np.heaviside(x - y, 0.5) * x


@case(args=lambda: (0.7, -1.3), argnums=(0, 1))
def ufuncs_that_choose(x, y):
    a = np.fmax(x, y) * np.fmin(x, y) + np.clip(x, -1.0, 0.5)
    if np.greater(x, y) and np.less_equal(y, x) and not np.equal(x, y):
        a = a * x
    if np.not_equal(x, y) and np.greater_equal(x, y) and not np.less(x, y):
        a = a + y
    return a


@case(args=lambda: (0.7, -1.3), argnums=(0, 1))
def ufuncs_with_logarithms(x, y):
    return np.logaddexp(x, y) + np.logaddexp2(x, y) + np.deg2rad(x) * np.rad2deg(y)


@case(args=lambda: (0.7,))
def ufuncs_that_test(x):
    s = 0.0
    for v in (x, math.inf, math.nan):
        if np.isfinite(v) and not np.isnan(v) and not np.isinf(v) and not np.signbit(v):
            s += v * x
        if np.logical_and(v > 0.5, np.logical_not(v > 1.0)) or np.logical_xor(
            v < 2.0, np.logical_or(v > 1, 0)
        ):
            s += x * x
    return s


@case(args=lambda: (0.7, 12, 10))
def ufuncs_of_bits(x, n, m):
    k = np.bitwise_and(n, m) + np.bitwise_or(n, m) + np.bitwise_xor(n, m)
    k = k + np.left_shift(n, 2) + np.right_shift(m, 1) + np.invert(n)
    return x * k


@case(args=lambda: (0.7, 100))
def numpy_types(x, n):
    k = int(np.int8(n)) + int(np.int16(n)) + int(np.int32(n))
    k += int(np.uint8(n)) + int(np.uint16(n)) + int(np.uint32(n)) + int(np.uint64(n))
    flag = np.bool_(n > 3)
    y = np.float64(x) * k
    z = float(np.float32(1.5))
    return y * z if flag else y


@case(args=lambda: (np.array([0.3, -1.2]),))
def full_like(x):
    y = np.full_like(x, 2.5)
    y[1] = x[0]
    return y[0] * x[1] + y[1] * y[1]


@case(args=[lambda: (np.array([0.3, -1.2, 100.0, 1.25, -64.5]), 3), lambda: (np.array([5.0]), -2)], argnums=0)
def floats_taken_apart(x, n):
    total = math.fsum(x) + math.fsum([x[0], 0.1, 0.2, n]) * math.fsum(())
    for v in x:
        mantissa, exponent = math.frexp(v)
        total += mantissa * exponent + math.ldexp(v * v, n - exponent)
    return total


@case(args=[lambda: (0.7, np.array([0.0, 0.5, 2.0]), np.array([1.0, 3.0, -1.0]))], argnums=(0, 2))
def ufuncs_and_their_kin(x, at, values):
    s = (
        np.sinc(x)
        + np.interp(x, at, values) * np.float_power(x, 1.5)
        + np.interp(x - 5.0, at, values, left=x)
    )
    s = s + np.fix(x * 3.0) * x + np.round(x) + np.around(x, 1) * np.nan_to_num(x)
    return s * 2.0 if np.isclose(x, 0.7, 0.5) else s


@case(args=lambda: (0.7, 5))
def operators_as_functions(x, n):
    weights = (x, x * x, 2.0)
    s = operator.abs(operator.neg(x)) + operator.pos(x) * operator.getitem(weights, operator.and_(n, 1))
    if operator.truth(n) and operator.not_(x > 1.0) and operator.contains(weights, x):
        s = s * operator.or_(n, 2) + operator.xor(n, 1) * x
    if operator.is_not(x, None) and not operator.is_(s, None):
        s += operator.lshift(n, 2) * x + operator.rshift(n, 1) * operator.invert(n)
    return s
