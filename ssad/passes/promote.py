"""Arrays of one element that only loads and stores see become values.

    %c = alloc 1 {type = f64[?; C]}
    store %c, 0, %x                          jump ^loop(%x)
    jump ^loop                        ->   ^loop(%c.1: f64):
  ^loop:                                     %s = mul %c.1, %y
    %v = load %c, 0                          ...
    %s = mul %v, %y
    store %c, 0, %s

The variables that inner functions assign, and the attributes of objects made inside, are such arrays: where
everything that sees them has been inlined they cost what a local variable costs.
"""

from __future__ import annotations

from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.edit import prune_params, replace_values
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import Array, Cell, Type
from ssad.passes.manager import function_pass


@function_pass("promote", "keep the only element of small arrays in values")
def run(function: Function, module: Module) -> bool:
    return promote(function, _cells(function))


def promote(function: Function, cells: set[Value]) -> bool:
    """Make values of what `cells` hold, which nothing but reads and writes of it may use."""
    if not cells:
        return False
    promotion = _Promotion(function, cells)
    promotion.write_all()
    promotion.read_all()
    replace_values(function, promotion.forward)
    prune_params(function, promotion.ssa.forwarded)
    function.touch()
    return True


def _cells(function: Function) -> set[Value]:
    """The arrays of one element that nothing but loads and stores of it uses."""
    cells = {op.result for op in function.ops() if op.result is not None and _is_cell(op)}
    if not cells:
        return cells
    for block in function.blocks:
        for op in block.ops:
            place = op.prim.name in ("load", "store")
            if not place or not (isinstance(op.operands[1], Const) and op.operands[1].value == 0):
                cells.difference_update(op.operands)
            else:
                cells.difference_update(op.operands[1:])
        cells.difference_update(block.term.operands)
        for edge in block.term.edges:
            cells.difference_update(edge.args)
    return cells


def _is_cell(op: Op) -> bool:
    if op.prim.name != "alloc" or len(op.operands) != 1:
        return False
    size = op.operands[0]
    return isinstance(size, Const) and size.value == 1


class _Promotion:
    """Each array is a variable of an SSA builder: first all writes, then the reads."""

    def __init__(self, function: Function, cells: set[Value]) -> None:
        self.function = function
        self.cells = cells
        self.forward: dict[Value, Value] = {}
        self.ssa = SSABuilder.over(function, _element, lambda cell: Undef(_element(cell)), _name)

    def write_all(self) -> None:
        for block in self.function.blocks:
            for op in block.ops:
                written = self._written(op)
                if written is not None:
                    self.ssa.write(written[0], block, written[1])

    def read_all(self) -> None:
        for block in self.function.blocks:
            now: dict[Value, Value] = {}
            kept: list[Op] = []
            for op in block.ops:
                written = self._written(op)
                if written is not None:
                    now[written[0]] = written[1]
                elif op.prim.name in ("load", "cell_get") and op.operands[0] in self.cells:
                    self._read(block, op, now)
                else:
                    kept.append(op)
            block.ops = kept

    def _read(self, block: Block, op: Op, now: dict[Value, Value]) -> None:
        cell = op.operands[0]
        if cell not in now:
            now[cell] = self.ssa.read_at_start(cell, block)
        assert op.result is not None
        self.forward[op.result] = now[cell]

    def _written(self, op: Op) -> tuple[Value, Value] | None:
        """The array that an op gives a new element, and the element; a new array has none yet."""
        if op.result in self.cells:
            return op.result, Undef(_element(op.result))
        if op.prim.name in ("store", "cell_set") and op.operands[0] in self.cells:
            return op.operands[0], op.operands[-1]
        return None


def _element(cell: object) -> Type:
    assert isinstance(cell, Value) and isinstance(cell.type, Array | Cell)
    return cell.type.elem


def _name(cell: object) -> str:
    assert isinstance(cell, Value)
    return cell.name or ""
