"""Operators on undecorated functions: tangents, pullbacks, second derivatives, Jacobians."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.api.arguments import basis, check_differentiable, is_differentiable, like, plain, recipe
from ssad.api.running import cotangent, float_result, give_seeds, part
from ssad.dispatch import Specialisation, Specialisations
from ssad.errors import ArgumentError
from ssad.pipeline import Recipe, Step
from ssad.shadows import copies


def jvp(
    fn: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], **options: Any
) -> tuple[Any, Any]:
    """(value, tangent): the derivative of `fn` at `primals` in the direction `tangents`, by forward mode.

    `primals` and `tangents` are sequences of equal length; tangents of float arguments are floats, of arrays
    arrays of the same shape, of anything else None.

    >>> import ssad
    >>> ssad.jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 0.0))
    (10.0, 5.0)
    """
    fn = plain(fn)
    primals = list(primals)
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"jvp got {len(primals)} primals and {len(tangents)} tangents", cure="give one tangent per primal"
        )
    active = tuple(n for n, t in enumerate(tangents) if t is not None)
    check_differentiable(fn, primals, active)
    found = specialisations(fn, options).find(primals, (Step("forward", active),))
    values = found.prepare(primals)
    for n in active:
        values[found.position[Slot("primal", part(found, n), True)]] = like(
            tangents[n], primals[n], f"tangents[{n}]"
        )
    results = found.call(values)
    return found.rebuild(results), found.rebuild(results, tangent=True)


def vjp(
    fn: Callable[..., Any], *primals: Any, **options: Any
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(value, pullback): the pullback takes the cotangent of the result to those of all arguments.

    It may be called any number of times, also after the caller has changed `primals`: what it needs is
    copied. Arguments that are neither floats nor float arrays have the cotangent None.

    >>> import ssad
    >>> value, pullback = ssad.vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> value, pullback(1.0), pullback(10.0)
    (10.0, (5.0, 2.0), (50.0, 20.0))
    """
    fn = plain(fn)
    versions = specialisations(fn, options)
    kept = copies(primals)
    active = tuple(n for n, p in enumerate(primals) if is_differentiable(p))
    found = versions.find(primals, (Step("reverse", active),))
    plain_call = versions.find(primals, ())
    value = plain_call.rebuild(plain_call.call(plain_call.prepare(primals)))

    def pullback(y_bar: Any) -> tuple[Any, ...]:
        args = copies(kept)
        values = found.prepare(args)
        give_seeds(found, y_bar, value, values)
        results = found.call(values)
        return tuple(
            cotangent(found, n, args, values, results) if n in active else None for n in range(len(args))
        )

    return value, pullback


def hvp(fn: Callable[..., Any], x: Any, v: Any, *args: Any, **options: Any) -> Any:
    """The Hessian of `fn(x, *args)` by its first argument, times `v`, by forward over reverse.

    `x` is a float or an array f64[...]; `v` and the result are like it.

    >>> import ssad
    >>> ssad.hvp(lambda x: x * x * x, 2.0, 1.0)
    12.0
    """
    return hvp_by(plain(fn), [x, *args], v, 0, **options)


def hessian(fn: Callable[..., Any], argnums: int = 0, **options: Any) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives by one argument: a float, or an array of shape
    `x.shape + x.shape`.

    >>> import ssad
    >>> ssad.hessian(lambda x: x * x * x)(2.0)
    12.0
    """
    fn = plain(fn)
    versions = specialisations(fn, options)

    def of(*args: Any) -> Any:
        found = _second(versions, args, argnums)
        x = args[argnums]
        if not isinstance(x, np.ndarray) or x.ndim == 0:
            return _hvp(found, args, like(1.0, x, "v"), argnums)
        rows = [_hvp(found, copies(args), unit, argnums) for unit in basis(x)]
        return np.array(rows, dtype=x.dtype).reshape(x.shape + x.shape)

    return of


def jacobian(
    fn: Callable[..., Any], argnums: int = 0, mode: str = "auto", **options: Any
) -> Callable[..., Any]:
    """A function that gives the derivative of an array- or float-valued function by one argument.

    The result has the shape `y.shape + x.shape`. `mode` is "forward" (one run per element of x), "reverse"
    (one per element of y), or "auto", whichever takes fewer runs.

    >>> import numpy as np
    >>> import ssad
    >>> def twice(x):
    ...     y = np.zeros(len(x))
    ...     for i in range(len(x)):
    ...         y[i] = 2.0 * x[i]
    ...     return y
    >>> ssad.jacobian(twice)(np.ones(2))
    array([[2., 0.],
           [0., 2.]])
    """
    fn = plain(fn)
    if mode not in ("auto", "forward", "reverse"):
        raise ArgumentError(f"mode {mode!r} is unknown", cure='use "auto", "forward" or "reverse"')

    def of(*args: Any) -> Any:
        x = args[argnums]
        check_differentiable(fn, args, (argnums,))
        y, pullback = vjp(fn, *copies(args), **options)
        shape = np.shape(y) + np.shape(x)
        if mode == "forward" or (mode == "auto" and np.size(x) <= np.size(y)):
            directions = basis(x) if np.ndim(x) else [1.0]
            columns = []
            for direction in directions:
                tangents = [direction if n == argnums else None for n in range(len(args))]
                columns.append(jvp(fn, copies(args), tangents, **options)[1])
            whole = np.moveaxis(np.array(columns), 0, -1)
        else:
            seeds = basis(y) if np.ndim(y) else [1.0]
            whole = np.array([pullback(seed)[argnums] for seed in seeds])
        return whole.reshape(shape) if shape else float(whole.reshape(()))

    return of


def hvp_by(fn: Callable[..., Any], args: Sequence[Any], v: Any, argnum: int, **options: Any) -> Any:
    """The Hessian of `fn(*args)` by argument `argnum`, times `v`."""
    found = _second(specialisations(fn, options), args, argnum)
    return _hvp(found, args, like(v, args[argnum], "v"), argnum)


def _second(versions: Specialisations, args: Sequence[Any], argnum: int = 0) -> Specialisation:
    check_differentiable(versions.fn, args, (argnum,))
    found = versions.find(args, (Step("reverse", (argnum,)), Step("forward", (argnum,))))
    float_result(versions, found, args)
    return found


def _hvp(found: Specialisation, args: Sequence[Any], v: Any, argnum: int = 0) -> Any:
    values = found.prepare(args)
    values[found.position[Slot("primal", part(found, argnum), True)]] = v
    results = found.call(values)
    return cotangent(found, argnum, args, values, results, dot=True)


@functools.lru_cache(maxsize=256)
def _cached_specialisations(fn: Callable[..., Any], recipe: Recipe) -> Specialisations:
    return Specialisations(fn, recipe)


def specialisations(fn: Callable[..., Any], options: dict[str, Any]) -> Specialisations:
    """The versions of a function used through operators, kept for the last 256 functions."""
    return _cached_specialisations(fn, recipe(options))
