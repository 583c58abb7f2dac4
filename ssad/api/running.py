"""One native call of a derivative: shadows and seeds in, cotangents out, in the caller's types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ssad.ad.calls import has_derivative
from ssad.ad.signature import Slot
from ssad.api.arguments import check_differentiable, is_differentiable, like
from ssad.dispatch import Specialisation, Specialisations
from ssad.errors import ArgumentError, DifferentiationError
from ssad.frontend.abstract import Abstract, ArrayOf, ComplexOf, ListedOf, MaybeNone, Number, TreeOf
from ssad.shadows import as_complex, as_reals, copies, zeros_like
from ssad.trees import kind_of, leaves, parts_of_tree, refilled


def part(found: Specialisation, argument: int) -> int:
    return found.compiled.parts[argument].start


def reverse(
    versions: Specialisations, args: Sequence[Any], steps: Any, argnums: Sequence[int]
) -> tuple[Any, list[Any]]:
    """(value, cotangents of the arguments `argnums`) for a scalar function."""
    for n in argnums:
        if type(args[n]) is not float:
            check_differentiable(versions.fn, args, argnums)
            break
    found = versions.find(args, steps)
    float_result(versions, found, args)
    values = found.prepare(args)
    results = found.call(values)
    value = found.rebuild(results)
    if value is None and isinstance(found.result, MaybeNone):
        raise DifferentiationError(
            "a gradient is defined where the function returns a float; this time it returned None",
            found.compiled.derivative.function.loc,
            "is a `return` missing? raise an error where there is no value",
            code="SSAD0207",
        )
    cotangents = [cotangent(found, n, args, values, results) for n in argnums]
    found.bring_up_to_date(args, results)  # from here on the arguments may have other parts
    return value, cotangents


def float_result(
    versions: Specialisations, found: Specialisation, args: Sequence[Any], checked: bool = True
) -> None:
    """Refuse a result that has no gradient: anything but one float (or None, where that is looked at)."""
    result = found.result
    if checked and isinstance(result, MaybeNone):
        result = result.of
    if isinstance(result, Number) and result.type.is_float:
        return
    function = found.compiled.derivative.function
    if not any(block.term.kind == "return" for block in function.blocks):
        return  # it always raises: let it
    what = str(result)
    cure = "return a scalar (a sum, say), or use ssad.jacobian or ssad.vjp"
    if isinstance(result, ComplexOf):
        cure = "return a real number, for example z.real or abs(z), or use ssad.vjp"
    if isinstance(result, MaybeNone):
        cure = "is a `return` missing? raise an error where there is no value"
    if isinstance(result, ArrayOf):
        primal = versions.find(args, ())
        value = primal.rebuild(primal.call(primal.prepare(copies(args))))
        what = f"an array of shape {value.shape}"
    raise DifferentiationError(
        f"a gradient is defined for functions that return one float; this one returns {what}",
        function.loc,
        cure,
    )


def cotangent(
    found: Specialisation,
    argument: int,
    args: Sequence[Any],
    values: Sequence[Any],
    results: Sequence[Any],
    dot: bool = False,
) -> Any:
    """The cotangent of one argument (or the cotangent's tangent), in the argument's own type: of a tree the
    tree of the leaves', None for what is no float.
    """

    def of_leaf(number: int, x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim:
            at = found.position.get(Slot("shadow", number, dot))
            if at is None:
                return zeros_like(x)
            return as_complex(values[at]) if x.dtype.kind == "c" else values[at]
        if isinstance(x, complex):
            re, im = (results[found.result_position[Slot("cotangent", number + n, dot)]] for n in (0, 1))
            return type(x)(complex(re, im))
        bar = results[found.result_position[Slot("cotangent", number, dot)]]
        if isinstance(x, np.ndarray):
            return np.array(bar, x.dtype)
        return type(x)(bar) if isinstance(x, np.generic) else bar

    x = args[argument]
    if kind_of(x) is None:
        return of_leaf(part(found, argument), x)
    bars: list[Any] = [None] * sum(1 for _ in leaves(x))
    for place, number, leaf in float_leaves(found, argument, x):
        bars[place] = of_leaf(number, leaf)
    return refilled(x, iter(bars))


def float_leaves(found: Specialisation, argument: int, x: Any) -> Iterator[tuple[int, int, Any]]:
    """The leaves of argument `x` that are floats: the how manieth leaf, its IR parameter, the leaf."""
    number = part(found, argument)
    for place, (kind, leaf) in enumerate(zip(_leaf_kinds(found.arguments[argument]), leaves(x), strict=True)):
        if is_differentiable(leaf):
            yield place, number, leaf
        number += len(kind.parts)


def _leaf_kinds(argument: Abstract) -> Iterator[Abstract]:
    if isinstance(argument, TreeOf):
        for item in argument.items:
            yield from _leaf_kinds(item)
    else:
        yield argument


def give_tangents(found: Specialisation, tangents: dict[int, Any], values: list[Any]) -> None:
    """Put the tangents of arguments in place. Arguments that overlap and are written are one memory, which
    has one tangent: raises ArgumentError where theirs differ.
    """
    placed = [(n, at, dot) for n, tree in tangents.items() for at, dot in _placed(found, n, tree)]
    for _, at, dot in placed:
        if isinstance(values[at], np.ndarray):
            values[at][...] = dot
        else:
            values[at] = dot
    if not found.overlap:
        return
    for n, at, dot in placed:
        if not np.array_equal(values[at], dot, equal_nan=True):
            cause = f"argument {n} overlaps another, is written, and its tangent is not that of the other"
            raise ArgumentError(cause, cure="give the tangent of the shared memory once, and None elsewhere")


def _placed(found: Specialisation, argument: int, tangent: Any) -> Iterator[tuple[int, Any]]:
    """Where each float of a tangent goes."""
    floats: Iterable[tuple[int, int, Any]] = [(0, part(found, argument), tangent)]
    if kind_of(tangent) is not None:
        floats = float_leaves(found, argument, tangent)
    for _, number, dot in floats:
        for n, value in enumerate(real_parts(dot)):
            yield found.position[Slot("primal", number + n, True)], value


def give_seeds(found: Specialisation, y_bar: Any, y: Any, values: list[Any]) -> None:
    """Put the cotangent of a result (a float, an array, or a tree of them) in place of the seeds."""
    positions = [n for n, slot in enumerate(found.slots) if slot.kind == "seed"]
    if _has_list(found.result):
        for position, seed in zip(positions, _seeds(found.result, like(y_bar, y, "y_bar")), strict=True):
            values[position] = seed
        return
    every = [*leaves(y)]
    floats = [leaf for leaf in every if is_differentiable(leaf)]
    bars = [*leaves(y_bar)]
    if len(bars) != len(floats) and len(bars) == len(every):
        bars = [bar for bar, leaf in zip(bars, every, strict=True) if is_differentiable(leaf)]
    if len(bars) != len(floats):
        cause = f"y_bar has {len(bars)} parts, the result {len(floats)}"
        raise ArgumentError(cause, cure="give one per float")
    at = iter(positions)
    for bar, own in zip(bars, floats, strict=True):
        nothing = bar is None and kind_of(y) is not None
        seed = like(np.zeros(np.shape(own)) if nothing else bar, own, "y_bar")
        for value in real_parts(seed):
            values[next(at)] = value


def _has_list(kind: Abstract) -> bool:
    """Whether a list that was made inside is part of a result."""
    return isinstance(kind, ListedOf) or any(map(_has_list, kind.children()))


def _seeds(kind: Abstract, bar: Any) -> Iterator[Any]:
    """The seeds of a result of this kind, one for each float that leaves native code; of a list a column for
    each float of an element.
    """
    if isinstance(kind, ListedOf) and isinstance(kind.tag, ListedOf):
        yield from _seeds(kind.tag, [item for items in bar for item in items])
    elif isinstance(kind, ListedOf) and isinstance(kind.tag, ArrayOf):
        if kind.tag.elem.is_float:
            yield np.concatenate([np.zeros(0), *(np.ravel(one) for one in bar)])
    elif isinstance(kind, ListedOf):
        rows = [[*_seeds(kind.tag, one)] for one in bar]
        columns = [part.is_float for part in kind.tag.parts]
        for n in range(sum(columns)):
            yield np.array([row[n] for row in rows], float)
    elif isinstance(kind, TreeOf):
        for item, one in zip(kind.items, parts_of_tree(bar), strict=True):
            yield from _seeds(item, one)
    elif isinstance(kind, MaybeNone):
        yield from _seeds(kind.of, bar)
    else:
        floats = [part for part in kind.parts if has_derivative(part)]
        yield from real_parts(bar) if floats and bar is not None else [0.0] * len(floats)


def real_parts(x: Any) -> tuple[Any, ...]:
    """What carries a tangent or cotangent in native code."""
    if isinstance(x, complex):
        return x.real, x.imag
    return (as_reals(x),) if isinstance(x, np.ndarray) and x.dtype.kind == "c" else (x,)
