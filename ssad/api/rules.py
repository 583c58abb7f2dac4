"""Rules by hand: functions whose derivative the user gives, values through which none flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ssad.api.callables import plain
from ssad.api.tracebacks import door
from ssad.errors import ArgumentError
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
