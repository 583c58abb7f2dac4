"""Libraries that follow the calling convention of `ssad export`: building, calling and timing them."""

import ctypes
import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loops.cases import Case

SOURCES = Path(__file__).parent / "c"
FLAGS = "-O3 -march=native"
C_TYPES = {
    "f64": "double",
    "i64": "int64_t",
    "f64[:]": "const ssad_f64_1d *",
    "f64[:, :]": "const ssad_f64_2d *",
}

TIMER = """\
#define _POSIX_C_SOURCE 199309L
#include <time.h>
#include "convention.h"

static int64_t now(void)
{{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}}
{functions}"""

TIME_CALLS = """
/* Nanoseconds that `calls` calls of f take; -1 if one fails. */
int64_t time_{kind}(int (*f)({parameters}), int64_t calls, {named})
{{
    int64_t start = now();
    for (int64_t i = 0; i < calls; i++)
        if (f({arguments}) != 0)
            return -1;
    return now() - start;
}}
"""


class Array(ctypes.Structure):
    """Base of the array descriptors; strides count elements."""


def descriptor_type(rank: int) -> type[Array]:
    fields = [
        ("data", ctypes.c_void_p),
        ("shape", ctypes.c_int64 * rank),
        ("strides", ctypes.c_int64 * rank),
    ]
    return type(f"ssad_f64_{rank}d", (Array,), {"_fields_": fields})


DESCRIPTORS = {rank: descriptor_type(rank) for rank in (1, 2)}


def descriptor(array: np.ndarray) -> Array:
    """The array as C sees it; the caller keeps the array alive."""
    strides = [stride // array.itemsize for stride in array.strides]
    return DESCRIPTORS[array.ndim](array.ctypes.data, tuple(array.shape), tuple(strides))


def results(case: Case) -> list[str]:
    """C types of the results after the value."""
    return [C_TYPES[case.types[k]].removeprefix("const ").rstrip(" *") + " *" for k in case.argnums]


def timer_source(case: Case) -> str:
    """C functions `time_primal` and `time_value_and_gradient` for functions of this signature."""
    arguments = [C_TYPES[t] for t in case.types]
    functions = ""
    for kind, extra in (("primal", []), ("value_and_gradient", results(case))):
        types = [*arguments, "double *", *extra]
        functions += TIME_CALLS.format(
            kind=kind,
            parameters=", ".join(types),
            named=", ".join(f"{t} a{i}" for i, t in enumerate(types)),
            arguments=", ".join(f"a{i}" for i in range(len(types))),
        )
    return TIMER.format(functions=functions)


def compile_c(sources: Sequence[Path], library: Path, flags: str = FLAGS) -> Path:
    """Shared library of C sources, by `$CC` or `cc`."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
    command = [*compiler, *shlex.split(flags), *warnings, "-shared", "-fPIC", f"-I{SOURCES}"]
    subprocess.run([*command, *map(str, sources), "-o", str(library), "-lm"], check=True)
    return library


def reference_library(case: Case, folder: Path, flags: str = FLAGS) -> Path:
    """The functions written by hand; a library of its own for each choice of flags."""
    name = f"reference_{case.name}{flags.replace(' ', '')}.so"
    return compile_c([SOURCES / f"{case.name}.c"], folder / name, flags)


def timer_library(case: Case, folder: Path) -> ctypes.CDLL:
    source = folder / f"timer_{case.name}.c"
    source.write_text(timer_source(case))
    return ctypes.CDLL(str(compile_c([source], folder / f"timer_{case.name}.so", "-O2")))


class Native:
    """The primal and the gradient of one case in a shared library, with the case's arguments bound."""

    def __init__(self, library: Path, case: Case, timer: ctypes.CDLL | None = None) -> None:
        self.library = ctypes.CDLL(str(library))
        self.case = case
        self.timer = timer
        self.value = ctypes.c_double()
        self.gradients = [np.zeros_like(case.arguments[k], dtype=float) for k in case.argnums]

    def function(self, kind: str) -> Any:
        return getattr(self.library, f"{self.case.name}_{kind}")

    def parameters(self, kind: str, arguments: Sequence[object]) -> list[Any]:
        """The arguments as ctypes objects, followed by the pointers to the results."""
        converted: list[Any] = []
        for type_name, argument in zip(self.case.types, arguments, strict=True):
            if isinstance(argument, np.ndarray):
                converted.append(ctypes.byref(descriptor(argument)))
            else:
                scalar = {"f64": ctypes.c_double, "i64": ctypes.c_int64}[type_name]
                converted.append(scalar(argument))
        converted.append(ctypes.byref(self.value))
        if kind == "primal":
            return converted
        for gradient in self.gradients:
            if gradient.ndim == 0:
                converted.append(gradient.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
            else:
                converted.append(ctypes.byref(descriptor(gradient)))
        return converted

    def primal(self, *arguments: object) -> float:
        """The value at other arguments than the case's."""
        status = self.function("primal")(*self.parameters("primal", arguments))
        if status != 0:
            raise RuntimeError(f"{self.case.name}_primal returned {status}")
        return self.value.value

    def value_and_gradient(self) -> tuple[float, list[np.ndarray]]:
        kind = "value_and_gradient"
        for gradient in self.gradients:
            gradient[...] = np.nan
        status = self.function(kind)(*self.parameters(kind, self.case.arguments))
        if status != 0:
            raise RuntimeError(f"{self.case.name}_{kind} returned {status}")
        return self.value.value, [gradient.copy() for gradient in self.gradients]

    def nanoseconds(self, kind: str, calls: int) -> int:
        """Time of `calls` calls from a loop in C."""
        assert self.timer is not None
        time_calls = getattr(self.timer, f"time_{kind}")
        time_calls.restype = ctypes.c_int64
        pointer = ctypes.cast(self.function(kind), ctypes.c_void_p)
        elapsed = time_calls(pointer, ctypes.c_int64(calls), *self.parameters(kind, self.case.arguments))
        if elapsed < 0:
            raise RuntimeError(f"{self.case.name}_{kind} failed")
        return elapsed
