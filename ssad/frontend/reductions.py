"""Builtin functions that go through things: sum, min, max, any, all, sorted, list, tuple.

Over a tuple or a display they are written out, item by item. Over arrays, ranges and lists in memory they
are loops, plain Python in ssad/library/lists.py.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable

from ssad.frontend import lists
from ssad.frontend.abstract import (
    MIXED,
    NUMPY,
    PYTHON,
    Abstract,
    ArrayOf,
    ListOf,
    MemoryList,
    Number,
    RangeOf,
    TupleOf,
)
from ssad.frontend.bytecode import SUM_COMPENSATES
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import compare, truth
from ssad.frontend.context import FALSE, Context, Rep, compound, known, scalar
from ssad.frontend.iteration import count_of, iterable
from ssad.frontend.operators import binary
from ssad.frontend.promotion import plain_bool
from ssad.frontend.python_errors import message_of
from ssad.ir.core import Const
from ssad.ir.types import F64, I64

_ZERO = Const(I64, 0)


def _indexed(ctx: Context, rep: Rep) -> Rep:
    """What has a length and items by number: an array, a range, or a list, made of anything else."""
    iterable(ctx, rep)
    return rep if isinstance(rep.abstract, ArrayOf | RangeOf) else lists.in_memory(ctx, rep)


def _item_kind(rep: Rep) -> Abstract | None:
    """The type of the items of an array, a range or a list; None where it has none."""
    kind = rep.abstract
    if isinstance(kind, ArrayOf):
        return Number(kind.elem, NUMPY) if kind.rank == 1 else ArrayOf(kind.type)
    return kind.elem if isinstance(kind, MemoryList) else Number(I64)


# sum


def sum_(ctx: Context, items: Rep, start: Rep | None) -> Rep:
    """`sum(items, start)`: where CPython adds Python's floats with compensation, so does this."""
    total = known(0) if start is None else start
    if isinstance(items.abstract, TupleOf | ListOf):
        return _sum_of_items(ctx, items.items(), total)
    items = _indexed(ctx, items)
    kind = _item_kind(items)
    if kind is not None and not isinstance(kind, Number):
        raise untypable(
            "operand", f"sum of {items.abstract} has no meaning here", ctx.loc, "add up its numbers"
        )
    compensates = SUM_COMPENSATES and _is_python_float(kind) and _is_python(total.abstract)
    if SUM_COMPENSATES and isinstance(kind, Number) and kind.flavour is MIXED and kind.type.is_float:
        raise _mixed(ctx)
    return lists.by_library(ctx, "compensated_total" if compensates else "total", items, total)


def _is_python(kind: Abstract | None) -> bool:
    return isinstance(kind, Number) and kind.flavour is PYTHON


def _is_python_float(kind: Abstract | None) -> bool:
    return isinstance(kind, Number) and kind.flavour is PYTHON and kind.type is F64


def _mixed(ctx: Context) -> Exception:
    return unsupported(
        "call",
        "sum of numbers that may be Python's or NumPy's is not compiled: it rounds them in two ways",
        ctx.loc,
        "convert them with float(...)",
    )


def _sum_of_items(ctx: Context, items: list[Rep], total: Rep) -> Rep:
    """CPython's three loops: ints, then Python's floats with compensation, then anything."""
    lost: Rep | None = None
    floats = SUM_COMPENSATES and _is_python_float(total.abstract)
    anything = not floats and not (_is_python(total.abstract) and total.parts[0].type is I64)
    for item in items:
        kind = item.abstract
        if SUM_COMPENSATES and not anything and isinstance(kind, Number) and kind.flavour is MIXED:
            raise _mixed(ctx)
        if floats and _is_python_float(kind):
            total, lost = _compensated(ctx, total, item, lost)
            continue
        if floats and not _is_python(kind):
            total, lost, floats, anything = _with_lost(ctx, total, lost), None, False, True
        total = binary(ctx, "+", total, item)
        if not floats and not anything and total.parts and total.parts[0].type is not I64:
            floats = SUM_COMPENSATES and _is_python_float(total.abstract)
            anything = not floats
    return _with_lost(ctx, total, lost)


def _compensated(ctx: Context, total: Rep, item: Rep, lost: Rep | None) -> tuple[Rep, Rep]:
    """The next partial sum, and what rounding has lost so far (Neumaier 1974)."""
    s, x = total.parts[0], item.parts[0]
    t = ctx.emit("add", s, x)
    larger = ctx.emit("ge", ctx.emit("abs", s), ctx.emit("abs", x))
    big, small = ctx.emit("select", larger, s, x), ctx.emit("select", larger, x, s)
    more = ctx.emit("stop_gradient", ctx.emit("add", ctx.emit("sub", big, t), small))
    return scalar(t), scalar(more if lost is None else ctx.emit("add", lost.parts[0], more))


