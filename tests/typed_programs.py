"""Small functions whose typed IR is golden; here pytest leaves their `assert` alone."""

import math
from collections.abc import Callable
from typing import Any


def log_sum_exp(x, t):
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


def power_loop(x, n):
    r = 1.0
    while n > 0:
        n -= 1
        r *= x
    return r


def rows(x):
    s = 0.0
    for row in x:
        s += row[-1]
    return s


def maybe_unbound(x, n):
    if n > 3:
        y = x
    return y


def mixed_flavour(x, t):
    s = 0.0
    for v in x:
        s += v
    return s / t


def int_or_float(x, n):
    y = 0
    if n > 2:
        y = x
    return y


def powers(x, n):
    return x**2 + x**0.5 + x**n, n**2


def swap(x, y):
    x, y = y, x
    return x, (y, None)


def square(x):
    return x * x


def calls(x):
    return square(x) + (lambda t, by=2: t * by + x)(3.0)


def fill(x, value):
    x[1:-1] = value
    x[0] += 1.0


def refusing(x):
    if x < 0.0:
        raise ValueError(f"got {x:.2f}")
    assert x != 1.0, "one"
    return x


def counted(n, step):
    s = 0
    for i in range(3, n, 2):
        s += i
    for i in range(0, n, step):
        s -= i
    return s


GOLDENS: list[tuple[Callable[..., Any], str]] = [
    (log_sum_exp, "f64[:], f64"),
    (power_loop, "f64, i64"),
    (rows, "f64[:, :]"),
    (maybe_unbound, "f64, i64"),
    (mixed_flavour, "f64[:], f64"),
    (int_or_float, "f64, i64"),
    (powers, "f64, i64"),
    (swap, "f64, np.f64"),
    (calls, "f64"),
    (fill, "f32[:], f64"),
    (refusing, "f64"),
    (counted, "i64, i64"),
]
