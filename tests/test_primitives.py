"""Sweeps over the table of primitives: types, values, derivatives, spellings."""

from __future__ import annotations

import math
import random
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from ssad.ir.builder import Builder
from ssad.ir.core import Const, Value
from ssad.ir.primitive import CALLS, PRIMITIVES, Primitive, TypeMismatch, define
from ssad.ir.types import BOOL, F32, F64, I64, NONE, Scalar, array, parse_type, tuple_of
from ssad.primitives.check import CHECKS, emit_checks
from ssad.primitives.lowering import ByKind, Intrinsic, Libm, Native, Runtime, Template
from ssad.primitives.rules import number
from tests.straight_line import Machine, apply, pull, push, type_of

SWEPT = [p for p in PRIMITIVES.values() if p.points and p.eval is not None and p.name != "cast"]
CASES = [(p, point) for p in SWEPT for point in p.points]
SMOOTH = [
    (p, point) for p, point in CASES if not p.nondifferentiable and any(isinstance(x, float) for x in point)
]
SPECIAL = (0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.0, 2.5, -3.0, 710.0, -710.0, 1e308, -1e308, 5e-324)
SPECIAL += (math.inf, -math.inf, math.nan)
ONLY_DOUBLE = {"nextafter"}  # neighbours of doubles are not those of singles
_ids = lambda x: x.name if isinstance(x, Primitive) else str(x)  # noqa: E731


def bits(x: Any) -> Any:
    """What tells two results apart: type and bits, one nan like another."""
    if isinstance(x, float):
        return float, "nan" if x != x else struct.pack("d", x)
    return type(x), x


# The table


def test_every_primitive_of_the_documentation_is_there() -> None:
    text = (Path(__file__).parent.parent / "docs" / "ir.md").read_text()
    table = text.split("## Primitives")[1].split("`view` has one letter")[0]
    rows = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")][2:-1]
    named = set()
    for code in (re.sub(r" *\{[^}]*\}", "", c) for row in rows for c in re.findall("`([^`]*)`", row)):
        for part in code.split(";") if "=" not in code else ():
            words = part.split()
            named |= set(words) if not re.search(r"[%.,]", part) else {words[0]}
    named -= {"%ok", "%n", "f64", "i64"}
    assert len(named) > 80
    assert named <= PRIMITIVES.keys()


@pytest.mark.parametrize("prim", PRIMITIVES.values(), ids=_ids)
def test_record_is_complete(prim: Primitive) -> None:
    lifted = prim.name.startswith("py.")
    passing = lifted or prim.name in BEFORE_DIFFERENTIATION
    assert passing or prim.llvm is not None
    assert (
        lifted or prim.eval is not None or prim.name in ("call", "check", "external", "recall")
    )  # done by the interpreter
    if prim.partials is not None:
        assert prim.points, "partials are swept at points"
    lowerings = [v for v in vars(prim.llvm).values() if v] if isinstance(prim.llvm, ByKind) else [prim.llvm]
    assert (
        lifted
        or passing
        or all(isinstance(w, Template | Intrinsic | Libm | Runtime | Native) for w in lowerings)
    )


BEFORE_DIFFERENTIATION = {"cell_new", "cell_get", "cell_set"}
"""Made values by the pass unbox: no machine code and no derivative is ever made of them."""

SPELLED_BY_THE_WRITER = {
    "any number of operands": {
        "load",
        "store",
        "accumulate",
        "alloc",
        "view",
        "call",
        "tuple",
        "check",
        "external",
        "print",
    },
    "attributes": {"dim", "cast", "extract", "recall", "to_aligned"},
    "not in Python": {"digamma", "trigamma"},
    "Python integers do not overflow": {f"{n}_overflows" for n in ("add", "sub", "mul", "ipow", "shl")},
    "a list": {"tape_new", "tape_set", "tape_get", "stack_new", "stack_push", "stack_top", "stack_pop"},
    "gone": BEFORE_DIFFERENTIATION,
    "the same list": {"seal", "unseal"},
    "a statement": {"lock"},
    "more than an expression": {name for name in PRIMITIVES if name.startswith("list_")},
    "not before Python 3.13": set() if sys.version_info >= (3, 13) else {"fma"},
}


