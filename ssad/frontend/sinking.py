"""Inner functions made before the only assignment of a variable that they capture sink behind it.

    %g = py.cell {name = "g"}
    %f = py.function %g                          %v = py.function
    %v = py.function                     ->      %f = py.function %v
    py.cell_store %g, %v                         py.call %f
    py.call %f

Nobody can call them in between, so they capture the value, and there is no cell: helpers may stand in any
order, and what they hold may be anything. In a loop, where the assignment is repeated, an older function
would see the new value: there they may only be called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from ssad.ir.core import Block, Function, Op, Value
from ssad.ir.edit import replace_values
from ssad.ir.graph import Dominators, LoopForest


@dataclass
class _Cell:
    """What is done with the cell made by `made`."""

    made: Op
    stores: list[Op] = field(default_factory=list)
    loads: list[Op] = field(default_factory=list)
    functions: list[Op] = field(default_factory=list)


def sink(function: Function, objects: Mapping[str, Any], assigned_inside: Collection[str]) -> None:
    """Remove the cells that are no longer needed once inner functions are made as late as possible.

    `objects` has their code, `assigned_inside` names the variables that they assign.
    """
    while any(_Sinking(function, objects).remove(cell) for cell in _cells(function, assigned_inside)):
        pass


def _cells(function: Function, assigned_inside: Collection[str]) -> list[_Cell]:
    cells: dict[Value, _Cell] = {}
    for op in function.ops():
        if op.prim.name == "py.cell" and not op.operands and op.attrs["name"] not in assigned_inside:
            assert op.result is not None
            cells[op.result] = _Cell(op)
    if not cells:
        return []
    for op in function.ops():
        for value in dict.fromkeys(op.operands):
            if value in cells:
                uses = {"py.cell_store": cells[value].stores, "py.cell_load": cells[value].loads}
                uses.get(op.prim.name, cells[value].functions).append(op)
    return list(cells.values())


class _Sinking:
    """Where everything stands in a function that may be changed once."""

    def __init__(self, function: Function, objects: Mapping[str, Any]) -> None:
        self.function = function
        self.objects = objects
        self.dom = Dominators(function)
        self.place = {op: (block, n) for block in self.dom.order for n, op in enumerate(block.ops)}
        self.users: dict[Value, list[Op]] = {}
        self.carried: dict[Value, list[Block]] = {}
        for block in self.dom.order:
            for op in block.ops:
                for value in op.operands:
                    self.users.setdefault(value, []).append(op)
            for value in (*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)):
                self.carried.setdefault(value, []).append(block)

    def remove(self, cell: _Cell) -> bool:
        """Do without the cell if that makes no difference; says whether it is gone."""
        if len(cell.stores) != 1 or cell.stores[0] not in self.place:
            return False
        store = cell.stores[0]
        late = self._late(cell, store)
        if late is None or (self._repeats(store) and not all(map(self._only_called, cell.functions))):
            return False
        if not all(self._before(store, load) for load in cell.loads if load in self.place):
            return False
        value = store.operands[1]
        home = self.place[store][0]
        for op in late:
            self.place[op][0].ops.remove(op)
        at = home.ops.index(store)
        home.ops[at : at + 1] = late
        assert cell.made.result is not None
        forward = {load.result: value for load in cell.loads if load.result is not None}
        for block in self.function.blocks:
            block.ops = [op for op in block.ops if op is not cell.made and op not in cell.loads]
        replace_values(self.function, forward | {cell.made.result: value})
        return True

    def _late(self, cell: _Cell, store: Op) -> list[Op] | None:
        """The inner functions to move behind `store`, in order; None where that is too late for one."""
        late: list[Op] = []
        work = [op for op in cell.functions if op in self.place and not self._before(store, op)]
        while work:
            op = work.pop()
            if op in late:
                continue
            if not self._before(op, store) or op.result is store.operands[1]:
                return None
            late.append(op)
            assert op.result is not None
            if not all(self._under(store, block) for block in self.carried.get(op.result, ())):
                return None
            for user in self.users.get(op.result, ()):
                if self._before(store, user):
                    continue
                if user.prim.name != "py.function":
                    return None
                work.append(user)
        return [op for block in self.dom.order for op in block.ops if op in late]

    def _repeats(self, op: Op) -> bool:
        """Whether control can come back to `op`."""
        home = self.place[op][0]
        return any(home in loop.blocks for loop in LoopForest(self.function, self.dom).loops)

    def _only_called(self, made: Op) -> bool:
        """Whether an inner function is called where it is made, and no function inside it lives on."""
        assert made.result is not None
        users = self.users.get(made.result, [])
        code = self.objects[made.attrs["code"]]
        if made.result in self.carried or any(isinstance(const, CodeType) for const in code.co_consts):
            return False
        return all(op.prim.name == "py.call" and made.result not in op.operands[1:] for op in users)

    def _before(self, first: Op, second: Op) -> bool:
        """Whether `first` has run whenever `second` runs, and stands before it."""
        (here, n), (there, m) = self.place[first], self.place[second]
        return n < m if here is there else self.dom.dominates(here, there)

    def _under(self, op: Op, block: Block) -> bool:
        """Whether `op` has run at the end of `block`."""
        return self.dom.dominates(self.place[op][0], block)
