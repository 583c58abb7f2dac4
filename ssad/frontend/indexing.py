"""Subscripts of arrays: elements, views by index and slice, stores. Every index is checked, with NumPy's
words.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import EnumType
from typing import Any

from ssad.frontend import choices, complex_arrays, dicts, lists, outside, records, sequences
from ssad.frontend.abstract import (
    ArrayOf,
    ComplexArrayOf,
    Known,
    ListOf,
    MemoryList,
    Number,
    OneOf,
    RangeOf,
    SliceOf,
    TupleOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Context, Rep, known
from ssad.frontend.conversion import element_value
from ssad.frontend.iteration import element
from ssad.frontend.promotion import as_index
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import I64

_ZERO, _ONE = Const(I64, 0), Const(I64, 1)
_LEAST = Const(I64, -(2**63))
OUT_OF_BOUNDS = "index {0} is out of bounds for axis {1} with size {2}"


def getitem(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.getitem`."""
    return subscript(ctx, *operands)


def subscript(ctx: Context, container: Rep, index: Rep) -> Rep:
    """`container[index]`."""
    if isinstance(index.abstract, OneOf):
        return choices.each(ctx, index, lambda one: subscript(ctx, container, one))
    found = outside.single_item(ctx, container, index)
    if found is not None:
        return found
    container, index = outside.opened(ctx, container), outside.opened(ctx, index)
    kind = container.abstract
    own = records.call_method(ctx, container, "__getitem__", index)
    if own is not None:
        return own
    if isinstance(kind, ArrayOf | ComplexArrayOf):
        axes = _axes(ctx, kind, index)
        if len(axes) == kind.rank and all(isinstance(axis.abstract, Number) for axis in axes):
            if any(_is_object(item, ...) for item in _items(index)):
                raise unsupported(
                    "index", "an array without dimensions is not compiled", ctx.loc, "leave out the ellipsis"
                )
            read = complex_arrays.element if isinstance(kind, ComplexArrayOf) else element
            return read(ctx, container.parts[0], _indices(ctx, container.parts[0], axes))
        return complex_arrays.alike(kind, _view(ctx, container.parts[0], axes))
    if dicts.is_dict(container):
        return dicts.subscript(ctx, container, index)
    if isinstance(kind, TupleOf | RangeOf):
        return sequences.subscript(ctx, container, index)
    if isinstance(kind, MemoryList):
        return lists.getitem(ctx, container, index)
    if isinstance(kind, ListOf):
        return sequences.subscript(ctx, container, index)
    if isinstance(kind, Known) and isinstance(kind.object, EnumType):
        name = dicts.key_of(ctx, index)
        ctx.check(TRUE if name in kind.object.__members__ else FALSE, "KeyError", name)
        return known(kind.object[name])
    if isinstance(kind, Known) and isinstance(kind.object, dict | list):
        raise unsupported(
            "value",
            f"reading from a {type(kind.object).__name__} is not compiled",
            ctx.loc,
            "use a tuple or an array",
        )
    if isinstance(kind, Known) and isinstance(kind.object, str):
        raise unsupported("value", f"reading from the string {kind} is not compiled", ctx.loc)
    raise untypable("subscript", f"{kind} has no items", ctx.loc)


