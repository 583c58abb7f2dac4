"""Arithmetic of floats and integers: never raises, integers wrap, float division by zero is IEEE's."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ssad.ir.core import Const, Value
from ssad.ir.primitive import Call, define
from ssad.ir.types import BOOL, I64
from ssad.primitives import ieee
from ssad.primitives.lowering import ByKind, Libm, Native, Template, infix
from ssad.primitives.rules import (
    DISCRETE,
    choose,
    conditional,
    exactly,
    is_const,
    number,
    same,
    unless_zero,
)

UFUNC = Call("numpy", convert="same")

define(
    "add",
    type_rule=same("fiu", 2),
    eval=operator.add,
    partials=lambda b, y, x1, x2: (1, 1),
    llvm=infix("fadd", "add", "add"),
    python="{0} + {1}",
    calls={np.add: UFUNC},
    points=((1.5, -0.25), (3, 4)),
    commutative=True,
    slopes="finite",
)
define(
    "sub",
    type_rule=same("fiu", 2),
    eval=operator.sub,
    partials=lambda b, y, x1, x2: (1, -1),
    llvm=infix("fsub", "sub", "sub"),
    python="{0} - {1}",
    calls={np.subtract: UFUNC},
    points=((1.5, -0.25), (3, 4)),
    slopes="finite",
)
define(
    "mul",
    type_rule=same("fiu", 2),
    eval=operator.mul,
    partials=lambda b, y, x1, x2: (x2, x1),
    llvm=infix("fmul", "mul", "mul"),
    python="{0} * {1}",
    calls={np.multiply: UFUNC},
    points=((1.5, -0.25), (3, -4)),
    commutative=True,
    slopes="finite",
)
define(
    "neg",
    type_rule=same("fiu", 1),
    eval=operator.neg,
    partials=lambda b, y, x: (-1,),
    llvm=ByKind(
        f=Template("{r} = fneg {fp}{T} {0}"),
        i=Template("{r} = sub {T} 0, {0}"),
        u=Template("{r} = sub {T} 0, {0}"),
    ),
    python="-{0}",
    calls={np.negative: UFUNC},
    points=((1.5,), (-3,)),
    slopes="finite",
)


def _abs_partials(b: Any, y: Value, x: Value) -> tuple[Any, ...]:
    zero, one = number(x, 0.0), number(x, 1.0)
    return (b.select(b.eq(x, zero), zero, b.copysign(one, x)),)


_INT_ABS = "{r}.n = sub {T} 0, {0}\n{r}.c = icmp slt {T} {0}, 0\n{r} = select i1 {r}.c, {T} {r}.n, {T} {0}"
define(
    "abs",
    type_rule=same("fiu", 1),
    eval=abs,
    partials=_abs_partials,
    llvm=ByKind(
        f=Template("{r} = call {fp}{T} @llvm.fabs.{S}({T} {0})"),
        i=Template(_INT_ABS),
        u=Template("{r} = add {T} {0}, 0"),
    ),
    python="abs({0})",
    calls={math.fabs: Call("python"), np.absolute: UFUNC, np.fabs: Call("numpy", convert="numpy")},
    points=((1.5,), (-0.75,), (-3,)),
    slopes="finite",
)


def _div_jvp(ctx: Any, op: Any) -> Value | None:
    a, b = op.operands
    a_dot, b_dot = ctx.dot(a), ctx.dot(b)
    if b_dot is None:
        return None if a_dot is None else ctx.moved(a, ctx.b.div(a_dot, b))
    moved = ctx.b.mul(op.result, b_dot)
    if a_dot is None:
        return ctx.moved(b, ctx.b.div(ctx.b.neg(moved), b))
    total = ctx.b.sub(a_dot, ctx.moved(b, moved))
    quotient: Value = ctx.b.div(total, b)
    return quotient if ctx.sure(a) or ctx.sure(b) else unless_zero(ctx.b, total, quotient)


def _div_vjp(ctx: Any, op: Any, y_bar: Value | None) -> None:
    a, b = op.operands
    if y_bar is None or not (ctx.active(a) or ctx.active(b)):
        return
    share = ctx.b.div(y_bar, ctx.recall(b))
    ctx.add_bar(a, share)
    if ctx.active(b):
        ctx.add_bar(b, ctx.b.neg(ctx.b.mul(share, ctx.recall(op.result))))


define(
    "div",
    type_rule=same("f", 2),
    eval=ieee.div,
    jvp=_div_jvp,
    vjp=_div_vjp,
    llvm=infix("fdiv"),
    python="{0} / {1}",
    calls={np.divide: UFUNC},
    points=((1.5, -0.25), (2.0, 3.0)),
)


def _pow_partials(b: Any, y: Value, x: Value, n: Value) -> tuple[Any, ...]:
    return _pow_by_base(b, x, n), None if is_const(n) else _pow_by_exponent(b, y, x, n)


def _pow_by_base(b: Any, x: Value, n: Value) -> Any:
    """n x**(n-1), and 0 for n = 0 even at x = 0."""
    one = number(n, 1.0)
    if not isinstance(n, Const):
        safe = b.select(b.eq(n, number(n, 0.0)), one, n)  # 0 * x**0 instead of 0 * 0**-1
        return b.mul(n, b.pow(x, b.sub(safe, one)))
    if n.value == 0.0:
        return None
    if n.value == 1.0:
        return 1
    if n.value == 2.0:
        return b.mul(number(x, 2.0), x)
    return b.mul(n, b.pow(x, number(n, n.value - 1.0)))


def _pow_by_exponent(b: Any, y: Value, x: Value, n: Value) -> Value:
    """y log x, and 0 where 0 is raised to a positive power."""
    zero = number(x, 0.0)
    vanishes = b.and_(b.eq(x, zero), b.gt(n, zero))
    product: Value = b.mul(y, b.log(b.select(vanishes, number(x, 1.0), x)))  # 0 * log 1, not 0 * log 0
    return product


define(
    "pow",
    type_rule=same("f", 2),
    eval=ieee.power,
    partials=_pow_partials,
    llvm=Libm("pow", vector="pow", nobuiltin=True),
    python="{0} ** {1}",
    calls={math.pow: Call("python", "pow"), np.power: UFUNC},
    points=((1.5, -0.25), (0.3, 2.0), (2.0, 3.5)),
)
define(
    "ipow",
    type_rule=exactly((I64, I64), I64),
    eval=ieee.ipow,
    nondifferentiable=DISCRETE,
    llvm=Native("ipow"),
    python="{0} ** {1}",
    points=((3, 4), (-2, 5), (7, 0)),
)

define(
    "floordiv",
    type_rule=same("fiu", 2),
    eval=ieee.floordiv,
    partials=lambda b, y, x1, x2: (None, None),
    llvm=Native("floordiv"),
    python="{0} // {1}",
    calls={np.floor_divide: UFUNC},
    points=((7.5, -2.0), (-7.5, 2.0), (7, -2), (-7, 2)),
)
define(
    "mod",
    type_rule=same("fiu", 2),
    eval=ieee.mod,
    # not floor(x1 / x2): that quotient is rounded and may be one too high (1.0 % 0.1)
    partials=lambda b, y, x1, x2: (1, b.neg(b.floordiv(x1, x2))),
    llvm=Native("mod"),
    python="{0} % {1}",
    calls={np.remainder: UFUNC},
    points=((7.5, -2.0), (-7.5, 2.0), (7, -2), (-7, 2)),
)


def _bitwise(name: str, symbol: str, evaluate: Any, ufunc: Any) -> None:
    define(
        name,
        type_rule=same("iub", 2),
        eval=evaluate,
        nondifferentiable=DISCRETE,
        llvm=infix(i=name, u=name, b=name),
        python=f"{{0}} {symbol} {{1}}",
        calls={ufunc: UFUNC},
        points=((6, 3), (-5, 12), (True, False), (True, True)),
        commutative=True,
    )


_bitwise("and", "&", operator.and_, np.bitwise_and)
_bitwise("or", "|", operator.or_, np.bitwise_or)
_bitwise("xor", "^", operator.xor, np.bitwise_xor)

define(
    "not",
    type_rule=same("iub", 1),
    eval=lambda x: not x if isinstance(x, bool) else ~x,
    nondifferentiable=DISCRETE,
    llvm=ByKind(
        i=Template("{r} = xor {T} {0}, -1"),
        u=Template("{r} = xor {T} {0}, -1"),
        b=Template("{r} = xor {T} {0}, true"),
    ),
    python="np.invert({0})",
    calls={np.invert: UFUNC},
    points=((5,), (True,), (False,)),
)

_OUT = "{r}.s = %s {T} {0}, {1}\n{r}.c = icmp ult {T} {1}, {bits}\n{r} = select i1 {r}.c, {T} {r}.s, {T} 0"
_FAR = (
    "{r}.c = icmp ult {T} {1}, {bits}\n{r}.n = select i1 {r}.c, {T} {1}, {T} {last}\n"
    "{r} = ashr {T} {0}, {r}.n"
)
define(
    "shl",
    type_rule=same("iu", 2),
    eval=ieee.shl,
    nondifferentiable=DISCRETE,
    llvm=Template(_OUT % "shl"),
    python="{0} << {1}",
    calls={np.left_shift: UFUNC},
    points=((3, 4), (-3, 60), (1, 0)),
)
define(
    "shr",
    type_rule=same("iu", 2),
    eval=ieee.shr,
    nondifferentiable=DISCRETE,
    llvm=ByKind(i=Template(_FAR), u=Template(_OUT % "lshr")),
    python="{0} >> {1}",
    calls={np.right_shift: UFUNC},
    points=((300, 4), (-300, 4), (1, 63)),
)

define(
    "select",
    type_rule=conditional,
    eval=lambda c, a, b: a if c else b,
    **choose(lambda b, c, x1, x2: c),
    llvm=Template("{r} = select i1 {0}, {R} {1}, {R} {2}"),
    python="{1} if {0} else {2}",
    points=((True, 1.5, 2.5), (False, 1.5, 2.5), (True, 3, 4)),
)


def _overflows(name: str, evaluate: Any, llvm: Any, points: tuple[tuple[int, int], ...]) -> None:
    define(
        f"{name}_overflows",
        type_rule=exactly((I64, I64), BOOL),
        eval=evaluate,
        nondifferentiable=DISCRETE,
        llvm=llvm,
        points=points,
    )


def _with_overflow(operation: str) -> Template:
    pair = "{{ i64, i1 }}"
    call = f"{{r}}.p = call {pair} @llvm.{operation}.with.overflow.i64(i64 {{0}}, i64 {{1}})"
    return Template(f"{call}\n{{r}} = extractvalue {pair} {{r}}.p, 1")


_BIG = (1 << 63) - 1
_EDGES = ((1, 2), (_BIG, 1), (_BIG, -1), (-_BIG - 1, -1), (-_BIG - 1, 1), (_BIG, _BIG), (1 << 32, 1 << 31))
_overflows("add", lambda x, y: not ieee.fits_i64(x + y), _with_overflow("sadd"), _EDGES)
_overflows("sub", lambda x, y: not ieee.fits_i64(x - y), _with_overflow("ssub"), _EDGES)
_overflows("mul", lambda x, y: not ieee.fits_i64(x * y), _with_overflow("smul"), _EDGES)
_overflows(
    "ipow", ieee.ipow_overflows, Native("ipow_overflows"), ((2, 62), (2, 63), (-2, 63), (10, 19), (1, 99))
)
_overflows("shl", ieee.shl_overflows, Native("shl_overflows"), ((1, 62), (1, 63), (-1, 63), (0, 99), (5, 70)))
