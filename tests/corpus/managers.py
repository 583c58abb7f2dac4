"""`with`: context managers of the user's own, of the standard library, locks."""

import contextlib
import math
import threading

import numpy as np

from .registry import case


def _normal(*shape, seed=223):
    return np.random.default_rng(seed).normal(size=shape)


LOCK = threading.Lock()
REENTRANT = threading.RLock()


class Counted:
    """Counts how it is entered and left; errors of a kind end with the block."""

    def __init__(self, scale, *kinds):
        self.scale = scale
        self.kinds = kinds
        self.entered = 0
        self.left = 0.0

    def __enter__(self):
        self.entered += 1
        return self.scale * self.entered

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.left += 1.0
            return None
        self.left += 0.25
        if issubclass(kind, ValueError):
            self.left += self.scale
        return issubclass(kind, self.kinds)


@case(args=lambda: (_normal(5), 0.4), argnums=(0, 1))
def entered_in_a_loop(x, t):
    counted = Counted(t, ValueError)
    total = 0.0
    for i in range(len(x)):
        with counted as k:
            if i == 3:
                continue
            total += k * x[i] ** 2
            total += math.sqrt(x[i])
            total *= 1.5
    return total * counted.left + counted.entered


@case(args=[lambda: (0.7, 2.0, 1), lambda: (0.7, 0.3, 0), lambda: (-0.7, 2.0, 1)], argnums=(0, 1))
def one_inside_the_other(x, y, n):
    outer, inner = Counted(x, ArithmeticError), Counted(y, ValueError)
    s = x
    with outer as a, inner as b:
        s = a * math.exp(y)
        s += math.log(x)
        s /= b * n
    return s + outer.left * x - inner.left


@case(args=[lambda: (_normal(4), 3.0), lambda: (_normal(4), 0.0)])
def returned_from_inside(x, t):
    counted = Counted(t)
    for i in range(len(x)):
        with counted:
            if x[i] * t > 1.0:
                return x[i] * x[0] + counted.left
            if i == 2:
                break
    return x[1] * counted.left


@case(args=lambda: (_normal(3), 0.3), argnums=(0, 1))
def those_of_the_library(x, t):
    total = 0.0
    with contextlib.nullcontext(t) as a, contextlib.nullcontext():
        total += a * x[0]
    for e in x:
        with contextlib.suppress(ValueError, ZeroDivisionError), np.errstate(divide="ignore"):
            total += math.log(e) * t
            total += 1.0 if issubclass(ValueError, ArithmeticError) else 2.0
    return total


@case(args=lambda: (_normal(4), 0.3), argnums=(0, 1))
def under_locks(x, t):
    total = 0.0
    for i in range(len(x)):
        with LOCK:
            x[i] = x[i] * t + total
            with REENTRANT, REENTRANT:
                total += x[i] * x[i - 1]
    LOCK.acquire()
    try:
        return total / t
    finally:
        LOCK.release()


@case(args=lambda: (_normal(4), 0.0), raises=ZeroDivisionError)
def raised_under_a_lock(x, t):
    with LOCK:
        x[0] = 1.0
        return 1.0 / t


@case(args=[lambda: (-1.0, 1.0), lambda: (1.0, 0.0)], raises=ValueError)
def let_through(x, t):
    with Counted(t, IndexError):
        return math.sqrt(x) / (1.0 if t else math.sqrt(-1.0))
