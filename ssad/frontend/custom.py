"""Registries that the doors and the pipeline fill: rules by hand, and plain-Python stand-ins for library
functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast

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


THROUGH: Any = object()
"""Stands for the function that calls another through the door: see `handover.py`."""

PUT_INTO: Any = object()
"""Stands for the function that puts the parts of an element into columns."""


def with_rule(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`; or, where it has a rule by hand, a function that calls it, so that the rule is met by the
    call.
    """
    if fn not in CUSTOM_VJP:
        return fn
    return _calling(fn, "fn({})", {})


def through_the_door(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that calls `fn`, with memory for what it changes of the caller's, and makes values of the
    memory in its result.
    """
    return _calling(fn, "through(fn, {})", {"through": THROUGH})


def _calling(fn: Callable[..., Any], text: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """A function with the parameters, defaults and name of `fn` that computes `text`."""
    taken: list[str] = []
    given: list[str] = []
    starred = False
    for p in inspect.signature(fn).parameters.values():
        named = p.kind is p.KEYWORD_ONLY
        if named and not starred:
            taken.append("*")
        starred |= named or p.kind is p.VAR_POSITIONAL
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        taken.append(stars + p.name)
        given.append(f"{p.name}={p.name}" if named else stars + p.name)
    caller: Any = eval(f"lambda {', '.join(taken)}: {text.format(', '.join(given))}", {"fn": fn, **scope})
    caller.__name__ = fn.__name__
    caller.__defaults__ = getattr(fn, "__defaults__", None)
    caller.__kwdefaults__ = getattr(fn, "__kwdefaults__", None)
    code = getattr(fn, "__code__", None)
    if code is not None:
        place = {"co_filename": code.co_filename, "co_firstlineno": code.co_firstlineno}
        caller.__code__ = caller.__code__.replace(**place, co_name=code.co_name, co_qualname=code.co_qualname)
    return cast("Callable[..., Any]", caller)
