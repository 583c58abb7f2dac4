"""Loops over a fixed number of items of different kinds: the first iterations get blocks of their own.

    loop over (math.sin, 2.0, x):  body; body; body, each with its item; then the loop, for what is left

That is right whatever the loop goes through, so it is done to the lifted function, once for a loop, when
typing finds that its items have no common type.
"""

from __future__ import annotations

from collections.abc import Hashable

from ssad.ir.core import Block, Edge, Function, Op, Terminator, Undef, Value
from ssad.ir.edit import prune_params
from ssad.ir.graph import Loop, LoopForest
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import Type

MOST_ITEMS, MOST_OPS = 64, 20_000


class Different(Exception):
    """The items of a loop have no common type; so many there are."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def peel(function: Function, op: Op, count: int) -> bool:
    """Give the first `count` iterations of the loop around `op` blocks of their own; False if that is too
    much.
    """
    home = next(block for block in function.blocks if op in block.ops)
    loop = LoopForest(function).around(home)[-1]
    size = sum(len(block.ops) for block in loop.blocks)
    if count > MOST_ITEMS or count * size > MOST_OPS:
        return False
    outside = [block for block in function.blocks if block not in loop.blocks]
    copies = [_Copy(function, loop) for _ in range(count)]
    heads = [*(copy.blocks[loop.header] for copy in copies), loop.header]
    for copy, following in zip(copies, heads[1:], strict=True):
        for block in copy.blocks.values():
            for edge in block.term.edges:
                edge.target = (
                    following if edge.target is loop.header else copy.blocks.get(edge.target, edge.target)
                )
    for block in outside:
        for edge in block.term.edges:
            if edge.target is loop.header:
                edge.target = heads[0]
    at = function.blocks.index(loop.header)
    function.blocks[at:at] = [block for copy in copies for block in copy.blocks.values()]
    _join(function, loop, copies, outside)
    function.touch()
    return True


class _Copy:
    """The blocks of one iteration; edges lead to the targets that the loop has."""

    def __init__(self, function: Function, loop: Loop) -> None:
        self.values: dict[Value, Value] = {}
        self.blocks = {block: Block(block.name) for block in function.blocks if block in loop.blocks}
        for block, copy in self.blocks.items():
            for param in block.params:
                self.values[param] = copy.add_param(param.type, param.name)
            for op in block.ops:
                type = None if op.result is None else op.result.type
                made = Op(
                    op.prim, [], dict(op.attrs), type, op.loc, "" if op.result is None else op.result.name
                )
                copy.ops.append(made)
                if op.result is not None and made.result is not None:
                    self.values[op.result] = made.result
        for block, copy in self.blocks.items():
            for op, made in zip(block.ops, copy.ops, strict=True):
                made.operands = self.mapped(op.operands)
            term = block.term
            edges = [Edge(edge.target, self.mapped(edge.args)) for edge in term.edges]
            copy.term = Terminator(term.kind, self.mapped(term.operands), edges, dict(term.attrs), term.loc)

    def mapped(self, values: list[Value]) -> list[Value]:
        return [self.values.get(value, value) for value in values]


def _join(function: Function, loop: Loop, copies: list[_Copy], outside: list[Block]) -> None:
    """What is defined in the loop and used behind it comes from any of the iterations now."""
    inside = {v: b for b in loop.blocks for v in (*b.params, *(op.result for op in b.ops)) if v is not None}
    used = {
        value
        for block in outside
        for values in (
            *(op.operands for op in block.ops),
            block.term.operands,
            *(edge.args for edge in block.term.edges),
        )
        for value in values
        if value in inside
    }
    if not used:
        return
    ssa = SSABuilder.over(function, _type, lambda value: Undef(_type(value)), _name)
    for value in used:
        ssa.write(value, inside[value], value)
        for copy in copies:
            ssa.write(value, copy.blocks[inside[value]], copy.values[value])
    for block in outside:

        def now(values: list[Value], block: Block = block) -> list[Value]:
            return [ssa.read(value, block) if value in used else value for value in values]

        for op in block.ops:
            op.operands = now(op.operands)
        block.term.operands = now(block.term.operands)
        for edge in block.term.edges:
            edge.args = now(edge.args)
    prune_params(function, ssa.forwarded)


def _type(variable: Hashable) -> Type:
    assert isinstance(variable, Value)
    return variable.type


def _name(variable: Hashable) -> str:
    assert isinstance(variable, Value)
    return variable.name
