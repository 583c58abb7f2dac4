"""Loop-invariant code motion: pure ops go to the preheader of the outermost loop that they do not depend on.

    ^pre: jump ^h(0)                    ^pre: %e = sin %t
    ^h(%k: i64): %e = sin %t      ->          jump ^h(0)
                                        ^h(%k: i64): ...

Pure ops cannot trap, so they may be computed although the loop does not run (and what slope they have then
does not matter: `ad/presence.py`). Loads, checks and allocations stay, as `recall`, whose meaning depends
on the loops around it. What an iteration of the reverse sweep finds on a tape leaves the loops inside of that
iteration. Loops without a preheader are left as they are.
"""

from __future__ import annotations

from ssad.analysis.effects import allocates
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders as preheaders_of
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass


@function_pass("licm", "move loop-invariant pure ops to the preheader")
def run(function: Function, module: Module) -> bool:
    forest = loop_forest(function)
    if not forest.loops:
        return False
    preheaders = preheaders_of(function, forest)
    # the loops around each definition, as it is after hoisting; in reverse postorder operands come first
    home: dict[Value, Loop | None] = {}
    changed = False
    for block in forest.dominators.order:
        loop = forest.innermost.get(block)
        home.update(dict.fromkeys(block.params, loop))
        kept: list[Op] = []
        for op in block.ops:
            outermost = None if loop is None else _invariant_in(op, block, loop, home, preheaders)
            if outermost is None:
                kept.append(op)
                if op.result is not None:
                    home[op.result] = loop
                continue
            preheaders[outermost].ops.append(op)
            assert op.result is not None
            home[op.result] = outermost.parent
            changed = True
        if len(kept) != len(block.ops):
            block.ops = kept
    if changed:
        function.touch()
    return changed


def _invariant_in(
    op: Op, block: Block, loop: Loop, home: dict[Value, Loop | None], preheaders: dict[Loop, Block]
) -> Loop | None:
    """The outermost loop, out of which the op can move step by step, that defines none of its operands."""
    if op.result is None or allocates(op.prim) or not (op.prim.pure or _is_record(op, block)):
        return None
    found: Loop | None = None
    current: Loop | None = loop
    while current is not None:
        preheader = preheaders.get(current)
        if preheader is None or preheader.sweep != block.sweep:
            break
        if any(_inside(home.get(v), current) for v in op.operands):
            break
        if not op.prim.pure and not _is_kept_around(op, current, preheaders):
            break
        found = current
        current = current.parent
    return found


def _is_record(op: Op, block: Block) -> bool:
    """Whether it reads from a tape that is complete."""
    return op.prim.name == "tape_get" and block.sweep == "rev"


def _is_kept_around(op: Op, loop: Loop, preheaders: dict[Loop, Block]) -> bool:
    """Whether a tape has the record that is asked for although `loop` may not run: that of an iteration of a
    loop around it, for which the tape was made. (Of a tape that lies on a tape the size is that of the loop
    by which it is asked: only this iteration can tell.)
    """
    tape, index = (v.owner for v in op.operands)
    if not isinstance(tape, Op) or not isinstance(index, Op):
        return False
    on_a_tape = tape.name == "tape_get"
    if not on_a_tape and len(tape.operands) != 1:
        return False
    count, *one = index.operands
    if index.name != "sub" or not isinstance(one[0], Const) or one[0].value != 1:
        return False
    around = loop.parent
    while around is not None:
        if count in around.header.params and around in preheaders:
            at = around.header.params.index(count)
            return on_a_tape or preheaders[around].term.edges[0].args[at] is tape.operands[0]
        around = around.parent
    return False


def _inside(home: Loop | None, loop: Loop) -> bool:
    return home is not None and home.header in loop.blocks
