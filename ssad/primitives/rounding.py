"""Piecewise functions: rounding to integers, signs, remainders, the larger and the smaller of two.

Derivatives at the kinks (and of the primitives of other families that have one):

| primitive | where | choice |
|---|---|---|
| abs | x = 0 | 0 |
| maximum, minimum, fmax, fmin | x1 = x2 | all of it to the first operand |
| maximum, minimum | an operand is nan | to the nan (the first, if both are) |
| fmax, fmin | an operand is nan | to the other one (to the second, if both are) |
| floor, ceil, trunc, rint, floordiv, sign | everywhere, steps too | 0 |
| mod, fmod | at the jumps | 1 and minus the quotient that the primal has there |
| copysign | x1 = 0 | the sign bits decide: 1 if they agree, else -1; 0 to the sign's operand |
| nextafter | everywhere, x1 = x2 too | 1 to the first operand, 0 to the one that gives the direction |
| sqrt | 0 | inf, the one-sided limit |
| cbrt | 0 | inf |
| hypot | (0, 0) | (0, 0) |
| atan2 | (0, 0) | nan: no choice has a meaning |
| pow | exponent 0 | 0 to the base, even where the base is 0 |
| pow | base 0, exponent > 0 | 0 to the exponent |
| pow | base < 0 | nan to the exponent, unless it is an immediate |
| asin, acos, acosh, atanh | ends of the domain | inf |
| select | both arms are evaluated | only the arm taken gets the cotangent, the other 0 |
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssad.ir.core import Value
from ssad.ir.primitive import Call, define
from ssad.ir.types import F64
from ssad.primitives import ieee
from ssad.primitives.lowering import ByKind, Intrinsic, Libm, Template
from ssad.primitives.rules import choose, exactly, number, same

NUMPY = Call("numpy", convert="numpy")


def _step(name: str, evaluate: Any, ufunc: Any, intrinsic: str, python: str) -> None:
    define(
        name,
        type_rule=same("f", 1),
        eval=ieee.rounding(evaluate),
        partials=lambda b, y, x: (None,),
        llvm=Intrinsic(intrinsic),
        python=python,
        calls={ufunc: NUMPY},
        points=((0.3,), (-2.5,), (2.5,), (-0.25,), (1e300,)),
        slopes="finite",
    )


_step("floor", math.floor, np.floor, "llvm.floor", "float(np.floor({0}))")
_step("ceil", math.ceil, np.ceil, "llvm.ceil", "float(np.ceil({0}))")
_step("trunc", math.trunc, np.trunc, "llvm.trunc", "float(np.trunc({0}))")
_step("rint", round, np.rint, "llvm.roundeven", "float(np.rint({0}))")


def _copysign_partials(b: Any, z: Value, x: Value, y: Value) -> tuple[Any, ...]:
    one = number(x, 1.0)
    return b.mul(b.copysign(one, x), b.copysign(one, y)), None


define(
    "copysign",
    type_rule=same("f", 2),
    eval=math.copysign,
    partials=_copysign_partials,
    llvm=Intrinsic("llvm.copysign"),
    python="math.copysign({0}, {1})",
    calls={math.copysign: Call("python"), np.copysign: NUMPY},
    points=((0.3, -2.0), (-0.3, -1.0), (1.5, 2.0)),
    slopes="finite",
)
define(
    "nextafter",
    type_rule=exactly((F64, F64), F64),
    eval=math.nextafter,
    partials=lambda b, y, x, towards: (1, None),
    llvm=Libm("nextafter"),
    python="math.nextafter({0}, {1})",
    calls={math.nextafter: Call("python")},
    points=((0.3, 2.0), (-2.5, -7.0), (1.0, 0.0)),
    slopes="finite",
)
define(
    "fmod",
    type_rule=same("f", 2),
    eval=ieee.fmod,
    # (x1 - y) / x2 is an integer up to rounding, unlike x1 / x2, which may round to the next one
    partials=lambda b, y, x1, x2: (1, b.neg(b.rint(b.div(b.sub(x1, y), x2)))),
    llvm=Libm("fmod"),
    python="math.fmod({0}, {1})",
    calls={math.fmod: Call("python", "no_new_nan"), np.fmod: NUMPY},
    points=((7.5, -2.0), (-7.5, 2.0), (0.3, 0.7)),
)


def _extreme(name: str, evaluate: Any, ufunc: Any, above: bool, ignores_nan: bool) -> None:
    """The larger or smaller of two; on a tie the first, like its derivative."""
    better = "oge" if above else "ole"
    other = "{1}" if ignores_nan else "{0}"

    def takes_first(b: Any, x1: Value, x2: Value) -> Value:
        order = b.ge(x1, x2) if above else b.le(x1, x2)
        first: Value = b.or_(order, b.isnan(x2 if ignores_nan else x1))
        return first

    def integers(predicate: str) -> Template:
        return Template(
            f"{{r}}.c = icmp {predicate} {{T}} {{0}}, {{1}}\n"
            "{r} = select i1 {r}.c, {T} {0}, {T} {1}"
        )

    floats = Template(
        f"{{r}}.o = fcmp {better} {{T}} {{0}}, {{1}}\n"
        f"{{r}}.n = fcmp uno {{T}} {other}, {other}\n"
        "{r}.c = or i1 {r}.o, {r}.n\n"
        "{r} = select i1 {r}.c, {T} {0}, {T} {1}"
    )
    define(
        name,
        type_rule=same("fiu", 2),
        eval=evaluate,
        **choose(takes_first),
        llvm=ByKind(f=floats, i=integers("sge" if above else "sle"), u=integers("uge" if above else "ule")),
        python=f"np.{name}({{0}}, {{1}})",
        calls={ufunc: Call("numpy", convert="same")},
        points=((0.3, -2.0), (-0.3, 1.0), (3, 4)),
    )


_extreme("maximum", ieee.maximum, np.maximum, above=True, ignores_nan=False)
_extreme("minimum", ieee.minimum, np.minimum, above=False, ignores_nan=False)
_extreme("fmax", ieee.fmax, np.fmax, above=True, ignores_nan=True)
_extreme("fmin", ieee.fmin, np.fmin, above=False, ignores_nan=True)

_SIGN = (
    "{r}.p = icmp sgt {T} {0}, 0\n"
    "{r}.n = ashr {T} {0}, {last}\n"
    "{r}.i = zext i1 {r}.p to {T}\n"
    "{r} = or {T} {r}.n, {r}.i"
)
define(
    "sign",
    type_rule=same("fiu", 1),
    eval=ieee.sign,
    partials=lambda b, y, x: (None,),
    llvm=ByKind(
        f=Template(
            "{r}.o = call {T} @llvm.copysign.{S}({T} 1.0, {T} {0})\n"
            "{r}.c = fcmp one {T} {0}, 0.0\n"
            "{r}.z = fadd {T} {0}, 0.0\n"  # nan stays nan, -0.0 becomes 0.0
            "{r} = select i1 {r}.c, {T} {r}.o, {T} {r}.z"
        ),
        i=Template(_SIGN),
        u=Template("{r}.c = icmp ne {T} {0}, 0\n{r} = zext i1 {r}.c to {T}"),
    ),
    python="np.sign({0})",
    calls={np.sign: Call("numpy", convert="same")},
    points=((0.3,), (-2.5,), (3,), (-4,)),
    slopes="finite",
)

_FMA = getattr(math, "fma", None)  # since Python 3.13
define(
    "fma",
    type_rule=same("f", 3),
    eval=ieee.fma,
    partials=lambda b, y, x1, x2, x3: (x2, x1, 1),
    llvm=Intrinsic("llvm.fma"),
    python="math.fma({0}, {1}, {2})" if _FMA else "",
    calls={_FMA: Call("python", "fma")} if _FMA else {},
    points=((0.1, 10.0, -1.0), (1.5, -2.0, 0.25)),
    slopes="finite",
)
