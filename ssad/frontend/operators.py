"""Binary and unary operators, comparisons and truth: Python's and NumPy's semantics spelled out as checks
and casts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ssad.frontend import python_errors as errors
from ssad.frontend.abstract import (
    MIXED,
    NUMPY,
    PYTHON,
    ArrayOf,
    Known,
    ListOf,
    MaybeUnbound,
    Number,
    RangeOf,
    Text,
    TupleOf,
    Unbound,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Rep, compound, flag_of, known, scalar
from ssad.frontend.powers import power
from ssad.frontend.promotion import ARITHMETIC, BITWISE, bring, meet, meeting_type, numeric, plain_bool
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I8, I64, U64, Scalar

_OVERFLOWING = {"+": ("add", "add_overflows"), "-": ("sub", "sub_overflows"), "*": ("mul", "mul_overflows")}
_BITS = {"&": "and", "|": "or", "^": "xor"}
_LOWEST = -(1 << 63)


def binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a symbol b` of two Python values."""
    exact = _exact(symbol, a, b)
    if exact is not None:
        return exact
    if isinstance(a.abstract, Number) and isinstance(b.abstract, Number):
        return _NUMERIC[symbol](ctx, symbol, a, b)
    x, y = a.abstract, b.abstract
    if isinstance(x, ArrayOf) or isinstance(y, ArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {x} and {y}: array expressions are not compiled yet",
            ctx.loc,
            "write a loop over the elements",
        )
    if isinstance(x, TupleOf) and isinstance(y, TupleOf) and symbol == "+":
        return compound(TupleOf, [*a.items(), *b.items()])
    if isinstance(x, TupleOf | ListOf) and symbol == "*" and isinstance(y, Number):
        return _repeat(ctx, a, b)
    if isinstance(y, TupleOf | ListOf) and symbol == "*" and isinstance(x, Number):
        return _repeat(ctx, b, a)
    if isinstance(x, Known) and isinstance(y, Known):
        return _known_operands(ctx, symbol, x.object, y.object)
    big = _big_int_as_float(ctx, a, b)
    if big is not None:
        return binary(ctx, symbol, *big)
    raise untypable("operand", f"`{symbol}` of {x} and {y} has no meaning", ctx.loc)


_EXACT: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
_MOST_BITS = 1024


def python_int(rep: Rep) -> int | None:
    """The Python int that `rep` is known to be at compile time, of any size, or None."""
    kind = rep.abstract
    if isinstance(kind, Number):
        return kind.constant if kind.type is I64 and kind.flavour is PYTHON else None
    return kind.object if isinstance(kind, Known) and type(kind.object) is int else None


def _exact(symbol: str, a: Rep, b: Rep) -> Rep | None:
    """Arithmetic of Python ints known at compile time, which may leave 64 bits on the way."""
    x, y = python_int(a), python_int(b)
    if x is None or y is None or symbol not in _EXACT:
        return None
    if symbol in ("//", "%") and y == 0 or symbol in ("**", "<<", ">>") and not 0 <= y < _MOST_BITS:
        return None
    if symbol == "**" and x.bit_length() * y > _MOST_BITS:
        return None
    return known(_EXACT[symbol](x, y))


def _repeat(ctx: Context, items: Rep, times: Rep) -> Rep:
    count = times.abstract
    assert isinstance(count, Number)
    if count.constant is None or not count.type.is_integer:
        raise unsupported(
            "list",
            "the length of this sequence is not known at compile time",
            ctx.loc,
            "use an array: np.zeros(n)",
        )
    kind = type(items.abstract)
    assert issubclass(kind, TupleOf | ListOf)
    return compound(kind, items.items() * int(count.constant))


def _known_operands(ctx: Context, symbol: str, a: Any, b: Any) -> Rep:
    if symbol == "+" and isinstance(a, str) and isinstance(b, str):
        return known(a + b)
    raise untypable("operand", f"`{symbol}` of {Known(a)} and {Known(b)} has no meaning here", ctx.loc)


