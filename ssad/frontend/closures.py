"""Inner functions and lambdas: what they capture is passed to them when they are made.

A captured variable is an ordinary local of the function around, and its value is an operand of `py.function`.
Python looks at the variable when the inner function is *called*. Where it may be assigned in between, the
closure is *late*: every call makes it anew from the values of that moment, and it must be called by its name;
one that is passed on is refused, as is assignment inside the inner function (`nonlocal`).
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from ssad.errors import UnsupportedError
from ssad.frontend.bytecode import decode
from ssad.frontend.frame import Frame, LateClosures, Pending
from ssad.frontend.instruction import Instruction
from ssad.frontend.refusals import CLOSURE
from ssad.ir.core import Function, Op, Value


def named_object(frame: Frame, value: object) -> str:
    """The name under which the module holds `value`; the same object gets the same name."""
    objects = frame.module.objects
    stem = value.co_name if isinstance(value, CodeType) else type(value).__name__
    stem = stem.strip("<>")
    name, number = stem, 0
    while name in objects and objects[name] is not value:
        number += 1
        name = f"{stem}.{number}"
    objects[name] = value
    return name


def closure(frame: Frame, at: Instruction) -> None:
    """A cell on its way into a closure."""
    frame.push(Pending("intrinsic", at.arg))


def store_cell(frame: Frame, at: Instruction) -> None:
    """A captured variable is a local; one of the function around cannot be assigned."""
    from ssad.frontend import opcodes  # the table of handlers lists this one

    if at.arg in frame.free:
        raise frame.refuse("nonlocal")
    (opcodes.store if at.op == "store_cell" else opcodes.delete)(frame, at)


def function(frame: Frame, at: Instruction) -> None:
    """`py.function` with its positional defaults, keyword defaults, and captured values as operands."""
    code = _code(frame)
    flags = at.arg
    captured: list[str] = _pop_content(frame) if flags & 8 else []
    for unused in (16, 4):  # annotations
        if flags & unused:
            frame.stack.pop()
    keyword_defaults = _keyword_defaults(frame) if flags & 2 else {}
    defaults = _defaults(frame) if flags & 1 else []
    for name in captured:
        _refuse_capture(frame, code, name)
    made = frame.emit(
        "py.function",
        *defaults,
        *keyword_defaults.values(),
        *[_captured(frame, name) for name in captured],
        code=named_object(frame, code),
        defaults=len(defaults),
        keywords=tuple(keyword_defaults),
        free=tuple(captured),
        hint=code.co_name.strip("<>"),
    )
    frame.push(made)
    if any(name not in frame.free and _stored_later(frame, at, name) for name in captured):
        assert isinstance(made.owner, Op)
        frame.late.made[made] = made.owner


def as_of_now(frame: Frame, callee: Value) -> Value:
    """The function to call: a late closure is made anew. Its last operand is the one that it stands for."""
    late = frame.late.loaded.get(callee) or frame.late.made.get(callee)
    if late is None:
        return callee
    names = late.attrs["free"]
    kept = late.operands[: len(late.operands) - len(names)]
    fresh = [_captured(frame, name) for name in names]
    made = frame.emit("py.function", *kept, *fresh, callee, hint=late.attrs["code"], **late.attrs)
    assert isinstance(made.owner, Op)
    frame.late.remade.append(made.owner)
    return made


def settle(function: Function, late: LateClosures, maybe_unbound: set[Value]) -> None:
    """Refuse late closures that are passed on, or of which several may be called; and closures over
    values that are `maybe_unbound`."""
    originals = set(late.made)
    for op in late.remade:
        if op.operands.pop() not in originals:
            _refuse_late(op)
    used = {v for op in function.ops() for v in op.operands}
    for block in function.blocks:
        used.update(block.term.operands)
        used.update(arg for edge in block.term.edges for arg in edge.args)
    for value, op in late.made.items():
        if value in used:
            _refuse_late(op)
    for op in function.ops():
        if op.prim.name == "py.function" and (op.result in used or op.result not in originals):
            _refuse_unbound(op, maybe_unbound)


def _refuse_late(op: Op) -> None:
    code, free = op.attrs["code"], op.attrs["free"]
    raise UnsupportedError(
        f"the inner function {code} is passed on or one of several, and {' or '.join(free)} "
        "may be assigned before its call",
        op.loc,
        f"call it by its name, or bind the value now with a default: `{free[0]}={free[0]}`",
        CLOSURE,
    )


def _refuse_unbound(op: Op, maybe: set[Value]) -> None:
    names = op.attrs["free"]
    for name, value in zip(names, op.operands[len(op.operands) - len(names) :], strict=True):
        if value in maybe:
            raise UnsupportedError(
                f"{name} may have no value yet where {op.attrs['code']} uses it",
                op.loc,
                f"assign {name} before the inner function is made",
                CLOSURE,
            )


def _code(frame: Frame) -> CodeType:
    op = frame.producer(frame.pop(), "py.const")
    assert op is not None
    frame.withdraw(op)
    code = frame.module.objects[op.attrs["object"]]
    assert isinstance(code, CodeType)
    return code


def _pop_content(frame: Frame) -> Any:
    entry = frame.stack.pop()
    assert isinstance(entry, Pending)
    return entry.content


def _defaults(frame: Frame) -> list[Value]:
    op = frame.producer(frame.pop(), "py.tuple")
    if op is None:
        raise frame.refuse("star_display")
    frame.withdraw(op)
    return list(op.operands)


def _keyword_defaults(frame: Frame) -> dict[str, Value]:
    op = frame.producer(frame.pop(), "py.dict")
    assert op is not None
    frame.withdraw(op)
    return dict(zip(op.attrs["keys"], op.operands, strict=True))


def _captured(frame: Frame, name: str) -> Value:
    """The value of `name` now; `settle` refuses what may be unbound."""
    if name in frame.free:
        return frame.emit("py.free", name=name, hint=name)
    return frame.read(("local", name))


def _refuse_capture(frame: Frame, code: CodeType, name: str) -> None:
    """Raise UnsupportedError where `code` may not capture `name`."""
    if _assigns(code, name):
        raise UnsupportedError(
            f"{code.co_name} assigns {name}, a variable of the function around it: not compiled",
            frame.loc,
            f"return the new value from {code.co_name} and assign it outside",
            CLOSURE,
        )
    if name == code.co_name:
        raise UnsupportedError(
            f"the inner function {name} calls itself: recursion is not compiled yet",
            frame.loc,
            "write it as a loop",
            CLOSURE,
        )
    if name in frame.late.held_by:
        raise UnsupportedError(
            f"{code.co_name.strip('<>')} uses the inner function {name}, whose variables are assigned later",
            frame.loc,
            f"assign the variables of {name} before it is made",
            CLOSURE,
        )


def _assigns(code: CodeType, name: str) -> bool:
    """Whether `code`, or a function inside it, assigns its free variable `name`."""
    if name not in code.co_freevars:
        return False
    if any(i.op in ("store_cell", "delete_cell") and i.arg == name for i in decode(code)):
        return True
    return any(_assigns(inner, name) for inner in code.co_consts if isinstance(inner, CodeType))


def _stored_later(frame: Frame, at: Instruction, name: str) -> bool:
    """Whether control can go from here to an assignment of the cell variable `name`."""

    def stores(instructions: list[Instruction]) -> bool:
        return any(i.op in ("store_cell", "delete_cell") and i.arg == name for i in instructions)

    here = frame.at.instructions
    if stores(here[here.index(at) + 1 :]):
        return True
    work = list(frame.at.successors)
    seen = set(work)
    while work:
        block = work.pop()
        if stores(block.instructions):
            return True
        fresh = [successor for successor in block.successors if successor not in seen]
        seen.update(fresh)
        work.extend(fresh)
    return False
