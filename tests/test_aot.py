"""Exported libraries: called from C under valgrind, from ctypes, from threads, and what can be wrong."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import ssad.primitives  # noqa: F401  (fills the table)
from ssad.backend.aot import Export, Library, export_library
from ssad.backend.c_names import Names, identifier
from ssad.errors import ToolchainError, UnsupportedError, UsageError
from ssad.ir.parser import parse_module

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="this machine has no C compiler")


@dataclass(frozen=True)
class Role:
    kind: str
    index: int


PRIMAL = """
func @f(%x: f64[?; C], %t: f64) -> f64 {
^entry:
  %n = dim %x {axis = 0} : i64
  jump ^loop(0, 0.0)
^loop(%k: i64, %r: f64):
  %more = lt %k, %n : bool
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k : f64
  %p = mul %v, %t : f64
  %e = exp %p : f64
  %r.1 = add %r, %e : f64
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %r.1)
^exit:
  %ok = gt %r, 0.0 : bool
  check %ok, %r, %n {exc = "ValueError", message = "100% wrong: {0} from {1} numbers"} @L1
  %y = log %r : f64
  return %y
}
loc @L1 = "dir/lse.py":5:4-5:20 in f
"""
ADJOINT = """
func @f.adjoint(%x: f64[?; C], %x_bar: f64[?; C], %t: f64, %y_bar: f64) -> (f64, f64) {
^entry:
  %n = dim %x {axis = 0} : i64
  %tape = tape_new %n {type = "tape<f64>"} : tape<f64> @L1
  jump ^loop(0, 0.0)
^loop(%k: i64, %r: f64):
  %more = lt %k, %n : bool
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k : f64
  %p = mul %v, %t : f64
  %e = exp %p : f64
  tape_set %tape, %k, %e
  %r.1 = add %r, %e : f64
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %r.1)
^exit:
  %ok = gt %r, 0.0 : bool
  check %ok, %r, %n {exc = "ValueError", message = "100% wrong: {0} from {1} numbers"} @L1
  %y = log %r : f64
  %r_bar = div %y_bar, %r : f64
  jump ^back(%n, 0.0)
^back(%m: i64, %t_bar: f64):
  %left = gt %m, 0 : bool
  branch %left, ^undo, ^done
^undo:
  %j = sub %m, 1 : i64
  %e1 = tape_get %tape, %j {field = 0} : f64
  %p_bar = mul %e1, %r_bar : f64
  %v1 = load %x, %j : f64
  %more_t = mul %p_bar, %v1 : f64
  %t_bar.1 = add %t_bar, %more_t : f64
  %v_bar = mul %p_bar, %t : f64
  accumulate %x_bar, %j, %v_bar
  jump ^back(%j, %t_bar.1)
^done:
  return %y, %t_bar
}
loc @L1 = "dir/lse.py":5:4-5:20 in f
"""
PARAMS = (Role("primal", 0), Role("shadow", 0), Role("primal", 1), Role("seed", 0))
RESULTS = (Role("primal", 0), Role("cotangent", 1))


def lse(name: str = "lse", wanted: tuple[int, ...] = (0, 1), layout: str = "C") -> Export:
    def module(text: str):  # type: ignore[no-untyped-def]
        return parse_module(text if layout == "C" else text.replace("; C]", "]"))

    return Export(name, ["x", "t"], module(PRIMAL), module(ADJOINT), PARAMS, RESULTS, wanted)


def reference(x: np.ndarray, t: float) -> tuple[float, np.ndarray, float]:  # type: ignore[type-arg]
    e = np.exp(x * t)
    p = e / e.sum()
    return math.log(e.sum()), p * t, float((p * x).sum())


C_PROGRAM = """
#include "liblse.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *work(void *unused) {
  for (int round = 0; round < 20; round++) {
    int64_t n = 1000;
    double *data = malloc(n * sizeof *data), *bar = malloc(n * sizeof *bar), value, value2, t_bar;
    for (int64_t k = 0; k < n; k++) data[k] = sin((double)k), bar[k] = -1.0;
    ssad_f64_1d x = {data, {n}, {1}}, x_bar = {bar, {n}, {1}};
    if (lse_value_and_gradient(&x, 0.5, &value, &x_bar, &t_bar)) exit(2);
    if (lse_primal(&x, 0.5, &value2) || value != value2) exit(3);
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) sum += bar[k];
    if (fabs(sum - 0.5) > 1e-12) exit(4);
    if (lse_gradient(&x, 0.5, &x_bar, &t_bar)) exit(5);
    free(data);
    free(bar);
  }
  return unused;
}

