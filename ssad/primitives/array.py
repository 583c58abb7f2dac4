"""Memory: arrays are descriptors of mutable elements; every access is unchecked.

The cotangent of an array lives in its shadow, the tangent in its companion, both arrays of the same shape.
What reads an element adds to the shadow, what overwrites one takes the cotangent out and leaves zero. `copy`
and `add_into` need operands that are disjoint or the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import BOOL, I64, REFERENCES, Array, Type, array, parse_type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, array_of, declared, need, need_indices, number

# Types


def _dim_rule(types: Types, attrs: Attrs) -> Type | None:
    of = array_of(types, "one array")
    axis = attrs.get("axis")
    if len(types) != 1 or not isinstance(axis, int) or not 0 <= axis < of.rank:
        raise TypeMismatch(f"wants one array and an axis of it, got {types[0]} and axis {axis}")
    return I64


def _load_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(array, one i64 per axis)"
    of = array_of(types, wants)
    need_indices(of, types[1:], wants, types)
    return of.elem


def _store_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(array, one i64 per axis, an element)"
    of = array_of(types, wants)
    need_indices(of, types[1:-1], wants, types)
    need(types[-1] is of.elem, wants, types)
    return None


def _to_aligned_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(array, one i64 per axis)"
    of = array_of(types, wants)
    need_indices(of, types[1:], wants, types)
    size = attrs.get("bytes")
    if not isinstance(size, int) or size < of.elem.bytes or size & (size - 1):
        raise TypeMismatch(f"bytes is a power of two that holds an element of {of}, not {size}")
    if not isinstance(attrs.get("down"), bool):
        raise TypeMismatch("down is a bool")
    return I64


def _disjoint_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 2 and all(isinstance(t, Array) for t in types), "two arrays", types)
    return BOOL


def _alloc_rule(types: Types, attrs: Attrs) -> Type | None:
    result = declared(attrs)
    if not isinstance(result, Array) or result.layout == "A":
        raise TypeMismatch(f"type is a contiguous array, not {result}")
    need_indices(result, types, "one i64 per axis", types)
    return result


def _element_rule(types: Types, attrs: Attrs) -> Type | None:
    of = array_of(types, "(array, an element)")
    need(len(types) == 2 and types[1] is of.elem, "(array, an element)", types)
    return None


def _pair_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "two arrays of one element type and rank"
    of = array_of(types, wants)
    other = types[-1]
    fits = len(types) == 2 and isinstance(other, Array) and other.elem is of.elem and other.rank == of.rank
    need(fits, wants, types)
    return None


def _reduce_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 1, "one array", types)
    return array_of(types, "one array").elem


def _inner_rule(types: Types, attrs: Attrs) -> Type | None:
    _pair_rule(types, attrs)
    return array_of(types, "two arrays").elem


def _scaled_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 3, "(array, an element, array)", types)
    _pair_rule([types[0], types[2]], attrs)
    return _element_rule(types[:2], attrs)


def _view_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(array, one i64 per `i` and three per `s` of the pattern)"
    of = array_of(types, wants)
    pattern = attrs.get("pattern")
    if not isinstance(pattern, str) or len(pattern) != of.rank or pattern.strip("is:"):
        raise TypeMismatch(f"pattern {pattern!r} has not one of i, s, : for each axis of {of}")
    operands = pattern.count("i") + 3 * pattern.count("s")
    need(len(types) == 1 + operands and all(t is I64 for t in types[1:]), wants, types)
    kept = pattern.lstrip("i")
    if not kept.strip("i"):
        raise TypeMismatch(f"pattern {pattern!r} leaves no axis; that is a load")
    contiguous = of.layout == "C" and not kept.strip(":")
    return array(of.elem, len(pattern) - pattern.count("i"), "C" if contiguous else "A")


# Evaluation


def _silent(fn: Any) -> Any:
    """`fn` without NumPy's warnings: overflow and nan are results like others."""

    def evaluate(*operands: Any) -> Any:
        with np.errstate(all="ignore"):
            return fn(*operands)

    return evaluate


def _load(x: Any, *index: int) -> Any:
    return x[index].item()


def _store(x: Any, *rest: Any) -> None:
    *index, value = rest
    x[tuple(index)] = value


def _accumulate(x: Any, *rest: Any) -> None:
    *index, value = rest
    x[tuple(index)] += x.dtype.type(value)


