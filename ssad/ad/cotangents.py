"""Straight-line reversal: the cotangents of one block's ops, and which live at block boundaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ssad.ad.custom import call_rule
from ssad.ad.presence import is_plain, sure_cotangents
from ssad.ad.split import SplitCall, call_reverse_sweep
from ssad.analysis.effects import synchronises
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Undef, Value
from ssad.ir.primitive import Effect
from ssad.ir.types import Array, Scalar
from ssad.primitives.rules import unless_zero

Bars = dict[Value, Value]
"""The cotangents that are present: primal scalar -> its cotangent. An absent one is zero."""


class Cotangents:
    """Knows which scalars are active, where their cotangents are needed, and reverses ops.

    `scalars` are the active float scalars, `shadows` maps active arrays to the arrays of their cotangents,
    `custom` the calls with a rule to the parts of their results, `split` those of forward sweeps to what the
    calls of the reverse sweeps will need.
    """

    def __init__(
        self,
        function: Function,
        module: Module,
        scalars: set[Value],
        shadows: dict[Value, Value],
        custom: dict[Op, list[Value]],
        fp: str,
        split: Mapping[Op, SplitCall],
    ) -> None:
        self.split = split
        self.function = function
        self.module = module
        self.scalars = scalars
        self.shadows = shadows
        self.custom = custom
        self.fp = fp
        self.sure: set[Value] = set()
        self.sure_if_stored: set[Value] = set()

    # where cotangents live

    def moves(self, op: Op) -> bool:
        """Whether reversing `op` does anything."""
        if op in self.custom:
            return any(v in self.scalars for v in self.custom[op])
        if op in self.split:
            return True
        if op.result is not None and op.result in self.scalars:
            return True
        if synchronises(op.prim):
            return True
        return bool(op.prim.effects & Effect.WRITES) and op.operands[0] in self.shadows

    def uses(self, op: Op) -> list[Value]:
        """The active scalars whose cotangents reversing `op` adds to."""
        return [v for v in op.operands if v in self.scalars] if self.moves(op) else []

    def passed(self, edge: Edge) -> list[tuple[Value, Value]]:
        """(parameter, argument) of the active parameters of an edge's target that get an active argument."""
        return [
            (p, a)
            for p, a in zip(edge.target.params, edge.args, strict=False)
            if p in self.scalars and a in self.scalars
        ]

    def live(self, blocks: list[Block]) -> tuple[dict[Block, list[Value]], dict[Block, list[Value]]]:
        """(entry, exit): the scalars whose cotangents may be present where the reversed block *ends* and
        *begins*.

        This is liveness of the primal, counting only uses through which a cotangent flows.
        """
        entry: dict[Block, dict[Value, None]] = {b: {} for b in blocks}
        exit_: dict[Block, dict[Value, None]] = {b: {} for b in blocks}
        inside = set(blocks)
        preds: dict[Block, list[Block]] = {b: [] for b in blocks}
        for block in blocks:
            for edge in block.term.edges:
                if edge.target in inside:
                    preds[edge.target].append(block)
        work = dict.fromkeys(reversed(blocks))
        while work:
            block = next(iter(work))
            del work[block]
            live: dict[Value, None] = {}
            for edge in block.term.edges:
                if edge.target in inside:
                    params = set(edge.target.params)
                    live.update((v, None) for v in entry[edge.target] if v not in params)
                    live.update((a, None) for _, a in self.passed(edge))
            exit_[block] = dict(live)
            if block.term.kind == "return":
                live.update((v, None) for v in block.term.operands if v in self.scalars)
            for op in reversed(block.ops):
                if op.result is not None:
                    live.pop(op.result, None)
                live.update((v, None) for v in self.uses(op))
            if live.keys() != entry[block].keys():
                entry[block] = live
                work.update(dict.fromkeys(preds[block]))
        return {b: list(vs) for b, vs in entry.items()}, {b: list(vs) for b, vs in exit_.items()}

    def weigh(self, blocks: list[Block], returned: list[Value], *, firm: bool) -> None:
        """Find out which cotangents are surely there. The seeds of `returned` are not zero if `firm`."""
        uses, passed = self.uses, self.passed
        self.sure = sure_cotangents(
            blocks, self.scalars, uses, passed, returned if firm else (), stored=False
        )
        self.sure_if_stored = sure_cotangents(blocks, self.scalars, uses, passed, returned, stored=True)

    def _may_be_nothing(self, op: Op, y_bar: Value) -> bool:
        """Whether `y_bar` may be the zero of what was not used, and a slope of `op` not finite then.

        Finite operands, as most are that go through memory, do not make the slope of a product infinite.
        """
        if op.result in self.sure or isinstance(y_bar, Const):
            return False
        return op.prim.slopes == "any" or (
            op.prim.slopes == "finite" and op.result not in self.sure_if_stored
        )

    # reversing ops

    def reverse_ops(
        self, block: Block, b: Builder, bars: Bars, recall: Callable[[Builder, Value], Value]
    ) -> None:
        """Emit the cotangents of the ops of primal `block`, last op first, through `b`; `bars` is updated."""
        context = ReverseContext(self, b, bars, recall)
        for op in reversed(block.ops):
            if not self.moves(op):
                continue
            b.loc = op.loc
            context.factor = None
            if op in self.custom:
                self._custom(op, bars, context)
                continue
            if op in self.split:
                for x, x_bar in call_reverse_sweep(self.split[op], b, bars, context.recall):
                    context.add_bar(x, x_bar)
                continue
            if op.name == "extract":  # of a call, which stands before it and takes all its parts
                continue
            y_bar = bars.pop(op.result, None) if op.result is not None else None
            if y_bar is None and op.result is not None and not op.prim.effects & Effect.WRITES:
                continue
            self._reverse(op, y_bar, context)

    def _reverse(self, op: Op, y_bar: Value | None, context: ReverseContext) -> None:
        context.factor = y_bar if y_bar is not None and self._may_be_nothing(op, y_bar) else None
        if op.prim.vjp is not None:
            op.prim.vjp(context, op, y_bar)
        elif op.prim.partials is not None:
            assert y_bar is not None and op.result is not None
            xs = [context.recall(v) for v in op.operands]
            partials = op.prim.partials(context.b, context.recall(op.result), *xs)
            for x, partial in zip(op.operands, partials, strict=True):
                if partial is not None and context.active(x):
                    context.add_bar(x, scaled(context.b, y_bar, partial))

    def _custom(self, op: Op, bars: Bars, context: ReverseContext) -> None:
        """The cotangents by the user's rule."""
        parts = self.custom[op]
        y_bar = [
            bars.pop(v) if v in bars else zero(v.type) if v.type.is_float else context.recall(v)
            for v in parts
        ]
        for x, x_bar in call_rule(context.b, op, self.module, y_bar, context.recall, parts):
            if not isinstance(x.type, Array):
                context.add_bar(x, x_bar)
                continue
            shadow = context.shadow(x)
            if shadow is not None:
                context.b.add_into(shadow, x_bar)


