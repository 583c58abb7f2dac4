"""Inner functions and lambdas: what they capture is passed to them when they are made.

A captured variable that nobody assigns once it is captured is an ordinary local of the function around, and
its value is an operand of `py.function`. Python looks at the variable when the inner function is *called*:
where it may be assigned in between, or by an inner function (`nonlocal`), it is a cell (see `cells.py`), made
when the function around begins, and the operand is the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import CO_GENERATOR
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
    if name in frame.free and frame.generator is not None:
        return frame.emit("py.frame_free", frame.generator, name=name, cell=True, hint=name)
    if name in frame.free:
        return frame.emit("py.free", name=name, cell=True, hint=name)
    return frame.cells.get(name)


def cell_variables(code: CodeType, blocks: Sequence[CodeBlock]) -> list[str]:
    """The captured variables of `code` that others may see change: an inner function assigns them, or they
    may be assigned after an inner function has captured them."""
    own = groups(code, blocks)
    late: set[str] = set()
    for block in blocks:
        for at, i in enumerate(block.instructions):
            if i.op != "closure":
                continue
            group = own.get(_captor(block, at), {})
            if i.arg not in group and _stored_later(block, at, i.arg):
                late.add(i.arg)
            late.update(name for name in captured_by(group) if _stored_later(block, at, name))
    return sorted(late | assigned_inside(code))


Group = dict[str, CodeType]
"""Inner functions that call each other, or one that calls itself: by the variable that it is assigned to."""


def groups(code: CodeType, blocks: Sequence[CodeBlock]) -> dict[str, Group]:
    """The variables of `code` that are inner functions, and nothing else ever, which capture themselves or
    each other: within these they stand for the functions, whatever the variables hold by then.
    """
    stores: dict[str, list[CodeType | None]] = {}
    for block in blocks:
        for at, i in enumerate(block.instructions):
            if i.op in _STORES:
                made = at > 1 and block.instructions[at - 1].op == "function"
                inner = block.instructions[at - 2].arg if made else None
                named = isinstance(inner, CodeType) and inner.co_name == i.arg
                stores.setdefault(i.arg, []).append(inner if named else None)
    outer = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *assigned_inside(code)}
    functions: Group = {}
    for name, held in stores.items():
        if len(held) == 1 and held[0] is not None and name not in outer:
            functions[name] = held[0]
    behind = {name: _leads_to(name, functions) for name in functions}
    found: dict[str, Group] = {}
    for name in functions:
        members = sorted(other for other in behind[name] if name in behind[other])
        group = {other: functions[other] for other in members}
        if name in group and (len(group) == 1 or not _used_early(group, blocks)):
            found[name] = group
    return found


def _leads_to(name: str, functions: Group) -> set[str]:
    """The functions that one captures, directly or through others."""
    found: set[str] = set()
    work = [name]
    while work:
        fresh = set(functions[work.pop()].co_freevars) & functions.keys() - found
        found |= fresh
        work += fresh
    return found


def _used_early(group: Group, blocks: Sequence[CodeBlock]) -> bool:
    """Whether a function of the group may be used before all of them have been made."""
    every = frozenset(group)
    made: dict[CodeBlock, frozenset[str]] = {blocks[0]: frozenset()}
    work = [blocks[0]]
    while work:
        block = work.pop()
        here = made[block] | {i.arg for i in block.instructions if i.op in _STORES and i.arg in every}
        for way in block.ways:
            known = made.get(way)
            arriving = (made[block] if way is block.caught_by else here) & (every if known is None else known)
            if arriving != known:
                made[way] = arriving
                work.append(way)
    for block in blocks:
        there = set(made.get(block, every))
        for at, i in enumerate(block.instructions):
            if i.op in _STORES and i.arg in every:
                there.add(i.arg)
                continue
            used = i.op in ("load", "load_cell") or (i.op == "closure" and _captor(block, at) not in every)
            if used and i.arg in every and there != every:
                return True
    return False


def captured_by(group: Group) -> list[str]:
    """The variables that the functions of a group capture, but for the functions."""
    return sorted({name for code in group.values() for name in code.co_freevars if name not in group})


def _captor(block: CodeBlock, at: int) -> str:
    """The name of the function that the variable captured at instruction `at` is for."""
    for number in range(at + 1, len(block.instructions)):
        if block.instructions[number].op == "function":
            inner = block.instructions[number - 1].arg
            return inner.co_name if isinstance(inner, CodeType) else ""
    return ""


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
    group = frame.groups.get(code.co_name, {})
    if group.get(code.co_name) is not code:
        group = {}
    if group and any(one.co_flags & CO_GENERATOR for one in group.values()):
        raise UnsupportedError(
            f"the generator {code.co_name} calls itself: not compiled",
            frame.loc,
            "let a function that calls itself append to a list",
            CLOSURE,
        )
    if code.co_name in captured and not group:
        raise _not_itself(frame, code)
    if group:
        _refuse_defaults(frame, group, given)
        captured = captured_by(group)
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
        **({"group": tuple(named_object(frame, one) for one in group.values())} if len(group) > 1 else {}),
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


def _not_itself(frame: Frame, code: CodeType) -> UnsupportedError:
    """The error for a function that captures its own name where that may not be the function."""
    return UnsupportedError(
        f"the inner function {code.co_name} calls itself and may be something else by then: not compiled",
        frame.loc,
        "make it a function of the module, or give it all it needs as arguments",
        CLOSURE,
    )


def _refuse_defaults(frame: Frame, group: Group, given: Sequence[Value]) -> None:
    """Raise UnsupportedError for defaults of functions that call each other: they are not there in time."""
    if given and len(group) > 1:
        raise UnsupportedError(
            f"the inner functions {' and '.join(group)} call each other and have defaults: not compiled",
            frame.loc,
            "give all arguments, or make them functions of the module",
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
