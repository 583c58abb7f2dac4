"""Straight-line arithmetic on floats and ints: operators, builtins, math, scalar NumPy."""

import math

import numpy as np

from .registry import case


@case(args=[lambda: (0.7, 1.3), lambda: (-2.0, 0.4)], argnums=(0, 1))
def arithmetic(x, y):
    return x * y + x / y - 3.0 * y + (-x) - +y


@case(args=[lambda: (0.7, 1.3), lambda: (2.5, -0.4)], argnums=(0, 1))
def powers(x, y):
    return x**3 + x**y + 2.0**y + x**0.5 + x**-2 + x**2 + x**1


@case(args=lambda: (0.0,), tags=("kink",))
def power_at_zero(x):
    return x**0 + x**1 + x**2 + 3 * x**3


@case(args=lambda: (-1.5,))
def power_negative_base(x):
    return x**3 - x**2 + x**-1


@case(args=[lambda: (0.3, 0.9), lambda: (-0.6, 1.7)], argnums=(0, 1))
def trigonometry(x, y):
    a = math.sin(x) * math.cos(y) + math.tan(x)
    b = math.asin(x) + math.acos(x / 2.0) + math.atan(y)
    return a * b + math.atan2(x, y) + math.hypot(x, y)


@case(args=[lambda: (0.3, 1.9), lambda: (-0.6, 2.7)], argnums=(0, 1))
def hyperbolics(x, y):
    return math.sinh(x) + math.cosh(y) * math.tanh(x) + math.asinh(y) + math.acosh(y) - math.atanh(x)


@case(args=[lambda: (0.3,), lambda: (2.6,)])
def exponentials(x):
    up = math.exp(x) + math.exp2(x) + math.expm1(x)
    down = math.log(x) + math.log2(x) + math.log10(x) + math.log1p(x) + math.log(x, 3.0)
    return up * down + math.sqrt(x) + math.cbrt(x) + math.pow(x, 1.7)


@case(args=[lambda: (0.4,), lambda: (1.8,)])
def error_functions(x):
    return math.erf(x) * math.erfc(x / 2.0)


@case(args=lambda: (0.8, -1.1), argnums=(0, 1))
def angles(x, y):
    return math.sin(math.radians(60.0 * x)) + math.degrees(y) / 90.0 + math.pi * x + math.e * y


@case(args=[lambda: (0.3, 0.9), lambda: (0.6, 1.7)], argnums=(0, 1))
def numpy_scalars(x, y):
    a = np.sin(x) * np.cos(y) + np.exp(x) - np.log(y) + np.sqrt(y)
    b = np.tanh(x) + np.arctan2(x, y) + np.arcsin(x) + np.log1p(y) * np.expm1(x)
    return a * b + np.power(y, 1.5) + np.hypot(x, y) + np.square(x)


@case(args=[lambda: (0.3, -0.9), lambda: (-1.6, 2.7)], argnums=(0, 1), smooth=False)
def numpy_selections(x, y):
    return np.maximum(x, 0.5) * np.minimum(y, x) + np.abs(y) * np.sign(x) + np.floor(x) * y


@case(args=[lambda: (0.3, -0.9), lambda: (-1.6, 2.7), lambda: (1.0, 1.0)], argnums=(0, 1), smooth=False)
def builtins(x, y):
    a = abs(x) + min(x, y) * max(x, y, 0.25)
    return a + pow(x, 2) * pow(2.0, y) + float(3) * x + float(x)


@case(args=lambda: (0.0, 0.0), argnums=(0, 1), smooth=False, tags=("kink",))
def ties(x, y):
    return abs(x) + 2.0 * max(x, y) + 3.0 * min(x, y) + 5.0 * max(y, x, 0.0)


@case(args=[lambda: (2.5,), lambda: (-2.5,), lambda: (3.5,), lambda: (0.2,)], smooth=False)
def roundings(x):
    return x * round(x) + int(x) + math.floor(x) * x + math.ceil(x) - math.trunc(x) * x + float(int(2.0 * x))


