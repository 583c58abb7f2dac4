"""Operators on undecorated functions: tangents, pullbacks, second derivatives, Jacobians."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.api.arguments import (
    basis,
    check_differentiable,
    check_no_tree,
    is_differentiable,
    like,
    one_argnum,
    recipe,
    refuse_complex,
)
from ssad.api.callables import bind, fixed, is_variadic, plain
from ssad.api.running import cotangent, float_result, give_seeds, give_tangents
from ssad.api.tracebacks import door
from ssad.backend.printing import quiet
from ssad.dispatch import Specialisation, Specialisations
from ssad.errors import ArgumentError, DifferentiationError
from ssad.pipeline import Recipe, Step
from ssad.shadows import copies
from ssad.trees import kind_of


@door
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
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise ArgumentError(f"{name} is {given!r:.40}", cure="give a tuple: ssad.jvp(f, (x,), (v,))")
    if len(primals) != len(tangents):
        raise ArgumentError(
            f"jvp got {len(primals)} primals and {len(tangents)} tangents", cure="give one tangent per primal"
        )
    fn, _ = fixed(fn, primals)
    active = tuple(n for n, t in enumerate(tangents) if t is not None)
    check_differentiable(fn, primals, active)
    found = specialisations(fn, options).find(primals, (Step("forward", active),))
    values = found.prepare(primals)
    directions = {n: like(tangents[n], primals[n], f"tangents[{n}]") for n in active}
    give_tangents(found, directions, values)
    results = found.call(values)
    found.bring_up_to_date(primals, results)
    return found.rebuild(results), found.rebuild(results, tangent=True)


@door
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
    fn, _ = fixed(plain(fn), primals)
    versions = specialisations(fn, options)
    active = tuple(n for n, p in enumerate(primals) if is_differentiable(p))
    found = versions.find(primals, (Step("reverse", active),))
    plain_call = versions.find(primals, ())
    kept = copies([*primals, *found.captured()])
    results = plain_call.call(plain_call.prepare(primals))
    plain_call.bring_up_to_date(primals, results)
    value = plain_call.rebuild(results)

    @door
    def pullback(y_bar: Any) -> tuple[Any, ...]:
        args, outside = _apart(kept, len(primals))
        values = found.prepare(args, outside)
        give_seeds(found, y_bar, value, values)
        with quiet():  # it has printed when the value was computed
            results = found.call(values)
        return tuple(
            cotangent(found, n, args, values, results) if n in active else None for n in range(len(args))
        )

    return value, pullback


def _apart(kept: Sequence[Any], count: int) -> tuple[list[Any], list[Any]]:
    """Fresh copies of arguments and of the arrays outside, which overlap as the originals do."""
    both = copies(kept)
    return both[:count], both[count:]


@door
def hvp(fn: Callable[..., Any], x: Any, v: Any, *args: Any, **options: Any) -> Any:
    """The Hessian of `fn(x, *args)` by its first argument, times `v`, by forward over reverse.

    `x` is a float or an array f64[...]; `v` and the result are like it.

    >>> import ssad
    >>> ssad.hvp(lambda x: x * x * x, 2.0, 1.0)
    12.0
    """
    return hvp_by(fixed(plain(fn), [x, *args])[0], [x, *args], v, 0, **options)


@door
def hessian(fn: Callable[..., Any], argnums: int = 0, **options: Any) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives by one argument: a float, or an array of shape
    `x.shape + x.shape`.

    >>> import ssad
    >>> ssad.hessian(lambda x: x * x * x)(2.0)
    12.0
    """
    fn = plain(fn)
    if is_variadic(fn):
        return _by_shape(fn, lambda shape: hessian(shape, argnums, **options))
    versions, n, signature = specialisations(fn, options), one_argnum(fn, argnums), inspect.signature(fn)

    @door
    def of(*args: Any, **keywords: Any) -> Any:
        args = tuple(bind(fn, signature, args, keywords))
        check_no_tree(fn, args, n)
        found = _second(versions, args, n)
        kept, x = [*args, *found.captured()], args[n]
        directions = basis(x) if np.ndim(x) else [like(1.0, x, "v")]
        rows = []
        for k, unit in enumerate(directions):
            with quiet(k > 0):
                rows.append(_hvp(found, *_apart(kept, len(args)), unit, n))
        return np.array(rows, dtype=x.dtype).reshape(x.shape + x.shape) if np.ndim(x) else rows[0]

    return of


