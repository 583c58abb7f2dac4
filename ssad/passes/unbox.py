"""Cells become values: what is rebound while others see it, an array above all, is found by SSA construction.

    %c = cell_new {type = "cell<f64[?; C]>"}
    cell_set %c, %a                               jump ^loop(%a)
    jump ^loop                             ->   ^loop(%c.1: f64[?; C]):
  ^loop:                                          %x = load %c.1, 0
    %v = cell_get %c                              ...
    %x = load %v, 0

All functions that see a cell must have been inlined, and of each cell it must be known which one it is: what
remains is refused.
"""

from __future__ import annotations

from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Function, Location, Module, Undef, Value
from ssad.ir.edit import prune_params
from ssad.ir.graph import Dominators
from ssad.ir.types import Array, Cell, List
from ssad.passes.manager import function_pass
from ssad.passes.promote import promote

REFERENCES = (Array, Cell, List)


@function_pass("unbox", "make values of what cells hold")
def run(function: Function, module: Module) -> bool:
    changed = False
    while promote(function, _settled(function)):  # what one cell held may have been another one
        _forget_undefined(function)
        changed = True
    _refuse_rest(function)
    return changed


def _forget_undefined(function: Function) -> None:
    """A parameter that in the end gets one reference or nothing is that reference, where it is there already.

    A fixpoint over the parameters, which lead to each other around loops: nothing, one value, or several.
    """
    dominators = Dominators(function)
    home: dict[Value, Block] = {}
    passed: dict[Value, list[Value]] = {}
    for block in dominators.order:
        home.update((value, block) for value in block.params)
        home.update((op.result, block) for op in block.ops if op.result is not None)
        for edge in block.term.edges:
            for param, value in zip(edge.target.params, edge.args, strict=True):
                if isinstance(param.type, REFERENCES):
                    passed.setdefault(param, []).append(value)
    sources: dict[Value, tuple[Value, ...]] = dict.fromkeys(passed, ())
    work = list(passed)
    while work:
        param = work.pop()
        found: dict[Value, None] = {}
        for value in passed[param]:
            found.update(dict.fromkeys(sources.get(value, (value,))))
        known = tuple(value for value in found if not isinstance(value, Undef))[:2]
        if known != sources[param]:
            sources[param] = known
            work.extend(other for other, values in passed.items() if param in values)
    forward = {
        param: known[0]
        for param, known in sources.items()
        if len(known) == 1 and dominators.dominates(home[known[0]], home[param])
    }
    if forward:
        prune_params(function, forward)


def _settled(function: Function) -> set[Value]:
    """The cells that only reads and writes of what they hold use."""
    cells = {op.result for op in function.ops() if op.name == "cell_new" and op.result is not None}
    return cells - set(_elsewhere(function)) if cells else cells


def _elsewhere(function: Function) -> dict[Value, Location | None]:
    """Cells that are used otherwise, and where."""
    used: dict[Value, Location | None] = {}
    for block in function.blocks:
        for op in block.ops:
            whole = op.operands[1:] if op.name in ("cell_get", "cell_set") else op.operands
            used.update((v, op.loc) for v in whole if isinstance(v.type, Cell))
        passed = [*block.term.operands, *(v for edge in block.term.edges for v in edge.args)]
        used.update((v, block.term.loc) for v in passed if isinstance(v.type, Cell))
    return used


def _refuse_rest(function: Function) -> None:
    names = {op.result: op.attrs["what"] for op in function.ops() if op.name == "cell_new"}
    for cell, loc in _elsewhere(function).items():
        what = names.get(cell, "what an object or a variable holds")
        raise UnsupportedError(
            f"{what} is an array, or leads to one, that is assigned anew: it cannot be followed here",
            loc,
            code="SSAD0165",
            cure="write into the array instead: `x[:] = ...`; or return the new array",
        )
    for param in function.params:
        if isinstance(param.type, Cell):
            raise UnsupportedError(
                f"{param.name} is an array that is assigned anew: it cannot be followed into {function.name}",
                function.loc,
                code="SSAD0165",
                cure="write into the array instead: `x[:] = ...`; or return the new array",
            )
