"""Which handler an exception really goes to: the compiler's own, which clean up and raise again, are passed
over.

CPython protects every handler by a second one that only puts the exception handled before back in its place
and raises again; in SSA there is nothing to put back. The one behind `except E as e` also deletes `e`, and
the one around a comprehension restores a variable: that matters only where somebody outside handles the
exception.
"""

from __future__ import annotations

from collections.abc import Sequence

from ssad.frontend.instruction import Handler, Instruction

_STORING = frozenset(("store", "delete", "store_cell", "delete_cell"))
WRITING = _STORING | {"push_handled", "pop_handled"}
"""Operations that change what a handler finds: locals, and which exception is being handled."""

_NEVER = frozenset(
    (
        *("nop", "jump", "return", "null", "pop", "copy", "swap", "const", "closure", "function", "tuple"),
        *(
            "store",
            "store_cell",
            "push_handled",
            "pop_handled",
            "assertion",
            "global",
            "slice",
            "list",
            "branch",
            "branch_none",
        ),
    )
)


def may_raise(op: str) -> bool:
    """Whether the operation may raise."""
    return op not in _NEVER


_CLEANUP = frozenset(("nop", "copy", "swap", "pop", "pop_handled", "const", *_STORING))


def effective_handlers(code: Sequence[Instruction]) -> dict[int, Handler]:
    """Number of an instruction that may raise -> the handler to which its exception goes, where there is
    one.
    """
    known: dict[Handler, Handler | None] = {}
    handlers: dict[int, Handler] = {}
    for number, instruction in enumerate(code):
        if instruction.handler is not None and may_raise(instruction.op):
            handler = _effective(code, instruction.handler, known)
            if handler is not None:
                handlers[number] = handler
    return handlers


_TESTING = _CLEANUP | {"push_handled", "global", "load", "getattr", "tuple", "matches", "jump"}
"""What a handler does before it has found that the exception is none of its own."""


_SEEING_IT = ("BaseException", "GeneratorExit")


def ends_quietly(code: Sequence[Instruction], at: int) -> bool:
    """Whether a generator that is dropped while it waits at the `yield` `at` does nothing any more: no
    `finally`, no `with`, no bare `except` is around it. (What is dropped raises GeneratorExit there.)
    """
    handler = code[at].handler
    while handler is not None:
        at = handler.target
        while code[at].op != "reraise":
            op = code[at]
            tests = op.op == "branch" and code[at - 1].op == "matches"
            if (not tests and op.op not in _TESTING) or op.arg in _SEEING_IT:
                return False
            at = op.targets[1] if tests else op.targets[0] if op.op == "jump" else at + 1
        handler = code[at].handler
    return True


def _effective(
    code: Sequence[Instruction], handler: Handler, known: dict[Handler, Handler | None]
) -> Handler | None:
    if handler not in known:
        known[handler] = handler
        at, writes = handler.target, False
        while code[at].op in _CLEANUP:
            writes |= code[at].op in _STORING
            at += 1
        if code[at].op == "reraise":
            outer = code[at].handler
            outer = None if outer is None else _effective(code, outer, known)
            if outer is None or not writes:
                known[handler] = outer
    return known[handler]
