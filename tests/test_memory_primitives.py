"""The memory primitives are linear: their tangents are exact, and their cotangents the transpose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ssad.ir.core import Const, Op, Value
from ssad.ir.primitive import PRIMITIVES, TypeMismatch
from ssad.ir.types import F32, F64, I64, array, parse_type, tape
from tests.straight_line import Machine, pull, push, type_of

A, B, S = "array", "another array", "scalar"
"""Kinds of operands; an int stands for itself."""

CASES: list[tuple[str, tuple[Any, ...]]] = [
    ("load", (A, 1, 2)),
    ("store", (A, 1, 2, S)),
    ("accumulate", (A, 0, 1, S)),
    ("fill", (A, S)),
    ("copy", (A, B)),
    ("add_into", (A, B)),
    ("sum_all", (A,)),
    ("add_scalar_into", (A, S)),
    ("inner", (A, B)),
    ("add_scaled_into", (A, S, B)),
]


def integers(rng: np.random.Generator, kind: Any) -> Any:
    """Small whole numbers, so that sums are exact in any order."""
    if kind == S:
        return float(rng.integers(-8, 8))
    return kind if isinstance(kind, int) else rng.integers(-8, 8, (2, 3)).astype(float)


class Linear:
    """One memory op on whole numbers, with what it makes of its array operands."""

    def __init__(self, name: str, contents: list[Any]) -> None:
        self.machine = Machine()
        self.contents = [c.copy() if isinstance(c, np.ndarray) else c for c in contents]
        self.values = [self.machine.value(c) for c in self.contents]
        self.op: Op = self.machine.op(name, *self.values)

    def outcome(self) -> list[Any]:
        """The arrays afterwards, and the result."""
        out = [c for c in self.contents if isinstance(c, np.ndarray)]
        return out if self.op.result is None else [*out, self.machine.read(self.op.result)]


def inner(left: list[Any], right: list[Any]) -> float:
    return float(sum(np.sum(a * b) for a, b in zip(left, right, strict=True)))


def moved(name: str, contents: list[Any], dots: list[Any]) -> list[Any]:
    """The tangents of arrays and result afterwards; a None among `dots` is structurally zero."""
    run = Linear(name, contents)
    given, arrays = {}, []
    for value, dot in zip(run.values, dots, strict=True):
        if dot is None or isinstance(dot, int):
            continue
        own = dot.copy() if isinstance(dot, np.ndarray) else dot
        given[value] = run.machine.value(own)
        if isinstance(own, np.ndarray):
            arrays.append(own)
    y_dot = push(run.machine, run.op, given)
    if run.op.result is None:
        assert y_dot is None
        return arrays
    return [*arrays, 0.0 if y_dot is None else run.machine.read(y_dot)]


def pulled(name: str, contents: list[Any], bars: list[Any]) -> list[Any]:
    """The cotangents of arrays and scalars before, from those afterwards."""
    run = Linear(name, contents)
    rest = iter(bars)
    shadows, owned = {}, {}
    for value in run.values:
        if isinstance(run.machine.read(value), np.ndarray):
            owned[value] = next(rest).copy()
            shadows[value] = run.machine.value(owned[value])
    y_bar = None if run.op.result is None else run.machine.value(next(rest))
    active = {v for v in run.values if v.type is F64}
    got = pull(run.machine, run.op, y_bar, active, shadows)
    return [owned[v] if v in owned else run.machine.read(got[v]) for v in run.values if v.type is not I64]


@pytest.mark.parametrize(("name", "kinds"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_tangent_is_the_difference(name: str, kinds: tuple[Any, ...]) -> None:
    """(f(x + x_dot) - f(x - x_dot)) / 2, exact for what is linear in each operand alone."""
    rng = np.random.default_rng(1)
    contents = [integers(rng, kind) for kind in kinds]
    dots = [integers(rng, kind) for kind in kinds]
    ways = [
        [c if isinstance(c, int) else c + sign * d for c, d in zip(contents, dots, strict=True)]
        for sign in (1, -1)
    ]
    after, before = (Linear(name, shifted).outcome() for shifted in ways)
    for a, b, dot in zip(after, before, moved(name, contents, dots), strict=True):
        np.testing.assert_array_equal((a - b) / 2, dot)


@pytest.mark.parametrize(("name", "kinds"), [c for c in CASES if len(c[1]) > 1 and c[0] != "load"])
def test_operand_without_tangent_counts_as_zero(name: str, kinds: tuple[Any, ...]) -> None:
    """A companion array of the destination is written even where what is stored has no tangent."""
    rng = np.random.default_rng(2)
    contents = [integers(rng, kind) for kind in kinds]
    dots = [integers(rng, kind) for kind in kinds]
    last = dots[-1]
    zero = np.zeros_like(last) if isinstance(last, np.ndarray) else 0.0
    explicit = moved(name, contents, [*dots[:-1], zero])[:1]
    implicit = moved(name, contents, [*dots[:-1], None])[:1]
    np.testing.assert_array_equal(explicit, implicit)


@pytest.mark.parametrize(("name", "kinds"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_cotangent_is_the_transpose(name: str, kinds: tuple[Any, ...]) -> None:
    """<bar after, dot after> = <bar before, dot before>, where arrays are overwritten, too."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        contents = [integers(rng, kind) for kind in kinds]
        dots = [integers(rng, kind) for kind in kinds]
        after = moved(name, contents, dots)
        bars = [np.asarray(rng.integers(-8, 8, np.shape(dot)), float) for dot in after]
        before = pulled(name, contents, [float(b) if b.ndim == 0 else b for b in bars])
        given = [d for d in dots if not isinstance(d, int)]
        assert inner(bars, after) == inner(before, given)


