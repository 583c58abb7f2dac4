"""Random programs through the whole compiler: CPython judges values, the operator-overloading tape gradients.

`python -m tests.fuzz --seed 0 --count 5000` judges the programs of these seeds and prints those that fail.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.api.running import cotangent, part
from ssad.dispatch import Specialisation
from ssad.frontend.arguments import abstract_of
from ssad.frontend.infer import Typed
from ssad.pipeline import Recipe, Step, Trace, compile_function, stage
from tests.oracle import tape
from tests.oracle.arguments import copy_arguments
from tests.programs import Program, random_program

OPTIONAL = (
    *("activity", "alias", "alias_scopes", "align", "bits", "bounds", "cse", "dce", "dead_stores"),
    *("defer_checks", "entry_allocas", "factor", "fission", "fold", "fuse", "gather", "hoist_alloc"),
    *("index_tapes", "induction", "invert", "join_loops", "lengths", "licm", "load_forward", "loop_hints"),
    *("mincut", "overwrite", "preaccumulate", "promote", "ranges", "recompute", "reduce_strength"),
    *("shorten_chains", "simplify_cfg", "specialise", "sum_up", "tangent", "unroll"),
)
"""The passes and choices that only make better what is right without them."""

ACTIVE = (0, 1, 2, 3)
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Way:
    """How a program is compiled: LLVM's level and the passes left out. IR is verified after each pass, but in
    derivatives at the highest level.
    """

    opt_level: int = 3
    disabled: tuple[str, ...] = ()


def way_of(seed: int) -> Way:
    """Every fourth program is compiled as users' are; the others at O1, which costs less and shows what LLVM
    repairs at O3: with all passes, without any, without one drawn at random, each once before any is again.
    """
    if seed % 4 == 0:
        return Way()
    round_, turn = divmod(seed // 4, len(OPTIONAL))
    drawn = random.Random(round_).sample(OPTIONAL, len(OPTIONAL))[turn]
    left_out = ((), (drawn,), OPTIONAL)
    return Way(1, left_out[seed % 4 - 1])


def compiled(
    fn: Callable[..., Any], args: Sequence[Any], way: Way, typed: Typed | None, *steps: Step
) -> Specialisation:
    """Native code of `fn`, or of the derivative that the steps lead to, for arguments like these."""
    arguments = [abstract_of(arg) for arg in args]
    recipe = Recipe(steps, vector_math=False, opt_level=way.opt_level)
    trace = Trace(disable=way.disabled, verify=way.opt_level < 3 or len(steps) == 0)
    return Specialisation(
        compile_function(fn, arguments, recipe, trace, typed, expect=True), arguments, recipe
    )


def judge(program: Program, way: Way) -> None:
    """Raises where the native program is not what CPython and the tape say, with the source in a note."""
    try:
        _judge(program, way)
    except Exception as error:
        error.add_note(f"{way}\n{program!r}")
        raise


def _judge(program: Program, way: Way) -> None:
    fn, args = program.function(), program.arguments()
    typed = stage("typed", fn, [abstract_of(arg) for arg in args], Recipe()).value
    primal = compiled(fn, args, way, typed)
    reverse = compiled(fn, args, way, typed, Step("gradient", ACTIVE))
    forward = compiled(fn, args, way, typed, Step("forward", ACTIVE))
    left = copy_arguments(args)
    try:
        expected = fn(*left)
    except Exception as error:
        for found in (primal, reverse, forward):
            _raises(found, args, error)
        return
    _, bars = tape.gradient(fn, args, ACTIVE)
    scale = max(1.0, *(float(np.max(np.abs(bar), initial=0.0)) for bar in bars))

    _run(primal, args, {}, expected, left)
    given, results, used = _run(reverse, args, {}, expected, left)
    got = [cotangent(reverse, n, used, given, results) for n in ACTIVE]
    for n, bar in enumerate(bars):
        near(got[n], bar, TOLERANCE * scale, f"the gradient by argument {n}")

    rng = np.random.default_rng(0)
    dots = [np.asarray(rng.standard_normal(np.shape(bar))) for bar in bars]
    terms = np.concatenate([np.ravel(bar * dot) for bar, dot in zip(got, dots, strict=True)])
    tangents = {
        Slot("primal", part(forward, n), True): dot if dot.ndim else float(dot) for n, dot in enumerate(dots)
    }
    _, results, _ = _run(forward, args, tangents, expected, left)  # which changes tangents of written arrays
    dot = forward.rebuild(results, tangent=True) or 0.0
    size = max(scale, float(np.sum(np.abs(terms))))
    near(dot, np.sum(terms), TOLERANCE * size, "the tangent, against the gradient")


def _run(
    found: Specialisation, args: Sequence[Any], given: dict[Slot, Any], expected: Any, left: Sequence[Any]
) -> tuple[list[Any], Sequence[Any], Sequence[Any]]:
    """Call on copies of `args`; value and mutated arrays must have the bits that CPython gives."""
    ours = copy_arguments(args)
    values = found.prepare(ours)
    for slot, value in given.items():
        values[found.position[slot]] = value
    results = found.call(values)
    value = found.rebuild(results)
    assert type(value) is type(expected), f"the value is {value!r}, expected {expected!r}"
    assert _bits(value) == _bits(expected), f"the value is {value!r}, expected {expected!r}"
    for n, (a, b) in enumerate(zip(ours, left, strict=True)):
        assert _bits(a) == _bits(b), f"argument {n} is left as {a!r}, expected {b!r}"
    return values, results, ours


def _bits(value: Any) -> bytes:
    return np.asarray(value, np.float64).tobytes()


def _raises(found: Specialisation, args: Sequence[Any], expected: Exception) -> None:
    try:
        results = found.call(found.prepare(copy_arguments(args)))
    except type(expected) as error:
        assert str(error) == str(expected), f"raised {error!r}, expected {expected!r}"
    else:
        raise AssertionError(f"the value is {found.rebuild(results)!r}, expected {expected!r}")


def near(got: Any, expected: Any, tolerance: float, what: str) -> None:
    """Equal in shape, and to `tolerance`; nan never is."""
    assert np.shape(got) == np.shape(expected), f"{what} has shape {np.shape(got)}"
    far = np.abs(np.asarray(got) - np.asarray(expected))
    close = bool(np.all(far <= tolerance))
    assert close, f"{what} is {got!r}, expected {expected!r} to {tolerance:.1e}"


def failure(seed: int) -> str:
    """What is wrong with the program of this seed, with its source; empty if nothing is."""
    try:
        judge(random_program(seed), way_of(seed))
    except Exception as error:
        return f"seed {seed}\n{''.join(traceback.format_exception(error))}"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge programs on several processes; 1 if one failed."""
    parser = argparse.ArgumentParser(description="judge random programs")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1000, help="how many seeds")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    asked = parser.parse_args(arguments)
    seeds = range(asked.seed, asked.seed + asked.count)
    start, failed = time.perf_counter(), 0
    for done, text in enumerate(_failures(seeds, asked.workers), 1):
        if text:
            failed += 1
            print(text, flush=True)
        if done % 100 == 0 or done == len(seeds):
            pace = (time.perf_counter() - start) / done
            print(f"{done} of {len(seeds)} programs, {failed} failed, {pace:.2f} s each", flush=True)
    return 1 if failed else 0


def _failures(seeds: Iterable[int], workers: int) -> Iterable[str]:
    """`failure` of each seed, in the order in which they are done. A crash names the seeds that ran."""
    waiting, running = iter(seeds), dict[Future[str], int]()
    # a miscompiled loop may never end: each process has a minute per program
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        while True:
            while len(running) < 2 * workers and (seed := next(waiting, None)) is not None:
                running[pool.submit(_failure_in_time, seed)] = seed
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            try:
                yield from (one.result() for one in done)
            except BrokenProcessPool:
                print(f"a process died at one of the seeds {sorted(running.values())}")
                raise
            for one in done:
                del running[one]


def _failure_in_time(seed: int) -> str:
    faulthandler.dump_traceback_later(60, exit=True)
    try:
        return failure(seed)
    finally:
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    sys.exit(main())
