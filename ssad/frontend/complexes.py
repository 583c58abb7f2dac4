"""Complex scalars: two f64, on which Python's and NumPy's algorithms are spelled out.

No complex number ever becomes an IR value, so derivatives are those of the real operations. For a real loss L
the cotangent of z = x + iy is therefore dL/dx + i dL/dy.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from ssad.frontend.abstract import NUMPY, OR_REAL, PYTHON, ComplexOf, Known, Number
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Rep, compound, flag_of, scalar
from ssad.frontend.custom import LIBRARY
from ssad.frontend.promotion import plain_bool
from ssad.frontend.python_errors import message_of
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F32, F64, I64

ZERO, ONE = Const(F64, 0.0), Const(F64, 1.0)
Pair = tuple[Value, Value]

CONVERTS_REALS = math.copysign(1.0, (-0.0 + complex(0.0, -0.0)).imag) > 0.0
"""Whether the running Python adds 0j to a real operand (before 3.14), which shows in signed zeros."""

MOST_PRODUCTS = 100
"""Integer powers up to this one are products."""


def complex_rep(re: Value, im: Value, flag: Value = FALSE) -> Rep:
    """A complex number: its parts, and the bool that says whether it is NumPy's."""
    return compound(ComplexOf, [scalar(re, flag), scalar(im, flag)])


def pair(rep: Rep) -> Pair:
    """The real and the imaginary part of a complex number."""
    re, im = rep.items()
    return re.parts[0], im.parts[0]


def numpys(rep: Rep) -> Value:
    """Whether a number, complex or real, is NumPy's."""
    return flag_of(rep.items()[0] if isinstance(rep.abstract, ComplexOf) else rep)


def is_scalar(rep: Rep) -> bool:
    """Whether `rep` is something that arithmetic with complex numbers takes."""
    kind = rep.abstract
    return isinstance(kind, Number | ComplexOf) or (isinstance(kind, Known) and type(kind.object) is int)


def meets(a: Rep, b: Rep) -> bool:
    """Whether a complex number meets a number."""
    either = isinstance(a.abstract, ComplexOf) or isinstance(b.abstract, ComplexOf)
    return either and is_scalar(a) and is_scalar(b)


def lifted(ctx: Context, rep: Rep, what: str = "an operand") -> Rep:
    """`rep` as a complex number: a real one gets the imaginary part 0."""
    kind = rep.abstract
    if isinstance(kind, ComplexOf):
        return rep
    if isinstance(kind, Number):
        return complex_rep(ctx.cast(rep.parts[0], F64), ZERO, flag_of(rep))
    if isinstance(kind, Known) and type(kind.object) is int:
        fits = Const(BOOL, abs(kind.object) < 1 << 1023)
        ctx.check(fits, "OverflowError", "int too large to convert to float")
        return complex_rep(Const(F64, float(kind.object)), ZERO)
    raise untypable("operand", f"{what} is wanted to be a number, but is {kind}", ctx.loc)


def need_sure(ctx: Context, what: str, *numbers: Rep) -> None:
    """Refuse what real and complex numbers do differently, where a number may be either."""
    for rep in numbers:
        if isinstance(rep.abstract, ComplexOf) and rep.abstract.tag is OR_REAL:
            raise unsupported(
                "value",
                f"{what} of a number that is complex on one path and real on another differs between them",
                ctx.loc,
                "make it complex where it is assigned: complex(x)",
            )


def binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a symbol b` where one of them is complex."""
    sure = any(isinstance(rep.abstract, ComplexOf) and rep.abstract.tag is None for rep in (a, b))
    if not sure and symbol not in ("+", "-"):
        need_sure(ctx, f"`{symbol}`", a, b)
    result = _binary(ctx, symbol, a, b)
    return result if sure else Rep(ComplexOf(result.abstract.children(), OR_REAL), result.parts)


def _binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    if symbol not in _ARITHMETIC and symbol != "**":
        raise untypable("operand", f"`{symbol}` of {a.abstract} and {b.abstract} has no meaning", ctx.loc)
    _refuse_single(ctx, symbol, a, b)
    _refuse_single(ctx, symbol, b, a)
    flag = _either_numpys(ctx, a, b)
    if not CONVERTS_REALS and flag is FALSE and symbol != "**":
        mixed = _without_converting(ctx, symbol, a, b)
        if mixed is not None:
            return mixed
    x, y = pair(lifted(ctx, a)), pair(lifted(ctx, b))
    if symbol == "**":
        return power(ctx, x, y, flag, isinstance(b.abstract, Number) and b.abstract.type.is_integer)
    return complex_rep(*_ARITHMETIC[symbol](ctx, x, y, flag), flag)


def _either_numpys(ctx: Context, a: Rep, b: Rep) -> Value:
    """Whether the result is NumPy's. A complex number on the left takes a np.float64, which is a float."""
    kind = b.abstract
    if isinstance(a.abstract, ComplexOf) and isinstance(kind, Number) and kind.numpy_type is F64:
        return numpys(a)
    return ctx.or_(*[numpys(rep) for rep in (a, b) if isinstance(rep.abstract, Number | ComplexOf)])


def _refuse_single(ctx: Context, symbol: str, real: Rep, other: Rep) -> None:
    """NumPy's float32 and a Python complex number make a complex64."""
    kind, beside = real.abstract, other.abstract
    if not isinstance(kind, Number) or kind.flavour is PYTHON or kind.numpy_type is not F32:
        return
    if isinstance(beside, ComplexOf) and beside.flavour is not NUMPY:
        cure = "convert it with np.float64(...)"
        raise untypable("operand", f"`{symbol}` of {kind} and {beside} is a np.complex64", ctx.loc, cure)


def _without_converting(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep | None:
    """Real and complex Python numbers as 3.14 mixes them; None for two complex ones, and real / complex."""
    left, right = isinstance(a.abstract, ComplexOf), isinstance(b.abstract, ComplexOf)
    if left and right:
        return None
    (re, im), x = pair(a if left else b), pair(lifted(ctx, b if left else a))[0]
    if symbol == "+":
        return complex_rep(ctx.emit("add", re, x), im)
    if symbol == "-":
        if left:
            return complex_rep(ctx.emit("sub", re, x), im)
        return complex_rep(ctx.emit("sub", x, re), ctx.emit("neg", im))
    if symbol == "*":
        return complex_rep(ctx.emit("mul", re, x), ctx.emit("mul", im, x))
    if not left:
        return None
    _forbid_zero(ctx, (x, ZERO), FALSE)
    return complex_rep(ctx.emit("div", re, x), ctx.emit("div", im, x))


def _sum(name: str) -> Callable[[Context, Pair, Pair, Value], Pair]:
    return lambda ctx, x, y, flag: (ctx.emit(name, x[0], y[0]), ctx.emit(name, x[1], y[1]))


def product(ctx: Context, x: Pair, y: Pair) -> Pair:
    """(x0 y0 - x1 y1, x0 y1 + x1 y0)."""
    re = ctx.emit("sub", ctx.emit("mul", x[0], y[0]), ctx.emit("mul", x[1], y[1]))
    return re, ctx.emit("add", ctx.emit("mul", x[0], y[1]), ctx.emit("mul", x[1], y[0]))


def _is_zero(ctx: Context, x: Pair) -> Value:
    return ctx.and_(ctx.emit("eq", x[0], ZERO), ctx.emit("eq", x[1], ZERO))


def _forbid_zero(ctx: Context, divisor: Pair, flag: Value) -> None:
    if not ctx.python_errors or flag is TRUE:
        return
    fine = ctx.or_(flag, ctx.not_(_is_zero(ctx, divisor)))
    ctx.check(fine, *message_of(operator.truediv, 1j, 0j))


def _division(ctx: Context, x: Pair, y: Pair, flag: Value) -> Pair:
    """x / y scaled by the larger part of y. Source: Smith 1962, "Algorithm 116: Complex division"."""
    _forbid_zero(ctx, y, flag)
    result = quotient(ctx, x, y, reciprocal=flag is TRUE)
    if ctx.python_errors and flag is FALSE:
        return result
    zero = _is_zero(ctx, y)  # NumPy divides both parts by +0.0
    divisor = ctx.emit("select", zero, ctx.emit("abs", y[0]), ONE)
    poles = [ctx.emit("div", part, divisor) for part in x]
    re, im = (ctx.emit("select", zero, p, r) for p, r in zip(poles, result, strict=True))
    return re, im


def quotient(ctx: Context, x: Pair, y: Pair, reciprocal: bool = False) -> Pair:
    """Smith's quotient without branches; NumPy multiplies by the reciprocal of the denominator."""
    large = ctx.emit("ge", ctx.emit("abs", y[0]), ctx.emit("abs", y[1]))
    by, beside = _ordered(ctx, large, y)
    first, second = _ordered(ctx, large, x)
    ratio = ctx.emit("div", beside, by)
    denominator = ctx.emit("add", by, ctx.emit("mul", beside, ratio))
    re = ctx.emit("add", first, ctx.emit("mul", second, ratio))
    scaled = ctx.emit("mul", first, ratio)
    im = ctx.emit("select", large, ctx.emit("sub", second, scaled), ctx.emit("sub", scaled, second))
    if reciprocal:
        scale = ctx.emit("div", ONE, denominator)
        return ctx.emit("mul", re, scale), ctx.emit("mul", im, scale)
    return ctx.emit("div", re, denominator), ctx.emit("div", im, denominator)


def _ordered(ctx: Context, large: Value, x: Pair) -> Pair:
    return ctx.emit("select", large, x[0], x[1]), ctx.emit("select", large, x[1], x[0])


_ARITHMETIC: dict[str, Callable[[Context, Pair, Pair, Value], Pair]] = {
    "+": _sum("add"),
    "-": _sum("sub"),
    "*": lambda ctx, x, y, flag: product(ctx, x, y),
    "/": _division,
}


def power(ctx: Context, x: Pair, y: Pair, flag: Value, whole: bool) -> Rep:
    """`x ** y`: a small integer known here is a chain of products, anything else a function of the library.

    `whole`: the exponent was an integer, which has no derivative.
    """
    n = _small_integer(y)
    if n is None:
        from ssad.frontend.calls import call_library  # which imports the operators

        exponent = scalar(ctx.cast(y[0], I64)) if whole else complex_rep(*y)
        of_library: Any = LIBRARY["power", whole]
        computed = call_library(ctx, of_library, [complex_rep(*x), exponent, plain_bool(flag)], {})
        return complex_rep(*pair(computed), flag)
    result = _products(ctx, x, abs(n), flag)
    if n < 0:
        if ctx.python_errors and flag is not TRUE:
            fine = ctx.or_(flag, ctx.not_(_is_zero(ctx, result)))
            ctx.check(fine, *message_of(operator.pow, 0j, -1))
        result = quotient(ctx, (ONE, ZERO), result, reciprocal=flag is TRUE)
    if ctx.python_errors and flag is not TRUE and POWERS_OVERFLOW:
        infinite = ctx.or_(*[ctx.emit("isinf", part) for part in result])
        ctx.check(ctx.or_(flag, ctx.not_(infinite)), *message_of(operator.pow, 1e300 + 0j, 2.5))
    return complex_rep(*result, flag)


def _overflows(operation: Callable[[], Any]) -> bool:
    try:
        operation()
    except OverflowError:
        return True
    return False


POWERS_OVERFLOW = _overflows(lambda: complex(1e300, 0.0) ** 2)
"""Whether the running Python refuses infinite results of integer powers."""


def _small_integer(y: Pair) -> int | None:
    re, im = y
    if not isinstance(re, Const) or not isinstance(im, Const) or im.value != 0.0:
        return None
    return int(re.value) if abs(re.value) <= MOST_PRODUCTS and re.value == math.floor(re.value) else None


def _products(ctx: Context, x: Pair, n: int, flag: Value) -> Pair:
    """x**n by squaring, from the lowest bit; Python begins with a product with 1, NumPy does not."""
    result: Pair = (ONE, ZERO)
    begun = flag is not TRUE
    while n:
        if n & 1:
            result = product(ctx, result, x) if begun else x
            begun = True
        n >>= 1
        x = product(ctx, x, x) if n else x
    return result


def unary(ctx: Context, symbol: str, a: Rep) -> Rep:
    """`-a`, `+a`."""
    if symbol == "+":
        return a
    if symbol != "-":
        raise untypable("operand", f"`{symbol}` of {a.abstract} has no meaning", ctx.loc)
    need_sure(ctx, "`-`", a)
    re, im = (ctx.emit("neg", part) for part in pair(a))
    return complex_rep(re, im, numpys(a))


def conjugate(ctx: Context, a: Rep) -> Rep:
    """`a.conjugate()`."""
    need_sure(ctx, "the conjugate", a)
    re, im = pair(a)
    return complex_rep(re, ctx.emit("neg", im), numpys(a))


def absolute(ctx: Context, a: Rep) -> Rep:
    """`abs(a)`: by the hypot of C."""
    (re, im), flag = pair(a), numpys(a)
    size = ctx.emit("modulus", re, im)
    if ctx.python_errors and flag is not TRUE:
        finite = ctx.and_(ctx.emit("isfinite", re), ctx.emit("isfinite", im))
        too_large = ctx.and_(finite, ctx.emit("isinf", size))
        ctx.check(ctx.or_(flag, ctx.not_(too_large)), *message_of(abs, complex(1.7e308, 1.7e308)))
    return scalar(size, flag)


def compare(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a == b` and `a != b` where one of them is complex: there is no order."""
    if symbol not in ("==", "!="):
        raise untypable("operand", f"`{symbol}` of {a.abstract} and {b.abstract} has no meaning", ctx.loc)
    flag = _either_numpys(ctx, a, b)
    x, y = pair(lifted(ctx, a)), pair(lifted(ctx, b))
    equal = ctx.and_(ctx.emit("eq", x[0], y[0]), ctx.emit("eq", x[1], y[1]))
    return scalar(equal if symbol == "==" else ctx.not_(equal), flag)


def truth(ctx: Context, a: Rep) -> Value:
    """Whether `a` is not 0."""
    return ctx.or_(*[ctx.emit("ne", part, ZERO) for part in pair(a)])


def make(ctx: Context, name: str, real: Rep | None, imag: Rep | None, flag: Value) -> Rep:
    """`complex(real, imag)`: real + imag * 1j for complex arguments."""
    if real is None and imag is None:
        return complex_rep(ZERO, ZERO, flag)
    for rep in (real, imag):
        if rep is not None and isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str):
            cure = "write the number itself, as in 1 + 2j"
            raise untypable("operand", f"{name} of the string {rep.abstract}", ctx.loc, cure)
    re, im = pair(lifted(ctx, real, f"the first argument of {name}")) if real is not None else (ZERO, ZERO)
    if imag is None:
        return complex_rep(re, im, flag)
    other = lifted(ctx, imag, f"the second argument of {name}")
    second, below = pair(other)
    if isinstance(imag.abstract, ComplexOf):
        re = ctx.emit("sub", re, below)
    if real is not None and isinstance(real.abstract, ComplexOf):
        second = ctx.emit("add", second, im)
    return complex_rep(re, second, flag)
