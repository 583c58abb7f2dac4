"""What a loop only adds to, in an order that does not matter."""

from __future__ import annotations

from ssad.ir.core import Value
from ssad.ir.graph import Loop


def is_sum(param: Value, loop: Loop) -> bool:
    """Whether a loop does nothing with a parameter but add to it, in an order that does not matter."""
    chain = {param}
    grown = True
    while grown:
        grown = False
        for block in loop.blocks:
            for op in block.ops:
                if op.result not in chain and op.name == "add" and chain & set(op.operands):
                    chain.add(op.result)  # type: ignore[arg-type]
                    grown = True
            for edge in block.term.edges:
                for arg, to in zip(edge.args, edge.target.params, strict=True):
                    if arg in chain and to not in chain and edge.target in loop.blocks:
                        chain.add(to)
                        grown = True
    for block in loop.blocks:
        for op in block.ops:
            ours = [v for v in op.operands if v in chain]
            added = op.name == "add" and "reassoc" in op.attrs.get("fp", "")
            if ours and (not added or len(ours) > 1):
                return False
        if chain & set(block.term.operands):
            return False
        for edge in block.term.edges:
            for arg, to in zip(edge.args, edge.target.params, strict=True):
                if edge.target in loop.blocks and (arg in chain) != (to in chain):
                    return False
    own = loop.header.params.index(param)
    others = chain & set(loop.header.params)
    return others == {param} and all(
        edge.args[own] in chain
        for latch in loop.latches
        for edge in latch.term.edges
        if edge.target is loop.header
    )
