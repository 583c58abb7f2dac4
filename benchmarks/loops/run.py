"""Times compiled gradients against adjoints written by hand in C.

Everything is timed in one process, in rounds that visit all contenders in turn; each ratio is the median of
the ratios of the rounds, with the spread from the lower to the upper quartile. "native" is the exported
library called from a loop in C, "call" is the call from Python. A gradient is always value and gradient.

Run: python -m benchmarks.loops.run [W1 W3 ...] [--rounds 15] [--option fastmath=True] [--peers] [--page FILE]
"""

import argparse
import ast
import contextlib
import ctypes
import io
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np

import ssad
from benchmarks.loops import native, workloads
from benchmarks.loops.cases import Case, table
from benchmarks.loops.native import Native
from benchmarks.loops.page import write_page
from benchmarks.loops.samples import ALWAYS, RATIOS, Samples, readable
from ssad.cli import main as ssad_main

AGREEMENT = 1e-9
SAMPLE_NS = 10_000_000  # a sample of one contender takes about this long

Timer = Callable[[int], int]  # number of calls -> nanoseconds

FAST = "-O3 -march=native -ffast-math"
TARGET = ["--target-cpu", "native"]
OTHER_OPTIONS = {
    "no vector maths": ["--no-vector-math"],
    "fastmath": ["--fastmath"],
    "reverse mode": ["--mode", "reverse"],
}


def call_timer(function: Callable[..., object], arguments: Sequence[object]) -> Timer:
    """Times calls from Python; the cost of the loop itself (some 10 ns) is included."""

    def nanoseconds(calls: int) -> int:
        start = time.perf_counter_ns()
        for _ in repeat(None, calls):
            function(*arguments)
        return time.perf_counter_ns() - start

    return nanoseconds


def exported_library(case: Case, folder: Path, options: Sequence[str]) -> Path:
    """What `ssad export` makes of the case."""
    library = folder / f"ssad_{case.name}{''.join(options)}.so"
    argnums = ",".join(map(str, case.argnums))
    command = ["export", f"{workloads.__file__}:{case.name}", "--signature", case.signature]
    with contextlib.redirect_stdout(io.StringIO()):
        status = ssad_main([*command, "--argnums", argnums, "--grad", "-o", str(library), *TARGET, *options])
    if status:
        raise RuntimeError(f"ssad export ended with status {status}")
    return library


def check_agreement(case: Case, who: str, found: tuple[float, list[object]], reference: Native) -> None:
    """Raises unless value and gradient agree with those of the C written by hand."""
    value, gradients = reference.value_and_gradient()
    if not math.isclose(found[0], value, rel_tol=AGREEMENT):
        raise AssertionError(f"{case.label}: value {found[0]!r} of {who}, {value!r} in C")
    for gradient, expected in zip(found[1], gradients, strict=True):
        error = np.max(np.abs(np.asarray(gradient) - expected), initial=0.0)
        scale = np.max(np.abs(expected), initial=0.0)
        if not error <= AGREEMENT * scale:
            raise AssertionError(f"{case.label}: gradient of {who} differs from C by {error / scale:.1e}")


def contenders(case: Case, folder: Path, arguments: argparse.Namespace) -> dict[str, Timer]:
    """Builds and checks everything that is timed for one case."""
    timer = native.timer_library(case, folder)
    reference = Native(native.reference_library(case, folder, arguments.cflags), case, timer)
    compiled = ssad.jit_grad(argnums=case.argnums, **dict(arguments.option))(case.function)
    value, gradients = compiled.value_and_grad(*case.arguments)
    check_agreement(case, "the compiled function", (value, list(gradients)), reference)
    found: dict[str, Timer] = {
        "C primal": lambda calls: reference.nanoseconds("primal", calls),
        "C gradient": lambda calls: reference.nanoseconds("value_and_gradient", calls),
        "call primal": call_timer(compiled.value, case.arguments),
        "call gradient": call_timer(compiled.value_and_grad, case.arguments),
    }
    if not arguments.no_export:
        exported = Native(exported_library(case, folder, arguments.export_option), case, timer)
        check_agreement(case, "the exported library", exported.value_and_gradient(), reference)
        found["native primal"] = lambda calls: exported.nanoseconds("primal", calls)
        found["native gradient"] = lambda calls: exported.nanoseconds("value_and_gradient", calls)
    if arguments.peers:
        found.update(peers(case, folder, timer, reference))
    return found


