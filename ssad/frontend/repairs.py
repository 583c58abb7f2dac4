"""What a table of opcodes cannot say: how opcodes are translated that belong together.

Each repair looks at the end of the list of instructions, where its operation has just been appended.
"""

from __future__ import annotations

from collections.abc import Callable

from ssad.frontend.instruction import Instruction


def _load(out: list[Instruction], cells: set[str]) -> None:
    """A cell variable loaded like a local is the cell itself, to go into a closure."""
    if out[-1].arg in cells:
        out[-1].op = "closure"


def _binary(out: list[Instruction], cells: set[str]) -> None:
    if out[-1].arg == "[]":
        out[-1].op, out[-1].arg = "subscript", None


def _test(out: list[Instruction], cells: set[str]) -> None:
    """What tests an object asks for its truth; it need not be told before."""
    if len(out) > 1 and out[-2].op == "truth":
        out[-2].op = "nop"


def _unary(out: list[Instruction], cells: set[str]) -> None:
    if out[-1].arg == "not":
        _test(out, cells)


def _convert(out: list[Instruction], cells: set[str]) -> None:
    """The conversion is in the low two bits; without one there is nothing to do."""
    conversion = out[-1].arg & 3
    if conversion:
        out[-1].arg = ("", "s", "r", "a")[conversion]
    else:
        out[-1].op, out[-1].arg = "nop", None


def _call(out: list[Instruction], cells: set[str]) -> None:
    """The names of keyword arguments may precede a call."""
    call = out[-1]
    names: tuple[str, ...] = ()
    if len(out) > 1 and out[-2].op == "keywords":
        names = out[-2].arg
        out[-2].op, out[-2].arg = "nop", None
    call.arg = (call.arg, names)


def _call_kw(out: list[Instruction], cells: set[str]) -> None:
    """The names of keyword arguments are a constant on top of the stack."""
    call = out[-1]
    names = out[-2].arg
    out[-2].op, out[-2].arg = "nop", None
    call.op, call.arg = "call", (call.arg, names)


_NOT_FUNCTIONS = {
    "<setcomp>": "comprehension",
}


def _function(out: list[Instruction], cells: set[str]) -> None:
    """What looks like an inner function may be a comprehension; see also `comprehensions.py`."""
    what = _NOT_FUNCTIONS.get(getattr(out[-2].arg, "co_name", ""))
    if what is not None:
        out[-1].op, out[-1].arg = "refuse", what


def _function_attribute(out: list[Instruction], cells: set[str]) -> None:
    """Defaults and captured cells may be set on a finished function, the lowest on the stack last."""
    flag = out.pop().arg
    if out[-1].op == "function":
        out[-1].arg |= flag


REPAIRS: dict[str, Callable[[list[Instruction], set[str]], None]] = {
    "load": _load,
    "binary": _binary,
    "branch": _test,
    "truth": _test,
    "unary": _unary,
    "convert": _convert,
    "call": _call,
    "call_kw": _call_kw,
    "function": _function,
    "function_attribute": _function_attribute,
}
