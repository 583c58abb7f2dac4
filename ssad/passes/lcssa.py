"""Loop-closed SSA: a value defined in a loop leaves it only through a parameter of an exit block.

    ^body: %v = ...; branch %c, ^h, ^x        ^body: %v = ...; branch %c, ^h, ^x(%v)
    ^x: return %v                       ->    ^x(%v.1): return %v.1

Every value then lives either inside one loop or outside of it, and each exit says what leaves.
"""

from __future__ import annotations

from collections.abc import Hashable

from ssad.analysis.liveness import liveness
from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Edge, Function, Module, Undef, Value
from ssad.ir.edit import prune_params
from ssad.ir.graph import Loop, LoopForest
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import Type
from ssad.passes.manager import function_pass


@function_pass("lcssa", "values leave their loop through parameters of exit blocks only")
def run(function: Function, module: Module) -> bool:
    forest = loop_forest(function)
    leaving, inside = _leaving(function, forest)
    if not leaving:
        return False
    _close(function, leaving, inside)
    function.touch()
    return True


def _leaving(function: Function, forest: LoopForest) -> tuple[dict[Block, list[Value]], dict[Value, Loop]]:
    """exit block -> the values of a loop ending there that are used from there on; and each value's loop."""
    if not forest.loops:
        return {}, {}
    innermost = forest.innermost
    inside = {v: innermost[b] for b in function.blocks if b in innermost for v in _definitions(b)}
    live = liveness(function).live_in
    exits: dict[Block, list[Loop]] = {}
    for loop in forest.loops:
        for target in dict.fromkeys(b.term.edges[n].target for b, n in loop.exits()):
            exits.setdefault(target, []).append(loop)
    leaving: dict[Block, list[Value]] = {}
    for target, loops in exits.items():
        members = [loop.blocks for loop in loops]
        found = [v for v in live[target] if v in inside and any(inside[v].header in one for one in members)]
        if found:
            leaving[target] = found
    return leaving, {v: inside[v] for values in leaving.values() for v in values}


def _close(function: Function, leaving: dict[Block, list[Value]], inside: dict[Value, Loop]) -> None:
    """Make the parameters, then let SSA construction find for each use which parameter reaches it."""
    builder = SSABuilder.over(function, _type_of, _unreachable, _name_of)
    into: dict[Block, list[Edge]] = {target: [] for target in leaving}
    for block in function.blocks:
        for value in _definitions(block):
            if value in inside:
                builder.write(value, block, value)
        for edge in block.term.edges:
            if edge.target in into:
                into[edge.target].append(edge)
    for target, values in leaving.items():
        for value in values:
            builder.write(value, target, target.add_param(value.type, value.name))
            for edge in into[target]:
                edge.args.append(value)  # renamed below, as every use is
    old = {param for block in function.blocks for param in block.params}
    for block in function.blocks:
        _rename(block, inside, builder)
    new = {param for block in function.blocks for param in block.params} - old
    prune_params(function, builder.forwarded, new)


def _rename(block: Block, inside: dict[Value, Loop], builder: SSABuilder) -> None:
    def here(value: Value) -> Value:
        loop = inside.get(value)
        return value if loop is None or block in loop.blocks else builder.read(value, block)

    for op in block.ops:
        if any(v in inside for v in op.operands):
            op.operands = [here(v) for v in op.operands]
    term = block.term
    term.operands = [here(v) for v in term.operands]
    for edge in term.edges:
        edge.args = [here(v) for v in edge.args]
    if block.mirrors is not None:
        block.mirrors = (block.mirrors[0], here(block.mirrors[1]))


def _definitions(block: Block) -> list[Value]:
    return [*block.params, *(op.result for op in block.ops if op.result is not None)]


def _type_of(variable: Hashable) -> Type:
    assert isinstance(variable, Value)
    return variable.type


def _name_of(variable: Hashable) -> str:
    assert isinstance(variable, Value)
    return variable.name


def _unreachable(variable: Hashable) -> Value:
    assert isinstance(variable, Value)
    return Undef(variable.type)
