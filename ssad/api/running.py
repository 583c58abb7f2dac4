"""One native call of a derivative: shadows and seeds in, cotangents out, in the caller's types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.api.arguments import check_differentiable, is_differentiable, like
from ssad.dispatch import Specialisation, Specialisations
from ssad.errors import ArgumentError, DifferentiationError
from ssad.frontend.abstract import ArrayOf, Number
from ssad.shadows import copies, flat_leaves, zeros_like


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
    return found.rebuild(results), [cotangent(found, n, args, values, results) for n in argnums]


def float_result(versions: Specialisations, found: Specialisation, args: Sequence[Any]) -> None:
    """Refuse a result that has no gradient: anything but one float."""
    result = found.result
    if isinstance(result, Number) and result.type.is_float:
        return
    function = found.compiled.derivative.function
    if not any(block.term.kind == "return" for block in function.blocks):
        return  # it always raises: let it
    what = str(result)
    if isinstance(result, ArrayOf):
        primal = versions.find(args, ())
        value = primal.rebuild(primal.call(primal.prepare(copies(args))))
        what = f"an array of shape {value.shape}"
    raise DifferentiationError(
        f"a gradient is defined for functions that return one float; this one returns {what}",
        function.loc,
        "return a scalar (a sum, say), or use ssad.jacobian or ssad.vjp",
    )


def cotangent(
    found: Specialisation,
    argument: int,
    args: Sequence[Any],
    values: Sequence[Any],
    results: Sequence[Any],
    dot: bool = False,
) -> Any:
    """The cotangent of one argument (or the cotangent's tangent), in the argument's own type."""
    number, x = part(found, argument), args[argument]
    if isinstance(x, np.ndarray) and x.ndim:
        at = found.position.get(Slot("shadow", number, dot))
        return zeros_like(x) if at is None else values[at]
    bar = results[found.result_position[Slot("cotangent", number, dot)]]
    if isinstance(x, np.ndarray):
        return np.array(bar, x.dtype)
    return type(x)(bar) if isinstance(x, np.generic) else bar


def give_tangents(found: Specialisation, tangents: dict[int, Any], values: list[Any]) -> None:
    """Put the tangents of arguments in place. Arguments that overlap and are written are one memory, which
    has one tangent: raises ArgumentError where theirs differ.
    """
    positions = {n: found.position[Slot("primal", part(found, n), True)] for n in tangents}
    for n, at in positions.items():
        if isinstance(values[at], np.ndarray):
            values[at][...] = tangents[n]
        else:
            values[at] = tangents[n]
    if not found.overlap:
        return
    for n, at in positions.items():
        if not np.array_equal(values[at], tangents[n], equal_nan=True):
            cause = f"argument {n} overlaps another, is written, and its tangent is not that of the other"
            raise ArgumentError(cause, cure="give the tangent of the shared memory once, and None elsewhere")


def give_seeds(found: Specialisation, y_bar: Any, y: Any, values: list[Any]) -> None:
    """Put the cotangent of a result (a float, an array, or a tuple of them) in place of the seeds."""
    positions = [n for n, slot in enumerate(found.slots) if slot.kind == "seed"]
    leaves = [leaf for leaf in flat_leaves(y) if is_differentiable(leaf)]
    bars = flat_leaves(y_bar)
    if len(bars) != len(leaves) and len(bars) == len(flat_leaves(y)):
        bars = [bar for bar, leaf in zip(bars, flat_leaves(y), strict=True) if is_differentiable(leaf)]
    if len(bars) != len(positions):
        cause = f"y_bar has {len(bars)} parts, the result {len(leaves)}"
        raise ArgumentError(cause, cure="give one per float")
    for n, bar, own in zip(positions, bars, leaves, strict=True):
        values[n] = like(bar, own, "y_bar")
