"""Loops by few numbers: their derivatives are computed with the values, and the reverse sweep multiplies.

    x = loop(a)              before: the adjoint keeps each iteration of the loop, and goes through it again
    x, x.dot = loop(a, 1)    after: `x.here = with_slope %x, %a, %x.dot`, and nothing in the loop is active

A loop of scalars that depends on one or two numbers costs less with its tangents than with a tape, whatever
happens in it: Newton's iteration for a root is the pattern. What is stored is one slope for each number that
leaves the loop. The slopes are cut off from the derivatives, so this is done before the last one only.

Source: Griewank and Walther 2008, "Evaluating Derivatives", chapter 10 (preaccumulation of local Jacobians).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ssad.ad.forward import Tangents
from ssad.analysis.activity import Activity, activity
from ssad.analysis.alias import alias_classes
from ssad.analysis.effects import allocates, calls, reads, synchronises, tapes, writes
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Value, jump, return_
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop, LoopForest, predecessors
from ssad.ir.types import Scalar

MOST = 2
"""Numbers that a loop may depend on: three tangents cost as much as an adjoint."""


def preaccumulate(function: Function, module: Module, active: Collection[int], fp: str = "") -> bool:
    """Rewrite the loops of `function`, in loop-simplify form, that pay; `active` are the numbers of the
    parameters that it will be differentiated by. Says whether there were any.
    """
    forest = LoopForest(function)
    if not forest.loops:
        return False
    facts = activity(function, [function.params[n] for n in active], alias_classes(function))
    entered = predecessors(function)
    work = [loop for loop in forest.loops if loop.parent is None]
    done = False
    while work:
        loop = work.pop()
        before = next(block for block in entered[loop.header] if block not in loop.blocks)
        numbers = _numbers(loop, before, facts)
        if numbers:
            _rewrite(function, module, loop, before, numbers, fp)
            done = True
        else:
            work.extend(loop.children)
    if done:
        function.touch()
    return done


def _numbers(loop: Loop, before: Block, facts: Activity) -> list[Value]:
    """The active numbers that the loop depends on; none where it has others, or does more than compute.
    `before` is its preheader.
    """
    inside = {value for block in loop.blocks for value in definitions(block)}
    found: dict[Value, None] = {}
    for block in loop.blocks:
        for op in block.ops:
            if not _computes(op) or (reads(op.prim) and op.result is not None and facts.active(op.result)):
                return []
    for value in (*before.term.edges[0].args, *_used(loop)):
        if value not in inside and facts.active(value):
            found[value] = None
    leaving = [arg for block, n in loop.exits() for arg in block.term.edges[n].args]
    types = {value.type for value in (*found, *leaving) if facts.active(value)}
    plain = len(types) == 1 and all(isinstance(kind, Scalar) for kind in types)
    moves = any(facts.active(value) for value in leaving if value in inside)
    return list(found) if plain and moves and len(found) <= MOST else []


def _computes(op: Op) -> bool:
    prim = op.prim
    return not any(ask(prim) for ask in (writes, allocates, calls, tapes, synchronises))


def _used(loop: Loop) -> Iterator[Value]:
    """What the blocks of a loop use."""
    for block in loop.blocks:
        for op in block.ops:
            yield from op.operands
        yield from block.term.operands
        for edge in block.term.edges:
            yield from edge.args


def _rewrite(
    function: Function, module: Module, loop: Loop, before: Block, numbers: list[Value], fp: str
) -> None:
    """The loop as a function of its own, in place: between `before` and a block behind each exit."""
    ends: list[tuple[Block, Block]] = []
    for block, n in loop.exits():
        edge = block.term.edges[n]
        end = Block(f"{loop.header.name}.end")
        for arg, param in zip(edge.args, edge.target.params, strict=True):
            end.add_param(arg.type, param.name)
        block.term.edges[n] = Edge(end, edge.args)
        end.term = return_([*end.params])
        ends.append((end, edge.target))
    part = Function(f"{function.name}.{loop.header.name}")
    part.blocks = [Block("entry"), *loop.blocks, *(end for end, _ in ends)]
    part.entry.term = jump(loop.header, before.term.edges[0].args)
    stopped = {v: Builder(before, before.term.loc).stop_gradient(v) for v in numbers}
    _replace(part, stopped)
    moved = [_moved(part, stopped[value]) for value in numbers]  # before there are tangents
    slopes: list[dict[Value, Value]] = []
    outputs = {end: list(end.params) for end, _ in ends}
    for value, varied in zip(numbers, moved, strict=True):
        assert isinstance(value.type, Scalar)
        dots: dict[Value, Value] = {stopped[value]: Const(value.type, 1.0)}
        Tangents(part, module, varied, dots, {}, None, fp).emit()
        slopes.append(dots)
        for end, params in outputs.items():
            end.term = return_([*params])
    for end, target in ends:
        b = Builder(end, before.term.loc)
        results: list[Value] = []
        for param in outputs[end]:
            whole = param
            for value, dots in zip(numbers, slopes, strict=True):
                if param in dots:
                    whole = b.with_slope(whole, value, dots[param])
            results.append(whole)
        end.term = jump(target, results, before.term.loc)
    before.term.edges[0] = Edge(loop.header, part.entry.term.edges[0].args)
    last = max(function.blocks.index(block) for block in loop.blocks)
    function.blocks[last + 1 : last + 1] = [end for end, _ in ends]


def _replace(part: Function, by: dict[Value, Value]) -> None:
    for block in part.blocks:
        for op in block.ops:
            op.operands = [by.get(v, v) for v in op.operands]
        block.term.operands = [by.get(v, v) for v in block.term.operands]
        for edge in block.term.edges:
            edge.args = [by.get(v, v) for v in edge.args]


def _moved(part: Function, value: Value) -> set[Value]:
    """The floats inside that depend on `value`."""
    feeds: dict[Value, list[Value]] = {}
    for block in part.blocks:
        for op in block.ops:
            cut = op.name == "stop_gradient" or op.prim.nondifferentiable
            if op.result is not None and op.result.type.is_float and not cut:
                for operand in op.operands:
                    feeds.setdefault(operand, []).append(op.result)
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                if param.type.is_float:
                    feeds.setdefault(arg, []).append(param)
    found = {value}
    work = [value]
    while work:
        for fed in feeds.get(work.pop(), ()):
            if fed not in found:
                found.add(fed)
                work.append(fed)
    found.discard(value)
    return found
