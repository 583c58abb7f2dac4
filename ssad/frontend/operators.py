"""Binary and unary operators, comparisons and truth: Python's and NumPy's semantics spelled out as checks
and casts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import UnionType
from typing import Any

import numpy as np

from ssad.frontend import complexes, dicts, lists, records
from ssad.frontend import python_errors as errors
from ssad.frontend.abstract import (
    MIXED,
    NUMPY,
    PYTHON,
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    Known,
    ListOf,
    MemoryList,
    Number,
    OneOf,
    TupleOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import truth
from ssad.frontend.context import FALSE, TRUE, Context, Rep, compound, flag_of, known, scalar
from ssad.frontend.joins import is_constant
from ssad.frontend.powers import power
from ssad.frontend.promotion import (
    ARITHMETIC,
    BITWISE,
    big_int_as_float,
    bring,
    meet,
    numeric,
    plain_bool,
    python_int,
    same_way,
)
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F32, F64, I8, I64, Scalar

_OVERFLOWING = {"+": ("add", "add_overflows"), "-": ("sub", "sub_overflows"), "*": ("mul", "mul_overflows")}
_BITS = {"&": "and", "|": "or", "^": "xor"}
_LOWEST = -(1 << 63)


def binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a symbol b` of two Python values."""
    exact = _exact(symbol, a, b)
    if exact is not None:
        return exact
    if isinstance(a.abstract, Number) and isinstance(b.abstract, Number):
        handler, family = _NUMERIC[symbol]
        result = same_way(ctx, lambda p, q: handler(ctx, symbol, p, q), a, b, family)
        return result if symbol == "/" else _or_int(result, a, b)
    x, y = a.abstract, b.abstract
    if complexes.meets(a, b):
        return complexes.binary(ctx, symbol, a, b)
    own = records.binary(ctx, symbol, a, b)
    if own is not None:
        return own
    if isinstance(x, ArrayOf | ComplexArrayOf) or isinstance(y, ArrayOf | ComplexArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {x} and {y}: array expressions are not compiled yet",
            ctx.loc,
            "write a loop over the elements",
        )
    if symbol == "|" and dicts.is_dict(a) and dicts.is_dict(b):
        return dicts.made(ctx, dicts.entries(ctx, a) | dicts.entries(ctx, b))
    if isinstance(x, TupleOf) and isinstance(y, TupleOf) and symbol == "+":
        return compound(TupleOf, [*a.items(), *b.items()])
    if isinstance(x, MemoryList | ListOf) or isinstance(y, MemoryList | ListOf):
        return lists.binary(ctx, symbol, a, b)
    if isinstance(x, TupleOf) and symbol == "*" and isinstance(y, Number):
        return _repeat(ctx, a, b)
    if isinstance(y, TupleOf) and symbol == "*" and isinstance(x, Number):
        return _repeat(ctx, b, a)
    if isinstance(x, Known) and isinstance(y, Known):
        return _known_operands(ctx, symbol, x.object, y.object)
    if any(isinstance(kind, OneOf) and is_constant(kind) for kind in (x, y)):
        cause = f"`{symbol}` of {x} and {y} is not compiled, since it is known at run time only which it is"
        raise unsupported("value", cause, ctx.loc, "compare it, or take it as a key")
    big = big_int_as_float(ctx, a, b)
    if big is not None:
        return binary(ctx, symbol, *big)
    if symbol == "%" and isinstance(x, Known) and isinstance(x.object, str):
        raise unsupported("value", f"`%` of the string {x} is not compiled", ctx.loc, "use an f-string")
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


def _exact(symbol: str, a: Rep, b: Rep) -> Rep | None:
    """Arithmetic of Python ints known at compile time, which may leave 64 bits on the way."""
    x, y = python_int(a), python_int(b)
    if x is None or y is None or symbol not in _EXACT:
        return None
    if (symbol in ("//", "%") and y == 0) or (symbol in ("**", "<<", ">>") and not 0 <= y < _MOST_BITS):
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
            "the length of this tuple is not known at compile time",
            ctx.loc,
            "use an array: np.zeros(n), or a list",
        )
    return compound(TupleOf, items.items() * int(count.constant))


def _known_operands(ctx: Context, symbol: str, a: Any, b: Any) -> Rep:
    if symbol == "+" and isinstance(a, str) and isinstance(b, str):
        return known(a + b)
    if symbol == "|" and all(x is None or isinstance(x, type | UnionType) for x in (a, b)):
        return known(a | b)
    raise untypable("operand", f"`{symbol}` of {Known(a)} and {Known(b)} has no meaning here", ctx.loc)


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
    if not ctx.python_errors or flag is TRUE:
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

    def both(p: Rep, q: Rep) -> Rep:
        to, x, y, flag = _divide(ctx, "divmod", p, q)
        results = [scalar(_quotient(ctx, name, to, x, y, flag), flag) for name in ("floordiv", "mod")]
        return compound(TupleOf, results)

    return same_way(ctx, both, a, b)


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
    if (
        symbol == ">>" and flag is not FALSE and to.kind == "i"
    ):  # NumPy: a negative count shifts everything out
        y = ctx.emit("select", ctx.emit("lt", y, Const(to, 0)), Const(to, to.bits - 1), y)
    return scalar(ctx.emit("shl" if symbol == "<<" else "shr", x, y), flag)


