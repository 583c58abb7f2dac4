"""Refused."""

from __future__ import annotations


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


def string_processing(x: float = 0.7) -> float:
    """Processing of strings that are made at run time."""
    return x * len(str(x).split("."))


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


def yield_inside_try(x: float = 0.7) -> float:
    """`yield` inside `with`, or inside `try` with `finally` or a bare `except`."""
    ended = [0.0]

    def guarded():
        try:
            yield x
        finally:
            ended[0] = x

    s = 0.0
    for v in guarded():
        s += v
    return s