def _with_lost(ctx: Context, total: Rep, lost: Rep | None) -> Rep:
    if lost is None:
        return total
    value, more = total.parts[0], lost.parts[0]
    matters = ctx.and_(ctx.emit("ne", more, Const(F64, 0.0)), ctx.emit("isfinite", more))
    return scalar(ctx.emit("select", matters, ctx.emit("add", value, more), value))


# min and max


def extreme(symbol: str, name: str) -> Callable[..., Rep]:
    """The handler of `min` or `max`."""
    word = "least" if symbol == "<" else "greatest"

    def run(ctx: Context, args: list[Rep], key: Rep | None, default: Rep | None) -> Rep:
        if not args:
            raise untypable("bind", f"{name} lacks arguments", ctx.loc, "give it two numbers or a tuple")
        keyed = key is not None and not lists.is_none(key)
        if len(args) > 1 or isinstance(args[0].abstract, TupleOf | ListOf):
            items = args if len(args) > 1 else args[0].items()
            return _extreme_of_items(ctx, symbol, name, items, key if keyed else None, default)
        items_ = _indexed(ctx, args[0])
        _need_order(ctx, _item_kind(items_), keyed, name)
        given = [items_]
        if keyed:
            assert key is not None
            given.append(lists.by_library(ctx, "keys", lists.empty(ctx), items_, key))
        if default is not None:
            return lists.by_library(ctx, f"{word}_by_or" if keyed else f"{word}_or", *given, default)
        there = ctx.emit("gt", count_of(ctx, items_), _ZERO)
        ctx.check(there, "ValueError", _empty_extreme(name))
        return lists.by_library(ctx, f"{word}_by" if keyed else word, *given)

    return run


def _need_order(ctx: Context, kind: Abstract | None, keyed: bool, name: str) -> None:
    if keyed or kind is None or isinstance(kind, Number):
        return
    raise unsupported(
        "call", f"{name} of {kind}s is not compiled yet", ctx.loc, "give a key: key=lambda t: t[0]"
    )


def _extreme_of_items(
    ctx: Context, symbol: str, name: str, items: list[Rep], key: Rep | None, default: Rep | None
) -> Rep:
    if not items and default is not None:
        return default
    if not items:
        ctx.check(FALSE, "ValueError", _empty_extreme(name))
    keys = items if key is None else [_apply(ctx, key, item) for item in items]
    best, best_key = items[0], keys[0]
    for item, its_key in zip(items[1:], keys[1:], strict=True):
        better = truth(ctx, compare(ctx, symbol, its_key, best_key))
        best = ctx.select(better, item, best)
        best_key = best if key is None else ctx.select(better, its_key, best_key)
    return best


def _apply(ctx: Context, function: Rep, item: Rep) -> Rep:
    from ssad.frontend.calls import apply

    return apply(ctx, function, [item], {})


def _empty_extreme(name: str) -> str:
    return message_of(getattr(builtins, name), ())[1]


# any, all, list, tuple, sorted


def any_(ctx: Context, items: Rep) -> Rep:
    """`any(items)`."""
    if isinstance(items.abstract, TupleOf | ListOf):
        return plain_bool(ctx.or_(*[truth(ctx, item) for item in items.items()]))
    return lists.by_library(ctx, "any", iterable(ctx, items))


def all_(ctx: Context, items: Rep) -> Rep:
    """`all(items)`."""
    if isinstance(items.abstract, TupleOf | ListOf):
        return plain_bool(ctx.and_(*[truth(ctx, item) for item in items.items()]))
    return lists.by_library(ctx, "all", iterable(ctx, items))


def list_(ctx: Context, items: Rep | None) -> Rep:
    """`list(items)`."""
    return lists.empty(ctx) if items is None else lists.to_list(ctx, iterable(ctx, items))


def sorted_(ctx: Context, items: Rep, key: Rep | None, reverse: Rep | None) -> Rep:
    """`sorted(items, key=key, reverse=reverse)`."""
    return lists.sorted_(ctx, iterable(ctx, items), key, reverse)


def tuple_(ctx: Context, items: Rep | None) -> Rep:
    """`tuple(items)`, of what has a length known at compile time."""
    if items is None:
        return compound(TupleOf, [])
    if not isinstance(items.abstract, TupleOf | ListOf):
        raise unsupported(
            "value",
            f"a tuple of {items.abstract} has no length known at compile time",
            ctx.loc,
            "use a list or an array",
        )
    return compound(TupleOf, items.items())
