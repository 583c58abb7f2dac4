"""From the text form of docs/ir.md back to a module. Nothing in the text is executed, imported or opened.

The parser knows names and shapes only; whether the result means anything is the verifier's business. The
primitives have to be registered before (`import ssad.primitives`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ssad.errors import IRSyntaxError
from ssad.ir.core import Block, Edge, Function, Location, Module, Op, Terminator, Undef, Value
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.syntax import (
    BlockText,
    FunctionText,
    PlaceText,
    Problem,
    bare,
    clipped,
    grammar,
    immediate,
    key,
    suggestion,
    unquoted,
)

if TYPE_CHECKING:
    from lark import Token

MAX_INLINING = 500
"""How many calls deep a location may have been inlined."""


@dataclass(slots=True)
class TextPlace:
    """A span of IR text; `source` is its line."""

    file: str
    line: int
    column: int | None
    end_line: int | None
    end_column: int | None
    source: str
    function: str = ""


def parse_module(text: str, file: str = "<text>") -> Module:
    """The module written in `text`; `file` is what errors call it. Raises IRSyntaxError."""
    return parse_with_lines(text, file)[0]


def parse_with_lines(text: str, file: str = "<text>") -> tuple[Module, dict[object, int]]:
    """The module, and for each function, block, op and terminator the line (from 1) that it is written on."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        items = grammar().parse(text if text.endswith("\n") else text + "\n")
        reader = _Reader()
        return reader.module(items), reader.lines  # type: ignore[arg-type]
    except Problem as problem:
        place = _place_of(problem.token, text, file)
        raise IRSyntaxError(problem.cause, place, problem.cure) from None
    except UnexpectedToken as error:
        found = _WORDS.get(error.token.type) if error.token.type in ("_NL", "$END") else clipped(error.token)
        place = _place_of(error.token, text, file)
        raise IRSyntaxError(f"expected {_acceptable(error.state)}, found {found}", place) from None
    except UnexpectedCharacters as error:
        place = _place(text, file, error.line, error.column, 1)
        cause = f"expected {_acceptable(error.state)}, found {clipped(error.char)}"
        raise IRSyntaxError(cause, place) from None


_WORDS = {
    "VALUE": "a value (%name)",
    "BLOCK": "a block (^name)",
    "FUNCTION": "a function (@name)",
    "REF": "a location (@L1)",
    "NAME": "a name",
    "SWEEP": "fwd, rev",
    "TRUTH": "true, false",
    "NONE": "none",
    "NUMBER": "a number",
    "STRING": "a string",
    "TYPE": "a type",
    "GENERIC": "tuple<, tape<, stack<, list<, cell<",
    "SPAN": "a span (:3:4-3:9)",
    "_OPEN": "`{`",
    "_CLOSE": "`}`",
    "_NL": "the end of the line",
    "$END": "the end of the text",
}


def _acceptable(state: Any) -> str:
    """What could stand where the parser stopped.

    An LALR state alone allows tokens on which a reduction or two later it would fail, so each one is tried.
    """
    from lark.parsers.lalr_analysis import Shift

    literals = {t.name: f"`{t.pattern.value}`" for t in grammar().terminals}
    table = state.parse_conf.parse_table.states
    words = []
    for name in table[state.state_stack[-1]]:
        stack = list(state.state_stack)
        step = table[stack[-1]].get(name) if name.isupper() else None
        while step is not None and step[0] is not Shift:
            rule = step[1]
            del stack[len(stack) - len(rule.expansion) :]
            stack.append(table[stack[-1]][rule.origin.name][1])
            step = table[stack[-1]].get(name)
        if step is not None or (name == "$END" and stack[-1] == state.parse_conf.end_state):
            words.append(_WORDS.get(name) or literals.get(name, name))
    words.sort()
    return f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else "".join(words)


def line_place(file: str, line: int) -> TextPlace:
    """The place of a whole line (from 1) of IR text, not to be shown itself."""
    return TextPlace(file, line, None, None, None, "")


def _place_of(token: Token, text: str, file: str) -> TextPlace:
    if token.type == "$END":
        return _place(text, file, text.rstrip("\n").count("\n") + 1, None, 1)
    return _place(text, file, token.line or 1, token.column or 1, len(token))


def _place(text: str, file: str, line: int, column: int | None, width: int) -> TextPlace:
    """The place of `width` characters from `column` (from 1) of a line; places count bytes from 0."""
    lines = text.split("\n", line)
    source = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    if column is None:
        return TextPlace(file, line, None, None, None, source)
    start = _bytes(source[: column - 1])
    return TextPlace(file, line, start, line, start + _bytes(source[column - 1 : column - 1 + width]), source)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _line_column(text: str) -> tuple[int | None, int | None]:
    """The two numbers of `3:4`, either of which may be missing."""
    line, _, column = text.partition(":")
    return int(line) if line and line != "?" else None, int(column) if column else None


