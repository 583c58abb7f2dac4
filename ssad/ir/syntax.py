"""What the grammar of the text form yields: records of tokens, in which no name is resolved yet."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ssad.ir.core import Const, Undef
from ssad.ir.types import Tape, Tuple, Type, generic, parse_type, scalar

if TYPE_CHECKING:
    from lark import Lark, Token

MAX_NESTING = 32
"""How deep tuples (types and attributes) may be nested."""
MAX_RANK = 64
"""How many axes an array may have; NumPy's limit."""
MAX_DIGITS = 4000
"""How long a decimal integer may be; longer ones are written in hexadecimal (Python's limit is 4300)."""


@cache
def grammar() -> Lark:
    """The LALR parser, built on first use (30 ms)."""
    from pathlib import Path

    from lark import Lark, Transformer

    class Rules(_Rules, Transformer):  # type: ignore[type-arg]
        pass

    text = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start="module", transformer=Rules(visit_tokens=False))


class Problem(Exception):
    """Something wrong at a token; becomes an IRSyntaxError once the file is known."""

    def __init__(self, token: Token, cause: str, cure: str = "") -> None:
        super().__init__(cause)
        self.token = token
        self.cause = cause
        self.cure = cure


class FunctionText(NamedTuple):
    name: Token
    params: list[tuple[Token, Type]]
    results: list[Type]
    attrs: dict[str, Any]
    ref: Token | None
    blocks: list[BlockText]


class LabelText(NamedTuple):
    name: Token
    params: list[tuple[Token, Type]] | None
    sweep: Token | None
    reverses: Token | None
    mirrors: list[Any] | None
    """The block that is mirrored and the value that counts."""


class OpText(NamedTuple):
    result: Token | None
    name: Token
    operands: list[Token | Undef]
    attrs: dict[str, Any]
    type: Type | None
    ref: Token | None


class TerminatorText(NamedTuple):
    kind: Token
    operands: list[Token | Undef]
    edges: list[EdgeText]
    attrs: dict[str, Any]
    ref: Token | None


class EdgeText(NamedTuple):
    target: Token
    args: list[Token | Undef]


class BlockText(NamedTuple):
    label: LabelText
    ops: list[OpText]
    term: TerminatorText


class PlaceText(NamedTuple):
    ref: Token
    file: Token
    span: Token
    function: Token
    at: Token | None


class _Rules:
    """One method per grammar rule; called while parsing, so that no tree is ever built."""

    def module(self, items: list[Any]) -> list[Any]:
        return items

    def function(self, items: list[Any]) -> FunctionText:
        name, params, results, *rest = items
        attrs = rest.pop(0) if type(rest[0]) is dict else {}
        ref = rest.pop(0) if type(rest[0]) is not BlockText else None
        return FunctionText(name, params, results, attrs, ref, rest)

    def params(self, items: list[Any]) -> list[Any]:
        return items

    results = mirrors = params

    def param(self, items: list[Any]) -> tuple[Token, Type]:
        return items[0], items[1]

    def block(self, items: list[Any]) -> BlockText:
        return BlockText(items[0], items[1:-1], items[-1])

    def label(self, items: list[Any]) -> LabelText:
        return LabelText(*items)

    def op_with_result(self, items: list[Any]) -> OpText:
        ref = None if isinstance(items[-1], Type) else items.pop()
        type_ = items.pop()
        attrs = items.pop() if type(items[-1]) is dict else {}
        return OpText(items[0], items[1], items[2:], attrs, type_, ref)

    def op_without_result(self, items: list[Any]) -> OpText:
        ref = _pop_ref(items)
        attrs = items.pop() if type(items[-1]) is dict else {}
        return OpText(None, items[0], items[1:], attrs, None, ref)

    def undef(self, items: list[Any]) -> Undef:
        return Undef(items[0])

    def terminator(self, items: list[Any]) -> TerminatorText:
        ref = _pop_ref(items)
        attrs = items.pop() if type(items[-1]) is dict else {}
        edges = [item for item in items[1:] if type(item) is EdgeText]
        operands = [item for item in items[1:] if type(item) is not EdgeText]
        return TerminatorText(items[0], operands, edges, attrs, ref)

    def edge(self, items: list[Any]) -> EdgeText:
        return EdgeText(items[0], items[1:])

    def attrs(self, items: list[tuple[Token, Any]]) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        for key, value in items:
            if key in attrs:
                raise Problem(key, f"attribute {key} is given twice")
            attrs[str(key)] = value
        return attrs

    def attr(self, items: list[Any]) -> tuple[Token, Any]:
        return items[0], items[1]

    def text(self, items: list[Token]) -> str:
        return unquoted(items[0], items[0])

    def number(self, items: list[Token]) -> int | float:
        value, type_ = number(items[0])
        if type_:
            raise Problem(
                items[0], "the number in an attribute has no type", "leave out what follows the colon"
            )
        return value

    def truth(self, items: list[Token]) -> bool:
        return items[0] == "true"

    def none(self, items: list[Token]) -> None:
        return None

    def sequence(self, items: list[Any]) -> tuple[Any, ...]:
        opening, *values = items
        if _depth(values) >= MAX_NESTING:
            raise Problem(opening, f"tuples nested deeper than {MAX_NESTING}")
        return tuple(values)

    def type(self, items: list[Any]) -> Type:
        first, *parts = items
        if first.type == "TYPE":
            if first.count("?") > MAX_RANK:
                raise Problem(first, f"an array of more than {MAX_RANK} axes")
            try:
                return parse_type(first)
            except ValueError:
                raise Problem(
                    first, f"{clipped(first)} is not a type", "arrays: f64[?], f64[?, ?; C]"
                ) from None
        if max(map(_type_depth, parts), default=0) >= MAX_NESTING:
            raise Problem(first, f"types nested deeper than {MAX_NESTING}")
        try:
            return generic(first.removesuffix("<"), tuple(parts))
        except ValueError as error:
            raise Problem(first, str(error)) from None

    def place(self, items: list[Any]) -> PlaceText:
        return PlaceText(*items)


