"""Cells: variables that several functions see, as memory made inside the compiled function.

A cell holds each number of its content in an array of length 1, made by `alloc`, read by `load`, written by
`store`, and what leads to other memory, as an array does, in a cell of the IR, made by `cell_new`; what is
known at compile time takes no room.
"""

from __future__ import annotations

from ssad.frontend.abstract import Abstract, CellOf, MaybeUnbound, Reference, Unbound
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, Context, Rep
from ssad.frontend.joins import NoJoin
from ssad.frontend.refusals import refusal
from ssad.frontend.shapes import placeholder, represent, travelling
from ssad.frontend.sites import Site, leads_to
from ssad.ir.core import Const, Op, Undef, Value
from ssad.ir.types import I64, Cell, Type

ZERO, ONE = Const(I64, 0), Const(I64, 1)


def cell(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.cell`: a new cell, with its content or without."""
    site = ctx.engine.sites.at(ctx, op.attrs["name"])
    rep = Rep(CellOf(site), rooms(ctx, site))
    write(ctx, rep, "", operands[0] if operands else Rep(Unbound()))
    return rep


def load(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.cell_load`: what the cell holds now, read by the function that has made it."""
    return bound(ctx, read(ctx, operands[0], ""), op.attrs["name"])


def store(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.cell_store`."""
    if not isinstance(operands[0].abstract, CellOf):
        raise refusal("nonlocal", op.loc)
    write(ctx, operands[0], "", operands[1])
    return operands[1]


def content(ctx: Context, rep: Rep, name: str) -> Rep:
    """The value of a captured variable, for the function that has captured it."""
    value = read(ctx, rep, "") if isinstance(rep.abstract, CellOf) else rep
    return bound(ctx, value, name, captured=True)


def bound(ctx: Context, rep: Rep, name: str, captured: bool = False) -> Rep:
    """The value of a variable, which raises where it has none."""
    kind = rep.abstract
    if not isinstance(kind, Unbound | MaybeUnbound):
        return rep
    exc, what, where = ("NameError", "free", " in enclosing scope") if captured else _LOCAL
    message = f"cannot access {what} variable '{name}' where it is not associated with a value{where}"
    ctx.check(FALSE if isinstance(kind, Unbound) else rep.parts[-1], exc, message)
    assert isinstance(kind, MaybeUnbound)
    return Rep(kind.of, rep.parts[:-1])


_LOCAL = ("UnboundLocalError", "local", "")


def read(ctx: Context, rep: Rep, field: str) -> Rep:
    """What a field of the memory holds now."""
    site, fields = _rooms(rep, field)
    if ctx.block is None:
        return represent(site.found[field], placeholder)
    arrays = iter(fields)
    return represent(site.content[field], lambda type, name: _get(ctx, next(arrays)))


def write(ctx: Context, rep: Rep, field: str, value: Rep) -> None:
    """Put a value into a field of the memory, and remember its type for all who read it."""
    site, fields = _rooms(rep, field)
    _refuse_circles(ctx, site, field, value.abstract)
    try:
        site.hold(field, value.abstract)
    except NoJoin as why:
        held = site.found[field]
        held = held.of if isinstance(held, MaybeUnbound) else held
        raise untypable(
            "join", f"{site.what(field)} holds {held} and is given {value.abstract}", ctx.loc, str(why)
        ) from None
    if ctx.block is None:
        return
    wanted = site.content[field]
    parts = travelling(wanted, ctx.convert(value, wanted))
    for array, part in zip(fields, parts, strict=True):
        if not isinstance(part, Undef):
            _set(ctx, array, part)


def _get(ctx: Context, place: Value) -> Value:
    return ctx.emit("cell_get", place) if isinstance(place.type, Cell) else ctx.emit("load", place, ZERO)


def _set(ctx: Context, place: Value, value: Value) -> None:
    if isinstance(place.type, Cell):
        ctx.emit("cell_set", place, value)
    else:
        ctx.emit("store", place, ZERO, value)


def _rooms(rep: Rep, field: str) -> tuple[Site, tuple[Value, ...]]:
    """The site of a reference, and the arrays that hold a field of it."""
    assert isinstance(rep.abstract, Reference)
    site: Site = rep.abstract.site
    return site, rep.parts[len(rep.parts) - len(site.parts) :][site.room(field)]


def rooms(ctx: Context, site: Site) -> list[Value]:
    """New memory for all fields of a site."""
    return [_room(ctx, part) for part in site.parts]


def _room(ctx: Context, type: Type) -> Value:
    if isinstance(type, Cell):
        return ctx.emit("cell_new", type=str(type))
    return ctx.emit("alloc", ONE, type=str(type))


def _refuse_circles(ctx: Context, site: Site, field: str, kind: Abstract) -> None:
    kind = kind.of if isinstance(kind, MaybeUnbound) else kind
    if leads_to(kind, site):
        raise unsupported(
            "recursion",
            f"{site.what(field)} leads to itself: recursion is not compiled here",
            ctx.loc,
            "write it as a loop",
        )
