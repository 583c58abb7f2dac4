"""Loads that give what is known: the value stored or loaded before at the same place.

    store %x, %i, %v              store %x, %i, %v
    %a = load %x, %i        ->    (gone: %v)
    %b = load %y, %j              %b = load %y, %j
    %c = load %y, %j              (gone: %b)

Known values hold along single edges, from a block to those that only it leads to, until something writes
memory of the same alias class, at a place not provably different; of memory that the function never writes
they hold wherever the first load dominates.
"""

from __future__ import annotations

from ssad.analysis.alias import AliasClass, AliasClasses, alias_classes
from ssad.analysis.effects import synchronises, written_by
from ssad.analysis.memo import dominators
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import replace_values
from ssad.ir.graph import predecessors
from ssad.passes.manager import function_pass

Place = tuple[object, ...]
"""An array value and one (base, offset) per index."""
Known = dict[AliasClass, dict[Place, Value]]


@function_pass("load_forward", "replace loads by values stored or loaded before")
def run(function: Function, module: Module) -> bool:
    if not any(op.prim.name == "load" for op in function.ops()):
        return False
    forwarding = _Forwarding(function, alias_classes(function))
    forwarding.sweep()
    if not forwarding.forward:
        return False
    replace_values(function, forwarding.forward)
    return True


class _Forwarding:
    """One pass over the dominator tree; a block starts with what its dominator knows at its end."""

    def __init__(self, function: Function, alias: AliasClasses) -> None:
        self.function = function
        self.alias = alias
        self.forward: dict[Value, Value] = {}
        # as long as values are recalled, the reverse sweep may not use those of the forward sweep at will
        self.apart = any(op.prim.name == "recall" for op in function.ops())

    def sweep(self) -> None:
        dom = dominators(self.function)
        preds = predecessors(self.function)
        at_end: dict[Block, Known] = {}
        for block in dom.order:  # dominators come first
            known: Known = {}
            above = dom.idom[block]
            if above is not block and not (self.apart and above.sweep != block.sweep):
                straight = len(preds[block]) == 1
                for one, places in at_end[above].items():
                    if straight or not one.written:
                        known[one] = dict(places)
            self._block(block, known)
            at_end[block] = known

    def _block(self, block: Block, known: Known) -> None:
        ops: list[Op] = []
        for op in block.ops:
            if op.prim.name == "load":
                places = known.setdefault(self.alias.of[op.operands[0]], {})
                place = self._place(op.operands[0], op.operands[1:])
                value = places.get(place)
                assert op.result is not None
                if value is not None and value.type is op.result.type:
                    self.forward[op.result] = value
                    continue
                places[place] = op.result
            elif op.prim.name in ("store", "accumulate"):
                self._write(op, known)
            else:
                if synchronises(op.prim):
                    known.clear()
                for array in written_by(op):
                    known.pop(self.alias.of[array], None)
            ops.append(op)
        if len(ops) != len(block.ops):
            block.ops = ops

    def _write(self, op: Op, known: Known) -> None:
        array, *indices, value = op.operands
        places = known.setdefault(self.alias.of[array], {})
        place = self._place(array, indices)
        for other in [other for other in places if not _apart(place, other)]:
            del places[other]
        if op.prim.name == "store":
            places[place] = self._final(value)

    def _place(self, array: Value, indices: list[Value]) -> Place:
        return (self._final(array), *map(self._index, indices))

    def _index(self, value: Value) -> tuple[object, int]:
        """(base, offset) of an index."""
        value = self._final(value)
        if isinstance(value, Const):
            return None, int(value.value)
        op = value.owner
        if isinstance(op, Op) and op.prim.name in ("add", "sub"):
            base, offset = self._final(op.operands[0]), op.operands[1]
            if isinstance(offset, Const) and not isinstance(base, Const):
                return base, int(offset.value) if op.prim.name == "add" else -int(offset.value)
        return value, 0

    def _final(self, value: Value) -> Value:
        while value in self.forward:
            value = self.forward[value]
        return value


def _apart(a: Place, b: Place) -> bool:
    """Whether two places of one alias class are surely different elements: of the same array, with indices
    that differ by a constant."""
    if a[0] is not b[0]:
        return False
    return any(i[0] is j[0] and i[1] != j[1] for i, j in zip(a[1:], b[1:], strict=True))  # type: ignore[index]