def _to_aligned(x: Any, *index: int, bytes: int, down: bool, **_: Any) -> int:
    size = x.itemsize
    address = x.ctypes.data + sum(i * step for i, step in zip(index, x.strides, strict=True))
    over: int = (address + size) % bytes if down else -address % bytes
    return over // size


def _fill(x: Any, value: Any) -> None:
    x[...] = value


def _add_into(dst: Any, src: Any) -> None:
    dst += src


def _add_scaled_into(x: Any, factor: Any, y: Any) -> None:
    x += x.dtype.type(factor) * y


def _add_scalar_into(dst: Any, value: Any) -> None:
    dst += dst.dtype.type(value)


_DTYPES = {"f": "float", "i": "int", "u": "uint"}


def dtype_of(elem: Any) -> np.dtype[Any]:
    """The NumPy dtype of a scalar type."""
    return np.dtype(np.bool_) if elem.kind == "b" else np.dtype(f"{_DTYPES[elem.kind]}{elem.bits}")


def _alloc(*shape: int, type: str, **_: Any) -> Any:
    of = parse_type(type)
    assert isinstance(of, Array)
    return np.empty(shape, dtype_of(of.elem), order="F" if of.layout == "F" else "C")


def _view(x: Any, *operands: int, pattern: str, **_: Any) -> Any:
    """Axis by axis by strides, so that a step may be 0 or negative."""
    rest = iter(operands)
    shape, strides, starts = [], [], []
    for letter, size, stride in zip(pattern, x.shape, x.strides, strict=True):
        start, count, step = (0, size, 1) if letter == ":" else (next(rest), 1, 0)
        if letter == "s":
            count, step = next(rest), next(rest)
        starts.append(start)
        if letter != "i":
            shape.append(count)
            strides.append(stride * step)
    if 0 in shape:
        return np.empty(shape, x.dtype)
    corner = x[tuple(slice(start, None) for start in starts)]
    return np.lib.stride_tricks.as_strided(corner, shape, strides, writeable=x.flags.writeable)


# Derivatives


def _nothing(ctx: Any, op: Op, y_bar: Value | None = None) -> None:
    """No tangent and no cotangent of its own: the companion array has them."""


def _dot_or_zero(ctx: Any, value: Value) -> Value:
    dot: Value | None = ctx.dot(value)
    return ctx.zero(value.type) if dot is None else dot


def _load_jvp(ctx: Any, op: Op) -> Value | None:
    x_dot = ctx.dot_array(op.operands[0])
    return None if x_dot is None else ctx.b.load(x_dot, *op.operands[1:])


def _load_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    shadow = None if y_bar is None else ctx.shadow(op.operands[0])
    if shadow is not None:
        ctx.b.accumulate(shadow, *map(ctx.recall, op.operands[1:]), y_bar)


def _store_jvp(ctx: Any, op: Op) -> None:
    x, *index, value = op.operands
    x_dot = ctx.dot_array(x)
    if x_dot is not None:
        ctx.b.store(x_dot, *index, _dot_or_zero(ctx, value))


def _store_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, *index, value = op.operands
    shadow = ctx.shadow(x)
    if shadow is None:
        return
    index = [ctx.recall(i) for i in index]
    if ctx.active(value):
        ctx.add_bar(value, ctx.b.load(shadow, *index))
    ctx.b.store(shadow, *index, number(value, 0.0))


def _accumulate_jvp(ctx: Any, op: Op) -> None:
    x, *index, value = op.operands
    x_dot, dot = ctx.dot_array(x), ctx.dot(value)
    if x_dot is not None and dot is not None:
        ctx.b.accumulate(x_dot, *index, dot)


def _accumulate_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, *index, value = op.operands
    shadow = ctx.shadow(x) if ctx.active(value) else None
    if shadow is not None:
        ctx.add_bar(value, ctx.b.load(shadow, *map(ctx.recall, index)))


def _fill_jvp(ctx: Any, op: Op) -> None:
    x, value = op.operands
    x_dot = ctx.dot_array(x)
    if x_dot is not None:
        ctx.b.fill(x_dot, _dot_or_zero(ctx, value))


def _fill_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, value = op.operands
    shadow = ctx.shadow(x)
    if shadow is None:
        return
    if ctx.active(value):
        ctx.add_bar(value, ctx.b.sum_all(shadow))
    ctx.b.fill(shadow, number(value, 0.0))


def _zero_of(x: Value) -> Value:
    assert isinstance(x.type, Array)
    return number(Value(x.type.elem), 0.0)


