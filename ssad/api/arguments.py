"""What callers give: options, arguments to differentiate by, tangents and cotangents."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.errors import ArgumentError, DifferentiationError
from ssad.pipeline import Recipe
from ssad.shadows import zeros_like
from ssad.trees import Kind, build, kind_of, leaves, mapped

Argnums = int | tuple[int, ...]

OPTIONS = ("fastmath", "vector_math", "adjoint_reassoc", "mode", "error_model")


def recipe(options: dict[str, Any]) -> Recipe:
    for name in options:
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            cure = f"did you mean {near[0]}?" if near else f"options: {', '.join(OPTIONS)}"
            raise ArgumentError(f"there is no option called {name!r}", cure=cure)
    if options.get("error_model", "python") not in ("python", "numpy"):
        raise ArgumentError(f"error_model is {options['error_model']!r}", cure='use "python" or "numpy"')
    if options.get("mode", "auto") not in ("auto", "reverse"):
        raise ArgumentError(f"mode is {options['mode']!r}", cure='use "auto" or "reverse"')
    return Recipe(**options)


def normal_argnums(fn: Callable[..., Any], argnums: Any, arity: int) -> tuple[int, ...]:
    numbers = argnums if isinstance(argnums, tuple | list) else (argnums,)
    for n in numbers:
        if isinstance(n, bool) or not isinstance(n, int) or not -arity <= n < arity:
            raise ArgumentError(
                f"argnums {argnums!r} does not fit {fn.__name__}, which has {arity} arguments",
                cure=f"use numbers from 0 to {arity - 1}",
            )
    return tuple(n % arity for n in numbers)


def one_argnum(fn: Callable[..., Any], argnums: Any) -> int:
    """The number of the one argument that an operator takes derivatives by."""
    if isinstance(argnums, tuple | list):
        cause = f"argnums is {argnums!r}: second derivatives and Jacobians are taken by one argument"
        raise ArgumentError(cause, cure="give one number")
    return normal_argnums(fn, argnums, len(inspect.signature(fn).parameters))[0]


def is_differentiable(x: Any) -> bool:
    """Whether `x` is a float or an array of floats, or a tree with one in it."""
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype.kind in "fc"
    if isinstance(x, float | complex):
        return True
    return kind_of(x) is not None and any(map(is_differentiable, leaves(x)))


def check_differentiable(fn: Callable[..., Any], args: Sequence[Any], argnums: Sequence[int]) -> None:
    for n in argnums:
        x = args[n]
        if is_differentiable(x):
            continue
        name = list(inspect.signature(fn).parameters)[n]
        kind = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else f"{type(x).__name__} {x!r:.40}"
        if kind_of(x) is not None:
            kind = f"a {type(x).__name__} without a float in it"
        cause = f"cannot differentiate by argument {name!r}: it is {kind}"
        raise DifferentiationError(cause, cure=f"{_cure(name, x)}, or leave it out of argnums")


def check_no_tree(fn: Callable[..., Any], args: Sequence[Any], n: int) -> None:
    """Refuse a tree or a complex argument, by which there is no matrix of derivatives."""
    if kind_of(args[n]) is not None:
        name = list(inspect.signature(fn).parameters)[n]
        raise DifferentiationError(
            f"Hessians and Jacobians are by one float or array; argument {name!r} is a "
            f"{type(args[n]).__name__}",
            cure="use ssad.hvp, ssad.jvp or ssad.vjp, which take trees, or pass one array",
        )
    refuse_complex(f"argument {n} of {fn.__name__}", args[n])


def refuse_complex(what: str, value: Any) -> None:
    """Refuse a complex number or array in a matrix of derivatives."""
    if np.iscomplexobj(value):
        cause = f"Hessians and Jacobians are real; {what} is complex"
        raise DifferentiationError(cause, cure="use ssad.jvp, ssad.vjp or ssad.hvp, or take real parts")


def _cure(name: str, x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"pass {name}.astype(float)"
    if kind_of(x) is not None:
        return "put floats in it (3.0, not 3)"
    return "pass a float (3.0, not 3)"


def like(v: Any, x: Any, name: str) -> Any:
    """`v` as a tangent or cotangent of `x`, a tree for a tree. Raises ArgumentError where it is none."""
    kind = kind_of(x)
    if kind is not None:
        return _like_tree(v, x, kind, name)
    is_complex = np.asarray(x).dtype.kind == "c"
    if np.asarray(v).dtype.kind not in ("fiubc" if is_complex else "fiub"):
        raise ArgumentError(f"{name} is {v!r:.40}", cure="give floats: one number, or an array")
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        if np.ndim(v) != 0:
            raise ArgumentError(
                f"{name} has the shape {np.shape(v)}, and belongs to a number", cure="give a float"
            )
        return complex(v) if is_complex else float(v)
    made = zeros_like(x)
    if np.shape(v) != x.shape:
        cause = f"{name} has the shape {np.shape(v)}, and belongs to an array of shape {x.shape}"
        raise ArgumentError(cause, cure="give an array of the same shape")
    made[...] = v
    return made


def _like_tree(v: Any, x: Any, kind: Kind, name: str) -> Any:
    """A tree in whose parts None stands for zero; the parts that are no floats are None."""
    parts, names = kind.parts(x), kind.names(x)
    given: Sequence[Any] = [None] * len(parts)
    if v is not None:
        own = kind_of(v)
        given = own.parts(v) if own is not None else ()
        if type(v) is not type(x) or own is None or own.names(v) != names or len(given) != len(parts):
            cause = f"{name} is {v!r:.60}, and belongs to a {type(x).__name__}"
            raise ArgumentError(cause, cure=f"give a {type(x).__name__} of the same parts, None for zero")
    made: list[Any] = []
    for n, (bar, part) in enumerate(zip(given, parts, strict=True)):
        if not is_differentiable(part):
            made.append(mapped(lambda leaf: None, part))  # a tree keeps its structure
            continue
        if bar is None and kind_of(part) is None:
            bar = np.zeros(np.shape(part))
        made.append(like(bar, part, f"{name}.{names[n]}" if names else f"{name}[{n}]"))
    return build(type(x), names, made)


def basis(x: Any) -> list[Any]:
    """The unit arrays of the shape and axis order of `x`."""
    made = []
    for index in np.ndindex(np.shape(x)):
        unit = zeros_like(x)
        unit[index] = 1.0
        made.append(unit)
    return made
