"""Loops that go over the same elements, one after the other and equally often, become one.

    ^rev.1(%at): ...                                   ^rev.1(%at): ...
      accumulate %y.bar, %k, %v                          accumulate %y.bar, %k, %v
    ^rev(%at): ...                              ->       %b = load %y.bar, %k
      %b = load %y.bar, %k; store %y.bar, %k, 0.0        store %y.bar, %k, 0.0
      accumulate %x.bar, %k, %b                          accumulate %x.bar, %k, %b

The reverse sweeps of loops that hand an array from one to the next are such: what the one adds to an element,
the other one takes from there. In one loop it goes from hand to hand.

What one of the loops writes, the other one may touch only at the place that the iteration stands for: in one
axis the index is the counter plus the same constant everywhere; or both do nothing but add to it. Not where
one of them adds up in the order of the program: the other one would no longer be made vectors of. Nothing
that raises may come to stand before or behind what somebody could see.

Source: Kennedy and McKinley 1993, "Maximizing loop parallelism and improving data locality via loop fusion
and distribution".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ssad.analysis.alias import AliasClass, alias_classes
from ssad.analysis.effects import calls, must_stay, refers, synchronises, tapes, written_by
from ssad.analysis.induction import linear
from ssad.analysis.sums import is_sum
from ssad.ir.core import Block, Function, Module, Op, Value
from ssad.ir.graph import Loop
from ssad.passes.fuse import Pair, forget_tapes, fuse, is_apart, pairs
from ssad.passes.manager import function_pass, repeated

_ELEMENTWISE = {"load": 0, "store": 1, "accumulate": 1, "tape_get": 0, "tape_set": 1}
"""Ops on one element or record, with how many operands stand behind its indices; of records any number do."""


@function_pass("join_loops", "make one loop of two that go over the same elements")
def run(function: Function, module: Module) -> bool:
    return repeated(lambda: _one(function))


def _one(function: Function) -> bool:
    for pair in pairs(function, turning=False):
        if _may_join(function, pair):
            fuse(function, pair)
            function.touch()
            forget_tapes(function, pair)
            return True
    return False


def _may_join(function: Function, pair: Pair) -> bool:
    one, two = pair.forward, pair.backward
    if len(one.children) != len(two.children) or len(one.children) > 1:
        return False
    first, second = _ops(list(one.blocks)), _ops(list(two.blocks))
    between = _ops(pair.between)
    if any(calls(op.prim) or synchronises(op.prim) for op in (*first, *between, *second)):
        return False
    if any(tapes(op.prim) and op.name not in _ELEMENTWISE for op in (*first, *second)):
        return False
    of = alias_classes(function).of
    raises = len(one.exits()) > 1 or any(must_stay(op.prim) for op in (*first, *between))
    if any(must_stay(op.prim) for op in second):
        return False
    if raises and any(of[v].escapes for op in second for v in written_by(op)):
        return False
    if not (_is_unordered(one) and _is_unordered(two)) or not is_apart(function, pair):
        return False
    return _meet_at_their_place(pair, of, first, between, second)


def _ops(blocks: Sequence[Block]) -> list[Op]:
    return [op for block in blocks for op in block.ops]


def _is_unordered(loop: Loop) -> bool:
    """Whether all floats that the loop carries are sums in any order."""
    return all(is_sum(param, loop) for param in loop.header.params if param.type.is_float)


def _meet_at_their_place(
    pair: Pair, of: Mapping[Value, AliasClass], first: list[Op], between: list[Op], second: list[Op]
) -> bool:
    """Whether both loops touch something, and what is written by the same iteration of each."""
    touched = [_touched(ops, of) for ops in (first, between, second)]
    common = touched[0].keys() & touched[2].keys()
    for one in touched[2].keys() & {*touched[0], *touched[1]}:
        everything = [op for part in touched for op in part.get(one, ())]
        if not any(of[v] is one for op in everything for v in written_by(op)):
            continue
        if one in touched[1]:
            return False
        if all(op.name == "accumulate" for op in everything):
            continue
        places = [(op, pair.counter) for op in touched[0][one]] + [(op, pair.at) for op in touched[2][one]]
        if any(op.name not in _ELEMENTWISE for op, _ in places):
            return False
        if len({op.operands[0] for op, _ in places}) > 1:
            return False
        if not set.intersection(*(_axes(op, counter) for op, counter in places)):
            return False
    return bool(common)


def _touched(ops: list[Op], of: Mapping[Value, AliasClass]) -> dict[AliasClass, list[Op]]:
    """What ops read or write, with the ops."""
    found: dict[AliasClass, list[Op]] = {}
    for op in ops:
        if op.name != "dim":
            for one in dict.fromkeys(of[v] for v in op.operands if refers(v.type)):
                found.setdefault(one, []).append(op)
    return found


def _axes(op: Op, counter: Value) -> set[tuple[int, int]]:
    """The axes along which an op's element goes with the counter, each with how far it is ahead."""
    index = op.operands[1:2] if tapes(op.prim) else op.operands[1 : len(op.operands) - _ELEMENTWISE[op.name]]
    found = [(axis, linear(i)) for axis, i in enumerate(index)]
    return {(axis, offset) for axis, (base, offset) in found if base is counter}
