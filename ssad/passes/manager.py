"""The registry of passes, and running lists of them.

A pass takes a valid function to a valid function with the same meaning; in between anything goes.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from ssad.analysis.choices import CHOICES, leaving_out
from ssad.errors import UsageError
from ssad.ir.core import Function, Module

Run = Callable[[Function, Module], bool]
Observer = Callable[[str, Module, bool], None]


@dataclass(frozen=True)
class Pass:
    """A registered pass; `run` says whether it changed the function, and has called `touch()` if so."""

    name: str
    summary: str
    run: Run


PASSES: dict[str, Pass] = {}


def function_pass(name: str, summary: str) -> Callable[[Run], Run]:
    """Enter the decorated function into the registry as the pass `name`."""

    def register(run: Run) -> Run:
        if name in PASSES:
            raise ValueError(f"pass {name} is defined twice")
        PASSES[name] = Pass(name, summary, run)
        return run

    return register


def repeated(step: Callable[[], bool]) -> bool:
    """Do a step of a pass again and again, as long as it changes something; says whether it has."""
    changed = False
    while step():
        changed = True
    return changed


def all_passes() -> list[Pass]:
    """Every pass there is, by name."""
    import ssad.passes

    for info in pkgutil.walk_packages(ssad.passes.__path__, "ssad.passes."):
        importlib.import_module(info.name)
    return [PASSES[name] for name in sorted(PASSES)]


def find(name: str, others: Collection[str] = ()) -> Pass:
    """The pass `name`, imported if need be. Raises UsageError where there is none; `others` are names that
    could have been given as well.
    """
    if name not in PASSES:
        for module in (f"ssad.passes.{name}", f"ssad.passes.adjoint.{name}"):
            # a pass lives in a file of its name: only what is asked for is imported on the compile path
            if name.isidentifier() and importlib.util.find_spec(module) is not None:
                importlib.import_module(module)
    if name not in PASSES:
        known = [*(one.name for one in all_passes()), *others]
        near = difflib.get_close_matches(name, known, 1)
        cure = f"did you mean {near[0]}?" if near else f"passes: {', '.join(known)}"
        raise UsageError(f"there is no pass called {name!r}", cure=cure)
    return PASSES[name]


def run_passes(
    module: Module,
    names: Iterable[str],
    *,
    verify: bool = False,
    disable: Collection[str] = (),
    observer: Observer | None = None,
    timings: dict[str, float] | None = None,
) -> bool:
    """Run the passes `names` over every function of `module`; says whether anything changed.

    `disable` names passes that are left out, and choices (`analysis/choices.py`) that are while passes run;
    `verify` checks the module before the first pass and after each one that changed something;
    `observer(name, module, changed)` is called after each pass; `timings` gathers seconds per pass name.
    """
    disabled = {find(name, CHOICES).name for name in disable if name not in CHOICES}
    passes = [one for one in map(find, names) if one.name not in disabled]
    if verify:
        _verify(module, "the input")
    changed = False
    with leaving_out(module, [name for name in disable if name in CHOICES]):
        for one in passes:
            start = time.perf_counter()
            done = any([one.run(function, module) for function in _present(module)])
            if timings is not None:
                timings[one.name] = timings.get(one.name, 0.0) + time.perf_counter() - start
            changed |= done
            if verify and done:
                _verify(module, f"pass {one.name}")
            if observer is not None:
                observer(one.name, module, done)
    return changed


def _present(module: Module) -> Iterator[Function]:
    """The functions that there are now; a pass may remove those that are still to come."""
    for function in list(module.functions.values()):
        if module.functions.get(function.name) is function:
            yield function


def _verify(module: Module, culprit: str) -> None:
    from ssad.ir.verify import verify

    try:
        verify(module)
    except Exception as error:
        error.add_note(f"after {culprit}")
        raise
