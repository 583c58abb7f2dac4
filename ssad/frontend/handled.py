"""`except` and what raises again: the operations on exceptions that a handler finds on the stack."""

from __future__ import annotations

from ssad.frontend.frame import HANDLED, NULL, Frame
from ssad.frontend.instruction import Instruction
from ssad.ir.core import Terminator, Value


def push_handled(frame: Frame, at: Instruction) -> None:
    """The exception on top is being handled; the one before it lies below, for the time afterwards."""
    error = frame.pop()
    frame.push(_handled(frame))
    frame.push(error)
    if frame.generator is None:
        frame.write(HANDLED, error)


def pop_handled(frame: Frame, at: Instruction) -> None:
    before = frame.pop()
    if frame.generator is None:
        frame.write(HANDLED, before)


def _handled(frame: Frame) -> Value:
    """The exception being handled; a generator does not remember it."""
    return frame.emit("py.const", value=None) if frame.generator is not None else frame.read(HANDLED)


def matches(frame: Frame, at: Instruction) -> None:
    """Whether the exception is of the classes on top, which are dropped."""
    classes = frame.pop()
    error = frame.pop()
    frame.push(error)
    waits = frame.generator is not None and _waits_in_an_attempt(frame)
    test = frame.emit("py.matches", error, classes, waits=True) if waits else None
    frame.push(test or frame.emit("py.matches", error, classes))


def _waits_in_an_attempt(frame: Frame) -> bool:
    """Whether a `yield` of this generator stands inside a `try`."""
    return any(
        block.handler is not None and any(at.op == "yield" for at in block.instructions)
        for block in frame.blocks
    )


def tested(frame: Frame, condition: Value) -> None:
    """Where the branch that follows tests an exception, each side knows more of it."""
    op = frame.producer(condition, "py.matches")
    if op is not None and frame.stack and frame.stack[-1] is op.operands[0]:
        for successor, negate in zip(frame.at.successors, (False, True), strict=True):
            frame.matched[successor] = len(frame.stack) - 1, op.operands[1], negate


def raise_(frame: Frame, at: Instruction) -> None:
    """`raise e`, `raise e from cause`; without an exception the one being handled."""
    if at.arg:
        operands = frame.pop_many(at.arg)
    else:
        operands = [_handled(frame)]
        if frame.producer(operands[0], "py.const") is not None:
            raise frame.refuse("bare_raise")
    frame.leave(Terminator("raise", operands, loc=frame.loc))


def reraise(frame: Frame, at: Instruction) -> None:
    frame.leave(Terminator("raise", [frame.pop()], loc=frame.loc))


def enter(frame: Frame, at: Instruction) -> None:
    """A `with` begins: what leaves it lies below what `as` gets."""
    manager = frame.pop()
    leaving = frame.emit("py.special", manager, name="__exit__")
    entering = frame.emit("py.special", manager, name="__enter__")
    frame.push(leaving)
    frame.push(frame.emit("py.call", entering, keywords=()))


def special(frame: Frame, at: Instruction) -> None:
    """A special method, bound, with a null beside it."""
    frame.push(frame.emit("py.special", frame.pop(), name=at.arg))
    frame.push(NULL)


def with_except(frame: Frame, at: Instruction) -> None:
    """What leaves the `with` is told of the exception on top; it lies below what was handled before."""
    error = frame.stack[-1]
    leaving = next(entry for entry in reversed(frame.stack[:-2]) if entry is not NULL)
    assert isinstance(error, Value) and isinstance(leaving, Value)
    frame.push(frame.emit("py.with_except", leaving, error))
