"""Builtin functions that ask what a value is and has: by names that are known at compile time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssad.errors import TypingError
from ssad.frontend import cells, instances
from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    ArrayOf,
    ComplexArrayOf,
    DictOf,
    Known,
    ListOf,
    MaybeUnbound,
    MemoryList,
    Number,
    ObjectOf,
    OneOf,
    TupleOf,
    Unbound,
)
from ssad.frontend.attributes import getattr_of
from ssad.frontend.builtin_calls import Handler
from ssad.frontend.captures import MISSING, class_attribute
from ssad.frontend.codes import unsupported
from ssad.frontend.context import FALSE, TRUE, Context, Rep, known
from ssad.frontend.promotion import plain_bool
from ssad.frontend.sequences import slice_of
from ssad.ir.core import Value
from ssad.ir.types import BOOL, F64, I64

_MISSING = "SSAD0205"


def _name(ctx: Context, name: Rep, function: str) -> str:
    kind = name.abstract
    if isinstance(kind, Known) and isinstance(kind.object, str):
        return kind.object
    cause = f"the name that {function} asks for is not known at compile time"
    raise unsupported("attribute", cause, ctx.loc, "write it out: x.name")


def _getattr(ctx: Context, x: Rep, name: Rep, default: Rep | None) -> Rep:
    called = _name(ctx, name, "getattr")
    if default is None:
        return getattr_of(ctx, x, called)
    there = _there(ctx, x, called)
    if there is FALSE:
        return default
    if there is TRUE:
        return getattr_of(ctx, x, called)
    value = cells.read(ctx, x, called)
    return ctx.select(there, Rep(value.abstract.of, value.parts[:-1]), default)  # type: ignore[attr-defined]


def _hasattr(ctx: Context, x: Rep, name: Rep) -> Rep:
    return plain_bool(_there(ctx, x, _name(ctx, name, "hasattr")))


def _there(ctx: Context, x: Rep, name: str) -> Value:
    """Whether a value has an attribute: known at compile time but for those of objects that change."""
    kind = x.abstract
    if isinstance(kind, OneOf):
        cause = f"whether {kind} has an attribute is not compiled"
        raise unsupported("attribute", cause, ctx.loc, "ask isinstance")
    if isinstance(kind, ObjectOf) and name not in dict(kind.fixed):
        default = class_attribute(kind.site.cls, name)
        if default is not MISSING and not isinstance(default, instances.SLOTS):
            return TRUE
        if name not in kind.site.found:
            return FALSE
        value = cells.read(ctx, x, name)
        if isinstance(value.abstract, MaybeUnbound):
            return value.parts[-1]
        return FALSE if isinstance(value.abstract, Unbound) else TRUE
    try:
        getattr_of(ctx, x, name)
    except TypingError as error:
        if error.code != _MISSING:
            raise
        return FALSE
    return TRUE


def _setattr(ctx: Context, x: Rep, name: Rep, value: Rep) -> Rep:
    instances.setattr_of(ctx, x, _name(ctx, name, "setattr"), value)
    return known(None)


def _type(ctx: Context, x: Rep) -> Rep:
    """`type(x)` of what is no object of a class of the user; `records` has those."""
    kind = x.abstract
    found: Any = None
    if isinstance(kind, Number) and kind.flavour is not MIXED and not kind.narrower:
        own = {F64: float, I64: int, BOOL: bool}
        found = DTYPES[kind.type].type if kind.flavour is NUMPY else own[kind.type]
    elif isinstance(kind, ArrayOf | ComplexArrayOf):
        found = np.ndarray
    elif isinstance(kind, ListOf | MemoryList):
        found = list
    elif isinstance(kind, DictOf):
        found = dict
    elif type(kind) is TupleOf:
        found = tuple
    elif isinstance(kind, Known) and (kind.object is None or isinstance(kind.object, str)):
        found = type(kind.object)
    if found is None:
        raise unsupported("call", f"type of {kind} is not compiled", ctx.loc, "ask isinstance")
    return known(found)


def _slice(ctx: Context, args: list[Rep]) -> Rep:
    return slice_of(ctx, args)


REFLECTION: dict[Any, Handler] = {
    getattr: Handler(_getattr, "x name", "default"),
    hasattr: Handler(_hasattr, "x name"),
    setattr: Handler(_setattr, "x name value"),
    slice: Handler(_slice, "*"),
    type: Handler(_type, "x"),
}
"""Builtin function -> how a call of it is compiled."""
