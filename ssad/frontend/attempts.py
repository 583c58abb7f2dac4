"""Attempts in lifted IR: a block whose exceptions go to a handler, and what is simpler without changing one.

^head:                                          # the locals are those that the handler will see
  %error = py.attempt : object
  %raised = py.caught %error : bool
  branch %raised, ^handler(%error, %x), ^try
^try:                                           # whatever raises here goes to ^handler as %error
"""

from __future__ import annotations

from dataclasses import dataclass

from ssad.ir.core import Block, Edge, Function, Op, Terminator, Value
from ssad.ir.edit import remove_unreachable
from ssad.ir.graph import predecessors

_QUIET = frozenset(
    (
        *("py.const", "py.tuple", "py.slice", "py.unbound", "py.global", "py.function"),
        *(
            "py.cell",
            "py.cell_store",
            "py.assertion",
            "py.next_index",
            "py.attempt",
            "py.caught",
            "py.narrow",
            "py.present",
        ),
    )
)
"""Ops that never raise."""

_LEFT_BEHIND = ("py.const", "py.unbound")
"""What the end of `except E as e` assigns to `e`, mostly for nobody."""


def attempt_of(term: Terminator) -> Op | None:
    """The `py.attempt` of which this terminator is the branch, or None."""
    if term.kind != "branch":
        return None
    caught = term.operands[0].owner
    if not isinstance(caught, Op) or caught.prim.name != "py.caught":
        return None
    attempt = caught.operands[0].owner
    assert isinstance(attempt, Op)
    return attempt


@dataclass(frozen=True)
class Attempt:
    """An attempt by its parts: its head, the exception, the edge to the handler.

    `apart`: the handler uses the exception, but no parameter receives it, since no other comes there.
    """

    head: Block
    error: Value
    edge: Edge
    apart: bool


def attempts_in(function: Function) -> dict[Block, Attempt]:
    """The blocks that are attempted."""
    attempts: dict[Block, Attempt] = {}
    used = _used(function)
    for block in function.blocks:
        op = attempt_of(block.term)
        if op is not None and op.result is not None:
            handler, body = block.term.edges
            apart = op.result in used and op.result not in handler.args
            attempts[body.target] = Attempt(block, op.result, handler, apart)
    return attempts


def _used(function: Function) -> set[Value]:
    """What anything but a test whether it was raised uses."""
    used = {v for op in function.ops() if op.prim.name != "py.caught" for v in op.operands}
    for block in function.blocks:
        used.update(block.term.operands, *(edge.args for edge in block.term.edges))
    return used


def simplify_attempts(function: Function) -> None:
    """Enter directly what cannot raise (of locals it is known by now whether they are bound), join the
    pieces into which attempts were cut, and leave out what no handler asks for."""
    if not any(op.prim.name == "py.attempt" for op in function.ops()):
        return
    for block in function.blocks:
        attempt = attempt_of(block.term)
        if attempt is not None and _quiet(block.term.edges[1].target):
            block.term = Terminator("jump", [], block.term.edges[1:], loc=block.term.loc)
            block.ops = [op for op in block.ops if op is not attempt and attempt.result not in op.operands]
    remove_unreachable(function)
    drop_dead_params(function)
    used = _used(function)
    for block in function.blocks:
        block.ops = [op for op in block.ops if op.prim.name not in _LEFT_BEHIND or op.result in used]
    _join_pieces(function)
    _skip_empty_blocks(function)


def _quiet(block: Block) -> bool:
    return block.term.kind != "raise" and all(op.prim.name in _QUIET for op in block.ops)


def _join_pieces(function: Function) -> None:
    """Append a block to the only one that jumps to it; what may raise stays out of another's attempt."""
    attempts = {b.term.edges[1].target for b in function.blocks if attempt_of(b.term) is not None}
    entries = predecessors(function)
    gone: set[Block] = set()
    for block in function.blocks:
        while block not in gone and block.term.kind == "jump":
            target = block.term.edges[0].target
            if len(entries[target]) > 1 or target.params or target is block:
                break
            if block in attempts and not (_quiet(target) and attempt_of(target.term) is None):
                break
            block.ops += target.ops
            block.term = target.term
            gone.add(target)
    function.blocks = [block for block in function.blocks if block not in gone]


def _skip_empty_blocks(function: Function) -> None:
    """Go directly to where a block without ops jumps to, if nobody else asks for its parameters."""
    used = {v for op in function.ops() for v in op.operands}
    for block in function.blocks:
        used.update(block.term.operands)
        for edge in block.term.edges:
            used.update(v for v in edge.args if v.owner is not block)
    attempts = {b.term.edges[1] for b in function.blocks if attempt_of(b.term) is not None}
    for block in function.blocks:
        for edge in block.term.edges:
            while edge not in attempts and _passes(edge.target, used):
                following = edge.target.term.edges[0]
                given = dict(zip(edge.target.params, edge.args, strict=True))
                edge.args = [given.get(v, v) for v in following.args]
                edge.target = following.target
    remove_unreachable(function)


def _passes(block: Block, used: set[Value]) -> bool:
    term = block.term
    return (
        not block.ops
        and term.kind == "jump"
        and term.edges[0].target is not block
        and used.isdisjoint(block.params)
    )


def drop_dead_params(function: Function) -> None:
    """Remove the block parameters on which no op depends."""
    entry = function.entry
    passed: dict[Value, list[Value]] = {}
    work: list[Value] = []
    into: dict[Block, list[Edge]] = {}
    for block in function.blocks:
        work += [v for op in block.ops for v in op.operands] + block.term.operands
        for edge in block.term.edges:
            into.setdefault(edge.target, []).append(edge)
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                passed.setdefault(param, []).append(arg)
    live: set[Value] = set()
    while work:
        value = work.pop()
        if value not in live:
            live.add(value)
            work += passed.get(value, ())
    for block in function.blocks:
        if block is not entry and not live.issuperset(block.params):
            keep = [n for n, param in enumerate(block.params) if param in live]
            for edge in into.get(block, ()):
                edge.args = [edge.args[n] for n in keep]
            block.params = [block.params[n] for n in keep]
