"""Bytecode of CPython 3.11 to 3.14 as one canonical instruction set: the only file that knows the Python version.

A table per version says what stack operations each opcode stands for; `decode` reads a code object with it.
The canonical operations work on a stack of objects and nulls:

| operation | argument | meaning |
|---|---|---|
| `const` | object | push it |
| `load` `store` `delete` `load_clear` | name | a local; `load_clear` also unbinds it (inlined comprehension) |
| `load_cell` `store_cell` `delete_cell` `closure` | name | a cell or free variable; `closure` pushes the cell |
| `global` `store_global` | name | a global or builtin |
| `attr` `store_attr` | name | an attribute |
| `null` `pop` `copy` `swap` | - or depth | the stack itself; `null` is what lies beside a callee without self |
| `binary` `unary` `compare` | operator | `+=` is in place; `compare` also `is`, `is not`, `in`, `not in` |
| `subscript` `store_subscript` `slice` | - or count | indexing; `slice` takes 2 or 3 bounds |
| `tuple` `list` `unpack` `extend` `string` | count | displays; `string` joins formatted pieces |
| `unpack_star` | counts | `a, *b, c = t`; names before the star in the low byte, behind it in the next |
| `map` `const_map` | count | a dict from pairs, or from values and a tuple of names |
| `convert` `format` `format_spec` | conversion or - | `!r`; then formatting without or with a specification |
| `call` | (count, names) | callee and self or null below the arguments, the last ones by name |
| `function` | flags | an inner function; flags 1, 2, 4, 8, 16 say what lies below its code |
| `iter` | | an iterator |
| `for_iter` | | two ways: the body, or the exit, where the iterator is gone |
| `next_item` | | first in the body: push the item |
| `jump` `branch` `branch_none` | | `branch` pops and has two ways: true (`branch_none`: it is None), and not |
| `return` `raise` `assertion` | - or count | |
| `refuse` | what | a construct that is not compiled; a key of `refusals.CONSTRUCTS` |
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any, NamedTuple

from ssad.errors import UnsupportedError

Version = tuple[int, int]


class Position(NamedTuple):
    """A span of source text; line counts from 1, columns count UTF-8 bytes from 0, any may be unknown."""

    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


@dataclass(slots=True)
class Instruction:
    """A canonical operation. `targets` and `handler` are numbers of instructions in the decoded list."""

    op: str
    arg: Any
    offset: int
    position: Position
    targets: tuple[int, ...] = ()
    handler: int | None = None


class Raw(NamedTuple):
    """One opcode as the `dis` module of some Python describes it; what a version's table is applied to."""

    name: str
    arg: int | None
    value: Any
    text: str
    offset: int
    position: Position


class Protected(NamedTuple):
    """Offsets [start, end) of code whose exceptions go to the handler at `target`."""

    start: int
    end: int
    target: int


SUPPORTED: tuple[Version, ...] = ((3, 11), (3, 12), (3, 13), (3, 14))

# Each line: opcode, colon, what it stands for. An argument is `value` (the name or object), `arg` (the number),
# `text` (the operator), `first`, `second` (of two names), or is meant literally. `if 1` is about bit 1 of the
# number, `if =5` about the whole number.

