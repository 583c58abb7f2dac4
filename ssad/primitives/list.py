"""Lists: handles of memory that grows; every access is unchecked.

`list_put` writes the element at an index and makes it the last one, so that what was appended is known by its
index. The cotangent of a list of numbers lives in a list, too: one that nobody asks for its length and that
goes on with zeros behind its end, so `list_accumulate`, `list_peek` and `list_clear` take any index. Beside a
list of references, to arrays or lists, runs one of the references to their companions.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, TypeMismatch, TypeRule, define
from ssad.ir.types import BOOL, I64, List, Scalar, Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, declared, need

# Types


def _list(types: Types, wants: str) -> List:
    first = types[0] if types else None
    need(isinstance(first, List), wants, types)
    assert isinstance(first, List)
    return first


def _new_rule(types: Types, attrs: Attrs) -> Type | None:
    result = declared(attrs)
    if not isinstance(result, List):
        raise TypeMismatch(f"type is a list, not {result}")
    need(not types, "()", types)
    return result


def _len_rule(types: Types, attrs: Attrs) -> Type | None:
    _list(types, "(list)")
    need(len(types) == 1, "(list)", types)
    return I64


def _is_rule(types: Types, attrs: Attrs) -> Type | None:
    _list(types, "(list, list of the same type)")
    need(len(types) == 2 and types[0] is types[1], "(list, list of the same type)", types)
    return BOOL


def _read_rule(types: Types, attrs: Attrs) -> Type | None:
    of = _list(types, "(list, i64)")
    need(len(types) == 2 and types[1] is I64, "(list, i64)", types)
    return of.elem


def _index_rule(types: Types, attrs: Attrs) -> Type | None:
    _read_rule(types, attrs)
    return None


def _write_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(list, i64, an element)"
    of = _list(types, wants)
    need(len(types) == 3 and types[1] is I64 and types[2] is of.elem, wants, types)
    return None


def _of_numbers(rule: TypeRule, types: Types, attrs: Attrs) -> Type | None:
    need(isinstance(_list(types, "(list of numbers, ...)").elem, Scalar), "(list of numbers, ...)", types)
    return rule(types, attrs)


# Evaluation: a Python list


def _reach(x: list[Any], i: int) -> None:
    """Let the list of cotangents go on with zeros up to index `i`."""
    x.extend([0.0] * (i + 1 - len(x)))


def _put(x: list[Any], i: int, value: Any) -> None:
    x[i:] = [value]


def _truncate(x: list[Any], n: int) -> None:
    del x[n:]


def _accumulate(x: list[Any], i: int, value: Any) -> None:
    _reach(x, i)
    x[i] += value


def _clear(x: list[Any], i: int) -> None:
    if i < len(x):
        x[i] = 0.0


# Derivatives


def _nothing(ctx: Any, op: Op, y_bar: Value | None = None) -> None:
    """No tangent and no cotangent of its own: the companion list has them."""


def _new_companion(b: Any, op: Op, of: Any) -> Value:
    made: Value = b.list_new(type=op.attrs["type"])
    return made


def _element_companion(b: Any, op: Op, of: Any) -> Value | None:
    """The companion of a reference lies in the companion of the list, at the same place."""
    companion = of(op.operands[0])
    return None if companion is None else b.emit(op.name, companion, op.operands[1])


def _read_jvp(ctx: Any, op: Op) -> Value | None:
    x_dot = ctx.dot_array(op.operands[0])
    return None if x_dot is None else ctx.b.emit(op.name, x_dot, op.operands[1])


def _read_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    shadow = None if y_bar is None else ctx.shadow(op.operands[0])
    if shadow is not None:
        ctx.b.list_accumulate(shadow, ctx.recall(op.operands[1]), y_bar)


def _write_jvp(ctx: Any, op: Op) -> None:
    x, index, value = op.operands
    x_dot = ctx.dot_array(x) if isinstance(value.type, Scalar) else None  # references: see ad/companions
    if x_dot is not None:
        dot = ctx.dot(value)
        ctx.b.emit(op.name, x_dot, index, ctx.zero(value.type) if dot is None else dot)


def _write_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, index, value = op.operands
    shadow = ctx.shadow(x) if isinstance(value.type, Scalar) else None
    if shadow is None:
        return
    index = ctx.recall(index)
    if ctx.active(value):
        ctx.add_bar(value, ctx.b.list_peek(shadow, index))
    ctx.b.list_clear(shadow, index)


def _accumulate_jvp(ctx: Any, op: Op) -> None:
    x, index, value = op.operands
    x_dot, dot = ctx.dot_array(x), ctx.dot(value)
    if x_dot is not None and dot is not None:
        ctx.b.list_accumulate(x_dot, index, dot)


def _accumulate_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    x, index, value = op.operands
    shadow = ctx.shadow(x) if ctx.active(value) else None
    if shadow is not None:
        ctx.add_bar(value, ctx.b.list_peek(shadow, ctx.recall(index)))


def _clear_jvp(ctx: Any, op: Op) -> None:
    x_dot = ctx.dot_array(op.operands[0])
    if x_dot is not None:
        ctx.b.list_clear(x_dot, op.operands[1])


def _clear_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    shadow = ctx.shadow(op.operands[0])
    if shadow is not None:
        ctx.b.list_clear(shadow, ctx.recall(op.operands[1]))


# The table

READS, WRITES, ALLOCATES = Effect.READS, Effect.WRITES, Effect.ALLOCATES

define(
    "list_new",
    type_rule=_new_rule,
    eval=lambda **_: [],
    effects=ALLOCATES,
    jvp=_nothing,
    vjp=_nothing,
    companion=_new_companion,
    llvm=Native("list_new"),
    takes_attrs=True,
)
define(
    "list_len",
    type_rule=_len_rule,
    eval=len,
    effects=READS,
    nondifferentiable="a length is an integer",
    llvm=Native("list_len"),
)
define(
    "list_is",
    type_rule=_is_rule,
    eval=lambda x, y: x is y,
    nondifferentiable="its result is discrete: whether two lists are one carries no derivative",
    llvm=Native("list_is"),
)
define(
    "list_get",
    type_rule=_read_rule,
    eval=lambda x, i: x[i],
    effects=READS,
    jvp=_read_jvp,
    vjp=_read_vjp,
    companion=_element_companion,
    llvm=Native("list_get"),
)
define(
    "list_set",
    type_rule=_write_rule,
    eval=lambda x, i, value: x.__setitem__(i, value),
    effects=WRITES,
    jvp=_write_jvp,
    vjp=_write_vjp,
    llvm=Native("list_set"),
)
define(
    "list_put",
    type_rule=_write_rule,
    eval=_put,
    effects=WRITES,
    jvp=_write_jvp,
    vjp=_write_vjp,
    llvm=Native("list_put"),
)
define(
    "list_truncate",
    type_rule=_index_rule,
    eval=_truncate,
    effects=WRITES,
    nondifferentiable="what is cut off is forgotten: its cotangent is zero already",
    llvm=Native("list_truncate"),
)
define(
    "list_accumulate",
    type_rule=partial(_of_numbers, _write_rule),
    eval=_accumulate,
    effects=READS | WRITES,
    jvp=_accumulate_jvp,
    vjp=_accumulate_vjp,
    llvm=Native("list_accumulate"),
)
define(
    "list_peek",
    type_rule=partial(_of_numbers, _read_rule),
    eval=lambda x, i: x[i] if i < len(x) else 0.0,
    effects=READS,
    jvp=_read_jvp,
    vjp=_read_vjp,
    llvm=Native("list_peek"),
)
define(
    "list_clear",
    type_rule=partial(_of_numbers, _index_rule),
    eval=_clear,
    effects=WRITES,
    jvp=_clear_jvp,
    vjp=_clear_vjp,
    llvm=Native("list_clear"),
)
