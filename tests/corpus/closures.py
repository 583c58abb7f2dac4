"""Functions in functions: captured floats that are active, functions passed on, many arguments."""

import math

import numpy as np

from .registry import case

GLOBAL = np.array([1.0, 2.0, 3.0])
SCALE = 2.5


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (0.7, _normal(4)), argnums=(0, 1))
def captured_active_floats(x, y):
    scale = x * x

    def inner(t, power=2):
        total = 0.0
        for v in y:
            total += scale * v * t
        r = 1.0
        for _ in range(power):
            r *= total + t
        return r

    shift = lambda t: t + scale * y[0]
    s = inner(x)
    s += inner(shift(s), 3)
    return shift(s) + inner(0.5, power=1)


def _twice(f, x):
    return f(f(x))


def _fold(f, start, items):
    acc = start
    for v in items:
        acc = f(acc, v)
    return acc


@case(args=lambda: (0.7, _normal(4)), argnums=(0, 1))
def higher_order(x, y):
    k = math.cos(x)
    g = lambda t: _twice(lambda u: u * k + t, t)
    return _twice(g, x) + _fold(lambda a, v: a * k + v * g(v), 0.0, y)


@case(args=lambda: (1.3, 0.7), argnums=(0, 1))
def nonlocal_free_closures(x, y):
    def make(a):
        def f(b):
            return a * b + y

        return f

    f, g = make(x), make(x * y)
    s = 0.0
    for i in range(3):
        s += f(g(s + i))
    return s


@case(args=[lambda: (0.7, 1.1, 2), lambda: (0.7, 1.1, 0)], argnums=(0, 1))
def closure_in_loop(x, y, n):
    s = 0.0
    for i in range(n + 2):
        scale = x * (i + 1) + s

        def f(t, c=scale):
            return t * c + y

        s += f(x) * 0.1
        g = lambda t: f(t) * scale
        s += g(0.3)
    return s


def _newton(f, df, x, tol):
    for _ in range(50):
        step = f(x) / df(x)
        x -= step
        if abs(step) < tol:
            return x, True
    return x, False


@case(args=lambda: (2.0, 0.5), argnums=(0, 1))
def newton_with_closures(a, b):
    root, found = _newton(lambda t: t * t * t - a * t - b, lambda t: 3.0 * t * t - a, 2.0, 1e-13)
    if not found:
        return 0.0
    again, _ = _newton(lambda t: math.exp(t) - root, lambda t: math.exp(t), 0.0, 1e-13)
    return root * again


def _integrate(f, a, b, n):
    h = (b - a) / n
    s = 0.5 * (f(a) + f(b))
    for i in range(1, n):
        s += f(a + i * h)
    return s * h


@case(args=lambda: (0.5, 1.5), argnums=(0, 1))
def double_integral(a, b):
    return _integrate(lambda u: _integrate(lambda v: math.sin(a * u * v) * b, 0.0, u, 4), a, b, 5)


@case(args=lambda: (_normal(3),), tags=("captured_array",))
def reads_global(x):
    s = 0.0
    for i in range(3):
        s += GLOBAL[i] * x[i] * SCALE
    return s * s


@case(args=lambda: (_normal(3), 1), argnums=0)
def shadowed_names(x, n):
    def x2(n):
        return n * x[0]

    math_ = math
    len_ = len(x)
    s = x2(2.0) + x2(x[1])
    for n in range(n, len_):
        for n in x:
            s += math_.sin(n)
        s *= n
    return s


@case(args=lambda: tuple(0.3 + 0.02 * i for i in range(30)), argnums=tuple(range(30)))
def thirty(
    a0,
    a1,
    a2,
    a3,
    a4,
    a5,
    a6,
    a7,
    a8,
    a9,
    b0,
    b1,
    b2,
    b3,
    b4,
    b5,
    b6,
    b7,
    b8,
    b9,
    c0,
    c1,
    c2,
    c3,
    c4,
    c5,
    c6,
    c7,
    c8,
    c9,
):
    s = 0.0
    for i in range(3):
        s += a0 * a1 + a2 * a3 + a4 * a5 + a6 * a7 + math.tanh(a8 * a9 * s)
        s *= 0.01 * b0 + b1 * b2 + b3 * b4 * b5 + b6 / b7 + b8 * b9
        if s > c0:
            s -= math.sin(c1 * c2 * c3 * s) + c4 * c5 * c6
        s += c7 * c8 * c9
    return s


@case(args=lambda: (0.8, 4), argnums=0)
def itself_with_defaults(x, n):
    base = 0.5 * x

    def power(k, acc=1.0, *, step=base):
        return acc if k == 0 else power(k - 1, acc * (x + step))

    return power(n) + power(n - 1, x, step=0.25)


@case(args=[lambda: (1.2, 5), lambda: (0.7, 0)])
def inner_functions_call_each_other(x, n):
    """Three in a circle; what they share is made before, between and after them, and one changes it."""
    a = x * 2.0

    def first(k):
        nonlocal a
        if k == 0:
            return a
        a += 0.5
        return second(k - 1) * x

    c = a * 3.0

    def second(k):
        return third(k) + c if k else c * x

    d = math.sin(x)

    def third(k):
        try:
            return first(k - 1) * d if k % 2 else 1.0 / (k - 2)
        except ZeroDivisionError:
            return a

    c = c + x
    return first(n) + (lambda: second(2))()
