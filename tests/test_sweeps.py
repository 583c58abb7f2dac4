"""Sweeps over the corpus: values against CPython, gradients against the operator-overloading tape, both
modes.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.ad.signature import Slot
from ssad.backend import interp
from ssad.errors import UsageError
from ssad.frontend.arguments import abstract_of
from ssad.ir.equal import same_module
from ssad.ir.parser import parse_module
from ssad.ir.verify import verify
from ssad.pipeline import NEEDED, Recipe, Step, Trace, stage
from ssad.shadows import as_reals
from tests.corpus.registry import Case, array_valued, cases, raising
from tests.oracle import tape
from tests.oracle.arguments import copy_arguments

EXACT = {"vector_math": False}
TOLERANCE = 1e-12


def _id(case: Case) -> str:
    return case.name


@functools.cache
def native(fn: Callable[..., Any]) -> Any:
    return ssad.jit(**EXACT)(fn)


@functools.cache
def gradient(fn: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
    return ssad.grad(fn, argnums=argnums, mode="reverse", **EXACT)


def assert_close(got: Any, expected: Any, what: str, tolerance: float = TOLERANCE) -> None:
    """Equal to `tolerance` of the largest element's size; nan where nan is expected."""
    got, expected = reals(got), reals(expected)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, expected {expected.shape}"
    finite = expected[np.isfinite(expected)]
    scale = max(1.0, float(np.max(np.abs(finite), initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * scale, err_msg=what)


def reals(x: Any) -> Any:
    """Floats; of complex numbers the parts, along an axis of its own."""
    x = np.asarray(x)
    return np.stack([x.real, x.imag], -1) if x.dtype.kind == "c" else x.astype(float)


def same_bits(a: Any, b: Any) -> bool:
    a, b = reals(a), reals(b)
    return a.shape == b.shape and a.tobytes() == b.tobytes()


@np.errstate(divide="ignore", invalid="ignore")
@pytest.mark.parametrize("case", [*cases(), *array_valued()], ids=_id)
def test_value_is_cpythons_bit_for_bit(case: Case) -> None:
    for args in case.argument_sets():
        ours, theirs = copy_arguments(args), copy_arguments(args)
        expected = case.fn(*theirs)
        got = native(case.fn).value(*ours)
        exact = not uses_numpy_elementwise(case)
        if exact:
            assert same_bits(got, expected), f"{got!r} is not {expected!r}"
        else:
            assert_close(got, expected, "value", 1e-14)
        for n, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if isinstance(a, np.ndarray):
                assert same_bits(a, b) if exact else np.allclose(a, b), f"content of argument {n}"


def uses_numpy_elementwise(case: Case) -> bool:
    """NumPy's own kernels and x**2 are promised to 4 ulp only."""
    names = set(case.fn.__code__.co_names)
    captured = any(isinstance(cell.cell_contents, np.ufunc) for cell in case.fn.__closure__ or ())
    return captured or "np" in names or "power" in case.name or b"**" in _source(case)


def _source(case: Case) -> bytes:
    import inspect

    return inspect.getsource(case.fn).encode()


@pytest.mark.parametrize("case", raising(), ids=_id)
def test_exception_is_cpythons(case: Case) -> None:
    assert case.raises is not None
    for args in case.argument_sets():
        with pytest.raises(case.raises) as expected:
            case.fn(*copy_arguments(args))
        with pytest.raises(case.raises) as got:
            native(case.fn).value(*copy_arguments(args))
        assert str(got.value) == str(expected.value)
        assert repr(got.value.args) == repr(expected.value.args)
        if case.positions:
            with pytest.raises(case.raises):
                gradient(case.fn, case.positions)(*copy_arguments(args))


def differentiable(case: Case) -> bool:
    return bool(case.positions)


@np.errstate(divide="ignore", invalid="ignore")
@pytest.mark.parametrize("case", [c for c in cases() if differentiable(c)], ids=_id)
def test_gradient_is_the_tapes(case: Case) -> None:
    for args in case.argument_sets():
        value, expected = tape.gradient(case.fn, args, case.positions)
        ours, theirs = copy_arguments(args), copy_arguments(args)
        got_value, got = gradient(case.fn, case.positions).value_and_grad(*ours)
        assert_close(got_value, value, "value")
        for n, g, e in zip(case.positions, got, expected, strict=True):
            if "stride0" in case.tags:  # one cell for the tape, one entry per element for us
                g, e = np.sum(g), e.flat[0]
            assert_close(g, e, f"gradient by argument {n}", single(args[n]))
        case.fn(*theirs)
        for n, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if isinstance(a, np.ndarray):
                assert_close(a, b, f"content of argument {n} after the gradient")


OPTIONS: tuple[dict[str, bool], ...] = ({}, {"fastmath": True}, {"adjoint_reassoc": False})


@pytest.mark.parametrize("case", [c for c in cases() if differentiable(c)][::3], ids=_id)
def test_gradient_with_other_options(case: Case) -> None:
    """Vector versions of elementary functions and reordered sums stay close; the cases share the options. By
    one number this is the tangent.
    """
    options = OPTIONS[zlib.crc32(case.name.encode()) % len(OPTIONS)]
    if case.tags & {"nonfinite", "stride0"}:
        return
    args = case.argument_sets()[-1]
    value, expected = tape.gradient(case.fn, args, case.positions)
    got_value, got = ssad.grad(case.fn, argnums=case.positions, **options).value_and_grad(
        *copy_arguments(args)
    )
    tolerance = 1e-5 if any(single(a) > TOLERANCE for a in args) else 1e-11
    assert_close(got_value, value, "value", tolerance)
    for n, g, e in zip(case.positions, got, expected, strict=True):
        assert_close(g, e, f"gradient by argument {n}", tolerance)


def single(x: Any) -> float:
    return 1e-5 if getattr(x, "dtype", None) == np.float32 else TOLERANCE


@pytest.mark.parametrize("case", [c for c in cases() if differentiable(c)], ids=_id)
def test_forward_agrees_with_the_tape(case: Case) -> None:
    rng = np.random.default_rng(0)
    for args in case.argument_sets():
        if case.tags & {"aliased", "stride0"}:
            continue  # a tangent per slot is no function of shared memory
        _, expected = tape.gradient(case.fn, args, case.positions)
        v = [direction(a, rng) if n in case.positions else None for n, a in enumerate(args)]
        _, dot = ssad.jvp(case.fn, copy_arguments(args), v, **EXACT)
        left = sum(float(np.vdot(e, v[n]).real) for n, e in zip(case.positions, expected, strict=True))
        scale = sum(
            float(np.sum(np.abs(np.asarray(e) * v[n]))) for n, e in zip(case.positions, expected, strict=True)
        )
        tolerance = max(single(a) for a in args)
        np.testing.assert_allclose(dot or 0.0, left, rtol=0, atol=tolerance * max(1.0, scale))


@pytest.mark.parametrize("case", [c for c in cases() if "aliased" in c.tags and differentiable(c)], ids=_id)
def test_overlapping_arguments_in_all_modes(case: Case) -> None:
    """Of arguments that are written and overlap there is one memory, with one tangent; of others each its
    own.
    """
    for args in case.argument_sets():
        for n in case.positions:
            _, expected = tape.gradient(case.fn, args, n)
            for mode in ("forward", "reverse"):
                got = ssad.jacobian(case.fn, argnums=n, mode=mode, **EXACT)(*copy_arguments(args))
                assert_close(got, expected, f"Jacobian by argument {n}, {mode}")
            if case.smooth:
                v = direction(args[n], np.random.default_rng(3))
                expected = curvature(case.fn, args, n, v)
                got = second_along(case.fn, args, n, v)
                np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-6 * max(1.0, abs(expected)))


def curvature(fn: Callable[..., Any], args: Any, n: int, v: Any) -> float:
    """The second derivative along `v`, by differences of the tape, which moves memory and not a copy."""
    from tests.oracle.differences import richardson

    left = copy_arguments(args)
    fn(*left)
    separate = all(same_bits(a, b) for a, b in zip(args, left, strict=True))

    def slope(t: float) -> Any:
        moved = copy_arguments(args, separate=separate)
        moved[n][...] += t * v
        return float(np.vdot(v, tape.gradient(fn, moved, n)[1]))

    return float(np.asarray(richardson(slope, (0.0,), 0)))


def test_tangents_of_one_memory_agree() -> None:
    def f(x: Any, y: Any) -> Any:
        y[0] = x[0] * x[1]
        return x[0] * y[1]

    x, v = np.array([2.0, 3.0]), np.array([0.5, 0.25])
    assert ssad.jvp(f, (x.copy(), x.copy()), (v, 2.0 * v))[1] == 2.0 * 3.0 * 0.0 + 0.5 * 3.0 + 2.0 * 0.5
    for tangents in ((v, v), (v, None), (None, v)):
        y = x.copy()
        assert ssad.jvp(f, (y, y), tangents)[1] == 0.5 * 3.0 * 3.0 + 2.0 * 0.25 * 6.0
    with pytest.raises(ssad.errors.ArgumentError, match="argument 0 overlaps another"):
        ssad.jvp(f, (x, x), (v, 2.0 * v))


def direction(x: Any, rng: np.random.Generator) -> Any:
    v: Any = rng.standard_normal(np.shape(x))
    if is_complex(x):
        v = v + 1j * rng.standard_normal(np.shape(x))
    return v if np.ndim(x) else complex(v) if is_complex(x) else float(v)


def is_complex(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "c"


@pytest.mark.parametrize("case", [c for c in cases() if c.smooth and differentiable(c)][1::4], ids=_id)
def test_second_order_against_differences_of_the_tape(case: Case) -> None:
    from tests.oracle.differences import richardson

    if case.tags & {"aliased", "float32", "stride0"}:
        return
    rng = np.random.default_rng(1)
    n = case.positions[0]
    for args in case.argument_sets():
        v = direction(args[n], rng)

        def slope(t: float, args: Any = args, v: Any = v) -> Any:
            moved = list(copy_arguments(args))
            moved[n] = moved[n] + t * v
            return float(np.vdot(v, tape.gradient(case.fn, moved, n)[1]).real)

        expected = float(np.asarray(richardson(slope, (0.0,), 0)))
        got = second_along(case.fn, args, n, v)
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-6 * max(1.0, abs(expected)))


def second_along(fn: Callable[..., Any], args: Any, n: int, v: Any) -> float:
    from ssad.api.operators import hvp_by

    return float(np.vdot(v, hvp_by(fn, copy_arguments(args), v, n, **EXACT)).real)


@pytest.mark.parametrize("case", [c for c in cases() if c.smooth and differentiable(c)][::9], ids=_id)
def test_hessian_is_symmetric_and_jacobian_is_the_gradient(case: Case) -> None:
    """Of those at which the test above does not look every third."""
    if case.tags & {"aliased", "float32", "stride0"}:
        return
    n = case.positions[0]
    args = case.argument_sets()[0]
    if is_complex(args[n]):
        return  # there is no matrix: the second derivative is linear over the reals only
    matrix = np.asarray(ssad.hessian(case.fn, argnums=n, **EXACT)(*copy_arguments(args)))
    size = int(np.size(args[n]))
    matrix = matrix.reshape(size, size)
    assert_close(matrix, matrix.T, "symmetry", 1e-11)
    v = direction(args[n], np.random.default_rng(2))
    along = float(np.ravel(v) @ matrix @ np.ravel(v))
    assert_close(along, second_along(case.fn, args, n, v), "Hessian against its product with a vector", 1e-11)
    _, expected = tape.gradient(case.fn, args, n)
    for mode in ("forward", "reverse"):
        got = ssad.jacobian(case.fn, argnums=n, mode=mode, **EXACT)(*copy_arguments(args))
        assert_close(got, expected, f"Jacobian, {mode}", 1e-11)


@pytest.mark.parametrize("case", array_valued(), ids=_id)
def test_jacobian_in_both_modes(case: Case) -> None:
    for args in case.argument_sets():
        for n in case.positions:
            y = np.asarray(case.fn(*copy_arguments(args)))
            rows = [
                tape.gradient(case.fn, args, n, seed=unit)[1] for unit in np.eye(y.size).reshape(-1, *y.shape)
            ]
            expected = np.array(rows).reshape(y.shape + np.shape(args[n]))
            for mode in ("forward", "reverse"):
                got = ssad.jacobian(case.fn, argnums=n, mode=mode, **EXACT)(*copy_arguments(args))
                assert_close(got, expected, f"Jacobian by argument {n}, {mode}")


@pytest.mark.parametrize("case", [c for c in cases() if differentiable(c)][1::3], ids=_id)
def test_adjoint_runs_in_the_interpreter(case: Case) -> None:
    """The adjoint with its recalls, before any refinement, verifies, round-trips and gives the gradient."""
    if case.tags & {"captured_array", "aliased", "stride0"}:
        return
    args = case.argument_sets()[0]
    recipe = Recipe((Step("reverse", case.positions),))
    artefact = stage("adjoint", case.fn, [abstract_of(a) for a in args], recipe)
    module = artefact.value
    verify(module, stage="adjoint")
    assert same_module(parse_module(artefact.text()), module)
    derivative = artefact.derivative
    assert derivative is not None
    ours = [part for a in copy_arguments(args) for part in parts(a)]
    starts = np.cumsum([0, *(len(parts(a)) for a in args)])
    shadows = {n: np.zeros_like(a) for n, a in enumerate(ours) if isinstance(a, np.ndarray)}
    values = []
    for slot in derivative.params:
        known = {"primal": ours, "shadow": shadows, "seed": {slot.index: 1.0}}[slot.kind]
        values.append(known[slot.index])
    results = dict(zip(derivative.results, interp.run(module, values), strict=True))
    _, expected = tape.gradient(case.fn, args, case.positions)
    for n, e in zip(case.positions, expected, strict=True):
        first = int(starts[n])
        bars = [
            shadows[k] if k in shadows else results[Slot("cotangent", k)] for k in range(first, starts[n + 1])
        ]
        got = bars[0] if len(bars) == 1 else bars
        assert_close(got, reals(e), f"gradient by argument {n}", single(args[n]))


def parts(x: Any) -> list[Any]:
    """The IR parameters of an argument."""
    if isinstance(x, np.ndarray):
        return [as_reals(x) if is_complex(x) else x]
    return [x.real, x.imag] if is_complex(x) else [x]


def test_a_function_that_always_raises_raises_in_every_mode() -> None:
    def f(x: float) -> float:
        if x > 0.0:
            raise ValueError("positive")
        raise KeyError("negative")

    for call in (
        ssad.jit(f),
        ssad.grad(f),
        lambda x: ssad.jvp(f, (x,), (1.0,)),
        lambda x: ssad.hvp(f, x, 1.0),
    ):
        with pytest.raises(ValueError, match="positive"):
            call(1.0)
        with pytest.raises(KeyError, match="negative"):
            call(-1.0)


@pytest.mark.parametrize("name", NEEDED)
def test_a_pass_that_others_rely_on_cannot_be_left_out(name: str) -> None:
    with pytest.raises(UsageError, match=f"the pass {name} cannot be left out"):
        stage("refined", lambda x: x, [abstract_of(1.0)], Recipe(), Trace(disable=[name]))
