"""The gamma function, its logarithm and the derivatives of that (DLMF 5.2, 5.15)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ssad.ir.primitive import Call, define
from ssad.primitives import gamma_support, ieee
from ssad.primitives.gamma_support import BERNOULLI, FAR
from ssad.primitives.lowering import Runtime
from ssad.primitives.rules import same


def digamma(x: float) -> float:
    """The derivative of log gamma; nan at the poles. Reflection from the left, recurrence from below."""
    if x <= 0.0:
        return digamma(1.0 - x) - _cotangent(x) if x > -math.inf else math.nan
    below = 0.0
    while x < FAR:
        below += 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    tail = 0.0
    for k in range(len(BERNOULLI), 0, -1):
        tail = (tail + BERNOULLI[k - 1] / (2 * k)) * square
    return math.log(x) - 0.5 / x - tail - below


def _cotangent(x: float) -> float:
    """pi cot(pi x) for x <= 0, nan at integers; the nearest integer is taken off first."""
    part = x - round(x)
    return math.pi / math.tan(math.pi * part) if part else math.nan


def trigamma(x: float) -> float:
    """The derivative of digamma; inf at the poles."""
    if x <= 0.0:
        if x == -math.inf:
            return math.nan
        sine = math.sin(math.pi * (x - round(x)))
        ratio = ieee.div(math.pi, sine)
        return ratio * ratio - trigamma(1.0 - x)
    below = 0.0
    while x < FAR:
        below += ieee.div(1.0, x * x)
        x += 1.0
    square = 1.0 / (x * x)
    tail = 0.0
    for coefficient in reversed(BERNOULLI):
        tail = (tail + coefficient) * square
    return 1.0 / x + 0.5 * square + tail / x + below


def _define(
    name: str,
    evaluate: Callable[[float], float],
    text: str,
    columns: dict[str, Any],
) -> None:
    define(
        name,
        type_rule=same("f", 1),
        eval=evaluate,
        llvm=Runtime(f"ssad.{name}", text),
        points=((0.3,), (4.5,), (-2.5,), (17.0,)),
        **columns,
    )


_define(
    "lgamma",
    ieee.lgamma,
    gamma_support.LGAMMA,
    {
        "partials": lambda b, y, x: (b.digamma(x),),
        "python": "math.lgamma({0})",
        "calls": {math.lgamma: Call("python", "lgamma")},
    },
)
_define(
    "tgamma",
    ieee.tgamma,
    gamma_support.TGAMMA,
    {
        "partials": lambda b, y, x: (b.mul(y, b.digamma(x)),),
        "python": "math.gamma({0})",
        "calls": {math.gamma: Call("python", "gamma")},
    },
)
_define("digamma", digamma, gamma_support.DIGAMMA, {"partials": lambda b, y, x: (b.trigamma(x),)})
_define(
    "trigamma",
    trigamma,
    gamma_support.TRIGAMMA,
    {"nondifferentiable": "the polygamma function of order 2 is not implemented"},
)
