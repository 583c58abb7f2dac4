"""Conversions between kinds of numbers: int(x), float(x), np.float32(x), and what a store does."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssad.frontend import python_errors as errors
from ssad.frontend.abstract import DTYPES, MIXED, NUMPY, SCALARS, Known, Number, is_none
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import truth
from ssad.frontend.context import FALSE, TRUE, Context, Rep, flag_of, scalar
from ssad.frontend.custom import LIBRARY
from ssad.frontend.promotion import fits_into, numeric, out_of_bounds
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I64, U64, Scalar

_TOO_LARGE = "Python int too large to convert to C long"


def to_int(ctx: Context, rep: Rep) -> Rep:
    """`int(x)`: truncated; nan, infinity and what does not fit into 64 bits raise."""
    rep = _number_argument(ctx, rep, "int")
    value = rep.parts[0]
    assert isinstance(value.type, Scalar)
    if value.type.is_float:
        return scalar(float_to_int(ctx, value, errors.INT_TOO_LARGE))
    if value.type is U64:
        ctx.check(ctx.emit("le", value, Const(U64, 2**63 - 1)), "OverflowError", errors.INT_TOO_LARGE)
    return scalar(ctx.cast(value, I64))


def float_to_int(ctx: Context, value: Value, too_large: str) -> Value:
    """A float truncated to i64, with Python's checks."""
    assert isinstance(value.type, Scalar)
    check_int_range(ctx, value, too_large)
    return ctx.cast(value, I64)


def check_int_range(ctx: Context, value: Value, too_large: str, unless: Value = FALSE) -> None:
    """Raise as int(value) does for a float that has no int of 64 bits, unless the bool `unless` holds."""
    assert isinstance(value.type, Scalar)
    ctx.check(ctx.or_(unless, ctx.not_(ctx.emit("isnan", value))), *errors.nan_to_int())
    ctx.check(ctx.or_(unless, ctx.not_(ctx.emit("isinf", value))), *errors.inf_to_int())
    bound = Const(value.type, 2.0**63)
    low = ctx.emit("ge", value, Const(value.type, -(2.0**63)))
    ctx.check(ctx.or_(unless, ctx.and_(low, ctx.emit("lt", value, bound))), "OverflowError", too_large)


def to_float(ctx: Context, rep: Rep) -> Rep:
    """`float(x)`."""
    if isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str):
        try:
            return scalar(Const(F64, float(rep.abstract.object)))
        except ValueError as error:
            ctx.check(FALSE, "ValueError", str(error).replace("{", "{{").replace("}", "}}"))
    if isinstance(rep.abstract, Known) and type(rep.abstract.object) is int:
        ctx.check(
            Const(BOOL, abs(rep.abstract.object) < 1 << 1023),
            "OverflowError",
            "int too large to convert to float",
        )
        return scalar(Const(F64, float(rep.abstract.object)))
    rep = _number_argument(ctx, rep, "float")
    return scalar(ctx.cast(rep.parts[0], F64))


def to_bool(ctx: Context, rep: Rep) -> Rep:
    """`bool(x)`."""
    return scalar(truth(ctx, rep))


def _number_argument(ctx: Context, rep: Rep, name: str) -> Rep:
    if isinstance(rep.abstract, Number):
        return rep
    if isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str):
        raise unsupported(
            "value", f"{name}() of a string is not compiled", ctx.loc, "convert it before the call"
        )
    return numeric(ctx, rep, f"the argument of {name}")


def round_(ctx: Context, args: list[Rep]) -> Rep:
    """`round(x)`, half to even, to an int; `round(x, digits)`."""
    rep = _number_argument(ctx, args[0], "round")
    if len(args) != 1 and not is_none(args[1].abstract):
        return _rounded_to_digits(ctx, rep, args[1])
    value = rep.parts[0]
    if value.type is BOOL and flag_of(rep) is not FALSE:
        raise untypable("operand", f"round of {rep.abstract} has no meaning", ctx.loc, "write int(x)")
    assert isinstance(value.type, Scalar)
    if value.type.is_float:
        check_int_range(ctx, value, errors.INT_TOO_LARGE)
        return scalar(ctx.cast(ctx.emit("rint", value), I64))
    return to_int(ctx, rep)


