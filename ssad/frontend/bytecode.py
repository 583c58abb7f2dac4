"""Bytecode of CPython 3.11 to 3.14 as one instruction set: the only file that knows the Python version.

A table per version says what canonical instructions each opcode stands for (`instruction.py` lists them);
`decode` reads a code object with it.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from functools import cache
from types import CodeType
from typing import Any, NamedTuple

from ssad.errors import UnsupportedError
from ssad.frontend.comprehensions import inline
from ssad.frontend.instruction import Handler, Instruction, Position
from ssad.frontend.repairs import REPAIRS

Version = tuple[int, int]


class Raw(NamedTuple):
    """One opcode as the `dis` module of some Python describes it; what a version's table is applied to."""

    name: str
    arg: int | None
    value: Any
    text: str
    offset: int
    position: Position


class Protected(NamedTuple):
    """Offsets [start, end) of code whose exceptions go to the handler at `target`, which finds the stack cut
    to `depth`, then the place of the failing instruction if `lasti` says so, then the exception.
    """

    start: int
    end: int
    target: int
    depth: int = 0
    lasti: bool = False


SUM_COMPENSATES = sys.version_info >= (3, 12)
"""Whether `sum` of floats adds at the end what rounding has lost."""

SUPPORTED: tuple[Version, ...] = ((3, 11), (3, 12), (3, 13), (3, 14))

# Each line: opcode, colon, what it stands for. An argument is `value` (the name or object), `arg` (the
# number), `text` (the operator), `first`, `second` (of two names), or is meant literally. `if 1` is about
# bit 1 of the number, `if =5` about the whole number, `=5|6` about two of them.

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
DICT_UPDATE: update_map arg
DICT_MERGE: merge arg
LIST_APPEND: append arg
LOAD_NAME: refuse class
STORE_NAME: refuse class
DELETE_NAME: refuse class
SETUP_ANNOTATIONS: refuse class
LOAD_BUILD_CLASS: refuse class
IMPORT_NAME: import_name value
IMPORT_FROM: copy 1; attr value
DELETE_ATTR: refuse delete
DELETE_SUBSCR: delete_subscript
PUSH_EXC_INFO: push_handled
POP_EXCEPT: pop_handled
CHECK_EXC_MATCH: matches
CHECK_EG_MATCH: refuse try
RERAISE: reraise
WITH_EXCEPT_START: with_except
RETURN_GENERATOR: begin_generator
YIELD_VALUE: yield
GET_YIELD_FROM_ITER: iter; delegate
SEND: pop; for_iter 0; next_item
GET_AITER: refuse async
GET_ANEXT: refuse async
GET_AWAITABLE: refuse async
END_ASYNC_FOR: refuse async
SET_ADD: refuse comprehension
MAP_ADD: map_add arg
GET_LEN: get_length
MATCH_MAPPING: match_kind mapping
MATCH_SEQUENCE: match_kind sequence
MATCH_KEYS: match_keys
MATCH_CLASS: match_class arg
"""

_TO_313 = """
CALL_FUNCTION_EX: null unless 1; call_star
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
BEFORE_WITH: enter
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
LIST_TO_TUPLE: list_to_tuple
LOAD_CLASSDEREF: refuse class
IMPORT_STAR: refuse import
ASYNC_GEN_WRAP: refuse async
PREP_RERAISE_STAR: refuse try
"""

_FROM_312 = """
LOAD_ATTR: attr value; null if 1
LOAD_FAST_CHECK: load value
LOAD_FAST_AND_CLEAR: load_and_clear value
FOR_ITER: for_iter 1; next_item
BINARY_SLICE: slice 2; subscript
STORE_SLICE: slice 2; store_subscript
POP_JUMP_IF_TRUE: branch true
POP_JUMP_IF_FALSE: branch false
POP_JUMP_IF_NONE: branch_none true
POP_JUMP_IF_NOT_NONE: branch_none false
CALL_INTRINSIC_1: unary + if =5; list_to_tuple if =6; nop if =3; refuse intrinsic unless =3|5|6
CALL_INTRINSIC_2: refuse intrinsic
LOAD_SUPER_ATTR: refuse class if 2; super; attr value; null if 1
LOAD_LOCALS: refuse class
LOAD_FROM_DICT_OR_DEREF: refuse class
LOAD_FROM_DICT_OR_GLOBALS: refuse class
CLEANUP_THROW: reraise
END_SEND: delegated
"""

_ONLY_312 = """
END_FOR: pop
RETURN_CONST: const value; return
"""

_FROM_313 = """
LOAD_FAST_LOAD_FAST: load first; load second
STORE_FAST_LOAD_FAST: store first; load second
STORE_FAST_STORE_FAST: store first; store second
TO_BOOL: truth
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
BEFORE_WITH: enter
BEFORE_ASYNC_WITH: refuse async
"""

_FROM_314 = """
CALL_FUNCTION_EX: call_star
LOAD_SMALL_INT: const arg
LOAD_FAST_BORROW: load value
LOAD_FAST_BORROW_LOAD_FAST_BORROW: load first; load second
LOAD_COMMON_CONSTANT: assertion if =0; refuse generator unless =0
NOT_TAKEN: -
POP_ITER: pop
LOAD_SPECIAL: special __enter__ if =0; special __exit__ if =1; refuse async unless =0|1
BUILD_TEMPLATE: refuse template
BUILD_INTERPOLATION: refuse template
"""

_PARTS: dict[Version, tuple[str, ...]] = {
    (3, 11): (_COMMON, _TO_313, _TO_312, _ONLY_311),
    (3, 12): (_COMMON, _TO_313, _TO_312, _FROM_312, _ONLY_312),
    (3, 13): (_COMMON, _TO_313, _FROM_312, _FROM_313, _ONLY_313),
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
    """One operation that an opcode stands for: its name, how to get its argument, when it applies."""

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
        numbers = [int(number) for number in test.removeprefix("=").split("|")]
        if test.startswith("="):
            applies = lambda arg: (arg in numbers) is wanted  # noqa: E731
        else:
            applies = lambda arg: bool(arg & numbers[0]) is wanted  # noqa: E731
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
    protected = [Protected(e.start, e.end, e.target, e.depth, e.lasti) for e in entries]
    return inline(code, translate(raws, protected, {*code.co_cellvars, *code.co_freevars}, version), decode)


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
    """The instructions of what `dis` says in that version; `cells` are the cell and free variables."""
    expand = table(version)
    out: list[Instruction] = []
    start: dict[int, int] = {}  # offset of an opcode -> number of its first instruction
    raws = list(raws)
    ends = {raw.value: raw for raw in raws if raw.name == "SEND"} if version == (3, 11) else {}
    for raw in raws:
        start[raw.offset] = len(out)
        if raw.offset in ends:  # where later versions have an opcode for it
            out.append(Instruction("delegated", None, raw.offset, ends[raw.offset].position))
        steps = expand.get(raw.name)
        if steps is None:
            out.append(Instruction("refuse", ("opcode", raw.name, version), raw.offset, raw.position))
            continue
        for step in steps:
            if step.applies is None or step.applies(raw.arg or 0):
                out.append(Instruction(step.op, step.argument(raw), raw.offset, raw.position))
                if step.op in _JUMPS:
                    out[-1].targets = (raw.value,)
                if (repair := REPAIRS.get(step.op)) is not None:
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
            out[number].handler = Handler(start[entry.target], entry.depth, entry.lasti)
