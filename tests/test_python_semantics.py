"""The program is what CPython runs: globals, exceptions, integers, options."""

from __future__ import annotations

import enum
import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError
from tests.oracle.tape import gradient
from tests.outside import log_sum_exp, random, refused, squares

# Globals and closures that change

CAPTURED = np.array([1.0, 2.0])
FACTOR = 2.0
COUNT = 3


def reads_globals(x: float) -> Any:
    total = 0.0
    for i in range(COUNT):
        total += CAPTURED[i % len(CAPTURED)] * x * FACTOR
    return total


def test_globals_that_change_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    g = ssad.jit_grad(reads_globals)
    assert g(1.0) == 8.0
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert g(1.0) == 12.0
    monkeypatch.setitem(globals(), "COUNT", 4)
    assert g(1.0) == 18.0
    monkeypatch.setitem(globals(), "FACTOR", 3)
    assert g(1.0) == 18.0
    original = CAPTURED.copy()
    CAPTURED[0] = 10.0
    assert g(1.0) == 72.0
    CAPTURED[:] = original
    monkeypatch.setitem(globals(), "CAPTURED", np.array([[5.0], [7.0]]).ravel()[::-1])
    assert g(1.0) == 72.0
    monkeypatch.setitem(globals(), "CAPTURED", np.array([1, 2]))
    assert g(1.0) == 18.0
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert reads_globals(1.0) == ssad.value_and_grad(reads_globals)(1.0)[0] == g(1.0)


def test_a_global_function_that_changes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        return squares(x)

    g = ssad.jit_grad(f)
    x = random(2, 2)
    np.testing.assert_allclose(g(x), gradient(squares, (x,))[1], rtol=1e-14)
    monkeypatch.setitem(globals(), "squares", lambda x: x[0, 0])
    np.testing.assert_array_equal(g(x), [[1.0, 0.0], [0.0, 0.0]])


def test_closures_that_change_are_noticed() -> None:
    scale = 2.0

    @ssad.jit_grad
    def f(x: float) -> float:
        return scale * x * x

    assert f(3.0) == 12.0
    scale = 5.0
    assert f(3.0) == 30.0


def test_a_captured_array_is_written() -> None:
    seen = np.zeros(2)

    @ssad.jit_grad
    def f(x: float) -> Any:
        seen[0] = x * x
        return seen[0] * x

    assert f(2.0) == 12.0
    np.testing.assert_array_equal(seen, [4.0, 0.0])


def test_a_captured_array_that_is_also_an_argument() -> None:
    shared = random(3)

    def f(x: Any) -> Any:
        total = 0.0
        for i in range(len(x)):
            total += shared[i] * x[i] * x[i]
            shared[i] = 2.0
        return total

    g = ssad.jit_grad(f)
    other = random(3, seed=1)
    before = shared.copy()
    np.testing.assert_allclose(g(other), 2.0 * before * other, rtol=1e-14)
    shared[:] = before
    value, bar = g.value_and_grad(shared)
    by_python = before.copy()
    expected = 0.0
    for i in range(3):
        expected += by_python[i] * by_python[i] * by_python[i]
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(bar, 3.0 * before**2, rtol=1e-14)
    np.testing.assert_array_equal(shared, [2.0, 2.0, 2.0])


# Exceptions and options


def test_error_model_numpy() -> None:
    def f(x: float, y: float) -> float:
        return x / y + math.log(x)

    for door in (ssad.jit, ssad.jit_grad):
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            door(f)(1.0, 0.0)
        with pytest.raises(ValueError):
            door(f)(-1.0, 1.0)
    assert ssad.jit(error_model="numpy")(f)(1.0, 0.0) == math.inf
    assert math.isnan(ssad.jit(error_model="numpy")(f)(-1.0, 1.0))
    assert ssad.jit_grad(error_model="numpy")(f)(1.0, 0.0) == math.inf
    assert ssad.jit_grad(error_model="numpy")(f)(2.0, 4.0) == 0.75


def test_error_model_numpy_still_checks_indices() -> None:
    for call in (ssad.jit(error_model="numpy")(lambda x, i: x[i]), ssad.grad(lambda x, i: x[i])):
        with pytest.raises(IndexError):
            call(random(2), 2)


def test_fastmath_reorders_only() -> None:
    x = random(1001)
    exact = ssad.value_and_grad(log_sum_exp, argnums=(0, 1))(x, 0.5)
    fast = ssad.value_and_grad(log_sum_exp, argnums=(0, 1), fastmath=True)(x, 0.5)
    assert fast[0] == pytest.approx(exact[0], rel=1e-13)
    np.testing.assert_allclose(fast[1][0], exact[1][0], rtol=1e-12)
    assert fast[1][1] == pytest.approx(exact[1][1], rel=1e-12)
    with pytest.raises(IndexError):
        ssad.jit(fastmath=True)(lambda x, i: x[i])(x, 5000)
    assert math.isnan(ssad.jit(fastmath=True)(lambda x: x[0] * 2.0)(np.array([math.nan])))


