"""`for` loops: what item k of a thing is, and whether there is one. A loop counts k from 0 by 1."""

from __future__ import annotations

from collections.abc import Sequence
from enum import EnumType
from functools import reduce
from itertools import pairwise
from types import FunctionType
from typing import Any

from ssad.frontend import choices, complex_arrays, dicts, generators, lists
from ssad.frontend.abstract import (
    PYTHON,
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    Compound,
    EnumerateOf,
    GeneratorOf,
    Known,
    ListOf,
    MapOf,
    MemoryList,
    Number,
    RangeOf,
    Reference,
    ReversedOf,
    TupleOf,
    ViewOf,
    ZipOf,
)
from ssad.frontend.captures import class_attribute
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Gone, Rep, compound, known, scalar
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.peeling import Different
from ssad.frontend.promotion import as_index, plain_bool
from ssad.frontend.python_errors import message_of
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import BOOL, I64

STRICT = "strict"
"""The tag of `zip(..., strict=True)`."""

_ZERO, _ONE = Const(I64, 0), Const(I64, 1)


_ITERABLE = (
    ArrayOf,
    ComplexArrayOf,
    TupleOf,
    ListOf,
    MemoryList,
    RangeOf,
    EnumerateOf,
    ZipOf,
    ReversedOf,
    MapOf,
    GeneratorOf,
)


def iter_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.iter`: the thing itself, if it can be iterated over."""
    return iterable(ctx, operands[0])


def iterable(ctx: Context, rep: Rep) -> Rep:
    """`rep`, if a loop can run over it. Raises UnsupportedError or TypingError."""
    from ssad.frontend.records import call_method, class_of  # which imports what iterates

    kind = rep.abstract
    if isinstance(kind, _ITERABLE):
        return rep
    cls = class_of(rep)
    if cls is not None and isinstance(class_attribute(cls, "__next__"), FunctionType):
        return lists.by_library(ctx, "stepped", rep)
    own = call_method(ctx, rep, "__iter__")
    if own is not None:
        return iterable(ctx, own)
    if isinstance(kind, Known) and isinstance(kind.object, EnumType):
        members: list[Any] = list(kind.object)
        return compound(TupleOf, [known(member) for member in members])
    if dicts.is_dict(rep):
        return iterable(ctx, dicts.view(ctx, rep, "keys"))
    if isinstance(kind, ViewOf):
        return dicts.gone_through(ctx, rep)
    if isinstance(kind, Number) or (isinstance(kind, Known) and kind.object is None):
        cure = "write range(...)" if isinstance(kind, Number) and kind.type.is_integer else ""
        raise untypable("operand", f"{kind} cannot be iterated over", ctx.loc, cure)
    raise unsupported(
        "iteration", f"a loop over {kind} is not compiled", ctx.loc, "loop over range, an array or a tuple"
    )


def count_of(ctx: Context, rep: Rep) -> Value:
    """How many items there are."""
    kind = rep.abstract
    if isinstance(kind, ArrayOf | ComplexArrayOf):
        return ctx.dim(rep.parts[0], 0)
    if isinstance(kind, TupleOf | ListOf):
        return Const(I64, len(kind.items))
    if isinstance(kind, RangeOf):
        return rep.parts[2]
    if isinstance(kind, MemoryList):
        return lists.length(ctx, rep)
    if isinstance(kind, GeneratorOf):
        raise unsupported(
            "iteration", f"how many items {kind} has is not known", ctx.loc, "make a list of it: list(...)"
        )
    assert isinstance(kind, Compound)
    if isinstance(kind, ReversedOf):
        return rep.parts[-1]
    if isinstance(kind, ZipOf | MapOf):
        _refuse_strict(ctx, kind)
        counts = [count_of(ctx, item) for item in _inner(rep)]
        shortest = counts[0] if counts else _ZERO
        for count in counts[1:]:
            shortest = ctx.emit("select", ctx.emit("lt", count, shortest), count, shortest)
        return shortest
    return count_of(ctx, rep.items()[0])


def iter_more(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.iter_more`: whether item k exists."""
    return scalar(_more(ctx, operands[0], operands[1].parts[0]))


def _more(ctx: Context, rep: Rep, k: Value) -> Value:
    kind = rep.abstract
    if isinstance(kind, ZipOf) and kind.tag == STRICT:
        return _all_or_none(ctx, [_more(ctx, item, k) for item in rep.items()])
    if isinstance(kind, ZipOf | MapOf):
        return _all_more(ctx, _inner(rep), k) if kind.items else FALSE
    if isinstance(kind, EnumerateOf):
        return _more(ctx, rep.items()[0], k)
    if isinstance(kind, ReversedOf) and isinstance(kind.items[0], MemoryList):
        # it counts from the end that the list had, and stops where the list has become shorter
        at = ctx.emit("sub", ctx.emit("sub", rep.parts[-1], _ONE), k)
        return ctx.emit("in_range", at, count_of(ctx, rep.items()[0]))
    if isinstance(kind, GeneratorOf):
        return generators.more(ctx, rep)
    count = count_of(ctx, rep)
    return FALSE if _is(count, 0) else ctx.emit("lt", k, count)


def _all_more(ctx: Context, items: list[Rep], k: Value) -> Value:
    """Whether all go on; a generator is asked where those before it do only."""
    more: Value = TRUE
    for item in items:
        if more is not TRUE and generators.goes_through_one(item):
            asked = choices.where(ctx, more, lambda one: plain_bool(_more(ctx, one, k)), item)
            more = ctx.select(more, asked, plain_bool(FALSE)).parts[0]
        else:
            more = ctx.and_(more, _more(ctx, item, k))
    return more


def _inner(rep: Rep) -> list[Rep]:
    """What `zip` or `map` goes through; the function of `map` comes first."""
    return rep.items()[1:] if isinstance(rep.abstract, MapOf) else rep.items()


def iter_item(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.iter_item`: item k, which exists. Where items differ in kind each gets an iteration of its own."""
    try:
        return item_of(ctx, operands[0], operands[1].parts[0])
    except Different as items:
        assert ctx.instance is not None
        if ctx.engine.peel(ctx.instance.lifted, op, items.count):
            raise Gone from None
    return item_of(ctx, operands[0], operands[1].parts[0], True)


