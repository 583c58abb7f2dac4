"""Abstract values against IR values: which parts travel, and representations made of fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ssad.frontend.abstract import Abstract, Compound, Number
from ssad.frontend.context import Rep
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, I64, Type

Fresh = Callable[[Type, str], Value]
_EXTRA: dict[Type, str] = {BOOL: "bound", I64: "kind"}


def represent(abstract: Abstract, fresh: Fresh, name: str = "") -> Rep:
    """A value of this kind whose unknown parts are made by `fresh(type, name)`; known numbers are
    immediates.
    """
    if isinstance(abstract, Number) and abstract.constant is not None:
        return Rep(abstract, [Const(abstract.type, abstract.constant)])
    if isinstance(abstract, Number) and len(abstract.parts) == 2:
        return Rep(abstract, [fresh(abstract.type, name), fresh(BOOL, f"{name}.numpy" if name else "")])
    if isinstance(abstract, Compound):
        several = len(abstract.items) > 1
        parts: list[Value] = []
        for n, item in enumerate(abstract.items):
            parts.extend(represent(item, fresh, f"{name}.{n}" if several and name else name).parts)
        if abstract.extra is not None:
            parts.append(fresh(abstract.extra, f"{name}.{_EXTRA[abstract.extra]}" if name else ""))
        return Rep(abstract, parts)
    return Rep(abstract, [fresh(part, name) for part in abstract.parts])


def placeholder(type: Type, name: str) -> Value:
    """A part while only types are wanted."""
    return Value(type)


def _travels(abstract: Abstract) -> Iterator[bool]:
    if isinstance(abstract, Number):
        yield from [abstract.constant is None] * len(abstract.parts)
    elif isinstance(abstract, Compound):
        for item in abstract.items:
            yield from _travels(item)
        if abstract.extra is not None:
            yield True
    else:
        yield from [True] * len(abstract.parts)


def travelling(abstract: Abstract, parts: Sequence[Value]) -> list[Value]:
    """Those of `parts` that are not known from `abstract` alone: they go over edges and into calls."""
    return [part for part, goes in zip(parts, _travels(abstract), strict=True) if goes]


def travelling_types(abstract: Abstract) -> list[Type]:
    """The types of the parts that travel."""
    return [part for part, goes in zip(abstract.parts, _travels(abstract), strict=True) if goes]
