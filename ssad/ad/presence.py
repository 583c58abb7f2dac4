"""Which cotangents and tangents are surely there, and which may be a zero that stands for nothing at all.

    t = sqrt(y)                      t.bar = 0.0 if the arm did not run,
    if y > 1.0: s += x / t           and y.bar += t.bar / (2 t) is 0 * inf where y = 0

Where control flow or memory joins a cotangent with the cotangent of what was not used, the zero is written
down, and a slope that is infinite would make it nan. A cotangent is *sure* if on every way from the
definition to the return there is a use that passes one on. Products with the others are `unless_zero`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from ssad.ir.core import Block, Const, Edge, Function, Op, Value
from ssad.ir.primitive import Effect
from ssad.ir.types import Scalar


def is_plain(product: Value, factor: Value) -> bool:
    """Whether `product` is `factor` with another sign or type, or times an immediate: zero where that is."""
    while product is not factor:
        op = product.owner
        if not isinstance(op, Op):
            return False
        if (op.name in ("mul", "div") and isinstance(op.operands[1], Const)) or op.name in ("neg", "cast"):
            product = op.operands[0]
        elif op.name == "mul" and isinstance(op.operands[0], Const):
            product = op.operands[1]
        elif op.name == "select":
            return all(isinstance(v, Const) or is_plain(v, factor) for v in op.operands[1:])
        else:
            return False
    return True


def sure_cotangents(
    blocks: list[Block],
    scalars: Collection[Value],
    uses: Callable[[Op], list[Value]],
    passed: Callable[[Edge], list[tuple[Value, Value]]],
    returned: Iterable[Value],
    *,
    stored: bool,
) -> set[Value]:
    """The results of ops whose cotangents are present on all ways, if `stored` also by way of memory.

    `blocks` are those that lead to the return, definitions before uses; `uses` are the operands that
    reversing an op adds to, `passed` the parameters and arguments of an edge that take part, `returned` the
    values with a seed that is not zero. The greatest solution of the equations, on sets that are bits of a
    number.
    """
    bits: dict[Value, int] = {v: 1 << n for n, v in enumerate(scalars)}
    everything = (1 << len(bits)) - 1
    inside = set(blocks)
    steps = {block: _steps(block, bits, uses, stored) for block in blocks}
    edges = {
        block: [
            (
                edge.target,
                ~_union(bits, edge.target.params),
                [(bits[p], bits[a]) for p, a in passed(edge)],
            )
            for edge in block.term.edges
            if edge.target in inside
        ]
        for block in blocks
    }
    seeded = _union(bits, returned)
    entry = dict.fromkeys(blocks, everything)
    sure = everything
    changed = True
    while changed:
        changed, sure = False, everything
        for block in reversed(blocks):
            present = seeded if block.term.kind == "return" else everything
            for target, others, pairs in edges[block]:
                there = entry[target]
                arriving = there & others
                for param, arg in pairs:
                    if there & param:
                        arriving |= arg
                present &= arriving
            for result, adds in steps[block]:
                if result and not present & result:
                    sure &= ~result
                else:
                    present |= adds
            if present != entry[block]:
                entry[block] = present
                changed = True
    return {v for v, bit in bits.items() if sure & bit}


def _steps(
    block: Block, bits: Mapping[Value, int], uses: Callable[[Op], list[Value]], stored: bool
) -> list[tuple[int, int]]:
    """The ops of a block, last first: the bit of the result, if it has one, and those of what it adds to."""
    steps: list[tuple[int, int]] = []
    for op in reversed(block.ops):
        result = bits.get(op.result, 0) if op.result is not None else 0
        may_add_nothing = (
            op.prim.slopes == "choice" or op.name == "with_slope"
        )  # which may be that of nothing
        adds = 0 if may_add_nothing or not (result or stored) else _union(bits, uses(op))
        if result or adds:
            steps.append((result, adds))
    return steps


def _union(bits: Mapping[Value, int], values: Iterable[Value]) -> int:
    found = 0
    for value in values:
        found |= bits.get(value, 0)
    return found


def sure_tangents(function: Function, varied: Collection[Value], units: Collection[Value]) -> set[Value]:
    """The scalars whose tangents are no zeros of what does not move. `units` move: their tangent is 1."""
    sure = {*units, *(v for v in varied if isinstance(v.type, Scalar))}
    sure.difference_update(v for v in function.params if v not in units)
    arriving: dict[Value, list[Value]] = {}
    for block in function.blocks:
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                if param in sure:
                    arriving.setdefault(param, []).append(arg)
    changed = True
    while changed:
        fallen = {p for p, args in arriving.items() if p in sure and not all(a in sure for a in args)}
        sure -= fallen
        changed = bool(fallen)
        for block in function.blocks:
            for op in block.ops:
                if op.result in sure and not _passes_on(op, sure):
                    sure.discard(op.result)
                    changed = True
    return sure


def _passes_on(op: Op, sure: Collection[Value]) -> bool:
    if op.prim.effects & (Effect.CALLS | Effect.READS):
        return False
    floats = [v for v in op.operands if v.type.is_float]
    return (all if op.prim.slopes == "choice" else any)(v in sure for v in floats)