@case(
    args=[lambda: (7.3, 2.1), lambda: (-7.3, 2.1), lambda: (7.3, -2.1), lambda: (-7.3, -2.1)],
    argnums=(0, 1),
    smooth=False,
)
def float_remainders(x, y):
    quotient, rest = divmod(x, y)
    return quotient * x + rest + (x // y) * y + 2.0 * (x % y) + 3.0 * math.fmod(x, y)


@case(args=[lambda: (0.5, 7, 3), lambda: (0.5, -7, 3), lambda: (0.5, 7, -3), lambda: (0.5, -8, -3)])
def int_remainders(x, n, m):
    quotient, rest = divmod(n, m)
    return x * (n // m) + x * x * (n % m) + quotient - rest + n / m + x * (n // 2 + n % 2)


@case(args=[lambda: (0.5, 12, 10), lambda: (-0.25, -12, 7)])
def bits(x, n, m):
    k = (n & m) | (n ^ 3)
    k = (k << 2) - (n >> 1) + ~m
    return x * k + x * x * (k & 1)


@case(args=[lambda: (0.5, 5), lambda: (1.5, 0)])
def int_powers(x, n):
    return x * 2**n + x**n + (n**2 - n * 3) * x + abs(-n) + min(n, 2) * max(n, 3)


@case(args=[lambda: (0.5, True), lambda: (0.5, False)])
def bool_argument(x, flag):
    return x * flag + (3.0 * x if flag else x * x) + int(flag) + (flag + 1) * x


@case(args=lambda: (np.float64(0.5), 2.0), argnums=(0, 1))
def numpy_float_argument(x, y):
    return x * y + math.exp(x) / y


@case(args=lambda: (0.75, -1.5), argnums=(0, 1))
def tuples(x, y):
    pair = (x * y, x + y)
    a, b = pair
    a, b = b, a
    x, y, z = y, a, x
    (p, q), r = (a, z), b
    return pair[0] * a + p * q - r * r + x * y + pair[-1]


@case(args=[lambda: (2.0, 0.5), lambda: (-1.0, 2.0)], argnums=(0, 1))
def augmented(x, y):
    x += y
    x *= x
    x -= 0.5 * y
    x /= 1.0 + y * y
    n = 7
    n //= 2
    n %= 2
    n <<= 3
    n |= 1
    return x * n


@case(args=lambda: (0.6,))
def constant_result_and_unused(x):
    unused = x * 3.0
    y = x
    return y * 0.0 + 2.5


@case(args=lambda: (0.0,), raises=ZeroDivisionError)
def divide_by_zero(x):
    return 1.0 / x


@case(args=lambda: (-1.0,), raises=ValueError)
def log_of_negative(x):
    return math.log(x)


@case(args=lambda: (1000.0,), raises=OverflowError)
def exp_overflow(x):
    return math.exp(x)


@case(args=lambda: (0.0,), raises=ZeroDivisionError)
def zero_to_negative_power(x):
    return x**-1.5


@case(args=lambda: (1.0, 0.0), raises=ZeroDivisionError)
def modulo_zero(x, y):
    return x % y


@case(args=lambda: (0.7, -1.3, 0.4, 2.1), argnums=(0, 1, 2, 3))
def starred_names(a, b, c, d):
    first, *middle, last = a, b, c, d
    *start, end = middle
    head, *none = start
    total = first * last + len(none)
    for x in middle:
        total += x * x
    return total * end - head


@case(
    args=[
        lambda: (2.675, 0.125, 1234567.5, 12345),
        lambda: (-0.0449, 2.5e-7, -15.0, -15),
        lambda: (1e22, 0.5, 5e15 + 0.5, -250),
        lambda: (2.0**53, -0.4, 2.0**52 + 1.0, 7),
    ],
    argnums=(0, 1),
    smooth=False,
)
def rounded_to_digits(x, y, z, n):
    total = round(x, 2) + 3.0 * round(y, 2) + round(z, -1) * y
    total += round(y, n % 3) + round(n, -1) + round(n, -2) + round(n, 5)
    return total * x + round(x, 0) + round(y, None)


@case(args=lambda: (np.array([2.675, -0.125, 1234567.5]), 2), smooth=False)
def numpy_rounded_to_digits(x, n):
    total = 0.0
    for e in x:
        total += round(e, n) * e + round(e, -1)
    return total + round(np.float64(0.375), 2)
