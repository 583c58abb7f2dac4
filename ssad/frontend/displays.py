"""Tuples, lists and dicts of known keys, `*` in them; and what takes them apart."""

from __future__ import annotations

from collections.abc import Sequence

from ssad.frontend.frame import Frame, Pending
from ssad.frontend.instruction import Instruction
from ssad.ir.core import Value
from ssad.ir.primitive import PRIMITIVES


def tuple_(frame: Frame, at: Instruction) -> None:
    entries = frame.stack[len(frame.stack) - at.arg :]
    if any(isinstance(entry, Pending) for entry in entries):  # the cells of an inner function
        del frame.stack[len(frame.stack) - at.arg :]
        frame.push(Pending("intrinsic", [e.content if isinstance(e, Pending) else e for e in entries]))
        return
    frame.push(frame.emit("py.tuple", *frame.pop_many(at.arg)))


def list_(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.list", *frame.pop_many(at.arg)))


def lazy_list(frame: Frame, at: Instruction) -> None:
    """What a generator expression gives, for a function that takes all of it."""
    frame.push(frame.emit("py.list", lazy=True))


def extend(frame: Frame, at: Instruction) -> None:
    """A list of constants is an empty list extended by a tuple; anything else is `*`."""
    value = frame.pop()
    more = frame.producer(value, "py.tuple")
    _grow(frame, at, value, None if more is None else more.operands)


def append(frame: Frame, at: Instruction) -> None:
    """One item behind what `*` gave, or for the list of a comprehension, which lies below its iterator."""
    value = frame.pop()
    if at.arg != 1:
        target = frame.stack[-at.arg]
        assert isinstance(target, Value)
        frame.emit("py.append", target, value)
        return
    _grow(frame, at, None, [value])


def _grow(frame: Frame, at: Instruction, more: Value | None, items: Sequence[Value] | None) -> None:
    """The list on top of the stack and the items of `more`, in its place; `items` are they where known."""
    if at.arg != 1:
        raise frame.refuse("star_display")
    target = frame.pop()
    lst = frame.producer(target, "py.list")
    if lst is not None and items is not None and frame.withdraw(lst):
        frame.push(frame.emit("py.list", *lst.operands, *items))
        return
    if more is None:
        more = frame.emit("py.tuple", *(items or ()))
    frame.push(frame.emit("py.spread", target, more, tuple=False))


def list_to_tuple(frame: Frame, at: Instruction) -> None:
    """The list that was spread out was a tuple all along."""
    value = frame.pop()
    frame.push(value)
    while (spread := frame.producer(value, "py.spread")) is not None:
        spread.attrs["tuple"] = True
        value = spread.operands[0]
    lst = frame.producer(value, "py.list")
    if lst is None:
        raise frame.refuse("star_display")
    lst.prim = PRIMITIVES["py.tuple"]


def map_(frame: Frame, at: Instruction) -> None:
    """A dict; from 3.14 on also the keyword defaults of an inner function."""
    items = frame.pop_many(2 * at.arg)
    _dict(frame, items[::2], items[1::2])


def const_map(frame: Frame, at: Instruction) -> None:
    """A dict; before 3.14 also the keyword defaults of an inner function."""
    keys = frame.producer(frame.pop(), "py.tuple")
    assert keys is not None
    _dict(frame, keys.operands, frame.pop_many(at.arg))


def _dict(frame: Frame, keys: Sequence[Value], values: Sequence[Value]) -> None:
    """`py.dict`; where a key comes twice, the last value counts."""
    entries: dict[str, Value] = {}
    for key, value in zip(keys, values, strict=True):
        name = literal(frame, key)
        if not isinstance(name, str):
            raise frame.refuse("dict")
        entries[name] = value
    frame.push(frame.emit("py.dict", *entries.values(), keys=tuple(entries)))


def merge(frame: Frame, at: Instruction) -> None:
    """`f(..., **d)`: the dict of the named arguments takes up `d`."""
    target, more = frame.pop_many(2)
    frame.push(frame.emit("py.merge", target, more))


def update_map(frame: Frame, at: Instruction) -> None:
    """`{..., **d}`: a display takes up `d`, which it does as `|` does."""
    target, more = frame.pop_many(2)
    if at.arg != 1:
        raise frame.refuse("dict")
    frame.push(frame.emit("py.binary", target, more, op="|", inplace=False))


def literal(frame: Frame, value: Value) -> object:
    """The literal that `value` is. Raises UnsupportedError where it is none: a key of a dictionary."""
    op = frame.producer(value, "py.const")
    if op is None or "value" not in op.attrs:
        raise frame.refuse("dict")
    return op.attrs["value"]


def unpack(frame: Frame, at: Instruction) -> None:
    sequence = frame.pop()
    display = frame.producer(sequence, "py.tuple")
    if display is not None and len(display.operands) == at.arg:
        frame.stack.extend(reversed(display.operands))
        return
    frame.emit("py.check_length", sequence, count=at.arg)
    items = [frame.emit("py.unpack", sequence, count=at.arg, index=n) for n in range(at.arg)]
    frame.stack.extend(reversed(items))


def unpack_star(frame: Frame, at: Instruction) -> None:
    """The starred name gets a list of what the names before and behind it leave over."""
    before, after = at.arg & 0xFF, at.arg >> 8
    sequence = frame.pop()
    frame.emit("py.check_length", sequence, count=before + after, star=True)
    indices = [*range(before), *range(-after, 0)]
    items = [frame.emit("py.unpack", sequence, count=before + after, index=n) for n in indices]
    items.insert(before, frame.emit("py.rest", sequence, before=before, after=after))
    frame.stack.extend(reversed(items))
