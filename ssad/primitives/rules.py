"""Type rules and small emission helpers that several families share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ssad.ir.core import Const, Value
from ssad.ir.primitive import TypeMismatch, TypeRule
from ssad.ir.types import BOOL, I64, OBJECT, Array, Scalar, Type, parse_type

Types = Sequence[Type]
Attrs = Mapping[str, Any]


def number(like: Value, value: float) -> Const:
    """The immediate `value` of `like`'s type: derivative rules are written for f64 and f32 alike."""
    type = like.type
    assert isinstance(type, Scalar)
    return Const(type, float(value) if type.is_float else int(value))


def is_const(value: Value, *numbers: float) -> bool:
    """Whether `value` is an immediate, and one of `numbers` if any are given."""
    return isinstance(value, Const) and (not numbers or value.value in numbers)


def need(condition: bool, wants: str, types: Types) -> None:
    """Raise TypeMismatch, saying what the primitive wants and what it got, unless `condition` holds."""
    if not condition:
        raise TypeMismatch(f"wants {wants}, got ({', '.join(map(str, types))})")


def same(kinds: str, count: int, result: Type | None = None) -> TypeRule:
    """`count` operands of one scalar type of a kind in `kinds` (f, i, u, b); result `result` or that type."""
    wants = f"{count} operand{'s' * (count > 1)} of one type of kind {' or '.join(kinds)}"

    def rule(types: Types, attrs: Attrs) -> Type | None:
        first = types[0] if types else None
        fits = (
            len(types) == count
            and isinstance(first, Scalar)
            and first.kind in kinds
            and all(t is first for t in types)
        )
        need(fits, wants, types)
        return result if result is not None else first

    return rule


def exactly(wanted: Sequence[Type], result: Type | None) -> TypeRule:
    """Operands of exactly the `wanted` types."""
    wants = f"({', '.join(map(str, wanted))})"

    def rule(types: Types, attrs: Attrs) -> Type | None:
        need(
            len(types) == len(wanted) and all(a is b for a, b in zip(types, wanted, strict=True)),
            wants,
            types,
        )
        return result

    return rule


def objects(result: Type | None = OBJECT) -> TypeRule:
    """Any operands: nothing is typed yet in lifted IR."""

    def rule(types: Types, attrs: Attrs) -> Type | None:
        return result

    return rule


def array_of(types: Types, wants: str) -> Array:
    """The type of the first operand, which has to be an array."""
    first = types[0] if types else None
    need(isinstance(first, Array), wants, types)
    assert isinstance(first, Array)
    return first


def need_indices(array: Array, indices: Types, wants: str, types: Types) -> None:
    """Raise TypeMismatch unless there is one i64 per axis."""
    need(len(indices) == array.rank and all(t is I64 for t in indices), wants, types)


def declared(attrs: Attrs, name: str = "type") -> Type:
    """The type written in an attribute."""
    try:
        return parse_type(attrs[name])
    except KeyError:
        raise TypeMismatch(f"the attribute {name} is missing") from None
    except (ValueError, AttributeError) as error:
        raise TypeMismatch(str(error)) from None


def conditional(types: Types, attrs: Attrs) -> Type | None:
    """A bool, then two scalars of one type."""
    fits = len(types) == 3 and types[0] is BOOL and types[1] is types[2] and isinstance(types[1], Scalar)
    need(fits, "(bool, T, T)", types)
    return types[1]


def unless_zero(b: Any, factor: Value, product: Value) -> Value:
    """`product`, but zero where `factor` is."""
    zero = number(factor, 0.0)
    chosen: Value = b.select(b.eq(factor, zero), zero, product)
    return chosen


def choose(takes_first: Callable[..., Value]) -> dict[str, Any]:
    """The `jvp`, `vjp` and `slopes` columns of a primitive whose result is one of its last two operands.

    `takes_first(b, *operands)` emits the bool that says which. Selecting the cotangent instead of multiplying
    it by 0 or 1 keeps 0*inf out of the arm that was not taken.
    """

    def jvp(ctx: Any, op: Any) -> Value | None:
        *_, first, second = op.operands
        first_dot, second_dot = ctx.dot(first), ctx.dot(second)
        if first_dot is None and second_dot is None:
            return None
        zero = ctx.zero(op.result.type)
        chosen: Value = ctx.b.select(
            takes_first(ctx.b, *op.operands),
            zero if first_dot is None else first_dot,
            zero if second_dot is None else second_dot,
        )
        return chosen

    def vjp(ctx: Any, op: Any, y_bar: Value | None) -> None:
        *_, first, second = op.operands
        if y_bar is None or not (ctx.active(first) or ctx.active(second)):
            return
        cond = takes_first(ctx.b, *map(ctx.recall, op.operands))
        zero = number(y_bar, 0.0)
        if ctx.active(first):
            ctx.add_bar(first, ctx.b.select(cond, y_bar, zero))
        if ctx.active(second):
            ctx.add_bar(second, ctx.b.select(cond, zero, y_bar))

    return {"jvp": jvp, "vjp": vjp, "slopes": "choice"}


DISCRETE = "its result is discrete: integers and truth values carry no derivative"
