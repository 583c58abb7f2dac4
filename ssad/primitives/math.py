"""Elementary and special functions: IEEE results for every argument, domain checks apart (`check.py`).

Formulas are those of the DLMF, chapters 4 to 7. In `partials`, `y` is the primal result: where it appears,
the derivative needs no second call of the function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ssad.ir.core import Value
from ssad.ir.primitive import Call, define
from ssad.primitives import ieee, support
from ssad.primitives.lowering import Intrinsic, Libm, Lowering, Runtime
from ssad.primitives.rules import number, same

NUMPY = Call("numpy", convert="numpy")


def _function(
    name: str,
    evaluate: Callable[..., float],
    partials: Callable[..., tuple[Any, ...]],
    llvm: Lowering,
    points: tuple[float, ...],
    ufunc: Any = None,
    check: str = "",
    slopes: str = "any",
) -> None:
    """A function of one number, in `math` under the same name; `check` is what CPython tests around it."""
    calls: dict[Any, Call] = {getattr(math, name): Call("python", check)}
    if ufunc is not None:
        calls[ufunc] = NUMPY
    define(
        name,
        type_rule=same("f", 1),
        eval=evaluate,
        partials=partials,
        llvm=llvm,
        python=f"math.{name}({{0}})",
        calls=calls,
        points=tuple((x,) for x in points),
        slopes=slopes,
    )


def _intrinsic(name: str) -> Intrinsic:
    return Intrinsic(f"llvm.{name}", vector=name)


def _over(b: Any, numerator: float, denominator: Value) -> Any:
    return b.div(number(denominator, numerator), denominator)


def _times(b: Any, factor: float, x: Value) -> Any:
    return b.mul(number(x, factor), x)


def _less(b: Any, x: Value, y: float) -> Any:
    return b.sub(x, number(x, y))


def _plus(b: Any, x: Value, y: float) -> Any:
    return b.add(x, number(x, y))


def _from(b: Any, x: float, y: Value) -> Any:
    return b.sub(number(y, x), y)


def _product(b: Any, x: Value) -> Any:
    """(1 - x)(1 + x), which keeps its digits where 1 - x*x loses them."""
    return b.mul(_from(b, 1.0, x), _plus(b, x, 1.0))


def _gauss(b: Any, factor: float, x: Value) -> Any:
    """factor exp(-x*x)"""
    return _times(b, factor, b.exp(b.neg(b.mul(x, x))))


# Roots, exponentials and logarithms (DLMF 4.2)

_function(
    "sqrt",
    ieee.total(math.sqrt),
    lambda b, y, x: (_over(b, 0.5, y),),
    Intrinsic("llvm.sqrt"),
    (0.3, 4.0),
    np.sqrt,
    "nonnegative",
)
_function(
    "cbrt",
    ieee.total(math.cbrt),
    lambda b, y, x: (_over(b, 1.0, _times(b, 3.0, b.mul(y, y))),),
    Libm("cbrt", vector="cbrt"),
    (0.3, -4.0),
    np.cbrt,
)
_function(
    "exp",
    ieee.total(math.exp),
    lambda b, y, x: (y,),
    _intrinsic("exp"),
    (0.3, -2.0),
    np.exp,
    "finite_result",
)
_function(
    "exp2",
    ieee.total(math.exp2),
    lambda b, y, x: (_times(b, math.log(2.0), y),),
    Libm("exp2", vector="exp2", nobuiltin=True),
    (0.3, -2.0),
    np.exp2,
    "finite_result",
)
_function(
    "expm1",
    ieee.total(math.expm1),
    lambda b, y, x: (_plus(b, y, 1.0),),
    Libm("expm1", vector="expm1"),
    (0.3, -2.0, 1e-9),
    np.expm1,
    "finite_result",
)
_function(
    "log",
    ieee.total(math.log, ieee.log_pole),
    lambda b, y, x: (_over(b, 1.0, x),),
    _intrinsic("log"),
    (0.3, 4.0),
    np.log,
    "positive",
)
_function(
    "log2",
    ieee.total(math.log2, ieee.log_pole),
    lambda b, y, x: (_over(b, 1.0 / math.log(2.0), x),),
    _intrinsic("log2"),
    (0.3, 4.0),
    np.log2,
    "positive",
)
_function(
    "log10",
    ieee.total(math.log10, ieee.log_pole),
    lambda b, y, x: (_over(b, 1.0 / math.log(10.0), x),),
    _intrinsic("log10"),
    (0.3, 4.0),
    np.log10,
    "positive",
)
_function(
    "log1p",
    ieee.total(math.log1p, ieee.log1p_pole),
    lambda b, y, x: (_over(b, 1.0, _plus(b, x, 1.0)),),
    Libm("log1p", vector="log1p"),
    (0.3, -0.5, 1e-9),
    np.log1p,
    "above_minus_one",
)

# Trigonometric functions (DLMF 4.20, 4.24)

_function(
    "sin",
    ieee.total(math.sin),
    lambda b, y, x: (b.cos(x),),
    _intrinsic("sin"),
    (0.3, -2.0),
    np.sin,
    "not_infinite",
    slopes="finite",
)
_function(
    "cos",
    ieee.total(math.cos),
    lambda b, y, x: (b.neg(b.sin(x)),),
    _intrinsic("cos"),
    (0.3, -2.0),
    np.cos,
    "not_infinite",
    slopes="finite",
)
_function(
    "tan",
    ieee.total(math.tan),
    lambda b, y, x: (_plus(b, b.mul(y, y), 1.0),),
    _intrinsic("tan"),
    (0.3, -2.0),
    np.tan,
    "not_infinite",
)
_function(
    "asin",
    ieee.total(math.asin),
    lambda b, y, x: (_over(b, 1.0, b.sqrt(_product(b, x))),),
    _intrinsic("asin"),
    (0.3, -0.9),
    np.arcsin,
    "unit_interval",
)
_function(
    "acos",
    ieee.total(math.acos),
    lambda b, y, x: (_over(b, -1.0, b.sqrt(_product(b, x))),),
    _intrinsic("acos"),
    (0.3, -0.9),
    np.arccos,
    "unit_interval",
)
_function(
    "atan",
    math.atan,
    lambda b, y, x: (_over(b, 1.0, _plus(b, b.mul(x, x), 1.0)),),
    _intrinsic("atan"),
    (0.3, -2.0),
    np.arctan,
    slopes="finite",
)

# Hyperbolic functions (DLMF 4.34, 4.40)

_function(
    "sinh",
    ieee.sinh,
    lambda b, y, x: (b.cosh(x),),
    _intrinsic("sinh"),
    (0.3, -2.0),
    np.sinh,
    "finite_result",
)
_function(
    "cosh",
    ieee.total(math.cosh),
    lambda b, y, x: (b.sinh(x),),
    _intrinsic("cosh"),
    (0.3, -2.0),
    np.cosh,
    "finite_result",
)
_function(
    "tanh",
    math.tanh,
    lambda b, y, x: (_from(b, 1.0, b.mul(y, y)),),
    _intrinsic("tanh"),
    (0.3, -2.0),
    np.tanh,
    slopes="finite",
)
_function(
    "asinh",
    math.asinh,
    lambda b, y, x: (_over(b, 1.0, b.sqrt(_plus(b, b.mul(x, x), 1.0))),),
    Libm("asinh", vector="asinh"),
    (0.3, -2.0),
    np.arcsinh,
    slopes="finite",
)
_function(
    "acosh",
    ieee.total(math.acosh),
    lambda b, y, x: (_over(b, 1.0, b.sqrt(b.mul(_less(b, x, 1.0), _plus(b, x, 1.0)))),),
    Libm("acosh", vector="acosh"),
    (1.3, 4.0),
    np.arccosh,
    "at_least_one",
)
_function(
    "atanh",
    ieee.total(math.atanh, ieee.atanh_pole),
    lambda b, y, x: (_over(b, 1.0, _product(b, x)),),
    Libm("atanh", vector="atanh"),
    (0.3, -0.9),
    np.arctanh,
    "open_unit_interval",
)

# Functions of two arguments


def _atan2_partials(b: Any, z: Value, y: Value, x: Value) -> tuple[Any, ...]:
    square = b.add(b.mul(x, x), b.mul(y, y))
    return b.div(x, square), b.neg(b.div(y, square))


def _hypot_partials(b: Any, z: Value, x: Value, y: Value) -> tuple[Any, ...]:
    """(x/z, y/z), and (0, 0) at the origin."""
    safe = b.select(b.eq(z, number(z, 0.0)), number(z, 1.0), z)
    return b.div(x, safe), b.div(y, safe)


define(
    "atan2",
    type_rule=same("f", 2),
    eval=math.atan2,
    partials=_atan2_partials,
    llvm=_intrinsic("atan2"),
    python="math.atan2({0}, {1})",
    calls={math.atan2: Call("python"), np.arctan2: NUMPY},
    points=((0.3, -2.0), (1.5, 0.25), (-0.5, -0.5)),
)
define(
    "hypot",
    type_rule=same("f", 2),
    eval=math.hypot,
    partials=_hypot_partials,
    llvm=Runtime("ssad.hypot", support.HYPOT, vector="hypot"),
    python="math.hypot({0}, {1})",
    calls={math.hypot: Call("python"), np.hypot: NUMPY},
    points=((0.3, -2.0), (3.0, 4.0)),
    commutative=True,
)


def _modulus(x: float, y: float) -> float:
    try:
        return abs(complex(x, y))
    except OverflowError:
        return math.inf


define(
    "modulus",
    type_rule=same("f", 2),
    eval=_modulus,
    partials=_hypot_partials,
    llvm=Libm("hypot", vector="hypot"),
    python="abs(complex({0}, {1}))",
    points=((0.3, -2.0), (3.0, 4.0)),
    commutative=True,
    source="hypot of C, which is not that of `math`: the two differ in last bits",
)

# Error functions (DLMF 7.2)

_function(
    "erf",
    math.erf,
    lambda b, y, x: (_gauss(b, 2.0 / math.sqrt(math.pi), x),),
    Libm("erf", vector="erf"),
    (0.3, -2.0),
    slopes="finite",
)
_function(
    "erfc",
    math.erfc,
    lambda b, y, x: (_gauss(b, -2.0 / math.sqrt(math.pi), x),),
    Libm("erfc", vector="erfc"),
    (0.3, -2.0),
    slopes="finite",
)