def test_unknown_option() -> None:
    assert "fastmath" in refused(TypeError, ssad.jit, fast_math=True)
    refused(TypeError, ssad.jit_grad, error_model="fortran")
    refused(TypeError, ssad.hvp, lambda x: x, 1.0, 1.0, nonsense=1)


def test_integers_overflow_as_their_type_does() -> None:
    def product(n: Any) -> Any:
        return n * n + n

    big = 3_037_000_500
    for n in (1, -big, big):
        if abs(n) < 2**31:
            assert ssad.jit(product)(n) == product(n)
        else:
            with pytest.raises(OverflowError) as caught:
                ssad.jit(product)(n)
            assert caught.value.__notes__
    with np.errstate(over="ignore"):
        wrapped = ssad.jit(product)(np.int64(big))
        assert wrapped == product(np.int64(big)) and type(wrapped) is np.int64
        narrow = ssad.jit(product)(np.int32(100_000))
        assert narrow == product(np.int32(100_000)) and type(narrow) is np.int32


@pytest.mark.parametrize("op", ["+", "-", "*", "<<", "**"])
def test_overflow_of_every_operator(op: str) -> None:
    fn = eval(f"lambda a, b: a {op} b")
    compiled = ssad.jit(fn)
    small = 62 if op == "<<" else 2**62 if op in "+-" else 4_611_686_018
    for a, b in (
        (2**62, small),
        (-(2**62), small),
        (2, 3),
        (-(2**63), 1),
        (2**63 - 1, 1),
        (-(2**62), 2),
        (-1, 62),
    ):
        if op == "**" and b > 100:
            continue
        expected = fn(a, b)
        if -(2**63) <= expected < 2**63:
            assert compiled(a, b) == expected, (a, op, b)
        else:
            with pytest.raises(OverflowError):
                compiled(a, b)