def _matmul(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    raise untypable("operand", f"`@` of {a.abstract} and {b.abstract} has no meaning", ctx.loc)


_NUMERIC: dict[str, tuple[Callable[[Context, str, Rep, Rep], Rep], str]] = {
    "+": (_arithmetic, ARITHMETIC),
    "-": (_arithmetic, ARITHMETIC),
    "*": (_arithmetic, ARITHMETIC),
    "/": (_true_division, ARITHMETIC),
    "//": (_floor_division, ARITHMETIC),
    "%": (_floor_division, ARITHMETIC),
    "**": (lambda ctx, symbol, a, b: power(ctx, a, b), ARITHMETIC),
    "<<": (_shift, ARITHMETIC),
    ">>": (_shift, ARITHMETIC),
    "&": (_bitwise, BITWISE),
    "|": (_bitwise, BITWISE),
    "^": (_bitwise, BITWISE),
    "@": (_matmul, ARITHMETIC),
}


def unary(ctx: Context, symbol: str, a: Rep) -> Rep:
    """`-a`, `+a`, `~a`, `not a`."""
    if symbol == "not":
        return plain_bool(ctx.not_(truth(ctx, a)))
    if isinstance(a.abstract, ComplexOf):
        return complexes.unary(ctx, symbol, a)
    if isinstance(a.abstract, ArrayOf | ComplexArrayOf):
        raise unsupported(
            "array_expression",
            f"`{symbol}` of {a.abstract}: array expressions are not compiled yet",
            ctx.loc,
            "write a loop over the elements",
        )
    own = records.unary(ctx, symbol, a)
    if own is not None:
        return own
    if isinstance(a.abstract, Known) and type(a.abstract.object) is int and symbol == "-":
        return known(-a.abstract.object)
    a = numeric(ctx, a, f"the operand of `{symbol}`")
    if _depends_on_flavour(a):
        return ctx.by_flavour(a, lambda x: unary(ctx, symbol, x))
    number = a.abstract
    assert isinstance(number, Number)
    if number.type is BOOL and symbol == "~" and number.flavour is NUMPY:
        return scalar(ctx.not_(a.parts[0]), TRUE)
    if number.type is BOOL:
        a = _bool_as_int(ctx, symbol, a)
    if symbol == "-":
        return _or_int(_negative(ctx, a), a)
    if symbol == "+":
        return a
    if number.type.is_float:
        raise untypable("operand", f"`~` of {number} has no meaning", ctx.loc, "use integers")
    return scalar(ctx.emit("not", a.parts[0]), flag_of(a))


def _or_int(result: Rep, *operands: Rep) -> Rep:
    """A float that is an int on some paths, where its operands all are."""
    kind = result.abstract
    if not isinstance(kind, Number) or kind.flavour is not PYTHON or kind.type is not F64:
        return result
    numbers = [rep.abstract for rep in operands if isinstance(rep.abstract, Number)]
    if any(n.type is F64 and not n.narrower for n in numbers) or not any(n.narrower for n in numbers):
        return result
    return Rep(Number(F64, PYTHON, kind.constant, narrower=frozenset((I64,))), result.parts)


def _depends_on_flavour(a: Rep) -> bool:
    """Whether the same operation is another one on NumPy's numbers: narrow integers wrap, bools are no
    ints.
    """
    number = a.abstract
    assert isinstance(number, Number)
    return number.flavour is MIXED and number.numpy_type not in (I64, F64, F32)


def _bool_as_int(ctx: Context, symbol: str, a: Rep) -> Rep:
    """Python's bools are ints under `- + ~`; NumPy's only know `~`."""
    if flag_of(a) is not FALSE:
        raise untypable(
            "operand", f"`{symbol}` of {a.abstract} has no meaning", ctx.loc, "convert with int(...)"
        )
    return scalar(ctx.cast(a.parts[0], I64))


def _negative(ctx: Context, a: Rep) -> Rep:
    value, flag = a.parts[0], flag_of(a)
    _forbid_lowest(ctx, value, flag)
    return scalar(ctx.emit("neg", value), flag, a.abstract.numpy_type)  # type: ignore[attr-defined]


def _forbid_lowest(ctx: Context, value: Value, flag: Value) -> None:
    """Python's -(-2**63) does not fit."""
    if value.type is I64 and flag is not TRUE:
        ok = ctx.emit("ne", value, Const(I64, _LOWEST))
        ctx.check(ctx.or_(flag, ok), "OverflowError", errors.INT_TOO_LARGE)


def absolute(ctx: Context, a: Rep) -> Rep:
    """`abs(a)`."""
    if isinstance(a.abstract, ComplexOf):
        return complexes.absolute(ctx, a)
    a = numeric(ctx, a, "the argument of abs")
    if _depends_on_flavour(a):
        return ctx.by_flavour(a, lambda x: absolute(ctx, x))
    value, flag = a.parts[0], flag_of(a)
    if value.type is BOOL:
        return a if flag is TRUE else scalar(ctx.cast(value, I64))
    _forbid_lowest(ctx, value, flag)
    return scalar(ctx.emit("abs", value), flag, a.abstract.numpy_type)  # type: ignore[attr-defined]
