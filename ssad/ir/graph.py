"""The control-flow graph of a function: orders, dominators, the loop forest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from ssad.ir.core import Block, Function


def reverse_postorder(
    function: Function, successors: Callable[[Block], Iterable[Block]] = lambda block: block.successors
) -> list[Block]:
    """The reachable blocks, each before its successors except along back edges; of two ways that `successors`
    gives, the first comes last.
    """
    seen = {function.entry}
    order: list[Block] = []
    stack = [(function.entry, iter(successors(function.entry)))]
    while stack:
        block, ways = stack[-1]
        for successor in ways:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(successors(successor))))
                break
        else:
            stack.pop()
            order.append(block)
    order.reverse()
    return order


def loops_first(function: Function) -> list[Block]:
    """The reachable blocks in reverse postorder, those of a loop before those behind it."""
    forest = LoopForest(function)
    depth = {block: len(forest.around(block)) for block in forest.dominators.order}
    return reverse_postorder(function, lambda block: sorted(block.successors, key=depth.__getitem__))


def predecessors(function: Function) -> dict[Block, list[Block]]:
    """For each block the blocks that end with an edge into it, one entry per edge, in block order."""
    preds: dict[Block, list[Block]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for edge in block.term.edges:
            preds[edge.target].append(block)
    return preds


def reached(block: Block, until: Block | None = None) -> set[Block]:
    """The blocks that control may come to from `block`, without `until` and what comes by that only."""
    found: set[Block] = set()
    work = [block]
    while work:
        for one in work.pop().successors:
            if one not in found and one is not until:
                found.add(one)
                work.append(one)
    return found


class Dominators:
    """The dominator tree (Cooper, Harvey and Kennedy 2001, "A simple, fast dominance algorithm").

    `idom[entry] is entry`; unreachable blocks have no entry.
    """

    def __init__(self, function: Function) -> None:
        self.order = reverse_postorder(function)
        number = {block: n for n, block in enumerate(self.order)}
        preds: list[list[int]] = [[] for _ in self.order]
        for n, block in enumerate(self.order):
            for successor in block.successors:
                preds[number[successor]].append(n)
        idom = [-1] * len(self.order)
        idom[0] = 0
        changed = True
        while changed:
            changed = False
            for n in range(1, len(idom)):
                new = -1
                for p in preds[n]:
                    if idom[p] >= 0:
                        new = p if new < 0 else _meet(idom, p, new)
                if idom[n] != new:
                    idom[n] = new
                    changed = True
        self.number = number
        self._preds = preds
        self.idom = {block: self.order[idom[n]] for n, block in enumerate(self.order)}
        self._rank, self._end = _intervals(idom)

    def dominates(self, a: Block, b: Block) -> bool:
        """Whether every way from the entry to `b` leads through `a` (each block dominates itself)."""
        above, below = self.number[a], self.number[b]
        return self._rank[above] <= self._rank[below] < self._end[above]

    def iterated_frontier(self, blocks: Iterable[Block]) -> set[Block]:
        """Where a variable that is written in `blocks` needs a parameter (Cytron et al. 1991): the joins at
        which what one of these blocks wrote meets something else, and so on from those.
        """
        found: set[Block] = set()
        work = [block for block in blocks if block in self.number]
        while work:
            for join in self._frontier.get(work.pop(), ()):
                if join not in found:
                    found.add(join)
                    work.append(join)
        return found

    @functools.cached_property
    def _frontier(self) -> dict[Block, set[Block]]:
        """For each block the joins right behind what it dominates that it does not dominate."""
        frontier: dict[Block, set[Block]] = {}
        for join, preds in zip(self.order, self._preds, strict=True):
            for p in preds if len(preds) > 1 else ():
                runner = self.order[p]
                while runner is not self.idom[join]:
                    frontier.setdefault(runner, set()).add(join)
                    runner = self.idom[runner]
        return frontier

    def preorder(self, block: Block) -> int:
        """The place of `block` in a preorder of the dominator tree: what it dominates follows it directly."""
        return self._rank[self.number[block]]


def _intervals(idom: list[int]) -> tuple[list[int], list[int]]:
    """For each node of the dominator tree its rank in preorder, and the rank behind its last descendant."""
    size = [1] * len(idom)
    for n in range(len(idom) - 1, 0, -1):
        size[idom[n]] += size[n]
    rank = [0] * len(idom)
    free = [1] * len(idom)  # the first rank below a node that is not given out yet
    for n in range(1, len(idom)):
        above = idom[n]
        rank[n] = free[above]
        free[above] += size[n]
        free[n] = rank[n] + 1
    return rank, [first + count for first, count in zip(rank, size, strict=True)]


def _meet(idom: list[int], a: int, b: int) -> int:
    while a != b:
        while a > b:
            a = idom[a]
        while b > a:
            b = idom[b]
    return a


class Loop:
    """A natural loop: its header, the blocks inside (header first), the loop around it, loops directly
    inside.
    """

    __slots__ = ("blocks", "children", "header", "latches", "parent")

    def __init__(self, header: Block) -> None:
        self.header = header
        self.latches: list[Block] = []
        self.blocks: dict[Block, None] = {header: None}
        self.parent: Loop | None = None
        self.children: list[Loop] = []

    @property
    def depth(self) -> int:
        return 1 if self.parent is None else self.parent.depth + 1

    def exits(self) -> list[tuple[Block, int]]:
        """(block, edge number) of every edge that leaves the loop, in block order."""
        return [
            (block, n)
            for block in self.blocks
            for n, edge in enumerate(block.term.edges)
            if edge.target not in self.blocks
        ]

    def __repr__(self) -> str:
        return f"<loop at {self.header!r}>"


class LoopForest:
    """The natural loops of a function, outer before inner, and for each block the innermost loop around it.

    `irreducible` lists edges that enter a cycle elsewhere than at its header; empty for every CFG that
    Python's compiler emits for structured code.
    """

    def __init__(self, function: Function, dominators: Dominators | None = None) -> None:
        dom = dominators or Dominators(function)
        self.dominators = dom
        preds: dict[Block, list[Block]] = {block: [] for block in dom.order}
        for block in dom.order:
            for successor in block.successors:
                preds[successor].append(block)
        self.loops: list[Loop] = []
        self.innermost: dict[Block, Loop] = {}
        self.irreducible: list[tuple[Block, Block]] = []
        by_header: dict[Block, Loop] = {}
        for block in dom.order:
            for successor in block.successors:
                if dom.number[successor] > dom.number[block]:
                    continue
                if not dom.dominates(successor, block):
                    self.irreducible.append((block, successor))
                    continue
                loop = by_header.get(successor)
                if loop is None:
                    loop = by_header[successor] = Loop(successor)
                loop.latches.append(block)
        self.loops = sorted(by_header.values(), key=lambda loop: dom.number[loop.header])
        for loop in self.loops:
            members: set[Block] = {loop.header}
            work = [latch for latch in loop.latches if latch not in members]
            while work:
                block = work.pop()
                if block in members:
                    continue
                members.add(block)
                work.extend(p for p in preds[block] if p not in members)
            loop.blocks = dict.fromkeys(sorted(members, key=dom.number.__getitem__))
        for loop in self.loops:  # outer loops come first, so the last loop to claim a block is the innermost
            outer = self.innermost.get(loop.header)
            loop.parent = outer
            if outer is not None:
                outer.children.append(loop)
            for block in loop.blocks:
                self.innermost[block] = loop

    def around(self, block: Block) -> list[Loop]:
        """The loops that hold `block`, outermost first."""
        chain: list[Loop] = []
        loop = self.innermost.get(block)
        while loop is not None:
            chain.append(loop)
            loop = loop.parent
        chain.reverse()
        return chain