def test_python_spelling_or_a_reason() -> None:
    unspelled = {p.name for p in PRIMITIVES.values() if not p.python and not p.name.startswith("py.")}
    assert unspelled == set().union(*SPELLED_BY_THE_WRITER.values())


def test_define_refuses() -> None:
    with pytest.raises(ValueError, match="defined twice"):
        define("add", type_rule=lambda types, attrs: None, nondifferentiable="no")
    with pytest.raises(ValueError, match="exactly one of"):
        define("nothing said", type_rule=lambda types, attrs: None)
    with pytest.raises(ValueError, match="spelled by both sin and"):
        define("sin2", type_rule=lambda types, attrs: F64, nondifferentiable="no", calls={math.sin: None})
    assert "sin2" not in PRIMITIVES


# Types and values


@pytest.mark.parametrize(("prim", "point"), CASES, ids=_ids)
def test_type_rule_fits_value(prim: Primitive, point: tuple[Any, ...]) -> None:
    types = [type_of(x) for x in point]
    result = prim.type_rule(types, {})
    value = prim.eval(*point)
    expected = tuple_of(*types) if prim.name == "tuple" else type_of(value)
    assert result is expected
    if all(t is F64 for t in types) and prim.name != "tuple" and prim.name not in ONLY_DOUBLE:
        narrow = prim.type_rule([F32] * len(types), {})
        assert narrow is (F32 if result is F64 else result)


@pytest.mark.parametrize(("prim", "point"), CASES, ids=_ids)
def test_type_rule_refuses(prim: Primitive, point: tuple[Any, ...]) -> None:
    if prim.name == "tuple":
        return
    types = [type_of(x) for x in point]
    wrong = [[*types, F64], types[:-1], [*types[:-1], NONE], [*types[:-1], array(F64, 1)]]
    if len(types) > 1:
        wrong.append([*types[:-1], F32])
    for operands in wrong:
        with pytest.raises(TypeMismatch, match="wants"):
            prim.type_rule(operands, {})


UFUNCS = [
    (fn, prim, point)
    for fn, (prim, _) in CALLS.items()
    if isinstance(fn, np.ufunc)
    for point in prim.points
    if not (fn is np.fabs and isinstance(point[0], int))
]


@pytest.mark.parametrize(
    ("fn", "prim", "point"), UFUNCS, ids=lambda x: getattr(x, "__name__", None) or _ids(x)
)
def test_numpy_agrees(fn: np.ufunc, prim: Primitive, point: tuple[Any, ...]) -> None:
    expected = fn(*point).item()
    value = apply(prim.name, *point)
    assert type(value) is type(expected)
    if isinstance(value, float) and math.isfinite(value):
        assert abs(value - expected) <= 4 * math.ulp(expected)
    else:
        assert bits(value) == bits(expected)


def _special(count: int) -> list[tuple[float, ...]]:
    if count == 1:
        return [(x,) for x in SPECIAL]
    if count == 2:
        return [(x, y) for x in SPECIAL for y in SPECIAL]
    return [(x, y, z) for x in SPECIAL for y in SPECIAL for z in SPECIAL[::2]]


@pytest.mark.parametrize("prim", [p for p in SWEPT if isinstance(p.points[0][0], float)], ids=_ids)
def test_numpy_agrees_at_special_values(prim: Primitive) -> None:
    """IEEE results in the corners: nan, infinities and zeros as NumPy has them, never an exception."""
    ufuncs = [fn for fn, (p, _) in CALLS.items() if p is prim and isinstance(fn, np.ufunc)]
    loose = prim.name in ("maximum", "minimum", "fmax", "fmin")  # which zero of two depends on the CPU
    for point in _special(len(prim.points[0])):
        value = prim.eval(*point)
        if prim.name == "pow" and point[1] == 0.5:
            continue  # NumPy calls sqrt, which differs from C's pow at -0.0 and -inf
        for fn in ufuncs:
            with np.errstate(all="ignore"):
                expected = fn(*point).item()
            near = isinstance(value, float) and math.isfinite(value) and math.isfinite(expected) and value
            if near:
                assert abs(value - expected) <= 4 * math.ulp(expected), point
            elif loose and value == expected == 0:
                continue
            else:
                assert bits(value) == bits(expected), (point, value, expected)


