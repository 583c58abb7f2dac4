"""Structural equality of modules: the same blocks, ops, types, attributes and places, whatever the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ssad.ir.core import Block, Const, Function, Location, Module, Op, Undef, Value


def same_module(a: Module, b: Module) -> bool:
    """Whether the text of `a` and `b` says the same thing. Names of values and blocks do not matter."""
    return difference(a, b) is None


def difference(a: Module, b: Module) -> str | None:
    """The first thing in which two modules differ, None if there is none."""
    if list(a.functions) != list(b.functions):
        return f"functions {list(a.functions)} and {list(b.functions)}"
    for name, function in a.functions.items():
        found = _Comparison(function, b.functions[name]).difference()
        if found is not None:
            return f"@{name}: {found}"
    return None


class _Comparison:
    """Compares two functions by matching values and blocks by position."""

    def __init__(self, a: Function, b: Function) -> None:
        self.a, self.b = a, b
        self.numbers: dict[Value | Block, int] = {}
        for function in (a, b):
            at = 0
            for block in function.blocks:
                results = [op.result for op in block.ops if op.result is not None]
                things: list[Value | Block] = [block, *block.params, *results]
                for thing in things:
                    self.numbers[thing] = at
                    at += 1

    def difference(self) -> str | None:
        a, b = self.a, self.b
        if (
            a.result_types != b.result_types
            or not _same_attrs(a.attrs, b.attrs)
            or not _same_loc(a.loc, b.loc)
        ):
            return "result types, attributes or location of the function"
        if len(a.blocks) != len(b.blocks):
            return f"{len(a.blocks)} and {len(b.blocks)} blocks"
        for n, (x, y) in enumerate(zip(a.blocks, b.blocks, strict=True)):
            found = self._blocks(x, y)
            if found is not None:
                return f"block {n} ({x.name}): {found}"
        return None

    def _blocks(self, x: Block, y: Block) -> str | None:
        if [p.type for p in x.params] != [p.type for p in y.params]:
            return "parameter types"
        if (
            x.sweep != y.sweep
            or not self._same_target(x.reverses, y.reverses)
            or not self._same_mirrors(x, y)
        ):
            return "sweep"
        if len(x.ops) != len(y.ops):
            return f"{len(x.ops)} and {len(y.ops)} ops"
        for n, (p, q) in enumerate(zip(x.ops, y.ops, strict=True)):
            if not self._same_op(p, q):
                return f"op {n}: {p!r} and {q!r}"
        if not self._same_terminator(x, y):
            return f"terminator: {x.term.kind} and {y.term.kind}"
        return None

    def _same_op(self, p: Op, q: Op) -> bool:
        return (
            p.prim is q.prim
            and (p.result and p.result.type) is (q.result and q.result.type)
            and self._same_values(p.operands, q.operands)
            and _same_attrs(p.attrs, q.attrs)
            and _same_loc(p.loc, q.loc)
        )

    def _same_terminator(self, x: Block, y: Block) -> bool:
        p, q = x.term, y.term
        return (
            p.kind == q.kind
            and self._same_values(p.operands, q.operands)
            and len(p.edges) == len(q.edges)
            and all(
                self._same_target(d.target, e.target) and self._same_values(d.args, e.args)
                for d, e in zip(p.edges, q.edges, strict=True)
            )
            and _same_attrs(p.attrs, q.attrs)
            and _same_loc(p.loc, q.loc)
        )

    def _same_mirrors(self, x: Block, y: Block) -> bool:
        if x.mirrors is None or y.mirrors is None:
            return x.mirrors is y.mirrors
        (header, count), (other, number) = x.mirrors, y.mirrors
        return self._same_target(header, other) and self._same_values([count], [number])

    def _same_target(self, x: Block | None, y: Block | None) -> bool:
        return self._number(x) == self._number(y)

    def _same_values(self, xs: Sequence[Value], ys: Sequence[Value]) -> bool:
        return len(xs) == len(ys) and all(map(self._same_value, xs, ys))

    def _same_value(self, x: Value, y: Value) -> bool:
        if isinstance(x, Const) or isinstance(y, Const):
            return isinstance(x, Const) and isinstance(y, Const) and x.key() == y.key()
        if isinstance(x, Undef) or isinstance(y, Undef):
            return isinstance(x, Undef) and isinstance(y, Undef) and x.type is y.type
        return self._number(x) == self._number(y)

    def _number(self, thing: Value | Block | None) -> int:
        """The position of a value or block in its function; -1 for one from elsewhere."""
        return -2 if thing is None else self.numbers.get(thing, -1)


def _same_attrs(a: Mapping[str, object], b: Mapping[str, object]) -> bool:
    return a.keys() == b.keys() and all(_same_attribute(a[key], b[key]) for key in a)


def _same_attribute(x: object, y: object) -> bool:
    """Equality that keeps 1, 1.0 and True, as well as 0.0 and -0.0 apart, and takes nan for nan."""
    if isinstance(x, tuple) and isinstance(y, tuple):
        return len(x) == len(y) and all(map(_same_attribute, x, y))
    if isinstance(x, float) and isinstance(y, float):
        return x.hex() == y.hex()
    return type(x) is type(y) and x == y


def _same_loc(a: Location | None, b: Location | None) -> bool:
    while a is not None and b is not None and a is not b:
        if _span(a) != _span(b):
            return False
        a, b = a.inlined_at, b.inlined_at
    return a is b


def _span(loc: Location) -> tuple[object, ...]:
    return loc.file, loc.function, loc.line, loc.column, loc.end_line, loc.end_column
