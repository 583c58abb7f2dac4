"""Lengths of arrays that are the same whichever array it is: of buffers that change places, of a choice.

    %u = alloc %n; %v = alloc %n                        %u = alloc %n; %v = alloc %n
    ^loop(%a, %b): %len = dim %a             ->         ^loop(%a, %b): %len = dim %u
                   ... jump ^loop(%b, %a)

What a parameter of a block may be is assumed to have the lengths of the first array that comes there, until
another comes that has not (as constants are propagated). The length then is that of an array which is there
before the loop begins, so that checks, trip counts and offsets made of it leave the loop, and no tape keeps
them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ssad.analysis.memo import dominators
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import reverse_postorder
from ssad.ir.types import Array
from ssad.passes.manager import function_pass


@dataclass(frozen=True)
class _Length:
    """What a length is, `key`, and the array that has it, on this axis."""

    key: Hashable
    array: Value
    axis: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Length) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


_Lengths = tuple[_Length, ...]


@function_pass("lengths", "take the length of an array that is there before")
def run(function: Function, module: Module) -> bool:
    asked = [(b, op) for b in function.blocks for op in b.ops if op.name == "dim" and _is_joined(op)]
    if not asked:
        return False
    lengths = _Shapes(function).settle()
    home = {v: block for block in function.blocks for v in definitions(block)}
    tree = dominators(function)
    changed = False
    for block, op in asked:
        found = lengths[op.operands[0]][op.attrs["axis"]]
        made = home[found.array]
        if found.array is not op.operands[0] and made is not block and tree.dominates(made, block):
            op.operands[0] = found.array
            op.attrs["axis"] = found.axis
            changed = True
    if changed:
        function.touch()
    return changed


def _is_joined(op: Op) -> bool:
    return isinstance(op.operands[0].owner, Block)


class _Shapes:
    """The lengths of all arrays of a function."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.of: dict[Value, _Lengths] = {}
        self.into: dict[Block, list[Edge]] = {}
        self.changed = False
        for block in function.blocks:
            for edge in block.term.edges:
                self.into.setdefault(edge.target, []).append(edge)

    def settle(self) -> dict[Value, _Lengths]:
        """Until nothing changes any more: a length only ever becomes one of its own."""
        order = reverse_postorder(self.function)
        self.changed = True
        while self.changed:
            self.changed = False
            for block in order:
                for n, param in enumerate(block.params):
                    if isinstance(param.type, Array):
                        self.enter(block, n, param)
                for op in block.ops:
                    if op.result is not None and isinstance(op.result.type, Array):
                        self.put(op.result, self.made(op, op.result))
        return self.of

    def put(self, array: Value, lengths: _Lengths) -> None:
        if self.of.get(array) != lengths:
            self.of[array] = lengths
            self.changed = True

    def enter(self, block: Block, n: int, param: Value) -> None:
        comes = [self.of[edge.args[n]] for edge in self.into.get(block, ()) if edge.args[n] in self.of]
        if block is self.function.entry or not comes:
            self.put(param, self.own(param))
            return
        before = self.of.get(param)
        first, *others = comes
        joined = tuple(
            length if all(other[axis] == length for other in others) else _Length((param, axis), param, axis)
            for axis, length in enumerate(first)
        )
        if before is not None:  # never back from a length of its own
            own = self.own(param)
            joined = tuple(o if b == o else j for b, o, j in zip(before, own, joined, strict=True))
        self.put(param, joined)

    def own(self, array: Value) -> _Lengths:
        """Lengths of which nothing is known."""
        assert isinstance(array.type, Array)
        return tuple(_Length((array, axis), array, axis) for axis in range(array.type.rank))

    def made(self, op: Op, array: Value) -> _Lengths:
        if op.name == "alloc":
            return tuple(_Length(self.key(size), array, axis) for axis, size in enumerate(op.operands))
        if op.name == "choose":
            one, other = (self.of.get(v) or self.own(v) for v in op.operands[1:])
            return one if one == other else self.own(array)
        if op.name == "view":
            return self.viewed(op, array)
        return self.own(array)

    def viewed(self, op: Op, array: Value) -> _Lengths:
        """Of a view: `:` keeps an axis, `i` loses it, and of the operands of `s` the second is the length."""
        source, *rest = op.operands
        lengths: list[_Length] = []
        for axis, kind in enumerate(op.attrs["pattern"]):
            if kind == ":":
                lengths.append((self.of.get(source) or self.own(source))[axis])
            elif kind == "i":
                rest = rest[1:]
            else:
                lengths.append(_Length(self.key(rest[1]), array, len(lengths)))
                rest = rest[3:]
        return tuple(lengths)

    def key(self, size: Value) -> Hashable:
        """What a size is: another array's length, a constant, or just this value."""
        if isinstance(size, Const):
            return size.key()
        op = size.owner
        if isinstance(op, Op) and op.name == "dim" and op.operands[0] in self.of:
            return self.of[op.operands[0]][op.attrs["axis"]].key
        return size
