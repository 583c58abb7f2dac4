"""Reverse mode of a call: the forward sweep of the function called, and later its reverse sweep.

What the forward sweep leaves behind is the *residual*, an ordinary value, which the caller recalls like any
other: in a loop it goes onto a tape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ssad.ad.calls import Demands, add_operands, has_companion, numbers_of, respell
from ssad.ad.companions import companion
from ssad.analysis.activity import Activity
from ssad.ir.builder import Builder
from ssad.ir.core import Const, Function, Op, Value
from ssad.ir.sweeps import result_type
from ssad.ir.types import Scalar, Type, tuple_of


def joint_name(name: str) -> str:
    """What the joint adjoint of a function called is called."""
    return f"{name}.joint"


@dataclass
class SplitCall:
    """The call of a forward sweep, and what the call of the reverse sweep will need.

    `arguments` are the scalar operands whose cotangents come out of the reverse sweep, `seeds` the scalar
    results whose cotangents go in, `again` the shadows of arguments and results.
    """

    op: Op
    residual: Value
    arguments: list[Value]
    seeds: list[Value]
    again: list[Value]


def spelling(types: list[Type]) -> list[tuple[str, int]]:
    """What a forward sweep gives: the results, the shadows of those that are float arrays, the residual."""
    primal = [("primal", n) for n in range(len(types))]
    shadows = [("companion", n) for n in array_results(types)]
    return [*primal, *shadows, ("residual", 0)]


def array_results(types: list[Type]) -> list[int]:
    """The numbers of the float arrays among results."""
    return [n for n, t in enumerate(types) if has_companion(t)]


class SplitCalls:
    """The calls of one function that derivatives pass through, as calls of forward sweeps.

    Two steps: first their results change, so that arrays among them have `shadows`; when all arrays have
    theirs, `finish` adds those of the arguments.
    """

    def __init__(self, function: Function, demands: Demands, facts: Activity) -> None:
        self.demands = demands
        moving = [op for op in function.ops() if op.prim.name == "call" and "vjp" not in op.attrs]
        moving = [op for op in moving if demands.moves(op, facts)]
        self.respelled = respell(function, moving, spelling)
        self.shadows: dict[Value, Value] = {}
        for one in self.respelled.values():
            for (kind, n), value in one.parts.items():
                if kind == "companion":
                    primal = one.parts["primal", n]
                    value.name = f"{primal.name}.shadow"
                    self.shadows[primal] = value

    def finish(self, shadows: dict[Value, Value]) -> dict[Op, SplitCall]:
        """Give the calls their operands."""
        return {op: self._finish(op, shadows) for op in self.respelled}

    def _finish(self, op: Op, shadows: dict[Value, Value]) -> SplitCall:
        parts = self.respelled[op].parts
        callee = self.demands.callee(op)
        wanted = self.demands.wanted[callee.name]
        given = list(zip(op.operands, numbers_of(op, callee), strict=True))
        again = [companion(shadows, v) for v, n in given if n in wanted and has_companion(v.type)]
        again += [value for (kind, _), value in parts.items() if kind == "companion"]

        def beside(value: Value, number: int | None) -> Value | None:
            return companion(shadows, value) if number in wanted and has_companion(value.type) else None

        add_operands(op, numbers_of(op, callee), beside, written=False)
        op.attrs["callee"], op.attrs["sweep"] = joint_name(callee.name), "fwd"
        residual = parts["residual", 0]
        residual.name = "residual"
        seeds = [v for (kind, _), v in parts.items() if kind == "primal" and v.type.is_float]
        arguments = [v for v, n in given if n in wanted and isinstance(v.type, Scalar)]
        return SplitCall(op, residual, arguments, seeds, again)


def call_reverse_sweep(
    call: SplitCall, b: Builder, bars: dict[Value, Value], recall: Callable[[Value], Value]
) -> list[tuple[Value, Value]]:
    """Emit the call of the reverse sweep; (argument, its cotangent) for each scalar argument."""
    present = [bars.pop(v, None) for v in call.seeds]
    if not call.again and all(bar is None for bar in present):
        return []
    y_bars = [
        bar if bar is not None else Const(v.type, 0.0)  # type: ignore[arg-type]
        for v, bar in zip(call.seeds, present, strict=True)
    ]
    given = [recall(call.residual), *map(recall, call.again), *y_bars]
    types = [v.type for v in call.arguments]
    attrs: dict[str, Any] = {"callee": call.op.attrs["callee"], "sweep": "rev"}
    attrs["writes"] = tuple(range(1, 1 + len(call.again)))
    out = b.call(*given, type=str(result_type(types)), **attrs)
    if len(types) == 1:
        return [(call.arguments[0], out)]
    assert not types or out.type is tuple_of(*types)
    return [(v, b.extract(out, index=n)) for n, v in enumerate(call.arguments)]


def say_sweeps(function: Function, primal: Function, shadows: dict[Value, Value], seeds: int) -> None:
    """Enter into the attributes of a joint adjoint what belongs to which sweep (see ir/sweeps.py)."""
    count = len(primal.result_types)
    arrays = array_results(primal.result_types)
    beside = set(shadows.values())
    function.attrs["forward"] = count + len(arrays)
    function.attrs["seeds"] = seeds
    function.attrs["again"] = tuple(n for n, p in enumerate(function.params) if p in beside)
    function.attrs["again_results"] = tuple(range(count, count + len(arrays)))
