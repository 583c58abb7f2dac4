"""Gradients of corpus functions with passes left out: `python -m tests.without` leaves out each by itself."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np

from ssad.api.running import reverse
from ssad.dispatch import Specialisation, Specialisations
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, compile_function
from tests.corpus.registry import Case, cases
from tests.fuzz import OPTIONAL
from tests.oracle import tape
from tests.oracle.arguments import copy_arguments

PLAIN = Recipe(vector_math=False, opt_level=0)
"""What LLVM would repair is seen, and costs nothing."""


class Without(Specialisations):
    """Versions of a function that are compiled without some passes, each verified after each pass."""

    def __init__(self, fn: Callable[..., Any], disabled: Sequence[str], recipe: Recipe = PLAIN) -> None:
        super().__init__(fn, recipe)
        self.disabled = tuple(disabled)

    def _find(self, args: Sequence[Any], steps: tuple[Any, ...], overlap: bool) -> Specialisation:
        arguments = [abstract_of(arg) for arg in args]
        recipe = replace(self.base, steps=steps, overlap=overlap)
        trace = Trace(disable=self.disabled, verify=True)
        return Specialisation(
            compile_function(self.fn, arguments, recipe, trace, expect=True), arguments, recipe
        )


@cache
def expected(case: Case) -> tuple[Any, Any]:
    """Value and gradient as the tape finds them, for the first arguments."""
    return tape.gradient(case.fn, case.argument_sets()[0], case.positions)


def judge(case: Case, disabled: Sequence[str]) -> None:
    """Raises where the gradient without these passes is not what the tape says."""
    args = case.argument_sets()[0]
    value, bars = expected(case)
    got_value, got = reverse(Without(case.fn, disabled), copy_arguments(args), steps_of(case), case.positions)
    near(got_value, value, args, "the value")
    for n, bar, own in zip(case.positions, bars, got, strict=True):
        if "stride0" in case.tags:  # one cell for the tape, one entry per element for us
            own, bar = np.sum(own), bar.flat[0]
        near(own, bar, [args[n]], f"the gradient by argument {n}")


def steps_of(case: Case) -> tuple[Step]:
    return (Step("gradient", case.positions),)


def near(got: Any, wanted: Any, args: Sequence[Any], what: str) -> None:
    single = any(getattr(arg, "dtype", None) == np.float32 for arg in args)
    scale = max(1.0, float(np.nanmax(np.abs(np.asarray(wanted)), initial=0.0)))
    tolerance = (2e-4 if single else 1e-11) * scale
    np.testing.assert_allclose(got, wanted, rtol=0.0, atol=tolerance, err_msg=what)


def failures(name: str) -> list[str]:
    """What is wrong with one corpus function: without each pass, and without all of them."""
    (case,) = (one for one in cases() if one.name == name)
    found = []
    for disabled in (*((one,) for one in OPTIONAL), OPTIONAL):
        try:
            judge(case, disabled)
        except Exception as error:
            text = "".join(traceback.format_exception(error))
            found.append(f"{name} without {', '.join(disabled)}\n{text}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the whole corpus; 1 if a gradient is wrong."""
    parser = argparse.ArgumentParser(description="gradients of the corpus, without each of the passes")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    asked = parser.parse_args(arguments)
    names = [case.name for case in cases() if case.positions]
    start, wrong = time.perf_counter(), 0
    with ProcessPoolExecutor(asked.workers, get_context("spawn")) as pool:
        for done, found in enumerate(pool.map(failures, names), 1):
            wrong += len(found)
            for text in found:
                print(text, flush=True)
            if done % 100 == 0 or done == len(names):
                pace = (time.perf_counter() - start) / done
                print(f"{done} of {len(names)} functions, {wrong} failures, {pace:.2f} s each", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
