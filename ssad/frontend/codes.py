"""The stable codes of what the typing half of the frontend refuses: one table, looked up by the
documentation.

`SSAD01xx` is a construct that is not compiled (yet), `SSAD02xx` a program that machine types cannot be
given to.
"""

from __future__ import annotations

from ssad.errors import Place, TypingError, UnsupportedError

CODES: dict[str, str] = {
    "star": "SSAD0114",
    "cell": "SSAD0165",
    "with": "SSAD0118",
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
    "handler": "SSAD0163",
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

CURES: dict[str, str] = {
    "attribute": "compute it outside and pass it as an argument",
    "value": "compute it outside and pass the result as an argument",
    "array_expression": "write a loop over the elements",
    "index": "use integers and slices",
    "message": "simplify the message",
    "dtype": "compute with float, int, bool or their NumPy types",
    "join": "convert one of them, for example with float(...) or int(...)",
    "operand": "compute with numbers; what needs other objects belongs outside the compiled function",
    "arity": "give as many names as there are values",
    "bind": "look at the signature of the function",
    "name": "check the spelling",
    "subscript": "index arrays and tuples, with one index per axis at most",
    "number": "keep to 64 bits, or compute with floats",
}
"""What helps where nothing more precise can be said."""

OUTSIDE = "do it outside the compiled function and pass the result as an argument"


def unsupported(kind: str, cause: str, place: Place | None, cure: str = "") -> UnsupportedError:
    """The error for a construct of `kind` that is meaningful but not compiled."""
    return UnsupportedError(cause, place, cure or CURES.get(kind, OUTSIDE), CODES[kind])


def untypable(kind: str, cause: str, place: Place | None, cure: str = "") -> TypingError:
    """The error for a program of which CPython's own semantics, or the types of the machine, make no
    sense.
    """
    return TypingError(cause, place, cure or CURES.get(kind, OUTSIDE), CODES[kind])
