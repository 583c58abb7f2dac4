"""Emission of ops at the end of a block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ssad.ir.core import Block, Location, Op, Value, bool_, f64, i64
from ssad.ir.primitive import PRIMITIVES

REORDERED = "reassoc contract nsz"
"""Flags of the arithmetic that differentiation adds: the order of sums and the signs of zeros may change."""
RELAXED = f"{REORDERED} arcp afn"
"""Flags of all arithmetic where `fastmath` is asked for; nan and inf keep their meaning."""


class Builder:
    """Appends ops to `block`; `b.mul(x, y)` emits primitive `mul` and returns its result.

    `fp` are floating-point flags ("reassoc contract nsz") put on every op with a float result. `loc` is the
    location given to what is emitted.
    """

    def __init__(self, block: Block, loc: Location | None = None, fp: str = "") -> None:
        self.block = block
        self.loc = loc
        self.fp = fp

    def emit(self, name: str, /, *operands: Value, hint: str = "", **attrs: Any) -> Value:
        """Emit primitive `name` and return its result (for a primitive without result: a placeholder not to
        be used).
        """
        prim = PRIMITIVES[name]
        result_type = prim.type_rule([v.type for v in operands], attrs)
        if self.fp and result_type is not None and result_type.is_float and prim.pure:
            attrs["fp"] = self.fp
        op = Op(prim, list(operands), attrs, result_type, self.loc, hint)
        self.block.ops.append(op)
        return op.result if op.result is not None else _NO_RESULT

    def __getattr__(self, name: str) -> Callable[..., Value]:
        name = name.rstrip("_")
        if name not in PRIMITIVES:
            raise AttributeError(f"no primitive called {name!r}")

        def emit(*operands: Value | float | int | bool, hint: str = "", **attrs: Any) -> Value:
            return self.emit(name, *map(as_value, operands), hint=hint, **attrs)

        return emit


def as_value(x: Value | float | int | bool) -> Value:
    """`x` as an operand: Python numbers become immediates (bool, i64, f64)."""
    if isinstance(x, Value):
        return x
    if isinstance(x, bool):
        return bool_(x)
    if isinstance(x, int):
        return i64(x)
    return f64(x)


_NO_RESULT = Value.__new__(Value)