@door
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
    if is_variadic(fn):
        return _by_shape(fn, lambda shape: jacobian(shape, argnums, mode, **options))
    versions, n, signature = specialisations(fn, options), one_argnum(fn, argnums), inspect.signature(fn)

    @door
    def of(*args: Any, **keywords: Any) -> Any:
        args = tuple(bind(fn, signature, args, keywords))
        check_differentiable(fn, args, (n,))
        check_no_tree(fn, args, n)
        plain_call = versions.find(args, ())
        kept, x = [*args, *plain_call.captured()], args[n]
        y = plain_call.rebuild(plain_call.call(plain_call.prepare(*_apart(kept, len(args)))))
        if not is_differentiable(y) or kind_of(y) is not None:
            cause = f"a Jacobian is defined for functions that return floats; this one returns {y!r:.40}"
            raise DifferentiationError(cause, cure="return one float or one array of floats")
        refuse_complex("the result", y)
        shape = np.shape(y) + np.shape(x)
        if mode == "forward" or (mode == "auto" and np.size(x) <= np.size(y)):
            whole = np.moveaxis(np.array(_columns(versions, kept, args, n)), 0, -1)
        else:
            whole = np.array(_rows(versions, kept, args, n, y))
        return whole.reshape(shape) if shape else float(whole.reshape(()))

    return of


def _by_shape(
    fn: Callable[..., Any], operator: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[..., Any]:
    """An operator on a function with `*args` or `**kwargs`: it is applied for each number of arguments."""

    def of(*args: Any, **keywords: Any) -> Any:
        shape, flat = fixed(fn, args, keywords)
        return operator(shape)(*flat)

    return of


def _columns(versions: Specialisations, kept: Sequence[Any], args: Sequence[Any], n: int) -> list[Any]:
    """The tangents of the result in the directions of the elements of argument `n`."""
    found = versions.find(args, (Step("forward", (n,)),))
    columns = []
    for direction in basis(args[n]) if np.ndim(args[n]) else [1.0]:
        values = found.prepare(*_apart(kept, len(args)))
        give_tangents(found, {n: direction}, values)
        with quiet():
            columns.append(found.rebuild(found.call(values), tangent=True))
    return columns


def _rows(versions: Specialisations, kept: Sequence[Any], args: Sequence[Any], n: int, y: Any) -> list[Any]:
    """The cotangents of argument `n` of the elements of the result."""
    found = versions.find(args, (Step("reverse", (n,)),))
    rows = []
    for seed in basis(y) if np.ndim(y) else [1.0]:
        own, outside = _apart(kept, len(args))
        values = found.prepare(own, outside)
        give_seeds(found, seed, y, values)
        with quiet():
            rows.append(cotangent(found, n, own, values, found.call(values)))
    return rows


def hvp_by(fn: Callable[..., Any], args: Sequence[Any], v: Any, argnum: int, **options: Any) -> Any:
    """The Hessian of `fn(*args)` by argument `argnum`, times `v`."""
    found = _second(specialisations(fn, options), args, argnum)
    return _hvp(found, args, None, like(v, args[argnum], "v"), argnum)


def _second(versions: Specialisations, args: Sequence[Any], argnum: int = 0) -> Specialisation:
    check_differentiable(versions.fn, args, (argnum,))
    found = versions.find(args, (Step("reverse", (argnum,)), Step("forward", (argnum,))))
    float_result(versions, found, args, checked=False)
    return found


def _hvp(
    found: Specialisation, args: Sequence[Any], outside: Sequence[Any] | None, v: Any, argnum: int
) -> Any:
    values = found.prepare(args, outside)
    give_tangents(found, {argnum: v}, values)
    results = found.call(values)
    return cotangent(found, argnum, args, values, results, dot=True)


@functools.lru_cache(maxsize=256)
def _cached_specialisations(fn: Callable[..., Any], recipe: Recipe) -> Specialisations:
    return Specialisations(fn, recipe)


def specialisations(fn: Callable[..., Any], options: dict[str, Any]) -> Specialisations:
    """The versions of a function used through operators, kept for the last 256 functions."""
    return _cached_specialisations(fn, recipe(options))
