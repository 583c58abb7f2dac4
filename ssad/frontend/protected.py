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
