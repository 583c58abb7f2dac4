"""Arrays of complex128: f64 arrays of the same memory; the last axis holds real and imaginary part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ssad.frontend import complexes
from ssad.frontend.abstract import ArrayOf, ComplexArrayOf, ComplexOf, Known, Number
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import TRUE, Context, Rep
from ssad.ir.core import Const, Value
from ssad.ir.types import I64

PARTS = (Const(I64, 0), Const(I64, 1))
"""The indices of the real and the imaginary part."""


def array(value: Value) -> Rep:
    """A complex array, described by the IR type of its parts."""
    return Rep(ComplexArrayOf(value.type), [value])  # type: ignore[arg-type]


def alike(kind: ArrayOf | ComplexArrayOf, value: Value) -> Rep:
    """A part or a copy of an array of this kind."""
    return Rep(type(kind)(value.type), [value])  # type: ignore[arg-type]


def element(ctx: Context, value: Value, index: Sequence[Value]) -> Rep:
    """An element, or a view of what lies behind the first indices; they are in range."""
    rank = value.type.rank - 1  # type: ignore[attr-defined]
    if len(index) == rank:
        re, im = (ctx.emit("load", value, *index, part) for part in PARTS)
        return complexes.complex_rep(re, im, TRUE)
    pattern = "i" * len(index) + ":" * (rank + 1 - len(index))
    return array(ctx.emit("view", value, *index, pattern=pattern))


def store(ctx: Context, target: Value, index: Sequence[Value], value: Rep) -> None:
    """`target[index] = value`."""
    for part, number in zip(PARTS, _number(ctx, value), strict=True):
        ctx.emit("store", target, *index, part, number)


def fill(ctx: Context, target: Value, value: Rep) -> None:
    """`target[...] = value` of a number."""
    for part, number in zip((0, 1), _number(ctx, value), strict=True):
        ctx.emit("fill", part_of(ctx, target, part), number)


def _number(ctx: Context, value: Rep) -> complexes.Pair:
    if isinstance(value.abstract, Number | ComplexOf) or complexes.is_scalar(value):
        return complexes.pair(complexes.lifted(ctx, value))
    raise untypable("operand", f"an array element is wanted to be a number, but is {value.abstract}", ctx.loc)


def part_of(ctx: Context, value: Value, part: int) -> Value:
    """The view of the real (0) or imaginary (1) parts."""
    pattern = ":" * (value.type.rank - 1) + "i"  # type: ignore[attr-defined]
    return ctx.emit("view", value, PARTS[part], pattern=pattern)


def attribute(ctx: Context, rep: Rep, name: str) -> Rep | None:
    """What complex arrays have and others have not, or have otherwise; None: as others."""
    if name in ("real", "imag"):
        view = part_of(ctx, rep.parts[0], 0 if name == "real" else 1)
        return Rep(ArrayOf(view.type), [view])  # type: ignore[arg-type]
    if name == "dtype":
        return Rep(Known(np.dtype(complex)))
    return None


def is_complex_dtype(rep: Rep | None) -> bool:
    """Whether `dtype=` says complex128."""
    kind = rep.abstract if rep is not None else None
    if not isinstance(kind, Known) or kind.object is None:
        return False
    try:
        return np.dtype(kind.object) == np.dtype(complex)
    except TypeError:
        return False


def made(ctx: Context, sizes: Sequence[Value], value: Rep | None) -> Rep:
    """A new complex array in C order, filled with a number if one is given."""
    dims = ", ".join("?" * (len(sizes) + 1))
    fresh = ctx.emit("alloc", *sizes, Const(I64, 2), type=f"f64[{dims}; C]")
    if value is not None:
        fill(ctx, fresh, value)
    return array(fresh)


def refuse_mixture(ctx: Context, source: object) -> Exception:
    """The error for storing an array of another dtype into a complex one."""
    return unsupported(
        "array_expression",
        f"storing {source} into a part of another dtype or number of dimensions is not compiled yet",
        ctx.loc,
        "write a loop over the elements",
    )
