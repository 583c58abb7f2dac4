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
from ssad.ir.core import Function, Location, Module, Value
from ssad.ir.types import Cell
from ssad.passes.manager import function_pass
from ssad.passes.promote import promote


@function_pass("unbox", "make values of what cells hold")
def run(function: Function, module: Module) -> bool:
    changed = False
    while promote(function, _settled(function)):  # what one cell held may have been another one
        changed = True
    _refuse_rest(function)
    return changed


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
