"""Complex scalars against CPython and NumPy: operators, `cmath`, NumPy's functions, arguments and results."""

from __future__ import annotations

import cmath
import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import ArgumentError, DifferentiationError, TypingError

INF, NAN = math.inf, math.nan
PLAIN = [
    0j,
    complex(-0.0, 0.0),
    complex(0.0, -0.0),
    1 + 0j,
    -1 + 0j,
    2j,
    1.5 - 0.7j,
    -3.25 + 1e-3j,
    1e-3 - 40j,
]
EXTREME = [complex(1e200, -1e200), complex(1e-200, 3e-180), complex(5e-324, -1e-310), complex(1e308, 1e308)]
ODD = [complex(INF, 0.0), complex(-INF, NAN), complex(NAN, 1.0), complex(0.0, INF), complex(2.0, -INF)]
REALS = [0.0, -0.0, 1.0, -2.5, 1e200, INF, NAN, 3, -2, 0, True, np.float64(0.5), np.int64(-3)]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.eq, operator.ne]


def outcome(fn: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """What a call gives, so that equal outcomes are the same to the last bit (every nan is one)."""
    with np.errstate(all="ignore"):
        try:
            value = fn(*args)
        except ArithmeticError as error:
            return type(error).__name__, str(error)
        except ValueError as error:
            return type(error).__name__, str(error)
    return written(value)


def written(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return tuple(map(written, value))
    if isinstance(value, complex):
        return type(value).__name__, written(value.real)[1], written(value.imag)[1]
    if isinstance(value, float):
        return type(value).__name__, "nan" if math.isnan(value) else float(value).hex()
    return type(value).__name__, bool(value)


@functools.cache
def compiled(fn: Callable[..., Any]) -> Any:
    return ssad.jit(vector_math=False)(fn)


def check(fn: Callable[..., Any], *args: Any) -> None:
    expected, got = outcome(fn, *args), outcome(compiled(fn), *args)
    assert got == expected, f"{fn} of {args}: {got}, expected {expected}"


def near(fn: Callable[..., Any], *args: Any, ulp: float = 4.0) -> None:
    """Within `ulp` of the modulus; infinities and nan alike."""
    with np.errstate(all="ignore"):
        expected, got = fn(*args), compiled(fn)(*args)
    assert type(got) is type(expected)
    if not cmath.isfinite(complex(expected)):
        assert not cmath.isfinite(complex(got)), (args, got, expected)
        return
    assert abs(got - expected) <= ulp * 2.3e-16 * abs(expected) + 1e-307, (args, got, expected)


def _make(symbol: Callable[..., Any]) -> Callable[..., Any]:
    scope: dict[str, Any] = {"f": symbol}
    exec("def call(a, b):\n    return f(a, b)", scope)
    return scope["call"]  # type: ignore[no-any-return]


CALLS = {symbol: _make(symbol) for symbol in [*OPERATORS, operator.pow]}


@pytest.mark.parametrize("symbol", OPERATORS, ids=lambda f: f.__name__)
def test_operators_of_complex_numbers(symbol: Callable[..., Any]) -> None:
    for a, b in itertools.product(PLAIN + EXTREME + ODD, repeat=2):
        check(CALLS[symbol], a, b)
        check(CALLS[symbol], np.complex128(a), b)
        check(CALLS[symbol], a, np.complex128(b))
    for a, b in itertools.product(PLAIN + EXTREME + ODD, REALS):
        check(CALLS[symbol], a, b)
        check(CALLS[symbol], b, a)
        check(CALLS[symbol], np.complex128(a), b)
        check(CALLS[symbol], b, np.complex128(a))


def power_const(n: int) -> Callable[[Any], Any]:
    scope: dict[str, Any] = {}
    exec(f"def power(z):\n    return z ** {n}", scope)
    return scope["power"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("n", [*range(-6, 8), 31, 100, -100, 101, 2.0, -3.0, 0.5, 2.5, 1j, 2.5 - 1j])
def test_powers_known_at_compile_time(n: Any) -> None:
    fn = power_const(n)
    for z in PLAIN + EXTREME + ODD:
        check(fn, z)


def test_powers() -> None:
    exponents = [
        0,
        1,
        2,
        3,
        -1,
        -4,
        100,
        101,
        0.0,
        1.0,
        2.0,
        -2.0,
        0.5,
        -1.5,
        300.0,
        0j,
        2 + 0j,
        1j,
        -0.5 + 2j,
    ]
    for z, w in itertools.product(PLAIN + EXTREME, exponents):
        check(CALLS[operator.pow], z, w)
    for x, w in itertools.product([0.0, 2.0, -1.5, 3], [1j, 0.5 - 1j, 2 + 0j]):
        check(CALLS[operator.pow], x, w)
    for z, w in itertools.product([1.5 - 0.7j, 2j, -3.25 + 1e-3j], exponents):
        near(CALLS[operator.pow], np.complex128(z), w, ulp=200.0 if abs(w) >= 100 else 16.0)


UNARY: list[Callable[[Any], Any]] = [
    lambda z: -z,
    lambda z: +z,
    lambda z: abs(z),
    lambda z: z.conjugate(),
    lambda z: z.real,
    lambda z: z.imag,
    lambda z: bool(z),
    lambda z: not z,
    lambda z: complex(z),
    lambda z: complex(z, z),
    lambda z: complex(1.5, z),
    lambda z: complex(z, 2.0),
    lambda z: np.complex128(z),
    lambda z: np.conj(z),
    lambda z: np.real(z),
    lambda z: np.imag(z),
    lambda z: np.angle(z),
    lambda z: np.isnan(z),
    lambda z: np.isfinite(z),
    lambda z: np.negative(z),
    lambda z: (z == 1, z != 1.0, z == 2j, isinstance(z, complex)),
]


@pytest.mark.parametrize("fn", UNARY, ids=range(len(UNARY)))
def test_functions_of_one_number(fn: Callable[[Any], Any]) -> None:
    for z in PLAIN + EXTREME + ODD:
        check(fn, z)
        check(fn, np.complex128(z))


def test_parts_of_real_numbers() -> None:
    def parts(x: Any) -> Any:
        return x.real, x.imag, x.conjugate(), np.real(x), np.imag(x)

    for x in (1.5, 3, True, np.float64(2.0), np.int32(4), np.float32(0.5)):
        got, expected = compiled(parts)(x), parts(x)
        assert list(map(type, got)) == list(map(type, expected))
        assert got == expected


def points() -> list[complex]:
    rng = np.random.default_rng(7)
    grid = [complex(x, y) for x in GRID for y in GRID]
    sizes = 10.0 ** rng.integers(-12, 4, size=400)
    return grid + list((rng.normal(size=400) + 1j * rng.normal(size=400)) * sizes)


GRID = [-INF, -2.3, -1.0, -0.0, 0.0, 1.0, 0.5, 2.3, 710.0, 1e300, 1e-310, INF, NAN]
FUNCTIONS = [
    "exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan",
    "asinh", "acosh", "atanh", "phase", "polar", "isnan", "isinf", "isfinite",
]  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_cmath(name: str) -> None:
    fn = _of_one(getattr(cmath, name))
    for z in points():
        check(fn, complex(z))
    check(fn, 2.0)
    check(fn, np.float64(-0.5))


def _of_one(function: Callable[..., Any]) -> Callable[[Any], Any]:
    scope: dict[str, Any] = {"f": function}
    exec("def call(z):\n    return f(z)", scope)
    return scope["call"]  # type: ignore[no-any-return]


def test_cmath_of_two_numbers() -> None:
    def rect(r: float, phi: float) -> complex:
        return cmath.rect(r, phi)

    def log(z: complex, base: complex) -> complex:
        return cmath.log(z, base)

    def close(z: complex, w: complex) -> bool:
        return cmath.isclose(z, w, rel_tol=1e-3) or cmath.isclose(z, w, abs_tol=0.5)

    for r, phi in itertools.product(GRID, repeat=2):
        check(rect, r, phi)
    for z, w in itertools.product([*PLAIN, 10 + 0j, 1 + 0j, ODD[0]], repeat=2):
        check(log, z, w)
        check(close, z, w)
        check(close, z, z * 1.0001)


NUMPY = [
    "exp", "exp2", "expm1", "log", "log10", "log2", "log1p", "sqrt", "square", "sin", "cos", "tan", "sinh",
    "cosh", "tanh", "abs", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "reciprocal",
]  # fmt: skip


@pytest.mark.parametrize("name", NUMPY)
def test_numpy(name: str) -> None:
    fn = _of_one(getattr(np, name))
    rng = np.random.default_rng(11)
    for z in rng.normal(size=(200, 2)) @ [1, 1j] * 3.0:
        near(fn, np.complex128(z), ulp=8.0)
        near(fn, complex(z), ulp=8.0)


# Arguments, results, derivatives


def test_arguments_and_results_keep_their_kind() -> None:
    def f(z: Any, w: Any) -> Any:
        return z * w, z, (w.real, z)

    for z, w in ((1 + 2j, 3.0), (np.complex128(1 + 2j), 1j), (2.0, np.complex128(1j)), (1j, np.float64(2.0))):
        assert written(ssad.jit(f)(z, w)) == written(f(z, w))


def test_a_number_that_is_complex_on_one_path_is_complex() -> None:
    def power(z: complex, n: int) -> Any:
        product = 1
        for _ in range(n):
            product = product * z
        return product

    assert ssad.jit(power)(1 + 2j, 3) == (1 + 2j) ** 3
    assert ssad.jit(power)(1 + 2j, 0) == 1


def loss(z: complex) -> float:
    w = cmath.exp(1j * z) * (1.0 + 2.0j)
    return abs(w) + (w * w.conjugate()).real + w.imag


def test_the_gradient_points_uphill() -> None:
    """dL/dx + i dL/dy of L(x + iy), as PyTorch has it."""
    z, h = 0.3 - 0.2j, 1e-6
    slopes = [(loss(z + d) - loss(z - d)) / (2 * h) for d in (h, 1j * h)]
    gradient = ssad.grad(loss)(z)
    assert type(gradient) is complex
    np.testing.assert_allclose([gradient.real, gradient.imag], slopes, rtol=1e-8)
    assert type(ssad.grad(loss)(np.complex128(z))) is np.complex128
    _, tangent = ssad.jvp(loss, (z,), (1 - 2j,))
    np.testing.assert_allclose(tangent, (gradient * (1 - 2j).conjugate()).real)
    ssad.check_grads(loss, z)


def test_tangents_and_cotangents_are_complex() -> None:
    def f(z: complex, w: complex) -> complex:
        return z * z * w.conjugate()

    z, w, z_dot, w_dot, y_bar = 1 + 2j, 0.5 - 1j, 0.3 + 0.1j, -2 + 1j, 1.5 - 0.25j
    value, tangent = ssad.jvp(f, (z, w), (z_dot, w_dot))
    assert value == f(z, w)
    np.testing.assert_allclose(tangent, 2 * z * z_dot * w.conjugate() + z * z * w_dot.conjugate())
    value, pullback = ssad.vjp(f, z, w)
    z_bar, w_bar = pullback(y_bar)
    np.testing.assert_allclose(z_bar, y_bar * (2 * z * w.conjugate()).conjugate())
    np.testing.assert_allclose(w_bar, y_bar.conjugate() * z * z)
    left = (y_bar * tangent.conjugate()).real
    right = (z_bar * z_dot.conjugate() + w_bar * w_dot.conjugate()).real
    np.testing.assert_allclose(left, right)


def test_exponents_that_happen_to_be_integers_have_derivatives() -> None:
    def f(z: complex, x: float) -> float:
        return (z**x).real

    for x in (2.0, -3.0, 1.0, 2.5):
        got = ssad.grad(f, argnums=(0, 1))(1.5 - 0.5j, x)
        z = 1.5 - 0.5j
        np.testing.assert_allclose(got[1], (z**x * cmath.log(z)).real, rtol=1e-12)
        np.testing.assert_allclose(got[0], (x * z ** (x - 1)).conjugate(), rtol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS[:16])
@pytest.mark.parametrize("z", [0.3 + 0.4j, -0.6 + 0.1j, 0.25 + 0j, 0.5j, -1.5 - 2j, complex(2.0, -3.0)])
def test_slopes_of_cmath(name: str, z: complex) -> None:
    """f' from differences of CPython's function, along and across."""
    function = getattr(cmath, name)
    fn = _of_one(function)
    from ssad.api.checking import derivative

    cut = {"acosh": z.real < 1.0, "log": z.real < 0.0, "log10": z.real < 0.0, "sqrt": z.real < 0.0}
    directions = [1.0] if z.imag == 0.0 and cut.get(name) else [1.0, 1j]
    for direction in directions:

        def along(t: float, d: complex = direction) -> Any:
            return np.array(function(z + t * d))

        expected = complex(derivative(along)) / direction
        got = ssad.jvp(fn, (complex(z),), (complex(direction),), vector_math=False)[1] / direction
        assert abs(got - expected) <= 1e-8 * max(1.0, abs(expected)), (got, expected)


def test_refusals() -> None:
    z = 1 + 2j
    with pytest.raises(DifferentiationError, match="this one returns complex") as error:
        ssad.grad(lambda z: z * z)(z)
    assert "abs(z)" in str(error.value)
    assert len(str(error.value).splitlines()) <= 6
    for fn in (lambda z: z < 1, lambda z: z // 2, lambda z: float(z), lambda z: math.sin(z), lambda z: ~z):
        with pytest.raises(TypingError):
            ssad.jit(fn)(z)
    with pytest.raises(ArgumentError, match="complex64"):
        ssad.jit(loss)(np.complex64(z))
    with pytest.raises(TypingError, match="complex64"):
        ssad.jit(lambda x: x * 1j)(np.float32(1.0))
    with pytest.raises(ArgumentError):
        ssad.jvp(lambda x: x * x, (1.0,), (1j,))


# Arrays


def test_arrays_come_and_go() -> None:
    def double(z: Any, n: int) -> Any:
        w = np.empty_like(z)
        for k in range(n):
            w[k] = 2.0 * z[k]
        return w, z, z[1:], z.real

    z = np.array([1 + 2j, 3j, 4.0])
    got, expected = ssad.jit(double)(z, 3), double(z, 3)
    for a, b in zip(got, expected, strict=True):
        assert (a.dtype, a.shape, a.tolist()) == (b.dtype, b.shape, b.tolist())
    got[2][0] = 7j
    assert z[1] == 7j
    frozen = z.copy()
    frozen.flags.writeable = False
    assert ssad.jit(double)(frozen, 3)[0].tolist() == (2.0 * z).tolist()


def test_pullbacks_and_tangents_of_arrays() -> None:
    def square(z: Any) -> Any:
        w = z.copy()
        for k in range(len(z)):
            w[k] = z[k] * z[k]
        return w

    z, v = np.array([1 + 2j, 3j]), np.array([0.5 - 1j, 2.0])
    np.testing.assert_allclose(ssad.jvp(square, (z,), (v,))[1], 2 * z * v)
    np.testing.assert_allclose(ssad.vjp(square, z)[1](v)[0], v * (2 * z).conj())
    ssad.check_grads(square, z)


def test_parts_of_arrays_are_views() -> None:
    def f(z: Any, x: float) -> float:
        w = z.copy()
        w.real[1] = x
        w.imag.fill(0.5 * x)
        re = z.real
        return abs(w[0] * w[1]) + re[1] * z.imag[0]

    z = np.array([1 + 2j, 3j])
    assert ssad.jit(f)(z, 0.7) == f(z, 0.7)
    ssad.check_grads(f, z, 0.7)


def test_matrices_of_derivatives_are_refused() -> None:
    z = np.array([1 + 2j, 3j])
    for call in (ssad.hessian(loss), ssad.jacobian(loss)):
        with pytest.raises(DifferentiationError, match="complex"):
            call(1 + 2j)
    with pytest.raises(DifferentiationError, match="complex"):
        ssad.jacobian(lambda z: z.copy())(z)
    with pytest.raises(DifferentiationError, match="complex"):
        ssad.jacobian(lambda x: x * 1j)(1.0)
    with pytest.raises(ArgumentError, match="complex64"):
        ssad.jit(lambda z: z[0])(z.astype(np.complex64))
