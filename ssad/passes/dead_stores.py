"""Stores that nobody reads any more go, and with them zeros that the reverse sweep writes behind itself.

    ^body: %b = load %y.bar, %i                       ^body: %b = load %y.bar, %i
           store %y.bar, %i, 0.0            ->               accumulate %x.bar, %i, %b
           accumulate %x.bar, %i, %b
    ^done: fill %y.bar, 0.0                           ^done: return
           return

Only memory that is made here and never leaves can be forgotten. A store is dead if control does not come to
anything that reads its array after it; a load before it in the same block, of the same element, does not
count where that element is never visited again, because its index holds the counter of every loop around it.
"""

from __future__ import annotations

from ssad.analysis.alias import AliasClass, alias_classes
from ssad.analysis.effects import read_by
from ssad.analysis.induction import linear
from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Function, Module, Op, Value
from ssad.ir.edit import definitions
from ssad.ir.graph import Loop, reached
from ssad.passes.manager import function_pass

_STORES = ("store", "fill")


@function_pass("dead_stores", "remove stores that nothing reads any more")
def run(function: Function, module: Module) -> bool:
    if not any(op.name in _STORES for op in function.ops()):
        return False
    search = _Search(function)
    changed = False
    for block in function.blocks:
        dead = [op for at, op in enumerate(block.ops) if op.name in _STORES and search.is_dead(op, block, at)]
        if dead:
            block.ops = [op for op in block.ops if op not in dead]
            changed = True
    if changed:
        function.touch()
    return changed


class _Search:
    """Looks for what reads memory after a store."""

    def __init__(self, function: Function) -> None:
        self.aliases = alias_classes(function)
        self.forest = loop_forest(function)
        self.home = {v: block for block in function.blocks for v in definitions(block)}
        self.readers: dict[AliasClass, list[tuple[Block, int, Op]]] = {}
        self.behind: dict[Block, set[Block]] = {}
        for block in function.blocks:
            for at, op in enumerate(block.ops):
                for array in dict.fromkeys(read_by(op)):
                    self.readers.setdefault(self.aliases.of[array], []).append((block, at, op))

    def is_dead(self, store: Op, block: Block, at: int) -> bool:
        one = self.aliases.of[store.operands[0]]
        if one.escapes:
            return False
        once = False
        for home, place, op in self.readers.get(one, ()):
            if _are_two(store.operands[0], op):
                continue
            later = home is block and place > at
            if not later and home not in self.behind_of(block):
                continue
            before = home is block and place < at
            if not before or op.name not in ("load", "accumulate") or not _one_element(store, op):
                return False
            once = once or self.is_visited_once(store, block)
            if not once:
                return False
        return True

    def behind_of(self, block: Block) -> set[Block]:
        """The blocks that control may come to from a block."""
        known = self.behind.get(block)
        if known is None:
            known = self.behind[block] = reached(block)
        return known

    def is_visited_once(self, store: Op, block: Block) -> bool:
        """Whether the subscript of what is always one array holds the counter of every loop around."""
        array, *index, _ = store.operands
        around = self.forest.around(block)
        if not around or self.home[array] in around[0].blocks:
            return not around
        bases = [found[0] for i in index if (found := linear(i)) is not None]
        return all(any(_steps(loop, base) for base in bases) for loop in around)


def _are_two(array: Value, op: Op) -> bool:
    """Whether an array that is made here is another one than those that the op reads, made here as well."""
    made = [v.owner for v in (array, *read_by(op))]
    return array not in read_by(op) and all(isinstance(one, Op) and one.name == "alloc" for one in made)


def _one_element(store: Op, op: Op) -> bool:
    """Whether an op before a store reads the element that the store writes."""
    return store.name == "store" and op.operands[: len(store.operands) - 1] == store.operands[:-1]


def _steps(loop: Loop, value: Value) -> bool:
    """Whether a value is a counter of the loop: another one in each iteration."""
    if value not in loop.header.params:
        return False
    n = loop.header.params.index(value)
    given = [
        edge.args[n] for latch in loop.latches for edge in latch.term.edges if edge.target is loop.header
    ]
    return all(linear(arg) in ((value, 1), (value, -1)) for arg in given)
