"""Cells: places for one value that is no scalar; gone before differentiation (see `passes/unbox.py`)."""

from __future__ import annotations

from typing import Any

from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import Cell, Type
from ssad.primitives.rules import Attrs, Types, declared, need

_GONE = "cells are gone before a program is differentiated"


def _cell(types: Types, wants: str) -> Cell:
    first = types[0] if types else None
    need(isinstance(first, Cell), wants, types)
    assert isinstance(first, Cell)
    return first


def _new_rule(types: Types, attrs: Attrs) -> Type | None:
    result = declared(attrs)
    if not isinstance(result, Cell):
        raise TypeMismatch(f"type is a cell, not {result}")
    need(not types, "()", types)
    return result


def _get_rule(types: Types, attrs: Attrs) -> Type | None:
    of = _cell(types, "(cell)")
    need(len(types) == 1, "(cell)", types)
    return of.elem


def _set_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(cell, what it holds)"
    of = _cell(types, wants)
    need(len(types) == 2 and types[1] is of.elem, wants, types)
    return None


def _set(cell: list[Any], value: Any) -> None:
    cell[:] = [value]


define(
    "cell_new",
    type_rule=_new_rule,
    eval=lambda **_: [],
    effects=Effect.ALLOCATES,
    nondifferentiable=_GONE,
    takes_attrs=True,
)

define(
    "cell_get",
    type_rule=_get_rule,
    eval=lambda cell: cell[0] if cell else None,  # nothing yet: nobody looks at it
    effects=Effect.READS,
    nondifferentiable=_GONE,
)

define("cell_set", type_rule=_set_rule, eval=_set, effects=Effect.WRITES, nondifferentiable=_GONE)