_COMMON = """
CACHE: -
RESUME: -
NOP: -
EXTENDED_ARG: -
MAKE_CELL: -
COPY_FREE_VARS: -
PUSH_NULL: null
POP_TOP: pop
SWAP: swap arg
COPY: copy arg
LOAD_CONST: const value
LOAD_FAST: load value
STORE_FAST: store value
DELETE_FAST: delete value
LOAD_DEREF: load_cell value
STORE_DEREF: store_cell value
DELETE_DEREF: delete_cell value
STORE_GLOBAL: store_global value
DELETE_GLOBAL: store_global value
STORE_ATTR: store_attr value
BINARY_OP: binary text
UNARY_NEGATIVE: unary -
UNARY_INVERT: unary ~
UNARY_NOT: unary not
COMPARE_OP: compare value
IS_OP: compare is if =0; compare is_not if =1
CONTAINS_OP: compare in if =0; compare not_in if =1
STORE_SUBSCR: store_subscript
BUILD_SLICE: slice arg
BUILD_TUPLE: tuple arg
BUILD_LIST: list arg
BUILD_MAP: map arg
BUILD_STRING: string arg
LIST_EXTEND: extend arg
UNPACK_SEQUENCE: unpack arg
UNPACK_EX: unpack_star arg
CALL: call arg
GET_ITER: iter
JUMP_FORWARD: jump
JUMP_BACKWARD: jump
JUMP_BACKWARD_NO_INTERRUPT: jump
RETURN_VALUE: return
RAISE_VARARGS: raise arg
BUILD_SET: refuse set
SET_UPDATE: refuse set
DICT_UPDATE: refuse dict
DICT_MERGE: refuse star_call
CALL_FUNCTION_EX: refuse star_call
LIST_APPEND: refuse star_display
LOAD_NAME: refuse class
STORE_NAME: refuse class
DELETE_NAME: refuse class
SETUP_ANNOTATIONS: refuse class
LOAD_BUILD_CLASS: refuse class
IMPORT_NAME: refuse import
IMPORT_FROM: refuse import
DELETE_ATTR: refuse delete
DELETE_SUBSCR: refuse delete
PUSH_EXC_INFO: refuse try
POP_EXCEPT: refuse try
CHECK_EXC_MATCH: refuse try
CHECK_EG_MATCH: refuse try
RERAISE: refuse try
WITH_EXCEPT_START: refuse with
RETURN_GENERATOR: refuse generator
YIELD_VALUE: refuse generator
GET_YIELD_FROM_ITER: refuse generator
SEND: refuse generator
GET_AITER: refuse async
GET_ANEXT: refuse async
GET_AWAITABLE: refuse async
END_ASYNC_FOR: refuse async
SET_ADD: refuse comprehension
MAP_ADD: refuse comprehension
GET_LEN: refuse match
MATCH_MAPPING: refuse match
MATCH_SEQUENCE: refuse match
MATCH_KEYS: refuse match
MATCH_CLASS: refuse match
"""

_TO_312 = """
LOAD_CLOSURE: closure value
LOAD_GLOBAL: null if 1; global value
LOAD_ASSERTION_ERROR: assertion
BINARY_SUBSCR: subscript
KW_NAMES: keywords value
BUILD_CONST_KEY_MAP: const_map arg
MAKE_FUNCTION: function arg
FORMAT_VALUE: swap 2 if 4; convert arg; swap 2 if 4; format_spec if 4; format unless 4
BEFORE_WITH: refuse with
BEFORE_ASYNC_WITH: refuse async
"""

_ONLY_311 = """
PRECALL: -
LOAD_METHOD: attr value; null
LOAD_ATTR: attr value
UNARY_POSITIVE: unary +
FOR_ITER: for_iter 0; next_item
JUMP_IF_TRUE_OR_POP: copy 1; branch true; pop
JUMP_IF_FALSE_OR_POP: copy 1; branch false; pop
POP_JUMP_FORWARD_IF_TRUE: branch true
POP_JUMP_FORWARD_IF_FALSE: branch false
POP_JUMP_FORWARD_IF_NONE: branch_none true
POP_JUMP_FORWARD_IF_NOT_NONE: branch_none false
POP_JUMP_BACKWARD_IF_TRUE: branch true
POP_JUMP_BACKWARD_IF_FALSE: branch false
POP_JUMP_BACKWARD_IF_NONE: branch_none true
POP_JUMP_BACKWARD_IF_NOT_NONE: branch_none false
LIST_TO_TUPLE: refuse star_display
LOAD_CLASSDEREF: refuse class
IMPORT_STAR: refuse import
ASYNC_GEN_WRAP: refuse async
PREP_RERAISE_STAR: refuse try
"""

_FROM_312 = """
LOAD_ATTR: attr value; null if 1
LOAD_FAST_CHECK: load value
LOAD_FAST_AND_CLEAR: load_clear value
FOR_ITER: for_iter 1; next_item
BINARY_SLICE: slice 2; subscript
STORE_SLICE: slice 2; store_subscript
POP_JUMP_IF_TRUE: branch true
POP_JUMP_IF_FALSE: branch false
POP_JUMP_IF_NONE: branch_none true
POP_JUMP_IF_NOT_NONE: branch_none false
CALL_INTRINSIC_1: unary + if =5; refuse star_display if =6; refuse intrinsic unless =5
CALL_INTRINSIC_2: refuse intrinsic
LOAD_SUPER_ATTR: refuse class
LOAD_LOCALS: refuse class
LOAD_FROM_DICT_OR_DEREF: refuse class
LOAD_FROM_DICT_OR_GLOBALS: refuse class
CLEANUP_THROW: refuse generator
END_SEND: refuse generator
"""

_ONLY_312 = """
END_FOR: pop
RETURN_CONST: const value; return
"""

