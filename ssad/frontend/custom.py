"""Registries that the doors and the pipeline fill: rules by hand, and plain-Python stand-ins for library
functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

CUSTOM_VJP: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Function -> `rule(y_bar, y, *args)`, which stands for its derivative."""

STOP_GRADIENT: set[Callable[..., Any]] = set()
"""Functions that return their argument, whose derivative is taken to be zero."""

DERIVATIVES: dict[Callable[..., Any], str] = {}
"""Operator on functions -> what a call of its result gives: "value", "gradient", "value and gradient"."""

LIBRARY: dict[Any, Callable[..., Any]] = {}
"""Library callable -> a plain Python function of the same value, lifted in its stead. The primitive comes
first, where one takes that number of arguments."""

LOOPS: dict[str, Callable[..., Any]] = {}
"""Name -> a plain Python function that does in a loop what a handler cannot emit."""


def with_rule(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`; or, where it has a rule by hand, a function that calls it, so that the rule is met by the
    call.
    """
    if fn not in CUSTOM_VJP:
        return fn
    kinds = inspect.signature(fn).parameters.values()
    positional = [p.name for p in kinds if p.kind is not p.KEYWORD_ONLY]
    keyword = [p.name for p in kinds if p.kind is p.KEYWORD_ONLY]
    taken = ", ".join(positional + (["*", *keyword] if keyword else []))
    given = ", ".join(positional + [f"{name}={name}" for name in keyword])
    caller: Callable[..., Any] = eval(f"lambda {taken}: fn({given})", {"fn": fn})
    caller.__name__ = fn.__name__
    return caller
