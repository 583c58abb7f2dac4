"""The stable codes of what the typing half of the frontend refuses: one table, looked up by the
documentation.

`SSAD01xx` is a construct that is not compiled (yet), `SSAD02xx` a program that machine types cannot be
given to.
"""

from __future__ import annotations

from ssad.errors import Place, TypingError, UnsupportedError

CODES: dict[str, str] = {
    "call": "SSAD0150",
    "recursion": "SSAD0151",
    "nesting": "SSAD0152",
    "attribute": "SSAD0153",
    "value": "SSAD0154",
    "array_expression": "SSAD0155",
    "index": "SSAD0156",
    "iteration": "SSAD0157",
    "message": "SSAD0158",
    "dtype": "SSAD0159",
    "argument": "SSAD0160",
    "side_effect": "SSAD0161",
    "list": "SSAD0162",
    "join": "SSAD0201",
    "operand": "SSAD0202",
    "arity": "SSAD0203",
    "bind": "SSAD0204",
    "name": "SSAD0205",
    "subscript": "SSAD0206",
    "return": "SSAD0207",
    "number": "SSAD0208",
    "truth": "SSAD0209",
}


def unsupported(kind: str, cause: str, place: Place | None, cure: str = "") -> UnsupportedError:
    """The error for a construct of `kind` that is meaningful but not compiled."""
    return UnsupportedError(cause, place, cure, CODES[kind])


def untypable(kind: str, cause: str, place: Place | None, cure: str = "") -> TypingError:
    """The error for a program of which CPython's own semantics, or the types of the machine, make no
    sense.
    """
    return TypingError(cause, place, cure, CODES[kind])
