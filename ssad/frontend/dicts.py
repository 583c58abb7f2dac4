"""Dicts of known keys: displays, `**`, what is read from them, and values as long as nobody changes them.

If the program changes a dict that is made inside, those that are made inside are memory with a field for each
key, as objects are for their attributes (see `instances.py`). Its keys have the order in which the program
comes to them; where a dict may get them in another one, it remembers that in a field of its own, and going
through it raises.
"""

from __future__ import annotations

from collections.abc import Callable

from ssad.frontend import cells, choices
from ssad.frontend.abstract import (
    Abstract,
    DictOf,
    Known,
    ListOf,
    MaybeUnbound,
    Number,
    ObjectOf,
    OneOf,
    TupleOf,
    Unbound,
    ViewOf,
    ZipOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Gone, Rep, compound, known
from ssad.frontend.promotion import plain_bool
from ssad.frontend.sites import Site
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import I64


def dict_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.dict`: values under keys that are known."""
    return made(ctx, dict(zip(op.attrs["keys"], operands, strict=True)))


_MIXED_UP = "\0mixed up"
"""The field of a dict that has a value where its keys have not come in the order of its site."""

VIEWS: dict[str, Callable[[str, Rep], Rep]] = {
    "items": lambda key, value: compound(TupleOf, [known(key), value]),
    "keys": lambda key, _: known(key),
    "values": lambda _, value: value,
}
"""Method -> what it gives for an entry."""


def made(ctx: Context, given: dict[str, Rep], which: str = "") -> Rep:
    """A new dict with these entries; `which` of those made here."""
    from ssad.frontend.instances import make

    if ctx.engine.sites.is_mutable(dict):
        new = make(ctx, dict, given, which)
        site = _site(new)
        for key in given:
            site.entered(key)
        places = [site.order.index(key) for key in given]
        if places != sorted(places):
            cells.write(ctx, new, _MIXED_UP, plain_bool(TRUE))
        return new
    return compound(DictOf, list(given.values()), tuple(given))


def construct(ctx: Context, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """`dict(...)` of a dict, of pairs, and of arguments by name."""
    given: dict[str, Rep] = {}
    if len(args) > 1:
        raise untypable("bind", f"dict takes at most 1 argument, but {len(args)} were given", ctx.loc)
    if args and is_dict(args[0]):
        given.update(entries(ctx, args[0]))
    elif args:
        items = _pairs(args[0])
        for pair in items:
            if not isinstance(pair.abstract, TupleOf | ListOf) or len(pair.items()) != 2:
                cause = f"dict of {args[0].abstract} is not compiled"
                raise unsupported("value", cause, ctx.loc, "give a dict, or pairs written out")
            key, value = pair.items()
            given[key_of(ctx, key)] = value
    return made(ctx, given | keywords)


def _pairs(rep: Rep) -> list[Rep]:
    kind = rep.abstract
    if (
        isinstance(kind, ZipOf)
        and kind.tag is None
        and all(isinstance(item, TupleOf | ListOf) for item in kind.items)
    ):
        columns = [item.items() for item in rep.items()]
        return [compound(TupleOf, row) for row in zip(*columns, strict=False)]
    return rep.items() if isinstance(kind, TupleOf | ListOf) else [rep]


def pop(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    """`d.pop(key)`, `d.pop(key, default)`."""
    value = get(ctx, rep, *args) if len(args) == 2 else subscript(ctx, rep, *args)
    if contains(ctx, rep, args[0]) is not FALSE:
        store(ctx, rep, args[0], Rep(Unbound()))
    return value


def setdefault(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    """`d.setdefault(key, default)`."""
    value = get(ctx, rep, args[0], args[1])
    store(ctx, rep, args[0], value)
    return value


def is_memory(rep: Rep) -> bool:
    """Whether it is a dict made inside where dicts are changed."""
    return isinstance(rep.abstract, ObjectOf) and rep.abstract.site.cls is dict


def is_dict(rep: Rep) -> bool:
    """Whether it is a dict whose keys are known."""
    return isinstance(rep.abstract, DictOf) or is_memory(rep)


def _held(ctx: Context, rep: Rep) -> dict[str, tuple[Rep, Value]]:
    """The entries that the dict may have, and whether it has them."""
    kind = rep.abstract
    if isinstance(kind, DictOf):
        return {key: (item, TRUE) for key, item in zip(kind.tag, rep.items(), strict=True)}
    assert isinstance(kind, ObjectOf)
    held: dict[str, tuple[Rep, Value]] = {}
    held.update((key, (item, TRUE)) for (key, _), item in zip(kind.fixed, rep.items(), strict=True))
    for key in _fields(ctx, kind.site):
        value = cells.read(ctx, rep, key)
        if isinstance(value.abstract, MaybeUnbound):
            held[key] = Rep(value.abstract.of, value.parts[:-1]), value.parts[-1]
        elif not isinstance(value.abstract, Unbound):
            held[key] = value, TRUE
    held.pop(_MIXED_UP, None)
    return {key: held[key] for key in kind.site.order if key in held}


def _fields(ctx: Context, site: Site) -> dict[str, Abstract]:
    return site.found if ctx.block is None else site.content


def _site(rep: Rep) -> Site:
    assert isinstance(rep.abstract, ObjectOf)
    site: Site = rep.abstract.site
    return site


def _is_mixed_up(ctx: Context, rep: Rep) -> Value:
    if not is_memory(rep) or _MIXED_UP not in _fields(ctx, _site(rep)):
        return FALSE
    mixed = cells.read(ctx, rep, _MIXED_UP)
    if isinstance(mixed.abstract, Unbound):
        return FALSE
    return ctx.and_(mixed.parts[-1], mixed.parts[0])


def view(ctx: Context, rep: Rep, which: str) -> Rep:
    """`d.keys()`, `d.values()`, `d.items()`.

    Numbers are gone through as far as they are there; keys are known at compile time, so all of them must be.
    """
    held = _held(ctx, rep)
    plain = all(isinstance(value.abstract, Number) for value, _ in held.values())
    if which == "values" and plain and any(there is not TRUE for _, there in held.values()):
        return compound(ViewOf, [rep])
    return compound(TupleOf, [VIEWS[which](key, value) for key, value in entries(ctx, rep).items()])


def gone_through(ctx: Context, rep: Rep) -> Rep:
    """What a loop over a view goes through: a generator of what is there."""
    from ssad.frontend.lists import by_library

    (whole,) = rep.items()
    held = _held(ctx, whole)
    _in_order(ctx, whole, held)
    rows = [compound(TupleOf, [plain_bool(there), item]) for item, there in held.values()]
    return by_library(ctx, "present", compound(TupleOf, rows))


def _in_order(ctx: Context, rep: Rep, held: dict[str, tuple[Rep, Value]]) -> None:
    """Raise where the keys have come in another order than that of the site, as far as that can be seen."""
    if len(held) > 1:
        message = "the keys of this dict came in another order than the compiled code goes through them"
        ctx.check(ctx.not_(_is_mixed_up(ctx, rep)), "NotImplementedError", message)


def entries(ctx: Context, rep: Rep) -> dict[str, Rep]:
    """All entries of a dict, in order. Raises TypingError where it is none; what runs raises where a key that
    the dict gets somewhere in the program is missing.
    """
    if not is_dict(rep):
        raise untypable("operand", f"`**` wants a dict, but this is {rep.abstract}", ctx.loc)
    held = _held(ctx, rep)
    for key, (_, there) in held.items():
        message = f"compiled code goes through all keys of a dict, and {key!r} is missing in this one"
        ctx.check(there, "NotImplementedError", escaped(message))
    _in_order(ctx, rep, held)
    return {key: value for key, (value, _) in held.items()}


def store(ctx: Context, rep: Rep, index: Rep, value: Rep) -> None:
    """`d[key] = value`."""
    from ssad.frontend.instances import put

    if isinstance(rep.abstract, DictOf):
        if ctx.engine.sites.changes(dict):
            raise Gone  # the next round will know
        ctx.engine.changed_outside.add(dict)
        cause = "a dict that was not made inside is changed: not compiled"
        raise unsupported("side_effect", cause, ctx.loc, "make a new one: {**d, 'a': x}")
    if isinstance(index.abstract, OneOf):

        def under(key: Rep) -> Rep:
            store(ctx, rep, key, value)
            return known(None)

        choices.each(ctx, index, under)
        return
    key = key_of(ctx, index)
    _entered(ctx, rep, key)
    put(ctx, rep, key, value)


def _entered(ctx: Context, rep: Rep, key: str) -> None:
    """Remember if this is a new key and one that belongs behind it is there already."""
    site = _site(rep)
    site.entered(key)
    held = _held(ctx, rep)
    behind = [held[one][1] for one in site.order[site.order.index(key) + 1 :] if one in held]
    there = held[key][1] if key in held else FALSE
    late = ctx.and_(ctx.not_(there), ctx.or_(*behind)) if behind else FALSE
    if late is not FALSE:
        mixed = ctx.or_(_is_mixed_up(ctx, rep), late)
        cells.write(ctx, rep, _MIXED_UP, plain_bool(mixed))


def remove(ctx: Context, rep: Rep, index: Rep) -> None:
    """`del d[key]`; a key that is missing raises."""
    subscript(ctx, rep, index)
    store(ctx, rep, index, Rep(Unbound()))


def get(ctx: Context, rep: Rep, index: Rep, default: Rep) -> Rep:
    """`d.get(key, default)`."""
    if isinstance(index.abstract, OneOf):
        return choices.each(ctx, index, lambda one: get(ctx, rep, one, default))
    value, there = _held(ctx, rep).get(key_of(ctx, index), (default, FALSE))
    return default if there is FALSE else ctx.select(there, value, default)


def length(ctx: Context, rep: Rep) -> Value:
    """`len(d)`."""
    count: Value = Const(I64, 0)
    for _, there in _held(ctx, rep).values():
        count = ctx.emit("add", count, ctx.cast(there, I64))
    return count


def update(ctx: Context, rep: Rep, args: list[Rep]) -> None:
    """`d.update(other)`."""
    if len(args) != 1 or not is_dict(args[0]):
        raise unsupported("call", "update takes one dict here", ctx.loc, "assign the items one by one")
    for key, value in entries(ctx, args[0]).items():
        store(ctx, rep, known(key), value)


def merge(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.merge`: the arguments named in a call so far, and those of one more dict."""
    named, more = (entries(ctx, rep) for rep in operands)
    for key in more:
        if key in named:
            raise untypable("bind", f"the call gives two values for {key}", ctx.loc)
    named.update(more)
    return compound(DictOf, list(named.values()), tuple(named))


def subscript(ctx: Context, rep: Rep, index: Rep) -> Rep:
    """`d[key]`; a key that is missing raises."""
    key = key_of(ctx, index)
    value, there = _held(ctx, rep).get(key, (rep, FALSE))
    ctx.check(there, "KeyError", escaped(key))
    return value


def contains(ctx: Context, rep: Rep, item: Rep) -> Value:
    """`key in d`."""
    if isinstance(item.abstract, OneOf):
        return choices.each(ctx, item, lambda one: plain_bool(contains(ctx, rep, one))).parts[0]
    return _held(ctx, rep).get(key_of(ctx, item), (rep, FALSE))[1]


def key_of(ctx: Context, index: Rep) -> str:
    """The key that a value known at compile time is."""
    kind = index.abstract
    if isinstance(kind, Known) and isinstance(kind.object, str):
        return kind.object
    raise unsupported(
        "index", f"a dict is asked for {kind}: only known strings are its keys", ctx.loc, "write d['name']"
    )


def escaped(text: str) -> str:
    """A text that is no template, as a message."""
    return text.replace("{", "{{").replace("}", "}}")
