"""LLVM text against the `eval` column, NumPy and Python: every primitive, memory, tapes, failures."""

from __future__ import annotations

import ast
import math
import re
import struct
from typing import Any

import numpy as np
import pytest

import ssad.primitives  # noqa: F401  (fills the table)
from ssad.backend import vectormath
from ssad.backend.llvm import to_llvm
from ssad.backend.native import NativeFunction, compile_native
from ssad.backend.options import Options
from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Function, Module, Op, return_
from ssad.ir.parser import parse_module
from ssad.ir.primitive import PRIMITIVES, Primitive, TypeMismatch
from ssad.ir.types import BOOL, F32, F64, I64, Scalar, parse_type, scalar

STRICT = Options(vector_math=False)


_OP = re.compile(r"^ +%([\w.]+) = (\w+) ?([^{]*?)(?: (\{.*\}))?( @L\d+)?$")
_PARAMS = re.compile(r"%([\w.]+): (\w+(?:<[^>]*>|\[[^\]]*\])?)")


def with_types(text: str) -> str:
    """IR text in which results without a written type get the one that the primitive's rule gives."""
    types: dict[str, Any] = {}

    def operand(word: str) -> Any:
        if word.startswith("%"):
            return types[word[1:]]
        if ":" in word:
            return parse_type(word.split(":")[1])
        return BOOL if word in ("true", "false") else I64 if word.lstrip("-").isdigit() else F64

    lines = []
    for line in text.splitlines():
        if line.startswith(("func", "^")):
            types.update((name, parse_type(type)) for name, type in _PARAMS.findall(line))
        elif m := _OP.match(line := line.rstrip()):
            name, prim, operands, attrs, loc = m.groups()
            values = re.findall(r'(\w+) = ("[^"]*"|[\w.-]+)', attrs or "")
            given = [operand(word) for word in operands.split(", ") if word]
            types[name] = PRIMITIVES[prim].type_rule(given, {k: ast.literal_eval(v) for k, v in values})
            line = f"{line[: len(line) - len(loc or '')]} : {types[name]}{loc or ''}"
        lines.append(line)
    return "\n".join(lines)


def native(text: str, options: Options = STRICT) -> NativeFunction:
    """The compiled main function of IR text."""
    return compile_native(parse_module(with_types(text)), options)


def single_op(prim: Primitive, operands: tuple[Scalar, ...], attrs: dict[str, Any]) -> Module:
    """A module whose main function returns one op of its parameters."""
    module = Module()
    function = module.add(Function("f"))
    block: Block = function.add_block("entry")
    params = [block.add_param(t, "x") for t in operands]
    op = Op(prim, list(params), attrs, prim.type_rule(operands, attrs), None)
    block.ops.append(op)
    assert op.result is not None
    block.term = return_([op.result])
    function.result_types.append(op.result.type)
    return module


# Numbers

SCALAR_PRIMS = [
    prim
    for name, prim in PRIMITIVES.items()
    if prim.llvm is not None
    and prim.points
    and prim.eval is not None
    and not prim.takes_attrs
    and name != "tuple"
]
# CPython has its own algorithms for these; the C library's differ in the last places
OWN_ALGORITHM = {"hypot": 1, "lgamma": 100, "tgamma": 10}
FLOATS = (
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.75,
    5e-324,
    1e308,
    -1e300,
    math.inf,
    -math.inf,
    math.nan,
    2.0**63,
    1e-5,
    7.0,
    -2.5,
)
INTS = (0, 1, -1, 7, -7, 2, 63, 64, 1 << 40, (1 << 63) - 1, -(1 << 63))


def type_of(x: object) -> Scalar:
    return BOOL if isinstance(x, bool) else I64 if isinstance(x, int) else F64


def ulps(a: float, b: float) -> float:
    """How many doubles lie between two numbers; 0 for two nans, infinite for one."""
    if a != a or b != b:
        return 0.0 if a != a and b != b else math.inf

    def order(x: float) -> int:
        (n,) = struct.unpack("<q", struct.pack("<d", x))
        return n if n >= 0 else -(n & ((1 << 63) - 1))

    return abs(order(a) - order(b)) if math.copysign(1, a) == math.copysign(1, b) or a == b != 0 else math.inf


def wrapped(x: Any, type: Scalar) -> Any:
    """A result of `eval` as a number of `type`."""
    if type.kind == "b":
        return bool(x)
    if type.kind == "f":
        with np.errstate(all="ignore"):
            return float(x) if type.bits == 64 else float(np.float32(x))
    x = int(x) & ((1 << type.bits) - 1)
    return x - (1 << type.bits) if type.kind == "i" and x >> (type.bits - 1) else x


def variants(prim: Primitive) -> list[tuple[Scalar, ...]]:
    """The operand types that the points of a primitive have."""
    return list(dict.fromkeys(tuple(map(type_of, point)) for point in prim.points))


