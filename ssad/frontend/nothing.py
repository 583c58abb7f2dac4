"""Values that may be None: what is done with them raises, where they are None, what CPython raises."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.frontend.abstract import (
    DTYPES,
    NUMPY,
    Abstract,
    ArrayOf,
    ComplexOf,
    MaybeNone,
    Number,
    TupleOf,
    is_none,
)
from ssad.frontend.context import FALSE, Context, Rep
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import BOOL

Handler = Callable[[Context, Any, list[Rep]], Any]
Words = Callable[[Op, list[Rep]], str]


def present(ctx: Context, rep: Rep, exc: str, words: Callable[[], str]) -> Rep:
    """The value behind one that may be None; raises where it is None.

    While types are being found, what is None so far may be more in the end: control is taken to end there.
    """
    kind = rep.abstract
    if isinstance(kind, MaybeNone):
        ctx.check(rep.parts[-1], exc, words())
        return value_of(rep)
    if is_none(kind) and ctx.block is None:
        ctx.check(FALSE, exc, words())
    return rep


def value_of(rep: Rep) -> Rep:
    """What a value that may be None is where it is not."""
    kind = rep.abstract
    return Rep(kind.of, rep.parts[:-1]) if isinstance(kind, MaybeNone) else rep


def there(rep: Rep) -> Value:
    """Whether it is not None."""
    kind = rep.abstract
    return rep.parts[-1] if isinstance(kind, MaybeNone) else Const(BOOL, not is_none(kind))


def narrowed(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.present`: a value that has been found not to be None on the way here."""
    return value_of(operands[0])


def opening(
    handler: Handler, words: Words, exc: str = "TypeError", at: Sequence[int] | None = None
) -> Handler:
    """A handler whose operands, or those of the numbers `at`, may not be None."""

    def handle(ctx: Context, op: Op, operands: list[Rep]) -> Any:
        def message() -> str:
            return words(op, operands)

        given = [
            present(ctx, rep, exc, message) if at is None or n in at else rep
            for n, rep in enumerate(operands)
        ]
        return handler(ctx, op, given)

    return handle


def call_words(function: Callable[..., Any], operands: Sequence[Rep]) -> str:
    """What CPython says of the call, found by trying it with such values."""
    try:
        function(*[_sample(rep.abstract) for rep in operands])
    except TypeError as error:
        return str(error)
    except (ValueError, ArithmeticError, AttributeError, LookupError):
        pass  # of the other operands, which are only like those that there will be
    return f"{getattr(function, '__name__', function)} of None"


def _sample(kind: Abstract) -> Any:
    if isinstance(kind, MaybeNone) or is_none(kind):
        return None
    if isinstance(kind, Number):
        dtype = DTYPES[kind.numpy_type]
        return dtype.type(1) if kind.flavour is NUMPY else dtype.type(1).item()
    if isinstance(kind, ComplexOf):
        return 1j
    if isinstance(kind, ArrayOf):
        return np.ones((1,) * kind.rank, DTYPES[kind.elem])
    return tuple(map(_sample, kind.items)) if isinstance(kind, TupleOf) else kind


_BINARY: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip
_INPLACE: dict[str, Callable[..., Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv,
    "//": operator.ifloordiv, "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
    "&": operator.iand, "|": operator.ior, "^": operator.ixor, "<<": operator.ilshift, ">>": operator.irshift,
}  # fmt: skip
_UNARY: dict[str, Callable[..., Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_ORDER: dict[str, Callable[..., Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def binary(op: Op, operands: list[Rep]) -> str:
    table = _INPLACE if op.attrs.get("inplace") else _BINARY
    return call_words(table[op.attrs["op"]], operands)


def unary(op: Op, operands: list[Rep]) -> str:
    return call_words(_UNARY[op.attrs["op"]], operands)


def attribute(op: Op, operands: list[Rep]) -> str:
    return f"'NoneType' object has no attribute '{op.attrs['name']}'"


def ordering(handler: Handler) -> Handler:
    """The handler of comparisons: None can be told from other values, and has no place in an order."""

    def words(op: Op, operands: list[Rep]) -> str:
        return call_words(_ORDER[op.attrs["op"]], operands)

    ordered = opening(handler, words)
    inside = opening(handler, lambda op, operands: "argument of type 'NoneType' is not iterable", at=[1])

    def handle(ctx: Context, op: Op, operands: list[Rep]) -> Any:
        symbol = op.attrs["op"]
        chosen = ordered if symbol in _ORDER else inside if symbol in ("in", "not in") else handler
        return chosen(ctx, op, operands)

    return handle


def object_(verb: str) -> Words:
    """Words that say what a None is not."""
    return lambda op, operands: f"'NoneType' object {verb}"
