"""What a loop adds to one and the same element, iteration after iteration, is added up in a number first.

    ^loop(%k):                               ^loop(%k, %s):          begins with %s = 0.0
      branch %k < %n, ^body, ^exit             branch %k < %n, ^body, ^sum
    ^body:                           ->      ^body:
      accumulate %p.bar, 0, %v                 %s.1 = add %s, %v
      jump ^loop(%k + 1)                       jump ^loop(%k + 1, %s.1)
                                             ^sum: if %n > 0: accumulate %p.bar, 0, %s
                                               jump ^exit

Parameters of a model are arrays more often than not, and every sample adds to their cotangents: in memory
each addition waits for the one before to come back from there. In a register several can be under way.

The loop must do nothing else with the array, and add in each iteration. An element is not touched unless the
loop runs: only then is it sure that it exists.
"""

from __future__ import annotations

from ssad.analysis.alias import AliasClass, AliasClasses, alias_classes
from ssad.analysis.effects import refers
from ssad.analysis.induction import counting, counts_down
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import live_exits, preheaders, returning
from ssad.ir.builder import REORDERED, Builder
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value, branch, jump
from ssad.ir.edit import definitions, split_edge
from ssad.ir.graph import Loop, LoopForest
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import Array
from ssad.passes.manager import function_pass

MOST_SUMS = 16
"""More than these would not stay in registers."""

Element = tuple[object, ...]
"""An array and its indices, immediates by what they are."""

Added = dict[Element, list[tuple[Block, Op]]]
"""What is added to, with where, in order."""


@function_pass("sum_up", "add up in a number what a loop adds to one element")
def run(function: Function, module: Module) -> bool:
    if not any(op.name == "accumulate" for op in function.ops()):
        return False
    changed = False
    forest = loop_forest(function)
    before = preheaders(function, forest)
    counts = counting(function)
    alive = returning(function)
    aliases = alias_classes(function)
    for loop in forest.loops:
        exits = live_exits(loop, alive)
        if loop not in before or len(loop.latches) > 1 or [source for source, _ in exits] != [loop.header]:
            continue
        trips, down = counts[loop.header].trip_count, counts_down(loop)
        if trips is None and down is not None:
            trips = before[loop].term.edges[0].args[loop.header.params.index(down)]
        added = {} if trips is None else _added(loop, forest, aliases)
        if trips is not None and 0 < len(added) <= MOST_SUMS:
            _sum_up(function, loop, before[loop], exits[0][1], trips, added)
            changed = True
    if changed:
        function.touch()
    return changed


def _added(loop: Loop, forest: LoopForest, aliases: AliasClasses) -> Added:
    """The elements that every iteration adds to."""
    dominators = forest.dominators
    inside = {v for block in loop.blocks for v in definitions(block)}
    (latch,) = loop.latches
    found: dict[AliasClass, Added] = {}
    spoiled: set[AliasClass] = set()
    for block in sorted(loop.blocks, key=dominators.number.__getitem__):
        once = forest.innermost[block] is loop and block is not loop.header
        always = once and dominators.dominates(block, latch)
        for op in block.ops:
            if op.name == "dim":
                continue
            touched = {aliases.of[v] for v in op.operands if v in aliases.of and refers(v.type)}
            array, place = op.operands[0] if op.operands else None, op.operands[:-1]
            if op.name == "accumulate" and always and not inside & set(place) and _is_float(array):
                element = tuple(v.key() if isinstance(v, Const) else v for v in place)
                found.setdefault(aliases.of[place[0]], {}).setdefault(element, []).append((block, op))
            else:
                spoiled |= touched
    return {
        element: where
        for one, elements in found.items()
        if one not in spoiled
        for element, where in elements.items()
    }


def _is_float(array: Value | None) -> bool:
    return array is not None and isinstance(array.type, Array) and array.type.elem.is_float


def _sum_up(
    function: Function,
    loop: Loop,
    before: Block,
    way_out: int,
    trips: Value,
    added: Added,
) -> None:
    header = loop.header
    again = next(edge for edge in loop.latches[0].term.edges if edge.target is header)
    loc = header.term.loc
    sums = Block("sum")
    b = Builder(sums, loc)
    for where in added.values():
        array, *index, _ = where[0][1].operands
        assert isinstance(array.type, Array)
        start = Const(array.type.elem, 0.0)
        total: Value = header.add_param(array.type.elem, f"{array.name}.sum")
        first = total
        for block, op in where:
            total = _add(block, op, total)
        before.term.edges[0].args.append(start)
        again.args.append(total)
        b.accumulate(array, *index, first)
    sums.sweep = header.sweep
    outside = split_edge(function, header, way_out, "sum.end")
    outside.sweep = header.sweep
    test = Block("sum.test")
    test.sweep = header.sweep
    header.term.edges[way_out] = Edge(test)
    test.term = branch(Builder(test, loc).gt(trips, 0), Edge(sums), Edge(outside), loc)
    sums.term = jump(outside, [], loc)
    at = function.blocks.index(outside)
    function.blocks[at:at] = [test, sums]


def _add(block: Block, op: Op, total: Value) -> Value:
    """Put an addition to a number in place of one to an element."""
    added = Op(PRIMITIVES["add"], [total, op.operands[-1]], {"fp": REORDERED}, total.type, op.loc, total.name)
    block.ops[block.ops.index(op)] = added
    assert added.result is not None
    return added.result