def test_integers_in_the_corners() -> None:
    edges = [0, 1, -1, 2, -2, 7, -7, 62, 63, 64, 100, 2**31, 2**62, 2**63 - 1, -(2**63)]
    for x in edges:
        for y in edges:
            for name, exact in (("add", x + y), ("sub", x - y), ("mul", x * y)):
                wrapped = int(np.array(exact % 2**64, np.uint64).astype(np.int64))
                assert apply(name, x, y) == wrapped
                assert apply(f"{name}_overflows", x, y) == (wrapped != exact)
            if y:
                assert apply("floordiv", x, y) == int(np.array(x // y % 2**64, np.uint64).astype(np.int64))
                assert apply("mod", x, y) == x % y
            if 0 <= y <= 100:
                assert apply("ipow_overflows", x, y) == (not -(2**63) <= x**y < 2**63)
                assert apply("shl_overflows", x, y) == (not -(2**63) <= x << y < 2**63)
                assert apply("shr", x, y) == x >> y
                if not apply("shl_overflows", x, y):
                    assert apply("shl", x, y) == (x << y if y < 64 else 0)
                if not apply("ipow_overflows", x, y):
                    assert apply("ipow", x, y) == x**y


@pytest.mark.parametrize("to", ["f64", "f32", "i64", "i32", "i8", "u64", "u8", "bool"])
def test_cast(to: str) -> None:
    for x in (*SPECIAL, 300.7, -300.7, 2**53 + 1, 2**60 + 2**36 + 1, -1, 0, 200, True, False):
        value = apply("cast", x, to=to)
        if to == "bool":
            expected: Any = bool(x)
        elif to[0] == "f":
            with np.errstate(all="ignore"):
                expected = float(np.array(x).astype(np.float32)) if to == "f32" else float(x)
        else:
            info = np.iinfo(to.replace("i", "int").replace("u", "uint").replace("uintnt", "uint"))
            if not isinstance(x, float):
                expected = int(np.array(x % 2**64, np.uint64).astype(info.dtype))
            else:
                expected = 0 if x != x else int(min(max(mpmath.mpf(x), int(info.min)), int(info.max)))
        assert bits(value) == bits(expected), x


@pytest.mark.parametrize(("prim", "point"), [c for c in CASES if c[0].python], ids=_ids)
def test_python_spelling(prim: Primitive, point: tuple[Any, ...]) -> None:
    value = apply(prim.name, *point)
    names = {f"x{n}": x for n, x in enumerate(point)}
    expected = eval(prim.python.format(*names), {"math": math, "np": np}, names)
    if isinstance(expected, np.generic):
        expected = expected.item()
    assert bits(value) == bits(expected)


# Derivatives


def _root(x: Any) -> Any:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def _mod(x: Any, y: Any) -> Any:
    return x - y * mpmath.floor(x / y)


def _fmod(x: Any, y: Any) -> Any:
    q = x / y
    return x - y * (mpmath.floor(q) if q > 0 else mpmath.ceil(q))


TRUTH: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "modulus": lambda x, y: mpmath.hypot(x, y),
    "abs": abs,
    "pow": lambda x, y: x**y,
    "floordiv": lambda x, y: mpmath.floor(x / y),
    "mod": _mod,
    "fmod": _fmod,
    "select": lambda c, x, y: x if c else y,
    "stop_gradient": lambda x: mpmath.mpf(0),
    "cbrt": _root,
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2),
    "log1p": lambda x: mpmath.log(1 + x),
    "trunc": lambda x: mpmath.floor(x) if x > 0 else mpmath.ceil(x),
    "rint": mpmath.nint,
    "sign": mpmath.sign,
    "copysign": lambda x, y: abs(x) * mpmath.sign(y),
    "nextafter": lambda x, towards: x,  # but for the last bit
    "maximum": max,
    "minimum": min,
    "fmax": max,
    "fmin": min,
    "fma": lambda x, y, z: x * y + z,
    "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "tgamma": mpmath.gamma,
    "digamma": mpmath.digamma,
}