def item_of(ctx: Context, rep: Rep, k: Value, joined: bool = False) -> Rep:
    """Item k of something to iterate over; the caller knows that it exists.

    Raises Different where the items have no common type, unless they shall be `joined`, which says so.
    """
    kind = rep.abstract
    if isinstance(kind, ArrayOf):
        return element(ctx, rep.parts[0], [k])
    if isinstance(kind, MemoryList):
        return lists.element(ctx, rep, k)
    if isinstance(kind, GeneratorOf):
        return generators.item(ctx, rep)
    if isinstance(kind, ComplexArrayOf):
        return complex_arrays.element(ctx, rep.parts[0], [k])
    if isinstance(kind, TupleOf | ListOf):
        if not joined and not isinstance(k, Const) and _differ(kind.items):
            raise Different(len(kind.items))
        return choose_item(ctx, rep.items(), k)
    if isinstance(kind, RangeOf):
        start, step, _ = rep.parts
        offset = k if _is(step, 1) else ctx.emit("mul", k, step)
        return scalar(offset if _is(start, 0) else ctx.emit("add", start, offset))
    if isinstance(kind, EnumerateOf):
        inner, first = rep.items()
        count = k if _is(first.parts[0], 0) else ctx.emit("add", first.parts[0], k)
        return compound(TupleOf, [scalar(count), item_of(ctx, inner, k, joined)])
    if isinstance(kind, ZipOf):
        return compound(TupleOf, [item_of(ctx, item, k, joined) for item in rep.items()])
    if isinstance(kind, MapOf):
        from ssad.frontend.calls import apply

        return apply(ctx, rep.items()[0], [item_of(ctx, item, k, joined) for item in _inner(rep)], {})
    assert isinstance(kind, ReversedOf)
    inner = rep.items()[0]
    last = ctx.emit("sub", rep.parts[-1], _ONE)
    return item_of(ctx, inner, ctx.emit("sub", last, k), joined)


def element(ctx: Context, array: Value, index: Sequence[Value]) -> Rep:
    """An element as a NumPy scalar, or a view of what lies behind the first indices; they are in range."""
    rank = array.type.rank  # type: ignore[attr-defined]
    if len(index) == rank:
        return scalar(ctx.emit("load", array, *index), Const(BOOL, True))
    pattern = "i" * len(index) + ":" * (rank - len(index))
    view = ctx.emit("view", array, *index, pattern=pattern)
    return array_rep(view)