def delitem(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.delitem`: of a list or dict that is made inside."""
    container, index = operands
    kind = container.abstract
    if records.call_method(ctx, container, "__delitem__", index) is not None:
        return known(None)
    if isinstance(kind, ListOf):
        lists.refuse_fixed(ctx, kind)
    if isinstance(kind, MemoryList):
        lists.delitem(ctx, container, index)
    elif dicts.is_dict(container):
        dicts.remove(ctx, container, outside.opened(ctx, index))
    else:
        raise untypable("subscript", f"items of {kind} cannot be deleted", ctx.loc)
    return known(None)


def setitem(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.setitem`: an element, or every element of a view."""
    container, index, value = operands
    kind = container.abstract
    if records.call_method(ctx, container, "__setitem__", index, value) is not None:
        return known(None)
    if isinstance(kind, MemoryList):
        lists.setitem(ctx, container, index, value)
        return known(None)
    if dicts.is_dict(container):
        dicts.store(ctx, container, outside.opened(ctx, index), value)
        return known(None)
    if isinstance(kind, ListOf):
        lists.refuse_fixed(ctx, kind)
    if not isinstance(kind, ArrayOf | ComplexArrayOf):
        cure = "build a new tuple" if isinstance(kind, TupleOf) else "store into an array: np.zeros(n)"
        raise untypable("subscript", f"items of {kind} cannot be assigned", ctx.loc, cure)
    array = container.parts[0]
    axes = _axes(ctx, kind, index)
    if len(axes) == kind.rank and all(isinstance(axis.abstract, Number) for axis in axes):
        indices = _indices(ctx, array, axes)
        if isinstance(kind, ComplexArrayOf):
            complex_arrays.store(ctx, array, indices, value)
        else:
            ctx.emit("store", array, *indices, element_value(ctx, value, kind.elem))
        return known(None)
    whole = all(_is_whole(axis) for axis in axes)
    target = array if whole else _view(ctx, array, axes)
    if isinstance(kind, ComplexArrayOf):
        _assign_all_complex(ctx, target, value)
    else:
        assign_all(ctx, target, value)
    return known(None)


def _is_whole(axis: Rep) -> bool:
    return isinstance(axis.abstract, SliceOf) and all(
        isinstance(bound, Known) and bound.object is None for bound in axis.abstract.items
    )


def _axes(ctx: Context, kind: ArrayOf | ComplexArrayOf, index: Rep) -> list[Rep]:
    """One index or slice per leading axis; `...` is spelled out."""
    axes = _items(index)
    given = [axis for axis in axes if not _is_object(axis, ...)]
    if any(_is_object(axis, None) for axis in axes):
        raise unsupported("index", "np.newaxis (None) is not compiled yet", ctx.loc, "use x[i, j] in loops")
    if len(given) > kind.rank:
        raise untypable(
            "subscript",
            f"{len(given)} indices for an array of {kind.rank} dimension{'s' * (kind.rank != 1)}",
            ctx.loc,
        )
    if len(given) < len(axes):
        if len(axes) - len(given) > 1:
            raise untypable("subscript", "an index can only have a single ellipsis", ctx.loc)
        at = next(n for n, axis in enumerate(axes) if _is_object(axis, ...))
        everything = Rep(SliceOf([Known(None)] * 3))
        axes = [*axes[:at], *[everything] * (kind.rank - len(given)), *axes[at + 1 :]]
    for axis in axes:
        _refuse_fancy(ctx, axis)
    return axes


def _items(index: Rep) -> list[Rep]:
    return index.items() if isinstance(index.abstract, TupleOf) else [index]


def _is_object(rep: Rep, obj: Any) -> bool:
    return isinstance(rep.abstract, Known) and rep.abstract.object is obj


def _refuse_fancy(ctx: Context, axis: Rep) -> None:
    kind = axis.abstract
    if isinstance(kind, SliceOf):
        return
    if isinstance(kind, Number) and kind.type.is_integer:
        return
    if isinstance(kind, Number) and kind.type.is_float:
        raise untypable(
            "subscript",
            f"an array index is wanted to be an integer, but is {kind}",
            ctx.loc,
            "write x[int(i)]",
        )
    if isinstance(kind, Number):
        raise unsupported("index", f"{kind} as an array index is not compiled", ctx.loc, "write x[int(b)]")
    if isinstance(kind, ArrayOf | ListOf):
        raise unsupported(
            "index",
            f"indexing with {kind} is not compiled yet",
            ctx.loc,
            "loop over the indices: x[index[k]]",
        )
    if _is_object(axis, None):
        raise unsupported(
            "index", "np.newaxis is not compiled yet", ctx.loc, "index the array with one loop per axis"
        )
    raise untypable("subscript", f"{kind} is no array index", ctx.loc)


def _indices(ctx: Context, array: Value, axes: Sequence[Rep]) -> list[Value]:
    return [_checked_index(ctx, array, axis, number) for number, axis in enumerate(axes)]


def _checked_index(ctx: Context, array: Value, index: Rep, axis: int) -> Value:
    """An index counted from the front, checked against the size of its axis."""
    i = as_index(ctx, index, "an array index")
    size = ctx.dim(array, axis)
    if isinstance(i, Const):
        wrapped = i if i.value >= 0 else ctx.emit("add", size, i)
    else:
        wrapped = ctx.emit("wrap_index", i, size)
    ctx.check(ctx.emit("in_range", wrapped, size), "IndexError", OUT_OF_BOUNDS, i, Const(I64, axis), size)
    return wrapped


def _view(ctx: Context, array: Value, axes: Sequence[Rep]) -> Value:
    """The part of an array that indices and slices select."""
    rank = array.type.rank  # type: ignore[attr-defined]
    pattern, operands = "", []
    for number, axis in enumerate(axes):
        if isinstance(axis.abstract, Number):
            pattern += "i"
            operands.append(_checked_index(ctx, array, axis, number))
        elif _is_whole(axis):
            pattern += ":"
        else:
            pattern += "s"
            operands.extend(bounds_of(ctx, axis, ctx.dim(array, number)))
    pattern += ":" * (rank - len(axes))
    return array if pattern == ":" * rank else ctx.emit("view", array, *operands, pattern=pattern)


def bounds_of(ctx: Context, axis: Rep, size: Value) -> tuple[Value, Value, Value]:
    """Start, count and step of a slice of an axis or list, clipped as Python clips it."""
    start, stop, step = axis.items()
    by = _ONE if _is_object(step, None) else as_index(ctx, step, "the step of a slice")
    ctx.check(ctx.emit("ne", by, _ZERO), "ValueError", "slice step cannot be zero")
    forward = ctx.emit("gt", by, _ZERO)

    def either(ahead: Value, back: Value) -> Value:
        if isinstance(forward, Const):
            return ahead if forward.value else back
        return ctx.emit("select", forward, ahead, back)

    low, high = either(_ZERO, Const(I64, -1)), either(size, ctx.emit("sub", size, _ONE))
    first = _bound(ctx, start, size, low, high, either(low, high))
    beyond = _bound(ctx, stop, size, low, high, either(high, low))
    near, far = either(first, beyond), either(beyond, first)
    empty = ctx.emit("le", far, near)
    span = ctx.emit("select", empty, _ZERO, ctx.emit("sub", far, near))
    if not isinstance(by, Const):
        by = ctx.emit("select", ctx.emit("eq", by, _LEAST), Const(I64, 1 - 2**63), by)  # -by has to fit
        stride = either(by, ctx.emit("neg", by))
        # rounded down, so that an empty slice has -1 + 1 items
        span = ctx.emit("add", ctx.emit("floordiv", ctx.emit("sub", span, _ONE), stride), _ONE)
    elif abs(by.value) != 1:
        width = abs(by.value)
        span = ctx.emit("floordiv", ctx.emit("add", span, Const(I64, width - 1)), Const(I64, width))
    return ctx.emit("select", empty, _ZERO, first), span, by


def _bound(ctx: Context, bound: Rep, size: Value, low: Value, high: Value, missing: Value) -> Value:
    if _is_object(bound, None):
        return missing
    value = as_index(ctx, bound, "the bound of a slice")
    if isinstance(value, Const):
        value = ctx.emit("add", size, value) if value.value < 0 else value
    else:
        value = ctx.emit("wrap_index", value, size)
    value = ctx.emit("select", ctx.emit("lt", value, low), low, value)
    return ctx.emit("select", ctx.emit("gt", value, high), high, value)


def assign_all(ctx: Context, target: Value, value: Rep) -> None:
    """`target[...] = value` of a number, or of an array of the same shape."""
    kind = target.type
    source = value.abstract
    if isinstance(source, Number):
        ctx.emit("fill", target, element_value(ctx, value, kind.elem))  # type: ignore[attr-defined]
        return
    if not isinstance(source, ArrayOf):
        raise unsupported(
            "value", f"{source} cannot be stored into an array", ctx.loc, "store the elements one by one"
        )
    if (source.rank, source.elem) != (kind.rank, kind.elem):  # type: ignore[attr-defined]
        raise unsupported(
            "array_expression",
            f"storing {source} into a part of another dtype or number of dimensions is not compiled yet",
            ctx.loc,
            "write a loop over the elements",
        )
    check_same_shape(ctx, target, value.parts[0], source.rank)
    ctx.emit("copy", target, copy_of(ctx, value.parts[0]))


def _assign_all_complex(ctx: Context, target: Value, value: Rep) -> None:
    source = value.abstract
    if not isinstance(source, ArrayOf | ComplexArrayOf):
        complex_arrays.fill(ctx, target, value)
        return
    rank = target.type.rank - 1  # type: ignore[attr-defined]
    if not isinstance(source, ComplexArrayOf) or source.rank != rank:
        raise complex_arrays.refuse_mixture(ctx, source)
    check_same_shape(ctx, target, value.parts[0], rank)
    ctx.emit("copy", target, copy_of(ctx, value.parts[0]))


def check_same_shape(ctx: Context, target: Value, source: Value, rank: int) -> None:
    """Raise NumPy's ValueError unless the first `rank` axes of two arrays have the same lengths."""
    ours = [ctx.dim(target, n) for n in range(rank)]
    theirs = [ctx.dim(source, n) for n in range(rank)]
    stretched = [
        ctx.and_(ctx.emit("eq", t, _ONE), ctx.emit("ne", o, _ONE)) for o, t in zip(ours, theirs, strict=True)
    ]
    ctx.check(
        ctx.not_(ctx.or_(*stretched)), "ValueError", "ssad does not stretch an axis of length 1 here yet"
    )
    equal = ctx.and_(*[ctx.emit("eq", o, t) for o, t in zip(ours, theirs, strict=True)])
    if 2 * rank > 4:
        ctx.check(equal, "ValueError", "could not broadcast input array")
        return
    comma = "," if rank == 1 else ""
    shapes = [
        ",".join(f"{{{n}}}" for n in numbers) + comma for numbers in (range(rank), range(rank, 2 * rank))
    ]
    text = f"could not broadcast input array from shape ({shapes[0]}) into shape ({shapes[1]})"
    ctx.check(equal, "ValueError", text, *theirs, *ours)


def copy_of(ctx: Context, source: Value) -> Value:
    """A fresh array with the same content: what is read may overlap what is written."""
    kind = source.type
    layout = "F" if kind.layout == "F" else "C"  # type: ignore[attr-defined]
    dims = ", ".join("?" * kind.rank)  # type: ignore[attr-defined]
    shape = [ctx.dim(source, n) for n in range(kind.rank)]  # type: ignore[attr-defined]
    fresh = ctx.emit("alloc", *shape, type=f"{kind.elem}[{dims}; {layout}]")  # type: ignore[attr-defined]
    ctx.emit("copy", fresh, source)
    return fresh
