"""The tape: CPython's values and exceptions, and gradients that rule-free differences confirm."""

import math
import struct

import numpy as np
import pytest

from tests.corpus import registry
from tests.oracle.arguments import copy_arguments, overlapping
from tests.oracle.differences import CONTINUATIONS, complex_step, richardson
from tests.oracle.tape import SLOPES, detach, gradient

ALL = registry.cases() + registry.array_valued()
FAR_FROM_KINKS = [case for case in ALL if not case.tags & {"kink", "float32", "nonfinite"}]


def _name(case: registry.Case) -> str:
    return case.name


def _seed(result):
    return np.linspace(0.5, 1.5, len(result)) if isinstance(result, np.ndarray) else None


def _bits(value):
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return type(value), struct.pack("d", value)


def _close(got, wanted, tolerance):
    got, wanted = (np.concatenate([np.ravel(part) for part in parts]) for parts in (got, wanted))
    assert got.shape == wanted.shape
    scale = max(1.0, np.abs(wanted).max(initial=0.0))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("case", ALL, ids=_name)
@np.errstate(all="ignore")
def test_value_is_that_of_cpython(case):
    for args in case.argument_sets():
        untouched = copy_arguments(args)
        plain = case.fn(*copy_arguments(args))
        value, _ = gradient(case.fn, args, case.argnums, _seed(plain))
        assert _bits(value) == _bits(plain)
        for before, after in zip(untouched, args, strict=True):
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("case", registry.raising(), ids=_name)
def test_exception_is_that_of_cpython(case):
    for args in case.argument_sets():
        with pytest.raises(case.raises) as plain:
            case.fn(*copy_arguments(args))
        with pytest.raises(case.raises) as taped:
            gradient(case.fn, args, case.argnums)
        assert str(taped.value) == str(plain.value)


def _is_total(args, case):
    """Whether overlapping arguments report one shared total, because one of them is written."""
    after = copy_arguments(args)
    case.fn(*after)
    return any(not np.array_equal(after[k], args[k]) for k in overlapping(args))


REAL = [case for case in ALL if "kink" not in case.tags and "complex" not in case.name]


@pytest.mark.parametrize("case", REAL, ids=_name)
def test_gradient_is_the_complex_step(case):
    with np.errstate(all="ignore"):
        for args in case.argument_sets():
            plain = case.fn(*copy_arguments(args))
            seed, separate = _seed(plain), not _is_total(args, case)
            _, bars = gradient(case.fn, args, case.positions, seed)
            stepped = complex_step(case.fn, args, case.positions, seed, separate=separate)
            if case.positions:
                _close(bars, stepped, 1e-11)


@pytest.mark.parametrize("case", [case for case in FAR_FROM_KINKS if case.smooth], ids=_name)
def test_gradient_is_the_limit_of_differences(case):
    for args in case.argument_sets():
        plain = case.fn(*copy_arguments(args))
        seed, separate = _seed(plain), not _is_total(args, case)
        _, bars = gradient(case.fn, args, case.positions, seed)
        if case.positions and "stride0" not in case.tags:
            _close(bars, richardson(case.fn, args, case.positions, seed, step=1e-3, separate=separate), 1e-7)


POINTS = {
    **{name: [(1.7,), (3.2,)] for name in ("acosh", "gamma", "lgamma")},
    **{name: [(0.4,), (2.5,)] for name in ("log", "log2", "log10", "sqrt")},
    **{name: [(0.4,), (-0.7,)] for name in ("asin", "acos", "atanh", "log1p")},
    "pow": [(1.3, -0.7), (0.2, 3.0)],
    "ldexp": [(0.7, 3)],
    "clip": [(0.5, -1.0, 2.0), (-3.0, -1.0, 2.0), (3.0, -1.0, 2.0), (0.5, 2.0, 1.0)],
    "sum": [(0.3, -0.7, 2.0)],
    "prod": [(0.3, -0.7, 2.0)],
}
UNARY_POINTS, BINARY_POINTS = [(0.6,), (-1.4,)], [(0.6, 1.9), (-2.3, 0.7), (5.2, -1.1)]
MATH_NAMES = [name for name in SLOPES if hasattr(math, name) and name not in ("copysign", "prod")]


