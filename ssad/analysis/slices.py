"""What of a loop has to be computed for some of its values, and whether another loop can do it.

Source: Weiser 1984, "Program slicing".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ssad.analysis.alias import AliasClasses
from ssad.analysis.effects import written_by
from ssad.ir.core import Block, Op, Undef, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import Dominators, Loop


def sources(values: Iterable[Value], ops: Collection[Op]) -> set[Op]:
    """Those of `ops` that values are made from, directly or not."""
    found: set[Op] = set()
    work = list(values)
    while work:
        op = work.pop().owner
        if isinstance(op, Op) and op in ops and op not in found:
            found.add(op)
            work.extend(op.operands)
    return found


class Slices:
    """Of a loop with `counter`: its ops, definitions before uses; what they define; and the blocks that each
    iteration runs (the header left out, which is run once more).
    """

    def __init__(self, loop: Loop, dominators: Dominators, aliases: AliasClasses, counter: Value) -> None:
        self.counter = counter
        self.aliases = aliases
        self.blocks = [block for block in dominators.order if block in loop.blocks]
        self.ops = [op for block in self.blocks for op in block.ops]
        self.made = {v for block in self.blocks for v in definitions(block)}
        self.always: set[Block] = {
            block
            for block in self.blocks
            if block is not loop.header and all(dominators.dominates(block, end) for end in loop.latches)
        }
        changed = (
            v for op in self.ops for v in (op.operands[:1] if op.name == "tape_set" else written_by(op))
        )
        self.written = {aliases.of[v] for v in changed if v in aliases.of}
        self._inside = set(self.ops)

    def needed(self, values: Iterable[Value]) -> list[Op] | None:
        """The ops that values are made from in an iteration, in order; None where another loop over the same
        iterations, in front of this one or behind it, could not do the same: for they depend on the iteration
        before, or on memory that the loop writes.
        """
        values = list(values)
        found = sources(values, self._inside)
        used = {*values, *(v for op in found for v in op.operands)}
        if any(isinstance(v, Undef) or not self._is_there(v) for v in used):
            return None
        return [op for op in self.ops if op in found] if all(map(self._repeats, found)) else None

    def _is_there(self, value: Value) -> bool:
        return value is self.counter or value not in self.made or isinstance(value.owner, Op)

    def _repeats(self, op: Op) -> bool:
        reads = op.name in ("load", "tape_get") and self.aliases.of[op.operands[0]] not in self.written
        return reads or op.prim.pure
