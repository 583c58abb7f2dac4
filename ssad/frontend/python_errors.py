"""What the running Python says when an operation fails, found by letting it fail once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ssad.ir.core import Const
from ssad.ir.raising import UNORDERED
from ssad.ir.types import I64

INT_TOO_LARGE = "Python int too large for int64; compute with floats, or with np.int64, which wraps"
COMPLEX_POWER = "a negative number to a fractional power is complex, which ssad does not compute"
INT_POWER = "int ** negative int is a float, which the type int cannot hold; write float(base) ** exponent"
FLAVOUR = (
    "a number that is Python's on this path and NumPy's on another decides the precision of a result; "
    "start its variable from a NumPy scalar, or convert with float()"
)

NO_ROWS = "np.array of a list that is empty here has no shape: the length of its rows is not known"

SAME_NAN = (
    "two nan meet in a comparison of containers, which are equal in Python if they are one object: "
    "compiled numbers are no objects"
)

NOT_PYTHONS = frozenset((INT_TOO_LARGE, COMPLEX_POWER, INT_POWER, FLAVOUR, NO_ROWS, SAME_NAN, UNORDERED))
"""What CPython computes and ssad cannot: no handler in the program is meant for it."""


@lru_cache(maxsize=None, typed=True)
def message_of(operation: Callable[..., Any], *operands: Any) -> tuple[str, str]:
    """The name of the exception that `operation(*operands)` raises, and its text.

    >>> message_of(operator.truediv, 1, 0)
    ('ZeroDivisionError', 'division by zero')
    """
    try:
        operation(*operands)
    except Exception as error:
        return type(error).__name__, str(error).replace("{", "{{").replace("}", "}}")
    raise AssertionError(f"{operation} of {operands} does not fail")


def zero_division(symbol: str, is_float: bool) -> tuple[str, str]:
    """Exception and text of `x symbol 0` for Python's floats or ints; `symbol` may be divmod."""
    operations = {"/": operator.truediv, "//": operator.floordiv, "%": operator.mod, "divmod": divmod}
    one, zero = (1.0, 0.0) if is_float else (1, 0)
    return message_of(operations[symbol], one, zero)


def power_of_zero() -> tuple[str, str]:
    """Exception and text of 0.0 to a negative power."""
    return message_of(operator.pow, 0.0, -1.0)


def power_overflow() -> tuple[str, tuple[int, str], Const]:
    """Exception, arguments and payload of a float power beyond the largest float."""
    try:
        2.0 ** float(5000)
    except OverflowError as error:
        number, words = error.args
        return "OverflowError", (0, words), Const(I64, number)
    raise AssertionError("2.0 ** 5000.0 does not fail")


def negative_shift() -> tuple[str, str]:
    """Exception and text of a shift by a negative count."""
    return message_of(operator.lshift, 1, -1)


def nan_to_int() -> tuple[str, str]:
    """Exception and text of int(nan)."""
    return message_of(int, float("nan"))


def inf_to_int() -> tuple[str, str]:
    """Exception and text of int(inf)."""
    return message_of(int, float("inf"))