def peers(case: Case, folder: Path, timer: ctypes.CDLL, reference: Native) -> dict[str, Timer]:
    """ssad with other options, C with reordered sums, and other tools; what cannot be had is left out."""
    from benchmarks.loops.peers import enzyme_gradient, jax_gradient

    libraries = {
        f"native gradient, {name}": exported_library(case, folder, options)
        for name, options in list(OTHER_OPTIONS.items())[: len(case.goals) - 1]
    }
    libraries["C gradient, -ffast-math"] = native.reference_library(case, folder, FAST)
    found: dict[str, Timer] = {}
    for name, library in libraries.items():
        one = Native(library, case, timer)
        check_agreement(case, name, one.value_and_gradient(), reference)
        found[name] = partial(one.nanoseconds, "value_and_gradient")
    for name, make in (("Enzyme gradient", enzyme_gradient), ("JAX gradient", jax_gradient)):
        try:
            made = make(case)
        except ImportError as missing:
            print(f"{name}: {missing}", file=sys.stderr)
            continue
        if made is not None:
            run, result = made
            check_agreement(case, name, result(), reference)
            found[name] = call_timer(run, ())
    try:
        found["numba primal"] = numba_timer(case)
    except ImportError as missing:
        print(f"Numba: {missing}", file=sys.stderr)
    return found


def numba_timer(case: Case) -> Timer:
    """The primal compiled by Numba, called from Python."""
    import numba

    workloads.velocity = numba.njit(workloads.velocity)
    try:
        primal = numba.njit(case.function)
        primal(*case.arguments)
    finally:
        workloads.velocity = workloads.velocity.py_func
    return call_timer(primal, case.arguments)


def measure(timers: dict[str, Timer], rounds: int) -> Samples:
    """Times all contenders in turn, `rounds` times, each round starting with another one."""
    calls: dict[str, int] = {}
    for name, timer in timers.items():
        once = max(timer(1), timer(1), 1)
        calls[name] = max(1, min(SAMPLE_NS // once, 10_000_000))
        calls[name] = max(1, SAMPLE_NS * calls[name] // max(timer(calls[name]), 1))
    samples = Samples({name: [] for name in timers})
    names = list(timers)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            samples.times[name].append(timers[name](calls[name]) / calls[name])
    return samples


def print_header(columns: Sequence[str]) -> None:
    print(f"{'':27}{'C primal':>10}" + "".join(f"{column:>26}" for column in columns))


def print_row(case: Case, samples: Samples, columns: Sequence[str]) -> None:
    row = f"{case.label:18}{case.size:9}{readable(samples.nanoseconds('C primal')):>10}"
    for column in columns:
        ratio = samples.ratio(*RATIOS[column])
        row += f"{'-':>26}" if ratio is None else f"{ratio[0]:12.2f} ({ratio[1]:5.2f}..{ratio[2]:5.2f})"
    print(row, flush=True)


def option(text: str) -> tuple[str, object]:
    """`fastmath=True` as a keyword argument of `ssad.jit_grad`."""
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.loops.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("labels", nargs="*", help="rows whose label starts so, such as W1; default: all")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cflags", default=native.FLAGS, help="for the C written by hand (%(default)s)")
    parser.add_argument("--option", type=option, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--export-option", action="append", default=[], metavar="--FLAG")
    parser.add_argument("--no-export", action="store_true", help="only time calls from Python")
    parser.add_argument(
        "--peers", action="store_true", help="other options, C -ffast-math, Enzyme, JAX, Numba"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE.md", help="write a page and, beside it, a bar chart"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    cases = [case for case in table() if not options.labels or case.label.split()[0] in options.labels]
    columns = list(RATIOS)[: None if options.peers else ALWAYS]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one thread for everybody
    rows: list[tuple[Case, Samples]] = []
    failed = 0
    print(f"C: cc {options.cflags}; ssad options: {dict(options.option) or 'default'}")
    print(f"median (quartiles) of {options.rounds} paired rounds; a gradient is value and gradient")
    print_header(columns)
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                samples = measure(contenders(case, Path(folder), options), options.rounds)
            except Exception as error:
                failed += 1
                print(f"{case.label:18}{case.size:9}failed: {type(error).__name__}: {error}", flush=True)
            else:
                print_row(case, samples, columns)
                rows.append((case, samples))
    if options.page is not None:
        write_page(options.page, rows, options.rounds)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
