"""The op that raises, and the domain checks that CPython's functions make around pure computations.

`CHECKS[name](b, xs, y)` emits through `b` what CPython tests around computing `y` from `xs`, and returns the
list of `(ok, exception, message)`, in the order in which they raise. `{0}` in a message stands for operand
`xs[0]`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ssad.ir.core import Value
from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import BOOL, Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, need, number


def _rule(types: Types, attrs: Attrs) -> Type | None:
    need(bool(types) and types[0] is BOOL, "(bool, payload...)", types)
    if "exc" not in attrs:
        raise TypeMismatch("the attribute exc is missing")
    return None


define(
    "check",
    type_rule=_rule,
    effects=Effect.CHECKS,
    nondifferentiable="it has no result; a derivative raises where its primal does",
    llvm=Native("check"),
)

Checks = list[tuple[Value, str, str]]
Emit = Callable[[Any, Sequence[Value], Value], Checks]

_DOMAIN = "math domain error"
_RANGE = "math range error"


def _cpython_names_the_argument() -> bool:
    """Since 3.14 it says which argument it wanted; asked, not looked up: only `frontend/bytecode.py` knows
    versions.
    """
    try:
        math.sqrt(-1.0)
    except ValueError as error:
        return str(error) != _DOMAIN
    raise AssertionError("math.sqrt(-1.0) has a value")


_NAMES_THE_ARGUMENT = _cpython_names_the_argument()


def _message(naming: str) -> str:
    """`naming` where CPython names the argument, else what it says of every function."""
    return naming if _NAMES_THE_ARGUMENT else _DOMAIN


_POLE = _message("expected a noninteger or positive integer, got {0}")


def _finite_result(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    """exp and its like: infinite from a finite argument."""
    return [(b.or_(b.isfinite(y), b.not_(b.isfinite(xs[0]))), "OverflowError", _RANGE)]


def _unless(condition: Callable[[Any, Value], Value], message: str) -> Emit:
    """ValueError where `condition` holds; it is false for nan, which passes through."""

    def emit(b: Any, xs: Sequence[Value], y: Value) -> Checks:
        return [(b.not_(condition(b, xs[0])), "ValueError", message)]

    return emit


def _no_new_nan(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    """fmod: nan from two numbers."""
    return [(b.or_(b.not_(b.isnan(y)), _any_nan(b, xs)), "ValueError", _DOMAIN)]


def _pow(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    """math.pow: nan and the pole at 0 are outside the domain, another infinity is too large."""
    passes = b.or_(b.isfinite(y), b.not_(_all_finite(b, xs)))
    pole = b.eq(xs[0], number(xs[0], 0.0))
    outside = b.or_(b.isnan(y), pole)
    return [(b.or_(passes, b.not_(outside)), "ValueError", _DOMAIN), (passes, "OverflowError", _RANGE)]


def _fma(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    return [
        (b.or_(b.not_(b.isnan(y)), _any_nan(b, xs)), "ValueError", "invalid operation in fma"),
        (b.or_(b.not_(b.isinf(y)), b.not_(_all_finite(b, xs))), "OverflowError", "overflow in fma"),
    ]


def _gamma(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    """gamma: the integers up to 0 are poles, -inf is outside the domain."""
    left = b.and_(_whole(b, xs[0]), b.le(xs[0], number(xs[0], 0.0)))
    return [(b.not_(left), "ValueError", _POLE), *_finite_result(b, xs, y)]


def _lgamma(b: Any, xs: Sequence[Value], y: Value) -> Checks:
    """lgamma: the integers up to 0 are poles."""
    pole = b.and_(b.and_(_whole(b, xs[0]), b.le(xs[0], number(xs[0], 0.0))), b.isfinite(xs[0]))
    return [(b.not_(pole), "ValueError", _POLE), *_finite_result(b, xs, y)]


def _whole(b: Any, x: Value) -> Value:
    result: Value = b.eq(x, b.floor(x))
    return result


def _any_nan(b: Any, xs: Sequence[Value]) -> Value:
    result: Value = b.isnan(xs[0])
    for x in xs[1:]:
        result = b.or_(result, b.isnan(x))
    return result


def _all_finite(b: Any, xs: Sequence[Value]) -> Value:
    result: Value = b.isfinite(xs[0])
    for x in xs[1:]:
        result = b.and_(result, b.isfinite(x))
    return result


CHECKS: dict[str, Emit] = {
    "finite_result": _finite_result,
    "nonnegative": _unless(
        lambda b, x: b.lt(x, number(x, 0.0)), _message("expected a nonnegative input, got {0}")
    ),
    "positive": _unless(lambda b, x: b.le(x, number(x, 0.0)), _message("expected a positive input, got {0}")),
    "above_minus_one": _unless(
        lambda b, x: b.le(x, number(x, -1.0)), _message("expected argument value > -1, got {0}")
    ),
    "at_least_one": _unless(
        lambda b, x: b.lt(x, number(x, 1.0)), _message("expected argument value not less than 1, got {0}")
    ),
    "not_infinite": _unless(lambda b, x: b.isinf(x), _message("expected a finite input, got {0}")),
    "unit_interval": _unless(
        lambda b, x: b.gt(b.abs(x), number(x, 1.0)),
        _message("expected a number in range from -1 up to 1, got {0}"),
    ),
    "open_unit_interval": _unless(
        lambda b, x: b.ge(b.abs(x), number(x, 1.0)), _message("expected a number between -1 and 1, got {0}")
    ),
    "no_new_nan": _no_new_nan,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "pow": _pow,
    "fma": _fma,
}


def emit_checks(b: Any, name: str, xs: Sequence[Value], y: Value) -> None:
    """Emit the `check` ops of the domain check `name`; operands are payload where the message shows them."""
    for ok, exc, message in CHECKS[name](b, xs, y):
        b.check(ok, *(xs if "{" in message else ()), exc=exc, message=message)
