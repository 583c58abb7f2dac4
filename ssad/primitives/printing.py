"""The op that prints. Like a check it stays where it is: never removed, merged, moved over an effect, or
copied into a reverse sweep, so that messages come in order and once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import Scalar, Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types


def _rule(types: Types, attrs: Attrs) -> Type | None:
    if not all(isinstance(type, Scalar) for type in types) or "text" not in attrs:
        raise TypeMismatch("numbers, and the attribute text")
    return None


def printed(text: str, kinds: Sequence[str], numbers: Sequence[Any]) -> str:
    """The text with its numbers; `kinds` are the NumPy types of those that are NumPy's, "" for Python's."""
    import numpy as np

    fields = [getattr(np, kind)(x) if kind else x for x, kind in zip(numbers, kinds, strict=True)]
    return text.format(*fields)


def _print(*numbers: Any, text: str, kinds: Sequence[str] = ()) -> None:
    print(printed(text, kinds, numbers), end="")


define(
    "print",
    type_rule=_rule,
    eval=_print,
    effects=Effect.CHECKS,
    nondifferentiable="it has no result",
    llvm=Native("print"),
    takes_attrs=True,
)