def _rounded_to_digits(ctx: Context, rep: Rep, digits: Rep) -> Rep:
    from ssad.frontend.calls import call_library  # which imports this file

    number = rep.abstract
    assert isinstance(number, Number)
    if number.flavour is MIXED:
        return ctx.by_flavour(rep, lambda one: _rounded_to_digits(ctx, one, digits))
    kind = "numpy" if number.flavour is NUMPY else "float" if number.type.is_float else "int"
    if kind == "numpy" and not number.type.is_float:
        raise unsupported("call", f"round of {number} to digits is not compiled", ctx.loc, "write int(x)")
    plain = to_int(ctx, rep) if kind == "int" else rep
    return call_library(ctx, LIBRARY["round", kind], [plain, digits], {})  # type: ignore[arg-type]


def rounded(ctx: Context, name: str, rep: Rep) -> Rep:
    """`math.floor`, `math.ceil`, `math.trunc`: an int."""
    rep = _number_argument(ctx, rep, f"math.{name}")
    value = rep.parts[0]
    if name == "trunc" and flag_of(rep) is not FALSE and value.type is not F64:
        raise untypable("operand", f"math.trunc of {rep.abstract} has no meaning", ctx.loc, "write int(x)")
    assert isinstance(value.type, Scalar)
    if not value.type.is_float:
        return to_int(ctx, rep)
    return scalar(float_to_int(ctx, ctx.emit(name, value), errors.INT_TOO_LARGE))


def to_numpy(ctx: Context, rep: Rep, to: Scalar) -> Rep:
    """`np.float64(x)` and its like."""
    if to is BOOL:
        return scalar(truth(ctx, rep), TRUE)
    name = f"np.{DTYPES[to].name}"
    if to.is_float and isinstance(rep.abstract, Known):
        rep = to_float(ctx, rep)
    rep = _number_argument(ctx, rep, name)
    return scalar(_into(ctx, rep, to, flag_of(rep)), TRUE)


def element_value(ctx: Context, rep: Rep, elem: Scalar) -> Value:
    """What `x[i] = value` stores into an array of elements `elem`. Scalars become Python's numbers on the
    way.
    """
    number = rep.abstract
    if not isinstance(number, Number):
        what = "a sequence" if not isinstance(number, Known) else str(number)
        raise untypable(
            "operand", f"an array element is wanted to be a number, but is {what}: {number}", ctx.loc
        )
    if elem is BOOL:
        return truth(ctx, rep)
    return _into(ctx, rep, elem, FALSE)


def _into(ctx: Context, rep: Rep, to: Scalar, wraps: Value) -> Value:
    """A number in type `to`; unless `wraps`, an integer that cannot hold it raises as NumPy does for a
    Python number.
    """
    value = rep.parts[0]
    assert isinstance(value.type, Scalar)
    if not to.is_integer or value.type is BOOL or value.type is to:
        return ctx.cast(value, to)
    if value.type.is_float:
        check_int_range(ctx, value, _TOO_LARGE, unless=wraps)
        if to is I64:
            return ctx.cast(value, I64)
        value = ctx.cast(value, I64)
    if value.type is U64:
        ctx.check(ctx.or_(wraps, ctx.emit("le", value, Const(U64, 2**63 - 1))), "OverflowError", _TOO_LARGE)
        value = ctx.cast(value, I64)
    if to is not I64:
        value = ctx.cast(value, I64)
        ctx.check(ctx.or_(wraps, fits_into(ctx, value, to)), "OverflowError", out_of_bounds(to), value)
    return ctx.cast(value, to)


def dtype_of(ctx: Context, rep: Rep) -> Scalar:
    """The element type that `dtype=` names."""
    kind = rep.abstract
    obj: Any = kind.object if isinstance(kind, Known) else None
    try:
        dtype = np.dtype(obj) if obj is not None or isinstance(kind, Known) else None
    except TypeError:
        dtype = None
    if dtype is None:
        raise untypable("operand", f"{kind} is no dtype", ctx.loc, "write for example np.float64")
    if dtype not in SCALARS:
        raise unsupported(
            "dtype", f"arrays of {dtype.name} are not compiled yet", ctx.loc, "use float64 or float32"
        )
    return SCALARS[dtype]
