"""NumPy functions that make arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from ssad.frontend import complex_arrays, complexes, lists, sequences
from ssad.frontend.abstract import (
    NUMPY,
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    Known,
    ListOf,
    MemoryList,
    Number,
    TupleOf,
)
from ssad.frontend.builtin_calls import Handler
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import truth
from ssad.frontend.context import Context, Rep, known, scalar
from ssad.frontend.conversion import dtype_of, element_value
from ssad.frontend.indexing import copy_of, subscript
from ssad.frontend.iteration import array_rep
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.promotion import as_index, meeting_type
from ssad.frontend.python_errors import NO_ROWS
from ssad.ir.core import Const, Value
from ssad.ir.types import BOOL, F64, I64, Scalar, array


def _shape(ctx: Context, rep: Rep) -> list[Value]:
    """The sizes of a new array, none negative."""
    items = rep.items() if isinstance(rep.abstract, TupleOf | ListOf) else [rep]
    if not items:
        raise unsupported("value", "an array without dimensions is not compiled", ctx.loc, "use a number")
    sizes = [as_index(ctx, item, "the size of an array") for item in items]
    for size in sizes:
        ctx.check(ctx.emit("ge", size, Const(I64, 0)), "ValueError", "negative dimensions are not allowed")
    return sizes


def _alloc(ctx: Context, sizes: list[Value], elem: Scalar, layout: str = "C") -> Value:
    return ctx.emit("alloc", *sizes, type=str(array(elem, len(sizes), layout)))


def _dtype(ctx: Context, dtype: Rep | None, otherwise: Scalar) -> Scalar:
    if dtype is None or (isinstance(dtype.abstract, Known) and dtype.abstract.object is None):
        return otherwise
    return dtype_of(ctx, dtype)


def _filled(ctx: Context, sizes: list[Value], elem: Scalar, value: float | None, layout: str = "C") -> Rep:
    fresh = _alloc(ctx, sizes, elem, layout)
    if value is not None:
        ctx.emit(
            "fill",
            fresh,
            Const(elem, value if elem.is_float else bool(value) if elem is BOOL else int(value)),
        )
    return array_rep(fresh)


def _maker(value: float | None) -> Handler:
    def run(ctx: Context, shape: Rep, dtype: Rep | None) -> Rep:
        if complex_arrays.is_complex_dtype(dtype):
            return complex_arrays.made(ctx, _shape(ctx, shape), None if value is None else known(value))
        return _filled(ctx, _shape(ctx, shape), _dtype(ctx, dtype, F64), value)

    return Handler(run, "shape", "dtype")


def _layout_of(kind: ArrayOf) -> str:
    return "F" if kind.type.layout == "F" else "C"


def _like(value: float | None) -> Handler:
    def run(ctx: Context, x: Rep, dtype: Rep | None) -> Rep:
        if complex_arrays.is_complex_dtype(dtype) or (
            isinstance(x.abstract, ComplexArrayOf) and dtype is None
        ):
            return complex_arrays.made(ctx, _sizes(ctx, x), None if value is None else known(value))
        kind = _array(ctx, x)
        sizes = [ctx.dim(x.parts[0], axis) for axis in range(kind.rank)]
        return _filled(ctx, sizes, _dtype(ctx, dtype, kind.elem), value, _layout_of(kind))

    return Handler(run, "prototype", "dtype")


def _array(ctx: Context, rep: Rep) -> ArrayOf:
    if isinstance(rep.abstract, ArrayOf):
        return rep.abstract
    raise untypable("operand", f"an array is wanted here, but this is {rep.abstract}", ctx.loc)


def _sizes(ctx: Context, x: Rep) -> list[Value]:
    kind = x.abstract if isinstance(x.abstract, ComplexArrayOf) else _array(ctx, x)
    return [ctx.dim(x.parts[0], axis) for axis in range(kind.rank)]


def _full(ctx: Context, shape: Rep, fill_value: Rep, dtype: Rep | None) -> Rep:
    number = fill_value.abstract
    if complex_arrays.is_complex_dtype(dtype) or (isinstance(number, ComplexOf) and dtype is None):
        return complex_arrays.made(ctx, _shape(ctx, shape), fill_value)
    if not isinstance(number, Number):
        raise untypable("operand", f"np.full wants a number, but this is {number}", ctx.loc)
    elem = _dtype(ctx, dtype, number.type)
    fresh = _alloc(ctx, _shape(ctx, shape), elem)
    ctx.emit("fill", fresh, element_value(ctx, fill_value, elem))
    return array_rep(fresh)


def _full_like(ctx: Context, x: Rep, fill_value: Rep, dtype: Rep | None) -> Rep:
    if complex_arrays.is_complex_dtype(dtype) or (isinstance(x.abstract, ComplexArrayOf) and dtype is None):
        return complex_arrays.made(ctx, _sizes(ctx, x), fill_value)
    kind = _array(ctx, x)
    elem = _dtype(ctx, dtype, kind.elem)
    fresh = _alloc(ctx, [ctx.dim(x.parts[0], axis) for axis in range(kind.rank)], elem, _layout_of(kind))
    ctx.emit("fill", fresh, element_value(ctx, fill_value, elem))
    return array_rep(fresh)


def _from(ctx: Context, x: Rep, dtype: Rep | None) -> Rep:
    """`np.array(...)` of numbers, of rows of numbers, or of an array."""
    if isinstance(x.abstract, ComplexArrayOf) and (dtype is None or complex_arrays.is_complex_dtype(dtype)):
        return _copy(ctx, x)
    if isinstance(x.abstract, ArrayOf):
        if _dtype(ctx, dtype, x.abstract.elem) is not x.abstract.elem:
            raise unsupported(
                "dtype", "np.array with another dtype is not compiled yet", ctx.loc, "write a loop"
            )
        return array_rep(copy_of(ctx, x.parts[0]))
    if isinstance(x.abstract, MemoryList):
        return _from_list(ctx, x, dtype)
    rows = x.items() if isinstance(x.abstract, TupleOf | ListOf) else []
    if any(_is_array(row) or _leaf_in(row.abstract)[1] > 1 for row in rows):
        return _from_list(ctx, lists.in_memory(ctx, x), dtype)
    nested = [isinstance(row.abstract, TupleOf | ListOf) for row in rows]
    width = len(rows[0].items()) if rows and all(nested) else 0
    elements = [(n,) for n in range(len(rows))] if not any(nested) else []
    if rows and all(nested) and all(len(row.items()) == width for row in rows):
        elements = [(n, m) for n in range(len(rows)) for m in range(width)]  # type: ignore[misc]
    numbers = [rows[i[0]] if len(i) == 1 else rows[i[0]].items()[i[1]] for i in elements]
    wants_complex = complex_arrays.is_complex_dtype(dtype) or (
        dtype is None and any(isinstance(number.abstract, ComplexOf) for number in numbers)
    )
    if numbers and wants_complex and all(map(complexes.is_scalar, numbers)):
        return _complex_from(ctx, [len(rows), *([width] if any(nested) else [])], elements, numbers)
    if not numbers or not all(isinstance(number.abstract, Number) for number in numbers):
        raise unsupported(
            "value", f"np.array of {x.abstract} is not compiled", ctx.loc, "use np.zeros and fill it"
        )
    elem = _dtype(ctx, dtype, _common(ctx, numbers))
    sizes: list[Value] = [Const(I64, len(rows)), *([Const(I64, width)] if any(nested) else [])]
    fresh = _alloc(ctx, sizes, elem)
    for index, number in zip(elements, numbers, strict=True):
        ctx.emit("store", fresh, *[Const(I64, n) for n in index], element_value(ctx, number, elem))
    return array_rep(fresh)


def _as_array(ctx: Context, x: Rep, dtype: Rep | None) -> Rep:
    """`np.asarray(...)`: an array of that dtype already is what it was."""
    kind = x.abstract
    if isinstance(kind, ComplexArrayOf) and (dtype is None or complex_arrays.is_complex_dtype(dtype)):
        return x
    if isinstance(kind, ArrayOf) and _dtype(ctx, dtype, kind.elem) is kind.elem:
        return x
    return _from(ctx, x, dtype)


def _from_list(ctx: Context, x: Rep, dtype: Rep | None) -> Rep:
    """`np.array` of a list in memory: of numbers, or of rows or planes of numbers (arrays, lists, tuples)."""
    assert isinstance(x.abstract, MemoryList)
    leaf, rank = _leaf_in(x.abstract)
    in_complex = complex_arrays.is_complex_dtype(dtype) or (dtype is None and isinstance(leaf, ComplexOf))
    fine = isinstance(leaf, Number) and leaf.numpy_type is leaf.type
    if rank > 3 or not (fine or (in_complex and isinstance(leaf, ComplexOf))):
        raise unsupported(
            "value", f"np.array of {x.abstract} is not compiled", ctx.loc, "use np.zeros and fill it"
        )
    sizes = [lists.length(ctx, x)]
    part = x
    while len(sizes) < rank:
        ctx.check(ctx.emit("gt", sizes[-1], Const(I64, 0)), "ValueError", NO_ROWS)
        part = subscript(ctx, part, known(0))
        sizes += _sizes(ctx, part) if _is_array(part) else [sequences.length(ctx, part).parts[0]]
    if in_complex:
        fresh = complex_arrays.made(ctx, sizes, None)
    else:
        assert isinstance(leaf, Number)
        fresh = array_rep(_alloc(ctx, sizes, _dtype(ctx, dtype, leaf.type)))
    name = ("array", "rows", "planes")[rank - 1]
    return lists.by_library(ctx, name, fresh, x, *map(scalar, sizes[1:]))


def _is_array(rep: Rep) -> bool:
    return isinstance(rep.abstract, ArrayOf | ComplexArrayOf)


def _leaf_in(kind: Abstract | None) -> tuple[Abstract | None, int]:
    """What stands at the bottom of lists, arrays and tuples, and how deep it lies; None for mixtures."""
    if isinstance(kind, ArrayOf):
        return Number(kind.elem), kind.rank
    if isinstance(kind, ComplexArrayOf):
        return ComplexOf([Number(F64, NUMPY), Number(F64, NUMPY)]), kind.rank
    if isinstance(kind, MemoryList):
        below: Abstract | None = kind.elem or Number(F64)
    elif isinstance(kind, TupleOf | ListOf) and kind.items:
        try:
            below = reduce(join, kind.items)
        except NoJoin:
            below = None
    else:
        return kind, 0
    leaf, depth = _leaf_in(below)
    return leaf, depth + 1


def _complex_from(ctx: Context, shape: list[int], elements: Sequence[Any], numbers: Sequence[Rep]) -> Rep:
    """A complex array of these numbers."""
    fresh = complex_arrays.made(ctx, [Const(I64, n) for n in shape], None)
    for index, number in zip(elements, numbers, strict=True):
        complex_arrays.store(ctx, fresh.parts[0], [Const(I64, n) for n in index], number)
    return fresh


def _common(ctx: Context, numbers: list[Rep]) -> Scalar:
    """NumPy's dtype of a list of numbers: Python's are f64, i64, bool in this, not weak."""
    common: Scalar | None = None
    for rep in numbers:
        number = rep.abstract
        assert isinstance(number, Number)
        common = (
            number.type if common is None else meeting_type(common, True, number.type, True, "arithmetic")
        )
    assert common is not None
    return common


def _copy(ctx: Context, x: Rep) -> Rep:
    kind = x.abstract if isinstance(x.abstract, ComplexArrayOf) else _array(ctx, x)
    return complex_arrays.alike(kind, copy_of(ctx, x.parts[0]))


def _logical(join: Callable[..., Value]) -> Callable[..., Rep]:
    """`np.logical_and` and its kin of numbers: both are there already."""

    def run(ctx: Context, *operands: Rep) -> Rep:
        if not all(isinstance(rep.abstract, Number | ComplexOf) for rep in operands):
            cause = "logical functions of arrays are not compiled yet"
            raise unsupported("call", cause, ctx.loc, "write a loop over the elements")
        return scalar(join(ctx, *[truth(ctx, rep) for rep in operands]), Const(BOOL, True))

    return run


NUMPY_CALLS: dict[Any, Handler] = {
    np.zeros: _maker(0.0),
    np.ones: _maker(1.0),
    np.empty: _maker(None),
    np.zeros_like: _like(0.0),
    np.ones_like: _like(1.0),
    np.empty_like: _like(None),
    np.full: Handler(_full, "shape fill_value", "dtype"),
    np.full_like: Handler(_full_like, "a fill_value", "dtype"),
    np.array: Handler(_from, "object", "dtype"),
    np.asarray: Handler(_as_array, "a", "dtype"),
    np.copy: Handler(_copy, "a"),
    np.logical_and: Handler(_logical(lambda ctx, x, y: ctx.and_(x, y)), "x1 x2"),
    np.logical_not: Handler(_logical(lambda ctx, x: ctx.not_(x)), "x"),
    np.logical_or: Handler(_logical(lambda ctx, x, y: ctx.or_(x, y)), "x1 x2"),
    np.logical_xor: Handler(_logical(lambda ctx, x, y: ctx.emit("ne", x, y)), "x1 x2"),
}