class ReverseContext:
    """What a primitive's vjp rule may do (see `ssad.ir.primitive.Primitive`)."""

    def __init__(
        self, owner: Cotangents, b: Builder, bars: Bars, recall: Callable[[Builder, Value], Value]
    ) -> None:
        self.b = b
        self._owner = owner
        self._bars = bars
        self._recall = recall
        self.factor: Value | None = None
        """The cotangent that all contributions of this op are zero with, whatever the slopes."""

    def recall(self, value: Value) -> Value:
        """The primal value in the mirrored iteration."""
        return value if isinstance(value, Const | Undef) else self._recall(self.b, value)

    def shadow(self, value: Value) -> Value | None:
        """The array of cotangents of an array, None if it is inactive."""
        shadow = self._owner.shadows.get(value)
        return None if shadow is None else self.recall(shadow)

    def active(self, value: Value) -> bool:
        """Whether a cotangent of `value` is wanted."""
        return value in self._owner.scalars or value in self._owner.shadows

    def add_bar(self, value: Value, contribution: Value) -> None:
        """Add to the cotangent of a scalar."""
        if value not in self._owner.scalars:
            return
        if self.factor is not None and not is_plain(contribution, self.factor):
            contribution = unless_zero(self.b, self.factor, contribution)
        present = self._bars.get(value)
        self._bars[value] = contribution if present is None else self.b.add(present, contribution)
        if not self._bars[value].name:
            self._bars[value].name = bar_name(value)


def bar_name(value: Value) -> str:
    """What the cotangent of `value` is called."""
    return f"{value.name}.bar" if value.name else "bar"


def scaled(b: Builder, y_bar: Value, partial: Any) -> Value:
    """y_bar times a partial, which may be the int 1 or -1."""
    if isinstance(partial, int):
        return y_bar if partial == 1 else b.neg(y_bar)
    return b.mul(y_bar, partial)


def zero(type_: Any) -> Const:
    """The zero of a float scalar type."""
    assert isinstance(type_, Scalar)
    return Const(type_, 0.0)
