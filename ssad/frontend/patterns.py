"""Patterns of `match` against Python types: most are decided when the function is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssad.errors import TypingError
from ssad.frontend import attributes
from ssad.frontend.abstract import DictOf, Known, TupleOf
from ssad.frontend.builtin_calls import isinstance_
from ssad.frontend.codes import CODES, unsupported, untypable
from ssad.frontend.context import Context, Rep, compound, known
from ssad.frontend.dicts import entries, key_of
from ssad.frontend.sequences import length
from ssad.ir.core import Const, Op
from ssad.ir.primitive import PRIMITIVES

_THEMSELVES = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Classes whose one positional pattern is matched with the subject itself."""


def length_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.length`: how long the subject is."""
    kind = operands[0].abstract
    return known(len(kind.items)) if isinstance(kind, DictOf) else length(ctx, operands[0])


def is_kind(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.is_kind`: whether the subject is a sequence (a string is none) or a mapping."""
    if op.attrs["kind"] == "mapping":
        return known(_is(ctx, operands[0], Mapping))
    return known(_is(ctx, operands[0], Sequence) and not _is(ctx, operands[0], (str, bytes, bytearray)))


def match_keys(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.match_keys`: the values under these keys; None if one is missing."""
    found = entries(ctx, operands[0])
    keys = [key_of(ctx, key) for key in operands[1].items()]
    if not found.keys() >= set(keys):
        return known(None)
    return compound(TupleOf, [found[key] for key in keys])


def match_class(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.match_class`: the attributes asked for; None if the subject is no instance or lacks one."""
    subject, cls = operands[0], operands[1].abstract
    if not isinstance(cls, Known) or not isinstance(cls.object, type):
        raise untypable("operand", f"the pattern {cls}(...) does not name a class", ctx.loc, "name a class")
    if not _is(ctx, subject, cls.object):
        return known(None)
    names: list[str | None] = [*_positional(ctx, cls.object, op.attrs["count"]), *op.attrs["names"]]
    found: list[Rep] = []
    for name in names:
        rep = subject if name is None else _attribute(ctx, subject, name)
        if rep is None:
            return known(None)
        found.append(rep)
    return compound(TupleOf, found)


def _is(ctx: Context, subject: Rep, cls: Any) -> bool:
    """Whether the subject is an instance of a class. Raises UnsupportedError where only a run can tell."""
    answer = isinstance_(ctx, subject, known(cls)).parts[0]
    if isinstance(answer, Const):
        return bool(answer.value)
    raise unsupported(
        "value",
        f"whether {subject.abstract} matches {getattr(cls, '__name__', cls)} is known at run time only",
        ctx.loc,
        "convert it before `match`, for example with float(...)",
    )


def _positional(ctx: Context, cls: type, count: int) -> list[str | None]:
    """The attributes behind positional patterns; None is the subject itself."""
    names: Sequence[Any] | None = getattr(cls, "__match_args__", None)
    if names is None:
        names = (None,) if issubclass(cls, _THEMSELVES) else ()
    if count > len(names):
        raise untypable(
            "operand",
            f"{cls.__name__}() accepts {len(names)} positional sub-patterns ({count} given)",
            ctx.loc,
            "name the attributes, or give the class __match_args__",
        )
    return list(names[:count])


def _attribute(ctx: Context, subject: Rep, name: str) -> Rep | None:
    asked = Op(PRIMITIVES["py.getattr"], [], {"name": name}, None, ctx.loc)
    try:
        return attributes.getattr_(ctx, asked, [subject])
    except TypingError as error:
        if error.code != CODES["name"]:
            raise
        return None
