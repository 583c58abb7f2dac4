"""Calls of external functions: an op that calls back, and around it a function with a rule."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ssad.externals import NUMBERS, External, Raw
from ssad.frontend.abstract import ArrayOf, Number, TupleOf
from ssad.frontend.cells import ONE, ZERO
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep, compound, scalar
from ssad.ir.core import Value
from ssad.ir.types import F64, Array, array


def arranged(ctx: Context, external: External, args: list[Rep], keywords: dict[str, Rep]) -> list[Rep]:
    """The arguments by position. Raises TypingError where they do not fit."""
    try:
        signature = inspect.signature(external.fn)
    except (TypeError, ValueError):
        if keywords:
            cause = f"{external.name} does not say what its parameters are called"
            raise unsupported("call", cause, ctx.loc, "pass all arguments by position") from None
        return args
    try:
        bound = signature.bind(*args, **keywords)
    except TypeError as error:
        raise untypable("bind", f"{external.name}: {error}", ctx.loc) from None
    if bound.kwargs:
        cause = f"keyword-only arguments of the external function {external.name} are not compiled"
        raise unsupported("call", cause, ctx.loc, "wrap it in a function that takes them by position")
    return list(bound.args)


def as_passed(ctx: Context, rep: Rep) -> Rep:
    """The argument as Python sees it: its floats have 64 bits."""
    kind = rep.abstract
    narrow = isinstance(kind, Number) and kind.type.is_float and kind.type is not F64
    return scalar(ctx.cast(rep.parts[0], F64)) if narrow else rep


def kind_of(ctx: Context, external: External, rep: Rep) -> type | None:
    """What an argument is for the derivative: a float, an array of floats, or nothing."""
    kind = rep.abstract
    if isinstance(kind, Number):
        return float if kind.type.is_float else None
    if isinstance(kind, ArrayOf):
        return np.ndarray if kind.elem.is_float else None
    raise unsupported(
        "call",
        f"{external.name} is external and gets {kind}: numbers and arrays are passed to external functions",
        ctx.loc,
        "pass its parts",
    )


def call_raw(ctx: Context, raw: Raw, args: list[Rep]) -> Rep:
    """The op itself. Arrays among the results, and numbers if there are several, lie in memory made here."""
    external = raw.external
    given = [part for rep in args for part in _flat(ctx, external, rep)]
    alone = len(external.results) == 1 and isinstance(external.results[0], type)
    outs = [] if alone else [_room(ctx, kind, given) for kind in external.results]
    made = ctx.emit(
        "external",
        *given,
        *outs,
        object=_named(ctx, external),
        writes=tuple(range(len(given), len(given) + len(outs))),
        differenced=external.method is not None,
        hint=external.name,
        **({"type": NUMBERS[external.results[0]]} if alone else {}),  # type: ignore[index]
    )
    results = [scalar(made)] if alone else []
    for kind, out in zip(external.results, outs, strict=not alone):
        number = isinstance(kind, type)
        results.append(scalar(ctx.emit("load", out, ZERO)) if number else _array(out))
    return results[0] if external.single else compound(TupleOf, results)


def _array(value: Value) -> Rep:
    assert isinstance(value.type, Array)
    return Rep(ArrayOf(value.type), [value])


def _room(ctx: Context, kind: type | int, given: list[Value]) -> Value:
    """Memory for a result: one number, or an array like an argument."""
    if isinstance(kind, type):
        return ctx.emit("alloc", ONE, type=f"{NUMBERS[kind]}[?; C]")
    of = given[kind]
    assert isinstance(of.type, Array)
    shape = [ctx.dim(of, axis) for axis in range(of.type.rank)]
    return ctx.emit("alloc", *shape, type=str(array(of.type.elem, of.type.rank, "C")))


def _flat(ctx: Context, external: External, rep: Rep) -> list[Value]:
    if isinstance(rep.abstract, TupleOf):
        return [part for item in rep.items() for part in _flat(ctx, external, item)]
    kind_of(ctx, external, rep)
    return [rep.parts[0]]


def _named(ctx: Context, external: External) -> str:
    """The name under which the module has the function."""
    objects: dict[str, Any] = ctx.engine.module.objects
    stem = name = external.name
    number = 0
    while objects.get(name, external) is not external:
        number += 1
        name = f"{stem}.{number}"
    objects[name] = external
    if external.method is not None:
        objects[f"{name}.pushforward"] = external.pushforward
    return name
