"""Lists in LLVM: a handle to a header of three words in the arena (elements, length, capacity).

The elements move when the list grows; behind the length they are zero or forgotten ones, so that a shadow,
whose length nobody asks for, is a list that goes on with zeros. The header is marked as a memory of its own
(`!tbaa !7`): a store of a number is no obstacle to loads of it. Where the elements are references each is a
record of the parts of one, marked like the header.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.backend.layout import memory_type, part_types, record, scalar_type
from ssad.ir.core import Op, Value
from ssad.ir.types import List, Scalar, Type

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter

_GROW = """define internal i1 @ssad.list_grow(ptr %ctx, ptr %list, i64 %need, i64 %bytes) #1 {
  %cap.at = getelementptr i64, ptr %list, i64 2
  %cap = load i64, ptr %cap.at
  %data = load ptr, ptr %list
  %twice = shl i64 %cap, 1
  %some = call i64 @llvm.umax.i64(i64 %twice, i64 8)
  %wish = call i64 @llvm.umax.i64(i64 %some, i64 %need)
  %pair = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %wish, i64 %bytes)
  %size = extractvalue { i64, i1 } %pair, 0
  %huge = extractvalue { i64, i1 } %pair, 1
  %wanted = select i1 %huge, i64 -1, i64 %size
  %fresh = call ptr @ssad.alloc(ptr %ctx, i64 %wanted)
  %bad = icmp eq ptr %fresh, null
  br i1 %bad, label %fail, label %move
move:
  %used = mul i64 %cap, %bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %fresh, ptr %data, i64 %used, i1 false)
  %rest = sub i64 %size, %used
  %behind = getelementptr i8, ptr %fresh, i64 %used
  call void @llvm.memset.p0.i64(ptr %behind, i8 0, i64 %rest, i1 false)
  store ptr %fresh, ptr %list
  store i64 %wish, ptr %cap.at
  ret i1 true
