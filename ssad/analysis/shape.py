"""Where a loop is left, and which blocks can reach a return: what the adjoint's form depends on."""

from __future__ import annotations

from ssad.ir.core import Block, Function
from ssad.ir.graph import Loop, LoopForest, predecessors


def returning(function: Function) -> set[Block]:
    """The blocks from which a return can be reached."""
    preds = predecessors(function)
    work = [b for b in function.blocks if b.term.kind == "return"]
    seen = set(work)
    while work:
        for pred in preds[work.pop()]:
            if pred not in seen:
                seen.add(pred)
                work.append(pred)
    return seen


def live_exits(loop: Loop, alive: set[Block]) -> list[tuple[Block, int]]:
    """The exits of `loop` that lead on to a return, as (block, edge number); `alive` is
    `returning(function)`.
    """
    return [(b, n) for b, n in loop.exits() if b.term.edges[n].target in alive]


def loop_form(loop: Loop, alive: set[Block]) -> str:
    """Where a loop in loop-simplify form is left: "top" (its header only), "bottom" (its latch only), or
    "middle".
    """
    sources = {b for b, _ in live_exits(loop, alive)}
    if sources == {loop.latches[0]}:
        return "bottom"
    return "top" if sources == {loop.header} else "middle"


def preheaders(function: Function, forest: LoopForest) -> dict[Loop, Block]:
    """loop -> the only block outside with an edge to the header, where that is its only edge."""
    preds = predecessors(function)
    found: dict[Loop, Block] = {}
    for loop in forest.loops:
        outside = [p for p in preds[loop.header] if p not in loop.blocks]
        if len(outside) == 1 and len(outside[0].term.edges) == 1:
            found[loop] = outside[0]
    return found
