"""Tuples: displays, `*`, unpacking, length, subscripts."""

from __future__ import annotations

from enum import EnumType

from ssad.frontend import choices, dicts, lists
from ssad.frontend.abstract import (
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    Known,
    ListOf,
    MemoryList,
    Number,
    OneOf,
    RangeOf,
    SliceOf,
    TupleOf,
    ViewOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, Context, Rep, compound, known, scalar
from ssad.frontend.iteration import choose_item, count_of, element, item_of, iterable
from ssad.frontend.outside import guard_content
from ssad.frontend.promotion import as_index
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import BOOL, I64


def tuple_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.tuple`."""
    return compound(TupleOf, operands)


def list_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.list`."""
    return lists.display(ctx, op, operands)


MAX_SPREAD = 256
"""How many items `*` may give."""


def fixed_items(ctx: Context, rep: Rep) -> list[Rep]:
    """What `*x` gives, if its length is known at compile time. Raises UnsupportedError otherwise."""
    kind = rep.abstract
    if isinstance(kind, TupleOf | ListOf):
        return rep.items()
    iterator = iterable(ctx, rep)
    count = count_of(ctx, iterator)
    if not isinstance(count, Const) or count.value > MAX_SPREAD:
        what = "not known at compile time" if not isinstance(count, Const) else f"more than {MAX_SPREAD}"
        cause = f"`*` of {kind}: its length is {what}"
        raise unsupported("star", cause, ctx.loc, "give a tuple, or pass it as one argument")
    return [item_of(ctx, iterator, Const(I64, n)) for n in range(int(count.value))]


def spread(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.spread`: a list or tuple, and behind its items those of something else."""
    sequence, more = operands
    if not op.attrs["tuple"] and any(isinstance(rep.abstract, MemoryList) for rep in operands):
        return lists.spread(ctx, sequence, more)
    items = [*sequence.items(), *fixed_items(ctx, more)]
    return compound(TupleOf, items) if op.attrs["tuple"] else lists.display(ctx, op, items)


def slice_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.slice` of two or three bounds."""
    return slice_of(ctx, operands)


def slice_of(ctx: Context, bounds: list[Rep]) -> Rep:
    """`slice(stop)`, `slice(start, stop)`, `slice(start, stop, step)`."""
    if not 1 <= len(bounds) <= 3:
        raise untypable("bind", f"slice takes 1 to 3 arguments, but {len(bounds)} were given", ctx.loc)
    first = [known(None)] if len(bounds) == 1 else []
    return compound(SliceOf, [*first, *bounds, known(None)][:3])


def check_length(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.check_length`: a tuple has the length at compile time, an array is checked when it runs."""
    rep, wanted = operands[0], op.attrs["count"]
    kind = rep.abstract
    if op.attrs.get("star"):
        return _check_rest(ctx, rep, wanted)
    if isinstance(kind, TupleOf | ListOf):
        have = len(kind.items)
        if have != wanted:
            few = f"not enough values to unpack: {wanted} are wanted, the tuple has {have}"
            many = f"too many values to unpack: {wanted} are wanted, the tuple has {have}"
            raise untypable("arity", few if have < wanted else many, ctx.loc)
        return known(None)
    if isinstance(kind, Number | Known):
        raise untypable("arity", f"{kind} cannot be unpacked", ctx.loc)
    count = count_of(ctx, iterable(ctx, rep))
    few = f"not enough values to unpack (expected {wanted}, got {{0}})"
    ctx.check(ctx.emit("ge", count, Const(I64, wanted)), "ValueError", few, count)
    many = f"too many values to unpack (expected {wanted})"
    ctx.check(ctx.emit("le", count, Const(I64, wanted)), "ValueError", many)
    return known(None)


def _check_rest(ctx: Context, rep: Rep, wanted: int) -> Rep:
    """Whether there are values for the names without a star."""
    kind = rep.abstract
    if isinstance(kind, MemoryList | ArrayOf):
        lists.need_at_least(ctx, count_of(ctx, rep), wanted)
        return known(None)
    if not isinstance(kind, TupleOf | ListOf):
        raise unsupported(
            "value",
            f"`*` takes the rest of {kind}: only of tuples and lists",
            ctx.loc,
            "index it: x[0], x[1:]",
        )
    if len(kind.items) < wanted:
        cause = f"not enough values to unpack: at least {wanted} are wanted, the tuple has {len(kind.items)}"
        raise untypable("arity", cause, ctx.loc)
    return known(None)


def rest(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.rest`: the list of what unpacking leaves for the starred name."""
    rep, before, after = operands[0], op.attrs["before"], op.attrs["after"]
    if isinstance(rep.abstract, MemoryList | ArrayOf):
        return lists.rest(ctx, lists.in_memory(ctx, rep), before, after)
    items = rep.items()
    return lists.display(ctx, op, items[before : len(items) - after])


def unpack(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.unpack`: one item of something of checked length."""
    rep, index = operands[0], op.attrs["index"]
    if isinstance(rep.abstract, TupleOf | ListOf):
        return rep.items()[index]
    if isinstance(rep.abstract, ArrayOf) and index >= 0:
        return element(ctx, rep.parts[0], [Const(I64, index)])
    at: Value = Const(I64, index)
    return item_of(ctx, rep, at if index >= 0 else ctx.emit("add", count_of(ctx, rep), at))


def length(ctx: Context, rep: Rep) -> Rep:
    """`len(x)`."""
    kind = rep.abstract
    if isinstance(kind, OneOf):
        return choices.each(ctx, rep, lambda one: length(ctx, one))
    if dicts.is_dict(rep):
        return scalar(dicts.length(ctx, rep))
    if isinstance(kind, ViewOf):
        return length(ctx, rep.items()[0])
    if isinstance(kind, ArrayOf | ComplexArrayOf | TupleOf | ListOf | MemoryList | RangeOf):
        return scalar(count_of(ctx, rep))
    if isinstance(kind, Known) and isinstance(kind.object, EnumType):
        return known(len(kind.object))
    if isinstance(kind, Known) and (guard_content(ctx, kind.object) or isinstance(kind.object, str)):
        return known(len(kind.object))
    raise untypable("operand", f"{kind} has no length", ctx.loc)


def subscript(ctx: Context, rep: Rep, index: Rep) -> Rep:
    """`t[i]` of a tuple or range."""
    items = rep.items()
    if isinstance(index.abstract, SliceOf):
        bounds = [_constant(ctx, bound) for bound in index.items()]
        if isinstance(rep.abstract, RangeOf):
            raise unsupported("index", "a slice of a range is not compiled", ctx.loc, "write another range")
        assert isinstance(rep.abstract, TupleOf | ListOf)
        some = items[slice(*bounds)]
        return lists.fixed(ctx, some) if isinstance(rep.abstract, ListOf) else compound(TupleOf, some)
    count = count_of(ctx, rep)
    i = as_index(ctx, index, "the index of a tuple")
    wrapped = ctx.emit("wrap_index", i, count) if not isinstance(i, Const) or i.value < 0 else i
    if isinstance(i, Const) and isinstance(count, Const) and i.value < 0:
        wrapped = Const(I64, i.value + count.value)
    names: dict[type[Abstract], str] = {RangeOf: "range object", ListOf: "list"}
    name = names.get(type(rep.abstract), "tuple")
    what = f"{name} index out of range"
    ctx.check(_in_range(ctx, wrapped, count), "IndexError", what)
    if isinstance(rep.abstract, RangeOf):
        return item_of(ctx, rep, wrapped)
    return choose_item(ctx, items, wrapped)


def _in_range(ctx: Context, i: Value, count: Value) -> Value:
    if isinstance(i, Const) and isinstance(count, Const):
        return Const(BOOL, 0 <= i.value < count.value)
    if isinstance(count, Const) and count.value == 0:
        return FALSE
    return ctx.emit("in_range", i, count)


def _constant(ctx: Context, bound: Rep) -> int | None:
    if isinstance(bound.abstract, Known) and bound.abstract.object is None:
        return None
    value = as_index(ctx, bound, "the bound of a slice")
    if not isinstance(value, Const):
        raise unsupported(
            "index",
            "a slice of a tuple needs bounds known at compile time",
            ctx.loc,
            "use an array instead of a tuple",
        )
    return int(value.value)
