"""What of Python is compiled: constructs, builtins, functions of math and NumPy; found by compiling them."""

from __future__ import annotations

import argparse
import builtins
import inspect
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ssad.cli.command import OK
from ssad.cli.files import write_text
from ssad.language import Construct, constructs


@dataclass(frozen=True)
class Row:
    """A construct and what becomes of it: `refused` is empty, or the error's code and cause."""

    construct: Construct
    refused: str


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser("coverage", help="what of Python is compiled", description=__doc__)
    parser.add_argument(
        "--format", choices=("text", "markdown"), default="text", help="markdown is docs/language.md"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="write to this file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the verb out."""
    write = _markdown if args.format == "markdown" else _text
    write_text(write([*rows()], [*callables()]), args.output)
    return OK


def rows() -> Iterator[Row]:
    """Each construct, compiled as far as types and checks."""
    from ssad.errors import SsadError
    from ssad.frontend.arguments import abstract_of
    from ssad.pipeline import Recipe, stage

    for construct in constructs():
        refused = ""
        try:
            stage("optimised", construct.example, [abstract_of(a) for a in construct.arguments], Recipe())
        except SsadError as error:
            refused = f"{error.code}: {error.cause}"
        yield Row(construct, refused)


@dataclass(frozen=True)
class Names:
    """The callables of a module: those that are compiled, and the rest."""

    module: str
    compiled: tuple[str, ...]
    refused: tuple[str, ...]


def callables() -> Iterator[Names]:
    """What can be called of each module, as the tables of the compiler have it."""
    from ssad import library
    from ssad.frontend import custom
    from ssad.frontend.calls import is_compiled

    custom.LIBRARY.update(library.LIBRARY)
    for module, prefix in ((builtins, ""), (math, "math."), (np, "np.")):
        names = [name for name in _public(module) if module is not np or _is_scalar_function(name)]
        compiled = [name for name in names if is_compiled(getattr(module, name))]
        rest = [name for name in names if name not in compiled]
        yield Names(
            module.__name__,
            tuple(f"{prefix}{name}" for name in compiled),
            tuple(f"{prefix}{name}" for name in rest),
        )


def _public(module: ModuleType) -> list[str]:
    names = [name for name in dir(module) if not name.startswith("_")]
    return [name for name in names if callable(getattr(module, name)) and not _is_exception(module, name)]


def _is_exception(module: ModuleType, name: str) -> bool:
    value = getattr(module, name)
    return isinstance(value, type) and issubclass(value, BaseException)


def _is_scalar_function(name: str) -> bool:
    """NumPy has hundreds of functions of arrays; its functions of numbers are ufuncs, or in our tables."""
    from ssad.frontend.calls import is_compiled

    value = getattr(np, name)
    return isinstance(value, np.ufunc) or is_compiled(value)


def _text(table: list[Row], modules: list[Names]) -> str:
    width = max(len(row.construct.title) for row in table)
    lines: list[str] = []
    chapter = ""
    for row in table:
        if row.construct.chapter != chapter:
            chapter = row.construct.chapter
            lines += ["", chapter] if lines else [chapter]
        lines.append(f"  {row.construct.title:<{width}}  {row.refused or 'compiled'}")
    for names in modules:
        lines += ["", f"{names.module}: {len(names.compiled)} functions compiled"]
        lines += textwrap.wrap(" ".join(names.compiled), 100, initial_indent="  ", subsequent_indent="  ")
        lines += [f"{names.module}: {len(names.refused)} refused"]
        lines += textwrap.wrap(" ".join(names.refused), 100, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(lines) + "\n"


_HEAD = """\
# What is compiled

Printed by `ssad coverage --format markdown`, which compiles each example below; the tests compare the
value and the gradient of each with CPython's. The arguments are the defaults. What is refused is refused
with an error that names the line and a cure ([limitations.md](limitations.md)).
"""


def _markdown(table: list[Row], modules: list[Names]) -> str:
    parts = [_HEAD]
    chapter = ""
    for row in table:
        if row.construct.chapter != chapter:
            chapter = row.construct.chapter
            parts.append(f"## {chapter}\n")
        parts.append(f"**{row.construct.title}**: {row.refused or 'compiled'}\n")
        parts.append("<!-- no-run: run with the corpus -->")
        parts.append(f"```python\n{_example(row.construct)}```\n")
    for names in modules:
        parts.append(f"## Functions of {names.module}\n")
        parts.append(f"Compiled: {_list(names.compiled)}.\n")
        parts.append(f"Refused: {_list(names.refused)}.\n")
    return "\n".join(parts)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _example(construct: Construct) -> str:
    """The source of an example without its docstring, which is the title."""
    lines = inspect.getsource(construct.example).splitlines(keepends=True)
    return "".join(line for n, line in enumerate(lines) if n != 1)
