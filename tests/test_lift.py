"""Lifted IR means what the function means: evaluated in CPython, it ends as the direct call does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssad.frontend.lift import REQUIRED, Lifted, lift
from ssad.ir.parser import parse_module
from ssad.ir.printer import print_module
from ssad.ir.verify import verify
from tests.corpus import registry
from tests.golden import ROOT
from tests.lift_programs import PROGRAMS, helper, make_closure
from tests.lifted_eval import Evaluator, binding
from tests.programs import random_program

CASES = registry.cases() + registry.array_valued() + registry.raising()


def image(value: Any) -> Any:
    """`value` such that equal images mean equal to the last bit."""
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, tuple | list):
        return type(value), [image(item) for item in value]
    if isinstance(value, float):
        return type(value), float(value).hex()
    return type(value), value


def outcome(call: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """How a call ends, in a form that can be compared: result or exception, and the arguments afterwards."""
    with np.errstate(all="ignore"):
        try:
            end: Any = call(*args)
        except Exception as error:
            end = (type(error), str(error))
    return image(end), image(args)


def lifted_call(fn: Any) -> Callable[..., Any]:
    lifted = lift(fn)
    verify(lifted.module)
    return binding(fn, Evaluator(lifted))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(case: registry.Case) -> None:
    evaluate = lifted_call(case.fn)
    for direct, lifted in zip(case.argument_sets(), case.argument_sets(), strict=True):
        assert outcome(evaluate, lifted) == outcome(case.fn, direct)


@pytest.mark.parametrize("fn, runs", PROGRAMS, ids=lambda it: getattr(it, "__name__", ""))
def test_programs(fn: Any, runs: tuple[tuple[Any, ...], ...]) -> None:
    evaluate = lifted_call(fn)
    for args in runs:
        assert outcome(evaluate, copy.deepcopy(args)) == outcome(fn, copy.deepcopy(args))


@pytest.mark.parametrize("seed", range(100))
def test_random_programs(seed: int) -> None:
    program = random_program(seed)
    fn = program.function()
    assert outcome(lifted_call(fn), program.arguments()) == outcome(fn, program.arguments())


@pytest.mark.parametrize(
    "fn", [case.fn for case in CASES] + [fn for fn, _ in PROGRAMS], ids=lambda f: f.__name__
)
def test_round_trip(fn: Any) -> None:
    text = print_module(lift(fn).module)
    assert print_module(parse_module(text)) == text


GOLDEN = (
    "for_else",
    "while_and_or",
    "return_from_nested_loops",
    "unbound_in_loop",
    "swapping",
    "unpacking_in_loop",
    "subscripts",
    "calls_nested",
    "assertion",
    "strings",
    "nothing",
    "inner_functions",
    "captured_later",
    "conditional_stack",
)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    """One text for every Python version."""
    (fn,) = (fn for fn, _ in PROGRAMS if fn.__name__ == name)
    golden(ROOT / "lifted" / f"{name}.ssa", print_module(lift(fn).module, locations=False))


# what goes with the IR


def test_parameters() -> None:
    def f(a, b=1.0, /, c=2.0, *, d, e="x"):  # type: ignore[no-untyped-def]
        return a

    assert [(p.name, p.kind, p.default) for p in lift(f).params] == [
        ("a", "positional only", REQUIRED),
        ("b", "positional only", 1.0),
        ("c", "positional", 2.0),
        ("d", "keyword", REQUIRED),
        ("e", "keyword", "x"),
    ]


def test_globals_and_free_variables() -> None:
    lifted = lift(make_closure())
    assert lifted.free_object("a") == 2.0
    assert lift(calls).global_object("helper") is helper
    assert lift(calls).global_object("max") is max


def calls(x: float) -> float:
    return helper(max(x, 1.0))


def test_every_op_has_its_place() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        y = x + 1.0
        return y * abs(x)

    first = f.__code__.co_firstlineno
    places = {
        op.prim.name: (op.loc.line - first, op.loc.column, op.loc.end_column)
        for op in lift(f).function.ops()
        if op.loc is not None
    }
    assert places["py.call"] == (2, 19, 25)
    assert places["py.const"] == (1, 16, 19)
    assert all(op.loc is not None and op.loc.function == f.__qualname__ for op in lift(f).function.ops())


def test_names_come_from_the_source() -> None:
    (fn,) = (fn for fn, _ in PROGRAMS if fn.__name__ == "nested_loops")
    names = {op.result.name for op in lift(fn).function.ops() if op.result is not None}
    assert {"total", "i", "j", "k", "more"} <= names


# size


def chain(length: int) -> Lifted:
    body = "".join(f"    if x > {n}:\n        y = y + {n}.0\n" for n in range(length))
    scope: dict[str, Any] = {}
    exec(f"def f(x):\n    y = 0.0\n{body}    return y * x\n", scope)
    lifted = lift(scope["f"])
    assert Evaluator(lifted)(10.5) == scope["f"](10.5)
    return lifted


def test_long_chains_of_branches() -> None:
    """Neither Python's recursion limit nor the number of parameters stands in the way."""
    sizes = [sum(len(block.params) for block in chain(n).function.blocks) for n in (200, 400, 1600)]
    assert sizes == [201, 401, 1601]