@pytest.mark.parametrize("prim", SCALAR_PRIMS, ids=lambda p: p.name)
def test_primitive_agrees_with_eval(prim: Primitive) -> None:
    """Bit for bit at the points of the record and at special values: CPython calls the same C library."""
    assert prim.eval is not None
    for types in variants(prim):
        function = compile_native(single_op(prim, types, {}), STRICT)
        (result,) = function.code.result_types
        assert isinstance(result, Scalar)
        pools = [(False, True) if t is BOOL else INTS if t is I64 else FLOATS for t in types]
        points = [p for p in prim.points if tuple(map(type_of, p)) == types]
        points += [
            tuple(pool[(k * (3 + j) + j) % len(pool)] for j, pool in enumerate(pools)) for k in range(40)
        ]
        for point in points:
            if prim.name in ("shl", "shr", "shl_overflows", "in_range") and point[1] < 0:
                continue  # unspecified
            (got,) = function.call(point)
            want = wrapped(prim.eval(*point), result)
            if result.is_float:
                assert ulps(got, want) <= OWN_ALGORITHM.get(prim.name, 0), (point, got, want)
            else:
                assert got == want and type(got) is type(want), (point, got, want)


@pytest.mark.parametrize(
    "prim", [p for p in SCALAR_PRIMS if any(F64 in v for v in variants(p))], ids=lambda p: p.name
)
def test_f32_agrees_with_eval(prim: Primitive) -> None:
    """Single precision within two units of the rounded double result."""
    assert prim.eval is not None
    for types in variants(prim):
        if F64 not in types:
            continue
        narrow = tuple(F32 if t is F64 else t for t in types)
        try:
            prim.type_rule(narrow, {})
        except TypeMismatch:  # only doubles: `tests/test_primitives.py` knows which
            continue
        function = compile_native(single_op(prim, narrow, {}), STRICT)
        (result,) = function.code.result_types
        for point in (p for p in prim.points if tuple(map(type_of, p)) == types):
            args = [wrapped(x, F32) if isinstance(x, float) else x for x in point]
            (got,) = function.call(args)
            want = prim.eval(*args)
            if result is F32:
                assert got == pytest.approx(want, rel=2.5e-7, nan_ok=True)
                assert not math.isfinite(got) or got == float(np.float32(got))
            else:
                assert got == want


NARROW = ("i32", "i16", "i8", "u64", "u32", "u16", "u8")


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "neg", "floordiv", "mod", "shl", "shr", "lt", "xor", "not", "abs"]
)
def test_narrow_integers_wrap(name: str) -> None:
    """Integer ops of every width agree with Python's, wrapped."""
    prim = PRIMITIVES[name]
    assert prim.eval is not None
    arity = len(prim.points[0])
    for type in map(scalar, NARROW):
        function = compile_native(single_op(prim, (type,) * arity, {}), STRICT)
        (result,) = function.code.result_types
        assert isinstance(result, Scalar)
        samples = sorted(
            {wrapped(n, type) for n in (0, 1, 3, -1, -2, 100, 127, 128, -(1 << (type.bits - 1)))}
        )
        for a in samples:
            for b in samples if arity == 2 else [0]:
                if name in ("shl", "shr") and not 0 <= b < type.bits:
                    continue
                point = (a, b)[:arity]
                assert function.call(point) == [wrapped(prim.eval(*point), result)], (type, point)


SCALARS = ("f64", "f32", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "bool")


@pytest.mark.parametrize("source", SCALARS)
def test_casts(source: str) -> None:
    """Every cast: floats truncate and saturate, integers wrap, a bool is whether it is not zero."""
    prim, type = PRIMITIVES["cast"], scalar(source)
    assert prim.eval is not None
    values: list[Any] = [0.0, 1.5, -2.7, 300.0, 1e10, -1e19, 1e300, math.nan, math.inf, -math.inf]
    if not type.is_float:
        values = sorted({wrapped(n, type) for n in (*INTS, 200, 40000, 1 << 63)})
    for target in SCALARS:
        function = compile_native(single_op(prim, (type,), {"to": target}), STRICT)
        for x in values:
            if source == "f32":
                x = wrapped(x, F32)
            (got,) = function.call([x])
            want = wrapped(prim.eval(x, to=target), scalar(target))
            assert got == want or (got != got and want != want), (x, target, got, want)


