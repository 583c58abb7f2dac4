"""Arguments to parameters, as Python binds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ssad.errors import TypingError
from ssad.frontend.abstract import DictOf, TupleOf
from ssad.frontend.codes import untypable
from ssad.frontend.context import Rep, compound
from ssad.frontend.lift import Param
from ssad.ir.core import Location

POSITIONAL = ("positional", "positional only")


def bind(
    params: Sequence[Param],
    positional: Sequence[Rep],
    keywords: Mapping[str, Rep],
    default: Callable[[Param], Rep | None],
    name: str,
    place: Location | None,
) -> list[Rep]:
    """One value per parameter, a tuple for `*args`, a dict for `**kwargs`; `default` supplies the missing
    ones. Raises TypingError as the call would TypeError.
    """
    by_position = [p for p in params if p.kind in POSITIONAL]
    stars = {p.kind: p.name for p in params if p.kind in ("star", "double star")}
    if len(positional) > len(by_position) and "star" not in stars:
        takes = _count(len(by_position), "positional argument")
        raise _misfit(f"{name}() takes {takes}, but {len(positional)} were given", place)
    values = {p.name: rep for p, rep in zip(by_position, positional, strict=False)}
    by_name = {p.name for p in params if p.kind in ("positional", "keyword")}
    others: dict[str, Rep] = {}
    for keyword, rep in keywords.items():
        if keyword not in by_name and "double star" in stars:
            others[keyword] = rep
            continue
        if keyword not in by_name:
            raise _misfit(f"{name}() has no parameter called {keyword}", place)
        if keyword in values:
            raise _misfit(f"{name}() got two values for {keyword}", place)
        values[keyword] = rep
    missing = []
    if "star" in stars:
        values[stars["star"]] = compound(TupleOf, positional[len(by_position) :])
    if "double star" in stars:
        values[stars["double star"]] = compound(DictOf, list(others.values()), tuple(others))
    for p in params:
        if p.name not in values:
            rep_or_none = default(p)
            if rep_or_none is None:
                missing.append(p.name)
            else:
                values[p.name] = rep_or_none
    if missing:
        raise _misfit(f"{name}() lacks {_count(len(missing), 'argument')}: {', '.join(missing)}", place)
    return [values[p.name] for p in params]


def _misfit(cause: str, place: Location | None) -> TypingError:
    return untypable("bind", cause, place)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
