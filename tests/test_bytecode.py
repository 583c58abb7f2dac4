"""The opcode tables: complete for this Python, and one canonical meaning for every version's spelling."""

from __future__ import annotations

import dis
import sys
from typing import Any

import pytest

from ssad.frontend.bytecode import SUPPORTED, Protected, Raw, decode, table, translate
from ssad.frontend.cfg import blocks_of
from ssad.frontend.instruction import Handler, Instruction, Position
from ssad.frontend.opcodes import HANDLERS
from ssad.frontend.refusals import CONSTRUCTS

NOWHERE = Position(None, None, None, None)
# Written by the interpreter itself, never by its compiler for a function.
INTERNAL = {"INTERPRETER_EXIT", "ENTER_EXECUTOR", "EXIT_INIT_CHECK", "RESERVED", "PRINT_EXPR"}
# Words of the tables that `repairs` turns into others.
REPAIRED = {"keywords", "call_kw", "function_attribute", "load_and_clear"}


def test_every_opcode_has_an_entry() -> None:
    real = {name for name, number in dis.opmap.items() if dis.opname[number] == name and number < 256}
    known = table((sys.version_info.major, sys.version_info.minor))
    assert {name for name in real - known.keys() - INTERNAL if not name.startswith("INSTRUMENTED")} == set()
    assert {name for name in known if name not in dis.opmap} == set()


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_operation_has_a_handler(version: tuple[int, int]) -> None:
    steps = [step for entry in table(version).values() for step in entry]
    assert {step.op for step in steps} <= HANDLERS.keys() | REPAIRED | {"jump"}
    raw = Raw("", 0, None, "", 0, NOWHERE)
    assert {step.argument(raw) for step in steps if step.op == "refuse"} <= CONSTRUCTS.keys()


# One operation, spelled as each version spells it


def spelled(version: tuple[int, int], *opcodes: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """The canonical operations of (opcode, number, value, text)... in that version."""
    raws = []
    for n, (name, number, *rest) in enumerate(opcodes):
        value, text = (*rest, *(None, "")[len(rest) :])
        raws.append(Raw(name, number, value, text, 2 * n, NOWHERE))
    return [(at.op, at.arg) for at in translate(raws, [], {"cell"}, version) if at.op != "nop"]


OLD, NEW = (3, 11), (3, 14)


@pytest.mark.parametrize(
    "old, new",
    [
        ([("BINARY_SUBSCR", 0)], [("BINARY_OP", 26, 26, "[]")]),
        ([("LOAD_CONST", 1, 7)], [("LOAD_SMALL_INT", 7, 7)]),
        (
            [("LOAD_FAST", 0, "x"), ("LOAD_FAST", 1, "y")],
            [("LOAD_FAST_BORROW_LOAD_FAST_BORROW", 1, ("x", "y"))],
        ),
        ([("STORE_FAST", 0, "x"), ("LOAD_FAST", 1, "y")], [("STORE_FAST_LOAD_FAST", 1, ("x", "y"))]),
        ([("LOAD_CLOSURE", 0, "cell")], [("LOAD_FAST", 0, "cell")]),
        ([("LOAD_ASSERTION_ERROR", 0)], [("LOAD_COMMON_CONSTANT", 0, 0)]),
        ([("UNARY_POSITIVE", 0)], [("CALL_INTRINSIC_1", 5, 5)]),
        (
            [("KW_NAMES", 0, ("k",)), ("PRECALL", 2), ("CALL", 2)],
            [("LOAD_CONST", 0, ("k",)), ("CALL_KW", 2)],
        ),
        ([("LOAD_METHOD", 0, "sum")], [("LOAD_ATTR", 1, "sum")]),
        ([("FORMAT_VALUE", 2)], [("CONVERT_VALUE", 2), ("FORMAT_SIMPLE", 0)]),
        (
            [("LOAD_CONST", 0, None), ("MAKE_FUNCTION", 9)],
            [
                ("LOAD_CONST", 0, None),
                ("MAKE_FUNCTION", 0),
                ("SET_FUNCTION_ATTRIBUTE", 8),
                ("SET_FUNCTION_ATTRIBUTE", 1),
            ],
        ),
        ([("COMPARE_OP", 0, "<")], [("COMPARE_OP", 18, "<")]),
        ([("IS_OP", 1)], [("IS_OP", 1)]),
    ],
    ids=lambda opcodes: opcodes[-1][0],
)
def test_two_spellings(old: list[tuple[Any, ...]], new: list[tuple[Any, ...]]) -> None:
    assert spelled(OLD, *old) == spelled(NEW, *new)


def test_or_pop() -> None:
    """`a or b` jumps with its value in 3.11, and copies it from 3.12 on."""
    tail = [("POP_TOP", 0), ("RETURN_VALUE", 0)]
    before = spelled(OLD, ("JUMP_IF_TRUE_OR_POP", 1, 4), *tail)
    after = spelled((3, 12), ("COPY", 1), ("POP_JUMP_IF_TRUE", 1, 8), ("POP_TOP", 0), *tail)
    assert before == after


# Blocks


def loops(fn: Any) -> list[bool]:
    return [block.loop for block in blocks_of(decode(fn.__code__))]


def test_a_while_tests_in_its_header() -> None:
    def f(n):  # type: ignore[no-untyped-def]
        k = 0
        while k < n and n:
            k += 1
        return k

    blocks = blocks_of(decode(f.__code__))
    (header,) = (block for block in blocks if block.loop)
    assert [at.op for at in header.instructions] == ["load", "load", "compare", "branch"]
    assert header.predecessors == 2
    assert sum(at.op == "compare" for block in blocks for at in block.instructions) == 1


def test_entry_has_no_predecessor() -> None:
    def f(n):  # type: ignore[no-untyped-def]
        while True:
            n -= 1

    assert loops(f) == [False, True]


def test_a_loop_of_nothing() -> None:
    def f(n):  # type: ignore[no-untyped-def]
        while True:
            pass

    assert True in loops(f)


def test_dead_code_is_left_out() -> None:
    jump = Instruction("jump", None, 0, NOWHERE, (2,))
    dead = Instruction("refuse", "try", 2, NOWHERE)
    end = Instruction("return", None, 4, NOWHERE)
    (block,) = blocks_of([jump, dead, end])
    assert [at.op for at in block.instructions] == ["return"]


def test_handlers() -> None:
    names = ("NOP", "POP_TOP", "PUSH_EXC_INFO")
    raws = [Raw(name, 0, None, "", 2 * n, NOWHERE) for n, name in enumerate(names)]
    code = translate(raws, [Protected(2, 4, 4, 1, True)], set(), (3, 13))
    assert [(at.op, at.handler) for at in code] == [("pop", Handler(1, 1, True)), ("push_handled", None)]
