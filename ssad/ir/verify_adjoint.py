"""The invariants of adjoints: what a sweep may use of the other, and where a primal value may be recalled."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from ssad.ir.core import Block, Const, Op, Terminator, Undef, Value
from ssad.ir.sweeps import seeds_of, sound_split
from ssad.ir.types import I64

if TYPE_CHECKING:
    from ssad.ir.verify import Checker


def check_adjoint(check: Checker) -> None:
    """V18 to V24, for a function whose blocks say their sweeps."""
    blocks = check.function.blocks
    _check_sweeps(check)
    refined = check.stage == "refined"
    recalls = any(op.prim.name == "recall" for block in blocks for op in block.ops)
    headers = {loop.header for loop in check.forest.loops}
    for block in blocks:
        _check_links(check, block, headers)
        for op in block.ops:
            if op.prim.name == "recall":
                if refined:
                    check.fail("V24", "a recall in refined IR", op)
                _check_recall(check, op, block)
    if check.stage == "adjoint" or (recalls and not refined):
        for block in blocks:
            if block.sweep == "rev":
                _check_direct_uses(check, block)


def _check_sweeps(check: Checker) -> None:
    blocks = check.function.blocks
    seam: Block | None = None
    for block in blocks:
        if block.sweep not in ("fwd", "rev"):
            check.fail("V18", f"^{block.name} belongs to no sweep, though other blocks do", block)
        for target in block.successors:
            if block.sweep == "rev" and target.sweep == "fwd":
                check.fail(
                    "V18", "an edge leads from the reverse sweep back to the forward sweep", block.term
                )
            if block.sweep == "fwd" and target.sweep == "rev":
                if seam is not None:
                    check.fail(
                        "V18", f"a second seam: ^{seam.name} enters the reverse sweep, too", block.term
                    )
                seam = block
    if blocks[0].sweep == "rev":
        check.fail("V18", "the entry belongs to the reverse sweep", blocks[0])


def _check_links(check: Checker, block: Block, headers: set[Block]) -> None:
    """V23: what a block says about the primal."""
    if block.reverses is not None:
        known = block.reverses in check.dominators.number
        if block.sweep != "rev" or not known or block.reverses.sweep != "fwd":
            check.fail("V23", "only a block of the reverse sweep reverses one of the forward sweep", block)
    if block.mirrors is None:
        return
    primal, count = block.mirrors
    if block.sweep != "rev" or block not in headers:
        check.fail("V23", "only the header of a loop in the reverse sweep mirrors a loop", block)
    if primal not in headers or primal.sweep != "fwd":
        check.fail("V23", f"^{primal.name} is not the header of a loop in the forward sweep", block)
    if count.type is not I64 or (count not in check.home and not isinstance(count, Const)):
        check.fail("V23", "the count of iterations is not an i64 of this function", block)


def _check_direct_uses(check: Checker, block: Block) -> None:
    """V20: what a block of the reverse sweep uses without recalling it."""
    inside_loop = check.forest.innermost
    for op in block.ops:
        if op.prim.name == "recall":
            continue
        for value in op.operands:
            home = check.home.get(value)
            if home is not None and home[0].sweep == "fwd" and home[0] in inside_loop:
                check.fail("V20", f"%{value.name} is defined in a loop of the forward sweep: recall it", op)
    term = block.term
    for value in [*term.operands, *(arg for edge in term.edges for arg in edge.args)]:
        home = check.home.get(value)
        if home is not None and home[0].sweep == "fwd" and home[0] in inside_loop:
            check.fail("V20", f"%{value.name} is defined in a loop of the forward sweep: recall it", term)


def _check_recall(check: Checker, op: Op, block: Block) -> None:
    value = op.operands[0]
    if block.sweep != "rev":
        check.fail("V21", "a recall outside the reverse sweep", op)
    if isinstance(value, (Const, Undef)):
        return
    home = check.home[value][0]
    if home.sweep != "fwd":
        check.fail("V21", f"%{value.name} is no value of the forward sweep", op)
    around = [loop.header for loop in check.forest.around(home)]
    mirrored = [
        loop.header.mirrors[0] for loop in check.forest.around(block) if loop.header.mirrors is not None
    ]
    if around != mirrored[: len(around)]:
        inside = " ".join(f"^{header.name}" for header in around)
        here = " ".join(f"^{header.name}" for header in mirrored) or "none"
        check.fail("V22", f"%{value.name} is defined in loop {inside}; mirrored here: {here}", op)


def check_split(check: Checker) -> None:
    """V26: a function whose sweeps are called apart can be cut at its seam."""
    function = check.function
    if not sound_split(function):
        check.fail("V26", "the attributes do not say what belongs to which sweep", function)
    seeds = set(seeds_of(function))
    for block in function.blocks:
        if not block.sweep:
            check.fail("V26", f"^{block.name} belongs to no sweep", block)
        term = block.term
        if block.sweep == "fwd":
            if term.kind == "return":
                check.fail("V26", "a return in the forward sweep", term)
            if not seeds.isdisjoint([*(v for op in block.ops for v in op.operands), *_passed(term)]):
                check.fail("V26", "the forward sweep uses a seed", block)
        elif term.kind == "return":
            for value in term.operands[: function.attrs["forward"]]:
                home = check.home.get(value)
                if home is not None and (home[0].sweep != "fwd" or value in seeds):
                    check.fail("V26", f"%{value.name} is no result of the forward sweep", term)


def _passed(term: Terminator) -> list[Value]:
    return [*term.operands, *(arg for edge in term.edges for arg in edge.args)]


def check_stacks(check: Checker) -> None:
    """V25: no way through the function pushes on or pops from the same stack value twice."""
    users: dict[Value, list[tuple[Block, int, Op]]] = {}
    for block in check.function.blocks:
        for at, op in enumerate(block.ops):
            if op.prim.name not in ("stack_push", "stack_pop"):
                continue
            stack = op.operands[0]
            users.setdefault(stack, []).append((block, at, op))
            loop = check.forest.innermost.get(block)
            if loop is not None and stack in check.home and check.home[stack][0] not in loop.blocks:
                check.fail(
                    "V25", f"stack %{stack.name} of outside the loop is pushed on or popped from again", op
                )
    preorder = check.dominators.preorder
    for stack, uses in users.items():
        uses.sort(key=lambda use: (preorder(use[0]), use[1]))
        for (block, _, _), (later, _, op) in itertools.pairwise(uses):
            if check.dominators.dominates(block, later):
                check.fail("V25", f"stack %{stack.name} has been pushed on or popped from before", op)
