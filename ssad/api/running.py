"""One native call of a derivative: shadows and seeds in, cotangents out, in the caller's types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.api.arguments import check_differentiable, like
from ssad.dispatch import Given, Specialisation, Specialisations, float_result, give_shadows, rebuild, zeros_like


def part(found: Specialisation, argument: int) -> int:
    return found.compiled.parts[argument].start


def reverse(
    versions: Specialisations, args: Sequence[Any], steps: Any, argnums: Sequence[int]
) -> tuple[Any, list[Any]]:
    """(value, cotangents of the arguments `argnums`) for a scalar function."""
    check_differentiable(versions.fn, args, argnums)
    found = versions.find(args, steps)
    float_result(found)
    given: Given = {Slot("seed", 0): 1.0}
    give_shadows(found, args, given)
    results = found.run(args, given)
    return rebuild(found.result, results), [cotangent(found, n, args, results, given) for n in argnums]


def cotangent(
    found: Specialisation,
    argument: int,
    args: Sequence[Any],
    results: dict[Slot, Any],
    given: Given,
    dot: bool = False,
) -> Any:
    """The cotangent of one argument, in the argument's own type."""
    number, x = part(found, argument), args[argument]
    if isinstance(x, np.ndarray) and x.ndim:
        shadow = given.get(Slot("shadow", number, dot))
        return zeros_like(x) if shadow is None else shadow
    bar = results[Slot("cotangent", number, dot)]
    if isinstance(x, np.ndarray):
        return np.array(bar, x.dtype)
    return type(x)(bar) if isinstance(x, np.generic) else bar


def give_seeds(found: Specialisation, y_bar: Any, value: Any, given: Given) -> None:
    """Seeds from the cotangent of a result: a float, an array, or a tuple of them."""
    slots = [slot for slot in found.slots if slot.kind == "seed"]
    bars = y_bar if isinstance(value, tuple) else (y_bar,)
    values = value if isinstance(value, tuple) else (value,)
    for slot, bar, own in zip(slots, bars, values, strict=True):
        given[slot] = like(bar, own, "y_bar")