def test_negation_abs_and_division_at_the_smallest_integer() -> None:
    low = -(2**63)
    for fn in (lambda n: -n, lambda n: abs(n), lambda n: n // -1):
        assert ssad.jit(fn)(low + 1) == 2**63 - 1
        with pytest.raises(OverflowError):
            ssad.jit(fn)(low)
    assert ssad.jit(lambda n: n % -1)(low) == 0


RAISES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("float /", lambda x, y: x / y, (1.0, 0.0)),
    ("float //", lambda x, y: x // y, (1.0, 0.0)),
    ("float %", lambda x, y: x % y, (1.0, 0.0)),
    ("int /", lambda x, y: x / y, (1, 0)),
    ("int //", lambda x, y: x // y, (1, 0)),
    ("int %", lambda x, y: x % y, (1, 0)),
    ("0.0 ** -1", lambda x, y: x**y, (0.0, -1.0)),
    ("large **", lambda x, y: x**y, (1e200, 2.0)),
    ("divmod", lambda x, y: divmod(x, y)[0], (1, 0)),
    ("log(-1)", lambda x: math.log(x), (-1.0,)),
    ("log(0)", lambda x: math.log(x), (0.0,)),
    ("log2", lambda x: math.log2(x), (0.0,)),
    ("log1p", lambda x: math.log1p(x), (-1.0,)),
    ("sqrt", lambda x: math.sqrt(x), (-1.0,)),
    ("exp", lambda x: math.exp(x), (1000.0,)),
    ("cosh", lambda x: math.cosh(x), (1000.0,)),
    ("acos", lambda x: math.acos(x), (1.5,)),
    ("atanh", lambda x: math.atanh(x), (1.0,)),
    ("sin(inf)", lambda x: math.sin(x), (math.inf,)),
    ("pow", lambda x: math.pow(x, 0.5), (-1.0,)),
    ("fmod", lambda x: math.fmod(x, 0.0), (1.0,)),
    ("gamma", lambda x: math.gamma(x), (-1.0,)),
    ("lgamma", lambda x: math.lgamma(x), (0.0,)),
    ("int(nan)", lambda x: int(x) * 1.0, (math.nan,)),
    ("int(inf)", lambda x: int(x) * 1.0, (math.inf,)),
    ("round(inf)", lambda x: round(x) * 1.0, (math.inf,)),
    ("floor(nan)", lambda x: math.floor(x) * 1.0, (math.nan,)),
    ("shift", lambda n: 1 << n, (-1,)),
    ("index", lambda x, i: x[i], (np.ones(3), 3)),
    ("negative index", lambda x, i: x[i], (np.ones(3), -4)),
    ("second index", lambda x, i: x[0, i], (np.ones((2, 3)), 3)),
    ("empty", lambda x: x[0], (np.zeros(0),)),
    ("range step", lambda n: len(range(0, 5, n)), (0,)),
    ("negative size", lambda n: np.zeros(n)[0], (-1,)),
]


@pytest.mark.parametrize(("fn", "args"), [r[1:] for r in RAISES], ids=[r[0] for r in RAISES])
def test_exceptions_are_those_of_cpython(fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
    with pytest.raises(Exception) as by_python:
        fn(*args)
    doors: list[Callable[..., Any]] = [ssad.jit(fn)]
    if isinstance(args[0], float):
        doors.append(ssad.jit_grad(fn))
    for door in doors:
        with pytest.raises(type(by_python.value)) as caught:
            door(*args)
        if isinstance(caught.value, SsadError):
            assert caught.value.cure  # refused while compiling
            continue
        assert type(caught.value) is type(by_python.value)
        assert str(caught.value) == str(by_python.value)
        assert any(
            f"test_python_semantics.py:{fn.__code__.co_firstlineno} " in n for n in caught.value.__notes__
        )


def test_index_error_names_index_axis_size_and_line() -> None:
    def f(x: Any, i: int) -> Any:
        total = 0.0
        for k in range(3):
            total += x[k, i + k]
        return total

    with pytest.raises(IndexError) as caught:
        ssad.grad(f)(np.ones((3, 4)), 3)
    assert str(caught.value) == "index 4 is out of bounds for axis 1 with size 4"
    line = f.__code__.co_firstlineno + 3
    assert [n for n in caught.value.__notes__ if f"test_python_semantics.py:{line} in" in n]


def test_the_note_names_the_chain_of_inlined_calls() -> None:
    def root(x: float) -> float:
        return math.sqrt(x)

    def caller(x: float) -> float:
        return root(x - 5.0)

    with pytest.raises(ValueError) as caught:
        ssad.jit(caller)(1.0)
    notes = "\n".join(caught.value.__notes__)
    assert f"test_python_semantics.py:{root.__code__.co_firstlineno + 1} " in notes
    assert f"test_python_semantics.py:{caller.__code__.co_firstlineno + 1} " in notes


def test_unbound_local() -> None:
    def f(x: float, n: int) -> float:
        for i in range(n):
            y = x * i
        return y * i

    g = ssad.jit_grad(f)
    assert g(3.0, 3) == 4.0
    with pytest.raises(UnboundLocalError, match="cannot access local variable 'y'") as caught:
        g(3.0, 0)
    assert caught.value.__notes__


@functools.cache
def remembered(x: float) -> float:
    return x * math.exp(-x)


def test_a_cached_function_is_what_it_computes() -> None:
    def f(x: float) -> float:
        return remembered(x) * remembered(2.0 * x)

    value, slope = ssad.value_and_grad(f)(0.7)
    assert value == f(0.7)
    assert slope == pytest.approx((f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6, rel=1e-7)


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


def test_an_enum_by_value_and_by_name() -> None:
    assert ssad.jit(lambda x: x * Level(2).value + Level["LOW"].value)(1.5) == 4.0
    with pytest.raises(ValueError, match="3 is not a valid Level"):
        ssad.jit(lambda x: x * Level(3).value)(1.5)
    with pytest.raises(KeyError, match="MIDDLE"):
        ssad.jit(lambda x: x * Level["MIDDLE"].value)(1.5)
    with pytest.raises(SsadError, match="known at run time only"):
        ssad.jit(lambda n: Level(n).value)(2)


def test_a_rest_of_too_few() -> None:
    def f(x: Any) -> Any:
        first, *rest, last = x
        return first * last + len(rest)

    compiled = ssad.jit(f)
    for n in range(5):
        x = np.arange(1.0, n + 1.0)
        try:
            expected = f(x)
        except ValueError as error:
            with pytest.raises(ValueError, match=re.escape(str(error))):
                compiled(x)
        else:
            assert compiled(x) == expected


class OwnError(Exception):
    pass


def raised_from_what_was_caught(x: float) -> float:
    try:
        return 1.0 / x
    except ZeroDivisionError as error:
        raise OwnError(f"no inverse of {x:.1f}", x) from error


def raised_from_a_new_one(x: float) -> float:
    if x == 0.0:
        raise ValueError(x, "zero") from KeyError("a", 2.0 * x + 1.0)
    return x


def raised_from_a_class(x: float) -> float:
    if x == 0.0:
        raise ValueError("zero") from LookupError
    return x


def raised_from_nothing(x: float) -> float:
    try:
        return 1.0 / x
    except ZeroDivisionError:
        raise ValueError("zero") from None


@pytest.mark.parametrize(
    "fn", [raised_from_what_was_caught, raised_from_a_new_one, raised_from_a_class, raised_from_nothing]
)
def test_an_exception_knows_its_cause(fn: Callable[[float], float]) -> None:
    assert ssad.jit(fn)(2.0) == fn(2.0)
    with pytest.raises(Exception) as theirs:
        fn(0.0)
    for compiled in (ssad.jit(fn), ssad.grad(fn)):
        with pytest.raises(type(theirs.value)) as ours:
            compiled(0.0)
        assert ours.value.args == theirs.value.args
        cause, expected = ours.value.__cause__, theirs.value.__cause__
        assert type(cause) is type(expected)
        assert cause is None or (expected is not None and cause.args == expected.args)
