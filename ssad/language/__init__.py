"""The language that is compiled, as examples: one function for each construct, its defaults the arguments to
call it with.

`ssad coverage` compiles each of them and says how it went; docs/language.md is printed from them; the tests
compare each with CPython. A file is a chapter, a docstring the name of a construct.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

CHAPTERS = ("control_flow", "functions", "data", "numbers", "arrays", "exceptions", "refused")


@dataclass(frozen=True)
class Construct:
    """A construct of Python: the chapter it stands in, its name, and a function that uses it."""

    chapter: str
    title: str
    example: Callable[..., float]

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What to call the example with; a function may write to its arrays, so they are fresh."""
        defaults = inspect.signature(self.example).parameters.values()
        return tuple(p.default.copy() if hasattr(p.default, "copy") else p.default for p in defaults)


def constructs() -> Iterator[Construct]:
    """All constructs, chapter by chapter, in the order of the files."""
    for chapter in CHAPTERS:
        module = importlib.import_module(f"{__name__}.{chapter}")
        title = (module.__doc__ or "").split("\n")[0].rstrip(".")
        for name, fn in list(vars(module).items()):
            if inspect.isfunction(fn) and fn.__module__ == module.__name__ and not name.startswith("_"):
                yield Construct(title, (fn.__doc__ or name).rstrip("."), fn)