int main(void) {
  pthread_t threads[3];
  for (int k = 0; k < 3; k++) pthread_create(&threads[k], 0, work, 0);
  for (int k = 0; k < 3; k++) pthread_join(threads[k], 0);
  double one = -INFINITY, value, t_bar, bar;
  ssad_f64_1d x = {&one, {1}, {1}}, x_bar = {&bar, {1}, {1}}, bad = {&bar, {2}, {1}};
  int status = lse_value_and_gradient(&x, 1.0, &value, &x_bar, &t_bar);
  printf("%s\\n", ssad_lse_error(status));
  printf("%s\\n", ssad_lse_error(lse_value_and_gradient(&x, 1.0, &value, &bad, &t_bar)));
  printf("%s\\n", ssad_lse_error(lse_primal(0, 1.0, &value)));
  printf("%s %s\\n", ssad_lse_error(0), ssad_lse_error(12345));
  return 0;
}
"""


def run(command: list[str], cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_program(folder: Path) -> None:
    export_library([lse()], folder / "liblse.so")
    (folder / "main.c").write_text(C_PROGRAM)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-O1", "-g", "-pthread"]
    run(["cc", *flags, "main.c", "-o", "main", "./liblse.so", "-lm", f"-Wl,-rpath,{folder}"], folder)


EXPECTED = """ValueError at dir/lse.py:5 in f: 100% wrong: 0.0 from 1 numbers
x_bar has not the shape of x
x is a null pointer
no error unknown status
"""


def test_called_from_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A threaded C program gets values, gradients, errors in words; the glue has no warning."""
    monkeypatch.setenv("CC", "cc -Wall -Wextra -Werror")
    build_program(tmp_path)
    assert run(["./main"], tmp_path) == EXPECTED


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="this machine has no valgrind")
def test_called_from_c_under_valgrind(tmp_path: Path) -> None:
    """No error and no leak, failing calls included."""
    build_program(tmp_path)
    flags = [
        "--error-exitcode=99",
        "--leak-check=full",
        "--show-leak-kinds=all",
        "--errors-for-leak-kinds=all",
    ]
    assert run(["valgrind", "-q", *flags, "./main"], tmp_path) == EXPECTED


def test_needs_nothing_but_libc_and_libm(tmp_path: Path) -> None:
    """No libpython, no LLVM; only the C functions are visible."""
    library = export_library([lse()], tmp_path / "liblse.so")
    needed = run(["ldd", str(library.path)], tmp_path)
    names = {line.split()[0].split("/")[-1].split(".")[0] for line in needed.splitlines()}
    assert names <= {"linux-vdso", "libm", "libmvec", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
    exported = {
        line.split()[-1]
        for line in run(["nm", "-D", "--defined-only", str(library.path)], tmp_path).splitlines()
    }
    assert exported == {"lse_primal", "lse_gradient", "lse_value_and_gradient", "ssad_lse_error"}
    assert library.functions == ["lse_primal", "lse_gradient", "lse_value_and_gradient"]


def test_header_is_c_and_cplusplus(tmp_path: Path) -> None:
    library = export_library([lse("double"), lse("a-b")], tmp_path / "two.so")
    text = library.header.read_text()
    assert "double__primal(const ssad_f64_1d *x, double t, double *value)" in text
    assert "a_u002Db_gradient" in text
    compilers = [("cc", "c", "-std=c99"), ("c++", "c++", "-std=c++17")]
    for compiler, language, standard in compilers:
        if shutil.which(compiler) is not None:
            strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]
            run([compiler, standard, "-x", language, *strict, str(library.header)], tmp_path)


