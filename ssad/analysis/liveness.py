"""Which values are still needed where control passes from block to block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ssad.analysis.dataflow import solve
from ssad.analysis.memo import memoised
from ssad.ir.core import Block, Const, Function, Undef, Value
from ssad.ir.graph import reverse_postorder


@dataclass(frozen=True)
class Liveness:
    """Values needed later, in order of definition, for the reachable blocks.

    A block defines its parameters at its start: they are in neither its own `live_in` nor its predecessors'
    `live_out`. Arguments of edges are used at the end of the source, before `live_out`.
    """

    live_in: Mapping[Block, dict[Value, None]]
    live_out: Mapping[Block, dict[Value, None]]


@memoised
def liveness(function: Function) -> Liveness:
    """Live values at the start and end of every reachable block."""
    order = reverse_postorder(function)
    values: list[Value] = []
    for block in order:
        values.extend(block.params)
        values.extend([op.result for op in block.ops if op.result is not None])
    number = {value: n for n, value in enumerate(values)}
    needs: dict[Block, int] = {}
    keeps: dict[Block, int] = {}
    for block in order:
        used = {v for v in uses(block) if not isinstance(v, Const | Undef)}
        own = [*block.params, *(op.result for op in block.ops if op.result is not None)]
        used.difference_update(own)
        needs[block] = _bits(number[v] for v in used)
        keeps[block] = ~_bits(number[v] for v in own)

    # sets of values are the bits of one integer: values defined in one block have neighbouring numbers
    start, end = solve(
        function,
        forward=False,
        init=0,
        merge=int.__or__,
        transfer=lambda block, out: needs[block] | (out & keeps[block]),
    )
    return Liveness(
        {block: _decode(start[block], values) for block in order},
        {block: _decode(end[block], values) for block in order},
    )


def uses(block: Block) -> list[Value]:
    """Every operand in `block`: of its ops, its terminator, its edges, and the counter of a mirrored loop."""
    found: list[Value] = []
    for op in block.ops:
        found.extend(op.operands)
    found.extend(block.term.operands)
    for edge in block.term.edges:
        found.extend(edge.args)
    if block.mirrors is not None:
        found.append(block.mirrors[1])
    return found


def _bits(numbers: Iterable[int]) -> int:
    mask = 0
    for n in numbers:
        mask |= 1 << n
    return mask


def _decode(mask: int, values: list[Value]) -> dict[Value, None]:
    found: dict[Value, None] = {}
    while mask:
        lowest = mask & -mask
        found[values[lowest.bit_length() - 1]] = None
        mask ^= lowest
    return found
