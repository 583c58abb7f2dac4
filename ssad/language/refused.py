"""Refused."""

from __future__ import annotations

import numpy as np


def asynchronous(x: float = 0.7) -> float:
    """`async` and `await`."""

    async def later() -> float:
        return x

    return later()


def evaluation(x: float = 0.7) -> float:
    """`eval` and `exec`."""
    return eval("x * x")


def sets(x: float = 0.7) -> float:
    """Sets of floats."""
    return len({x, 2.0 * x}) * x


def string_processing(x: float = 0.7, text: str = "a,b") -> float:
    """String processing."""
    return x * len(text.split(","))


def class_definition(x: float = 0.7) -> float:
    """`class` inside a function."""

    class Holder:
        pass

    Holder.value = x
    return Holder.value


def global_assignment(x: float = 0.7) -> float:
    """Assignment to a global variable."""
    global _last
    _last = x
    return x


_last = 0.0


def generator_function(x: float = 0.7) -> float:
    """Generator functions consumed by a loop."""

    def powers(a, n):
        p = 1.0
        for _ in range(n):
            yield p
            p *= a

    s = 0.0
    for p in powers(x, 4):
        s += p
    return s


def filtering(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`filter`."""
    s = 0.0
    for v in filter(lambda a: a > 0.0, x):
        s += v
    return s
