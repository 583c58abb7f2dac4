"""Control flow."""

from __future__ import annotations

import math

import numpy as np


def for_over_range(x: float = 0.7, n: int = 4) -> float:
    """`for` over `range`."""
    s = 0.0
    for k in range(n, 0, -1):
        s = s * x + k
    return s


def for_over_array(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`for` over an array."""
    s = 1.0
    for v in x:
        s *= v + 2.0
    return s


def for_over_items(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`for` over a few items of different kinds."""
    s = 0.0
    for f, w in ((math.sin, 2.0), (math.cos, x), (abs, 1)):
        s = s + f(s) * (w if f is not math.cos else w[0])
    return s


def for_else(x: float = 0.7, n: int = 4) -> float:
    """`for ... else`, `break`, `continue`."""
    s = x
    for k in range(n):
        if k == 1:
            continue
        s *= x
        if s < -1.0:
            break
    else:
        s += 1.0
    return s


def while_loop(x: float = 0.7) -> float:
    """`while` that runs as often as the data want."""
    s = x
    while s < 10.0:
        s = s * 1.5 + x
    return s


def while_else(x: float = 0.7) -> float:
    """`while ... else`."""
    s, k = x, 0
    while k < 3:
        s, k = s * x, k + 1
    else:
        s += x
    return s


def while_true(x: float = 0.7) -> float:
    """`while True` left by `return`, and `break` out of nested loops."""
    k = 0
    while True:
        for i in range(3):
            if i > k:
                break
            x *= 1.1
        k += 1
        if x > 2.0:
            return x * k


def if_chain(x: float = 0.7) -> float:
    """`if`, `elif`, `else`."""
    if x < 0.0:
        return -x
    elif x < 1.0:
        y = x * x
    else:
        y = math.sqrt(x)
    return y + 1.0


def conditional_expression(x: float = 0.7) -> float:
    """`a if c else b`."""
    return x * x if x > 0.0 else -x


def short_circuit(x: float = 0.7, y: float = -0.2) -> float:
    """`and`, `or`, `not`."""
    both = x > 0.0 and not y > 0.0
    return (x or 1.0) * (2.0 if both or y > 5.0 else 3.0) + (y and x)


def chained_comparison(x: float = 0.7) -> float:
    """`a < b <= c`."""
    return x * 2.0 if 0.0 < x <= 1.0 != 3.0 else x


def walrus(x: float = 0.7) -> float:
    """`(y := expression)`."""
    if (y := x * x) > 0.1:
        return y * x
    return y


def assertion(x: float = 0.7) -> float:
    """`assert`."""
    assert x > 0.0, "x must be positive"
    return math.log(x)


def deletion(x: float = 0.7) -> float:
    """`del` of a name."""
    y = x * x
    z = y * x
    del y
    return z


def match_values(x: float = 0.7, n: int = 3) -> float:
    """`match` on numbers, strings and None, with guards and alternatives."""
    match "cubic":
        case "linear":
            y = x
        case "quadratic" | "cubic" if x > 0.0:
            y = x * x
        case _:
            y = 1.0
    match n:
        case 0:
            return y
        case 1 | 2:
            return 2.0 * y
        case k if k > 2:
            return k * y
    return 0.0


def match_sequences(x: float = 0.7, y: float = 2.0) -> float:
    """`match` on tuples."""
    match (x, (y, x)):
        case (a, (b, c)) if a > 1.0:
            return a + b + c
        case (a, (b, *rest)):
            return a * b * rest[0]
    return 0.0
