"""Forward mode: tangents beside primal values, on any function, adjoints included.

Source: Griewank and Walther 2008, "Evaluating Derivatives", chapter 3 (tangents by overloading), here on SSA.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from ssad.ad.companions import add_companions, sweep_order
from ssad.ad.cotangents import scaled, zero
from ssad.ad.custom import call_rule, results_of_custom_calls, unit
from ssad.ad.signature import Derivative, Slot
from ssad.analysis.activity import activity
from ssad.analysis.alias import alias_classes
from ssad.ir.builder import Builder
from ssad.ir.core import Const, Function, Module, Op, Value
from ssad.ir.edit import clone_function
from ssad.ir.primitive import Effect
from ssad.ir.types import Array, Scalar, Type


def forward(
    of: Derivative,
    module: Module,
    active: Collection[int],
    *,
    fp: str = "reassoc contract nsz",
) -> Derivative:
    """The tangent of a function (a primal or itself a derivative), entered into `module` as
    `@<name>.tangent`.

    `active` are numbers of parameters of `of.function`. Each active scalar parameter is directly followed by
    its tangent, and so is each array parameter that active data may reach; each float result by its own.
    """
    function, _ = clone_function(of.function, f"{of.function.name}.tangent")
    custom = results_of_custom_calls(function, module)
    params = list(function.params)
    aliases = alias_classes(function)
    varied = set(activity(function, [params[n] for n in active], aliases).varied)
    for one in aliases.classes:  # a returned array has a tangent, if only of zeros
        if one.returned:
            varied.update(v for v in one.members if carries_float(v.type))
    dots = add_companions(function, varied.__contains__, "dot")
    ordered: list[Value] = []
    slots: list[Slot] = []
    for n, param in enumerate(params):
        ordered.append(param)
        slots.append(of.params[n])
        dot = dots.get(param)
        if dot is None and n in active:
            dot = dots[param] = Value(param.type, f"{param.name}.dot", function.entry)
        if dot is not None:
            ordered.append(dot)
            slots.append(of.params[n].dot())
    function.entry.params = ordered
    Tangents(function, module, varied, dots, custom, fp).emit()
    results: list[Slot] = []
    for n, slot in enumerate(of.results):
        results.append(slot)
        if carries_float(of.function.result_types[n]):
            results.append(slot.dot())
    function.result_types = [
        function_type for slot_type in _with_dots(of.function) for function_type in slot_type
    ]
    function.touch()
    module.add(function)
    return Derivative(function, tuple(slots), tuple(results))


def carries_float(type_: Type) -> bool:
    """Whether a value of this type has a tangent."""
    return type_.elem.is_float if isinstance(type_, Array) else type_.is_float


def _with_dots(function: Function) -> list[list[Type]]:
    return [[t, t] if carries_float(t) else [t] for t in function.result_types]


class Tangents:
    """Emits tangents into `function`; it is the context of the primitives' jvp rules."""

    def __init__(
        self,
        function: Function,
        module: Module,
        varied: set[Value],
        dots: dict[Value, Value],
        custom: dict[Op, list[Value]],
        fp: str,
    ) -> None:
        self.function = function
        self.module = module
        self.varied = varied
        self.dots = dots
        self.custom = custom
        self.ends = {parts[-1].owner: call for call, parts in custom.items()}
        self.fp = fp
        self.b = Builder(function.entry, None, fp)

    def dot(self, value: Value) -> Value | None:
        """The tangent of a scalar, None where it is structurally zero."""
        return self.dots.get(value)

    def dot_array(self, value: Value) -> Value | None:
        """The array of tangents of an array, None where they are structurally zero."""
        return self.dots.get(value)

    def zero(self, type_: Type) -> Const:
        """The zero of a float scalar type."""
        return zero(type_)

    def emit(self) -> None:
        """Walk the blocks, definitions before uses, and put the tangent of each op behind it."""
        for block in self.function.blocks[1:]:
            for param in list(block.params):
                if param in self.varied and isinstance(param.type, Scalar):
                    self.dots[param] = block.add_param(param.type, f"{param.name}.dot")
        for block in sweep_order(self.function):
            ops, block.ops = block.ops, []
            self.b.block = block
            for op in ops:
                block.ops.append(op)
                self.b.loc = op.loc
                self._tangent(op)
            if block.term.kind == "return":
                block.term.operands = [w for v in block.term.operands for w in self._result(v)]
            for edge in block.term.edges:
                params = [p for p in edge.target.params if p in self.dots and isinstance(p.type, Scalar)]
                given = dict(zip(edge.target.params, edge.args, strict=False))
                edge.args.extend(self.dots.get(given[p]) or zero(p.type) for p in params)

    def _tangent(self, op: Op) -> None:
        result = op.result
        if op in self.ends:
            self._custom(self.ends[op])
        if op in self.custom or op.name == "extract":
            return
        if isinstance(result, Value) and (isinstance(result.type, Array) or result not in self.varied):
            return
        if result is None and not op.prim.effects & Effect.WRITES:
            return
        made: Value | None = None
        if op.prim.jvp is not None:
            made = op.prim.jvp(self, op)
        elif op.prim.partials is not None:
            made = self._by_partials(op.prim.partials, op)
        if made is not None and result is not None:
            self.dots[result] = made
            if not made.name:
                made.name = f"{result.name}.dot" if result.name else "dot"

    def _by_partials(self, partials: Callable[..., tuple[object, ...]], op: Op) -> Value | None:
        if not any(v in self.dots for v in op.operands):
            return None
        assert op.result is not None
        total: Value | None = None
        for x, partial in zip(op.operands, partials(self.b, op.result, *op.operands), strict=True):
            dot = self.dots.get(x)
            if dot is None or partial is None:
                continue
            term = scaled(self.b, dot, partial)
            total = term if total is None else self.b.add(total, term)
        return total

    def _custom(self, op: Op) -> None:
        """Tangents of the parts of a call's result by the user's rule, which gives the Jacobian's rows."""
        parts = self.custom[op]
        for n, part in enumerate(parts):
            if part not in self.varied:
                continue
            total: Value | None = None
            y_bar = unit(parts, n, lambda v: v)
            for x, x_bar in call_rule(self.b, op, self.module, y_bar, lambda v: v, parts):
                dot = self.dots.get(x)
                if dot is None:
                    continue
                term = self.b.inner(dot, x_bar) if isinstance(x.type, Array) else self.b.mul(dot, x_bar)
                total = term if total is None else self.b.add(total, term)
            if total is not None:
                self.dots[part] = total

    def _result(self, value: Value) -> list[Value]:
        if not carries_float(value.type):
            return [value]
        dot = self.dots.get(value)
        return [value, dot if dot is not None else zero(value.type)]
