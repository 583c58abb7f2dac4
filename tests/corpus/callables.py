"""`*args` and `**kwargs`, in calls and in parameter lists."""

import math

import numpy as np

from ssad.externals import External

from .registry import case


def total(*xs, scale=1.0, **others):
    s = 0.0
    for x in xs:
        s += scale * x
    return s + others.get("shift", 0.25) + len(others)


def weighted(x, *rest, power=2):
    for n in range(len(rest)):
        x = x * rest[n] ** power + n
    return x


def traced(fn):
    def wrapper(*args, **kwargs):
        return 2.0 * fn(*args, **kwargs)

    return wrapper


@traced
def damped(x, y=0.5, *, rate):
    return math.exp(-rate * x) * y


def dispatch(name, *args, **options):
    if name == "total":
        return total(*args, **options)
    return weighted(*args, **options)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def star_in_a_call(x, y):
    pair = (x, y)
    return math.hypot(*pair) + math.atan2(*pair) * total(*pair, *pair, x * y)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def named_and_double_star(x, y):
    options = {"scale": x, "shift": y}
    return total(y, **options) + total(x, y, shift=x, **{"scale": y}) * total(*(x, y), **options)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def star_parameters(x, y):
    return weighted(x) + weighted(x, y) * weighted(y, x, x, power=1) + total()


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def handed_through(x, y):
    return damped(x, rate=y) + damped(y, x, rate=x) + dispatch("total", x, y, shift=y) * dispatch("", x, y)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def star_displays(x, y):
    pair = (x, y)
    longer = (*pair, 1.0, *(y, x * y))
    row = [*longer, x, *range(2)]
    first, *middle, last = [*pair, *longer]
    return longer[3] * longer[4] + row[5] * row[0] + first * middle[2] + last + len(middle)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1), tags=("inner_function",))
def inner_star_parameters(x, y):
    def horner(*coefficients, at=x):
        value = 0.0
        for c in coefficients:
            value = value * at + c
        return value

    apply = lambda f, *args, **named: f(*args, **named)
    last = lambda *args: args[-1]
    return apply(horner, x, y, 1.0, at=y) + horner(y, 2.0) * last(1, x, y) + apply(max, x, y)


@case(args=lambda: (np.array([1.0, -2.0, 0.5]), 0.3), argnums=(0, 1))
def arrays_through_star(x, t):
    def scaled_dot(factor, a, b, *, shift):
        s = shift
        for i in range(len(a)):
            s += factor * a[i] * b[i]
        return s

    arrays = (x, x[::-1])
    return scaled_dot(t, *arrays, **{"shift": t * t}) + scaled_dot(*(1.5, x), arrays[0], shift=t)


@case(args=lambda: (0.7, 0.3), argnums=(0, 1))
def dict_of_numbers(x, y):
    p = {"a": x, "b": y * y, "a": x * y}  # noqa: F601
    value = p["a"] * p.get("b") + p.get("missing", 1.5)
    for item in p.values():
        value = value * item + len(p)
    if "b" in p and "c" not in p and p:
        value += p["b"]
    return value


@case(args=lambda: (0.7,), raises=KeyError)
def missing_key(x):
    return {"a": x}["b"]


@case(args=lambda: (0.7, True), argnums=0)
def choice_within_star(x, flag):
    pair = (x, 2.0)
    longer = (*pair, x if flag else 1.0, *pair)
    return total(*pair, x if flag else 2.0, scale=x if flag else 3.0) + longer[2] * longer[4]


def variadic(x, *rest, scale=1.0):
    for r in rest:
        x = x * r + scale
    return x


case(args=lambda: (0.7, 0.2, 1.5), argnums=(0, 1, 2), name="variadic_itself")(variadic)


@case(args=lambda: (0.7,))
def imports_inside(x):
    import math as m
    import os.path
    from math import cos
    from math import sin as sine

    if x > 0.5:
        from math import pi
    else:
        pi = 3.0
    return m.exp(2.0) * x * x + cos(1.0) * x + sine(2.0) * pi + len(os.path.sep)


_analytic = External(lambda x: x * x * x + 2.0 * x, "complex_step", (float,))


def _rule(y_bar, y, x, k):
    return y_bar * (3.0 * x * x + k), None


_with_rule = External(lambda x, k: x * x * x + k * x, _rule, (float,))


@case(args=[lambda: (np.array([0.7, -1.2]), 2), lambda: (np.array([0.4, 0.9]), 0)], smooth=False)
def black_boxes(x, n):
    """Functions that only Python runs, called back in a loop, in `try` and in a recursive function."""
    s = x[0]
    for k in range(n):
        s = _analytic(s) * x[1] + _with_rule(x[k], k)
        if s > 5.0:
            s = 0.5 * s
    return s + _repeated(x[0], n)


def _repeated(x, n):
    return x if n == 0 else 0.1 * _with_rule(_repeated(x, n - 1), n)
