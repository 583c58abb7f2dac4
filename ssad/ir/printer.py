"""The IR as text, in the form of docs/ir.md: equal modules print equally, and what is printed parses back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ssad.ir.core import Block, Const, Edge, Function, Location, Module, Op, Terminator, Undef, Value

_IDENTIFIER = re.compile(r"[^\W\d][\w.]*")
_NUMBERED = re.compile(r"(.*)\.\d+", re.S)
_LONG_INTEGER_BITS = 4096
"""Longer integers are written in hexadecimal: Python refuses to turn very long decimals into integers."""


def print_module(module: Module, *, locations: bool = True) -> str:
    """`module` as text, functions in order, the location table behind them."""
    return _print(module.functions.values(), locations)


def print_function(function: Function, *, locations: bool = True) -> str:
    """One function as text, with the part of the location table that it needs."""
    return _print([function], locations)


def describe_op(op: Op | Terminator) -> str:
    """`op` on one line, values called by their hints alone: for messages, not for parsing."""
    names = _Names(lambda value: "%" + _name(value.name or "_"))
    if isinstance(op, Op):
        return _op_text(op, names)
    return _terminator_text(op, names, lambda block: "^" + _name(block.name or "_"))


def numbered_lines(function: Function) -> tuple[list[str], dict[object, int]]:
    """The lines of `function` without locations, and where in them each block, op and terminator stands."""
    out: list[str] = []
    _function_lines(function, out, _no_location)
    where: dict[object, int] = {function: 0}
    line = 1
    for block in function.blocks:
        where[block] = line
        line += 1
        for op in block.ops:
            where[op] = line
            line += 1
        where[block.term] = line
        line += 1
    return out, where


def quoted(text: str) -> str:
    """`text` as a string of the text form: nothing in it can act on a terminal or break a line."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in text) + '"'


def attribute_text(value: object) -> str:
    """The value of an attribute; what has no spelling is marked by `!` and does not parse."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        value = int(value)
        return str(value) if value.bit_length() <= _LONG_INTEGER_BITS else hex(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(attribute_text, value))})"
    return "!" + quoted(repr(value))


def immediate_text(value: Value) -> str:
    """An operand that is written where it is used."""
    if isinstance(value, Undef):
        return f"undef:{value.type}"
    assert isinstance(value, Const)
    kind = value.type.text
    if kind == "bool" and isinstance(value.value, bool):
        return "true" if value.value else "false"
    text = attribute_text(value.value)
    plain = (kind == "i64" and type(value.value) is int) or (kind == "f64" and type(value.value) is float)
    return text if plain else f"{text}:{kind}"


class _Names(dict[Value, str]):
    """Value -> its text; immediates and values from elsewhere are spelled by `missing` when first met."""

    def __init__(self, missing: Callable[[Value], str]) -> None:
        super().__init__()
        self._spell = missing

    def __missing__(self, value: Value) -> str:
        immediate = isinstance(value, (Const, Undef))
        text = self[value] = immediate_text(value) if immediate else self._spell(value)
        return text


class _Unique:
    """Hands out names: a hint as it is while it is free, else with the next free number behind its stem."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def __call__(self, hint: str) -> str:
        if hint not in self._taken:
            self._taken.add(hint)
            return hint
        match = _NUMBERED.fullmatch(hint)
        stem = match[1] if match else hint
        number = self._last.get(stem, 0)
        while True:
            number += 1
            name = f"{stem}.{number}"
            if name not in self._taken:
                break
        self._last[stem] = number
        self._taken.add(name)
        return name


