"""Numbers of every type, from arrays, alone and with each other, against NumPy bit for bit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import ssad

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
MIXED = (
    ("int8", "uint8"),
    ("int32", "int64"),
    ("uint64", "int64"),
    ("uint32", "int32"),
    ("bool", "int8"),
    ("uint8", "float32"),
    ("int16", "float64"),
    ("int64", "float32"),
    ("float32", "float64"),
)


def edges(name: str) -> np.ndarray:
    """Values of a type at which something may go wrong."""
    dtype = np.dtype(name)
    if dtype.kind == "b":
        return np.array([True, False])
    if dtype.kind == "f":
        return np.array([0.0, -0.0, 1.5, -2.25, 3.0, 1e10, -7.0], dtype)
    info = np.iinfo(dtype)
    signed = [-1, -3, info.min + 1] if dtype.kind == "i" else []
    return np.unique(np.array([info.min, 0, 1, 2, 7, info.max - 1, info.max, *signed], dtype))


def arithmetic(a: Any, b: Any, i: int, j: int) -> Any:
    x, y = a[i], b[j]
    return x + y, x - y, x * y, x // y, x % y, x / y, x < y, x == y, x >= y, divmod(x, y), x != y, x


def of_one(a: Any, b: Any, i: int, j: int) -> Any:
    x = a[i]
    return (
        -x,
        abs(x),
        +x,
        x + 1,
        3 * x,
        x / 2,
        x**2,
        x % 7,
        x // 7,
        x + 1.5,
        int(x),
        float(x),
        bool(x),
        min(x, b[j]),
    )


def of_bits(a: Any, b: Any, i: int, j: int) -> Any:
    x, y = a[i], b[j]
    return x & y, x | y, x ^ y, x << y, x >> y, ~x, x << 1, x >> 1, x & 3


def with_scalars(a: Any, b: Any, i: int, j: int) -> Any:
    x = a[i]
    return np.int16(1) + x, np.float32(2.0) * x, np.uint8(3) - x, np.float64(0.5) / (x + 1), max(x, b[j])


def put(a: Any, b: Any, i: int, j: int) -> Any:
    a[i] = b[j]
    a[0] += b[j]
    a[i] -= 1
    return a[i], a[0]


def put_int(a: Any, v: int) -> Any:
    a[0] = v
    return a[0]


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(alike, a, b))
    return type(a) is type(b) and (np.array(a).tobytes() == np.array(b).tobytes() or (a != a and b != b))


def outcome(fn: Any, *args: Any) -> Any:
    with np.errstate(all="ignore"):
        try:
            return fn(*args)
        except (OverflowError, ZeroDivisionError, ValueError) as error:
            return type(error)


def compare(fn: Any, first: str, second: str) -> None:
    compiled, a, b = ssad.jit(fn, vector_math=False), edges(first), edges(second)
    if fn is of_one and first == "uint64":
        a = a[a < 2**63]  # a Python int has 64 bits with a sign
    for i, j in itertools.product(range(len(a)), range(len(b))):
        ours, theirs = outcome(compiled, a.copy(), b, i, j), outcome(fn, a.copy(), b, i, j)
        assert ours is theirs or alike(ours, theirs), (a[i], b[j], ours, theirs)


@pytest.mark.parametrize("name", [*INTEGERS, "float32", "float64"])
def test_of_one_type(name: str) -> None:
    for fn in (arithmetic, of_one, with_scalars, put):
        compare(fn, name, name)
    if name in INTEGERS:
        compare(of_bits, name, name)


@pytest.mark.parametrize(("first", "second"), MIXED)
def test_of_two_types(first: str, second: str) -> None:
    compare(arithmetic, first, second)
    if np.can_cast(second, first, "same_kind"):
        compare(put, first, second)


@pytest.mark.parametrize("name", INTEGERS)
def test_python_ints_into_arrays(name: str) -> None:
    compiled, info = ssad.jit(put_int), np.iinfo(name)
    for v in (info.min, -1, 0, 5, min(info.max, 2**63 - 1), info.min - 1, info.max + 1):
        if -(2**63) <= v < 2**63:
            a, b = np.zeros(2, name), np.zeros(2, name)
            assert outcome(compiled, a, v) == outcome(put_int, b, v)
            assert np.array_equal(a, b)


def test_gradients_keep_the_type_of_their_argument() -> None:
    def f(x: Any, y: Any) -> Any:
        s = x[0]
        for v in x:
            s = s * np.float32(0.5) + v * y
        return s

    x, y = np.arange(3, dtype=np.float32), np.float32(1.5)
    value, (gx, gy) = ssad.value_and_grad(f, argnums=(0, 1))(x, y)
    assert value.dtype == gx.dtype == np.float32 and type(gy) is np.float32
    assert value == f(x, y) and np.array_equal(gx, np.array([0.5, 0.75, 1.5], np.float32))
