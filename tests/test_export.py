"""`ssad.export` and `ssad export`: libraries called from ctypes, from threads and from C under valgrind,
against native calls from Python; what they refuse at a call, and what cannot be exported.
"""

from __future__ import annotations

import ctypes
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.backend.aot import Library
from ssad.cli.command import main
from ssad.errors import DifferentiationError, SignatureError, ToolchainError, UnsupportedError, UsageError

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="this machine has no C compiler")
needs_valgrind = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="this machine has no valgrind: leaks are not looked for"
)


# The functions


def lse(x, t):
    """A counted loop over elementary functions: vectorised, with a tape."""
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


def power(x, n):
    """A `while` loop: a stack that grows."""
    r = 1.0
    while n > 0:
        n -= 1
        r = r * x + 1e-3 * math.sin(r)
    return r


def newton(a):
    """A `while` loop whose trip count depends on the data."""
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def smooth(x, rounds):
    """Work buffers: one outside of the loop, a new one in every round."""
    now = np.zeros(len(x))
    for i in range(len(x)):
        now[i] = x[i]
    for _ in range(rounds):
        new = np.empty(len(x))
        for i in range(len(x)):
            new[i] = math.tanh(now[i] + 0.25 * now[i - 1])
        now = new
    s = 0.0
    for i in range(len(x)):
        s += now[i] * now[i]
    return s


def bilinear(x, a):
    """A matrix of any strides."""
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += x[i] * a[i, j] * a[i, j] * math.sin(x[j])
    return s


def singles(x):
    """Single precision in and out."""
    s = x[0]
    for i in range(1, len(x)):
        s = s * np.float32(0.5) + np.sin(x[i])
    return s


def mutating(x, work):
    """Writes into both of its arguments."""
    for i in range(len(x)):
        work[i] = x[i] * x[i]
        x[i] = math.sin(x[i])
    s = 0.0
    for i in range(len(x)):
        s += work[i] * x[i]
    return s


def nested(x, n):
    """Loops in loops that are left early."""
    s = 0.0
    for i in range(n):
        k = 0
        t = x[i % len(x)]
        while True:
            t = t * 0.7 + math.cos(t) * x[k % len(x)]
            k += 1
            if k > i % 5 + 1 or t > 3.0:
                break
        s += t
    return s


def careful(x, k):
    """Checks that fail in the middle of a loop, with a tape open."""
    r = 1.0
    for i in range(k):
        if r > 1e6:
            raise OverflowError(f"{r:.3e} after {i} rounds, {r > 2.0}, {x[0]}")
        r = r * x[i] + math.sqrt(x[i])
    return r


def either(x, n):
    """A number of Python or of NumPy."""
    r = x
    if n > 3:
        r = np.float64(2.0) * x
    return r


def tree(x, n):
    """Recursion over slices, with a loop in each frame."""
    if len(x) < 2 or n == 0:
        return x[0]
    s = tree(x[1:], n - 1) * tree(x[: len(x) - 1], n - 2 if n > 1 else 0)
    for i in range(len(x)):
        s = math.sin(s) + x[i]
    return s


RNG = np.random.default_rng(1)
A = RNG.normal(size=(6, 8))
PROGRAMS: dict[str, tuple[Callable[..., Any], str, tuple[int, ...], list[Any]]] = {
    "lse": (lse, "f64[:], f64", (0, 1), [RNG.normal(size=1003), 0.7]),
    "lse_strided": (lse, "f64[::], f64", (1, 0), [RNG.normal(size=500)[::-2], 0.7]),
    "power": (power, "f64, i64", (0,), [0.999, 20_000]),
    "power_none": (power, "f64, i64", (0,), [0.999, 0]),
    "newton": (newton, "f64", (0,), [17.0]),
    "smooth": (smooth, "f64[:], i64", (0,), [RNG.normal(size=40), 30]),
    "smooth_empty": (smooth, "f64[:], i64", (0,), [np.zeros(0), 3]),
    "bilinear": (bilinear, "f64[:], f64[:, :]", (0, 1), [RNG.normal(size=4), A[1:5, ::2]]),
    "bilinear_fortran": (bilinear, "f64[:], f64[::1, :]", (1,), [A[0, :4].copy(), A[:4, :4].copy(order="F")]),
    "singles": (singles, "f32[:]", (0,), [RNG.normal(size=33).astype("f4")]),
    "mutating": (mutating, "f64[:], f64[:]", (0,), [RNG.normal(size=9), np.ones(9)]),
    "nested": (nested, "f64[:], i64", (0,), [RNG.normal(size=7), 200]),
    "careful": (careful, "f64[:], i64", (0,), [np.full(20, 0.5), 20]),
    "tree": (tree, "f64[:], i64", (0,), [RNG.normal(size=9), 8]),
    "either": (either, "f64, i64", (0,), [3.0, 4]),
}  # fmt: skip


