"""Reverse mode: the adjoint of a function, by mirroring its control-flow graph.

Every block b gets a reversed block; every edge a -> b becomes a way from b's reversed block to a's. Loops
stay loops, whatever the data: a join remembers which edge was taken, a loop how often it went round, and a
reversed block that wants a primal value says `recall`. Nothing is kept yet; that is decided by
`passes/adjoint`. Source: Innes 2018, "Don't Unroll Adjoint: Differentiating SSA-Form Programs",
arXiv:1810.07951.

The primal must be in normal form: loop-simplify form, loop-closed SSA, one return block (see
docs/adjoint.md). Functions that it still calls call themselves; their adjoints become functions, too, whose
two sweeps are called apart (split.py).
"""

from __future__ import annotations

from collections.abc import Collection

from ssad.ad.calls import Demands, extract_once, has_companion, has_derivative
from ssad.ad.companions import add_companions, companion
from ssad.ad.cotangents import Cotangents
from ssad.ad.custom import results_of_custom_calls
from ssad.ad.door import adjoint_name
from ssad.ad.mirror import Mirror
from ssad.ad.signature import Derivative, Slot
from ssad.ad.split import SplitCalls, array_results, joint_name, say_sweeps
from ssad.ir.builder import REORDERED
from ssad.ir.core import Function, Module, Value
from ssad.ir.edit import clone_function, remove_unreachable
from ssad.ir.types import Scalar


def reverse(
    primal: Function,
    module: Module,
    active: Collection[int],
    *,
    fp: str = REORDERED,
    seeded: int | None = None,
) -> Derivative:
    """The adjoint of `primal`, entered into `module` as `@<name>.adjoint`, and those of functions it calls.

    `active` are the numbers of the parameters that the derivative is taken by (float scalars and float
    arrays); other arrays get a shadow where active data reaches them. `fp` are the flags of the arithmetic
    that the adjoint adds; `seeded` how many of the results are differentiated, all of them if None.
    """
    demands = Demands(primal, module, active, forward=False)
    emission = _Emission(primal, adjoint_name(primal.name), demands, active, called=False)
    emission.emit(fp, seeded)
    for name, numbers in demands.wanted.items():
        _Emission(module.functions[name], joint_name(name), demands, sorted(numbers), called=True).emit(fp)
    return Derivative(emission.function, tuple(emission.param_slots), tuple(emission.result_slots))


class _Emission:
    """The adjoint of one function: the main one, or one that is `called`, with its sweeps called apart."""

    def __init__(
        self, primal: Function, name: str, demands: Demands, active: Collection[int], *, called: bool
    ) -> None:
        self.primal = primal
        self.demands = demands
        self.active = active
        self.called = called
        self.function, _ = clone_function(primal, name)
        self.param_slots: list[Slot] = []
        self.result_slots: list[Slot] = []

    def emit(self, fp: str, seeded: int | None = None) -> None:
        """Write the adjoint and enter it into the module."""
        function, module = self.function, self.demands.module
        for block in function.blocks:
            block.sweep = "fwd"
        custom = results_of_custom_calls(function, module)
        extract_once(function)
        params = list(function.params)
        facts = self.demands.facts(function, params, self.active, called=self.called)
        carriers = {v for v in _values(function) if facts.active(v)}
        split = SplitCalls(function, self.demands, facts)
        carriers.update(split.shadows)
        shadows = add_companions(function, carriers.__contains__, "shadow", split.shadows)
        self._take_shadows(params, shadows)
        seeds = self._take_seeds(seeded)
        if self.called:
            self._return_shadows(shadows)
        scalars = {v for v in carriers if isinstance(v.type, Scalar)}
        bars = Cotangents(function, module, scalars, shadows, custom, fp, split.finish(shadows))
        cotangents = [n for n in self.active if isinstance(params[n].type, Scalar)]
        if any(block.term.kind == "return" for block in function.blocks):  # else it always raises: so be it
            Mirror(function, bars).emit(seeds, [params[n] for n in cotangents], firm=not self.called)
        self.result_slots = [Slot("primal", n) for n in range(len(self.primal.result_types))]
        function.result_types = function.result_types + [params[n].type for n in cotangents]
        self.result_slots += [Slot("cotangent", n) for n in cotangents]
        if self.called:
            say_sweeps(function, self.primal, shadows, len(seeds))
        remove_unreachable(function)
        function.touch()
        module.add(function)

    def _take_shadows(self, params: list[Value], shadows: dict[Value, Value]) -> None:
        """Note which parameters have a shadow; one that is asked for has it though nothing depends on it."""
        function = self.function
        for n, param in enumerate(params):
            self.param_slots.append(Slot("primal", n))
            if param not in shadows and n in self.active and has_companion(param.type):
                shadows[param] = Value(param.type, f"{param.name}.shadow", function.entry)
                function.params.insert(function.params.index(param) + 1, shadows[param])
            if param in shadows:
                self.param_slots.append(Slot("shadow", n))

    def _take_seeds(self, seeded: int | None) -> dict[int, Value]:
        """Parameters for the cotangents of the results; arrays of a function called have their shadows."""
        seeds: dict[int, Value] = {}
        for n, type_ in enumerate(self.function.result_types[:seeded]):
            if has_derivative(type_) and not (self.called and has_companion(type_)):
                seeds[n] = self.function.entry.add_param(type_, "seed")
                self.param_slots.append(Slot("seed", n))
        return seeds

    def _return_shadows(self, shadows: dict[Value, Value]) -> None:
        """Give the shadows of returned arrays to the caller."""
        arrays = array_results(self.primal.result_types)
        self.function.result_types = [
            *self.primal.result_types,
            *(self.primal.result_types[n] for n in arrays),
        ]
        for block in self.function.blocks:
            if block.term.kind == "return":
                values = block.term.operands
                block.term.operands = [*values, *(companion(shadows, values[n]) for n in arrays)]


def _values(function: Function) -> list[Value]:
    return [v for b in function.blocks for v in (*b.params, *(op.result for op in b.ops)) if v is not None]