class _Reader:
    """Resolves the names in what the grammar yielded."""

    def __init__(self) -> None:
        self.lines: dict[object, int] = {}
        self._places: dict[str, tuple[Location, int]] = {}

    def module(self, items: list[FunctionText | PlaceText]) -> Module:
        for item in items:
            if type(item) is PlaceText:
                self._place(item)
        module = Module()
        for item in items:
            if type(item) is not FunctionText:
                continue
            function = self._function(item)
            if function.name in module.functions:
                raise Problem(item.name, f"function {clipped(item.name)} is defined twice")
            module.functions[function.name] = function
        return module

    def _place(self, item: PlaceText) -> None:
        if item.ref in self._places:
            raise Problem(item.ref, f"location {item.ref} is defined twice")
        outer, depth = None, 0
        if item.at is not None:
            if item.at not in self._places:
                raise Problem(item.at, f"location {item.at} is not defined above this line")
            outer, depth = self._places[item.at]
        if depth >= MAX_INLINING:
            raise Problem(item.ref, f"location inlined through more than {MAX_INLINING} calls")
        start, _, end = item.span[1:].partition("-")
        line, column = _line_column(start)
        end_line, end_column = _line_column(end)
        name = item.function
        function = unquoted(name, name) if name.type == "STRING" else str(name)
        file = unquoted(item.file, item.file)
        loc = Location(file, function, line or 0, column, end_line, end_column, outer)
        self._places[str(item.ref)] = loc, depth + 1

    def _loc(self, ref: Token | None) -> Location | None:
        if ref is None:
            return None
        found = self._places.get(ref)
        if found is None:
            raise Problem(
                ref, f"location {ref} is not defined", f'add a line such as: loc {ref} = "f.py":1 in f'
            )
        return found[0]

    def _function(self, text: FunctionText) -> Function:
        function = Function(bare(text.name), self._loc(text.ref))
        function.attrs = text.attrs
        function.result_types = text.results
        self.lines[function] = text.name.line or 0
        names = _Scope()
        for name, type_ in text.params:
            names.define(name, Value(type_, bare(name)))
        for item in text.blocks:
            function.blocks.append(self._block(item, names))
        entry = function.entry
        entry.params = [names.values[key(name)] for name, _ in text.params]
        for param in entry.params:
            param.owner = entry
        if text.blocks[0].label.params:
            raise Problem(text.blocks[0].label.name, "the parameters of the entry are those of the function")
        for item, block in zip(text.blocks, function.blocks, strict=True):
            self._fill(item, block, names)
        return function

    def _block(self, text: BlockText, names: _Scope) -> Block:
        """A block with its parameters and its ops, which have no operands yet."""
        label = text.label
        block = Block(bare(label.name))
        names.define_block(label.name, block)
        self.lines[block] = label.name.line or 0
        block.sweep = str(label.sweep or "")
        for name, type_ in label.params or ():
            param = Value(type_, bare(name), block)
            names.define(name, param)
            block.params.append(param)
        for item in text.ops:
            prim = PRIMITIVES.get(item.name)
            if prim is None:
                raise Problem(
                    item.name, f"no primitive called {clipped(item.name)}", suggestion(item.name, PRIMITIVES)
                )
            result = item.result
            hint = "" if result is None else bare(result)
            op = Op(prim, [], item.attrs, item.type, self._loc(item.ref), hint)
            if result is not None:
                assert op.result is not None
                names.define(result, op.result)
            self.lines[op] = item.name.line or 0
            block.ops.append(op)
        return block

    def _fill(self, text: BlockText, block: Block, names: _Scope) -> None:
        """Give the ops of `block` their operands, and the block its terminator."""
        operand = names.operand
        for item, op in zip(text.ops, block.ops, strict=True):
            op.operands = [operand(o) for o in item.operands]
        term = text.term
        edges = [Edge(names.block(e.target), [operand(a) for a in e.args]) for e in term.edges]
        operands = [operand(o) for o in term.operands]
        block.term = Terminator(str(term.kind), operands, edges, term.attrs, self._loc(term.ref))
        self.lines[block.term] = term.kind.line or 0
        label = text.label
        if label.reverses is not None:
            block.reverses = names.block(label.reverses)
        if label.mirrors is not None:
            header, count = label.mirrors
            block.mirrors = names.block(header), operand(count)


class _Scope:
    """The values and blocks of one function by name."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self._blocks: dict[str, Block] = {}

    def define(self, name: Token, value: Value) -> None:
        known = self.values.setdefault(key(name), value)
        if known is not value:
            raise Problem(name, f"value {clipped(name)} is defined twice")

    def define_block(self, name: Token, block: Block) -> None:
        known = self._blocks.setdefault(key(name), block)
        if known is not block:
            raise Problem(name, f"block {clipped(name)} is defined twice")

    def operand(self, text: Token | Undef) -> Value:
        if type(text) is Undef:
            return text
        assert not isinstance(text, Value)
        if text.type != "VALUE":
            return immediate(text)
        value = self.values.get(key(text))
        if value is None:
            raise Problem(text, f"value {clipped(text)} is not defined in this function")
        return value

    def block(self, name: Token) -> Block:
        block = self._blocks.get(key(name))
        if block is None:
            raise Problem(name, f"block {clipped(name)} is not defined in this function")
        return block
