"""Passes keep the meaning of programs: what one computes, writes and raises is bit for bit the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.analysis.liveness import uses
from ssad.backend.interp import defined, run
from ssad.ir.core import Function, Module
from ssad.ir.edit import clone_function
from ssad.ir.graph import LoopForest, predecessors
from ssad.passes.manager import run_passes
from tests.corpus.registry import Case, cases
from tests.ir_programs import random_module
from tests.oracle.arguments import copy_arguments
from tests.programs import random_program

PASSES = [
    "simplify_cfg",
    "inline",
    "fold",
    "cse",
    "load_forward",
    "promote",
    "licm",
    "bounds",
    "dce",
    "loop_simplify",
    "lcssa",
]


def copy_of(module: Module) -> Module:
    copy = Module()
    copy.objects = module.objects
    for function in module.functions.values():
        copy.add(clone_function(function)[0])
    return copy


def outcome(module: Module, args: Sequence[Any]) -> tuple[Any, ...]:
    """Everything that a caller can observe of running the module, comparable by ==."""
    args = copy_arguments(args)
    try:
        results = [_bits(value) for value in run(module, _flat(args))]
    except Exception as error:  # what it raises is what it does; after that, arrays are unspecified
        return type(error), str(error)
    return (results, [_bits(arg) for arg in args])


def _flat(args: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for arg in args:
        flat.extend(_flat(arg) if isinstance(arg, tuple) else [arg])
    return flat


def _bits(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    return (type(value), np.float64(value).tobytes()) if isinstance(value, float) else (type(value), value)


def check(module: Module, args: Sequence[Any], orders: Sequence[Sequence[str]]) -> None:
    expected = outcome(module, args)
    for names in orders:
        copy = copy_of(module)
        run_passes(copy, names, verify=True)
        assert outcome(copy, args) == expected, names
        run_passes(copy, ["loop_simplify", "lcssa"], verify=True)
        assert outcome(copy, args) == expected, [*names, "loop_simplify", "lcssa"]
        assert_normal_form(copy.main)


def assert_normal_form(function: Function) -> None:
    """Preheaders, single latches, dedicated exits, one return, values leaving loops through parameters."""
    forest = LoopForest(function)
    assert not forest.irreducible
    assert sum(block.term.kind == "return" for block in function.blocks) <= 1
    preds = predecessors(function)
    home = {v: b for b in function.blocks for v in defined(b)}
    for loop in forest.loops:
        (before,) = (p for p in preds[loop.header] if p not in loop.blocks)
        assert before.successors == [loop.header]
        assert len(loop.latches) == 1
        for block, number in loop.exits():
            assert all(p in loop.blocks for p in preds[block.term.edges[number].target])
    for block in function.blocks:
        around = forest.around(block)
        for value in uses(block):
            if value in home:
                assert set(forest.around(home[value])) <= set(around)


SEEDS = range(150)


@pytest.mark.parametrize("name", PASSES)
def test_each_pass_alone_on_random_ir(name: str) -> None:
    for seed in SEEDS:
        check(random_module(seed), ir_arguments(seed), [[name]])


def test_passes_in_random_order_on_random_ir() -> None:
    draw = random.Random(7)
    for seed in range(1000, 1300):
        check(random_module(seed), ir_arguments(seed), [draw.choices(PASSES, k=10)])


def test_passes_change_random_ir() -> None:
    """Each pass finds something to do in the random programs, or the tests above would be empty."""
    for name in PASSES:
        modules = [random_module(seed) for seed in SEEDS]
        if name == "promote":  # random programs have no memory of one element; its golden has
            continue
        if name == "bounds":  # needs indices that are not wrapped any more
            for module in modules:
                run_passes(module, ["fold"])
        assert sum(run_passes(module, [name]) for module in modules) >= 5, name


def ir_arguments(seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-2, 2, 4), rng.uniform(-2, 2, 4), rng.uniform(-2, 2), int(rng.integers(-2, 4))


def typed_module(fn: Callable[..., Any], args: Sequence[Any]) -> Module:
    """The typed IR of `fn`, told whether the arguments overlap; skips functions with captured arrays."""
    from ssad.frontend.arguments import abstract_of
    from ssad.frontend.infer import infer

    typed = infer(fn, [abstract_of(arg) for arg in args])
    if typed.captures:
        pytest.skip("captured values are arguments of the compiled function only")
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    overlap = any(np.shares_memory(a, b) for n, a in enumerate(arrays) for b in arrays[:n])
    typed.module.main.attrs["overlap"] = overlap
    return typed.module


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_each_pass_alone_on_the_corpus(case: Case) -> None:
    args = case.argument_sets()[0]
    check(typed_module(case.fn, args), args, [[name] for name in PASSES])


def test_passes_in_random_order_on_random_programs() -> None:
    draw = random.Random(20)
    for seed in range(100):
        program = random_program(seed)
        module = typed_module(program.function(), program.args)
        check(module, program.args, [draw.choices(PASSES, k=8)])
