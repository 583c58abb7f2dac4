"""Methods of strings that are known at compile time, with arguments that are: as configuration is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ssad.frontend.abstract import Known, ListOf, Number, TupleOf
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep, compound, known

NAMES = (
    *("capitalize", "casefold", "count", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower"),
    *("isupper", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rpartition"),
    *("rstrip", "split", "startswith", "strip", "swapcase", "title", "upper", "zfill"),
)


def _method(name: str) -> Callable[[Context, Rep, list[Rep]], Rep]:
    def run(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
        given = [_constant(ctx, arg) for arg in args]
        try:
            return _rep(getattr(_constant(ctx, rep), name)(*given))
        except TypeError as error:
            raise untypable("bind", f"str.{name}: {error}", ctx.loc) from None

    return run


def _rep(value: Any) -> Rep:
    if isinstance(value, list | tuple):
        return compound(ListOf if isinstance(value, list) else TupleOf, [known(item) for item in value])
    return known(value)


def _constant(ctx: Context, rep: Rep) -> Any:
    kind = rep.abstract
    if isinstance(kind, Known) and (kind.object is None or isinstance(kind.object, str)):
        return kind.object
    if isinstance(kind, TupleOf):
        return tuple(_constant(ctx, item) for item in rep.items())
    if isinstance(kind, Number) and kind.constant is not None:
        return kind.constant
    cause = f"a method of a str is called with {kind}: only what is known at compile time is compiled"
    raise unsupported("value", cause, ctx.loc, "do it outside and pass the result as an argument")


METHODS: dict[str, Callable[[Context, Rep, list[Rep]], Rep]] = {name: _method(name) for name in NAMES}