# Tokens


def key(token: Token) -> str:
    """What a name is known by; a quoted name and a plain one may be the same."""
    return str(token) if token[1] != '"' else token[0] + bare(token)


def bare(token: Token) -> str:
    """The name behind `%`, `^` or `@`."""
    return token[1:] if token[1] != '"' else unquoted(token[1:], token)


_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.S)
_PLAIN = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def unquoted(text: str, token: Token) -> str:
    """What the string `text`, quotes included, stands for."""

    def decode(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code is not None and int(code, 16) < 0x110000:
            return chr(int(code, 16))
        if match[4] in _PLAIN:
            return _PLAIN[match[4]]
        raise Problem(token, f"no such escape: {match[0]}", r"escapes: \n \t \" \\ \x1b \u2028 \U0001f600")

    inside = text[1:-1]
    return _ESCAPE.sub(decode, inside) if "\\" in inside else str(inside)


def immediate(token: Token) -> Const:
    """The operand that a NUMBER or TRUTH stands for."""
    if token.type == "TRUTH":
        return Const(scalar("bool"), token == "true")
    value, name = number(token)
    if not name:
        return Const(scalar("f64" if isinstance(value, float) else "i64"), value)
    type_ = scalar(name)
    if type_.is_float:
        return Const(type_, float(value))
    if isinstance(value, float) or name == "bool":
        raise Problem(token, f"{clipped(token)}: not a number of type {name}")
    return Const(type_, value)


def number(token: Token) -> tuple[int | float, str]:
    """The value of a NUMBER and the name of the type written behind it."""
    text, _, type_ = token.partition(":")
    digits = text.lstrip("-")
    if digits.startswith("0x"):
        return int(text, 16), type_
    if digits.isdecimal():
        if len(digits) > MAX_DIGITS:
            raise Problem(
                token, f"integer of more than {MAX_DIGITS} digits", "write it in hexadecimal: 0x..."
            )
        return int(text), type_
    value = float(text)
    if math.isinf(value) and not text.endswith("inf"):
        raise Problem(token, f"{clipped(text)} is too large for a float", "write inf")
    return value, type_


def clipped(text: str) -> str:
    """`text` as messages show it: on one line, not too long, nothing that acts on a terminal."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:40])
    return f"`{shown}{'...' if len(text) > 40 else ''}`"


def suggestion(name: str, known: Iterable[str]) -> str:
    """The cure for a mistyped name."""
    close = difflib.get_close_matches(name[:40], known, 3)
    return f"did you mean {' or '.join(close)}?" if close else ""


def _pop_ref(items: list[Any]) -> Token | None:
    return items.pop() if getattr(items[-1], "type", None) == "REF" else None


def _depth(values: Iterable[object]) -> int:
    """How deep the tuples in `values` are nested, which is never more than MAX_NESTING."""
    return max((1 + _depth(v) for v in values if isinstance(v, tuple)), default=0)


def _type_depth(type_: Type) -> int:
    parts = type_.elems if isinstance(type_, Tuple) else type_.fields if isinstance(type_, Tape) else ()
    return 1 + max(map(_type_depth, parts)) if parts else 0
