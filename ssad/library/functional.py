"""Functions of functions, as plain Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_NOTHING = object()


def reduce(function: Any, iterable: Any, initial: Any = _NOTHING) -> Any:
    if initial is _NOTHING:
        return _reduce_items(function, iterable)
    for item in iterable:
        initial = function(initial, item)
    return initial


def _reduce_items(function: Any, items: Any) -> Any:
    if len(items) == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    total = items[0]
    for n in range(1, len(items)):
        total = function(total, items[n])
    return total


LIBRARY: dict[Any, Callable[..., Any]] = {functools.reduce: reduce}
