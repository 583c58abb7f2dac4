"""`match`: what the opcodes of patterns do to the stack. Literals, names and guards need none of them."""

from __future__ import annotations

from ssad.frontend.displays import literal
from ssad.frontend.frame import Frame
from ssad.frontend.instruction import Instruction


def get_length(frame: Frame, at: Instruction) -> None:
    """The length of the subject, above it."""
    subject = frame.pop()
    frame.push(subject)
    frame.push(frame.emit("py.length", subject))


def match_kind(frame: Frame, at: Instruction) -> None:
    """Whether the subject is a sequence or mapping, above it."""
    subject = frame.pop()
    frame.push(subject)
    frame.push(frame.emit("py.is_kind", subject, kind=at.arg))


def match_keys(frame: Frame, at: Instruction) -> None:
    """The values under the keys, or None, above both."""
    subject, keys = frame.pop_many(2)
    frame.push(subject)
    frame.push(keys)
    frame.push(frame.emit("py.match_keys", subject, keys))


def match_class(frame: Frame, at: Instruction) -> None:
    """The attributes that the patterns in a class pattern look at, or None; the last ones by name."""
    subject, cls, keywords = frame.pop_many(3)
    display = frame.producer(keywords, "py.tuple")
    assert display is not None
    names = tuple(literal(frame, name) for name in display.operands)
    frame.push(frame.emit("py.match_class", subject, cls, count=at.arg, names=names))
