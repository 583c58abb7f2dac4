"""Inner functions and lambdas: what they capture is passed to them when they are made.

A captured variable that nobody assigns once it is captured is an ordinary local of the function around, and
its value is an operand of `py.function`. Python looks at the variable when the inner function is *called*:
where it may be assigned in between, or by an inner function (`nonlocal`), it is a cell (see `cells.py`), made
when the function around begins, and the operand is the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import Any

from ssad.errors import UnsupportedError
from ssad.frontend.bytecode import decode
from ssad.frontend.cfg import CodeBlock
from ssad.frontend.comprehensions import INLINED
from ssad.frontend.frame import Frame, Pending
from ssad.frontend.instruction import Instruction
from ssad.frontend.refusals import CLOSURE
from ssad.ir.core import Value


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
    """A captured variable is a local or a cell; one of the function around is a cell that came in."""
    from ssad.frontend import opcodes  # the table of handlers lists this one

    (opcodes.store if at.op == "store_cell" else opcodes.delete)(frame, at)


_STORES = frozenset(("store_cell", "delete_cell", "store", "delete"))


def cell_of(frame: Frame, name: str) -> Value | None:
    """The cell of the variable `name`, or None if it is an ordinary local."""
    if name in frame.free:
        return frame.emit("py.free", name=name, cell=True, hint=name)
    return frame.cells.get(name)


def cell_variables(code: CodeType, blocks: Sequence[CodeBlock]) -> list[str]:
    """The captured variables of `code` that others may see change: an inner function assigns them, or they
    may be assigned after an inner function has captured them."""
    own = self_calling(code, blocks)
    late = {
        i.arg
        for block in blocks
        for at, i in enumerate(block.instructions)
        if i.op == "closure"
        and not (i.arg in own and _of_itself(block, at))
        and _stored_later(block, at, i.arg)
    }
    return sorted(late | assigned_inside(code))


def self_calling(code: CodeType, blocks: Sequence[CodeBlock]) -> frozenset[str]:
    """The variables of `code` that an inner function of the same name captures and that are nothing else:
    within it they stand for itself."""
    stores: dict[str, list[bool]] = {}
    for block in blocks:
        for at, i in enumerate(block.instructions):
            if i.op in _STORES:
                made = at > 1 and block.instructions[at - 1].op == "function"
                inner = block.instructions[at - 2].arg if made else None
                own = isinstance(inner, CodeType) and inner.co_name == i.arg and i.arg in inner.co_freevars
                stores.setdefault(i.arg, []).append(own)
    params = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    names = {name for name, own in stores.items() if own == [True]}
    return frozenset(names - assigned_inside(code) - {*params})


def _of_itself(block: CodeBlock, at: int) -> bool:
    """Whether the variable captured at instruction `at` is for the function of the same name."""
    for number in range(at + 1, len(block.instructions)):
        if block.instructions[number].op == "function":
            inner = block.instructions[number - 1].arg
            return isinstance(inner, CodeType) and inner.co_name == block.instructions[at].arg
    return False


def assigned_inside(code: CodeType) -> set[str]:
    """The captured variables of `code` that an inner function assigns; what is inlined is none."""
    inner = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name not in INLINED]
    return {name for name in code.co_cellvars if any(_assigns(each, name) for each in inner)}


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
    given = [*defaults, *keyword_defaults.values()]
    again: list[Value] = []
    if code.co_name in captured:
        _refuse_self(frame, code)
        captured = [name for name in captured if name != code.co_name]
        again = given  # for the calls of itself
    made = frame.emit(
        "py.function",
        *given,
        *[_captured(frame, name) for name in captured],
        *again,
        code=named_object(frame, code),
        defaults=len(defaults),
        keywords=tuple(keyword_defaults),
        free=(*captured, *map(default_name, range(len(again)))),
        hint=code.co_name.strip("<>"),
    )
    frame.push(made)


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
    """The cell of `name`, or its value now where nobody assigns it later."""
    cell = cell_of(frame, name)
    return frame.read(("local", name)) if cell is None else cell


def default_name(number: int) -> str:
    """The name under which a function that calls itself finds one of its defaults."""
    return f"default.{number}"


def _refuse_self(frame: Frame, code: CodeType) -> None:
    """Raise UnsupportedError where `code` captures its own name and that may not be the function itself."""
    name = code.co_name
    if name not in frame.itself:
        raise UnsupportedError(
            f"the inner function {name} calls itself and may be something else by then: not compiled",
            frame.loc,
            "make it a function of the module, or give it all it needs as arguments",
            CLOSURE,
        )


def _assigns(code: CodeType, name: str) -> bool:
    """Whether `code`, or a function inside it, assigns its free variable `name`."""
    if name not in code.co_freevars:
        return False
    if any(i.op in _STORES and i.arg == name for i in decode(code)):
        return True
    return any(_assigns(inner, name) for inner in code.co_consts if isinstance(inner, CodeType))


def _stored_later(block: CodeBlock, at: int, name: str) -> bool:
    """Whether control can go from instruction `at` of `block` to an assignment of the variable `name`."""

    def stores(instructions: list[Instruction]) -> bool:
        return any(i.op in _STORES and i.arg == name for i in instructions)

    if stores(block.instructions[at + 1 :]):
        return True
    work = list(block.ways)
    seen = set(work)
    while work:
        following = work.pop()
        if stores(following.instructions):
            return True
        fresh = [successor for successor in following.ways if successor not in seen]
        seen.update(fresh)
        work.extend(fresh)
    return False