def test_immediates() -> None:
    """Immediates keep every bit, in both precisions."""
    numbers = ["0.1", "-0.0", "5e-324", "inf", "-inf", "1.7976931348623157e308"]
    for text in numbers:
        (got,) = native(f"func @f() -> f64 {{\n^e:\n  return {text}\n}}").call([])
        assert struct.pack("<d", got) == struct.pack("<d", float(text))
        (got,) = native(f"func @f() -> f32 {{\n^e:\n  return {text}:f32\n}}").call([])
        with np.errstate(all="ignore"):
            assert struct.pack("<d", got) == struct.pack("<d", float(np.float32(float(text))))
    assert math.isnan(native("func @f() -> f64 {\n^e:\n  return nan\n}").call([])[0])
    assert native(
        "func @f() -> (i64, u64, bool) {\n^e:\n"
        "  return -9223372036854775808, 18446744073709551615:u64, true\n}"
    ).call([]) == [-(1 << 63), (1 << 64) - 1, True]


# Control

COLLATZ = """
func @f(%n: i64) -> (i64, f64) {
^entry:
  jump ^loop(%n, 0)
^loop(%m: i64, %k: i64):
  %done = eq %m, 1
  branch %done, ^exit, ^body
^body:
  %r = mod %m, 2
  %even = eq %r, 0
  branch %even, ^half, ^odd
^half:
  %h = floordiv %m, 2
  jump ^latch(%h)
^odd:
  %t = mul %m, 3
  %t.1 = add %t, 1
  jump ^latch(%t.1)
^latch(%next: i64):
  %k.1 = add %k, 1
  jump ^loop(%next, %k.1)
^exit:
  %xf = cast %k {to = "f64"}
  return %k, %xf
}
"""


def test_loop_with_branches() -> None:
    assert native(COLLATZ).call([27]) == [111, 111.0]


def test_both_edges_to_one_block() -> None:
    """A branch whose edges lead to the same block with different arguments."""
    text = """
func @f(%c: bool, %x: f64) -> f64 {
^entry:
  branch %c, ^join(%x), ^join(1.0)
^join(%y: f64):
  return %y
}
"""
    assert native(text).call([True, 3.0]) == [3.0]
    assert native(text).call([False, 3.0]) == [1.0]


def test_swap_in_a_loop() -> None:
    """Block parameters are assigned at the same time."""
    text = """
func @f(%a: f64, %b: f64, %n: i64) -> (f64, f64) {
^entry:
  jump ^loop(%a, %b, 0)
^loop(%x: f64, %y: f64, %k: i64):
  %more = lt %k, %n
  branch %more, ^body, ^exit
^body:
  %k.1 = add %k, 1
  jump ^loop(%y, %x, %k.1)
^exit:
  return %x, %y
}
"""
    assert native(text).call([1.0, 2.0, 3]) == [2.0, 1.0]


def test_calls_pass_arrays_tuples_and_failures() -> None:
    text = """
func @f(%x: f64[?; C], %i: i64) -> (f64, f64[?]) {
^entry:
  %r = call %x, %i {callee = "g", type = "tuple<f64, f64[?]>"}
  %v = extract %r {index = 0}
  %a = extract %r {index = 1}
  %w = mul %v, 2.0
  return %w, %a
}
func @g(%x: f64[?], %i: i64) -> (f64, f64[?]) {
^entry:
  %n = dim %x {axis = 0}
  %ok = in_range %i, %n
  check %ok, %i, %n {exc = "IndexError", message = "index {0} is out of bounds for size {1}"} @L1
  %v = load %x, %i
  return %v, %x
}
loc @L1 = "g.py":7:4-7:20 in g
"""
    function = native(text)
    x = np.array([1.0, 2.5, 4.0])
    value, alias = function.call([x, 1])
    assert value == 5.0 and alias is x
    with pytest.raises(IndexError, match=r"^index 3 is out of bounds for size 3") as caught:
        function.call([x, 3])
    assert caught.value.__notes__ == ["at g.py:7 in g"]


def test_raise_with_inlined_place_and_objects() -> None:
    """The note names the whole chain of inlined calls; exception classes come from the module's objects."""
    text = """
func @f(%x: f64, %n: u64, %b: bool) -> f64 {
^entry:
  raise %x, %n, %b {exc = "Mine", message = "got {0}, {1}, {2}"} @L2
}
loc @L1 = "a.py":3:0-3:9 in outer
loc @L2 = "a.py":9:0-9:9 in inner at @L1
"""

    class Mine(Exception):
        pass

    module = parse_module(with_types(text))
    module.objects["Mine"] = Mine
    with pytest.raises(Mine, match=r"^got 0.1, 18446744073709551615, True") as caught:
        compile_native(module, STRICT).call([0.1, (1 << 64) - 1, True])
    assert caught.value.__notes__ == ["at a.py:9 in inner", "called from a.py:3 in outer"]


def test_recall_is_refused() -> None:
    text = "func @f(%x: f64) -> f64 {\n^e:\n  %y = recall %x\n  return %y\n}"
    with pytest.raises(UnsupportedError, match="materialise"):
        to_llvm(parse_module(with_types(text)))


# Arrays

ARRAYS = {
    "C": np.arange(24.0).reshape(2, 3, 4),
    "F": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "A": np.arange(96.0).reshape(4, 6, 4)[::2, 5::-2, ::-1],
}


