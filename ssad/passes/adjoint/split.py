"""Cut joint adjoints whose sweeps are called apart at the seam: one function becomes two.

    func @g.joint(%x, %seed) {        func @g.augmented(%x) {          func @g.reverse(%residual, %seed) {
    ^entry fwd:                       ^entry:                          ^entry:
      %y = exp %x                       %y = exp %x                      %kept = unseal %residual
      jump ^entry.rev             ->    %kept = tape_new 1         and   %y = tape_get %kept, 0
    ^entry.rev rev:                     tape_set %kept, 0, %y            %x.bar = mul %seed, %y
      %x.bar = mul %seed, %y            %residual = seal %kept           return %x.bar
      return %y, %x.bar                 return %y, %residual

What the reverse sweep uses of the forward sweep, numbers, arrays, tapes and the residuals of calls alike,
goes into one record: the residual.
"""

from __future__ import annotations

from ssad.analysis.liveness import uses
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Function, Module, Terminator, Undef, Value, i64, return_
from ssad.ir.edit import replace_values
from ssad.ir.sweeps import call_types, is_split, seeds_of
from ssad.ir.types import RESIDUAL, tape
from ssad.passes.manager import function_pass


@function_pass("split", "make two functions of each adjoint whose sweeps are called apart")
def run(function: Function, module: Module) -> bool:
    changed = False
    for op in function.ops():
        sweep = op.attrs.pop("sweep", None) if op.name == "call" else None
        if sweep is not None:
            op.attrs["callee"] = _name(op.attrs["callee"], sweep)
            changed = True
    if is_split(function):
        del module.functions[function.name]
        for half in _Cut(function).halves():
            module.add(half)
            half.touch()
        return True
    if changed:
        function.touch()
    return changed


def _name(joint: str, sweep: str) -> str:
    """What a sweep of the function `joint` is called as a function."""
    return joint.replace(".joint", "", 1) + (".augmented" if sweep == "fwd" else ".reverse")


class _Cut:
    """The two halves of a function; its blocks are distributed to them, not copied."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.forward = [block for block in function.blocks if block.sweep == "fwd"]
        self.backward = [block for block in function.blocks if block.sweep == "rev"]

    def halves(self) -> list[Function]:
        """The forward sweep and the reverse sweep as functions."""
        function, attrs = self.function, self.function.attrs
        (_, given), (taken, back) = call_types(function, "fwd"), call_types(function, "rev")
        first = Function(_name(function.name, "fwd"), function.loc)
        second = Function(_name(function.name, "rev"), function.loc)
        first.result_types, second.result_types = given, back
        first.attrs = {key: attrs[key] for key in ("overlap",) if key in attrs}
        second.attrs = {"overlap": True}  # shadows may be views of each other, and the residual holds views
        seeds = seeds_of(function)
        function.entry.params = [p for p in function.params if p not in seeds]
        first.blocks, second.blocks = self.forward, [Block("entry"), *self.backward]
        for block in function.blocks:
            block.sweep = ""
        end = next((block.term for block in self.backward if block.term.kind == "return"), None)
        start = second.entry
        residual = start.add_param(RESIDUAL, "residual")
        if end is None:  # no way leads to the seam: the forward sweep always raises
            start.params += [Value(t, "", start) for t in taken[1:]]
            start.term = Terminator("raise", [], [], {"exc": "SystemError"}, function.loc)
            return [first, second]
        own, end.operands = end.operands[: attrs["forward"]], end.operands[attrs["forward"] :]
        again = [*(function.params[n] for n in attrs["again"]), *(own[n] for n in attrs["again_results"])]
        inside = {value: start.add_param(value.type, value.name) for value in again}
        start.params += [Value(value.type, value.name, start) for value in again[len(inside) :]]
        for seed in seeds:
            seed.owner = start
            start.params.append(seed)
        seam = next(b for b in self.forward if b.term.edges and b.term.edges[0].target in self.backward)
        kept = [value for value in self._crossing(seam) if value not in inside]
        sealed, opened = _pack(Builder(seam, seam.term.loc), kept, Builder(start, seam.term.loc), residual)
        start.term, seam.term = seam.term, return_([*own, sealed], seam.term.loc)
        replace_values(second, inside | opened)
        return [first, second]

    def _crossing(self, seam: Block) -> list[Value]:
        """What the forward sweep defines and the reverse sweep uses."""
        defined = {v for b in self.forward for v in (*b.params, *(op.result for op in b.ops))}
        used = [v for edge in seam.term.edges for v in edge.args]
        for block in self.backward:
            used += uses(block)
        return [v for v in dict.fromkeys(used) if v in defined]


def _pack(
    b: Builder, values: list[Value], inside: Builder, residual: Value
) -> tuple[Value, dict[Value, Value]]:
    """Put `values` into a residual, through `b`, and get them out again from `residual`, through `inside`."""
    if not values:
        return Undef(RESIDUAL), {}
    type_ = str(tape(*(v.type for v in values)))
    record = b.tape_new(i64(1), type=type_, hint="kept")
    b.tape_set(record, i64(0), *values)
    opened = inside.unseal(residual, type=type_, hint="kept")
    got = {v: inside.tape_get(opened, i64(0), field=n, hint=v.name) for n, v in enumerate(values)}
    return b.seal(record, hint="residual"), got
