"""The one worklist solver: an analysis over blocks is a direction, a start, a merge and a transfer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from ssad.ir.core import Block, Function
from ssad.ir.graph import predecessors, reverse_postorder

T = TypeVar("T")


def solve(
    function: Function,
    *,
    forward: bool,
    init: T,
    merge: Callable[[T, T], T],
    transfer: Callable[[Block, T], T],
) -> tuple[dict[Block, T], dict[Block, T]]:
    """The least fixpoint over the reachable blocks, as facts at each block's start and at its end.

    `init` is the fact of a block nothing flows into and the neutral element of `merge`; `transfer` takes a
    block and the fact at its start (forward) or end (backward) to the fact at its other side. Facts compare
    by `==`.
    """
    order = reverse_postorder(function)
    reachable = set(order)
    preds = {b: [p for p in ps if p in reachable] for b, ps in predecessors(function).items()}
    sources, targets = preds, {b: b.successors for b in order}
    if not forward:
        order.reverse()
        sources, targets = targets, sources
    before = dict.fromkeys(order, init)
    after = dict.fromkeys(order, init)
    visited: set[Block] = set()
    work = deque(order)
    waiting = set(order)
    while work:
        block = work.popleft()
        waiting.discard(block)
        fact = init
        for source in sources[block]:
            fact = merge(fact, after[source])
        before[block] = fact
        result = transfer(block, fact)
        if result == after[block] and block in visited:
            continue
        visited.add(block)
        after[block] = result
        for target in targets[block]:
            if target not in waiting:
                waiting.add(target)
                work.append(target)
    return (before, after) if forward else (after, before)
