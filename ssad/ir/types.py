"""Types of the IR: interned, immutable, compared by identity."""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate
from typing import TypeVar


class Type:
    """A type of the IR; `str(type)` is its text form. Two equal types are the same object."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Type({self.text})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse_type, (self.text,)

    @property
    def is_float(self) -> bool:
        return False

    @property
    def is_integer(self) -> bool:
        return False


class Scalar(Type):
    """A machine number. `kind` is one of f (float), i (signed), u (unsigned), b (bool)."""

    __slots__ = ("bits", "kind")

    def __init__(self, text: str, kind: str, bits: int) -> None:
        super().__init__(text)
        self.kind = kind
        self.bits = bits

    @property
    def is_float(self) -> bool:
        return self.kind == "f"

    @property
    def is_integer(self) -> bool:
        return self.kind in "iu"

    @property
    def bytes(self) -> int:
        return max(1, self.bits // 8)


class Array(Type):
    """A descriptor (pointer, shape, strides) of mutable memory. `layout`: C, F (contiguous) or A (any
    strides).
    """

    __slots__ = ("elem", "layout", "rank")

    def __init__(self, elem: Scalar, rank: int, layout: str) -> None:
        dims = ", ".join("?" * rank)
        super().__init__(f"{elem}[{dims}]" if layout == "A" else f"{elem}[{dims}; {layout}]")
        self.elem = elem
        self.rank = rank
        self.layout = layout


class List(Type):
    """A handle of mutable memory that grows: the elements of a Python list, all of one type: numbers, or
    arrays, lists and cells, which are references.
    """

    __slots__ = ("elem",)

    def __init__(self, elem: Type) -> None:
        super().__init__(f"list<{elem}>")
        self.elem = elem


class Cell(Type):
    """A place for one value that is no scalar, above all an array. No cell reaches differentiation: the pass
    `unbox` makes values of what they hold, or lists of one element.
    """

    __slots__ = ("elem",)

    def __init__(self, elem: Type) -> None:
        super().__init__(f"cell<{elem}>")
        self.elem = elem


REFERENCES = (Array, List, Cell)
"""What leads to mutable memory that the program sees."""


class Tuple(Type):
    """A fixed sequence of values; exists only between a call and the extraction of its results."""

    __slots__ = ("elems",)

    def __init__(self, elems: tuple[Type, ...]) -> None:
        super().__init__(f"tuple<{', '.join(map(str, elems))}>")
        self.elems = elems


class Tape(Type):
    """Kept values of a loop, one record per iteration: a growable stack, or a tape of exact size."""

    __slots__ = ("fields", "growable")

    def __init__(self, fields: tuple[Type, ...], growable: bool) -> None:
        super().__init__(f"{'stack' if growable else 'tape'}<{', '.join(map(str, fields))}>")
        self.fields = fields
        self.growable = growable


_SCALARS = {
    name: Scalar(name, name[0], int(name[1:]))
    for name in ("f64", "f32", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8")
}
F64, F32 = _SCALARS["f64"], _SCALARS["f32"]
I64, I32, I16, I8 = (_SCALARS[n] for n in ("i64", "i32", "i16", "i8"))
U64, U32, U16, U8 = (_SCALARS[n] for n in ("u64", "u32", "u16", "u8"))
BOOL = _SCALARS["bool"] = Scalar("bool", "b", 1)
NONE = Type("none")
RESIDUAL = Type("residual")
"""What the forward sweep of a function leaves for its reverse sweep, where the two are functions of their
own.
"""
OBJECT = Type("object")
"""The type of every value of lifted IR: some Python object, not typed yet."""


def scalar(name: str) -> Scalar:
    """The scalar type called `name`, e.g. `f64`. Raises KeyError for another name."""
    return _SCALARS[name]


def array(elem: Scalar, rank: int, layout: str = "A") -> Array:
    """The array type of that element type, rank and layout (C, F, A). Contiguous of rank 1 is always C."""
    if layout not in "CFA" or len(layout) != 1:
        raise ValueError(f"array layout is C, F or A, not {layout!r}")
    return _array(elem, rank, "C" if layout == "F" and rank <= 1 else layout)


def tuple_of(*elems: Type) -> Tuple:
    """The tuple type of these element types."""
    return _tuple(elems)


def list_of(elem: Type) -> List:
    """The type of growing lists with elements of that type. Raises ValueError where there are none."""
    if not isinstance(elem, Scalar | Array | List | Cell):
        raise ValueError(f"the elements of a list are numbers, arrays, lists or cells, not {elem}")
    return _list(elem)


def cell_of(elem: Type) -> Cell:
    """The type of places for a value of that type."""
    return _cell(elem)


def tape(*fields: Type, growable: bool = False) -> Tape:
    """The tape type whose records have these field types."""
    return _tape(fields, growable)


# A cache tells calls with and without a default argument apart, so it stands behind the functions that fill
# it in; and two threads may miss it at once, so what counts is the one entry of `_INTERNED`.
_INTERNED: dict[str, Type] = {}


@cache
def _array(elem: Scalar, rank: int, layout: str) -> Array:
    return _interned(Array(elem, rank, layout))


@cache
def _tuple(elems: tuple[Type, ...]) -> Tuple:
    return _interned(Tuple(elems))


@cache
def _list(elem: Type) -> List:
    return _interned(List(elem))


@cache
def _cell(elem: Type) -> Cell:
    return _interned(Cell(elem))


@cache
def _tape(fields: tuple[Type, ...], growable: bool) -> Tape:
    return _interned(Tape(fields, growable))


_T = TypeVar("_T", Array, Cell, List, Tuple, Tape)


def _interned(type_: _T) -> _T:
    return _INTERNED.setdefault(type_.text, type_)  # type: ignore[return-value]


def generic(name: str, elems: tuple[Type, ...]) -> Type:
    """The type written `name<elems>`. Raises ValueError where there is none."""
    if name in ("list", "cell"):
        if len(elems) != 1:
            raise ValueError(f"a {name} has one type of elements, not {len(elems)}")
        return list_of(elems[0]) if name == "list" else cell_of(elems[0])
    return tuple_of(*elems) if name == "tuple" else tape(*elems, growable=name == "stack")


_ARRAY = re.compile(r"(\w+)\[\s*([?,\s]*)(?:;\s*([CFA])\s*)?\]$")
_MAX_NESTING = 64
_GENERIC = re.compile(r"(tuple|tape|stack|list|cell)<(.*)>$", re.S)


def parse_type(text: str) -> Type:
    """The type written `text`, the inverse of `str(type)`. Raises ValueError where it is none.

    >>> parse_type("f64[?, ?; C]").rank
    2
    """
    text = text.strip()
    if text in _SCALARS:
        return _SCALARS[text]
    if text == "none":
        return NONE
    if text == "residual":
        return RESIDUAL
    if text == "object":
        return OBJECT
    if (m := _ARRAY.match(text)) and m[1] in _SCALARS:
        rank = m[2].count("?")
        if m[2].replace(" ", "") == ",".join("?" * rank):
            return array(_SCALARS[m[1]], rank, m[3] or "A")
    if (m := _GENERIC.match(text)) and _depth(text) <= _MAX_NESTING:
        elems = tuple(parse_type(part) for part in _split(m[2]))
        return generic(m[1], elems)
    raise ValueError(f"not a type of the IR: {text!r}")


def _depth(text: str) -> int:
    """How deep the brackets `<` of `text` are nested."""
    return max(accumulate((char == "<") - (char == ">") for char in text))


def _split(text: str) -> list[str]:
    """The parts of `text` between its outermost commas."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "<[") - (char in ">]")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    rest = text[start:]
    return [*parts, rest] if rest.strip() else parts
