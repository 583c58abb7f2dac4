"""Check derivatives against differences of the function itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.api.arguments import check_differentiable, is_differentiable, normal_argnums
from ssad.api.callables import bind, fixed, plain
from ssad.api.compiled import grad
from ssad.api.operators import hvp_by, jvp, vjp
from ssad.api.tracebacks import door
from ssad.errors import ArgumentError, SsadError
from ssad.shadows import copies
from ssad.trees import flat, kind_of, leaves, mapped, refilled


class GradientMismatch(SsadError, AssertionError):
    """A derivative disagrees with differences of the function."""

    default_code = "SSAD0310"


@door
def check_grads(
    fn: Callable[..., Any],
    *args: Any,
    order: int = 2,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float = 1e-6,
    seed: int = 0,
) -> None:
    """Check `fn`'s derivatives at `args` along a random direction; returns None if all agree.

    order 1: forward mode against Richardson-extrapolated central differences of the function, reverse mode
    against forward mode (<y_bar, J v> = <J^T y_bar, v>). order 2, for functions that return one float: the
    Hessian along the direction against differences of the gradient. `argnums`: by which arguments, all float
    ones by default. Raises GradientMismatch (an AssertionError) naming the mode, the two numbers and their
    distance. Source: Griewank and Walther 2008, section 3; Richardson extrapolation as in Ridders 1982.

    >>> import math, ssad
    >>> ssad.check_grads(lambda x: math.sin(x) * x, 0.7)
    """
    fn, _ = fixed(plain(fn), args)
    rng = np.random.default_rng(seed)
    args = tuple(bind(fn, inspect.signature(fn), args, {}))
    if argnums is None:
        argnums = tuple(n for n, a in enumerate(args) if is_differentiable(a))
    numbers = normal_argnums(fn, argnums, len(args))
    if not numbers or order not in (1, 2):
        cause = f"order is {order}" if numbers else f"none of the arguments of {fn.__name__} is a float"
        raise ArgumentError(cause, cure="check order 1 or 2, by float arguments or arrays of floats")
    check_differentiable(fn, args, numbers)
    v = [_direction(a, rng) if n in numbers else None for n, a in enumerate(args)]

    y, pullback = vjp(fn, *copies(args))
    floats = [n for n, leaf in enumerate(leaves(y)) if is_differentiable(leaf)]
    if not floats:
        raise ArgumentError(f"{fn.__name__} returns {y!r:.40}, which is no float", cure="return a float")

    def parts(tree: Any) -> list[Any]:
        found = [*leaves(tree)]
        return [np.asarray(found[n], complex if np.iscomplexobj(found[n]) else float) for n in floats]

    def value(t: float) -> Any:
        return _flat(parts(fn(*_moved(args, v, t))))

    y_dot = parts(jvp(fn, copies(args), v)[1])
    _agree("forward mode", _flat(y_dot), derivative(value), rtol)

    y_bar = [_direction(part, rng) for part in parts(y)]
    x_bar = pullback(tuple(y_bar) if kind_of(y) is not None else y_bar[0])
    left = sum(float(np.vdot(b, d).real) for b, d in zip(y_bar, y_dot, strict=True))
    right = float(np.vdot(_flat([x_bar[n] for n in numbers]), _flat([v[n] for n in numbers])).real)
    _agree("reverse mode", np.array([right]), np.array([left]), rtol)

    if order >= 2 and kind_of(y) is None and np.ndim(y) == 0 and not np.iscomplexobj(y):
        for n in numbers:
            along = [w if m == n else None for m, w in enumerate(v)]

            def slope(t: float, n: int = n, along: Sequence[Any] = along) -> Any:
                return _flat([grad(fn, argnums=n)(*_moved(args, along, t))])

            second = hvp_by(fn, copies(args), v[n], n)
            _agree(f"second order by argument {n}", _flat([second]), derivative(slope), rtol * 10)


def derivative(f: Callable[[float], Any], h: float = 1e-2, rounds: int = 6) -> Any:
    """df/dt at t = 0 by central differences with Richardson extrapolation; the best of the table by its own
    estimate.
    """
    table = [[(f(h) - f(-h)) / (2 * h)]]
    best, error = table[0][0], np.inf
    for _ in range(1, rounds):
        h /= 2
        row = [(f(h) - f(-h)) / (2 * h)]
        for k, before in enumerate(table[-1], 1):
            row.append(row[-1] + (row[-1] - before) / (4**k - 1))
        distance = float(np.max(np.abs(row[-1] - table[-1][-1]), initial=0.0))
        if distance < error:
            best, error = row[-1], distance
        table.append(row)
    return best


def _agree(what: str, got: Any, expected: Any, rtol: float) -> None:
    scale = float(np.max(np.abs(expected), initial=1e-3))
    distance = float(np.max(np.abs(got - expected), initial=0.0))
    if not distance <= rtol * scale:
        raise GradientMismatch(
            f"{what} disagrees with differences: {got} against {expected}, {distance:.2g} apart",
            cure="look for a kink near this point; if there is none, report it",
        )


def _direction(x: Any, rng: np.random.Generator) -> Any:
    """A random tangent of `x`: None for what is no float."""

    def of_leaf(leaf: Any) -> Any:
        if not is_differentiable(leaf):
            return None
        direction: Any = rng.standard_normal(np.shape(leaf))
        if np.iscomplexobj(leaf):
            direction = direction + 1j * rng.standard_normal(np.shape(leaf))
            return direction if np.ndim(leaf) else complex(direction)
        return direction if np.ndim(leaf) else float(direction)

    return mapped(of_leaf, x)


def _moved(args: Sequence[Any], v: Sequence[Any], t: float) -> list[Any]:
    """Copies of the arguments, `t` steps along the direction `v`."""

    def step(leaf: Any, w: Any) -> Any:
        if w is None:
            return leaf
        if np.ndim(leaf) == 0:
            return type(leaf)(leaf + t * w)
        leaf += t * w
        return leaf

    moved = copies(args)
    for n, w in enumerate(v):
        if w is not None:
            moved[n] = refilled(moved[n], map(step, leaves(moved[n]), leaves(w)))
    return moved


def _flat(parts: Sequence[Any]) -> Any:
    """The floats of all parts in one array."""
    return np.concatenate([np.ravel(leaf) for leaf in flat(parts) if leaf is not None] or [np.zeros(0)])