class Vector(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("shape", ctypes.c_int64 * 1),
        ("strides", ctypes.c_int64 * 1),
    )

    @classmethod
    def of(cls, x: np.ndarray) -> Vector:  # type: ignore[type-arg]
        return cls(x.ctypes.data, x.shape, tuple(s // x.itemsize for s in x.strides))


class Matrix(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("shape", ctypes.c_int64 * 2),
        ("strides", ctypes.c_int64 * 2),
    )


def loaded(library: Library) -> ctypes.CDLL:
    return ctypes.CDLL(str(library.path))


def test_called_from_ctypes(tmp_path: Path) -> None:
    """The same numbers as NumPy; strided arguments where the types allow them; several threads."""
    lib = loaded(export_library([lse(layout="A")], tmp_path / "liblse.so"))

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        x, x_bar = rng.random(2000)[::-2], rng.random(3000)[::3]
        value, t_bar = ctypes.c_double(), ctypes.c_double()
        args = ctypes.byref(Vector.of(x)), ctypes.c_double(0.7)
        out = ctypes.byref(value), ctypes.byref(Vector.of(x_bar)), ctypes.byref(t_bar)
        assert lib.lse_value_and_gradient(*args, *out) == 0
        want, want_x, want_t = reference(x, 0.7)
        assert value.value == pytest.approx(want, rel=1e-13)
        np.testing.assert_allclose(x_bar, want_x, rtol=1e-12)
        assert t_bar.value == pytest.approx(want_t, rel=1e-12)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(16)))


def test_contiguous_arguments_are_checked(tmp_path: Path) -> None:
    lib = loaded(export_library([lse()], tmp_path / "liblse.so"))
    lib.ssad_lse_error.restype = ctypes.c_char_p
    x, value = np.ones(10)[::2], ctypes.c_double()
    status = lib.lse_primal(ctypes.byref(Vector.of(x)), ctypes.c_double(1.0), ctypes.byref(value))
    assert lib.ssad_lse_error(status) == b"x is not contiguous in C order"


def test_only_wanted_gradients(tmp_path: Path) -> None:
    """A gradient that nobody asked for is no parameter; its shadow is the library's own."""
    library = export_library([lse(wanted=(1,))], tmp_path / "liblse.so")
    assert "int lse_gradient(const ssad_f64_1d *x, double t, double *t_bar);" in library.header.read_text()
    lib = loaded(library)
    x, t_bar = np.linspace(0, 1, 7), ctypes.c_double()
    assert lib.lse_gradient(ctypes.byref(Vector.of(x)), ctypes.c_double(2.0), ctypes.byref(t_bar)) == 0
    assert t_bar.value == pytest.approx(reference(x, 2.0)[2], rel=1e-13)


def test_values_of_every_type(tmp_path: Path) -> None:
    """Numbers of all widths go in and come out; names are kept apart."""
    types = ["f64", "f32", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "bool"]
    params = ", ".join(f"%p{k}: {t}" for k, t in enumerate(types))
    back = ", ".join(f"%p{k}" for k in range(len(types)))
    text = f"func @f({params}) -> ({', '.join(types)}) {{\n^e:\n  return {back}\n}}"
    names = ["value_0", "int", "x", "x", "λ", "ssad_ctx", "a b", "free", "1st", "value_1", "y"]
    library = export_library([Export("all", names, parse_module(text))], tmp_path / "all.so")
    lib = loaded(library)
    values = [
        1.5,
        -2.5,
        -(1 << 62),
        -(1 << 31),
        -(1 << 15),
        -128,
        (1 << 64) - 1,
        (1 << 32) - 1,
        65535,
        255,
        True,
    ]
    kinds = [
        ctypes.c_double, ctypes.c_float, ctypes.c_int64, ctypes.c_int32, ctypes.c_int16, ctypes.c_int8,
        ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint16, ctypes.c_uint8, ctypes.c_bool,
    ]  # fmt: skip
    outs = [kind() for kind in kinds]
    given = [kind(v) for kind, v in zip(kinds, values, strict=True)]
    assert lib.all_primal(*given, *map(ctypes.byref, outs)) == 0
    assert [out.value for out in outs] == values


