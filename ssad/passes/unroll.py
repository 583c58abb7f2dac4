"""Loops that run a few times, as is known before they start, become straight-line code.

    ^loop(%k: i64, %s: f64):                 %t0 = load %y, 0
      branch (%k < 2), ^body, ^exit(%s)      %s0 = add 0.0, %t0
    ^body:                             ->    %t1 = load %y, 1
      %t = load %y, %k                       %s1 = add %s0, %t1
      jump ^loop(%k + 1, %s + %t)            jump ^exit(%s1)

Then the elements of small arrays have indices that are known, and `promote` makes values of them, before
anything is differentiated: no shadow, no tape. Inner loops come first, so that nests of them go as well.
"""

from __future__ import annotations

from itertools import pairwise

from ssad.analysis.induction import counting
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.core import Block, Const, Function, Module, Value, jump
from ssad.ir.edit import clone_blocks, replace_values
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass, repeated

MOST_TRIPS, MOST_OPS = 8, 256


@function_pass("unroll", "write loops of at most eight iterations out")
def run(function: Function, module: Module) -> bool:
    return repeated(lambda: _one(function))


def _one(function: Function) -> bool:
    forest = loop_forest(function)
    before = preheaders(function, forest)
    facts = counting(function)
    for loop in reversed(forest.loops):
        trips = facts[loop.header].trip_count
        if not isinstance(trips, Const) or not 0 <= trips.value <= MOST_TRIPS or loop not in before:
            continue
        size = sum(len(block.ops) for block in loop.blocks)
        if size * trips.value <= MOST_OPS and not loop.children and _leaves_by_header(loop):
            _write_out(function, loop, before[loop], int(trips.value))
            return True
    return False


def _leaves_by_header(loop: Loop) -> bool:
    return all(block is loop.header for block, _ in loop.exits()) and len(loop.exits()) == 1


def _write_out(function: Function, loop: Loop, before: Block, trips: int) -> None:
    """One copy of the loop's blocks for each iteration, and one of its header, which leaves."""
    header = loop.header
    ((_, leaving),) = loop.exits()
    copies: list[dict[Block, Block]] = []
    values: dict[Value, Value] = {}
    for n in range(trips + 1):
        values = {}
        copies.append(clone_blocks(loop.blocks if n < trips else [header], values))
        head = copies[-1][header]
        edge = head.term.edges[leaving if n == trips else 1 - leaving]
        head.term = jump(edge.target, edge.args, head.term.loc)
    for made, following in pairwise(copies):
        for block in made.values():
            for back in block.term.edges:
                if back.target is made[header]:
                    back.target = following[header]
    before.term.edges[0].target = copies[0][header]
    at = function.blocks.index(header)
    function.blocks = [block for block in function.blocks if block not in loop.blocks]
    function.blocks[at:at] = [block for made in copies for block in made.values()]
    behind = [*header.params, *(op.result for op in header.ops if op.result is not None)]
    replace_values(function, {value: values[value] for value in behind})
    function.touch()