def _copy_jvp(ctx: Any, op: Op) -> None:
    dst_dot, src_dot = map(ctx.dot_array, op.operands)
    if dst_dot is None:
        return
    if src_dot is None:
        ctx.b.fill(dst_dot, _zero_of(op.operands[0]))
    else:
        ctx.b.copy(dst_dot, src_dot)


def _copy_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    dst, src = op.operands
    dst_shadow = None if dst is src else ctx.shadow(dst)
    if dst_shadow is None:
        return
    src_shadow = ctx.shadow(src)
    if src_shadow is not None:
        ctx.b.add_into(src_shadow, dst_shadow)
    ctx.b.fill(dst_shadow, _zero_of(dst))


def _add_into_jvp(ctx: Any, op: Op) -> None:
    dst_dot, src_dot = map(ctx.dot_array, op.operands)
    if dst_dot is not None and src_dot is not None:
        ctx.b.add_into(dst_dot, src_dot)


def _add_into_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    dst_shadow, src_shadow = map(ctx.shadow, op.operands)
    if dst_shadow is not None and src_shadow is not None:
        ctx.b.add_into(src_shadow, dst_shadow)


def _sum_jvp(ctx: Any, op: Op) -> Value | None:
    x_dot = ctx.dot_array(op.operands[0])
    return None if x_dot is None else ctx.b.sum_all(x_dot)


def _sum_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    shadow = None if y_bar is None else ctx.shadow(op.operands[0])
    if shadow is not None:
        ctx.b.add_scalar_into(shadow, y_bar)


def _inner_jvp(ctx: Any, op: Op) -> Value | None:
    a, b = op.operands
    a_dot, b_dot = ctx.dot_array(a), ctx.dot_array(b)
    terms = [ctx.b.inner(x, y) for x, y in ((a_dot, b), (a, b_dot)) if x is not None and y is not None]
    return ctx.b.add(*terms) if len(terms) == 2 else terms[0] if terms else None


def _inner_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    if y_bar is None:
        return
    for x, other in (op.operands, reversed(op.operands)):
        shadow = ctx.shadow(x)
        if shadow is not None:
            ctx.b.add_scaled_into(shadow, y_bar, ctx.recall(other))


def _add_scaled_jvp(ctx: Any, op: Op) -> None:
    dst, factor, src = op.operands
    dst_dot, factor_dot, src_dot = ctx.dot_array(dst), ctx.dot(factor), ctx.dot_array(src)
    if dst_dot is not None and factor_dot is not None:
        ctx.b.add_scaled_into(dst_dot, factor_dot, src)
    if dst_dot is not None and src_dot is not None:
        ctx.b.add_scaled_into(dst_dot, factor, src_dot)


def _add_scaled_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    dst, factor, src = op.operands
    shadow, src_shadow = ctx.shadow(dst), ctx.shadow(src)
    if shadow is None:
        return
    if ctx.active(factor):
        ctx.add_bar(factor, ctx.b.inner(shadow, ctx.recall(src)))
    if src_shadow is not None:
        ctx.b.add_scaled_into(src_shadow, ctx.recall(factor), shadow)


def _add_scalar_jvp(ctx: Any, op: Op) -> None:
    x, value = op.operands
    x_dot, dot = ctx.dot_array(x), ctx.dot(value)
    if x_dot is not None and dot is not None:
        ctx.b.add_scalar_into(x_dot, dot)


def _add_scalar_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, value = op.operands
    shadow = ctx.shadow(x) if ctx.active(value) else None
    if shadow is not None:
        ctx.add_bar(value, ctx.b.sum_all(shadow))


def _alloc_companion(b: Any, op: Op, of: Any) -> Value:
    assert op.result is not None
    companion: Value = b.alloc(*op.operands, type=op.attrs["type"])
    b.fill(companion, _zero_of(op.result))
    return companion


def _view_companion(b: Any, op: Op, of: Any) -> Value | None:
    companion = of(op.operands[0])
    return None if companion is None else b.view(companion, *op.operands[1:], pattern=op.attrs["pattern"])


def _choose_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(bool, array, list or cell, another of the same type)"
    need(
        len(types) == 3 and types[0] is BOOL and types[1] is types[2] and isinstance(types[1], REFERENCES),
        wants,
        types,
    )
    return types[1]


def _choose_companion(b: Any, op: Op, of: Any) -> Value | None:
    cond, first, second = op.operands
    return None if of(first) is None else b.choose(cond, of(first), of(second))


# The table

READS, WRITES, ALLOCATES = Effect.READS, Effect.WRITES, Effect.ALLOCATES

