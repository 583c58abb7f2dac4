"""Fewer blocks, branches and block parameters, with the shape of loops left alone.

    ^a: branch true, ^b(%x), ^c           ^a: %y = exp %x
    ^b(%z: f64): %y = exp %z        ->        jump ^d(%y)
        jump ^d(%y)

Preheaders, latches and loop exits stay even if they are empty, and blocks of different sweeps stay apart:
what `loop_simplify` made and what `mirrors` names survives. Loop-closed SSA does not: a parameter of a block
with one predecessor is redundant.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssad.analysis.liveness import uses
from ssad.analysis.memo import dominators, loop_forest
from ssad.ir.core import Block, Const, Edge, Function, Module, Terminator, Value
from ssad.ir.edit import prune_params, remove_unreachable, replace_values, same_value
from ssad.ir.graph import Dominators, Loop
from ssad.ir.types import BOOL
from ssad.passes.manager import function_pass

Sources = dict[Block, list[tuple[Block, int]]]
"""block -> (source, edge number) of every edge into it."""


@function_pass("simplify_cfg", "fold branches, merge blocks, drop redundant block parameters")
def run(function: Function, module: Module) -> bool:
    changed = fold_branches(function)
    changed |= remove_unreachable(function)
    changed |= prune_params(function, _known_conditions(function))
    changed |= _skip_empty_blocks(function)
    changed |= fold_branches(function)
    changed |= remove_unreachable(function)
    changed |= _merge_chains(function)
    return changed


def fold_branches(function: Function) -> bool:
    """Turn branches on an immediate, or with two equal edges, into jumps."""
    changed = False
    for block in function.blocks:
        term = block.term
        if term.kind == "branch" and (edge := _only_edge(term)) is not None:
            block.term = Terminator("jump", [], [edge], None, term.loc)
            changed = True
    if changed:
        function.touch()
    return changed


def _only_edge(term: Terminator) -> Edge | None:
    condition = term.operands[0]
    then, other = term.edges
    if isinstance(condition, Const):
        return then if condition.value else other
    if then.target is other.target and all(map(same_value, then.args, other.args)):
        return then
    return None


def _sources(function: Function) -> Sources:
    into: Sources = {block: [] for block in function.blocks}
    for block in function.blocks:
        for number, edge in enumerate(block.term.edges):
            into[edge.target].append((block, number))
    return into


# bool parameters that only repeat a branch


def _known_conditions(function: Function) -> dict[Value, Value]:
    """bool parameter -> the condition %c, where it is true on the ways that begin with the true edge of
    `branch %c` and false on the others (so it is with `and` and `or`)."""
    known: dict[Value, Value] = {}
    into: Sources | None = None
    for block in function.blocks[1:]:
        for at, param in enumerate(block.params):
            if param.type is not BOOL:
                continue
            into = into or _sources(function)
            condition = _condition(dominators(function), block, at, into)
            if condition is not None:
                known[param] = condition
    return known


def _condition(dom: Dominators, block: Block, at: int, into: Sources) -> Value | None:
    deciding = dom.idom[block]
    if deciding.term.kind != "branch":
        return None
    condition = deciding.term.operands[0]
    for source, number in into[block]:
        side = number if source is deciding else _side(dom, deciding, source, into)
        arg = source.term.edges[number].args[at]
        if side is None or not (arg is condition or (isinstance(arg, Const) and arg.value == (side == 0))):
            return None
    return condition


def _side(dom: Dominators, deciding: Block, block: Block, into: Sources) -> int | None:
    """By which edge of `deciding` control always comes to `block`."""
    for number, edge in enumerate(deciding.term.edges):
        if len(into[edge.target]) == 1 and dom.dominates(edge.target, block):
            return number
    return None


# empty blocks


def _skip_empty_blocks(function: Function) -> bool:
    """Lead edges into blocks that only jump on straight to where they jump."""
    empty = {
        b: b.term.edges[0]
        for b in function.blocks[1:]
        if not b.ops and b.term.kind == "jump" and b.term.edges[0].target.sweep == b.sweep
    }
    if not empty:
        return False
    into = _sources(function)
    outside = _used_outside(function, empty)
    innermost = loop_forest(function).innermost
    forwards = {
        block: edge
        for block, edge in empty.items()
        if outside.isdisjoint(block.params) and not _shapes_a_loop(block, edge.target, into, innermost)
    }
    changed = False
    for block in function.blocks:
        for number, edge in enumerate(block.term.edges):
            new = _final(edge, forwards)
            if new is None or any(e.target is new.target for e in block.term.edges if e is not edge):
                continue  # two edges from one branch to one block would not say which was taken
            block.term.edges[number] = new
            changed = True
    if changed:
        function.touch()
    return changed


def _used_outside(function: Function, empty: Mapping[Block, Edge]) -> set[Value]:
    """Parameters of `empty` blocks that are used elsewhere than on their own edge."""
    own = {param: block for block in empty for param in block.params}
    if not own:
        return set()
    return {v for block in function.blocks for v in uses(block) if v in own and own[v] is not block}


def _shapes_a_loop(block: Block, target: Block, into: Sources, innermost: Mapping[Block, Loop]) -> bool:
    """Whether `block` is a header, the only preheader or latch of `target`, or an exit of a loop."""
    loop = innermost.get(target)
    if loop is not None and loop.header is target:
        inside = block in loop.blocks
        if sum((source in loop.blocks) == inside for source, _ in into[target]) == 1:
            return True
    own = innermost.get(block)
    if own is not None and own.header is block:
        return True
    for source, _ in into[block]:
        around = innermost.get(source)
        if around is not None and block not in around.blocks:
            return True
    return False


def _final(edge: Edge, forwards: Mapping[Block, Edge]) -> Edge | None:
    """`edge` led on through empty blocks; None where it stays."""
    target, args = edge.target, edge.args
    seen: set[Block] = set()
    while target in forwards and target not in seen:
        seen.add(target)
        values = dict(zip(target.params, args, strict=True))
        args = [values.get(v, v) for v in forwards[target].args]
        target = forwards[target].target
    return Edge(target, args) if seen else None


# chains


def _merge_chains(function: Function) -> bool:
    """Append each block to its only predecessor where that does nothing but jump to it."""
    into = _sources(function)
    merged: dict[Block, Block] = {}
    forward: dict[Value, Value] = {}
    for block in dominators(function).order:
        if block in merged:
            continue
        while block.term.kind == "jump":
            edge = block.term.edges[0]
            target = edge.target
            single = len(into[target]) == 1 and target is not function.entry and target is not block
            if not single or target.mirrors is not None or target.sweep != block.sweep:
                break
            merged[target] = block
            forward.update(zip(target.params, edge.args, strict=True))
            block.ops.extend(target.ops)
            block.term = target.term
    if not merged:
        return False
    function.blocks = [block for block in function.blocks if block not in merged]
    for block in function.blocks:
        if block.reverses is not None:
            block.reverses = merged.get(block.reverses, block.reverses)
        if block.mirrors is not None:
            header, count = block.mirrors
            block.mirrors = (merged.get(header, header), count)
    replace_values(function, forward)
    function.touch()
    return True
