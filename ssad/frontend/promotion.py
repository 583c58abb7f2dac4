"""Which machine type two numbers meet in: Python's rules, NumPy's (NEP 50), and both where it is not known
whose.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from ssad.frontend.abstract import DTYPES, MIXED, NUMPY, PYTHON, SCALARS, Known, Number
from ssad.frontend.codes import untypable
from ssad.frontend.context import TRUE, Context, Rep, flag_of, known, scalar
from ssad.frontend.python_errors import FLAVOUR
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I64, U64, Scalar

ARITHMETIC, BITWISE = "arithmetic", "bitwise"


@cache
def meeting_type(a: Scalar, a_numpy: bool, b: Scalar, b_numpy: bool, family: str) -> Scalar:
    """The type that numbers of types `a` and `b` are brought to."""
    if not a_numpy and not b_numpy:
        if F64 in (a, b) or a.is_float or b.is_float:
            return F64
        return BOOL if family == BITWISE and a is BOOL and b is BOOL else I64
    if a_numpy and b_numpy:
        return SCALARS[np.promote_types(DTYPES[a], DTYPES[b])]
    strong, weak = (a, b) if a_numpy else (b, a)
    if weak.is_float:
        return strong if strong.is_float else F64
    if weak.is_integer:
        return I64 if strong is BOOL else strong
    return strong


def numeric(ctx: Context, rep: Rep, what: str) -> Rep:
    """`rep` if it is a number; a Python int beyond int64 becomes the float nearest to it."""
    if isinstance(rep.abstract, Number):
        return rep
    if isinstance(rep.abstract, Known) and type(rep.abstract.object) is int:
        raise untypable(
            "number",
            f"the integer {rep.abstract} does not fit into 64 bits",
            ctx.loc,
            "write it as a float, for example 1e30",
        )
    raise untypable("operand", f"{what} is wanted to be a number, but is {rep.abstract}", ctx.loc)


def _may_be(rep: Rep) -> tuple[bool, ...]:
    number = rep.abstract
    assert isinstance(number, Number)
    return {PYTHON: (False,), NUMPY: (True,), MIXED: (True, False)}[number.flavour]


def diverges(a: Rep, b: Rep, family: str = ARITHMETIC) -> bool:
    """Whether the type that two numbers meet in depends on whose they are at run time."""
    x, y = a.abstract, b.abstract
    assert isinstance(x, Number) and isinstance(y, Number)
    if x.flavour is not MIXED and y.flavour is not MIXED:
        return False
    first, *others = _meeting_types(a, b, family)
    return any(other is not first for other in others)


def _meeting_types(a: Rep, b: Rep, family: str) -> list[Scalar]:
    x, y = a.abstract, b.abstract
    assert isinstance(x, Number) and isinstance(y, Number)
    return [
        meeting_type(x.numpy_type if p else x.python_type, p, y.numpy_type if q else y.python_type, q, family)
        for p in _may_be(a)
        for q in _may_be(b)
    ]


def meet(ctx: Context, a: Rep, b: Rep, family: str = ARITHMETIC) -> tuple[Scalar, Value]:
    """The type that two numbers meet in, which may not diverge, and whether the result is NumPy's."""
    return _meeting_types(a, b, family)[0], ctx.or_(flag_of(a), flag_of(b))


def same_way(
    ctx: Context, operation: Callable[[Rep, Rep], Rep], a: Rep, b: Rep, family: str = ARITHMETIC
) -> Rep:
    """`operation(a, b)`, carried out for each flavour apart where its type depends on the flavour.

    Where the outcomes would be two types of NumPy's, a number of mixed flavour has to be NumPy's: that is
    checked.
    """
    if not diverges(a, b, family):
        return operation(a, b)
    x, y = a.abstract, b.abstract
    assert isinstance(x, Number) and isinstance(y, Number)
    if x.flavour is MIXED:
        with_numpy = [meeting_type(t, n, y.numpy_type, True, family) for t, n in _both(x)]
        if y.flavour is not PYTHON and with_numpy[0] is not with_numpy[1]:
            return same_way(ctx, operation, as_numpy(ctx, a), b, family)
        return ctx.by_flavour(a, lambda p: same_way(ctx, operation, p, b, family))
    with_numpy = [meeting_type(x.numpy_type, True, t, n, family) for t, n in _both(y)]
    if x.flavour is NUMPY and with_numpy[0] is not with_numpy[1]:
        return operation(a, as_numpy(ctx, b))
    return ctx.by_flavour(b, lambda q: operation(a, q))


