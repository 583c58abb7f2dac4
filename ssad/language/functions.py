"""Functions and calls."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable


def _helper(a: float, b: float = 2.0, *, scale: float = 1.0) -> float:
    return (a + b) * scale


class _Spring:
    def __init__(self, k: float) -> None:
        self.k = k

    def energy(self, x: float) -> float:
        return 0.5 * self.k * x * x

    @staticmethod
    def twice(x: float) -> float:
        return 2.0 * x

    def __call__(self, x: float) -> float:
        return -self.k * x


_spring = _Spring(3.0)
_scaled = functools.partial(_helper, scale=4.0)


def plain_call(x: float = 0.7) -> float:
    """Calls of plain functions: by position, by name, with defaults, keyword-only."""
    return _helper(x) + _helper(x, b=x, scale=3.0) * _helper(a=1.0, b=x)


def lambda_expression(x: float = 0.7) -> float:
    """`lambda`."""
    square = lambda a: a * a  # noqa: E731
    return square(x) + (lambda: x * 3.0)()


def inner_function(x: float = 0.7, n: int = 3) -> float:
    """Functions inside functions that read the variables around them."""

    def scaled(a: float) -> float:
        return a * x

    s = 1.0
    for _ in range(n):
        s = scaled(s) + 1.0
    return s


def rebinding(x: float = 0.7, n: int = 3) -> float:
    """`nonlocal`."""
    total = 0.0

    def add(a: float) -> None:
        nonlocal total
        total += a * x

    for k in range(n):
        add(total + k)
    return total


def function_factory(x: float = 0.7) -> float:
    """Functions that return functions."""

    def power(n: int) -> Callable[[float], float]:
        return lambda a: a**n

    return power(2)(x) + power(3)(x)


def function_argument(x: float = 0.7) -> float:
    """Functions passed as arguments."""

    def twice(f: Callable[[float], float], a: float) -> float:
        return f(f(a))

    return twice(math.sin, x) + twice(lambda a: a * x, x)


def chosen_function(x: float = 0.7, n: int = 1) -> float:
    """Functions that are chosen at run time."""
    table = (math.sin, lambda v: v * x)
    f = math.exp if n > 2 else table[n]
    return f(x) + table[0](x)


def star_parameters(x: float = 0.7) -> float:
    """`*args` and `**kwargs` in a definition."""

    def total(*args: float, **weights: float) -> float:
        s = 0.0
        for a in args:
            s += a
        return s * weights["w"]

    return total(x, 2.0, x * x, w=x)


def star_arguments(x: float = 0.7) -> float:
    """`*args` and `**kwargs` in a call."""
    pair = (x, x * x)
    options = {"scale": x}
    return _helper(*pair, **options)


def partial_application(x: float = 0.7) -> float:
    """`functools.partial`."""
    return _scaled(x, 1.0) + functools.partial(_helper, x)(3.0)


def bound_method(x: float = 0.7) -> float:
    """Methods, static methods and `__call__` of objects found outside."""
    return _spring.energy(x) + _spring.twice(x) * _spring(x)


def recursion(x: float = 0.7, n: int = 4) -> float:
    """Recursion."""
    return 1.0 if n == 0 else x * recursion(x, n - 1) + 1.0


def inner_recursion(x: float = 0.7, n: int = 4) -> float:
    """Inner functions that call themselves and each other."""

    def even(k: int) -> float:
        return x if k == 0 else odd(k - 1) * x

    def odd(k: int) -> float:
        return 2.0 * x if k == 0 else even(k - 1) + x

    return even(n) + odd(n)


def printing(x: float = 0.7) -> float:
    """`print`, in the primal sweep only."""
    y = x * x
    print(f"y is {y:.3f}", end="")
    return y * x


def local_import(x: float = 0.7) -> float:
    """`import` inside a function."""
    import math as m

    return m.exp(x)
