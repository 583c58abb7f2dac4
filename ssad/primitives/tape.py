"""What the reverse sweep keeps of the forward sweep: first `recall`, then tapes and stacks.

A tape has exact size: one record per iteration, written once by `tape_set`, read by `tape_get`. A stack
grows, and is threaded linearly: each push and pop takes the stack and yields the next one, the old one is
dead. Reads (`tape_get`, `stack_top`) have READS and may be removed if unused; what writes has TAPE alone, for
no array operand is touched.
"""

from __future__ import annotations

import math
from typing import Any

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, TypeMismatch, define
from ssad.ir.types import I64, RESIDUAL, Tape, Type
from ssad.primitives.lowering import Native
from ssad.primitives.rules import Attrs, Types, declared, need

_LATER = "tapes come into being after forward-mode differentiation"


def _recall_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 1, "one value", types)
    return types[0]


def _recall_jvp(ctx: Any, op: Op) -> Value | None:
    x_dot = ctx.dot(op.operands[0])
    return None if x_dot is None else ctx.b.recall(x_dot)


def _recall_vjp(ctx: Any, op: Op, y_bar: Value | None) -> None:
    raise NotImplementedError("reverse mode over an adjoint that still recalls")


def _recall_companion(b: Any, op: Op, of: Any) -> Value | None:
    companion = of(op.operands[0])
    return None if companion is None else b.recall(companion)


# The value of the operand in the primal iteration that this one mirrors: removable if unused, but tied to its
# place, for the operand does not change from one reverse iteration to the next and yet the result does.
define(
    "recall",
    type_rule=_recall_rule,
    effects=Effect.TAPE | Effect.READS,
    jvp=_recall_jvp,
    vjp=_recall_vjp,
    companion=_recall_companion,
    llvm=Native("recall"),
)


def _new_rule(growable: bool) -> Any:
    def rule(types: Types, attrs: Attrs) -> Type | None:
        result = declared(attrs)
        if not isinstance(result, Tape) or result.growable != growable:
            raise TypeMismatch(f"type is a {'stack' if growable else 'tape'}, not {result}")
        fits = not types if growable else bool(types) and all(t is I64 for t in types)
        need(fits, "()" if growable else "(i64, ...)", types)
        return result

    return rule


def _tape_of(types: Types, growable: bool, wants: str) -> Tape:
    fits = bool(types) and isinstance(types[0], Tape) and types[0].growable == growable
    need(fits, wants, types)
    assert isinstance(types[0], Tape)
    return types[0]


def _field(tape: Tape, attrs: Attrs) -> Type:
    at = attrs.get("field")
    if not isinstance(at, int) or not 0 <= at < len(tape.fields):
        raise TypeMismatch(f"{at} is not a field of {tape}")
    return tape.fields[at]


def _set_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(tape, i64, one value per field)"
    tape = _tape_of(types, False, wants)
    need(len(types) > 1 and types[1] is I64 and tuple(types[2:]) == tape.fields, wants, types)
    return None


def _get_rule(types: Types, attrs: Attrs) -> Type | None:
    tape = _tape_of(types, False, "(tape, i64)")
    need(len(types) == 2 and types[1] is I64, "(tape, i64)", types)
    return _field(tape, attrs)


def _push_rule(types: Types, attrs: Attrs) -> Type | None:
    wants = "(stack, one value per field)"
    stack = _tape_of(types, True, wants)
    need(tuple(types[1:]) == stack.fields, wants, types)
    return stack


def _top_rule(types: Types, attrs: Attrs) -> Type | None:
    stack = _tape_of(types, True, "(stack)")
    need(len(types) == 1, "(stack)", types)
    return _field(stack, attrs)


def _pop_rule(types: Types, attrs: Attrs) -> Type | None:
    stack = _tape_of(types, True, "(stack)")
    need(len(types) == 1, "(stack)", types)
    return stack


def _records(*trips: int, **attrs: Any) -> list[Any]:
    return [None] * math.prod(max(0, n) for n in trips)


def _tape_set(tape: list[Any], i: int, *record: Any) -> None:
    tape[i] = record


def _push(stack: list[Any], *record: Any) -> list[Any]:
    stack.append(record)
    return stack


def _pop(stack: list[Any]) -> list[Any]:
    stack.pop()
    return stack


def _define(name: str, rule: Any, evaluate: Any, effects: Effect) -> None:
    define(
        name,
        type_rule=rule,
        eval=evaluate,
        effects=effects,
        nondifferentiable=_LATER,
        llvm=Native(name),
        takes_attrs=name in ("tape_new", "stack_new", "tape_get", "stack_top", "unseal"),
    )


def _seal_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 1 and isinstance(types[0], Tape) and not types[0].growable, "(tape)", types)
    return RESIDUAL


def _unseal_rule(types: Types, attrs: Attrs) -> Type | None:
    need(len(types) == 1 and types[0] is RESIDUAL, "(residual)", types)
    result = declared(attrs)
    if not isinstance(result, Tape) or result.growable:
        raise TypeMismatch(f"type is a tape, not {result}")
    return result


_define("tape_new", _new_rule(False), _records, Effect.TAPE | Effect.ALLOCATES)
_define("tape_set", _set_rule, _tape_set, Effect.TAPE)
_define("tape_get", _get_rule, lambda tape, i, field, **_: tape[i][field], Effect.TAPE | Effect.READS)
_define("stack_new", _new_rule(True), lambda **_: [], Effect.TAPE | Effect.ALLOCATES)
_define("stack_push", _push_rule, _push, Effect.TAPE)
_define("stack_top", _top_rule, lambda stack, field, **_: stack[-1][field], Effect.TAPE | Effect.READS)
_define("stack_pop", _pop_rule, _pop, Effect.TAPE)
# What a forward sweep has kept leaves it as a residual; only its own reverse sweep looks inside.
_define("seal", _seal_rule, lambda tape: tape, Effect.TAPE | Effect.READS)
_define("unseal", _unseal_rule, lambda residual, **_: residual, Effect.TAPE | Effect.READS)
