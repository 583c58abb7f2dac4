"""Forward mode: tangents beside primal values, on any function, adjoints included.

Source: Griewank and Walther 2008, "Evaluating Derivatives", chapter 3 (tangents by overloading), here on SSA.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ssad.ad.calls import (
    Demands,
    add_operands,
    extract_once,
    has_companion,
    has_derivative,
    kept_calls,
    numbers_of,
    respell,
)
from ssad.ad.companions import add_companions, companion, sweep_order
from ssad.ad.cotangents import scaled, zero
from ssad.ad.custom import call_rule, results_of_custom_calls, unit
from ssad.ad.presence import is_plain, sure_tangents
from ssad.ad.signature import Derivative, Slot, primal_signature
from ssad.analysis.activity import Activity
from ssad.analysis.alias import alias_classes
from ssad.ir.builder import REORDERED, Builder
from ssad.ir.core import Const, Function, Module, Op, Value
from ssad.ir.edit import clone_function
from ssad.ir.primitive import Effect
from ssad.ir.sweeps import is_split
from ssad.ir.types import Array, List, Scalar, Type
from ssad.primitives.rules import unless_zero


def forward(
    of: Derivative,
    module: Module,
    active: Collection[int],
    *,
    fp: str = REORDERED,
) -> Derivative:
    """The tangent of a function (a primal or itself a derivative), entered into `module` as
    `@<name>.tangent`.

    `active` are numbers of parameters of `of.function`. Each active scalar parameter is directly followed by
    its tangent, and so is each array parameter that active data may reach; each float result by its own.
    """
    demands = Demands(of.function, module, active, forward=True)
    derivative = _Emission(of, demands, active, called=False).emit(fp)
    for name, numbers in demands.wanted.items():
        _Emission(primal_signature(module.functions[name]), demands, sorted(numbers), called=True).emit(fp)
    return derivative


def _tangent_name(name: str) -> str:
    return f"{name}.tangent"


class _Emission:
    """The tangent of one function: the main one, or one that is `called`."""

    def __init__(self, of: Derivative, demands: Demands, active: Collection[int], *, called: bool) -> None:
        self.of = of
        self.demands = demands
        self.active = active
        self.called = called
        self.function, _ = clone_function(of.function, _tangent_name(of.function.name))

    def emit(self, fp: str) -> Derivative:
        """Write the tangent and enter it into the module."""
        of, function, module = self.of, self.function, self.demands.module
        custom = results_of_custom_calls(function, module)
        extract_once(function)
        params = list(function.params)
        facts = self.demands.facts(function, params, self.active, called=self.called)
        varied = set(facts.varied)
        for one in alias_classes(function).classes:  # a returned array has a tangent, if only of zeros
            if one.returned:
                varied.update(v for v in one.members if has_derivative(v.type))
        calls = TangentCalls(function, self.demands, facts)
        dots = add_companions(function, varied.__contains__, "dot", calls.dots)
        ordered: list[Value] = []
        slots: list[Slot] = []
        for n, param in enumerate(params):
            ordered.append(param)
            slots.append(of.params[n])
            dot = dots.get(param)
            if dot is None and n in self.active:
                dot = dots[param] = Value(param.type, f"{param.name}.dot", function.entry)
            if dot is not None:
                ordered.append(dot)
                slots.append(of.params[n].dot())
        if self.called and is_split(function):
            say_sweeps(function, of.function, params, ordered)
        function.entry.params = ordered
        Tangents(function, module, varied, dots, custom, calls, fp).emit()
        results: list[Slot] = []
        types: list[Type] = []
        for slot, type_ in zip(of.results, of.function.result_types, strict=True):
            both = has_derivative(type_)
            results += [slot, slot.dot()] if both else [slot]
            types += [type_, type_] if both else [type_]
        function.result_types = types
        function.touch()
        module.add(function)
        return Derivative(function, tuple(slots), tuple(results))


def say_sweeps(function: Function, of: Function, params: list[Value], ordered: list[Value]) -> None:
    """What belongs to which sweep, in the tangent of a function whose sweeps are called apart: tangents go
    with what they are tangents of.
    """
    at = {p: n for n, p in enumerate(ordered)}
    ends = [*(at[p] for p in params[1:]), len(ordered)]
    widths = [2 if has_derivative(t) else 1 for t in of.result_types]
    attrs = of.attrs
    places = [sum(widths[:n]) for n in range(len(widths) + 1)]
    first_seed = len(params) - attrs["seeds"]
    function.attrs["forward"] = places[attrs["forward"]]
    function.attrs["seeds"] = len(ordered) - (at[params[first_seed]] if attrs["seeds"] else len(ordered))
    function.attrs["again"] = tuple(k for n in attrs["again"] for k in range(at[params[n]], ends[n]))
    function.attrs["again_results"] = tuple(
        k for n in attrs["again_results"] for k in range(places[n], places[n + 1])
    )


class TangentCalls:
    """The calls of one function that tangents pass through, with results for the tangents."""

    def __init__(self, function: Function, demands: Demands, facts: Activity) -> None:
        self.demands = demands
        moving = [op for op in kept_calls(function) if demands.moves(op, facts)]
        self.respelled = respell(function, moving, _spelling)
        self.dots: dict[Value, Value] = {}
        for one in self.respelled.values():
            for (kind, n), dot in one.parts.items():
                if kind == "companion":
                    primal = one.parts["primal", n]
                    dot.name = f"{primal.name}.dot"
                    self.dots[primal] = dot

    def finish(self, op: Op, dots: Mapping[Value, Value]) -> None:
        """Give a call its operands, once their tangents are there."""
        callee = self.demands.callee(op)
        wanted = self.demands.wanted[callee.name]

        def beside(value: Value, number: int | None) -> Value | None:
            if has_companion(value.type):
                return companion(dots, value) if number in wanted or number is None else None
            return dots.get(value, zero(value.type)) if number in wanted else None

        add_operands(op, numbers_of(op, callee), beside, written=True)
        op.attrs["callee"] = _tangent_name(callee.name)


def _spelling(types: list[Type]) -> list[tuple[str, int]]:
    """The results, each float and array of floats followed by its tangent."""
    parts: list[tuple[str, int]] = []
    for n, type_ in enumerate(types):
        parts += [("primal", n), ("companion", n)] if has_derivative(type_) else [("primal", n)]
    return parts


class Tangents:
    """Emits tangents into `function`; it is the context of the primitives' jvp rules."""

    def __init__(
        self,
        function: Function,
        module: Module,
        varied: set[Value],
        dots: dict[Value, Value],
        custom: dict[Op, list[Value]],
        calls: TangentCalls | None,
        fp: str,
    ) -> None:
        self.calls = calls
        self.function = function
        self.module = module
        self.varied = varied
        self.dots = dots
        self.custom = custom
        self.ends = {parts[-1].owner: call for call, parts in custom.items()}
        self.fp = fp
        units = [v for v, dot in dots.items() if isinstance(dot, Const)]
        self.sure_ones = sure_tangents(function, varied, units) if units else set()
        self.b = Builder(function.entry, None, fp)

    def dot(self, value: Value) -> Value | None:
        """The tangent of a scalar, None where it is structurally zero."""
        return self.dots.get(value)

    def sure(self, value: Value) -> bool:
        """Whether the tangent of a scalar is not the zero of what does not move."""
        return value in self.sure_ones

    def moved(self, value: Value, product: Value) -> Value:
        """`product` of the tangent of `value` and a slope; zero with the tangent, whatever the slope."""
        dot = self.dots[value]
        if self.sure(value) or is_plain(product, dot):
            return product
        return unless_zero(self.b, dot, product)

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
        if self.calls is not None and op in self.calls.respelled:
            self.calls.finish(op, self.dots)
        if op in self.custom or op.name in ("extract", "call"):
            return
        if isinstance(result, Value) and (isinstance(result.type, Array | List) or result not in self.varied):
            return
        if result is None and not op.prim.effects & Effect.WRITES:
            return
        made: Value | None = None
        if op.prim.jvp is not None:
            made = op.prim.jvp(self, op)
        elif op.prim.partials is not None:
            made = self._by_partials(op)
        if made is not None and result is not None:
            self.dots[result] = made
            if not made.name:
                made.name = f"{result.name}.dot" if result.name else "dot"

    def _by_partials(self, op: Op) -> Value | None:
        if not any(v in self.dots for v in op.operands):
            return None
        assert op.result is not None and op.prim.partials is not None
        total: Value | None = None
        for x, partial in zip(op.operands, op.prim.partials(self.b, op.result, *op.operands), strict=True):
            dot = self.dots.get(x)
            if dot is None or partial is None:
                continue
            term = scaled(self.b, dot, partial)
            if op.prim.slopes == "any":
                term = self.moved(x, term)
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
        if not has_derivative(value.type):
            return [value]
        dot = self.dots.get(value)
        return [value, dot if dot is not None else zero(value.type)]