def typed(layout: str, rank: int) -> str:
    dims = ", ".join("?" * rank)
    return f"f64[{dims}]" if layout == "A" else f"f64[{dims}; {layout}]"


@pytest.mark.parametrize("layout", "CFA")
def test_elements_of_every_layout(layout: str) -> None:
    x = ARRAYS[layout].copy(order="K") if layout != "A" else ARRAYS["A"]
    before = x.copy()
    text = f"""
func @f(%x: {typed(layout, 3)}, %i: i64, %j: i64, %k: i64, %v: f64) -> (f64, i64) {{
^entry:
  %y = load %x, %i, %j, %k
  store %x, %i, %j, %k, %v
  accumulate %x, %i, %j, 0, 0.5
  %n = dim %x {{axis = 1}}
  return %y, %n
}}
"""
    function = native(text)
    assert function.call([x, 1, 2, 3, -1.0]) == [before[1, 2, 3], 3]
    before[1, 2, 3] = -1.0
    before[1, 2, 0] += 0.5
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("layout", "CFA")
@pytest.mark.parametrize("elem", ["f64", "f32", "bool"])
def test_how_far_to_a_boundary(layout: str, elem: str) -> None:
    """As many elements on (or back) as the next address that is a multiple is away: by `eval`, too."""
    kind = {"f64": np.float64, "f32": np.float32, "bool": np.bool_}[elem]
    x = np.zeros((4, 6, 4), kind)[::2, 5::-2, ::-1] if layout == "A" else np.zeros((2, 3, 4), kind, layout)
    for size in (8, 32, 64):
        text = f"""
func @f(%x: {typed(layout, 3).replace("f64", elem)}, %i: i64, %j: i64, %k: i64) -> (i64, i64) {{
^entry:
  %up = to_aligned %x, %i, %j, %k {{bytes = {size}, down = false}} : i64
  %down = to_aligned %x, %i, %j, %k {{bytes = {size}, down = true}} : i64
  return %up, %down
}}
"""
        function, evaluate = native(text), PRIMITIVES["to_aligned"].eval
        for index in np.ndindex(x.shape):
            up, down = function.call([x, *index])
            at = x[index[0] : index[0] + 1, index[1] : index[1] + 1, index[2] : index[2] + 1].ctypes.data
            assert (at + up * x.itemsize) % size == 0 <= up < size // x.itemsize
            assert (at + x.itemsize - down * x.itemsize) % size == 0 <= down < size // x.itemsize
            assert [evaluate(x, *index, bytes=size, down=way) for way in (False, True)] == [up, down]


@pytest.mark.parametrize("target", "CFA")
@pytest.mark.parametrize("source", "CFA")
def test_whole_arrays(target: str, source: str) -> None:
    """fill, copy, add_into, add_scalar_into and sum_all over every pair of layouts."""
    to, from_ = typed(target, 3), typed(source, 3)
    text = f"""
func @f(%x: {to}, %y: {from_}, %z: {to}, %w: {from_}) -> f64 {{
^entry:
  copy %x, %y
  add_into %x, %w
  fill %z, 0.0
  add_scalar_into %z, 2.5
  fill %w, 3.0
  %s = sum_all %x
  return %s
}}
"""
    rng = np.random.default_rng(1)

    def some(layout: str) -> np.ndarray[Any, Any]:
        if layout == "A":
            return rng.random((4, 6, 4))[::2, 5::-2, ::-1]
        return np.array(rng.random((2, 3, 4)), order="C" if layout == "C" else "F")

    x, y, z, w = some(target), some(source), some(target), some(source)
    want = y + w
    (total,) = native(text).call([x, y, z, w])
    np.testing.assert_array_equal(x, want)
    assert total == pytest.approx(want.sum(), rel=1e-15)
    assert (z == 2.5).all() and (w == 3.0).all()


@pytest.mark.parametrize("elem", ["f64", "f32", "i64", "i32", "i8", "u8", "u16", "bool"])
def test_elements_of_every_type(elem: str) -> None:
    text = f"""
func @f(%x: {elem}[?], %v: {elem}) -> ({elem}, {elem}[?; C]) {{
^entry:
  %n = dim %x {{axis = 0}}
  %y = load %x, 1
  store %x, 2, %v
  %new = alloc %n {{type = "{elem}[?; C]"}}
  copy %new, %x
  store %new, 0, %y
  return %y, %new
}}
"""
    kind = np.dtype(
        {"f": "float", "i": "int", "u": "uint", "b": "bool"}[elem[0]] + (elem[1:] if elem != "bool" else "")
    )
    x = np.array([0, 1, 0, 1, 1, 0, 1, 0]).astype(kind)[::2]
    x[1] = 1
    want = x.copy()
    value, new = native(text).call([x, True if elem == "bool" else 1])
    want[2] = 1
    np.testing.assert_array_equal(x, want)
    want[0] = 1
    assert value == 1 and new.dtype == kind
    np.testing.assert_array_equal(new, want)