def _both(number: Number) -> tuple[tuple[Scalar, bool], tuple[Scalar, bool]]:
    return (number.numpy_type, True), (number.python_type, False)


def as_numpy(ctx: Context, rep: Rep) -> Rep:
    """A number of mixed flavour, checked to be NumPy's."""
    ctx.check(flag_of(rep), "TypeError", FLAVOUR)
    number = rep.abstract
    assert isinstance(number, Number)
    return scalar(ctx.cast(rep.parts[0], number.numpy_type), TRUE)


def settled(ctx: Context, rep: Rep) -> Rep:
    """A number that a ufunc takes: one of mixed flavour, whose type depends on it, is wanted to be
    NumPy's.
    """
    number = rep.abstract
    assert isinstance(number, Number)
    if number.flavour is not MIXED or number.numpy_type is number.python_type is number.type:
        return rep
    return as_numpy(ctx, rep)


def bring(ctx: Context, rep: Rep, to: Scalar) -> Value:
    """The number in type `to`; a Python int is checked to fit into a narrower integer, as NumPy does."""
    number = rep.abstract
    assert isinstance(number, Number)
    value = rep.parts[0]
    if to.is_integer and number.type is I64 and number.flavour is not NUMPY and to is not I64:
        ctx.check(ctx.or_(flag_of(rep), fits_into(ctx, value, to)), "OverflowError", out_of_bounds(to), value)
    return ctx.cast(value, to)


def fits_into(ctx: Context, value: Value, to: Scalar) -> Value:
    """Whether an i64 is in the range of the integer type `to`."""
    low = -(1 << (to.bits - 1)) if to.kind == "i" else 0
    enough = ctx.emit("ge", value, Const(I64, low))
    if to is U64:
        return enough
    return ctx.and_(enough, ctx.emit("le", value, Const(I64, low + (1 << to.bits) - 1)))


def out_of_bounds(to: Scalar) -> str:
    """What NumPy says of a Python int that an integer type cannot hold."""
    return f"Python integer {{0}} out of bounds for {DTYPES[to].name}"


def as_float(ctx: Context, rep: Rep) -> Value:
    """What `float(x)` gives, as the functions of `math` take it."""
    return ctx.cast(rep.parts[0], F64)


def as_index(ctx: Context, rep: Rep, what: str) -> Value:
    """An integer as i64, as `operator.index` takes it. Raises TypingError for anything else."""
    number = rep.abstract
    if isinstance(number, Number) and (
        number.type.is_integer or (number.type is BOOL and number.flavour is PYTHON)
    ):
        if number.type is U64:
            fits = ctx.emit("le", rep.parts[0], Const(U64, 2**63 - 1))
            ctx.check(fits, "OverflowError", "Python int too large to convert to C ssize_t")
        return ctx.cast(rep.parts[0], I64)
    cure = "convert it with int(...)" if isinstance(number, Number) else ""
    raise untypable("operand", f"{what} is wanted to be an integer, but is {number}", ctx.loc, cure)


def plain_bool(value: Value) -> Rep:
    """A Python bool."""
    return Rep(Number(BOOL, PYTHON, value.value if isinstance(value, Const) else None), [value])


def python_int(rep: Rep) -> int | None:
    """The Python int that `rep` is known to be at compile time, of any size, or None."""
    kind = rep.abstract
    if isinstance(kind, Number):
        return kind.constant if kind.type is I64 and kind.flavour is PYTHON else None
    return kind.object if isinstance(kind, Known) and type(kind.object) is int else None


def big_int_as_float(ctx: Context, a: Rep, b: Rep) -> tuple[Rep, Rep] | None:
    """Python turns an int beyond 64 bits into a float where the other operand is one. None: neither is."""
    for x, other in ((a, b), (b, a)):
        if not (isinstance(x.abstract, Known) and type(x.abstract.object) is int):
            continue
        if isinstance(other.abstract, Number):
            if not other.abstract.type.is_float:
                numeric(ctx, x, "an operand")
            big = x.abstract.object
            fits = Const(BOOL, abs(big) < 1 << 1023)
            ctx.check(fits, "OverflowError", "int too large to convert to float")
            value = known(float(big))
            return (value, b) if x is a else (a, value)
    return None