_FROM_313 = """
LOAD_FAST_LOAD_FAST: load first; load second
STORE_FAST_LOAD_FAST: store first; load second
STORE_FAST_STORE_FAST: store first; store second
TO_BOOL: -
LOAD_GLOBAL: global value; null if 1
END_FOR: -
CALL_KW: call_kw arg
MAKE_FUNCTION: function 0
SET_FUNCTION_ATTRIBUTE: function_attribute arg
CONVERT_VALUE: convert arg
FORMAT_SIMPLE: format
FORMAT_WITH_SPEC: format_spec
"""

_ONLY_313 = """
RETURN_CONST: const value; return
LOAD_ASSERTION_ERROR: assertion
BINARY_SUBSCR: subscript
BUILD_CONST_KEY_MAP: const_map arg
BEFORE_WITH: refuse with
BEFORE_ASYNC_WITH: refuse async
"""

_FROM_314 = """
LOAD_SMALL_INT: const arg
LOAD_FAST_BORROW: load value
LOAD_FAST_BORROW_LOAD_FAST_BORROW: load first; load second
LOAD_COMMON_CONSTANT: assertion if =0; refuse generator unless =0
NOT_TAKEN: -
POP_ITER: pop
LOAD_SPECIAL: refuse with
BUILD_TEMPLATE: refuse template
BUILD_INTERPOLATION: refuse template
"""

_PARTS: dict[Version, tuple[str, ...]] = {
    (3, 11): (_COMMON, _TO_312, _ONLY_311),
    (3, 12): (_COMMON, _TO_312, _FROM_312, _ONLY_312),
    (3, 13): (_COMMON, _FROM_312, _FROM_313, _ONLY_313),
    (3, 14): (_COMMON, _FROM_312, _FROM_313, _FROM_314),
}

_WORDS: dict[str, Any] = {"true": True, "false": False, "is_not": "is not", "not_in": "not in"}
_CHOICES: dict[str, Callable[[Raw], Any]] = {
    "value": lambda raw: raw.value,
    "arg": lambda raw: raw.arg,
    "text": lambda raw: raw.text,
    "first": lambda raw: raw.value[0],
    "second": lambda raw: raw.value[1],
}


class Step(NamedTuple):
    """One canonical operation of an opcode's expansion: its name, how to get its argument, and when it applies."""

    op: str
    argument: Callable[[Raw], Any]
    applies: Callable[[int], bool] | None


@cache
def table(version: Version) -> dict[str, tuple[Step, ...]]:
    """What each opcode of that Python version stands for."""
    entries: dict[str, tuple[Step, ...]] = {}
    for line in "".join(_PARTS[version]).split("\n"):
        opcode, _, steps = line.partition(":")
        if steps.strip() == "-":
            entries[opcode] = ()
        elif steps:
            entries[opcode] = tuple(_step(step.split()) for step in steps.split(";"))
    return entries


def _step(words: list[str]) -> Step:
    applies: Callable[[int], bool] | None = None
    if len(words) > 2 and words[-2] in ("if", "unless"):
        wanted, test = words[-2] == "if", words[-1]
        number = int(test.removeprefix("="))
        if test.startswith("="):
            applies = lambda arg: (arg == number) is wanted  # noqa: E731
        else:
            applies = lambda arg: bool(arg & number) is wanted  # noqa: E731
        words = words[:-2]
    word = words[1] if len(words) > 1 else ""
    if word in _CHOICES:
        return Step(words[0], _CHOICES[word], applies)
    literal: Any = _WORDS.get(word, int(word) if word.isdigit() else word or None)
    return Step(words[0], lambda raw: literal, applies)


def decode(code: CodeType) -> list[Instruction]:
    """The canonical instructions of `code`, dead ones included.

    Raises UnsupportedError on a Python whose bytecode is not known.
    """
    version = sys.version_info[:2]
    if version not in SUPPORTED:
        raise UnsupportedError(
            f"the bytecode of Python {version[0]}.{version[1]} is not known to this version of ssad",
            cure="use Python 3.11 to 3.14, or a newer ssad",
        )
    bytecode = dis.Bytecode(code)
    raws = [
        Raw(i.opname, i.arg, _value(i, code), i.argrepr, i.offset, _position(i.positions)) for i in bytecode
    ]
    entries = bytecode.exception_entries  # type: ignore[attr-defined]
    protected = [Protected(e.start, e.end, e.target) for e in entries]
    return translate(raws, protected, {*code.co_cellvars, *code.co_freevars}, version)


def _value(i: dis.Instruction, code: CodeType) -> Any:
    """The argument's meaning; `dis` of 3.11 does not know that KW_NAMES names a constant."""
    return code.co_consts[i.arg] if i.opname == "KW_NAMES" and i.arg is not None else i.argval


