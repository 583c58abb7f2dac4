"""NumPy's functions of complex scalars; those of `cmath` are plain Python in the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssad.frontend import complexes
from ssad.frontend.abstract import ComplexOf, Known, Number
from ssad.frontend.builtin_calls import Handler
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import compare
from ssad.frontend.context import TRUE, Context, Rep, scalar
from ssad.frontend.custom import LIBRARY
from ssad.frontend.operators import binary, unary

_BINARY = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.power: "**",
    np.float_power: "**",
}
_COMPARE = {np.equal: "==", np.not_equal: "!="}
_CLASSIFY = {np.isnan: "or_", np.isinf: "or_", np.isfinite: "and_"}


def knows(obj: Any, args: Sequence[Rep]) -> bool:
    """Whether `call` is meant: a NumPy function and a complex number among its arguments."""
    numpy = isinstance(obj, np.ufunc) or getattr(obj, "__module__", None) == "numpy"
    return numpy and any(isinstance(rep.abstract, ComplexOf) for rep in args) and not isinstance(obj, type)


def call(ctx: Context, obj: Any, args: list[Rep], keywords: dict[str, Rep], name: str) -> Rep:
    """A NumPy function of complex scalars."""
    if keywords:
        raise unsupported("call", f"keyword arguments of {name} are not compiled", ctx.loc)
    if not all(complexes.is_scalar(rep) for rep in args):
        raise untypable("operand", f"{name} of {', '.join(str(rep.abstract) for rep in args)}", ctx.loc)
    if obj in _BINARY and len(args) == 2:
        return binary(ctx, _BINARY[obj], numpys(ctx, args[0]), args[1])
    if obj in _COMPARE and len(args) == 2:
        return compare(ctx, _COMPARE[obj], numpys(ctx, args[0]), args[1])
    if len(args) != 1:
        raise unsupported("call", f"{name} of complex numbers is not compiled", ctx.loc)
    complexes.need_sure(ctx, name, args[0])
    z = numpys(ctx, args[0])
    if obj in (np.absolute, np.negative, np.positive):
        return complexes.absolute(ctx, z) if obj is np.absolute else unary(ctx, "-+"[obj is np.positive], z)
    if obj in _CLASSIFY:
        tests = [ctx.emit(obj.__name__, part) for part in complexes.pair(z)]
        return scalar(getattr(ctx, _CLASSIFY[obj])(*tests), TRUE)
    if obj is np.reciprocal:
        return binary(ctx, "/", complexes.complex_rep(complexes.ONE, complexes.ZERO, TRUE), z)
    return _by_core(ctx, obj, z, name)


def _by_core(ctx: Context, obj: Any, z: Rep, name: str) -> Rep:
    from ssad.frontend.calls import call_library  # which imports this file

    core = LIBRARY.get(("parts", obj))
    if core is None:
        raise unsupported(
            "call", f"{name} of complex numbers is not compiled", ctx.loc, "write it with cmath"
        )
    parts = call_library(ctx, core, [scalar(part) for part in complexes.pair(z)], {})  # type: ignore[arg-type]
    re, im = (item.parts[0] for item in parts.items())
    return complexes.complex_rep(re, im, TRUE)


def numpys(ctx: Context, rep: Rep) -> Rep:
    """A number as NumPy's complex128."""
    return complexes.complex_rep(*complexes.pair(complexes.lifted(ctx, rep)), TRUE)


def _part(name: str) -> Handler:
    def run(ctx: Context, val: Rep) -> Rep:
        from ssad.frontend.attributes import getattr_of

        return getattr_of(ctx, val, name)

    return Handler(run, "val")


def _conjugate(ctx: Context, x: Rep) -> Rep:
    if isinstance(x.abstract, ComplexOf):
        return complexes.conjugate(ctx, numpys(ctx, x))
    if isinstance(x.abstract, Number):
        return scalar(x.parts[0], TRUE)
    raise unsupported("array_expression", f"np.conjugate of {x.abstract} is not compiled yet", ctx.loc)


def _angle(ctx: Context, z: Rep, deg: Rep | None) -> Rep:
    if deg is not None and not (isinstance(deg.abstract, Number) and deg.abstract.constant in (0, False)):
        raise unsupported("call", "np.angle in degrees is not compiled", ctx.loc, "write np.degrees(...)")
    if not complexes.is_scalar(z) or isinstance(z.abstract, Known):
        raise unsupported("array_expression", f"np.angle of {z.abstract} is not compiled yet", ctx.loc)
    re, im = complexes.pair(complexes.lifted(ctx, z))
    return scalar(ctx.emit("atan2", im, re), TRUE)


COMPLEX_CALLS: dict[Any, Handler] = {
    np.real: _part("real"),
    np.imag: _part("imag"),
    np.conjugate: Handler(_conjugate, "x"),
    np.angle: Handler(_angle, "z", "deg"),
}