def test_empty_arrays() -> None:
    text = """
func @f(%x: f64[?, ?]) -> (f64, f64[?, ?; C]) {
^entry:
  %s = sum_all %x
  fill %x, 1.0
  %n = dim %x {axis = 0}
  %m = dim %x {axis = 1}
  %y = alloc %n, %m {type = "f64[?, ?; C]"}
  copy %y, %x
  return %s, %y
}
"""
    for shape in ((0, 3), (3, 0), (0, 0)):
        total, y = native(text).call([np.empty(shape)])
        assert total == 0.0 and y.shape == shape and y.dtype == np.float64


def test_views() -> None:
    """Views are windows onto the operand; results that lie in an argument are views of the caller's array."""
    text = """
func @f(%x: f64[?, ?, ?; C]) -> (f64[?, ?; C], f64[?, ?], f64) {
^entry:
  %row = view %x, 1 {pattern = "i::"}
  %n = dim %x {axis = 2}
  %last = sub %n, 1
  %part = view %x, 1, 2, 1, 2, %last, %n, -1 {pattern = "s:s"}
  %part.1 = view %part, 0 {pattern = ":i:"}
  store %row, 0, 0, 100.0
  %v = load %part.1, 0, 0
  return %row, %part.1, %v
}
"""
    text = text.replace("1, 2, 1, 2, %last", "0, 2, 1, %last")
    x = np.arange(24.0).reshape(2, 3, 4)
    row, part, value = native(text).call([x])
    assert np.shares_memory(row, x) and np.shares_memory(part, x)
    np.testing.assert_array_equal(row, x[1])
    np.testing.assert_array_equal(part, x[:, 0, ::-1])
    assert x[1, 0, 0] == 100.0 and value == x[0, 0, 3]


def test_pairwise_sum_is_accurate() -> None:
    """A long sum is as good as pairwise summation."""
    text = "func @f(%x: f32[?; C]) -> f32 {\n^e:\n  %s = sum_all %x\n  return %s\n}"
    x = np.full(1 << 22, 0.1, np.float32)
    (got,) = native(text).call([x])
    assert got == pytest.approx(math.fsum(map(float, x)), rel=1e-6)


def test_results_are_fresh() -> None:
    """A result outlives its call: it is a copy of the arena, which the next call uses again."""
    text = """
func @f(%n: i64, %v: f64) -> f64[?; C] {
^entry:
  %y = alloc %n {type = "f64[?; C]"}
  fill %y, %v
  return %y
}
"""
    function = native(text)
    first = function.call([100, 1.0])[0]
    second = function.call([100, 2.0])[0]
    assert (first == 1.0).all() and (second == 2.0).all() and first.flags.owndata
    assert function.call([0, 1.0])[0].shape == (0,)


def test_impossible_allocations() -> None:
    """Sizes that overflow or that no machine has raise MemoryError with shape and place."""
    text = """
func @f(%n: i64, %m: i64) -> f64 {
^entry:
  %y = alloc %n, %m {type = "f64[?, ?; C]"} @L1
  store %y, 0, 0, 1.0
  %v = load %y, 0, 0
  %z = view %y, 0 {pattern = "i:"}
  %w = load %z, 0
  return %w
}
loc @L1 = "big.py":5:4-5:20 in f
"""
    function = native(text)
    assert function.call([3, 4]) == [1.0]
    for shape in ((1 << 62, 1 << 62), (1 << 46, 1), (1 << 61, 1), (-1, 1)):
        with pytest.raises(MemoryError, match=re.escape(f"({shape[0]}, {shape[1]})")) as caught:
            function.call(list(shape))
        assert "big.py" in caught.value.__notes__[0]


def test_small_arrays_become_registers() -> None:
    """An array of constant size that nothing else sees costs no memory at all."""
    text = """
func @f(%x: f64) -> f64 {
^entry:
  %y = alloc 2 {type = "f64[?; C]"}
  store %y, 0, %x
  store %y, 1, 2.0
  %a = load %y, 0
  %b = load %y, 1
  %c = mul %a, %b
  return %c
}
"""
    function = native(text)
    assert function.call([3.0]) == [6.0]
    assert "call ptr @ssad.alloc" not in function.llvm_text
    assert "alloca" not in function.optimised_llvm


# Tapes

