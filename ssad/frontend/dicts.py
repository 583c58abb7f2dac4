"""Dicts of known keys: displays, `**`, what is read from them. They are values: nobody changes them."""

from __future__ import annotations

from ssad.frontend.abstract import DictOf, Known
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, Context, Rep, compound
from ssad.ir.core import Op


def dict_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.dict`: values under keys that are known."""
    return compound(DictOf, operands, op.attrs["keys"])


def entries(ctx: Context, rep: Rep) -> dict[str, Rep]:
    """The entries of `**d`. Raises TypingError where it is no dict."""
    if isinstance(rep.abstract, DictOf):
        return dict(zip(rep.abstract.tag, rep.items(), strict=True))
    raise untypable("operand", f"`**` wants a dict, but this is {rep.abstract}", ctx.loc)


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
    found = entries(ctx, rep)
    key = key_of(ctx, index)
    if key not in found:
        ctx.check(FALSE, "KeyError", key.replace("{", "{{").replace("}", "}}"))
    return found[key]


def contains(ctx: Context, rep: Rep, item: Rep) -> bool:
    """`key in d`."""
    return key_of(ctx, item) in entries(ctx, rep)


def key_of(ctx: Context, index: Rep) -> str:
    """The key that a value known at compile time is."""
    kind = index.abstract
    if isinstance(kind, Known) and isinstance(kind.object, str):
        return kind.object
    raise unsupported(
        "index", f"a dict is asked for {kind}: only known strings are its keys", ctx.loc, "write d['name']"
    )