def true_partials(name: str, point: tuple[Any, ...]) -> list[Any]:
    """The partial derivatives by mpmath's differences with 60 digits."""
    fn = TRUTH.get(name) or getattr(mpmath, name, None)
    assert fn is not None, f"{name} needs an entry in TRUTH: its value in mpmath's arithmetic"
    with mpmath.workdps(60):
        exact = tuple(mpmath.mpf(x) if isinstance(x, float) else x for x in point)
        return [
            mpmath.diff(lambda x, n=n: fn(*exact[:n], x, *exact[n + 1 :]), exact[n])
            if isinstance(x, float)
            else None
            for n, x in enumerate(point)
        ]


def _around(point: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The point itself and some near it."""
    seed = random.Random(str(point))
    return [point] + [
        tuple(x * seed.uniform(0.9, 1.1) if isinstance(x, float) else x for x in point) for _ in range(5)
    ]


@pytest.mark.parametrize(("prim", "point"), SMOOTH, ids=_ids)
def test_derivative(prim: Primitive, point: tuple[Any, ...]) -> None:
    """Forward and reverse give the true partials, and the dot product of both agrees."""
    stepwise = prim.name in ("floor", "ceil", "trunc", "rint") and point[0] == 1e300
    points = _around(point) if prim.name not in ("rint", "floor", "ceil", "trunc") or stepwise else [point]
    for at in points:
        if prim.name == "rint" and at[0] % 1 == 0.5:
            continue  # a step
        truth = true_partials(prim.name, at)
        numbers = [n for n, x in enumerate(at) if isinstance(x, float)]
        for n in numbers:
            forward, backward = _forward(prim, at, {n: 1.0}), _backward(prim, at, 1.0)[n]
            scale = max(1.0, abs(truth[n]))
            assert abs(forward - truth[n]) <= 4e-14 * scale, (at, n)
            assert abs(backward - truth[n]) <= 4e-14 * scale, (at, n)
        seed = random.Random(repr(at))
        dots = {n: seed.uniform(-1, 1) for n in numbers}
        y_bar = seed.uniform(-1, 1)
        bars = _backward(prim, at, y_bar)
        left, right = y_bar * _forward(prim, at, dots), sum(bars[n] * dots[n] for n in numbers)
        scale = sum(abs(bars[n] * dots[n]) for n in numbers)
        assert abs(left - right) <= 1e-14 * max(scale, 1e-300)


def _forward(prim: Primitive, point: tuple[Any, ...], dots: dict[int, float], type: Any = None) -> float:
    machine = Machine()
    values = [machine.value(x, type if isinstance(x, float) else None) for x in point]
    op = machine.op(prim.name, *values)
    given = {values[n]: machine.value(dot, type) for n, dot in dots.items()}
    dot = push(machine, op, given)
    assert dot is None or dot.type is op.result.type
    return 0.0 if dot is None else machine.read(dot)


def _backward(prim: Primitive, point: tuple[Any, ...], y_bar: float, type: Any = None) -> list[float]:
    machine = Machine()
    values = [machine.value(x, type if isinstance(x, float) else None) for x in point]
    op = machine.op(prim.name, *values)
    active = {v for v in values if v.type.is_float}
    bars = pull(machine, op, machine.value(y_bar, type), active, {})
    assert all(bar.type is v.type for v, bar in bars.items())
    return [machine.read(bars[v]) if v in bars else 0.0 for v in values]


@pytest.mark.parametrize(("prim", "point"), SMOOTH, ids=_ids)
def test_derivative_in_single_precision(prim: Primitive, point: tuple[Any, ...]) -> None:
    """The rules emit f32 ops on f32 operands, immediates too."""
    if prim.name in ONLY_DOUBLE or any(isinstance(x, float) and abs(x) > 1e30 for x in point):
        return
    point = tuple(float(np.float32(x)) if isinstance(x, float) else x for x in point)
    if prim.name == "rint" and point[0] % 1 == 0.5:
        return
    truth = true_partials(prim.name, point)
    for n, x in enumerate(point):
        if isinstance(x, float):
            scale = max(1.0, abs(truth[n]))
            assert abs(_forward(prim, point, {n: 1.0}, F32) - truth[n]) <= 1e-6 * scale
            assert abs(_backward(prim, point, 1.0, F32)[n] - truth[n]) <= 1e-6 * scale


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -2.5])
def test_power_with_constant_exponent(exponent: float) -> None:
    """An immediate exponent gives the short form: no logarithm, no pow for squares."""
    for x in (0.3, 2.0, 7.5):
        machine = Machine()
        base = machine.value(x)
        op = machine.op("pow", base, Const(F64, exponent))
        before = len(machine.block.ops)
        dot = push(machine, op, {base: machine.value(1.0)})
        names = [o.name for o in machine.block.ops[before:]]
        assert "log" not in names
        assert exponent not in (0.0, 1.0, 2.0) or "pow" not in names
        truth = true_partials("pow", (x, exponent))[0]
        assert abs((0.0 if dot is None else machine.read(dot)) - truth) <= 1e-14 * max(1, abs(truth))


INF, NAN = math.inf, math.nan
KINKS = [
    ("abs", (0.0,), (0.0,)),
    ("abs", (-0.0,), (0.0,)),
    ("maximum", (2.0, 2.0), (1.0, 0.0)),
    ("minimum", (2.0, 2.0), (1.0, 0.0)),
    ("maximum", (NAN, 2.0), (1.0, 0.0)),
    ("maximum", (2.0, NAN), (0.0, 1.0)),
    ("minimum", (2.0, NAN), (0.0, 1.0)),
    ("maximum", (NAN, NAN), (1.0, 0.0)),
    ("fmax", (2.0, 2.0), (1.0, 0.0)),
    ("fmin", (2.0, 2.0), (1.0, 0.0)),
    ("fmax", (NAN, 2.0), (0.0, 1.0)),
    ("fmin", (2.0, NAN), (1.0, 0.0)),
    ("fmin", (NAN, NAN), (1.0, 0.0)),
    ("floor", (2.0,), (0.0,)),
    ("ceil", (2.0,), (0.0,)),
    ("trunc", (-2.0,), (0.0,)),
    ("rint", (2.5,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("floordiv", (6.0, 2.0), (0.0, 0.0)),
    ("mod", (6.0, 2.0), (1.0, -3.0)),
    ("mod", (1.0, 0.1), (1.0, -9.0)),
    ("mod", (-1.0, 0.1), (1.0, 10.0)),
    ("fmod", (6.0, 2.0), (1.0, -3.0)),
    ("fmod", (1.0, 0.1), (1.0, -9.0)),
    ("fmod", (-1.0, 0.1), (1.0, 9.0)),
    ("copysign", (0.0, -1.0), (-1.0, 0.0)),
    ("copysign", (-0.0, -1.0), (1.0, 0.0)),
    ("sqrt", (0.0,), (INF,)),
    ("cbrt", (0.0,), (INF,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("atan2", (0.0, 0.0), (NAN, NAN)),
    ("pow", (0.0, 0.0), (0.0, -INF)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 2.5), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (INF, 0.0)),
    ("pow", (-2.0, 3.0), (12.0, NAN)),
    ("asin", (1.0,), (INF,)),
    ("acos", (-1.0,), (-INF,)),
    ("acosh", (1.0,), (INF,)),
    ("atanh", (1.0,), (INF,)),
]


@pytest.mark.parametrize(("name", "point", "expected"), KINKS, ids=str)
def test_kinks(name: str, point: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """The choices of the table in `rounding.py`."""
    prim = PRIMITIVES[name]
    for n in range(len(point)):
        forward, backward = _forward(prim, point, {n: 1.0}), _backward(prim, point, 1.0)[n]
        assert bits(forward + 0.0) == bits(expected[n])
        assert bits(backward + 0.0) == bits(expected[n])


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_arm_not_taken_gets_a_clean_zero(name: str) -> None:
    """An infinite cotangent does not become nan in the operand that was not chosen."""
    first = _backward(PRIMITIVES[name], (1.0, 2.0), INF)
    assert sorted(first) == [0.0, INF]
    assert _backward(PRIMITIVES["select"], (False, 1.0, 2.0), INF)[1:] == [0.0, INF]


def test_domain_of_the_result_alone_decides_activity() -> None:
    """A cast between floats carries the derivative, any other cast ends it."""
    for source, to, expected in (
        (F64, "f32", 1.0),
        (F32, "f64", 1.0),
        (F64, "i64", None),
        (I64, "f64", None),
    ):
        machine = Machine()
        x = machine.value(2, source) if source is I64 else machine.value(2.0, source)
        op = machine.op("cast", x, to=to)
        dot = push(machine, op, {x: machine.value(1.0, source)} if source is not I64 else {})
        bars = pull(machine, op, machine.value(1.0, parse_type(to)), {x}, {})
        assert (None if dot is None else machine.read(dot)) == expected
        assert (machine.read(bars[x]) if x in bars else None) == expected
        assert expected is None or bars[x].type is source


# Python's callables

MATH = [(fn, prim, call) for fn, (prim, call) in CALLS.items() if call.flavour == "python"]


def outcome(fn: Callable[..., Any], *args: Any) -> Any:
    """What a call yields: its bits, or the exception with its text."""
    try:
        return bits(fn(*args))
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return type(error).__name__, str(error)


def compiled(prim: Primitive, check: str, xs: tuple[float, ...]) -> Any:
    """What the primitive with the domain check yields."""
    machine = Machine()
    values = [machine.value(x) for x in xs]
    op = machine.op(prim.name, *values)
    for ok, exc, message in CHECKS[check](machine.b, values, op.result) if check else ():
        assert ok.type is BOOL
        machine.run()
        if not machine.read(ok):
            return exc, message.format(*xs)
    return bits(machine.env[op.result])


@pytest.mark.parametrize(("fn", "prim", "call"), MATH, ids=lambda x: getattr(x, "__name__", None) or "")
def test_math_bit_for_bit(fn: Callable[..., Any], prim: Primitive, call: Any) -> None:
    """Values, exceptions and messages of CPython, at special values and at random ones."""
    count = len(prim.points[0])
    seed = random.Random(prim.name)
    drawn = [seed.uniform(-3, 3) * 10 ** seed.uniform(-3, 3) for _ in range(300 * count)]
    points = _special(count) + [tuple(drawn[n : n + count]) for n in range(0, 300 * count, count)]
    points += [(math.nextafter(x, x + s),) for x in (1.0, -1.0) for s in (-1, 1)] if count == 1 else []
    for point in points:
        assert compiled(prim, call.check, point) == outcome(fn, *point), point


def test_every_check_is_used_and_emitted() -> None:
    """Each domain check belongs to a callable; its check ops have a payload only where the text shows it."""
    used = {call.check for _, call in CALLS.values()} - {""}
    assert used == set(CHECKS) - (set() if sys.version_info >= (3, 13) else {"fma"})
    for name in CHECKS:
        machine = Machine()
        xs = [machine.value(x) for x in (0.5, 0.5, 0.5)]
        emit_checks(machine.b, name, xs, machine.value(0.5))
        checks = [op for op in machine.block.ops if op.name == "check"]
        assert checks
        for op in checks:
            assert len(op.operands) == (4 if "{" in op.attrs["message"] else 1)


def test_number_has_the_type_of_its_model() -> None:
    for name, value in (("f64", 2.0), ("f32", 2.0), ("i32", 2)):
        like = Value(parse_type(name))
        const = number(like, 2.0)
        assert const.type is like.type and const.value == value and type(const.value) is type(value)


def test_builder_emits_flags_on_floats_only() -> None:
    machine = Machine()
    b = Builder(machine.block, fp="contract")
    x = machine.value(1.5)
    b.lt(b.add(x, x), x)
    assert [op.attrs for op in machine.block.ops] == [{"fp": "contract"}, {}]
    assert all(isinstance(op.result.type, Scalar) for op in machine.block.ops)