POW_TAPE = """
func @f(%x: f64[?; C], %n: i64) -> (f64, i64) {
^entry:
  %t = tape_new %n {type = "tape<bool, f64, i8, i64>"} @L1
  jump ^loop(0)
^loop(%k: i64):
  %more = lt %k, %n
  branch %more, ^body, ^seam
^body:
  %v = load %x, %k
  %neg = lt %v, 0.0
  %i = cast %k {to = "i8"}
  tape_set %t, %k, %neg, %v, %i, %k
  store %x, %k, 0.0
  %k.1 = add %k, 1
  jump ^loop(%k.1)
^seam:
  jump ^back(%n, 0.0, 0)
^back(%m: i64, %s: f64, %c: i64):
  %left = gt %m, 0
  branch %left, ^undo, ^exit
^undo:
  %j = sub %m, 1
  %b = tape_get %t, %j {field = 0}
  %w = tape_get %t, %j {field = 1}
  %i8 = tape_get %t, %j {field = 2}
  %i64 = tape_get %t, %j {field = 3}
  store %x, %j, %w
  %wide = cast %i8 {to = "i64"}
  %both = add %wide, %i64
  %one = cast %b {to = "i64"}
  %c.1 = add %c, %one
  %c.2 = add %c.1, %both
  %s.1 = add %s, %w
  jump ^back(%j, %s.1, %c.2)
^exit:
  return %s, %c
}
loc @L1 = "tape.py":3:4-3:20 in f
"""


def test_exact_tape() -> None:
    function = native(POW_TAPE)
    x = np.linspace(-1, 2, 50)
    before = x.copy()
    total, count = function.call([x, 50])
    np.testing.assert_array_equal(x, before)
    assert total == pytest.approx(x.sum(), rel=1e-13)
    assert count == (x < 0).sum() + 2 * sum(range(50))
    assert function.call([x, 0]) == [0.0, 0]
    with pytest.raises(MemoryError, match=r"tape of the loop at tape.py:3"):
        function.call([x, 1 << 62])