def _position(positions: dis.Positions | None) -> Position:
    if positions is None:
        return Position(None, None, None, None)
    return Position(positions.lineno, positions.col_offset, positions.end_lineno, positions.end_col_offset)


def translate(
    raws: Iterable[Raw], protected: Iterable[Protected], cells: set[str], version: Version
) -> list[Instruction]:
    """The canonical instructions of what `dis` says in that version; `cells` are the cell and free variables."""
    expand = table(version)
    out: list[Instruction] = []
    start: dict[int, int] = {}  # offset of an opcode -> number of its first instruction
    for raw in raws:
        start[raw.offset] = len(out)
        steps = expand.get(raw.name)
        if steps is None:
            out.append(Instruction("refuse", ("opcode", raw.name, version), raw.offset, raw.position))
            continue
        for step in steps:
            if step.applies is None or step.applies(raw.arg or 0):
                out.append(Instruction(step.op, step.argument(raw), raw.offset, raw.position))
                if step.op in _JUMPS:
                    out[-1].targets = (raw.value,)
                elif (repair := _REPAIRS.get(step.op)) is not None:
                    repair(out, cells)
    _number_targets(out, start, protected)
    return out


_JUMPS = frozenset(("jump", "branch", "branch_none", "for_iter"))


def _number_targets(out: list[Instruction], start: dict[int, int], protected: Iterable[Protected]) -> None:
    """Turn offsets into instruction numbers and enter the handlers."""
    for number, instruction in enumerate(out):
        if instruction.targets:
            there = start[instruction.targets[0]]
            if instruction.op == "jump":
                instruction.targets = (there,)
            elif instruction.op == "for_iter":
                # from 3.12 on the first thing at the exit is to pop the iterator
                instruction.targets = (number + 1, there + instruction.arg)
                instruction.arg = None
            else:
                instruction.targets = (there, number + 1) if instruction.arg else (number + 1, there)
                instruction.arg = None
    for entry in protected:
        for number in range(start[entry.start], start.get(entry.end, len(out))):
            out[number].handler = start[entry.target]


# Repairs: what depends on more than one opcode. Each looks at the instruction just appended.


def _repair_const(out: list[Instruction], cells: set[str]) -> None:
    """A constant slice is built from its bounds."""
    value = out[-1].arg
    if not isinstance(value, slice):
        return
    bounds = [value.start, value.stop] if value.step is None else [value.start, value.stop, value.step]
    at = out.pop()
    out.extend(Instruction("const", bound, at.offset, at.position) for bound in bounds)
    out.append(Instruction("slice", len(bounds), at.offset, at.position))


def _repair_load(out: list[Instruction], cells: set[str]) -> None:
    """A cell variable loaded like a local is the cell itself, to go into a closure."""
    if out[-1].arg in cells:
        out[-1].op = "closure"


def _repair_binary(out: list[Instruction], cells: set[str]) -> None:
    if out[-1].arg == "[]":
        out[-1].op, out[-1].arg = "subscript", None


def _repair_convert(out: list[Instruction], cells: set[str]) -> None:
    """The conversion is in the low two bits; without one there is nothing to do."""
    conversion = out[-1].arg & 3
    if conversion:
        out[-1].arg = ("", "s", "r", "a")[conversion]
    else:
        out[-1].op, out[-1].arg = "nop", None


def _repair_call(out: list[Instruction], cells: set[str]) -> None:
    """Keyword names precede a call in 3.11 and 3.12."""
    call = out[-1]
    names: tuple[str, ...] = ()
    if len(out) > 1 and out[-2].op == "keywords":
        names = out[-2].arg
        out[-2].op, out[-2].arg = "nop", None
    call.arg = (call.arg, names)


def _repair_call_kw(out: list[Instruction], cells: set[str]) -> None:
    """Keyword names are a constant on top of the stack from 3.13 on."""
    call = out[-1]
    names = out[-2].arg
    out[-2].op, out[-2].arg = "nop", None
    call.op, call.arg = "call", (call.arg, names)


def _repair_function_attribute(out: list[Instruction], cells: set[str]) -> None:
    """From 3.13 on what a function consists of is set afterwards, bottom of the stack last: the same order."""
    flag = out.pop().arg
    out[-1].arg |= flag


_REPAIRS: dict[str, Callable[[list[Instruction], set[str]], None]] = {
    "const": _repair_const,
    "load": _repair_load,
    "binary": _repair_binary,
    "convert": _repair_convert,
    "call": _repair_call,
    "call_kw": _repair_call_kw,
    "function_attribute": _repair_function_attribute,
}