fail:
  ret i1 false
}"""


def _type_of_elements(value: Value) -> Type:
    assert isinstance(value.type, List), f"{value!r} is no list"
    return value.type.elem


def _elem(value: Value) -> Scalar:
    elem = _type_of_elements(value)
    assert isinstance(elem, Scalar), f"{value!r} is no list of numbers"
    return elem


def _size(value: Value) -> int:
    """The bytes that an element takes."""
    elem = _type_of_elements(value)
    return elem.bytes if isinstance(elem, Scalar) else record((elem,))[0]


def _word(w: FunctionWriter, handle: str, number: int) -> str:
    """The address of a word of the header: 1 the length, 2 the capacity."""
    return w.tmp(f"getelementptr inbounds i64, ptr {handle}, i64 {number}")


def _address(w: FunctionWriter, value: Value, index: str) -> str:
    data = w.tmp(f"load ptr, ptr {w.one(value)}, !tbaa !7")
    elem = _type_of_elements(value)
    step = memory_type(elem) if isinstance(elem, Scalar) else f"[{_size(value)} x i8]"
    return w.tmp(f"getelementptr inbounds {step}, ptr {data}, i64 {index}")


def _read(w: FunctionWriter, elem: Scalar, at: str) -> str:
    text = w.tmp(f"load {memory_type(elem)}, ptr {at}, !tbaa !1")
    return w.tmp(f"icmp ne i8 {text}, 0") if elem.kind == "b" else text


def _write(w: FunctionWriter, elem: Scalar, at: str, text: str) -> None:
    if elem.kind == "b":
        text = w.tmp(f"zext i1 {text} to i8")
    w.emit(f"store {memory_type(elem)} {text}, ptr {at}, !tbaa !1")


def _inside(w: FunctionWriter, value: Value, index: str) -> str:
    """Whether the memory of the list reaches as far as `index`."""
    capacity = w.tmp(f"load i64, ptr {_word(w, w.one(value), 2)}, !tbaa !7")
    return w.tmp(f"icmp slt i64 {index}, {capacity}")


def _make_room(w: FunctionWriter, value: Value, index: str) -> None:
    """Grow the list where its memory does not reach as far as `index`."""
    w.module.declare("ssad.list_grow", _GROW)
    inside = _inside(w, value, index)
    grow, done = w.fresh("grow"), w.fresh("room")
    w.emit(f"br i1 {inside}, label %{done}, label %{grow}, !prof !0")
    w.start(grow)
    need = w.tmp(f"add i64 {index}, 1")
    size = _size(value)
    good = w.tmp(f"call i1 @ssad.list_grow(ptr %ctx, ptr {w.one(value)}, i64 {need}, i64 {size})")
    w.fail_unless(good, "MemoryError", "out of memory for a list")
    w.emit(f"br label %{done}")
    w.start(done)


def _new(w: FunctionWriter, op: Op) -> None:
    memory = w.tmp("call ptr @ssad.alloc(ptr %ctx, i64 24)", "list")
    w.fail_unless(w.tmp(f"icmp ne ptr {memory}, null"), "MemoryError", "out of memory for a list")
    w.emit(f"store ptr null, ptr {memory}, !tbaa !7")
    for number in (1, 2):
        w.emit(f"store i64 0, ptr {_word(w, memory, number)}, !tbaa !7")
    w.define(op, memory)


def _len(w: FunctionWriter, op: Op) -> None:
    w.define(op, w.tmp(f"load i64, ptr {_word(w, w.one(op.operands[0]), 1)}, !tbaa !7"))


def _is(w: FunctionWriter, op: Op) -> None:
    a, b = map(w.one, op.operands)
    w.define(op, w.tmp(f"icmp eq ptr {a}, {b}"))


def _get(w: FunctionWriter, op: Op) -> None:
    value, index = op.operands
    elem, at = _type_of_elements(value), _address(w, value, w.one(index))
    w.define(op, *([_read(w, elem, at)] if isinstance(elem, Scalar) else _read_reference(w, elem, at)))


def _set(w: FunctionWriter, op: Op) -> None:
    value, index, element = op.operands
    elem, at = _type_of_elements(value), _address(w, value, w.one(index))
    if isinstance(elem, Scalar):
        _write(w, elem, at, w.one(element))
    else:
        _write_reference(w, elem, at, element)


def _read_reference(w: FunctionWriter, elem: Type, at: str) -> list[str]:
    """The parts of the array or list whose record lies at an address."""
    places = _places_of_parts(w, elem, at)
    return [w.tmp(f"load {llvm}, ptr {place}, !tbaa !7") for llvm, place in places]


def _write_reference(w: FunctionWriter, elem: Type, at: str, value: Value) -> None:
    for (llvm, place), text in zip(_places_of_parts(w, elem, at), w.coerced(value, elem), strict=True):
        w.emit(f"store {llvm} {text}, ptr {place}, !tbaa !7")


def _places_of_parts(w: FunctionWriter, elem: Type, at: str) -> list[tuple[str, str]]:
    """The LLVM type and the address of each part of a reference."""
    (offsets,) = record((elem,))[1]
    places = [at if not n else w.tmp(f"getelementptr inbounds i8, ptr {at}, i64 {n}") for n in offsets]
    return list(zip(part_types(elem), places, strict=True))


def _put(w: FunctionWriter, op: Op) -> None:
    value, index, _ = op.operands
    _make_room(w, value, w.one(index))
    _set(w, op)
    length = w.tmp(f"add nsw i64 {w.one(index)}, 1")
    w.emit(f"store i64 {length}, ptr {_word(w, w.one(value), 1)}, !tbaa !7")


def _truncate(w: FunctionWriter, op: Op) -> None:
    value, length = op.operands
    w.emit(f"store i64 {w.one(length)}, ptr {_word(w, w.one(value), 1)}, !tbaa !7")


def _accumulate(w: FunctionWriter, op: Op) -> None:
    value, index, element = op.operands
    _make_room(w, value, w.one(index))
    elem = _elem(value)
    at = _address(w, value, w.one(index))
    add = f"fadd {w.flags(op)}" if elem.is_float else "add "
    total = w.tmp(f"{add}{scalar_type(elem)} {_read(w, elem, at)}, {w.one(element)}")
    _write(w, elem, at, total)


def _if_inside(
    w: FunctionWriter, value: Value, index: str, then: Callable[[str], str]
) -> tuple[str, str, str]:
    """Write `then(address)` for where the memory reaches; (label before, label behind it, what it gave)."""
    inside = _inside(w, value, index)
    before, there, done = w.label, w.fresh("inside"), w.fresh("done")
    w.emit(f"br i1 {inside}, label %{there}, label %{done}")
    w.start(there)
    found = then(_address(w, value, index))
    end = w.label
    w.emit(f"br label %{done}")
    w.start(done)
    return before, end, found


def _peek(w: FunctionWriter, op: Op) -> None:
    value, index = op.operands
    elem = _elem(value)
    before, end, found = _if_inside(w, value, w.one(index), lambda at: _read(w, elem, at))
    w.define(op, w.tmp(f"phi {scalar_type(elem)} [ {_zero(elem)}, %{before} ], [ {found}, %{end} ]"))


def _clear(w: FunctionWriter, op: Op) -> None:
    value, index = op.operands
    elem = _elem(value)

    def write_zero(at: str) -> str:
        _write(w, elem, at, _zero(elem))
        return ""

    _if_inside(w, value, w.one(index), write_zero)


def _zero(elem: Scalar) -> str:
    return "0.0" if elem.is_float else "false" if elem.kind == "b" else "0"


HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "list_new": _new,
    "list_len": _len,
    "list_is": _is,
    "list_get": _get,
    "list_set": _set,
    "list_put": _put,
    "list_truncate": _truncate,
    "list_accumulate": _accumulate,
    "list_peek": _peek,
    "list_clear": _clear,
}