STACK = """
func @f(%n: i64, %rounds: i64) -> (f64, i64) {
^entry:
  %s = stack_new {type = "stack<f64, bool>"}
  jump ^outer(0, %s, 0.0, 0)
^outer(%r: i64, %s1: stack<f64, bool>, %sum: f64, %ones: i64):
  %again = lt %r, %rounds
  branch %again, ^push(0, %s1), ^exit
^push(%k: i64, %s2: stack<f64, bool>):
  %more = lt %k, %n
  branch %more, ^do, ^pop(%n, %s2, %sum, %ones)
^do:
  %xf = cast %k {to = "f64"}
  %m = mod %k, 2
  %odd = eq %m, 1
  %s3 = stack_push %s2, %xf, %odd @L1
  %k.1 = add %k, 1
  jump ^push(%k.1, %s3)
^pop(%j: i64, %s4: stack<f64, bool>, %total: f64, %count: i64):
  %left = gt %j, 0
  branch %left, ^undo, ^next
^undo:
  %y = stack_top %s4 {field = 0}
  %o = stack_top %s4 {field = 1}
  %s5 = stack_pop %s4
  %jf = cast %j {to = "f64"}
  %term = mul %y, %jf
  %total.1 = add %total, %term
  %one = cast %o {to = "i64"}
  %count.1 = add %count, %one
  %j.1 = sub %j, 1
  jump ^pop(%j.1, %s5, %total.1, %count.1)
^next:
  %r.1 = add %r, 1
  jump ^outer(%r.1, %s4, %total, %count)
^exit:
  return %sum, %ones
}
loc @L1 = "stack.py":6:4-6:20 in f
"""


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 255, 256, 257, 5000, 100_000])
def test_growing_stack(n: int) -> None:
    """Last in, first out, over chunk boundaries, and again from the start."""
    total, ones = native(STACK).call([n, 3])
    assert total == 3 * sum(float(k) * (k + 1) for k in range(n))
    assert ones == 3 * (n // 2)


def test_stack_reuses_chunks() -> None:
    """Going to and fro over a chunk's end takes no new memory: many rounds need no more than one."""
    from ssad.backend.native import POOL
    from ssad.backend.runtime import TOTAL

    function = native(STACK)
    POOL.free.clear()
    function.call([1000, 1])
    once = POOL.free[-1].words[TOTAL]
    function.call([1000, 2000])
    assert POOL.free[-1].words[TOTAL] == once


def test_stack_of_arrays_and_tapes() -> None:
    """Records hold whole descriptors: arrays and the tapes of inner loops."""
    text = """
func @f(%x: f64[?], %y: f64[?]) -> f64 {
^entry:
  %t = tape_new 2 {type = "tape<f64[?], tape<f64>>"}
  %in = tape_new 3 {type = "tape<f64>"}
  tape_set %in, 2, 7.0
  tape_set %t, 0, %x, %in
  tape_set %t, 1, %y, %in
  %a = tape_get %t, 0 {field = 0}
  %b = tape_get %t, 1 {field = 0}
  %c = tape_get %t, 1 {field = 1}
  %v = load %a, 1
  %w = load %b, 2
  %z = tape_get %c, 2 {field = 0}
  %s = add %v, %w
  %s.1 = add %s, %z
  return %s.1
}
"""
    assert native(text).call([np.arange(5.0)[::2], np.arange(9.0)[::-3]]) == [2.0 + 2.0 + 7.0]


def test_push_is_inline() -> None:
    """Within the loop a push is a compare and a store: the only call is the cold one that grows the stack."""
    body = native(STACK).optimised_llvm
    calls = re.findall(r"call [^@]*@([\w.]+)", body[body.index("define") : body.index("\n}")])
    cold = {"ssad.stack_grow", "ssad.stack_shrink", "ssad.reset.slow"}
    assert set(calls) <= cold | {"llvm.ptrmask.p0.i64", "llvm.sideeffect"}


def test_counted_tape_loop_has_no_call() -> None:
    """A tape of exact size is one allocation before the loop and plain stores in it."""
    body = native(POW_TAPE).optimised_llvm
    main = body[body.index("@entry.f") :]
    assert len(re.findall(r"call .*@ssad\.alloc", main[: main.index("\n}")])) == 1


# Speed that LLVM has to be asked for

EXP = """
func @f(%x: f64[?; C], %y: f64[?; C]) -> () {
^entry:
  %n = dim %x {axis = 0}
  %m = dim %y {axis = 0}
  jump ^loop(0)
^loop(%k: i64):
  %more = lt %k, %n
  branch %more, ^body, ^exit
^body:
  %ok = in_range %k, %m
  check %ok, %k, %m {exc = "IndexError", message = "index {0} is out of bounds for size {1}"}
  %v = load %x, %k
  %e = OP %v
  store %y, %k, %e
  %k.1 = add %k, 1
  jump ^loop(%k.1)
^exit:
  return
}
"""


@pytest.mark.skipif(vectormath.library() is None, reason="this system has no libmvec")
@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tanh", "log1p", "erf", "exp2", "cbrt"])
def test_elementary_functions_vectorise(name: str) -> None:
    """A loop over an elementary function, bounds checks and all, calls libmvec, within 4 ulp."""
    text = EXP.replace("OP", name)
    function = native(text, Options())
    assert re.search(rf"call <\d x double> @_ZGV[bde]N\dv_{name}\(", function.optimised_llvm)
    x = np.linspace(0.1, 3, 1001)
    y, z = np.empty_like(x), np.empty_like(x)
    function.call([x, y])
    native(text).call([x, z])
    assert max(map(ulps, y, z)) <= 4
    with pytest.raises(IndexError, match=r"^index 7 is out of bounds for size 7"):
        function.call([x, y[:7]])


@pytest.mark.skipif(vectormath.library() is None, reason="this system has no libmvec")
@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("hypot", "%v, 1.0"),
        ("hypot", "2.0, %v"),
        ("pow", "%v, 1.5"),
        ("pow", "2.0, %v"),
        ("atan2", "1.0, %v"),
    ],
)
def test_functions_of_a_constant_vectorise(name: str, operands: str) -> None:
    """LLVM must not take the constant away from a function that stands for a vector function of two."""
    text = EXP.replace("OP %v", f"{name} {operands}")
    function = native(text, Options())
    x = np.linspace(0.1, 3, 1001)
    y, z = np.empty_like(x), np.empty_like(x)
    function.call([x, y])
    native(text).call([x, z])
    assert max(map(ulps, y, z)) <= 4


@pytest.mark.skipif(vectormath.library() is None, reason="this system has no libmvec")
def test_single_precision_vectorises() -> None:
    function = native(EXP.replace("OP", "exp").replace("f64", "f32"), Options())
    assert re.search(r"call <\d+ x float> @_ZGV[bde]N\d+v_expf\(", function.optimised_llvm)
    x = np.linspace(-3, 3, 1001, dtype=np.float32)
    y = np.empty_like(x)
    function.call([x, y])
    np.testing.assert_allclose(y, np.exp(x.astype(float)), rtol=5e-7)


@pytest.mark.skipif(vectormath.library() is None, reason="this system has no libmvec")
def test_conditional_calls_vectorise() -> None:
    """pow under a condition: both operands are vectors, one of them constant."""
    text = EXP.replace("%e = OP %v", "%p = pow %v, 0.5\n  %c = lt %v, 1.0\n  %e = select %c, %v, %p")
    function = native(text, Options())
    assert re.search(r"@_ZGV[bde]N\dvv_pow\(", function.optimised_llvm)
    x = np.linspace(0.1, 3, 1001)
    y = np.empty_like(x)
    function.call([x, y])
    assert max(map(ulps, y, np.where(x < 1, x, x**0.5))) <= 4


def test_no_vector_functions_unless_wanted() -> None:
    assert "_ZGV" not in native(EXP.replace("OP", "exp")).optimised_llvm


