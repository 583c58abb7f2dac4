"""A few ops in a row, run by their `eval` column: drives derivative rules without the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np

import ssad.primitives  # noqa: F401  (fills the table)
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Op, Value
from ssad.ir.types import BOOL, F32, F64, I64, Array, Scalar, Type, array
from ssad.primitives.rules import unless_zero


def type_of(x: Any) -> Type:
    """The IR type of a test operand."""
    if isinstance(x, bool):
        return BOOL
    if isinstance(x, int):
        return I64
    if isinstance(x, np.ndarray):
        return array(F64, x.ndim, "C" if x.flags.c_contiguous else "A")
    return F64


class Machine:
    """Values with contents, and a builder whose ops are run as they are emitted."""

    def __init__(self) -> None:
        self.block = Block("test")
        self.b = Builder(self.block)
        self.env: dict[Value, Any] = {}
        self.done = 0

    def value(self, content: Any, type: Type | None = None) -> Value:
        value = Value(type or type_of(content), "v")
        self.env[value] = content
        return value

    def op(self, name: str, *operands: Value, **attrs: Any) -> Op:
        """Emit `name` and run it."""
        self.b.emit(name, *operands, **attrs)
        self.run()
        return self.block.ops[-1]

    def run(self) -> None:
        """Run what has been emitted since the last time."""
        for op in self.block.ops[self.done :]:
            result = op.prim.eval(*map(self.read, op.operands), **(op.attrs if op.prim.takes_attrs else {}))
            if op.result is not None:
                self.env[op.result] = rounded(result, op.result.type)
        self.done = len(self.block.ops)

    def read(self, value: Value) -> Any:
        if isinstance(value, Const):
            return value.value
        return self.env[value]


def rounded(x: Any, type: Type) -> Any:
    """`x` with the precision and width of `type`."""
    if type is F32:
        with np.errstate(all="ignore"):
            return float(np.float32(x))
    if isinstance(type, Scalar) and type.is_integer:
        x &= (1 << type.bits) - 1
        return x - (1 << type.bits) if type.kind == "i" and x >> (type.bits - 1) else x
    return x


class Reverse:
    """The context of a vjp rule, on one op: cotangents are collected in `bars`, shadows are given."""

    def __init__(self, machine: Machine, active: set[Value], shadows: dict[Value, Value]) -> None:
        self.b = machine.b
        self.bars: dict[Value, Value] = {}
        self._active = active
        self._shadows = shadows

    def recall(self, value: Value) -> Value:
        return value

    def shadow(self, value: Value) -> Value | None:
        return self._shadows.get(value)

    def active(self, value: Value) -> bool:
        return value in self._active or value in self._shadows

    def add_bar(self, value: Value, contribution: Value) -> None:
        if value in self._active:
            old = self.bars.get(value)
            self.bars[value] = contribution if old is None else self.b.add(old, contribution)


class Forward:
    """The context of a jvp rule, on one op: tangents of scalars and arrays are given."""

    def __init__(self, machine: Machine, dots: dict[Value, Value]) -> None:
        self.b = machine.b
        self._dots = dots

    def dot(self, value: Value) -> Value | None:
        return None if isinstance(value.type, Array) else self._dots.get(value)

    def dot_array(self, value: Value) -> Value | None:
        return self._dots.get(value)

    def zero(self, type: Type) -> Const:
        assert isinstance(type, Scalar)
        return Const(type, 0.0)

    def sure(self, value: Value) -> bool:
        return False

    def moved(self, value: Value, product: Value) -> Value:
        return unless_zero(self.b, self._dots[value], product)


def push(machine: Machine, op: Op, dots: dict[Value, Value]) -> Value | None:
    """The tangent of `op`'s result (J x_dot), by its jvp rule or its partials."""
    context = Forward(machine, dots)
    if op.prim.jvp is not None:
        dot = op.prim.jvp(context, op)
    else:
        dot = None
        partials = op.prim.partials(machine.b, op.result, *op.operands)
        for x, partial in zip(op.operands, partials, strict=True):
            x_dot = dots.get(x)
            if x_dot is None or partial is None:
                continue
            term = scaled(machine, x_dot, partial)
            dot = term if dot is None else machine.b.add(dot, term)
    machine.run()
    return dot


def pull(
    machine: Machine, op: Op, y_bar: Value | None, active: set[Value], shadows: dict[Value, Value]
) -> dict[Value, Value]:
    """The cotangents of `op`'s active scalar operands (y_bar J), by its vjp rule or its partials."""
    context = Reverse(machine, active, shadows)
    if op.prim.vjp is not None:
        op.prim.vjp(context, op, y_bar)
    elif y_bar is not None:
        partials = op.prim.partials(machine.b, op.result, *op.operands)
        for x, partial in zip(op.operands, partials, strict=True):
            if partial is not None:
                context.add_bar(x, scaled(machine, y_bar, partial))
    machine.run()
    return context.bars


def scaled(machine: Machine, by: Value, partial: Any) -> Value:
    if isinstance(partial, int):
        assert partial in (1, -1)
        return by if partial == 1 else machine.b.neg(by)
    assert partial.type is by.type, "a partial has the type of the result"
    return machine.b.mul(by, partial)


def apply(name: str, *contents: Any, **attrs: Any) -> Any:
    """The value of one primitive on plain numbers."""
    machine = Machine()
    op = machine.op(name, *map(machine.value, contents), **attrs)
    assert op.result is not None
    return machine.env[op.result]
