"""Gradients as plain functions: what a compiled function calls, and tangents in place of adjoints.

    func @f.gradient(%x: f64[?; C], %t: f64) -> (f64, f64[?; C], f64)     value and derivatives by %x and %t

There are two: one runs the tangent of `f` once for each number that it is differentiated by, and is plain IR,
so that it may be differentiated in its turn; the other runs the adjoint, once, where nothing else will be
differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssad.ad.signature import Derivative, Slot
from ssad.ir.builder import Builder
from ssad.ir.core import Const, Edge, Function, Value, branch, jump, return_
from ssad.ir.sweeps import result_type
from ssad.ir.types import I64, Array, Scalar, Type, array

Params = Sequence[tuple[int, bool]]
"""For each parameter of a tangent the number of the function's, and whether it is the tangent of that."""


def by_tangents(
    function: Function, active: Sequence[int], tangent: Callable[[int], tuple[str, Params]]
) -> Function:
    """The gradient by one run of a tangent for each number. `tangent(n)` is the name and the parameters of
    the tangent of `function` by its parameter n.
    """
    made, b = _begun(function, f"{function.name}.gradient")
    values = _parts(b, made.params, function.name, function.result_types)
    for n in active:
        values.append(_by_one(made, b, function, n, *tangent(n)))
    return _ended(made, b, values)


def by_adjoint(function: Function, active: Sequence[int], adjoint: Derivative) -> Function:
    """The gradient by one run of the adjoint."""
    made, b = _begun(function, f"{function.name}.gradient.reverse")
    shadows: dict[int, Value] = {}
    given: list[Value] = []
    for slot in adjoint.params:
        if slot.kind == "seed":
            given.append(_one(function.result_types[slot.index], active=True))
            continue
        param = made.params[slot.index]
        if slot.kind == "shadow":
            param = shadows[slot.index] = _zeros(b, param)
        given.append(param)
    results = _parts(b, given, adjoint.function.name, adjoint.function.result_types)
    by_slot = dict(zip(adjoint.results, results, strict=True))
    values = [by_slot[Slot("primal", n)] for n in range(len(function.result_types))]
    for n in active:
        kind = made.params[n].type
        if isinstance(kind, Array):
            values.append(_packed(b, shadows[n], kind))
        else:
            values.append(by_slot[Slot("cotangent", n)])
    return _ended(made, b, values)


def in_place_of_adjoint(primal: Function, n: int, tangent: Derivative) -> Derivative:
    """The derivative of a function of one float by its one number n, with the signature of its adjoint: the
    tangent needs no tape and no second sweep.
    """
    made, b = _begun(primal, f"{primal.name}.adjoint")
    seed = made.entry.add_param(primal.result_types[0], "seed")
    given: list[Value] = []
    for slot in tangent.params:
        param = made.params[slot.index]
        if slot.tangent:
            param = _zeros(b, param) if isinstance(param.type, Array) else _one(param.type, slot.index == n)
        given.append(param)
    results = _parts(b, given, tangent.function.name, tangent.function.result_types)
    by_slot = dict(zip(tangent.results, results, strict=True))
    primals = [Slot("primal", k) for k in range(len(primal.result_types))]
    slope = _as(b, b.mul(by_slot[primals[0].dot()], seed), made.params[n].type)
    _ended(made, b, [*(by_slot[slot] for slot in primals), slope])
    params = [Slot("primal", k) for k in range(len(primal.params))]
    return Derivative(made, (*params, Slot("seed", 0)), (*primals, Slot("cotangent", n)))


def _begun(function: Function, name: str) -> tuple[Function, Builder]:
    made = Function(name, function.loc)
    entry = made.add_block("entry")
    for param in function.params:
        entry.add_param(param.type, param.name)
    return made, Builder(entry, function.loc)


def _ended(made: Function, b: Builder, values: Sequence[Value]) -> Function:
    made.result_types = [value.type for value in values]
    b.block.term = return_([*values], made.loc)
    return made


def _as(b: Builder, value: Value, type: Type) -> Value:
    return value if value.type is type else b.cast(value, to=str(type))


def _parts(b: Builder, given: Sequence[Value], callee: str, types: Sequence[Type]) -> list[Value]:
    result = b.call(*given, callee=callee, type=str(result_type(list(types))))
    return [result] if len(types) == 1 else [b.extract(result, index=n) for n in range(len(types))]


def _by_one(made: Function, b: Builder, function: Function, n: int, callee: str, params: Params) -> Value:
    """The derivative by parameter n: a number, or an array of one for each element."""
    of = made.params[n].type
    dots: dict[int, Value] = {}
    for number, is_dot in params:
        if is_dot:
            param = made.params[number]
            is_array = isinstance(param.type, Array)
            dots[number] = _zeros(b, param) if is_array else _one(param.type, number == n)
    given = [dots[number] if is_dot else made.params[number] for number, is_dot in params]
    kind, *flag = function.result_types
    types = [kind, kind, *flag]
    if not isinstance(of, Array):
        return _parts(b, given, callee, types)[1]
    sizes = [b.dim(made.params[n], axis=axis) for axis in range(of.rank)]
    gradient = b.alloc(*sizes, type=str(_fresh_type(of)), hint="gradient")
    indices, heads, after = [], [], made.add_block("after")
    for size in sizes:
        head, inside = made.add_block("loop"), made.add_block("body")
        b.block.term = jump(head, [Const(I64, 0)], function.loc)
        indices.append(head.add_param(I64, "k"))
        heads.append(head)
        more = Builder(head, function.loc).lt(indices[-1], size)
        head.term = branch(more, Edge(inside), Edge(after), function.loc)
        b.block = inside
    one, zero = (Const(of.elem, value) for value in (1.0, 0.0))
    b.store(dots[n], *indices, one)
    slope = _parts(b, given, callee, types)[1]
    b.store(gradient, *indices, _as(b, slope, of.elem))
    b.store(dots[n], *indices, zero)
    for index, head, outer in zip(indices[::-1], heads[::-1], [*heads[:-1][::-1], after], strict=True):
        b.block.term = jump(head, [b.add(index, 1)], function.loc)
        if outer is not after:
            latch = made.add_block("next")
            head.term.edges[1] = Edge(latch)
            b.block = latch
    b.block = after
    return gradient


def _one(kind: Type, active: bool) -> Value:
    assert isinstance(kind, Scalar)
    return Const(kind, 1.0 if active else 0.0)


def _zeros(b: Builder, of: Value) -> Value:
    """Zeros of the shape of an array, and of its type."""
    kind = of.type
    assert isinstance(kind, Array)
    sizes = [b.dim(of, axis=axis) for axis in range(kind.rank)]
    layout = "F" if kind.layout == "F" else "C"
    made = b.alloc(*sizes, type=str(array(kind.elem, kind.rank, layout)), hint="zeros")
    b.fill(made, Const(kind.elem, 0.0))
    if kind.layout == "A":
        return b.view(made, 0, sizes[0], 1, pattern="s" + ":" * (kind.rank - 1))
    return made


def _packed(b: Builder, shadow: Value, kind: Array) -> Value:
    """The elements of a shadow in the order of rows."""
    if kind.layout == "C":
        return shadow
    sizes = [b.dim(shadow, axis=axis) for axis in range(kind.rank)]
    made = b.alloc(*sizes, type=str(_fresh_type(kind)), hint="gradient")
    b.copy(made, shadow)
    return made


def _fresh_type(kind: Type) -> Type:
    return array(kind.elem, kind.rank, "C") if isinstance(kind, Array) else kind
