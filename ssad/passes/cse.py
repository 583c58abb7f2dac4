"""Common subexpression elimination along the dominator tree.

    ^a: %u = mul %x, %y           ^a: %u = mul %x, %y
    ^b: %v = mul %y, %x     ->    ^b: (gone: %u)

Two pure ops are one if primitive, operands, attributes and result type agree; floating-point flags do not
count,
the op that stays keeps those that both have. A check is dropped where the same condition has been checked. A
`recall` counts as pure: the loops around its value are shared by both places, so both ask for one iteration.
"""

from __future__ import annotations

from ssad.analysis.effects import allocates
from ssad.analysis.memo import dominators
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import replace_values
from ssad.passes.manager import function_pass

Key = tuple[object, ...]


@function_pass("cse", "compute equal pure ops once, where one dominates the other")
def run(function: Function, module: Module) -> bool:
    numbering = _Numbering(function)
    numbering.sweep()
    if not numbering.changed:
        return False
    counts = {b.mirrors[1] for b in function.blocks if b.mirrors is not None}
    replace_values(function, {v: numbering.forward[v] for v in counts if v in numbering.forward})
    function.touch()
    return True


class _Numbering:
    """One walk of the dominator tree; `table` holds the ops of the blocks above."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.forward: dict[Value, Value] = {}
        self.table: dict[Key, Op] = {}
        self.number: dict[Value, int] = {}
        self.constants: dict[object, int] = {}
        self.changed = False
        # as long as values are recalled, the reverse sweep may not use those of the forward sweep at will
        self.apart = any(op.prim.name == "recall" for op in function.ops())

    def sweep(self) -> None:
        children = _children(self.function)
        stack: list[tuple[Block | None, list[Key]]] = [(self.function.entry, [])]
        while stack:
            block, added = stack.pop()
            if block is None:  # the blocks below are done
                for key in added:
                    del self.table[key]
                continue
            added = self._block(block)
            stack.append((None, added))
            stack.extend((child, []) for child in reversed(children.get(block, [])))

    def _block(self, block: Block) -> list[Key]:
        forward, table = self.forward, self.table
        added: list[Key] = []
        ops: list[Op] = []
        for op in block.ops:
            op.operands = [forward.get(v, v) for v in op.operands]
            key = self._key(op)
            if key is not None:
                key = (block.sweep, *key) if self.apart else key
                known = table.get(key)
                if known is not None:
                    self._replace(op, known)
                    continue
                table[key] = op
                added.append(key)
            ops.append(op)
        block.ops = ops
        term = block.term
        term.operands = [forward.get(v, v) for v in term.operands]
        for edge in term.edges:
            edge.args = [forward.get(v, v) for v in edge.args]
        return added

    def _replace(self, op: Op, known: Op) -> None:
        self.changed = True
        if op.result is not None and known.result is not None:
            self.forward[op.result] = known.result
        if "fp" in known.attrs:
            both = [flag for flag in known.attrs["fp"].split() if flag in op.attrs.get("fp", "").split()]
            known.attrs = {**known.attrs, "fp": " ".join(both)}
            if not both:
                del known.attrs["fp"]

    def _key(self, op: Op) -> Key | None:
        """What makes two ops one; None for an op that has to stay."""
        prim = op.prim
        if prim.name == "check":
            return ("check", self._number(op.operands[0]))
        if (not prim.pure and prim.name != "recall") or op.result is None or allocates(prim):
            return None
        operands = [self._number(v) for v in op.operands]
        if prim.commutative:
            operands.sort()
        attrs = op.attrs
        if not attrs:
            return (prim, op.result.type, *operands)
        named = tuple((name, attrs[name]) for name in sorted(attrs) if name != "fp")
        return (prim, op.result.type, named, *operands)

    def _number(self, value: Value) -> int:
        """A number per value, the same for equal immediates, in the order in which they are met."""
        if isinstance(value, Const):
            return self.constants.setdefault(value.key(), -1 - len(self.constants))
        return self.number.setdefault(value, len(self.number))


def _children(function: Function) -> dict[Block, list[Block]]:
    """block -> the blocks it immediately dominates, in reverse postorder."""
    dom = dominators(function)
    children: dict[Block, list[Block]] = {}
    for block in dom.order[1:]:
        children.setdefault(dom.idom[block], []).append(block)
    return children