class _Locations:
    """Numbers locations in order of first use, each one behind the place that it was inlined at."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._refs: dict[int, str] = {}
        self._table: dict[str, str] = {}

    def __call__(self, loc: Location | None) -> str:
        """The reference that goes behind an op, with the blank before it."""
        if loc is None:
            return ""
        ref = self._refs.get(id(loc))
        return ref if ref is not None else self._number(loc)

    def _number(self, loc: Location) -> str:
        chain: list[Location] = []
        at: Location | None = loc
        while at is not None and id(at) not in self._refs:
            chain.append(at)
            at = at.inlined_at
        outer = self._refs[id(at)] if at is not None else ""
        for place in reversed(chain):
            text = f"{quoted(place.file)}{_span(place)} in {_name(place.function)}{outer and ' at' + outer}"
            ref = self._table.get(text)
            if ref is None:
                ref = self._table[text] = f" @L{len(self.lines) + 1}"
                self.lines.append(f"loc{ref} = {text}")
            outer = self._refs[id(place)] = ref
        return outer


def _no_location(loc: Location | None) -> str:
    return ""


def _print(functions: Iterable[Function], locations: bool) -> str:
    out: list[str] = []
    table = _Locations()
    for function in functions:
        if out:
            out.append("")
        _function_lines(function, out, table if locations else _no_location)
    out += table.lines
    return "\n".join(out) + "\n" if out else ""


def _function_lines(function: Function, out: list[str], location: Callable[[Location | None], str]) -> None:
    names, blocks = _all_names(function)

    def target(block: Block) -> str:
        return blocks.get(block) or "^" + quoted("undefined " + block.name)

    params = function.params if function.blocks else []
    attrs = f" {_attributes(function.attrs)}" if function.attrs else ""
    out.append(
        f"func @{_name(function.name)}({_params(params, names)}) -> {_results(function)}"
        f"{attrs}{location(function.loc)} {{"
    )
    for block in function.blocks:
        inside = _params(block.params, names) if block is not function.entry else ""
        label = f"{blocks[block]}({inside})" if inside else blocks[block]
        if block.sweep:
            label += f" {block.sweep}"
        if block.reverses is not None:
            label += f" of {target(block.reverses)}"
        if block.mirrors is not None:
            label += f" mirrors {target(block.mirrors[0])} at {names[block.mirrors[1]]}"
        out.append(label + ":")
        for op in block.ops:
            out.append(f"  {_op_text(op, names)}{location(op.loc)}")
        out.append(f"  {_terminator_text(block.term, names, target)}{location(block.term.loc)}")
    out.append("}")


def _all_names(function: Function) -> tuple[_Names, dict[Block, str]]:
    """What every value and block of `function` is called; all before printing, since uses may come first."""
    names = _Names(lambda value: "%" + quoted("undefined " + value.name))
    blocks: dict[Block, str] = {}
    unique, unique_block = _Unique(), _Unique()
    for block in function.blocks:
        blocks[block] = "^" + _name(unique_block(block.name or "block"))
        for param in block.params:
            names[param] = "%" + _name(unique(param.name or "arg"))
        for op in block.ops:
            result = op.result
            if result is not None:
                names[result] = "%" + _name(unique(result.name or op.prim.name.rpartition(".")[2]))
    return names, blocks


def _op_text(op: Op, names: _Names) -> str:
    text = op.prim.name
    if op.operands:
        text += " " + ", ".join([names[v] for v in op.operands])
    if op.attrs:
        text += " " + _attributes(op.attrs)
    result = op.result
    return text if result is None else f"{names[result]} = {text} : {result.type.text}"


def _terminator_text(term: Terminator, names: _Names, target: Callable[[Block], str]) -> str:
    parts = [names[v] for v in term.operands] + [_edge_text(edge, names, target) for edge in term.edges]
    text = f"{term.kind} {', '.join(parts)}" if parts else term.kind
    return f"{text} {_attributes(term.attrs)}" if term.attrs else text


def _edge_text(edge: Edge, names: _Names, target: Callable[[Block], str]) -> str:
    args = ", ".join([names[v] for v in edge.args])
    return f"{target(edge.target)}({args})" if args else target(edge.target)


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "{" + ", ".join([f"{_name(key)} = {attribute_text(attrs[key])}" for key in sorted(attrs)]) + "}"


def _params(params: Sequence[Value], names: Mapping[Value, str]) -> str:
    return ", ".join([f"{names[p]}: {p.type.text}" for p in params])


def _results(function: Function) -> str:
    types = [t.text for t in function.result_types]
    return types[0] if len(types) == 1 else f"({', '.join(types)})"


def _name(name: str) -> str:
    """`name` as it stands behind `%`, `^`, `@` or `in`: quoted unless it is an identifier with dots."""
    return name if _IDENTIFIER.fullmatch(name) else quoted(name)


def _span(loc: Location) -> str:
    """`:2:4-3:20`: line, column, end line, end column, as far as they are known."""
    text = f":{loc.line}" if loc.column is None else f":{loc.line}:{loc.column}"
    if loc.end_line is None and loc.end_column is None:
        return text
    end = "?" if loc.end_line is None else str(loc.end_line)
    return f"{text}-{end}" if loc.end_column is None else f"{text}-{end}:{loc.end_column}"


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char in "\n\t":
        return {"\n": "\\n", "\t": "\\t"}[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