def _points(name):
    binary = SLOPES[name].__code__.co_argcount == 3 and name != "log"
    return POINTS.get(name, BINARY_POINTS if binary or name == "hypot" else UNARY_POINTS)


@pytest.mark.parametrize("name", SLOPES)
def test_every_slope_is_the_complex_step(name):
    for point in _points(name):
        value = CONTINUATIONS[name](*map(complex, point)).real
        slopes = SLOPES[name](np.float64(value), *map(np.float64, point))
        for k, slope in enumerate(slopes):
            stepped = [complex(x, 1e-40 * (i == k)) for i, x in enumerate(point)]
            expected = CONTINUATIONS[name](*stepped).imag / 1e-40 if not isinstance(point[k], int) else 0.0
            assert (slope or 0.0) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", MATH_NAMES)
def test_every_math_function_is_the_limit_of_differences(name):
    function = getattr(math, name)
    for point in _points(name):
        argnums = tuple(k for k, x in enumerate(point) if isinstance(x, float))
        value, bars = gradient(lambda *args: function(*args), point, argnums)
        assert value == function(*point)
        differences = richardson(function, point, argnums, step=1e-2)
        np.testing.assert_allclose(bars, differences, rtol=1e-8, atol=1e-8)


def test_kinks():
    assert gradient(lambda x: abs(x), (0.0,))[1] == 0.0
    assert gradient(lambda x, y: max(x, y), (1.0, 1.0), (0, 1))[1] == (1.0, 0.0)
    assert gradient(lambda x, y: min(x, y), (1.0, 1.0), (0, 1))[1] == (1.0, 0.0)
    assert gradient(lambda x: math.sqrt(x), (0.0,))[1] == math.inf
    assert gradient(lambda x: x**0, (0.0,))[1] == 0.0
    assert gradient(lambda x, y: x**y, (0.0, 2.0), (0, 1))[1] == (0.0, 0.0)
    assert gradient(lambda x, y: x % y, (-7.5, 2.0), (0, 1))[1] == (1.0, 4.0)
    assert gradient(lambda x: x // 0.3 + round(x) + math.floor(x) + int(x), (0.7,))[1] == 0.0


def test_overlapping_arguments():
    def dot(x, y):
        return x[0] * y[0] + x[1] * y[1]

    def scaled_dot(x, y):
        y[0] = 2.0 * x[0]
        return dot(x, y)

    x = np.array([3.0, 5.0])
    np.testing.assert_array_equal(gradient(dot, (x, x))[1], x)
    np.testing.assert_array_equal(gradient(scaled_dot, (x, x))[1], [24.0, 10.0])


def test_views_share_cells():
    def through_views(x):
        x[1:][0] = x[0] * 2.0
        x[:, None][2, 0] *= x.T[1]
        x[::2] = 0.5
        x[:2] = x[1:3]
        return x[0] * 10.0 + x[1] + x[2]

    _, bar = gradient(through_views, (np.array([1.0, 2.0, 3.0]),))
    np.testing.assert_array_equal(bar, [20.0, 0.0, 0.0])


def test_seeds_of_several_results():
    value, bars = gradient(lambda x, y: (x * y, x + y), (2.0, 3.0), (0, 1), (10.0, 1.0))
    assert value == (6.0, 5.0)
    assert bars == (31.0, 21.0)


def test_stop_gradient_by_replacement():
    def stop(x):
        return x

    assert gradient(lambda x: stop(x) * x, (3.0,), replace={stop: detach})[1] == 3.0


def test_unknown_functions_are_refused():
    with pytest.raises(TypeError):
        gradient(lambda x: np.dot(x, x), (np.ones(3),))
    with pytest.raises(TypeError):
        gradient(lambda x: math.nextafter(x, 2.0), (1.0,))
    with pytest.raises(TypeError):
        gradient(lambda n: n * 2.0, (3,))


def test_sum_of_floats_is_the_builtin():
    args = (0.1, 1e16, 0.2)
    value, bars = gradient(lambda x, y, z: sum((x, y, z, -1e16)), args, (0, 1, 2))
    assert value == sum((*args, -1e16))
    assert bars == (1.0, 1.0, 1.0)


def test_long_tapes_unwind():
    def walk(x, n):
        for _ in range(n):
            x = x * 0.999 + 0.001
        return x

    _, bar = gradient(walk, (2.0, 100_000))
    assert bar == pytest.approx(0.999**100_000)