# Calling them through ctypes


def descriptor(x: np.ndarray[Any, Any]) -> ctypes.Structure:
    """The struct that the header declares for arrays like `x`."""
    axes = ctypes.c_int64 * x.ndim

    class Described(ctypes.Structure):
        _fields_ = (("data", ctypes.c_void_p), ("shape", axes), ("strides", axes))

    return Described(x.ctypes.data, axes(*x.shape), axes(*(s // x.itemsize for s in x.strides)))


def c_number(value: Any) -> Any:
    return ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int64(value)


class Loaded:
    """An exported library, called with NumPy arrays and Python numbers."""

    def __init__(self, library: Library, name: str, argnums: tuple[int, ...] = (0,)) -> None:
        self.lib = ctypes.CDLL(str(library.path))
        self.name = name
        self.argnums = argnums
        getattr(self.lib, f"ssad_{name}_error").restype = ctypes.c_char_p

    def raw(self, suffix: str, *args: Any) -> int:
        """The status of a call with arrays, numbers, and whatever ctypes takes."""
        given: list[Any] = []
        for arg in args:
            if isinstance(arg, np.ndarray):
                given.append(ctypes.byref(descriptor(arg)))
            else:
                given.append(c_number(arg) if isinstance(arg, int | float) else arg)
        return int(getattr(self.lib, f"{self.name}_{suffix}")(*given))

    def words(self, status: int) -> str:
        return str(getattr(self.lib, f"ssad_{self.name}_error")(status).decode())

    def value(self, kind: Any, *args: Any) -> Any:
        out = kind()
        assert self.raw("primal", *args, ctypes.byref(out)) == 0
        return out.value

    def gradient(self, kind: Any, *args: Any, with_value: bool = True) -> tuple[Any, list[Any]]:
        out, bars = kind(), []
        for n in self.argnums:
            x = args[n]
            bars.append(np.full(x.shape, np.nan, x.dtype, order="F" if x.flags.fnc else "C")
                        if isinstance(x, np.ndarray) else ctypes.c_double(np.nan))  # fmt: skip
        behind = [bar if isinstance(bar, np.ndarray) else ctypes.byref(bar) for bar in bars]
        if with_value:
            assert self.raw("value_and_gradient", *args, ctypes.byref(out), *behind) == 0
        else:
            assert self.raw("gradient", *args, *behind) == 0
        return out.value, [bar if isinstance(bar, np.ndarray) else bar.value for bar in bars]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("libraries")


def exported(folder: Path, name: str, **options: Any) -> Loaded:
    fn, signature, argnums, _ = PROGRAMS[name]
    options.setdefault("target_cpu", "native")
    library = ssad.export(fn, signature, folder / f"lib{name}.so", argnums=argnums, name=name, **options)
    assert library.header == folder / f"lib{name}.h"
    return Loaded(library, name, argnums)


def fresh(args: list[Any]) -> list[Any]:
    """The same arguments again, with the same strides, for a function that may write into them."""
    made = []
    for arg in args:
        if isinstance(arg, np.ndarray) and arg.base is not None and not arg.flags.c_contiguous:
            whole = np.zeros(arg.size * 4, arg.dtype)
            copy = np.lib.stride_tricks.as_strided(
                whole[arg.size * 2 :] if arg.strides[0] < 0 else whole, arg.shape, arg.strides
            )
            copy[...] = arg
            made.append(copy)
        else:
            made.append(arg.copy(order="K") if isinstance(arg, np.ndarray) else arg)
    return made


@needs_cc
@pytest.mark.parametrize("name", PROGRAMS)
def test_library_computes_what_the_jit_computes(folder: Path, name: str) -> None:
    """Bit for bit: it is the same code, compiled for the same CPU. Arguments are left in the same state."""
    fn, _, argnums, args = PROGRAMS[name]
    library = exported(folder, name)
    kind = ctypes.c_float if name == "singles" else ctypes.c_double
    native = ssad.grad(fn, argnums)
    mine, theirs = fresh(args), fresh(args)
    assert library.value(kind, *mine) == native.value(*theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    mine, theirs = fresh(args), fresh(args)
    want_value, want = native.value_and_grad(*theirs)
    value, bars = library.gradient(kind, *mine)
    assert value == want_value
    for bar, bar_wanted, a, b in zip(bars, want, mine, theirs, strict=False):
        np.testing.assert_array_equal(bar, bar_wanted)
        np.testing.assert_array_equal(a, b)
    _, again = library.gradient(kind, *fresh(args), with_value=False)
    for bar, bar_wanted in zip(again, want, strict=True):
        np.testing.assert_array_equal(bar, bar_wanted)


@needs_cc
def test_every_python_exception_is_a_status(folder: Path) -> None:
    """The words are those of CPython, with the place; gradients fail where values do; no value is written."""
    library = exported(folder, "careful")
    here = Path(__file__)
    shown = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here
    line = careful.__code__.co_firstlineno
    cases = [
        (np.full(3, 0.5), 7, line + 6),
        (np.full(40, 9.0), 40, line + 5),
        (np.array([0.1, -1.0]), 2, line + 6),
    ]
    for x, k, at in cases:
        with pytest.raises(Exception) as caught:
            careful(x, k)
        words = f"{type(caught.value).__name__} at {shown}:{at} in careful: {caught.value}"
        out, bar = ctypes.c_double(1.25), np.full(len(x), 1.5)
        status = library.raw("primal", x, k, ctypes.byref(out))
        assert status > 0 and library.words(status) == words
        again = library.raw("value_and_gradient", x, k, ctypes.byref(out), bar)
        assert again > 0 and library.words(again) == words
        assert out.value == 1.25
    assert library.words(0) == "no error"


@needs_cc
def test_error_model(folder: Path) -> None:
    """Without the checks of domains there are values instead."""
    library = Loaded(ssad.export(lse, "f64[:], f64", folder / "libinf.so", error_model="numpy"), "lse")
    assert library.value(ctypes.c_double, np.zeros(0), 1.0) == -math.inf


@needs_cc
def test_recursion_without_end(folder: Path) -> None:
    """It ends after 1,000 calls, with a status, and the next call starts afresh."""
    library = exported(folder, "tree")
    x, bar, out = np.full(1500, 0.5), np.zeros(1500), ctypes.c_double()
    for _ in range(2):
        status = library.raw("primal", x, 1200, ctypes.byref(out))
        assert status > 0 and library.words(status).startswith("RecursionError at ")
        status = library.raw("value_and_gradient", x, 1200, ctypes.byref(out), bar)
        assert status > 0 and "RecursionError" in library.words(status)
    assert library.raw("primal", x, 5, ctypes.byref(out)) == 0


# Arguments that do not fit


@needs_cc
def test_arguments_that_do_not_fit(folder: Path) -> None:
    """Each is a status of -1 with its words, before anything is touched."""
    library = exported(folder, "bilinear")
    out = ctypes.c_double(1.25)

    def words(*args: Any) -> str:
        status = library.raw("value_and_gradient", *args[:2], ctypes.byref(out), *args[2:])
        assert status == -1 and out.value == 1.25
        return library.words(status)

    x, a = np.ones(3), np.ones((3, 3))
    x_bar, a_bar = np.full(3, 7.0), np.full((3, 3), 7.0)
    assert words(None, a, x_bar, a_bar) == "x is a null pointer"
    assert words(x, a, None, a_bar) == "x_bar is a null pointer"
    assert words(x, a, x_bar, np.ones((3, 4))) == "a_bar has not the shape of a"
    assert words(x, a, x_bar[::-1], a_bar) == "x_bar is not contiguous in C order"
    assert words(x, a, x_bar, a) == "a_bar overlaps a"
    assert words(x, a, x, a_bar) == "x_bar overlaps x"
    assert (
        words(x, a, x_bar, np.lib.stride_tricks.as_strided(a_bar, (3, 3), (8, 8)))
        == "a_bar repeats its elements"
    )
    described = descriptor(x)
    described.data = None
    assert words(ctypes.byref(described), a, x_bar, a_bar) == "x has no data"
    described = descriptor(x)
    described.shape[0] = -3
    assert words(ctypes.byref(described), a, x_bar, a_bar) == "x has a negative length"
    described = descriptor(x)
    described.data += 4
    assert words(ctypes.byref(described), a, x_bar, a_bar) == "x is not aligned"
    assert np.all(x_bar == 7.0) and np.all(a_bar == 7.0)


@needs_cc
def test_arguments_that_share_memory_and_fit(folder: Path) -> None:
    """Read-only arguments may be the same; what is written may lie between other things."""
    library = exported(folder, "bilinear")
    whole = RNG.normal(size=(5, 5))
    want_value, want = ssad.value_and_grad(bilinear, (0, 1))(whole[0].copy(), whole.copy())
    between = np.zeros((5, 5, 2))
    between[:, :, 0] = whole
    x_bar, a_bar = np.zeros(5), between[:, :, 1]
    out = ctypes.c_double()
    status = library.raw("value_and_gradient", whole[0], between[:, :, 0], ctypes.byref(out), x_bar, a_bar)
    assert (status, out.value) == (0, pytest.approx(want_value, rel=1e-14))
    np.testing.assert_allclose(x_bar, want[0], rtol=1e-14)
    np.testing.assert_allclose(a_bar, want[1], rtol=1e-14)
    status = library.raw("value_and_gradient", whole[0], whole, ctypes.byref(out), x_bar, a_bar)
    assert (status, out.value) == (0, pytest.approx(want_value, rel=1e-14))
    broadcast = np.broadcast_to(whole[:1], (5, 5))
    want_value, want = ssad.value_and_grad(bilinear, (0, 1))(whole[0].copy(), broadcast.copy())
    status = library.raw("value_and_gradient", whole[0], broadcast, ctypes.byref(out), x_bar, a_bar)
    assert (status, out.value) == (0, pytest.approx(want_value, rel=1e-14))
    np.testing.assert_allclose(a_bar, want[1], rtol=1e-14)


@needs_cc
def test_no_overlap_is_missed(folder: Path) -> None:
    """What NumPy says to share memory is refused; of two arrays with the same stride nothing else is."""
    library = Loaded(ssad.export(pour, "f64[::], f64[::]", folder / "libpour.so", grad=False), "pour")
    memory = np.arange(24.0)
    views = [memory[a : a + 3 * s : s] for a in range(12) for s in (1, 2, 3)] + [memory[9:3:-2], memory[4:4]]
    for into in views:
        for source in views:
            shared = np.shares_memory(into, source)
            if shared or abs(into.strides[0]) == abs(source.strides[0]) or not source.size:
                assert (library.raw("primal", into, source) == -1) == shared, (into, source)


def pour(into, source):
    """Writes into its first argument."""
    for i in range(min(len(into), len(source))):
        into[i] = source[i]


# Results


def outer(x, y):
    """Several results, arrays among them."""
    out = np.zeros((len(x), len(y)))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = x[i] * y[j]
    return out, len(x), x


@needs_cc
def test_several_results(folder: Path) -> None:
    """Arrays go where the caller wants them or into fresh memory, taken back where another result fails."""
    library = Loaded(ssad.export(outer, "f64[:], f64[:]", folder / "libouter.so", grad=False), "outer")
    x, y = np.arange(3.0), np.arange(4.0)
    mine, count, same = np.zeros((4, 3)).T, ctypes.c_int64(), np.zeros(3)
    assert library.raw("primal", x, y, mine, ctypes.byref(count), same) == 0
    np.testing.assert_array_equal(mine, np.outer(x, y))
    np.testing.assert_array_equal(same, x)
    assert count.value == 3
    empty = descriptor(np.zeros((1, 1)))
    empty.data = None
    assert library.raw("primal", x, y, ctypes.byref(empty), ctypes.byref(count), np.zeros(2)) == -1
    assert library.words(-1) == "value_2 has not the shape of the result" and empty.data is None
    assert library.raw("primal", x, y, ctypes.byref(empty), ctypes.byref(count), same) == 0
    assert [*empty.shape, *empty.strides] == [3, 4, 4, 1]
    fresh_array = np.ctypeslib.as_array((ctypes.c_double * 12).from_address(empty.data)).reshape(3, 4)
    np.testing.assert_array_equal(fresh_array, np.outer(x, y))
    ctypes.CDLL(None).free(ctypes.c_void_p(empty.data))
    assert library.raw("primal", x, y, mine, ctypes.byref(count), x) == -1
    assert library.words(-1) == "value_2 overlaps x"


@needs_cc
def test_an_array_without_a_gradient_asked_for(folder: Path) -> None:
    """The function writes into both arguments; the gradient by the first needs no memory for the second."""
    library = exported(folder, "mutating")
    x, work, x_bar = RNG.normal(size=5), np.zeros(5), np.zeros(5)
    before = x.copy()
    assert library.raw("gradient", x, work, x_bar) == 0
    np.testing.assert_allclose(x_bar, 2 * before * np.sin(before) + before**2 * np.cos(before), rtol=1e-13)
    np.testing.assert_allclose(x, np.sin(before), rtol=1e-15)
    np.testing.assert_array_equal(work, before * before)


# Threads


@needs_cc
def test_threads(folder: Path) -> None:
    """Calls at once from many threads, some of which fail, each with words of its own."""
    library = exported(folder, "careful")
    native = ssad.value_and_grad(careful)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            k = int(rng.integers(1, 300))
            x, x_bar, out = rng.uniform(0.1, 0.9, k), np.zeros(k), ctypes.c_double()
            assert library.raw("value_and_gradient", x, k, ctypes.byref(out), x_bar) == 0
            value, want = native(x, k)
            assert out.value == value
            np.testing.assert_array_equal(x_bar, want)
            status = library.raw("gradient", x, k + 1, x_bar)
            assert library.words(status).endswith(f"index {k} is out of bounds for axis 0 with size {k}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))


# From C

C_PROGRAM = r"""
#include "libbilinear.h"
#include "libcareful.h"
#include "liblse_strided.h"
#include "libmutating.h"
#include "libnewton.h"
#include "libpower.h"
#include "libsingles.h"
#include "libsmooth.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void require(int fine, const char *what) {
  if (!fine) {
    fprintf(stderr, "failed: %s\n", what);
    exit(3);
  }
}

static void *work(void *number) {
  double x = 1.0 - 1e-3 * *(int *)number, value, bar, first = 0.0;
  for (int round = 0; round < 5; round++) {
    require(power_value_and_gradient(x, 5000, &value, &bar) == 0, "power in a thread");
    require(round == 0 || bar == first, "the same again");
    first = bar;
  }
  double *memory = malloc(3 * sizeof *memory), one;
  for (int k = 0; k < 3; k++) memory[k] = 0.5;
  ssad_f64_1d a = {memory, {3}, {1}};
  int status = careful_primal(&a, 9, &one);
  require(status > 0, ssad_careful_error(status));
  free(memory);
  return 0;
}

int main(void) {
  double value, bar, t_bar;
  require(power_value_and_gradient(0.999, 20000, &value, &bar) == 0, "power");
  printf("%.17g %.17g\n", value, bar);
  require(power_gradient(0.999, 0, &bar) == 0, "no rounds");
  printf("%.17g\n", bar);
  require(newton_value_and_gradient(17.0, &value, &bar) == 0, "newton");
  printf("%.17g %.17g\n", value, bar);

  enum { N = 200 };
  double *x = malloc(N * sizeof *x), *x_bar = malloc(N * sizeof *x_bar);
  for (int k = 0; k < N; k++) x[k] = 0.25 + k % 7 / 8.0;
  ssad_f64_1d whole = {x, {N}, {1}}, whole_bar = {x_bar, {N}, {1}}, none = {0, {0}, {1}};
  require(smooth_value_and_gradient(&whole, 50, &value, &whole_bar) == 0, "smooth");
  printf("%.17g %.17g\n", value, x_bar[N - 1]);
  require(smooth_value_and_gradient(&none, 50, &value, &none) == 0, "an empty array");
  printf("%.17g\n", value);
  ssad_f64_1d odd = {x + N - 1, {N / 2}, {-2}}, odd_bar = {x_bar + 1, {N / 2}, {2}};
  require(lse_strided_value_and_gradient(&odd, 0.5, &value, &t_bar, &odd_bar) == 0, "strides");
  printf("%.17g %.17g %.17g\n", value, t_bar, x_bar[1]);
  printf("%s\n", ssad_lse_strided_error(lse_strided_primal(&none, 0.5, &value)));

  ssad_f64_1d four = {x, {4}, {1}}, four_bar = {x_bar, {4}, {1}};
  ssad_f64_2d matrix = {x, {4, 4}, {10, 3}}, matrix_bar = {x_bar + 4, {4, 4}, {1, 4}};
  require(bilinear_value_and_gradient(&four, &matrix, &value, &four_bar, &matrix_bar) == 0, "bilinear");
  printf("%.17g %.17g %.17g\n", value, x_bar[3], x_bar[4 + 2 + 4 * 3]);

  float singles_memory[5] = {0.5f, 0.25f, -1.0f, 2.0f, 3.0f}, singles_bar[5], single;
  ssad_f32_1d s = {singles_memory, {5}, {1}}, s_bar = {singles_bar, {5}, {1}};
  require(singles_value_and_gradient(&s, &single, &s_bar) == 0, "singles");
  printf("%.9g %.9g\n", single, singles_bar[3]);
  s.shape[0] = 0;
  printf("%s\n", ssad_singles_error(singles_primal(&s, &single)));

  double *y = malloc(9 * sizeof *y), *buffer = malloc(9 * sizeof *buffer);
  for (int k = 0; k < 9; k++) y[k] = k / 4.0;
  ssad_f64_1d into = {y, {9}, {1}}, scratch = {buffer, {9}, {1}}, nine_bar = {x_bar, {9}, {1}};
  require(mutating_gradient(&into, &scratch, &nine_bar) == 0, "mutating");
  printf("%.17g %.17g %.17g\n", y[8], buffer[8], x_bar[8]);

  for (int k = 0; k < 1000; k++) {
    int status = careful_value_and_gradient(&whole, N + 1, &value, &whole_bar);
    if (status <= 0 || (status != careful_gradient(&whole, N + 1, &whole_bar))) return 4;
    if (k == 0) printf("%s\n", ssad_careful_error(status));
    x[150] = -1.0;
    status = careful_gradient(&whole, N, &whole_bar);
    if (k == 0) printf("%s\n", ssad_careful_error(status));
    x[150] = 0.5;
  }

  pthread_t threads[4];
  int numbers[4] = {1, 2, 3, 4};
  for (int k = 0; k < 4; k++) pthread_create(&threads[k], 0, work, &numbers[k]);
  for (int k = 0; k < 4; k++) pthread_join(threads[k], 0);
  free(x);
  free(x_bar);
  free(y);
  free(buffer);
  return 0;
}
"""
C_LIBRARIES = ["bilinear", "careful", "lse_strided", "mutating", "newton", "power", "singles", "smooth"]


def wanted_of_c_program() -> list[str | list[float]]:
    """What the C program is to print, by native calls from Python, and the words of CPython."""
    x = 0.25 + np.arange(200) % 7 / 8.0
    lines: list[str | list[float]] = []

    def add(fn: Callable[..., Any], *args: Any, argnums: Any = 0, of: Callable[..., list[float]]) -> None:
        value, bars = ssad.value_and_grad(fn, argnums)(*args)
        lines.append([float(v) for v in of(value, bars)])

    def fails(fn: Callable[..., Any], at: int, *args: Any) -> None:
        with pytest.raises(Exception) as caught:
            fn(*args)
        line = fn.__code__.co_firstlineno + at
        lines.append(f"{type(caught.value).__name__} at FILE:{line} in {fn.__name__}: {caught.value}")

    add(power, 0.999, 20_000, of=lambda v, b: [v, b])
    add(power, 0.999, 0, of=lambda v, b: [b])
    add(newton, 17.0, of=lambda v, b: [v, b])
    add(smooth, x, 50, of=lambda v, b: [v, b[-1]])
    add(smooth, np.zeros(0), 50, of=lambda v, b: [v])
    add(lse, x[::-2].copy(), 0.5, argnums=(1, 0), of=lambda v, b: [v, b[0], b[1][0]])
    fails(lse, 5, np.zeros(0), 0.5)
    matrix = np.array([[x[10 * i + 3 * j] for j in range(4)] for i in range(4)])
    add(bilinear, x[:4].copy(), matrix, argnums=(0, 1), of=lambda v, b: [v, b[0][3], b[1][2, 3]])
    add(singles, np.array([0.5, 0.25, -1.0, 2.0, 3.0], "f4"), of=lambda v, b: [v, b[3]])
    fails(singles, 2, np.zeros(0, "f4"))
    y, buffer = np.arange(9) / 4.0, np.zeros(9)
    add(mutating, y, buffer, of=lambda v, b: [y[8], buffer[8], b[8]])
    fails(careful, 6, x, 201)
    x[150] = -1.0
    fails(careful, 6, x, 200)
    return lines


def build_c_program(folder: Path) -> Path:
    """The program with its libraries, compiled by default for a CPU that valgrind knows, too."""
    for name in C_LIBRARIES:
        exported(folder, name, target_cpu=None)
    (folder / "main.c").write_text(C_PROGRAM)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread", f"-Wl,-rpath,{folder}"]
    libraries = [f"-l{name}" for name in C_LIBRARIES]
    run(["cc", *flags, "main.c", "-o", "main", "-L.", *libraries, "-lm"], folder)
    return folder / "main"


def run(command: list[str], cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_c_output(output: str) -> None:
    lines, wanted = output.splitlines(), wanted_of_c_program()
    assert len(lines) == len(wanted), output
    for line, want in zip(lines, wanted, strict=True):
        if isinstance(want, str):
            assert re.sub(r" at \S+:", " at FILE:", line, count=1) == want
        else:
            rel = 1e-6 if line == lines[8] else 1e-12
            assert list(map(float, line.split())) == pytest.approx(want, rel=rel, abs=1e-300)


@needs_cc
def test_called_from_c(folder: Path) -> None:
    check_c_output(run([str(build_c_program(folder))], folder))


@needs_cc
@needs_valgrind
def test_called_from_c_under_valgrind(folder: Path) -> None:
    """No invalid read or write, nothing undefined that decides anything, no block that is not freed."""
    program = build_c_program(folder)
    flags = [
        "-q",
        "--error-exitcode=99",
        "--leak-check=full",
        "--show-leak-kinds=all",
        "--errors-for-leak-kinds=all",
    ]
    check_c_output(run(["valgrind", *flags, str(program)], folder))


@needs_cc
@pytest.mark.skipif(shutil.which("readelf") is None, reason="this machine has no readelf")
@pytest.mark.parametrize("name", C_LIBRARIES)
def test_needs_nothing_but_libc_and_libm(folder: Path, name: str) -> None:
    """No libpython, no LLVM; only the declared functions are visible."""
    exported(folder, name)
    dynamic = run(["readelf", "-d", f"lib{name}.so"], folder)
    needed = {soname.split(".")[0] for soname in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)}
    assert needed <= {"libm", "libmvec", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
    symbols = run(["readelf", "--dyn-syms", "-W", f"lib{name}.so"], folder)
    defined = {row[7] for row in map(str.split, symbols.splitlines()) if len(row) > 7 and row[6].isdecimal()}
    assert defined == {
        f"{name}_primal",
        f"{name}_gradient",
        f"{name}_value_and_gradient",
        f"ssad_{name}_error",
    }


# What cannot be exported

WEIGHTS = np.ones(3)


def weighted(x):
    return x * WEIGHTS[0]


def pair(x):
    return x, 2.0 * x


def counted(x, n):
    return x * n


@pytest.mark.parametrize(
    ("fn", "signature", "options", "error", "says"),
    [
        (weighted, "f64", {}, UnsupportedError, "uses the array WEIGHTS from outside"),
        (weighted, "f64", {"grad": False}, UnsupportedError, "help: make it an argument"),
        (pair, "f64", {}, DifferentiationError, "one float; pair returns tuple of float, float"),
        (outer, "f64[:], f64[:]", {}, DifferentiationError, "outer returns tuple"),
        (counted, "f64, i64", {"argnums": 1}, DifferentiationError, "by argument 'n': it is int"),
        (counted, "f64", {}, TypeError, "lacks 1 argument: n"),
        (counted, "f64, f65", {}, SignatureError, "'f65' is no argument type"),
        (counted, None, {}, SignatureError, "parameter x of counted has no annotation"),
        (lambda x: x, "f64", {}, UsageError, "a lambda has no name for C"),
        (pair, "f64", {"name": "a-b"}, UsageError, "'a-b' is no name"),
        (pair, "f64", {"grad": False, "fast": True}, TypeError, "no option called 'fast'"),
        (math.sin, "f64", {}, UnsupportedError, "help: "),
    ],
)
def test_refused(
    tmp_path: Path, fn: Any, signature: Any, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    """At most six lines with a cure, and nothing is written."""
    with pytest.raises(error) as caught:
        ssad.export(fn, signature, tmp_path / "liba.so", **options)
    text = str(caught.value)
    assert says in text and "\n  help: " in text and len(text.splitlines()) <= 6
    assert not list(tmp_path.iterdir())


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(ToolchainError, match=r"no C compiler.*\n.*help: install gcc or clang"):
        ssad.export(power, "f64, i64", tmp_path / "liba.so")
    assert not list(tmp_path.iterdir())


# The command

MODEL = """\
def loss(x: "f64[:]", t: float) -> float:
    s = 0.0
    for i in range(len(x)):
        s += t * x[i] * x[i]
    return s

def counted(n: int) -> int:
    return 2 * n
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)
    return tmp_path


@needs_cc
def test_command(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It writes what it says, under the name it is given."""
    argv = ["export", "model.py:loss", "--grad", "--argnums", "1,0", "-o", "libl.so", "--name", "cost"]
    assert main([*argv, "--target-cpu", "generic"]) == 0
    out, err = capsys.readouterr()
    assert out == "libl.so: cost_primal, cost_gradient, cost_value_and_gradient\nlibl.h\n" and err == ""
    assert "int cost_gradient(const ssad_f64_1d *x, double t, double *t_bar, const ssad_f64_1d *x_bar);" in (
        Path("libl.h").read_text()
    )
    library = Loaded(Library(model / "libl.so", model / "libl.h", []), "cost", (1, 0))
    value, (t_bar, x_bar) = library.gradient(ctypes.c_double, np.array([1.0, 2.0]), 3.0)
    assert (value, t_bar, list(x_bar)) == (15.0, 5.0, [6.0, 12.0])
    assert main(["export", "model.py:counted", "-o", "libn.so", "--header", "n.hpp"]) == 0
    assert "int counted_primal(int64_t n, int64_t *value);" in Path("n.hpp").read_text()
    assert sorted(p.name for p in model.iterdir() if p.is_file()) == [
        "libl.h", "libl.so", "libn.so", "model.py", "n.hpp"
    ]  # fmt: skip


@needs_cc
def test_command_by_an_adjoint(model: Path) -> None:
    """The same gradient by one number, of a tangent or an adjoint: only the code differs."""
    found = []
    for mode in ("auto", "reverse"):
        argv = ["export", "model.py:loss", "--grad", "--argnums", "1", "-o", f"lib{mode}.so", "--mode", mode]
        assert main([*argv, "--target-cpu", "generic"]) == 0
        library = Loaded(Library(model / f"lib{mode}.so", model / f"lib{mode}.h", []), "loss", (1,))
        found.append(library.gradient(ctypes.c_double, np.array([1.0, 2.0]), 3.0))
    assert found == [(15.0, [5.0])] * 2
    assert Path("libauto.so").read_bytes() != Path("libreverse.so").read_bytes()


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        ("model.py:loss", 2, "required: -o"),
        ("model.py:loss -o no/such/folder/l.so", 2, "cannot write no/such/folder/l.so"),
        ("model.py:loss -o l.h", 2, "would both be l.h"),
        ("model.py:loss --argnums 0 -o l.so", 2, "add --grad"),
        ("model.py:loss --mode reverse -o l.so", 2, "--mode says how to differentiate"),
        ("model.py:loss --grad --argnums 2 -o l.so", 2, "--argnums 2: there are 2 arguments"),
        ("model.py:loss --target-cpu z80 -o l.so", 2, "unknown target CPU z80"),
        ("model.py:loss --name 1st -o l.so", 2, "'1st' is no name"),
        ("model.py:loss --signature f64[:],f65 -o l.so", 2, "'f65' is no argument type"),
        ("model.py:loss --signature f64[:],f64,f64 -o l.so", 2, "types for 3 of the 2 arguments of loss"),
        ("model.py:loss --signature f64[:] -o l.so", 2, "types for 1 of the 2 arguments of loss"),
        ("model.py:gain -o l.so", 2, "it has loss, counted"),
        ("modle.py:loss -o l.so", 2, "there is no file modle.py"),
        ("model.py:counted --grad -o l.so", 2, "an argument that is int has no derivative"),
        ("model.py:loss --signature f64,f64 -o l.so", 1, "model.py:3:20 in loss"),
    ],
)
def test_command_refuses(
    model: Path, capsys: pytest.CaptureFixture[str], argv: str, code: int, says: str
) -> None:
    """Exit code 2 where the command is wrong, 1 where the program is."""
    assert main(["export", *argv.split()]) == code
    out, err = capsys.readouterr()
    assert out == "" and says in err and (err.startswith("usage: ") or "\n  help: " in err)
    assert [p.name for p in model.iterdir() if p.is_file()] == ["model.py"]


def test_command_without_a_compiler(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "nonesuch-cc")
    assert main(["export", "model.py:loss", "-o", "l.so"]) == 1
    assert "the C compiler CC=nonesuch-cc is not there" in capsys.readouterr().err


@needs_cc
def test_examples_of_the_help(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command line that `--help` shows runs."""
    assert main(["export", "--help"]) == 0
    shown = re.findall(r"^  ssad (export .*)$", capsys.readouterr().out, re.M)
    assert len(shown) >= 2
    for line in shown:
        command = f"{sys.executable} -m ssad.cli {line}"
        monkeypatch.setenv("PYTHONPATH", str(Path(ssad.__file__).parent.parent))
        assert "loss_primal" in run(["sh", "-c", command], model)
