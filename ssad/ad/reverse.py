"""Reverse mode: the adjoint of a function, by mirroring its control-flow graph.

Every block b gets a reversed block; every edge a -> b becomes a way from b's reversed block to a's. Loops
stay loops, whatever the data: a join remembers which edge was taken, a loop how often it went round, and a
reversed block that wants a primal value says `recall`. Nothing is kept yet; that is decided by
`passes/adjoint`. Source: Innes 2018, "Don't Unroll Adjoint: Differentiating SSA-Form Programs",
arXiv:1810.07951.

The primal must be in normal form: loop-simplify form, loop-closed SSA, one return block (see
docs/adjoint.md).
"""

from __future__ import annotations

from collections.abc import Collection

from ssad.ad.companions import add_companions
from ssad.ad.cotangents import Cotangents
from ssad.ad.custom import results_of_custom_calls
from ssad.ad.mirror import Mirror
from ssad.ad.signature import Derivative, Slot
from ssad.analysis.activity import activity
from ssad.analysis.alias import alias_classes
from ssad.ir.core import Function, Module, Value
from ssad.ir.edit import clone_function, remove_unreachable
from ssad.ir.types import Array, Scalar


def reverse(
    primal: Function,
    module: Module,
    active: Collection[int],
    *,
    fp: str = "reassoc contract nsz",
) -> Derivative:
    """The adjoint of `primal`, entered into `module` as `@<name>.adjoint`.

    `active` are the numbers of the parameters that the derivative is taken by (float scalars and float
    arrays); other arrays get a shadow where active data reaches them. `fp` are the flags of the arithmetic
    that the adjoint adds.
    """
    function, _ = clone_function(primal, f"{primal.name}.adjoint")
    for block in function.blocks:
        block.sweep = "fwd"
    custom = results_of_custom_calls(function, module)
    params = list(function.params)
    facts = activity(function, [params[n] for n in active], alias_classes(function))
    carriers = {v for v in _values(function) if facts.active(v)}
    asked = {params[n] for n in active}

    shadows = add_companions(function, carriers.__contains__, "shadow")
    param_slots: list[Slot] = []
    for n, param in enumerate(params):
        param_slots.append(Slot("primal", n))
        if param in shadows:
            param_slots.append(Slot("shadow", n))
        elif param in asked and isinstance(param.type, Array):  # asked for, but nothing depends on it
            at = function.params.index(param)
            function.params.insert(at + 1, Value(param.type, f"{param.name}.shadow", function.entry))
            param_slots.append(Slot("shadow", n))

    seeds: dict[int, Value] = {}
    for n, type_ in enumerate(function.result_types):
        if type_.is_float or (isinstance(type_, Array) and type_.elem.is_float):
            seeds[n] = function.entry.add_param(type_, "seed")
            param_slots.append(Slot("seed", n))

    scalars = {v for v in carriers if isinstance(v.type, Scalar)}
    bars = Cotangents(function, module, scalars, shadows, custom, fp)
    cotangents = [n for n in active if isinstance(params[n].type, Scalar)]
    if any(block.term.kind == "return" for block in function.blocks):  # else it always raises: so be it
        Mirror(function, bars).emit(seeds, [params[n] for n in cotangents])
    results = [Slot("primal", n) for n in range(len(primal.result_types))]
    function.result_types = list(primal.result_types) + [params[n].type for n in cotangents]
    results += [Slot("cotangent", n) for n in cotangents]
    remove_unreachable(function)
    function.touch()
    module.add(function)
    return Derivative(function, tuple(param_slots), tuple(results))


def _values(function: Function) -> list[Value]:
    return [v for b in function.blocks for v in (*b.params, *(op.result for op in b.ops)) if v is not None]
