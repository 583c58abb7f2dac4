"""Allocations of a known size leave the loops in which each iteration has an array of its own.

    ^body: %t = alloc 3 {type = ...}          ^pre:  %t = alloc 3 {type = ...}
           fill %t, 0.0                 ->    ^body: fill %t, 0.0

The content of a fresh array is undefined, so the array of the iteration before will do, if nobody can see it
any more: no value that may be the array is carried round the loop, used outside of it, returned or passed on.
The size is a constant or a length, so that the allocation may also be made although the loop does not run.
Differentiation then finds one array with one shadow instead of one of each for every iteration.
"""

from __future__ import annotations

from ssad.analysis.alias import AliasClass, AliasClasses, alias_classes
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass


@function_pass("hoist_alloc", "move allocations of known size out of loops")
def run(function: Function, module: Module) -> bool:
    forest = loop_forest(function)
    if not forest.loops or not any(op.name == "alloc" for op in function.ops()):
        return False
    before = preheaders(function, forest)
    aliases = alias_classes(function)
    home = {v: block for block in function.blocks for v in definitions(block)}
    places = _places(function)
    changed = False
    for loop in reversed(forest.loops):  # inner loops first: what leaves them may leave the next one, too
        if loop not in before or before[loop].sweep != loop.header.sweep:
            continue
        for block in loop.blocks:
            leaving = [
                op for op in block.ops if op.name == "alloc" and _may_leave(op, loop, aliases, home, places)
            ]
            if leaving:
                block.ops = [op for op in block.ops if op not in leaving]
                before[loop].ops.extend(leaving)
                home.update((op.result, before[loop]) for op in leaving if op.result is not None)
                changed = True
    if changed:
        function.touch()
    return changed


def _may_leave(
    op: Op, loop: Loop, aliases: AliasClasses, home: dict[Value, Block], places: dict[Value, list[Block]]
) -> bool:
    assert op.result is not None
    if not all(_is_size(v) and (isinstance(v, Const) or home[v] not in loop.blocks) for v in op.operands):
        return False
    return _stays_inside(aliases.of[op.result], loop, home, places)


def _is_size(value: Value) -> bool:
    """Whether a value is certainly the length of something that exists, or a small constant."""
    if isinstance(value, Const):
        return 0 <= value.value <= 1 << 16
    return isinstance(value.owner, Op) and value.owner.name == "dim"


def _stays_inside(
    arrays: AliasClass, loop: Loop, home: dict[Value, Block], places: dict[Value, list[Block]]
) -> bool:
    """Whether no array of the class lives longer than one iteration of `loop`."""
    if arrays.escapes:
        return False
    for value in arrays.members:
        if value not in home or home[value] not in loop.blocks or value in loop.header.params:
            return False
        if any(block not in loop.blocks for block in places.get(value, ())):
            return False
    return True


def _places(function: Function) -> dict[Value, list[Block]]:
    """value -> the blocks that use it."""
    places: dict[Value, list[Block]] = {}
    for block in function.blocks:
        used = [v for op in block.ops for v in op.operands] + block.term.operands
        used += [v for edge in block.term.edges for v in edge.args]
        for value in dict.fromkeys(used):
            places.setdefault(value, []).append(block)
    return places
