"""Comparisons and classifications: a bool, through which no derivative flows."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ssad.ir.primitive import Call, define
from ssad.ir.types import BOOL
from ssad.primitives.lowering import ByKind, Template
from ssad.primitives.rules import DISCRETE, same


def _compare(name: str, symbol: str, evaluate: Any, ufunc: Any, floats: str, kinds: str) -> None:
    def icmp(predicate: str) -> Template:
        return Template(f"{{r}} = icmp {predicate} {{T}} {{0}}, {{1}}")

    plain = name in ("eq", "ne")
    define(
        name,
        type_rule=same(kinds, 2, BOOL),
        eval=evaluate,
        nondifferentiable=DISCRETE,
        llvm=ByKind(
            f=Template(f"{{r}} = fcmp {floats} {{T}} {{0}}, {{1}}"),
            i=icmp(name if plain else f"s{name}"),
            u=icmp(name if plain else f"u{name}"),
            b=icmp(name if plain else f"u{name}"),
        ),
        python=f"{{0}} {symbol} {{1}}",
        calls={ufunc: Call("numpy", convert="same")},
        points=((1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (math.nan, 1.0), (-1, 1), (3, 3)),
        commutative=plain,
    )


_compare("lt", "<", operator.lt, np.less, "olt", "fiub")
_compare("le", "<=", operator.le, np.less_equal, "ole", "fiub")
_compare("gt", ">", operator.gt, np.greater, "ogt", "fiub")
_compare("ge", ">=", operator.ge, np.greater_equal, "oge", "fiub")
_compare("eq", "==", operator.eq, np.equal, "oeq", "fiub")
_compare("ne", "!=", operator.ne, np.not_equal, "une", "fiub")


def _classify(name: str, evaluate: Any, ufunc: Any, llvm: str) -> None:
    define(
        name,
        type_rule=same("f", 1, BOOL),
        eval=evaluate,
        nondifferentiable=DISCRETE,
        llvm=Template(llvm),
        python=f"math.{name}({{0}})",
        calls={evaluate: Call("python"), ufunc: Call("numpy", convert="numpy")},
        points=((1.0,), (math.nan,), (math.inf,), (-math.inf,), (-0.0,)),
    )


_FABS = "{r}.a = call {T} @llvm.fabs.{S}({T} {0})\n"
_classify("isnan", math.isnan, np.isnan, "{r} = fcmp uno {T} {0}, {0}")
_classify("isinf", math.isinf, np.isinf, _FABS + "{r} = fcmp oeq {T} {r}.a, 0x7FF0000000000000")
_classify("isfinite", math.isfinite, np.isfinite, _FABS + "{r} = fcmp olt {T} {r}.a, 0x7FF0000000000000")