def array_rep(value: Value) -> Rep:
    """An array, described by its IR type."""
    return Rep(ArrayOf(value.type), [value])  # type: ignore[arg-type]


def _differ(kinds: Sequence[Abstract]) -> bool:
    """Whether items have no common type, or one that would hide what they are."""
    if len(kinds) > 1 and any(map(_leads_to_objects, kinds)):
        return True
    try:
        if any(choices.is_chosen(join(a, b)) for a, b in pairwise(kinds)):
            return True
    except NoJoin:
        return True
    numbers = [kind.type for kind in kinds if isinstance(kind, Number) and kind.flavour is PYTHON]
    return BOOL in numbers and any(type is not BOOL for type in numbers)


def _leads_to_objects(kind: Abstract) -> bool:
    return isinstance(kind, Reference) or any(map(_leads_to_objects, kind.children()))


def choose_item(ctx: Context, items: Sequence[Rep], k: Value) -> Rep:
    """Item k of a tuple: the items need one type where k is only known at run time."""
    if isinstance(k, Const):
        return items[int(k.value)] if 0 <= k.value < len(items) else items[0]
    if not items:
        return known(None)
    chosen = items[-1]
    for n in range(len(items) - 2, -1, -1):
        chosen = ctx.select(ctx.emit("eq", k, Const(I64, n)), items[n], chosen)
    return chosen


