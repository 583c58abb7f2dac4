"""Dicts of known keys: displays, `**`, what is read from them, and values as long as nobody changes them.

If the program changes a dict that is made inside, those that are made inside are memory with a field for each
key, as objects are for their attributes (see `instances.py`).
"""

from __future__ import annotations

from ssad.frontend import cells
from ssad.frontend.abstract import DictOf, Known, ListOf, MaybeUnbound, ObjectOf, TupleOf, Unbound, ZipOf
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Gone, Rep, compound
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import I64


def dict_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.dict`: values under keys that are known."""
    return made(ctx, dict(zip(op.attrs["keys"], operands, strict=True)))


def made(ctx: Context, given: dict[str, Rep]) -> Rep:
    """A new dict with these entries."""
    from ssad.frontend.instances import make

    if ctx.engine.sites.is_mutable(dict):
        return make(ctx, dict, given)
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
    for key in kind.site.found if ctx.block is None else kind.site.content:
        value = cells.read(ctx, rep, key)
        if isinstance(value.abstract, MaybeUnbound):
            held[key] = Rep(value.abstract.of, value.parts[:-1]), value.parts[-1]
        elif not isinstance(value.abstract, Unbound):
            held[key] = value, TRUE
    return held


def entries(ctx: Context, rep: Rep) -> dict[str, Rep]:
    """All entries of a dict, in order. Raises TypingError where it is none."""
    if not is_dict(rep):
        raise untypable("operand", f"`**` wants a dict, but this is {rep.abstract}", ctx.loc)
    held = _held(ctx, rep)
    if any(there is not TRUE for _, there in held.values()):
        cause = "which keys this dict has is known at run time only: it cannot be gone through"
        raise unsupported("value", cause, ctx.loc, "give all keys where it is made: {'a': 0.0, 'b': 0.0}")
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
    put(ctx, rep, key_of(ctx, index), value)


def remove(ctx: Context, rep: Rep, index: Rep) -> None:
    """`del d[key]`; a key that is missing raises."""
    subscript(ctx, rep, index)
    store(ctx, rep, index, Rep(Unbound()))


def get(ctx: Context, rep: Rep, index: Rep, default: Rep) -> Rep:
    """`d.get(key, default)`."""
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
    from ssad.frontend.context import known

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
    ctx.check(there, "KeyError", key.replace("{", "{{").replace("}", "}}"))
    return value


def contains(ctx: Context, rep: Rep, item: Rep) -> Value:
    """`key in d`."""
    return _held(ctx, rep).get(key_of(ctx, item), (rep, FALSE))[1]


def key_of(ctx: Context, index: Rep) -> str:
    """The key that a value known at compile time is."""
    kind = index.abstract
    if isinstance(kind, Known) and isinstance(kind.object, str):
        return kind.object
    raise unsupported(
        "index", f"a dict is asked for {kind}: only known strings are its keys", ctx.loc, "write d['name']"
    )
