"""Exceptions."""

from __future__ import annotations

import contextlib
import math
import threading

import numpy as np

_lock = threading.Lock()


class _Level:
    def __init__(self, x: float) -> None:
        self.x = x

    def __enter__(self) -> float:
        return 2.0 * self.x

    def __exit__(self, kind, error, traceback) -> bool:
        return kind is not None and issubclass(kind, ValueError)


class _NoConvergence(Exception):
    pass


def handler(x: float = 0.7, y: float = 0.0) -> float:
    """`try ... except`."""
    try:
        return x / y
    except ZeroDivisionError:
        return x * x


def handler_by_kind(x=np.array([0.3, -1.2, 0.8]), n: int = 5) -> float:
    """Several handlers, `else`, `finally`."""
    s = 0.0
    for i in range(n):
        try:
            v = math.sqrt(x[i])
        except ValueError:
            s += 1.0
        except (IndexError, KeyError):
            break
        else:
            s += v
        finally:
            s *= 1.1
    return s


def handler_in_recursion(x: float = 0.7, n: int = 3) -> float:
    """`try` around a call of itself."""
    try:
        return x * handler_in_recursion(x * 0.9, n - 1) if n else 1.0 / n
    except ZeroDivisionError:
        return x


def user_exceptions(x: float = 0.7) -> float:
    """`raise` of exceptions of one's own, caught in a caller; `raise ... from`."""

    def newton(a: float, steps: int) -> float:
        r = a
        for _ in range(steps):
            r = 0.5 * (r + a / r)
            if abs(r * r - a) < 1e-12:
                return r
        raise _NoConvergence(f"after {steps} steps") from None

    try:
        return newton(x, 1)
    except _NoConvergence:
        return newton(x, 20)


def context_managers(x: float = 0.7) -> float:
    """`with`: objects with `__enter__` and `__exit__`, `nullcontext`, `suppress`, `np.errstate`."""
    y = x
    with _Level(x) as level, contextlib.nullcontext(3.0) as factor, np.errstate(all="ignore"):
        y += factor * math.log(level)
    with contextlib.suppress(ZeroDivisionError):
        y *= 2.0
        y /= 0.0 * x
    return y


def locks(x: float = 0.7) -> float:
    """`with` on a lock."""
    with _lock:
        y = x * x
    return y + x
