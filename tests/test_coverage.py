"""`ssad coverage` and docs/language.md say what the compiler does, and nothing on them is untested."""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssad.cli import main
from ssad.cli.coverage import Names, Row, callables, rows
from tests.corpus import registry

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return [*rows()]


@pytest.fixture(scope="module")
def names() -> list[Names]:
    return [*callables()]


def test_chapters_say_what_is_refused(table: list[Row]) -> None:
    """What is refused stands in a chapter of its own, with its code; all else is compiled."""
    wrong = [
        (row.construct.title, row.refused)
        for row in table
        if (row.construct.chapter == "Refused") is not row.refused.startswith("SSAD")
    ]
    assert not wrong


def test_every_construct_is_in_the_corpus(table: list[Row]) -> None:
    swept = {case.fn for case in registry.cases()}
    assert {row.construct.example for row in table if not row.refused} <= swept


def test_every_function_is_called_by_the_corpus(names: list[Names]) -> None:
    modules = {"builtins": builtins, "math": math, "numpy": np}
    called = set(_called())
    for group in names:
        found = {name: getattr(modules[group.module], name.rpartition(".")[2]) for name in group.compiled}
        missing = [name for name, value in found.items() if id(value) not in called]
        assert not missing, f"no corpus function calls {missing}"


def _called() -> Iterator[int]:
    """The identities of the library functions that the corpus names; aliases are one function."""
    done: set[Any] = set()
    work: list[Any] = [case.fn for case in (*registry.cases(), *registry.array_valued(), *registry.raising())]
    while work:
        fn = work.pop()
        if fn in done:
            continue
        done.add(fn)
        for name in _names(fn.__code__):
            for module in (builtins, math, np):
                if hasattr(module, name):
                    yield id(getattr(module, name))
            helper = fn.__globals__.get(name)
            held = vars(helper).values() if isinstance(helper, type) else [helper]
            work.extend(each for each in held if isinstance(each, types.FunctionType))


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _without_refused_names(page: str) -> list[str]:
    """The page but for the lists of functions that are not compiled, which depend on Python and NumPy."""
    return [line for line in page.splitlines() if not line.startswith("Refused: ")]


def test_page_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "--format", "markdown"]) == 0
    printed = capsys.readouterr().out
    page = (ROOT / "docs" / "language.md").read_text()
    cure = "ssad coverage --format markdown -o docs/language.md"
    assert _without_refused_names(printed) == _without_refused_names(page), cure


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage"]) == 0
    printed = capsys.readouterr().out
    assert "`for` over `range`" in printed
    assert "SSAD0101" in printed
    assert "math.sin" in printed
