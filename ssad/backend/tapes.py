"""Tapes and stacks in LLVM: one record per iteration, fields packed widest first.

A tape of exact size is one pointer. A stack is (base, cur, end) of its current chunk, three SSA values; the
chunks come from the arena and know their neighbours (see runtime.py). Records are marked as a memory of their
own (`!tbaa !3`), so a push is no obstacle to what LLVM does with arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.backend.layout import part_types, record
from ssad.ir.core import Op, Value
from ssad.ir.types import Tape

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter

_TRIPLE = "{ ptr, ptr, ptr }"


def _tape_of(value: Value) -> Tape:
    assert isinstance(value.type, Tape), f"{value!r} is no tape"
    return value.type


def _where(op: Op) -> str:
    return f" of the loop at {op.loc.file}:{op.loc.line}" if op.loc is not None else ""


def _put(w: FunctionWriter, at: str, tape: Tape, values: list[Value]) -> None:
    """Store one record at the address `at`."""
    _, offsets = record(tape.fields)
    for value, field, places in zip(values, tape.fields, offsets, strict=True):
        for llvm, text, offset in zip(part_types(field), w.coerced(value, field), places, strict=True):
            if llvm == "i1":
                text, llvm = w.tmp(f"zext i1 {text} to i8"), "i8"
            place = at if not offset else w.tmp(f"getelementptr inbounds i8, ptr {at}, i64 {offset}")
            w.emit(f"store {llvm} {text}, ptr {place}, !tbaa !3")


def _take(w: FunctionWriter, op: Op, at: str, back: int = 0) -> None:
    """The result of `op` is a field of the record that lies `back` bytes before `at`."""
    tape = _tape_of(op.operands[0])
    field = int(op.attrs.get("field", 0))
    parts = []
    for llvm, offset in zip(part_types(tape.fields[field]), record(tape.fields)[1][field], strict=True):
        place = at if offset == back else w.tmp(f"getelementptr inbounds i8, ptr {at}, i64 {offset - back}")
        text = w.tmp(f"load {llvm if llvm != 'i1' else 'i8'}, ptr {place}, !tbaa !3")
        parts.append(w.tmp(f"trunc i8 {text} to i1") if llvm == "i1" else text)
    w.define(op, *parts)


def _tape_new(w: FunctionWriter, op: Op) -> None:
    assert op.result is not None
    size, _ = record(_tape_of(op.result).fields)
    wanted, trouble = str(size), "false"
    for operand in op.operands:
        trips = w.tmp(f"call i64 @llvm.smax.i64(i64 {w.one(operand)}, i64 0)")
        pair = w.tmp(f"call {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64 {wanted}, i64 {trips})")
        wanted = w.tmp(f"extractvalue {{ i64, i1 }} {pair}, 0")
        trouble = w.tmp(f"or i1 {trouble}, " + w.tmp(f"extractvalue {{ i64, i1 }} {pair}, 1"))
    wanted = w.tmp(f"select i1 {trouble}, i64 -1, i64 {wanted}")
    memory = w.tmp(f"call ptr @ssad.alloc(ptr %ctx, i64 {wanted})", "tape")
    good = w.tmp(f"icmp ne ptr {memory}, null")
    w.fail_unless(good, "MemoryError", f"out of memory for the tape{_where(op)}")
    w.define(op, memory)


def _record_at(w: FunctionWriter, op: Op) -> str:
    """The address of the record that `op` names by its index."""
    size, _ = record(_tape_of(op.operands[0]).fields)
    tape, index = w.one(op.operands[0]), w.one(op.operands[1])
    return w.tmp(f"getelementptr inbounds [{size} x i8], ptr {tape}, i64 {index}")


def _tape_set(w: FunctionWriter, op: Op) -> None:
    _put(w, _record_at(w, op), _tape_of(op.operands[0]), op.operands[2:])


def _tape_get(w: FunctionWriter, op: Op) -> None:
    _take(w, op, _record_at(w, op))


def _stack_new(w: FunctionWriter, op: Op) -> None:
    w.define(op, "null", "null", "null")


def _stack_push(w: FunctionWriter, op: Op) -> None:
    w.module.uses_stacks = True
    tape = _tape_of(op.operands[0])
    size, _ = record(tape.fields)
    base, cur, end = w.parts(op.operands[0])
    room = w.tmp(f"icmp ne ptr {cur}, {end}")
    before, grow, push = w.label, w.fresh("grow"), w.fresh("push")
    w.emit(f"br i1 {room}, label %{push}, label %{grow}, !prof !0")
    w.start(grow)
    grown = w.tmp(f"call {_TRIPLE} @ssad.stack_grow(ptr %ctx, ptr {base}, ptr {end}, i64 {size})")
    fresh = [w.tmp(f"extractvalue {_TRIPLE} {grown}, {k}") for k in range(3)]
    good = w.tmp(f"icmp ne ptr {fresh[0]}, null")
    w.fail_unless(good, "MemoryError", f"out of memory for the tape{_where(op)}")
    w.emit(f"br label %{push}")
    after = w.label
    w.start(push)
    b, c, e = (
        w.tmp(f"phi ptr [ {old}, %{before} ], [ {new}, %{after} ]")
        for old, new in zip((base, cur, end), fresh, strict=True)
    )
    _put(w, c, tape, op.operands[1:])
    w.define(op, b, w.tmp(f"getelementptr inbounds i8, ptr {c}, i64 {size}"), e)


def _stack_top(w: FunctionWriter, op: Op) -> None:
    _take(w, op, w.parts(op.operands[0])[1], record(_tape_of(op.operands[0]).fields)[0])


def _stack_pop(w: FunctionWriter, op: Op) -> None:
    w.module.uses_stacks = True
    size, _ = record(_tape_of(op.operands[0]).fields)
    base, cur, end = w.parts(op.operands[0])
    down = w.tmp(f"getelementptr inbounds i8, ptr {cur}, i64 {-size}")
    inside = w.tmp(f"icmp ne ptr {down}, {base}")
    before, shrink, done = w.label, w.fresh("shrink"), w.fresh("popped")
    w.emit(f"br i1 {inside}, label %{done}, label %{shrink}, !prof !0")
    w.start(shrink)
    left = w.tmp(f"call {_TRIPLE} @ssad.stack_shrink(ptr {base})")
    fresh = [w.tmp(f"extractvalue {_TRIPLE} {left}, {k}") for k in range(3)]
    w.emit(f"br label %{done}")
    w.start(done)
    w.define(
        op,
        *(
            w.tmp(f"phi ptr [ {old}, %{before} ], [ {new}, %{shrink} ]")
            for old, new in zip((base, down, end), fresh, strict=True)
        ),
    )


def _same(w: FunctionWriter, op: Op) -> None:
    w.define(op, *w.parts(op.operands[0]))


HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "seal": _same,
    "unseal": _same,
    "tape_new": _tape_new,
    "tape_set": _tape_set,
    "tape_get": _tape_get,
    "stack_new": _stack_new,
    "stack_push": _stack_push,
    "stack_top": _stack_top,
    "stack_pop": _stack_pop,
}
