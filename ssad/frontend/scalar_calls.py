"""Functions of numbers that a primitive computes: `math.*` and NumPy's ufuncs on scalars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ssad.frontend.abstract import PYTHON, ArrayOf, Number
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import compare
from ssad.frontend.context import FALSE, TRUE, Context, Rep, flag_of, scalar
from ssad.frontend.operators import absolute, binary, unary
from ssad.frontend.promotion import as_float, bring, meet, numeric, settled
from ssad.ir.core import Const, Value
from ssad.ir.primitive import Call, Primitive, TypeMismatch
from ssad.ir.types import BOOL, F32, F64, Scalar
from ssad.primitives.check import CHECKS

_OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "floordiv": "//", "mod": "%",
    "and": "&", "or": "|", "xor": "^", "shl": "<<", "shr": ">>",
}  # fmt: skip
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_CLASSIFY = ("isnan", "isinf", "isfinite")


class Emitter:
    """A builder for the tables of `primitives`: `b.isnan(x)` emits through a context."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def __getattr__(self, name: str) -> Callable[..., Value]:
        return lambda *operands, **attrs: self._ctx.emit(name.rstrip("_"), *operands, **attrs)


def call_primitive(ctx: Context, obj: Any, primitive: Primitive, call: Call, args: Sequence[Rep]) -> Rep:
    """The primitive behind a callable, with the conversions and checks of that callable."""
    name = getattr(obj, "__name__", primitive.name)
    for rep in args:
        if isinstance(rep.abstract, ArrayOf):
            raise unsupported(
                "array_expression",
                f"{name} of {rep.abstract}: array expressions are not compiled yet",
                ctx.loc,
                "write a loop over the elements",
            )
    args = [numeric(ctx, rep, f"argument {n + 1} of {name}") for n, rep in enumerate(args)]
    try:
        if call.convert == "float":
            return _of_math(ctx, primitive, call, args)
        return _of_numpy(ctx, primitive, call, args)
    except TypeMismatch:
        raise untypable(
            "bind",
            f"{name} does not take {', '.join(str(rep.abstract) for rep in args) or 'nothing'}",
            ctx.loc,
        ) from None


def _of_math(ctx: Context, primitive: Primitive, call: Call, args: Sequence[Rep]) -> Rep:
    xs = [as_float(ctx, rep) for rep in args]
    return scalar(checked(ctx, primitive.name, call.check, xs), FALSE if call.flavour == PYTHON else TRUE)


def checked(ctx: Context, name: str, check: str, xs: Sequence[Value]) -> Value:
    """A primitive and the domain check around it."""
    y = ctx.emit(name, *xs)
    if check and ctx.python_errors:
        for ok, exc, message in CHECKS[check](Emitter(ctx), xs, y):
            ctx.check(ok, exc, message, *(xs if "{" in message else ()))
    return y


def _of_numpy(ctx: Context, primitive: Primitive, call: Call, args: Sequence[Rep]) -> Rep:
    args = _some_numpy([settled(ctx, rep) for rep in args])
    if call.convert == "same":
        return _same(ctx, primitive.name, args)
    if primitive.name in ("floor", "ceil", "trunc") and not args[0].abstract.type.is_float:  # type: ignore[attr-defined]
        return args[0]
    met = _meeting(ctx, args)
    if primitive.name == "fmod" and not met.is_float:
        raise unsupported("call", "np.fmod of integers is not compiled", ctx.loc, "write math.fmod")
    to = F64 if primitive.name in _CLASSIFY and not met.is_float else _float_type(ctx, met, args)
    xs = [ctx.cast(bring(ctx, rep, met), to) for rep in args]
    return scalar(checked(ctx, primitive.name, call.check, xs), TRUE)


def _some_numpy(args: Sequence[Rep]) -> list[Rep]:
    """A ufunc makes Python's numbers NumPy's: the first one, if none of them is."""
    if not args or any(flag_of(rep) is not FALSE for rep in args):
        return list(args)
    return [scalar(args[0].parts[0], TRUE), *args[1:]]


def _meeting(ctx: Context, args: Sequence[Rep]) -> Scalar:
    met = args[0]
    for rep in args[1:]:
        to, flag = meet(ctx, met, rep)
        met = scalar(Value(to), flag)
    number = met.abstract
    assert isinstance(number, Number)
    return number.type


def _float_type(ctx: Context, of: Scalar, args: Sequence[Rep]) -> Scalar:
    """NumPy's floats for integers are as wide as they need to be; float16 is not compiled."""
    if of.is_float:
        return of
    if of is BOOL or of.bits == 8:
        raise unsupported(
            "dtype",
            f"NumPy computes this of {args[0].abstract} in float16: not compiled",
            ctx.loc,
            "write float(x)",
        )
    return F32 if of.bits == 16 else F64


def _same(ctx: Context, name: str, args: Sequence[Rep]) -> Rep:
    if name in _OPERATORS and len(args) == 2:
        return _as_numpy(binary(ctx, _OPERATORS[name], *args))
    if name in _COMPARISONS and len(args) == 2:
        return _as_numpy(compare(ctx, _COMPARISONS[name], *args))
    if name in ("neg", "not") and len(args) == 1:
        return _as_numpy(unary(ctx, "-" if name == "neg" else "~", args[0]))
    if name == "abs" and len(args) == 1:
        return _as_numpy(absolute(ctx, args[0]))
    if len(args) != 2:
        raise TypeMismatch("two operands")
    to = _meeting(ctx, args)
    x, y = (bring(ctx, rep, to) for rep in args)
    if to is BOOL:
        return scalar(ctx.emit("or" if name in ("maximum", "fmax") else "and", x, y), TRUE)
    return scalar(ctx.emit(name, x, y), TRUE)


def _as_numpy(rep: Rep) -> Rep:
    return scalar(rep.parts[0], TRUE)


def math_pow(ctx: Context, x: Rep, y: Rep) -> Rep:
    """`math.pow`."""
    xs = [as_float(ctx, numeric(ctx, rep, "an argument of math.pow")) for rep in (x, y)]
    return scalar(checked(ctx, "pow", "pow", xs))


def math_fabs(ctx: Context, x: Rep) -> Rep:
    """`math.fabs`."""
    return scalar(ctx.emit("abs", as_float(ctx, numeric(ctx, x, "the argument of math.fabs"))))


def sign(ctx: Context, x: Rep) -> Rep:
    """`np.sign`: -1, 0, 1, or nan."""
    rep = numeric(ctx, x, "the argument of np.sign")
    value = rep.parts[0]
    kind = value.type
    assert isinstance(kind, Scalar)
    if kind is BOOL:
        raise untypable("operand", "np.sign of a bool has no meaning", ctx.loc)
    one, zero = Const(kind, 1.0 if kind.is_float else 1), Const(kind, 0.0 if kind.is_float else 0)
    minus = Const(kind, -one.value) if kind.kind != "u" else zero
    below = ctx.emit("select", ctx.emit("lt", value, zero), minus, value if kind.is_float else zero)
    flat = ctx.emit("select", ctx.emit("eq", value, zero), zero, below)
    return scalar(ctx.emit("select", ctx.emit("gt", value, zero), one, flat), TRUE)