def test_array_results(tmp_path: Path) -> None:
    """An array result goes where the caller wants it, or into memory that the caller frees."""
    text = """
func @f(%n: i64, %m: i64, %v: f32) -> f32[?, ?; F] {
^entry:
  %y = alloc %n, %m {type = "f32[?, ?; F]"} : f32[?, ?; F]
  fill %y, %v
  store %y, 0, 1, 7.0:f32
  return %y
}
"""
    lib = loaded(export_library([Export("make", ["n", "m", "v"], parse_module(text))], tmp_path / "make.so"))
    lib.ssad_make_error.restype = ctypes.c_char_p
    want = np.full((2, 3), 1.5, np.float32)
    want[0, 1] = 7.0
    mine = np.zeros((4, 3), np.float32)[::-2]
    given = ctypes.c_int64(2), ctypes.c_int64(3), ctypes.c_float(1.5)
    out = Matrix(mine.ctypes.data, mine.shape, tuple(s // 4 for s in mine.strides))
    assert lib.make_primal(*given, ctypes.byref(out)) == 0
    np.testing.assert_array_equal(mine, want)
    out = Matrix()
    assert lib.make_primal(*given, ctypes.byref(out)) == 0
    assert list(out.shape) == [2, 3] and list(out.strides) == [3, 1]
    np.testing.assert_array_equal(
        np.ctypeslib.as_array((ctypes.c_float * 6).from_address(out.data)), want.ravel()
    )
    ctypes.CDLL(None).free(ctypes.c_void_p(out.data))
    out = Matrix(mine.ctypes.data, (3, 3), (3, 1))
    assert (
        lib.ssad_make_error(lib.make_primal(*given, ctypes.byref(out)))
        == b"value has not the shape of the result"
    )
    huge = ctypes.c_int64(1 << 40), ctypes.c_int64(1 << 40), ctypes.c_float(1.5)
    status = lib.make_primal(*huge, ctypes.byref(Matrix()))
    assert lib.ssad_make_error(status).startswith(
        b"MemoryError: out of memory for an array of shape (1099511627776"
    )


@pytest.mark.parametrize("cpu", ["generic", "x86-64-v2", "x86-64-v3", "native"])
def test_target_cpu(tmp_path: Path, cpu: str) -> None:
    lib = loaded(export_library([lse()], tmp_path / "liblse.so", target_cpu=cpu))
    x, value = np.linspace(0, 1, 100), ctypes.c_double()
    assert lib.lse_primal(ctypes.byref(Vector.of(x)), ctypes.c_double(1.0), ctypes.byref(value)) == 0
    assert value.value == pytest.approx(reference(x, 1.0)[0], rel=1e-13)


# What can be wrong


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(ToolchainError, match=r"no C compiler.*\n.*install gcc or clang"):
        export_library([lse()], tmp_path / "a.so")
    monkeypatch.setenv("CC", "nonesuch-cc -O2")
    with pytest.raises(ToolchainError, match="nonesuch-cc"):
        export_library([lse()], tmp_path / "a.so")
    assert not list(tmp_path.iterdir())


def test_failing_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that fails leaves nothing behind."""
    monkeypatch.setenv("CC", "cc -nonsense-option")
    with pytest.raises(ToolchainError, match="failed"):
        export_library([lse()], tmp_path / "a.so")
    assert not list(tmp_path.iterdir())


def test_collisions_and_places(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="both be called f in C"):
        export_library([lse("f"), lse("f")], tmp_path / "a.so")
    with pytest.raises(UsageError, match="cannot write"):
        export_library([lse()], tmp_path / "missing" / "a.so")
    with pytest.raises(UsageError, match="cannot write"):
        export_library([lse()], tmp_path)
    with pytest.raises(UsageError, match="unknown target CPU pentium"):
        export_library([lse()], tmp_path / "a.so", target_cpu="pentium")


def test_gradient_of_an_array_is_refused(tmp_path: Path) -> None:
    primal = "func @f(%x: f64[?; C]) -> f64[?; C] {\n^e:\n  return %x\n}"
    adjoint = """
func @g(%x: f64[?; C], %x_bar: f64[?; C], %seed: f64[?; C]) -> f64[?; C] {
^e:
  add_into %x_bar, %seed
  return %x
}
"""
    roles = (Role("primal", 0), Role("shadow", 0), Role("seed", 0))
    export = Export(
        "f", ["x"], parse_module(primal), parse_module(adjoint), roles, (Role("primal", 0),), (0,)
    )
    with pytest.raises(UnsupportedError, match="one scalar result"):
        export_library([export], tmp_path / "a.so")


def test_identifiers() -> None:
    assert identifier("f.<locals>.g") == "f_u002E_u003Clocals_u003E_u002Eg"
    assert identifier("class") == "class_"
    assert identifier("") == "_"
    names = Names()
    assert [names.new("x"), names.new("x"), names.new("x_")] == ["x", "x_", "x__"]