def test_strict_sums_keep_their_order() -> None:
    """Without flags a sum is added in order, with `reassoc` LLVM may vectorise it."""
    text = """
func @f(%x: f64[?; C]) -> f64 {
^entry:
  %n = dim %x {axis = 0}
  jump ^loop(0, 0.0)
^loop(%k: i64, %s: f64):
  %more = lt %k, %n
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k
  %s.1 = add %s, %v FLAGS
  %k.1 = add %k, 1
  jump ^loop(%k.1, %s.1)
^exit:
  return %s
}
"""
    x = np.random.default_rng(0).random(1000) * 10.0 ** np.arange(-500, 500).clip(-8, 8)
    in_order = 0.0
    for v in x:
        in_order += float(v)
    strict = native(text.replace("FLAGS", ""))
    assert strict.call([x]) == [in_order]
    assert "x double>" not in strict.optimised_llvm
    for function in (
        native(text.replace("FLAGS", '{fp = "reassoc nsz"}')),
        native(text.replace("FLAGS", '{fp = "reassoc contract nsz arcp afn"}')),
    ):
        assert "x double>" in function.optimised_llvm
        assert function.call([x])[0] == pytest.approx(in_order, rel=1e-12)


def test_quotients_stay_in_front_of_loops() -> None:
    """(a / b) * c with a loop-invariant quotient: LLVM would divide a * c in every iteration, if it might."""
    text = """
func @f(%x: f64[?; C], %a: f64, %b: f64) -> f64 {
^entry:
  %n = dim %x {axis = 0}
  %q = div %a, %b {fp = "reassoc contract nsz"}
  jump ^loop(0, 0.0)
^loop(%k: i64, %s: f64):
  %more = lt %k, %n
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k
  %p = mul %q, %v {fp = "reassoc contract nsz"}
  %s.1 = add %s, %p {fp = "reassoc contract nsz"}
  %k.1 = add %k, 1
  jump ^loop(%k.1, %s.1)
^exit:
  return %s
}
"""
    function = native(text)
    assert function.call([np.ones(3), 3.0, 4.0]) == [2.25]
    assert len(re.findall(r" fdiv ", function.optimised_llvm)) == 1
    assert re.search(r"fmul .*<\d x double>", function.optimised_llvm)
    assert not re.search(r"fdiv .*<\d x double>", function.optimised_llvm)


def test_pow_keeps_its_last_bit() -> None:
    """LLVM does not rewrite pow with a constant exponent."""
    for exponent in ("0.5", "2.0", "-1.0", "3.0", "0.25"):
        text = f"func @f(%x: f64) -> f64 {{\n^e:\n  %y = pow %x, {exponent}\n  return %y\n}}"
        function = native(text)
        for x in np.random.default_rng(3).random(200) * 10:
            assert function.call([x]) == [math.pow(x, float(exponent))]


def test_names_cannot_break_the_text() -> None:
    """Quotes, newlines, NULs and non-ASCII letters in names reach LLVM escaped."""
    module = Module()
    function = module.add(Function('λ "quoted"\n\0}'))
    block = function.add_block('^";')
    x = block.add_param(F64, 'x"\n}')
    block.term = return_([x])
    function.result_types.append(F64)
    assert compile_native(module, Options(debug=True)).call([2.0]) == [2.0]


def test_debug_information() -> None:
    """With `debug`, machine code knows its source lines."""
    text = """
func @f(%x: f64) -> f64 {
^entry:
  %y = sin %x @L1
  %z = mul %y, %x @L2
  return %z @L2
}
loc @L1 = "dir/src.py":3:4-3:20 in f
loc @L2 = "dir/src.py":4:4-4:20 in g at @L1
"""
    function = native(text, Options(debug=True))
    assert function.call([0.5]) == [math.sin(0.5) * 0.5]
    assert 'filename: "src.py"' in function.optimised_llvm and "inlinedAt" in function.optimised_llvm
    assert ".loc" in function.asm


SCOPED = """
func @f(%x: f64[?; C], %n: i64) -> f64 {
^entry:
  %y = alloc %n {type = "f64[?; C]"} : f64[?; C]
  %a = load %x, 0 : f64
  store %y, 0, %a
  %b = load %x, 0 : f64
  return %b
}
"""


def test_memory_that_is_apart_has_scopes_of_its_own() -> None:
    """LLVM may load once what the store between cannot change; where arguments overlap nothing is said."""
    module = parse_module(SCOPED)
    text = to_llvm(module).text
    body = text[text.index("define internal i32 @user.f") :].partition("\n}")[0]
    said = re.findall(r"(load|store) double[^\n]*(!alias.scope !\d+, !noalias !\d+)", body)
    assert [op for op, _ in said] == ["load", "store", "load"]
    assert said[0][1] == said[2][1] != said[1][1]
    assert "alias.scope" not in to_llvm(module, options=Options(noalias=False)).text
    assert compile_native(module, Options()).call([np.array([2.5]), 3]) == [2.5]
