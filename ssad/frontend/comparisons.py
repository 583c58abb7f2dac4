"""Comparisons, identity, membership and truth."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ssad.frontend import choices, complexes, dicts, lists, outside, records
from ssad.frontend.abstract import (
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    DictOf,
    Known,
    ListOf,
    MaybeNone,
    MaybeUnbound,
    MemoryList,
    Number,
    ObjectOf,
    OneOf,
    RangeOf,
    RecordOf,
    Text,
    TupleOf,
    Unbound,
    is_none,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Rep, compound, flag_of, known, scalar
from ssad.frontend.joins import is_constant, sort_of
from ssad.frontend.nothing import there, value_of
from ssad.frontend.promotion import (
    big_int_as_float,
    meet,
    plain_bool,
    python_int,
    same_way,
)
from ssad.frontend.python_errors import SAME_NAN
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, I64, U64

_COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


_PYTHON_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a symbol b` for the six comparisons, `is`, `is not`, `in`, `not in`."""
    if symbol in ("is", "is not"):
        same = _identical(ctx, a, b)
        return plain_bool(same if symbol == "is" else ctx.not_(same))
    if symbol in ("in", "not in"):
        found = _contains(ctx, a, b)
        return plain_bool(found if symbol == "in" else ctx.not_(found))
    x, y = a.abstract, b.abstract
    if isinstance(x, MaybeNone) or isinstance(y, MaybeNone):
        return _compare_perhaps(ctx, symbol, a, b)
    if isinstance(x, Number) and isinstance(y, Number):
        if not x.type.is_float and not y.type.is_float:
            return _compare_integers(ctx, symbol, a, b)
        return same_way(ctx, lambda p, q: _compare_floats(ctx, symbol, p, q), a, b)
    if complexes.meets(a, b):
        return complexes.compare(ctx, symbol, a, b)
    own = records.compare(ctx, symbol, a, b)
    if own is not None:
        return own
    if isinstance(x, ArrayOf | ComplexArrayOf) or isinstance(y, ArrayOf | ComplexArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {x} and {y}: array expressions are not compiled yet",
            ctx.loc,
            "compare element by element in a loop",
        )
    _refuse_own_comparison(ctx, symbol, a, b)
    if isinstance(x, Known) and isinstance(y, Known):
        return _compare_known(ctx, symbol, x.object, y.object)
    if any(isinstance(kind, OneOf) and is_constant(kind) for kind in (x, y)):
        return plain_bool(_which(ctx, a, b, lambda p, q: compare(ctx, symbol, p, q)))
    with_big = _compare_with_big(ctx, symbol, a, b)
    if with_big is not None:
        return with_big
    big = big_int_as_float(ctx, a, b)
    if big is not None:
        return compare(ctx, symbol, *big)
    if symbol in ("==", "!="):
        equal = _equal(ctx, a, b)
        return plain_bool(equal if symbol == "==" else ctx.not_(equal))
    if isinstance(x, TupleOf) and isinstance(y, TupleOf):
        return plain_bool(_in_order(ctx, symbol, a.items(), b.items()))
    if isinstance(x, MemoryList | ListOf) and isinstance(y, MemoryList | ListOf):
        return lists.ordered(ctx, symbol, a, b)
    raise untypable("operand", f"`{symbol}` of {x} and {y} has no meaning", ctx.loc)