def next_index(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.next_index`: k + 1, which cannot overflow."""
    return scalar(ctx.emit("add", operands[0].parts[0], _ONE))


def _is(value: Value, number: int) -> bool:
    return isinstance(value, Const) and value.value == number


# What makes iterables


def range_(ctx: Context, args: list[Rep]) -> Rep:
    """`range(stop)`, `range(start, stop)`, `range(start, stop, step)`: the number of items is computed
    once.
    """
    if not 1 <= len(args) <= 3:
        raise untypable("bind", f"range takes 1 to 3 arguments, but {len(args)} were given", ctx.loc)
    values = [as_index(ctx, arg, "an argument of range") for arg in args]
    start, stop, step = {1: (_ZERO, values[0], _ONE), 2: (*values, _ONE), 3: tuple(values)}[len(values)]
    if not isinstance(step, Const) or step.value == 0:
        ctx.check(ctx.emit("ne", step, _ZERO), *message_of(range, 1, 2, 0))
    count = _range_count(ctx, start, stop, step)
    return compound(RangeOf, [scalar(start), scalar(step), scalar(count)])


def _range_count(ctx: Context, start: Value, stop: Value, step: Value) -> Value:
    if isinstance(step, Const):
        return (
            _count_up(ctx, start, stop, step)
            if step.value > 0
            else _count_up(ctx, stop, start, _negated(step))
        )
    up = ctx.emit("gt", step, _ZERO)
    low = ctx.emit("select", up, start, stop)
    high = ctx.emit("select", up, stop, start)
    least = ctx.emit("eq", step, Const(I64, -(2**63)))  # which has no counterpart
    bounded = ctx.emit("select", least, Const(I64, 1 - 2**63), step)
    size = ctx.emit("select", up, step, ctx.emit("neg", bounded))
    return _count_up(ctx, low, high, size)


def _negated(step: Const) -> Value:
    return Const(I64, min(-step.value, 2**63 - 1))


def _count_up(ctx: Context, low: Value, high: Value, step: Value) -> Value:
    """max(0, ceil((high - low) / step)) for a positive step."""
    if _is(low, 0) and _is(step, 1):
        return ctx.emit("select", ctx.emit("lt", high, _ZERO), _ZERO, high)
    safe_high = ctx.emit("select", ctx.emit("lt", high, low), low, high)
    if not (isinstance(low, Const) and low.value >= 0):
        overflows = ctx.emit("sub_overflows", safe_high, low)
        message = "the ends of this range are further apart than a 64-bit integer can tell"
        ctx.check(ctx.not_(overflows), "OverflowError", message)
    span = ctx.emit("sub", safe_high, low)
    if _is(step, 1):
        return span
    # rounded down, so that an empty range gives -1 + 1
    return ctx.emit("add", ctx.emit("floordiv", ctx.emit("sub", span, _ONE), step), _ONE)


def enumerate_(ctx: Context, args: list[Rep]) -> Rep:
    """`enumerate(x, start)`."""
    start = args[1] if len(args) > 1 else known(0)
    return compound(
        EnumerateOf, [iterable(ctx, args[0]), scalar(as_index(ctx, start, "the start of enumerate"))]
    )


def zip_(ctx: Context, args: list[Rep], strict: Rep | None = None) -> Rep:
    """`zip(x, y, ...)`, `zip(x, y, ..., strict=True)`."""
    kinds = [iterable(ctx, arg) for arg in args]
    wanted = None if strict is None else strict.abstract
    value = wanted.constant if isinstance(wanted, Number) else getattr(wanted, "object", False)
    if value is not None and not isinstance(value, bool):
        raise unsupported("call", "this argument strict of zip is not compiled", ctx.loc, "write True")
    if strict is not None and value is None:
        raise unsupported("call", "strict of zip is not known at compile time", ctx.loc, "write True")
    if generators.shared(kinds):
        return _together(ctx, kinds, bool(value))
    if not value or len(kinds) < 2:
        return compound(ZipOf, kinds)
    if any(map(generators.goes_through_one, args[1:])):
        cause = "strict zip of a generator behind another argument is not compiled"
        cure = "put the generator first; or make a list of it: list(...)"
        raise unsupported("iteration", cause, ctx.loc, cure)
    return compound(ZipOf, kinds, STRICT)


def _together(ctx: Context, kinds: list[Rep], strict: bool) -> Rep:
    """`zip` of what may be one generator: the items are asked for in turn."""
    plain = all(isinstance(rep.abstract, GeneratorOf) for rep in kinds)
    if strict or not plain or len(kinds) > 3:
        cause = "an iterator that is gone through at several places at once is not compiled here"
        raise unsupported("iteration", cause, ctx.loc, "make a list of it, and use indices")
    return lists.by_library(ctx, "together" if len(kinds) == 2 else "three_together", *kinds)


def chain(ctx: Context, args: list[Rep]) -> Rep:
    """`itertools.chain(x, y, ...)`, which may be of different kinds."""
    if len(args) < 2:
        return lists.by_library(ctx, "iterated", *(args or [compound(TupleOf, [])]))
    return reduce(lambda before, more: lists.by_library(ctx, "chained", before, more), args)


def _all_or_none(ctx: Context, more: list[Value]) -> Value:
    """Whether all items of a strict `zip` go on; they end together."""
    first = more[0]
    for n, other in enumerate(more[1:], 1):
        before = "argument 1" if n == 1 else f"arguments 1-{n}"
        shorter = f"zip() argument {n + 1} is shorter than {before}"
        longer = f"zip() argument {n + 1} is longer than {before}"
        ctx.check(ctx.not_(ctx.and_(first, ctx.not_(other))), "ValueError", shorter)
        ctx.check(ctx.not_(ctx.and_(other, ctx.not_(first))), "ValueError", longer)
    return first


def _refuse_strict(ctx: Context, kind: Abstract) -> None:
    """What asks for the number of items at once would raise too early, or not at all."""
    if isinstance(kind, ZipOf) and kind.tag == STRICT:
        raise unsupported(
            "iteration", "zip(strict=True) is compiled in a `for` loop only", ctx.loc, "write the loop"
        )


def reversed_(ctx: Context, args: list[Rep]) -> Rep:
    """`reversed(x)` of a range, an array or a tuple."""
    kind = args[0].abstract
    if isinstance(kind, TupleOf | ListOf):
        return compound(ListOf if isinstance(kind, ListOf) else TupleOf, args[0].items()[::-1])
    if not isinstance(kind, RangeOf | ArrayOf | ComplexArrayOf | MemoryList):
        raise untypable("operand", f"{kind} cannot be reversed", ctx.loc)
    return compound(ReversedOf, [args[0], scalar(count_of(ctx, args[0]))])


def map_(ctx: Context, args: list[Rep]) -> Rep:
    """`map(f, x, y, ...)`: each item calls `f` when it is wanted."""
    if len(args) < 2:
        raise untypable("bind", "map() must have at least two arguments.", ctx.loc)
    given = [iterable(ctx, arg) for arg in args[1:]]
    if generators.shared(given):
        cause = "map of an iterator that is gone through at several places at once is not compiled"
        raise unsupported("iteration", cause, ctx.loc, "write a loop over zip(...)")
    return compound(MapOf, [args[0], *given])