define(
    "dim",
    type_rule=_dim_rule,
    eval=lambda x, axis, **_: x.shape[axis],
    nondifferentiable="a size is an integer",
    llvm=Native("dim"),
    takes_attrs=True,
)
define(
    "to_aligned",
    type_rule=_to_aligned_rule,
    eval=_to_aligned,
    nondifferentiable="where memory lies is no number",
    llvm=Native("to_aligned"),
    takes_attrs=True,
)
define(
    "disjoint",
    type_rule=_disjoint_rule,
    eval=lambda x, y: not np.may_share_memory(x, y),
    nondifferentiable="where memory lies is no number",
    llvm=Native("disjoint"),
    python="not np.may_share_memory({0}, {1})",
)
define(
    "same",
    type_rule=_disjoint_rule,
    eval=lambda x, y: x is y or (x.ctypes.data, x.shape, x.strides) == (y.ctypes.data, y.shape, y.strides),
    nondifferentiable="where memory lies is no number",
    llvm=Native("same"),
    python="{0} is {1}",
)
define(
    "load", type_rule=_load_rule, eval=_load, effects=READS, jvp=_load_jvp, vjp=_load_vjp, llvm=Native("load")
)
define(
    "store",
    type_rule=_store_rule,
    eval=_store,
    effects=WRITES,
    jvp=_store_jvp,
    vjp=_store_vjp,
    llvm=Native("store"),
)
define(
    "accumulate",
    type_rule=_store_rule,
    eval=_silent(_accumulate),
    effects=READS | WRITES,
    jvp=_accumulate_jvp,
    vjp=_accumulate_vjp,
    llvm=Native("accumulate"),
)
define(
    "alloc",
    type_rule=_alloc_rule,
    eval=_alloc,
    effects=ALLOCATES,
    jvp=_nothing,
    vjp=_nothing,
    companion=_alloc_companion,
    llvm=Native("alloc"),
    takes_attrs=True,
)
define(
    "fill",
    type_rule=_element_rule,
    eval=_fill,
    effects=WRITES,
    jvp=_fill_jvp,
    vjp=_fill_vjp,
    llvm=Native("fill"),
    python="{0}[...] = {1}",
)
define(
    "copy",
    type_rule=_pair_rule,
    eval=_fill,
    effects=READS | WRITES,
    jvp=_copy_jvp,
    vjp=_copy_vjp,
    llvm=Native("copy"),
    python="{0}[...] = {1}",
)
define(
    "add_into",
    type_rule=_pair_rule,
    eval=_silent(_add_into),
    effects=READS | WRITES,
    jvp=_add_into_jvp,
    vjp=_add_into_vjp,
    llvm=Native("add_into"),
    python="{0}[...] += {1}",
)
define(
    "sum_all",
    type_rule=_reduce_rule,
    eval=_silent(lambda x: x.sum(dtype=x.dtype).item()),
    effects=READS,
    jvp=_sum_jvp,
    vjp=_sum_vjp,
    llvm=Native("sum_all"),
    python="{0}.sum().item()",
)
define(
    "inner",
    type_rule=_inner_rule,
    eval=_silent(lambda x, y: (x * y).sum(dtype=x.dtype).item()),
    effects=READS,
    jvp=_inner_jvp,
    vjp=_inner_vjp,
    llvm=Native("inner"),
    python="({0} * {1}).sum().item()",
)
define(
    "add_scaled_into",
    type_rule=_scaled_rule,
    eval=_silent(_add_scaled_into),
    effects=READS | WRITES,
    jvp=_add_scaled_jvp,
    vjp=_add_scaled_vjp,
    llvm=Native("add_scaled_into"),
    python="{0}[...] += {1} * {2}",
)
define(
    "add_scalar_into",
    type_rule=_element_rule,
    eval=_silent(_add_scalar_into),
    effects=READS | WRITES,
    jvp=_add_scalar_jvp,
    vjp=_add_scalar_vjp,
    llvm=Native("add_scalar_into"),
    python="{0}[...] += {1}",
)
define(
    "view",
    type_rule=_view_rule,
    eval=_view,
    jvp=_nothing,
    vjp=_nothing,
    companion=_view_companion,
    llvm=Native("view"),
    takes_attrs=True,
)
define(
    "choose",
    type_rule=_choose_rule,
    eval=lambda cond, x, y: x if cond else y,
    jvp=_nothing,
    vjp=_nothing,
    companion=_choose_companion,
    llvm=Native("choose"),
    python="({1} if {0} else {2})",
)
