"""Functions of `math` that count, and products, as plain Python. Beyond 64 bits they raise OverflowError."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def comb(n: int, k: int) -> int:
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    ways = 1
    for i in range(min(k, n - k)):
        common = math.gcd(ways, i + 1)  # divided before it is multiplied: no step exceeds the result
        ways = ways // common * ((n - i) // ((i + 1) // common))
    return ways


def perm(n: int, k: int) -> int:
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    ways = 1
    for i in range(k):
        ways *= n - i
    return ways


def prod(iterable: Any, *, start: Any = 1) -> Any:
    for item in iterable:
        start = start * item
    return start


LIBRARY: dict[Any, Callable[..., Any]] = {math.comb: comb, math.perm: perm, math.prod: prod}
