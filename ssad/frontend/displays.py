"""Tuples, lists, and the dicts that only keyword defaults may be; and what takes them apart."""

from __future__ import annotations

from ssad.frontend.frame import Frame, Pending
from ssad.frontend.instruction import Instruction
from ssad.ir.core import Value


def tuple_(frame: Frame, at: Instruction) -> None:
    entries = frame.stack[len(frame.stack) - at.arg :]
    if any(isinstance(entry, Pending) for entry in entries):  # the cells of an inner function
        del frame.stack[len(frame.stack) - at.arg :]
        frame.push(Pending("intrinsic", [e.content if isinstance(e, Pending) else e for e in entries]))
        return
    frame.push(frame.emit("py.tuple", *frame.pop_many(at.arg)))


def list_(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.list", *frame.pop_many(at.arg)))


def extend(frame: Frame, at: Instruction) -> None:
    """A list of constants is an empty list extended by a tuple; anything else is `*`."""
    more = frame.producer(frame.pop(), "py.tuple")
    target = frame.stack[-1]
    lst = frame.producer(target, "py.list") if isinstance(target, Value) else None
    if at.arg != 1 or more is None or lst is None or not frame.withdraw(lst):
        raise frame.refuse("star_display")
    frame.stack[-1] = frame.emit("py.list", *lst.operands, *more.operands)


def map_(frame: Frame, at: Instruction) -> None:
    """Keyword defaults of an inner function from 3.14 on; a dictionary otherwise, refused when it is used."""
    items = frame.pop_many(2 * at.arg)
    names = [literal(frame, key) for key in items[::2]]
    frame.push(Pending("dict", dict(zip(names, items[1::2], strict=True)), frame.loc))


def const_map(frame: Frame, at: Instruction) -> None:
    """Keyword defaults of an inner function before 3.14; a dictionary otherwise, refused when it is used."""
    keys = frame.producer(frame.pop(), "py.tuple")
    assert keys is not None
    names = [literal(frame, key) for key in keys.operands]
    frame.push(Pending("dict", dict(zip(names, frame.pop_many(at.arg), strict=True)), frame.loc))


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