def _compare_perhaps(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`==` and `!=` of what may be None: None is equal to None only."""
    both = ctx.and_(there(a), there(b))
    neither = ctx.and_(ctx.not_(there(a)), ctx.not_(there(b)))
    equal = neither
    if both is not FALSE:
        pair = compound(TupleOf, [value_of(a), value_of(b)])
        same = choices.where(ctx, both, lambda rep: compare(ctx, "==", *rep.items()), pair)
        equal = ctx.or_(neither, ctx.and_(both, truth(ctx, same)))
    return plain_bool(equal if symbol == "==" else ctx.not_(equal))


def _where(ctx: Context, condition: Value, value: Callable[[], Value]) -> Value:
    """A value whose checks count only where `condition` holds."""
    before = ctx.assumption
    ctx.assumption = ctx.and_(before, condition)
    try:
        return value()
    finally:
        ctx.assumption = before


def _compare_with_big(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep | None:
    """An integer against a Python int beyond 64 bits: only the sign of the latter counts."""
    for number, other in ((a, b), (b, a)):
        big = python_int(other)
        kind = number.abstract
        if not isinstance(kind, Number) or kind.type.is_float or big is None or -(2**63) <= big < 2**63:
            continue
        if kind.type is U64 and 0 < big < 2**64:
            operands = [Const(U64, big) if x is other else x.parts[0] for x in (a, b)]
            return scalar(ctx.emit(_COMPARE[symbol], *operands), flag_of(number))
        small = (0, big) if number is a else (big, 0)
        return scalar(Const(BOOL, _PYTHON_COMPARE[symbol](*small)), flag_of(number))
    return None


def _compare_integers(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """Integers compare by value, of whatever types they are."""
    name = _COMPARE[symbol]
    flag = ctx.or_(flag_of(a), flag_of(b))
    types = a.parts[0].type, b.parts[0].type
    if U64 in types and types[0] is not types[1]:
        return scalar(_compare_with_u64(ctx, name, a, b), flag)
    to = U64 if U64 in types else I64
    return scalar(ctx.emit(name, ctx.cast(a.parts[0], to), ctx.cast(b.parts[0], to)), flag)


def _compare_floats(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    to, flag = meet(ctx, a, b)
    return scalar(ctx.emit(_COMPARE[symbol], ctx.cast(a.parts[0], to), ctx.cast(b.parts[0], to)), flag)


def _compare_with_u64(ctx: Context, name: str, a: Rep, b: Rep) -> Value:
    """A signed integer against an unsigned one of 64 bits, exactly, as NumPy compares them."""
    left = a.parts[0].type is U64
    signed = ctx.cast((b if left else a).parts[0], I64)
    negative = ctx.emit("lt", signed, Const(I64, 0))
    value = ctx.emit(name, ctx.cast(a.parts[0], U64), ctx.cast(b.parts[0], U64))
    below = name in ("lt", "le", "ne") if not left else name in ("gt", "ge", "ne")
    return ctx.emit("select", negative, Const(BOOL, below), value)


def _refuse_own_comparison(ctx: Context, symbol: str, *reps: Rep) -> None:
    for rep in reps:
        obj = rep.abstract.object if isinstance(rep.abstract, Known) else None
        if outside.has_own(obj, "__eq__", "__lt__"):
            raise unsupported(
                "value",
                f"`{symbol}` of a {type(obj).__name__} is not compiled",
                ctx.loc,
                "compare what it holds",
            )


def _compare_known(ctx: Context, symbol: str, a: Any, b: Any) -> Rep:
    try:
        return known(bool(_PYTHON_COMPARE[symbol](a, b)))
    except Exception as error:
        raise untypable("operand", f"`{symbol}` of {Known(a)} and {Known(b)}: {error}", ctx.loc) from None


def _equal(ctx: Context, a: Rep, b: Rep) -> Value:
    """Whether two values of kinds that need not match are equal."""
    x, y = a.abstract, b.abstract
    if isinstance(x, DictOf) or isinstance(y, DictOf):
        raise unsupported("value", f"`==` of {x} and {y} is not compiled", ctx.loc, "compare the values")
    if any(isinstance(x, kind) and isinstance(y, kind) for kind in (TupleOf, ListOf)):
        if len(a.items()) != len(b.items()):
            return FALSE
        equal: Value = TRUE
        for p, q in zip(a.items(), b.items(), strict=True):
            equal = ctx.and_(equal, _same_where(ctx, equal, p, q))
        return equal
    if isinstance(x, RecordOf | ObjectOf) and isinstance(y, RecordOf | ObjectOf):
        raise unsupported("value", f"`==` of {x} and {y} is not compiled", ctx.loc, "compare their parts")
    if isinstance(x, MemoryList | ListOf) and isinstance(y, MemoryList | ListOf):
        return lists.equal(ctx, a, b)
    if any(isinstance(kind, MemoryList | ListOf) for kind in (x, y)):
        raise unsupported("value", f"`==` of {x} and {y} is not compiled", ctx.loc, "compare the items")
    if isinstance(x, OneOf) or isinstance(y, OneOf):
        return _identical(ctx, a, b)
    if isinstance(x, RangeOf | Text) or isinstance(y, RangeOf | Text):
        raise unsupported("value", f"`==` of {x} and {y} is not compiled", ctx.loc)
    return FALSE


def _in_order(ctx: Context, symbol: str, a: list[Rep], b: list[Rep]) -> Value:
    """Tuples are ordered by the first items that differ, else by their lengths."""
    ordered: Value = Const(BOOL, bool(_PYTHON_COMPARE[symbol](len(a), len(b))))
    before: Value = TRUE
    alike: list[Value] = []
    pairs = [*zip(a, b, strict=False)]
    for p, q in pairs:
        alike.append(_same_where(ctx, before, p, q))
        before = ctx.and_(before, alike[-1])
    for (p, q), same in reversed([*zip(pairs, alike, strict=True)]):
        here = truth(ctx, compare(ctx, symbol, p, q)) if same is not TRUE else TRUE
        ordered = ctx.select(same, plain_bool(ordered), plain_bool(here)).parts[0]
    return ordered


def _same_item(ctx: Context, a: Rep, b: Rep) -> Value:
    """Whether items of two containers are equal: one object, or equal. Raises ValueError where both are nan,
    and whether they are one object is not known.
    """
    if _is_object(a, b):
        return TRUE
    both_nan = [_nan(ctx, rep) for rep in (a, b)]
    if all(nan is not None for nan in both_nan):
        ctx.check(ctx.not_(ctx.and_(*filter(None, both_nan))), "ValueError", SAME_NAN)
    return truth(ctx, compare(ctx, "==", a, b))


def count_in(ctx: Context, items: Rep, args: list[Rep]) -> Rep:
    """`t.count(x)` of a tuple."""
    (value,) = args
    count: Value = Const(I64, 0)
    for x in items.items():
        count = ctx.emit("add", count, ctx.cast(_same_item(ctx, value, x), I64))
    return scalar(count)


def index_in(ctx: Context, items: Rep, args: list[Rep]) -> Rep:
    """`t.index(x, start, stop)` of a tuple: where it stands first."""
    bounds = [python_int(arg) for arg in args[1:]]
    if len(args) > 3 or None in bounds:
        cure = "cut the tuple first"
        raise unsupported("call", "index between bounds that are not known is not compiled", ctx.loc, cure)
    every = items.items()
    found: Value = FALSE
    at: Value = Const(I64, 0)
    for n in range(*slice(*(bounds or [0]), *([] if len(bounds) > 1 else [None])).indices(len(every))):
        here = _same_where(ctx, ctx.not_(found), args[0], every[n])
        first = ctx.and_(ctx.not_(found), here)
        at = ctx.select(first, known(n), scalar(at)).parts[0]
        found = ctx.or_(found, here)
    ctx.check(found, "ValueError", "tuple.index(x): x not in tuple")
    return scalar(at)


def _same_where(ctx: Context, condition: Value, a: Rep, b: Rep) -> Value:
    """`_same_item` where a condition holds: nobody looks at the items otherwise."""
    return _where(ctx, condition, lambda: _same_item(ctx, a, b))


def _nan(ctx: Context, rep: Rep) -> Value | None:
    """Whether a number is nan, None for what cannot be."""
    numbers = rep.items() if isinstance(rep.abstract, ComplexOf) else [rep]
    if not all(isinstance(x.abstract, Number) and x.abstract.type.is_float for x in numbers):
        return None
    return ctx.or_(*[ctx.emit("ne", x.parts[0], x.parts[0]) for x in numbers])


def _identical(ctx: Context, a: Rep, b: Rep) -> Value:
    x, y = a.abstract, b.abstract
    for one, other in ((a, b), (b, a)):
        if isinstance(one.abstract, MaybeNone) and is_none(other.abstract):
            return ctx.not_(there(one))
    if isinstance(x, MaybeNone) or isinstance(y, MaybeNone):
        raise unsupported("value", f"`is` between {x} and {y} is not compiled", ctx.loc, "compare with ==")
    if isinstance(x, Known) and isinstance(y, Known):
        return TRUE if x.object is y.object else FALSE
    for number, other in ((a, b), (b, a)):
        if isinstance(other.abstract, Known) and other.abstract.object is None:
            return FALSE
        kind = number.abstract
        if isinstance(kind, Number) and kind.type is BOOL and isinstance(other.abstract, Number):
            if other.abstract.type is not BOOL:
                return FALSE
            same_owner = ctx.not_(ctx.emit("xor", flag_of(a), flag_of(b)))
            return ctx.and_(ctx.not_(ctx.emit("xor", a.parts[0], b.parts[0])), same_owner)
    if isinstance(x, ArrayOf) and isinstance(y, ArrayOf) and a.parts[0] is b.parts[0]:
        return TRUE
    if isinstance(x, MemoryList) and isinstance(y, MemoryList):
        alike = a.parts[0].type is b.parts[0].type
        return ctx.emit("list_is", a.parts[0], b.parts[0]) if alike else FALSE
    if is_constant(x) and is_constant(y):
        return _which(ctx, a, b, lambda p, q: plain_bool(_identical(ctx, p, q)))
    for one, other in ((a, b), (b, a)):
        if isinstance(one.abstract, OneOf) and isinstance(other.abstract, Known):
            return _is_function(ctx, one, other.abstract)
    if type(x) is not type(y) and OneOf not in (type(x), type(y)):
        return FALSE
    raise unsupported("value", f"`is` between {x} and {y} is not compiled", ctx.loc, "compare with ==")


def _which(ctx: Context, a: Rep, b: Rep, alike: Callable[[Rep, Rep], Rep]) -> Value:
    """Whether two are what they are compared for, of which one or both may be one of several constants."""
    found: Value = FALSE
    for here, p in choices.cases(ctx, a):
        for there_too, q in choices.cases(ctx, b):
            found = ctx.or_(found, ctx.and_(here, there_too, alike(p, q).parts[0]))
    return found


def _is_function(ctx: Context, one: Rep, known_one: Known) -> Value:
    """Whether a function that is known at run time only is that one."""
    assert isinstance(one.abstract, OneOf)
    if not any(isinstance(item, Known) and item.object is known_one.object for item in one.abstract.items):
        return FALSE
    number = ctx.engine.function_number(sort_of(known_one))
    return ctx.emit("eq", one.parts[-1], Const(I64, number))


def _contains(ctx: Context, item: Rep, container: Rep) -> Value:
    inside = container.abstract
    own = records.call_method(ctx, container, "__contains__", item)
    if own is not None:
        return truth(ctx, own)
    if isinstance(inside, RangeOf) and isinstance(item.abstract, Number) and item.abstract.type.is_integer:
        return _in_range_object(ctx, ctx.cast(item.parts[0], I64), container)
    if isinstance(item.abstract, OneOf) and isinstance(inside, Known):
        return choices.each(ctx, item, lambda one: plain_bool(_contains(ctx, one, container))).parts[0]
    if isinstance(inside, Known):
        found = outside.holds(ctx, inside.object, item)
        if found is not None:
            return Const(BOOL, found)
    if dicts.is_dict(container):
        return dicts.contains(ctx, container, item)
    if isinstance(inside, Known) and type(inside.object) is frozenset:  # a display of constants
        container = compound(TupleOf, [known(one) for one in sorted(inside.object, key=repr)])
        inside = container.abstract
    if isinstance(inside, MemoryList):
        return ctx.emit("ge", lists.by_library(ctx, "found", container, item).parts[0], Const(I64, 0))
    if not isinstance(inside, TupleOf | ListOf):
        raise unsupported(
            "value", f"`in` of {inside} is not compiled", ctx.loc, "use a tuple, or write a loop"
        )
    inside_it: Value = FALSE
    for x in container.items():
        inside_it = ctx.or_(inside_it, _same_where(ctx, ctx.not_(inside_it), item, x))
    return inside_it


def _is_object(a: Rep, b: Rep) -> bool:
    if not a.parts or not b.parts:
        return False
    whose = [rep.abstract.flavour if isinstance(rep.abstract, Number) else None for rep in (a, b)]
    return a.parts[0] is b.parts[0] and whose[0] is whose[1] and not isinstance(a.parts[0], Const)


def _in_range_object(ctx: Context, value: Value, container: Rep) -> Value:
    start, step, count = (item.parts[0] for item in container.items())
    offset = ctx.emit("sub", value, start)
    index = ctx.emit("floordiv", offset, step)
    exact = ctx.emit("eq", ctx.emit("mul", index, step), offset)
    return ctx.and_(exact, ctx.emit("in_range", index, count))


def truth(ctx: Context, a: Rep) -> Value:
    """Whether `a` counts as true."""
    kind = a.abstract
    if isinstance(kind, Number):
        return ctx.cast(a.parts[0], BOOL)
    if isinstance(kind, ComplexOf):
        return complexes.truth(ctx, a)
    if isinstance(kind, MaybeNone):
        some = there(a)
        found = choices.where(ctx, some, lambda rep: plain_bool(truth(ctx, rep)), value_of(a))
        return ctx.and_(some, found.parts[0])
    own = records.call_method(ctx, a, "__bool__") or records.call_method(ctx, a, "__len__")
    if own is not None:
        return truth(ctx, own)
    if isinstance(kind, TupleOf | ListOf | DictOf):
        return Const(BOOL, bool(kind.items))
    if dicts.is_memory(a):
        return ctx.emit("ne", dicts.length(ctx, a), Const(I64, 0))
    if isinstance(kind, MemoryList):
        return ctx.emit("gt", lists.length(ctx, a), Const(I64, 0))
    if isinstance(kind, Known):
        outside.guard_content(ctx, kind.object)
        if outside.has_own(kind.object, "__bool__", "__len__"):
            raise unsupported("value", f"the truth of {kind} is not compiled", ctx.loc, "test what it holds")
        return Const(BOOL, bool(kind.object))
    if isinstance(kind, OneOf):
        return ctx.or_(*[ctx.and_(here, truth(ctx, item)) for here, item in choices.cases(ctx, a)])
    if isinstance(kind, RangeOf):
        return ctx.emit("ne", a.parts[2], Const(I64, 0))
    if isinstance(kind, ArrayOf | ComplexArrayOf):
        raise untypable(
            "truth", f"the truth of {kind} is ambiguous", ctx.loc, "test an element, or len(x) > 0"
        )
    if isinstance(kind, Unbound | MaybeUnbound | Text):
        raise untypable("truth", f"the truth of {kind} is not known at compile time", ctx.loc)
    return TRUE
