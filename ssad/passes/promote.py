"""The elements of small arrays that only loads and stores see become values.

    %c = alloc 1 {type = f64[?; C]}
    store %c, 0, %x                          jump ^loop(%x)
    jump ^loop                        ->   ^loop(%c.1: f64):
  ^loop:                                     %s = mul %c.1, %y
    %v = load %c, 0                          ...
    %s = mul %v, %y
    store %c, 0, %s

The variables that inner functions assign, and the attributes of objects made inside, are such arrays of one
element: where everything that sees them has been inlined they cost what a local variable costs. So do the
states and stages of small systems, `np.zeros(2)`, where all indices are known.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from itertools import product

from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.edit import prune_params, replace_values
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import BOOL, Array, Cell, Scalar, Type
from ssad.passes.manager import function_pass

MOST_ELEMENTS = 64

Place = tuple[Value, tuple[int, ...]]
"""An array, or a cell, and the index of an element."""


@function_pass("promote", "keep the elements of small arrays in values")
def run(function: Function, module: Module) -> bool:
    arrays = _arrays(function)
    _copy_by_element(function, arrays)
    return promote(function, arrays)


def promote(function: Function, arrays: dict[Value, tuple[int, ...]]) -> bool:
    """Make values of what `arrays` of these shapes hold (a cell has the shape ()), which nothing but reads
    and writes at known indices may use.
    """
    if not arrays:
        return False
    promotion = _Promotion(function, arrays)
    promotion.write_all()
    promotion.read_all()
    replace_values(function, promotion.forward)
    prune_params(function, promotion.ssa.forwarded)
    function.touch()
    return True


def _arrays(function: Function) -> dict[Value, tuple[int, ...]]:
    """The arrays of known, small shape that nothing uses but accesses at known indices, `fill` and `copy`."""
    arrays: dict[Value, tuple[int, ...]] = {}
    for op in function.ops():
        shape = _shape(op)
        if shape is not None and op.result is not None:
            arrays[op.result] = shape
    if not arrays:
        return arrays
    copies: list[Op] = []
    for block in function.blocks:
        for op in block.ops:
            if op.name == "copy" and op.operands[0] in arrays:
                copies.append(op)
                lost: Iterable[Value] = ()
            elif op.operands and op.operands[0] in arrays and _is_access(op, arrays[op.operands[0]]):
                lost = op.operands[1:]
            else:
                lost = op.operands
            for value in lost:
                arrays.pop(value, None)
        for value in (*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)):
            arrays.pop(value, None)
    changed = True
    while changed:  # what is copied into an array that stays memory is read as a whole
        into_memory = [op.operands[1] for op in copies if op.operands[0] not in arrays]
        changed = any([arrays.pop(value, None) is not None for value in into_memory])
    return arrays


def _copy_by_element(function: Function, arrays: Mapping[Value, tuple[int, ...]]) -> None:
    """Loads and stores of the elements for each copy into one of the arrays."""
    for block in function.blocks:
        if not any(op.name == "copy" and op.operands[0] in arrays for op in block.ops):
            continue
        ops, block.ops = block.ops, []
        for op in ops:
            if op.name != "copy" or op.operands[0] not in arrays:
                block.ops.append(op)
                continue
            b = Builder(block, op.loc)
            into, of = op.operands
            for index in product(*map(range, arrays[into])):
                b.store(into, *index, b.load(of, *index))


def _shape(op: Op) -> tuple[int, ...] | None:
    if op.prim.name != "alloc" or not op.operands:
        return None
    sizes = tuple(int(size.value) if isinstance(size, Const) else -1 for size in op.operands)
    return sizes if min(sizes) >= 0 and 0 < math.prod(sizes) <= MOST_ELEMENTS else None


def _is_access(op: Op, shape: tuple[int, ...]) -> bool:
    if op.prim.name == "fill":
        return True
    if op.prim.name not in ("load", "store"):
        return False
    index = op.operands[1 : 1 + len(shape)]
    return all(isinstance(i, Const) and 0 <= i.value < n for i, n in zip(index, shape, strict=True))


class _Promotion:
    """Each element is a variable of an SSA builder: first all writes, then the reads."""

    def __init__(self, function: Function, arrays: dict[Value, tuple[int, ...]]) -> None:
        self.function = function
        self.arrays = arrays
        self.forward: dict[Value, Value] = {}
        self.ssa = SSABuilder.over(function, _element, lambda place: Undef(_element(place)), _name)

    def write_all(self) -> None:
        for block in self.function.blocks:
            for op in block.ops:
                for place, value in self._written(op) or ():
                    self.ssa.write(place, block, value)

    def read_all(self) -> None:
        for block in self.function.blocks:
            now: dict[Place, Value] = {}
            kept: list[Op] = []
            for op in block.ops:
                written = self._written(op)
                if written is not None:
                    now.update(written)
                elif op.prim.name in ("load", "cell_get") and op.operands[0] in self.arrays:
                    self._read(block, op, now)
                else:
                    kept.append(op)
            block.ops = kept

    def _read(self, block: Block, op: Op, now: dict[Place, Value]) -> None:
        place = op.operands[0], _index(op.operands[1:])
        if place not in now:
            now[place] = self.ssa.read_at_start(place, block)
        assert op.result is not None
        self.forward[op.result] = now[place]

    def _written(self, op: Op) -> list[tuple[Place, Value]] | None:
        """The elements that an op gives new values; those of a new array are anything, so they are zero. What
        is no array of the user's has none yet.
        """
        result = op.result
        if result is not None and result in self.arrays:
            kind = _element((result, ()))
            hidden = self.arrays[result] in ((), (1,)) or not isinstance(kind, Scalar)
            content = Undef(kind) if hidden or not isinstance(kind, Scalar) else _zero(kind)
            return [((result, index), content) for index in self._indices(result)]
        if not op.operands or op.operands[0] not in self.arrays:
            return None
        array = op.operands[0]
        if op.prim.name == "fill":
            return [((array, index), op.operands[1]) for index in self._indices(array)]
        if op.prim.name in ("store", "cell_set"):
            return [((array, _index(op.operands[1:-1])), op.operands[-1])]
        return None

    def _indices(self, array: Value) -> Iterable[tuple[int, ...]]:
        return product(*map(range, self.arrays[array]))


def _zero(kind: Scalar) -> Const:
    return Const(kind, 0.0 if kind.is_float else False if kind is BOOL else 0)


def _index(operands: list[Value]) -> tuple[int, ...]:
    return tuple(int(i.value) for i in operands if isinstance(i, Const))


def _element(place: Hashable) -> Type:
    array, _ = _place(place)
    assert isinstance(array.type, Array | Cell)
    return array.type.elem


def _name(place: Hashable) -> str:
    array, index = _place(place)
    plain = index in ((), (0,)) or not array.name
    return array.name or "" if plain else ".".join([array.name, *map(str, index)])


def _place(place: Hashable) -> Place:
    assert isinstance(place, tuple)
    return place
