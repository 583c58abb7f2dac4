"""Which array values may lead to the same memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ssad.analysis.choices import does
from ssad.analysis.effects import allocates, calls, reads, refers, shares, synchronises, written_by
from ssad.analysis.memo import memoised
from ssad.ir.core import Const, Function, Undef, Value
from ssad.ir.types import List


@dataclass(frozen=True, eq=False)
class AliasClass:
    """Array values that may share memory; values of different classes never do.

    `returned`: the caller gets one of the values. `passed`: a call in the function does.
    """

    members: tuple[Value, ...]
    params: tuple[Value, ...]
    written: bool
    read: bool
    returned: bool
    passed: bool

    @property
    def escapes(self) -> bool:
        """Whether somebody outside the function can see the memory, before or after the call."""
        return bool(self.params) or self.returned or self.passed


@dataclass(frozen=True, eq=False)
class AliasClasses:
    """The alias classes of a function and, for each value that leads to memory, its class."""

    classes: tuple[AliasClass, ...]
    of: Mapping[Value, AliasClass]

    def may_alias(self, a: Value, b: Value) -> bool:
        """Whether two array values may share memory."""
        return self.of[a] is self.of[b]

    def written_after_entry(self, array: Value) -> bool:
        """Whether the function may write memory that `array` leads to."""
        return self.of[array].written

    def is_read_only(self, array: Value) -> bool:
        """Whether no op of the function writes memory that `array` leads to: loads may be repeated."""
        return not self.of[array].written


@memoised
def alias_classes(function: Function, *, exact: bool = False) -> AliasClasses:
    """The alias classes of `function`; all in one where that choice is left out, unless `exact`.

    Arguments are disjoint unless the attribute `overlap` of the function is set. Values are unified with what
    they are made from, whatever the op: views, selections, recalls, tuples, tapes that keep arrays, results
    of calls.
    """
    overlap = function.attrs.get("overlap", False)
    sets = _UnionFind()
    params = [p for p in function.params if refers(p.type)]
    for param in params:
        sets.add(param)
        if overlap:
            sets.unite(params[0], param)
    _unite_with_lists(params, sets)
    written, read, passed, returned = _collect(function, sets)

    if not exact and not does(function, "alias"):
        values = list(sets.parent)
        for value in values:
            sets.unite(values[0], value)

    members: dict[Value, list[Value]] = {}
    for value in sets.parent:
        members.setdefault(sets.find(value), []).append(value)
    found = {sets.find(v) for v in written}, {sets.find(v) for v in read}
    out = {sets.find(v) for v in returned}, {sets.find(v) for v in passed}
    arguments = set(params)
    if any(synchronises(op.prim) for op in function.ops()):
        found[0].update(sets.find(param) for param in params)  # by other threads
    classes: list[AliasClass] = []
    of: dict[Value, AliasClass] = {}
    for root, values in members.items():
        flags = (root in found[0], root in found[1], root in out[0], root in out[1])
        one = AliasClass(tuple(values), tuple(v for v in values if v in arguments), *flags)
        classes.append(one)
        of.update(dict.fromkeys(values, one))
    return AliasClasses(tuple(classes), of)


def _collect(
    function: Function, sets: _UnionFind
) -> tuple[list[Value], list[Value], list[Value], list[Value]]:
    """Unite what may alias; the values through which memory is written, read, passed to calls, returned."""
    written: list[Value] = []
    read: list[Value] = []
    passed: list[Value] = []
    returned: list[Value] = []
    for block in function.blocks:
        for op in block.ops:
            result = op.result
            if result is not None and refers(result.type):
                sets.add(result)
            arrays = [v for v in op.operands if refers(v.type)]
            if not arrays:
                continue
            for array in arrays:
                sets.add(array)
            prim = op.prim
            written.extend(written_by(op))
            if reads(prim):
                read.extend(arrays)
            if calls(prim):
                passed.extend(arrays)
                _unite_with_lists(arrays, sets)
            if calls(prim) and result is not None and not shares(result.type):
                continue
            if result is not None and refers(result.type) and not allocates(prim):
                for array in arrays:
                    sets.unite(array, result)
            elif result is None and _keeps(op.name):
                for array in arrays[1:]:
                    sets.unite(arrays[0], array)
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                if refers(param.type):
                    sets.add(param)
                    sets.add(arg)
                    if not isinstance(arg, Const | Undef):
                        sets.unite(arg, param)
        if block.term.kind == "return":
            returned.extend(v for v in block.term.operands if refers(v.type))
            for value in returned:
                sets.add(value)
    return written, read, passed, returned


def _unite_with_lists(values: list[Value], sets: _UnionFind) -> None:
    """A list that holds references may hold whatever else is there, before or after a call."""
    for value in values:
        if isinstance(value.type, List) and refers(value.type.elem):
            for other in values:
                sets.unite(value, other)


def _keeps(name: str) -> bool:
    """Whether the op puts its array operands into its first one, a tape, a cell or a list."""
    return name in ("tape_set", "cell_set", "list_put", "list_set")


class _UnionFind:
    """Disjoint sets of values; `parent` keeps the order in which values were met."""

    def __init__(self) -> None:
        self.parent: dict[Value, Value] = {}

    def add(self, value: Value) -> None:
        self.parent.setdefault(value, value)

    def find(self, value: Value) -> Value:
        parent = self.parent
        while parent[value] is not value:
            parent[value] = parent[parent[value]]
            value = parent[value]
        return value

    def unite(self, a: Value, b: Value) -> None:
        a, b = self.find(a), self.find(b)
        if a is not b:
            self.parent[b] = a