def test_an_array_added_into_itself() -> None:
    x = np.array([1.0, 2.0])
    machine = Machine()
    value, shadow = machine.value(x), machine.value(np.array([3.0, 5.0]))
    op = machine.op("add_into", value, value)
    pull(machine, op, None, set(), {value: shadow})
    np.testing.assert_array_equal(machine.read(shadow), [6.0, 10.0])


@pytest.mark.parametrize(("name", "kinds"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_inactive_arrays_emit_nothing(name: str, kinds: tuple[Any, ...]) -> None:
    rng = np.random.default_rng(4)
    run = Linear(name, [integers(rng, kind) for kind in kinds])
    count = len(run.machine.block.ops)
    assert push(run.machine, run.op, {}) is None
    y_bar = None if run.op.result is None else run.machine.value(1.0)
    assert pull(run.machine, run.op, y_bar, set(), {}) == {}
    assert len(run.machine.block.ops) == count


# Views and fresh arrays

VIEWS = [
    ("i:", (1,), lambda x: x[1]),
    (":i", (2,), lambda x: x[:, 2]),
    ("::", (), lambda x: x),
    ("s:", (0, 2, 2), lambda x: x[0:4:2]),
    (":s", (4, 5, -1), lambda x: x[:, ::-1]),
    ("ss", (1, 2, 1, 0, 3, 2), lambda x: x[1:3, 0:5:2]),
    ("is", (3, 4, 2, -3), lambda x: x[3, 4:0:-3]),
    ("s:", (4, 0, 1), lambda x: x[4:4]),
    (":s", (1, 6, 0), lambda x: np.repeat(x[:, 1:2], 6, axis=1)),
]


@pytest.mark.parametrize(("pattern", "operands", "expected"), VIEWS, ids=[f"{v[0]}{v[1]}" for v in VIEWS])
@pytest.mark.parametrize("order", ["C", "F"])
def test_view(pattern: str, operands: tuple[int, ...], expected: Any, order: str) -> None:
    x = np.array(np.arange(20.0).reshape(4, 5), order=order)
    machine = Machine()
    value = machine.value(x)
    op = machine.op("view", value, *(Const(I64, n) for n in operands), pattern=pattern)
    seen = machine.read(op.result)
    np.testing.assert_array_equal(seen, expected(x))
    assert np.may_share_memory(seen, x) or not seen.size
    layout = "C" if order == "C" and pattern in ("i:", "::") else "A"
    assert op.result.type is array(F64, pattern.count(":") + pattern.count("s"), layout)
    assert layout == "A" or seen.flags.c_contiguous

    shadow = machine.value(x + 100)
    companion = op.prim.companion(machine.b, op, {value: shadow}.get)
    machine.run()
    np.testing.assert_array_equal(machine.read(companion), expected(x + 100))
    assert companion.type is op.result.type
    assert op.prim.companion(machine.b, op, {}.get) is None


def test_view_writes_through() -> None:
    x = np.zeros((4, 5))
    machine = Machine()
    op = machine.op("view", machine.value(x), *(Const(I64, n) for n in (3, 2, -2)), pattern="s:")
    machine.op("fill", op.result, Const(F64, 1.0))
    np.testing.assert_array_equal(x.sum(axis=1), [0, 5, 0, 5])


def test_companion_of_an_allocation_is_zero() -> None:
    machine = Machine()
    op = machine.op("alloc", Const(I64, 2), Const(I64, 3), type="f32[?, ?; F]")
    assert machine.read(op.result).shape == (2, 3)
    assert machine.read(op.result).dtype == np.float32
    assert machine.read(op.result).flags.f_contiguous
    companion = op.prim.companion(machine.b, op, {}.get)
    machine.run()
    assert companion.type is op.result.type
    np.testing.assert_array_equal(machine.read(companion), np.zeros((2, 3)))


def test_dim_and_element_types() -> None:
    x = np.arange(6, dtype=np.int8).reshape(2, 3)
    machine = Machine()
    value = machine.value(x, parse_type("i8[?, ?; C]"))
    assert machine.read(machine.op("dim", value, axis=1).result) == 3
    one = Const(I64, 1)
    assert machine.read(machine.op("load", value, one, one).result) == 4
    machine.op("accumulate", value, one, one, Const(parse_type("i8"), 127))
    assert x[1, 1] == -125  # wraps
    machine.op("store", value, one, one, Const(parse_type("i8"), -128))
    assert x[1, 1] == -128


def test_single_precision_arrays_round() -> None:
    x = np.array([1.0], np.float32)
    machine = Machine()
    value = machine.value(x, array(F32, 1, "C"))
    machine.op("accumulate", value, Const(I64, 0), Const(F32, float(np.float32(1e-8))))
    assert x[0] == 1.0
    assert machine.op("sum_all", value).result.type is F32


X2, X1 = array(F64, 2, "C"), array(F64, 1, "C")
REFUSED = [
    ("dim", [X2], {"axis": 2}),
    ("dim", [X2], {}),
    ("dim", [F64], {"axis": 0}),
    ("to_aligned", [X1, I64], {"down": False}),
    ("to_aligned", [X1, I64], {"bytes": 24, "down": False}),
    ("to_aligned", [X1, I64], {"bytes": 4, "down": False}),
    ("to_aligned", [X1, I64], {"bytes": 64}),
    ("to_aligned", [X2, I64], {"bytes": 64, "down": False}),
    ("load", [X2, I64], {}),
    ("load", [X2, I64, F64], {}),
    ("load", [], {}),
    ("store", [X1, I64, F32], {}),
    ("store", [X1, F64], {}),
    ("alloc", [I64], {"type": "f64[?, ?; C]"}),
    ("alloc", [I64], {"type": "f64[?]"}),
    ("alloc", [I64], {"type": "f64"}),
    ("alloc", [I64], {"type": "nonsense"}),
    ("alloc", [I64], {}),
    ("fill", [X1, F32], {}),
    ("copy", [X1, X2], {}),
    ("copy", [X1], {}),
    ("add_into", [X1, array(F32, 1)], {}),
    ("sum_all", [F64], {}),
    ("sum_all", [X1, X1], {}),
    ("view", [X2, I64], {"pattern": "i"}),
    ("view", [X2, I64], {"pattern": ":s"}),
    ("view", [X2, I64, I64], {"pattern": "ii"}),
    ("view", [X2], {"pattern": "x:"}),
    ("view", [X2], {}),
    ("call", [F64], {}),
    ("extract", [parse_type("tuple<f64, i64>")], {"index": 2}),
    ("extract", [F64], {"index": 0}),
    ("cast", [F64], {}),
    ("cast", [F64], {"to": "f64[?]"}),
    ("cast", [X1], {"to": "f64"}),
    ("check", [F64], {"exc": "ValueError"}),
    ("check", [parse_type("bool")], {}),
    ("recall", [], {}),
    ("tape_new", [], {"type": "tape<f64>"}),
    ("tape_new", [I64], {"type": "stack<f64>"}),
    ("stack_new", [I64], {"type": "stack<f64>"}),
    ("tape_set", [tape(F64), I64, F32], {}),
    ("tape_set", [tape(F64, growable=True), I64, F64], {}),
    ("tape_get", [tape(F64), I64], {"field": 1}),
    ("tape_get", [tape(F64), F64], {"field": 0}),
    ("stack_push", [tape(F64, growable=True)], {}),
    ("stack_top", [tape(F64)], {"field": 0}),
    ("stack_pop", [tape(F64, growable=True), I64], {}),
    ("wrap_index", [I64], {}),
    ("select", [F64, F64, F64], {}),
]


@pytest.mark.parametrize(("name", "types", "attrs"), REFUSED, ids=str)
def test_type_rules_refuse(name: str, types: list[Any], attrs: dict[str, Any]) -> None:
    with pytest.raises(TypeMismatch):
        PRIMITIVES[name].type_rule(types, attrs)


# Tapes


def test_tapes_keep_records() -> None:
    machine = Machine()
    kept = machine.op("tape_new", Const(I64, 3), type="tape<f64, i64>").result
    for i in range(3):
        machine.op("tape_set", kept, Const(I64, i), Const(F64, i / 2), Const(I64, -i))
    assert machine.read(machine.op("tape_get", kept, Const(I64, 2), field=0).result) == 1.0
    assert machine.read(machine.op("tape_get", kept, Const(I64, 1), field=1).result) == -1
    assert machine.op("tape_get", kept, Const(I64, 0), field=1).result.type is I64

    stack = machine.op("stack_new", type="stack<f64>").result
    for i in range(3):
        stack = machine.op("stack_push", stack, Const(F64, float(i))).result
    seen = []
    for _ in range(3):
        seen.append(machine.read(machine.op("stack_top", stack, field=0).result))
        stack = machine.op("stack_pop", stack).result
    assert seen == [2.0, 1.0, 0.0]


def test_recall_of_a_tangent() -> None:
    """jvp(recall x) = recall x_dot, for arrays by the companion."""
    machine = Machine()
    x, x_dot = machine.value(1.0), machine.value(2.0)
    op = Op(PRIMITIVES["recall"], [x], {}, F64, None)
    op.prim.jvp(Context(machine, {x: x_dot}), op)
    assert [(o.name, o.operands) for o in machine.block.ops] == [("recall", [x_dot])]
    assert op.prim.jvp(Context(machine, {}), op) is None
    xs, shadow = machine.value(np.zeros(2)), machine.value(np.zeros(2))
    op = Op(PRIMITIVES["recall"], [xs], {}, type_of(np.zeros(2)), None)
    assert op.prim.companion(machine.b, op, {xs: shadow}.get).owner.operands == [shadow]


class Context:
    """The little of a jvp context that `recall` needs."""

    def __init__(self, machine: Machine, dots: dict[Value, Value]) -> None:
        self.b = machine.b
        self.dot = dots.get
