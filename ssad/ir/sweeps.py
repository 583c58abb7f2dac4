"""Functions whose two sweeps are called apart: `call ... {callee = "g.joint", sweep = "fwd"}`, later "rev".

Such a function has attributes that say what belongs to which sweep:

    forward         so many results, the first ones, are those of the forward sweep
    seeds           so many parameters, the last ones, are given to the reverse sweep
    again           the numbers of the parameters that the reverse sweep gets once more: shadows
    again_results   the numbers of such results of the forward sweep

The forward sweep takes the parameters but for the seeds and gives its results and a residual, which the
reverse sweep takes first, followed by what it gets again and the seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from ssad.ir.core import Function, Value
from ssad.ir.types import NONE, RESIDUAL, Type, tuple_of


def is_split(function: Function) -> bool:
    """Whether the sweeps of `function` are called apart."""
    return "forward" in function.attrs


def sound_split(function: Function) -> bool:
    """Whether the attributes of such a function fit its signature; true of every other function."""
    if not is_split(function):
        return True
    attrs, params, results = function.attrs, len(function.params), len(function.result_types)
    forward, seeds = attrs["forward"], attrs.get("seeds")
    if not _counts(forward, results) or not _counts(seeds, params):
        return False
    limits = {"again": params - seeds, "again_results": forward}
    return all(
        isinstance(attrs.get(key), tuple) and all(_counts(n, limit - 1) for n in attrs[key])
        for key, limit in limits.items()
    )


def _counts(value: object, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def seeds_of(function: Function) -> list[Value]:
    """The parameters that only the reverse sweep gets."""
    return function.params[len(function.params) - function.attrs["seeds"] :]


def call_types(function: Function, sweep: str | None) -> tuple[list[Type], list[Type]]:
    """The types that a call of `function`, or of one of its sweeps, takes and gives."""
    params = [p.type for p in function.params]
    results = list(function.result_types)
    if sweep is None:
        return params, results
    attrs = function.attrs
    first_seed = len(params) - attrs["seeds"]
    if sweep == "fwd":
        return params[:first_seed], [*results[: attrs["forward"]], RESIDUAL]
    again = [params[n] for n in attrs["again"]] + [results[n] for n in attrs["again_results"]]
    return [RESIDUAL, *again, *params[first_seed:]], results[attrs["forward"] :]


def result_type(types: Sequence[Type]) -> Type:
    """The one type that a call has for results of these types."""
    if not types:
        return NONE
    return types[0] if len(types) == 1 else tuple_of(*types)