def _big_int_as_float(ctx: Context, a: Rep, b: Rep) -> tuple[Rep, Rep] | None:
    """Python turns an int beyond 64 bits into a float where the other operand is one."""
    for x, other in ((a, b), (b, a)):
        if not (isinstance(x.abstract, Known) and type(x.abstract.object) is int):
            continue
        if isinstance(other.abstract, Number) and other.abstract.type is F64:
            exc, text = "OverflowError", "int too large to convert to float"
            big = x.abstract.object
            ctx.check(Const(BOOL, abs(big) < 1 << 1023), exc, text)
            value = known(float(big))
            return (value, b) if x is a else (a, value)
        numeric(ctx, x, "an operand")
    return None


def _arithmetic(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`+ - *`: Python ints are checked for overflow, NumPy's wrap, NumPy's bools are Boolean algebra."""
    name, overflows = _OVERFLOWING[symbol]
    to, flag = meet(ctx, a, b)
    if to is BOOL:
        if symbol == "-":
            exc, text = errors.message_of(operator.sub, np.bool_(True), np.bool_(True))
            raise untypable("operand", f"{exc}: {text}", ctx.loc, "use ^ or convert with int(...)")
        name = "or" if symbol == "+" else "and"
        return scalar(ctx.emit(name, ctx.cast(a.parts[0], BOOL), ctx.cast(b.parts[0], BOOL)), flag)
    x, y = bring(ctx, a, to), bring(ctx, b, to)
    if to is I64 and flag is not TRUE:
        ctx.check(ctx.or_(flag, ctx.not_(ctx.emit(overflows, x, y))), "OverflowError", errors.INT_TOO_LARGE)
    return scalar(ctx.emit(name, x, y), flag)


def _true_division(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`/`: always a float; the integers are brought to f64 first, exactly up to 2**53."""
    to, flag = meet(ctx, a, b)
    if not to.is_float:
        _forbid_zero(ctx, symbol, b.parts[0], flag)
        return scalar(ctx.emit("div", ctx.cast(a.parts[0], F64), ctx.cast(b.parts[0], F64)), flag)
    x, y = bring(ctx, a, to), bring(ctx, b, to)
    _forbid_zero(ctx, symbol, y, flag)
    return scalar(ctx.emit("div", x, y), flag)


def _forbid_zero(ctx: Context, symbol: str, divisor: Value, flag: Value) -> None:
    """Python's numbers refuse a zero divisor, NumPy's do not."""
    if not ctx.python_errors:
        return
    assert isinstance(divisor.type, Scalar)
    exc, text = errors.zero_division(symbol, divisor.type.is_float)
    ctx.check(ctx.or_(flag, ctx.cast(divisor, BOOL)), exc, text)


def _floor_division(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`//` and `%`: the quotient is rounded down, the remainder has the divisor's sign."""
    to, x, y, flag = _divide(ctx, symbol, a, b)
    return scalar(_quotient(ctx, "floordiv" if symbol == "//" else "mod", to, x, y, flag), flag)


def _divide(ctx: Context, symbol: str, a: Rep, b: Rep) -> tuple[Scalar, Value, Value, Value]:
    to, flag = meet(ctx, a, b)
    to = I8 if to is BOOL else to
    x, y = bring(ctx, a, to), bring(ctx, b, to)
    _forbid_zero(ctx, symbol, y, flag)
    if to is I64 and symbol != "%" and flag is not TRUE:
        lowest = ctx.emit("eq", x, Const(I64, _LOWEST))
        overflows = ctx.and_(ctx.emit("eq", y, Const(I64, -1)), lowest)
        ctx.check(ctx.or_(flag, ctx.not_(overflows)), "OverflowError", errors.INT_TOO_LARGE)
    return to, x, y, flag


def _quotient(ctx: Context, name: str, to: Scalar, x: Value, y: Value, flag: Value) -> Value:
    result = ctx.emit(name, x, y)
    checked = ctx.python_errors and flag is FALSE
    if to.is_float or checked or (isinstance(y, Const) and y.value != 0):
        return result
    # NumPy: an integer divided by zero is zero
    zero = Const(to, 0)
    return ctx.emit("select", ctx.emit("eq", y, zero), zero, result)


def divmod_(ctx: Context, a: Rep, b: Rep) -> Rep:
    """`divmod(a, b)`, with one check for both results."""
    a, b = numeric(ctx, a, "the first argument of divmod"), numeric(ctx, b, "the second argument of divmod")
    to, x, y, flag = _divide(ctx, "divmod", a, b)
    results = [scalar(_quotient(ctx, name, to, x, y, flag), flag) for name in ("floordiv", "mod")]
    return compound(TupleOf, results)


def _bitwise(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    to, flag = meet(ctx, a, b, BITWISE)
    _forbid_float(ctx, symbol, to, a, b)
    return scalar(ctx.emit(_BITS[symbol], bring(ctx, a, to), bring(ctx, b, to)), flag)


def _forbid_float(ctx: Context, symbol: str, to: Scalar, a: Rep, b: Rep) -> None:
    if to.is_float:
        raise untypable(
            "operand", f"`{symbol}` of {a.abstract} and {b.abstract} has no meaning", ctx.loc, "use integers"
        )


def _shift(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    to, flag = meet(ctx, a, b)
    to = I8 if to is BOOL else to
    _forbid_float(ctx, symbol, to, a, b)
    x, y = bring(ctx, a, to), bring(ctx, b, to)
    if flag is not TRUE:
        exc, text = errors.negative_shift()
        ctx.check(ctx.or_(flag, ctx.emit("ge", y, Const(to, 0))), exc, text)
        if symbol == "<<":
            ctx.check(
                ctx.or_(flag, ctx.not_(ctx.emit("shl_overflows", x, y))),
                "OverflowError",
                errors.INT_TOO_LARGE,
            )
    return scalar(ctx.emit("shl" if symbol == "<<" else "shr", x, y), flag)


def _matmul(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    raise untypable("operand", f"`@` of {a.abstract} and {b.abstract} has no meaning", ctx.loc)


_NUMERIC: dict[str, Callable[[Context, str, Rep, Rep], Rep]] = {
    "+": _arithmetic,
    "-": _arithmetic,
    "*": _arithmetic,
    "/": _true_division,
    "//": _floor_division,
    "%": _floor_division,
    "**": lambda ctx, symbol, a, b: power(ctx, a, b),
    "<<": _shift,
    ">>": _shift,
    "&": _bitwise,
    "|": _bitwise,
    "^": _bitwise,
    "@": _matmul,
}


def unary(ctx: Context, symbol: str, a: Rep) -> Rep:
    """`-a`, `+a`, `~a`, `not a`."""
    if symbol == "not":
        return plain_bool(ctx.not_(truth(ctx, a)))
    if isinstance(a.abstract, ArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {a.abstract}: array expressions are not compiled yet",
            ctx.loc,
            "write a loop over the elements",
        )
    if isinstance(a.abstract, Known) and type(a.abstract.object) is int and symbol == "-":
        return known(-a.abstract.object)
    a = numeric(ctx, a, f"the operand of `{symbol}`")
    number = a.abstract
    assert isinstance(number, Number)
    if number.type is BOOL:
        a = _unary_of_bool(ctx, symbol, a)
        if symbol == "~" and number.flavour is not PYTHON:
            return scalar(ctx.not_(a.parts[0]), flag_of(a))
    if symbol == "-":
        return _negative(ctx, a)
    if symbol == "~":
        if a.abstract.type.is_float:  # type: ignore[attr-defined]
            raise untypable("operand", f"`~` of {number} has no meaning", ctx.loc, "use integers")
        return scalar(ctx.emit("not", a.parts[0]), flag_of(a))
    return a


def _unary_of_bool(ctx: Context, symbol: str, a: Rep) -> Rep:
    """Python's bools are ints under `- + ~`; NumPy's only know `~`."""
    number = a.abstract
    assert isinstance(number, Number)
    if number.flavour is PYTHON:
        return scalar(ctx.cast(a.parts[0], I64))
    if symbol == "~" and number.flavour is NUMPY:
        return a
    if number.flavour is MIXED and symbol == "~":
        ctx.check(a.parts[1], "TypeError", errors.FLAVOUR)
        return scalar(a.parts[0], TRUE)
    raise untypable("operand", f"`{symbol}` of {number} has no meaning", ctx.loc, "convert with int(...)")


def _negative(ctx: Context, a: Rep) -> Rep:
    value, flag = a.parts[0], flag_of(a)
    if value.type is I64 and flag is not TRUE:
        ok = ctx.emit("ne", value, Const(I64, _LOWEST))
        ctx.check(ctx.or_(flag, ok), "OverflowError", errors.INT_TOO_LARGE)
    return scalar(ctx.emit("neg", value), flag)


def absolute(ctx: Context, a: Rep) -> Rep:
    """`abs(a)`."""
    a = numeric(ctx, a, "the argument of abs")
    value, flag = a.parts[0], flag_of(a)
    if value.type is BOOL:
        if flag is TRUE:
            return a
        if flag is not FALSE:
            ctx.check(ctx.not_(flag), "TypeError", errors.FLAVOUR)
        return scalar(ctx.cast(value, I64))
    if value.type is I64 and flag is not TRUE:
        ok = ctx.emit("ne", value, Const(I64, _LOWEST))
        ctx.check(ctx.or_(flag, ok), "OverflowError", errors.INT_TOO_LARGE)
    return scalar(ctx.emit("abs", value), flag)


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
    if isinstance(x, Number) and isinstance(y, Number):
        return _compare_numbers(ctx, symbol, a, b)
    if isinstance(x, ArrayOf) or isinstance(y, ArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {x} and {y}: array expressions are not compiled yet",
            ctx.loc,
            "compare element by element in a loop",
        )
    if isinstance(x, Known) and isinstance(y, Known):
        return _compare_known(ctx, symbol, x.object, y.object)
    with_big = _compare_with_big(ctx, symbol, a, b)
    if with_big is not None:
        return with_big
    if symbol in ("==", "!="):
        equal = _equal(ctx, a, b)
        return plain_bool(equal if symbol == "==" else ctx.not_(equal))
    big = _big_int_as_float(ctx, a, b)
    if big is not None:
        return compare(ctx, symbol, *big)
    raise untypable("operand", f"`{symbol}` of {x} and {y} has no meaning", ctx.loc)


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


def _compare_numbers(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    x, y = a.abstract, b.abstract
    assert isinstance(x, Number) and isinstance(y, Number)
    name = _COMPARE[symbol]
    flag = ctx.or_(flag_of(a), flag_of(b))
    if not x.type.is_float and not y.type.is_float:
        if U64 in (x.type, y.type) and x.type is not y.type:
            return scalar(_compare_with_u64(ctx, name, a, b), flag)
        to = U64 if x.type is U64 else I64
        return scalar(ctx.emit(name, ctx.cast(a.parts[0], to), ctx.cast(b.parts[0], to)), flag)
    to, flag = meet(ctx, a, b)
    return scalar(ctx.emit(name, ctx.cast(a.parts[0], to), ctx.cast(b.parts[0], to)), flag)


def _compare_with_u64(ctx: Context, name: str, a: Rep, b: Rep) -> Value:
    """A signed integer against an unsigned one of 64 bits, exactly, as NumPy compares them."""
    left = a.parts[0].type is U64
    signed = ctx.cast((b if left else a).parts[0], I64)
    negative = ctx.emit("lt", signed, Const(I64, 0))
    value = ctx.emit(name, ctx.cast(a.parts[0], U64), ctx.cast(b.parts[0], U64))
    below = name in ("lt", "le", "ne") if not left else name in ("gt", "ge", "ne")
    return ctx.emit("select", negative, Const(BOOL, below), value)


def _compare_known(ctx: Context, symbol: str, a: Any, b: Any) -> Rep:
    try:
        return known(bool(_PYTHON_COMPARE[symbol](a, b)))
    except Exception as error:
        raise untypable("operand", f"`{symbol}` of {Known(a)} and {Known(b)}: {error}", ctx.loc) from None


def _equal(ctx: Context, a: Rep, b: Rep) -> Value:
    """Whether two values of kinds that need not match are equal."""
    x, y = a.abstract, b.abstract
    if isinstance(x, TupleOf) and isinstance(y, TupleOf):
        if len(x.items) != len(y.items):
            return FALSE
        pairs = zip(a.items(), b.items(), strict=True)
        return ctx.and_(*[truth(ctx, compare(ctx, "==", p, q)) for p, q in pairs])
    if isinstance(x, RangeOf | Text) or isinstance(y, RangeOf | Text):
        raise unsupported("value", f"`==` of {x} and {y} is not compiled", ctx.loc)
    big = _big_int_as_float(ctx, a, b)
    if big is not None:
        return truth(ctx, compare(ctx, "==", *big))
    return FALSE


def _identical(ctx: Context, a: Rep, b: Rep) -> Value:
    x, y = a.abstract, b.abstract
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
    if type(x) is not type(y):
        return FALSE
    raise unsupported("value", f"`is` between {x} and {y} is not compiled", ctx.loc, "compare with ==")


def _contains(ctx: Context, item: Rep, container: Rep) -> Value:
    inside = container.abstract
    if isinstance(inside, RangeOf) and isinstance(item.abstract, Number) and item.abstract.type.is_integer:
        return _in_range_object(ctx, ctx.cast(item.parts[0], I64), container)
    if isinstance(inside, Known) and isinstance(item.abstract, Known):
        try:
            return TRUE if item.abstract.object in inside.object else FALSE
        except TypeError as error:
            raise untypable("operand", f"`in`: {error}", ctx.loc) from None
    if not isinstance(inside, TupleOf | ListOf):
        raise unsupported(
            "value", f"`in` of {inside} is not compiled", ctx.loc, "use a tuple, or write a loop"
        )
    # an object is in a tuple that holds it, even nan
    return ctx.or_(
        *[TRUE if _is_object(item, x) else truth(ctx, compare(ctx, "==", item, x)) for x in container.items()]
    )


def _is_object(a: Rep, b: Rep) -> bool:
    if not a.parts or not b.parts:
        return False
    return a.parts[0] is b.parts[0] and not isinstance(a.parts[0], Const)


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
    if isinstance(kind, TupleOf | ListOf):
        return Const(BOOL, bool(kind.items))
    if isinstance(kind, Known):
        return Const(BOOL, bool(kind.object))
    if isinstance(kind, RangeOf):
        return ctx.emit("ne", a.parts[2], Const(I64, 0))
    if isinstance(kind, ArrayOf):
        raise untypable(
            "truth", f"the truth of {kind} is ambiguous", ctx.loc, "test an element, or len(x) > 0"
        )
    if isinstance(kind, Unbound | MaybeUnbound | Text):
        raise untypable("truth", f"the truth of {kind} is not known at compile time", ctx.loc)
    return TRUE


def forced_numpy(ctx: Context, a: Rep) -> Rep:
    """A number as the NumPy scalar that a ufunc makes of it."""
    return scalar(a.parts[0], TRUE)


__all__ = ["ARITHMETIC", "absolute", "binary", "compare", "divmod_", "meeting_type", "truth", "unary"]
