"""Functions that are known at run time only: chosen by conditions, by indices, kept in lists, passed on."""

import functools
import math

from .registry import case


def relu(x):
    return max(x, 0.0)


def soft(x, sharpness=2.0):
    total = 0.0
    for k in range(3):
        total += math.log1p(math.exp(sharpness * x - k))
    return total


def applied(f, x, n):
    for _ in range(n):
        x = f(x) * 0.5
    return x


@case(args=[lambda: (0.7, 0), lambda: (0.7, 1), lambda: (-0.7, 2), lambda: (0.4, 3)], argnums=0)
def activation_by_number(x, which):
    f = relu if which == 1 else soft if which == 2 else functools.partial(soft, sharpness=x)
    if which == 3:
        f = math.tanh
    scale = 1.5 if f is relu else 0.5 if f == math.tanh and f is not relu else 0.75
    return applied(f, x, 3) * scale + f(x + 1.0) * (2.0 if callable(f) and f else 3.0)


@case(args=[lambda: (0.7, 0), lambda: (0.7, 1), lambda: (0.7, -1), lambda: (0.7, 5)], argnums=0)
def table_of_functions(x, n):
    table = (math.sin, lambda v: v * v * x, relu, soft)
    chain = []
    for k in range(n):
        chain.append(table[k % 4] if k != 2 else table[n % 3])
    value = table[n % 4](x)
    for f in chain:
        value = f(value) + 0.1
    return value


@case(args=lambda: (0.6, 5), argnums=0)
def closures_of_several_texts(x, n):
    def made(k):
        if k % 2:

            def f(y):
                return y * x + k

        else:

            def f(y):
                return math.sin(y) * k - x

        return f

    value, before = x, None
    for k in range(n):
        now = made(k)
        if before is not None:
            value = before(value) * 0.5
        value = now(value)
        before = now
    return value


@case(args=[lambda: (0.6, 0), lambda: (0.6, 1), lambda: (0.6, 2), lambda: (0.6, 3)], argnums=0)
def some_of_them_raise(x, n):
    def refuse(v):
        raise ValueError("no")

    f = refuse if n == 1 else math.sqrt if n == 2 else math.acosh
    try:
        value = f(x - 1.0 if n == 2 else x + 1.0)
    except ValueError:
        value = x * 3.0
    if n == 3:
        f = math.cos
    elif n:
        return value
    return value * f(x + 1.0)
