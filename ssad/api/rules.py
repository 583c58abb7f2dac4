"""Rules by hand: functions whose derivative the user gives, values through which none flows, and functions
that only Python can run.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, TypeVar

from ssad.api.callables import plain
from ssad.api.tracebacks import door
from ssad.errors import ArgumentError
from ssad.externals import NUMBERS, External, Method
from ssad.frontend.custom import CUSTOM_VJP, STOP_GRADIENT

R = TypeVar("R")


def stop_gradient(x: R) -> R:
    """`x`, whose derivative is taken to be zero.

    >>> import ssad
    >>> ssad.grad(lambda x: x * ssad.stop_gradient(x))(3.0)
    3.0
    """
    return x


STOP_GRADIENT.add(stop_gradient)


@door
def defvjp(fn: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate the function that computes the cotangents of `fn`: `rule(y_bar, y, *args)`.

    `rule` is a plain Python function, lifted and inlined like any other. It gets the cotangent of the result,
    the result, and the arguments, and returns the cotangent of each argument as a tuple (None for arguments
    that are no floats), or the one cotangent of a single argument. Forward mode uses it, too. `fn` may not
    write into its arguments.

    >>> import math, ssad
    >>> def clipped(x):
    ...     return min(max(x, -1.0), 1.0)
    >>> @ssad.defvjp(clipped)
    ... def straight_through(y_bar, y, x):
    ...     return y_bar
    >>> ssad.grad(lambda x: 3.0 * clipped(x))(5.0)
    3.0
    """
    fn = plain(fn)

    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        if fn in CUSTOM_VJP and CUSTOM_VJP[fn] is not plain(rule):
            raise ArgumentError(f"{fn.__name__} has a rule already", cure="define one rule per function")
        CUSTOM_VJP[fn] = plain(rule)
        return rule

    return register


METHODS = ("central", "complex_step")


@door
def external(
    fn: Callable[..., Any] | None = None, *, method: Method | None = None, result: Any = None
) -> Any:
    """Let compiled functions call `fn` back in Python: what ssad does not compile, of SciPy for example.

    Decorates a function, with or without options, or makes an external function of any callable. It takes
    floats, ints, bools and arrays, by position, and returns a number, or a tuple of numbers, as `result`
    says: `float` (where nothing is said and the function has no annotation), `int`, `bool`, or a tuple of
    these. It must be pure: it gets copies of arrays, and is called as often as a derivative needs.

    `method` is the way to its derivative:

    - "central": central differences, with two calls for each number among the arguments, right to about ten
      digits where the function is smooth and of moderate size;
    - "complex_step": one call for each number, right to rounding, for functions that take complex numbers
      (Squire and Trapp 1998);
    - a rule: a Python function `rule(y_bar, y, *args)` that returns the cotangent of each argument as a tuple
      (None for those that are no floats), as for `defvjp`; it is called back, too.

    Second derivatives are central differences of the first. Without a method there is no derivative. Raises
    ArgumentError for what is no callable, no method, no type of a result.

    >>> import numpy as np, ssad
    >>> @ssad.external(method="central")
    ... def table(x):
    ...     return np.interp(x, [0.0, 1.0, 2.0], [0.0, 2.0, 3.0])
    >>> round(ssad.grad(lambda x: x * table(x))(0.5), 9)
    2.0
    """
    if fn is None:
        return lambda fn: external(fn, method=method, result=result)
    if not callable(fn):
        raise ArgumentError(f"external takes a callable, not {fn!r:.60}", cure="decorate a function")
    if method is not None and method not in METHODS and not callable(method):
        raise ArgumentError(
            f"there is no method {method!r:.60}", cure='give "central", "complex_step", or a rule'
        )
    wanted = _annotated(fn) if result is None else result
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if not kinds or not all(kind in NUMBERS for kind in kinds):
        raise ArgumentError(
            f"external functions return numbers, not {wanted!r:.60}",
            cure="say what it returns: result=float, int, bool, or a tuple of these",
        )
    return External(fn, method, kinds, single=not isinstance(wanted, tuple))


def _annotated(fn: Callable[..., Any]) -> Any:
    """The type of the result by the annotation, float where there is none that says it."""
    given = getattr(fn, "__annotations__", {}).get("return")
    given = {"float": float, "int": int, "bool": bool}.get(given, given) if isinstance(given, str) else given
    if typing.get_origin(given) is tuple:
        return typing.get_args(given)
    return given if given in NUMBERS else float
