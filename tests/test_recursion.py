"""Recursion: how deep it goes, what its derivative costs, and what it needs of the IR in between."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.abstract import Number, array_of
from ssad.frontend.infer import infer
from ssad.ir.core import Module
from ssad.ir.parser import parse_module
from ssad.ir.types import F64, I64
from ssad.ir.verify import verify
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.oracle.tape import gradient
from tests.outside import agrees, random
from tests.recursive_programs import random_recursion


def power(x: Any, n: Any) -> Any:
    return 1.0 if n == 0 else x * power(x, n - 1)


def endless(x: Any) -> Any:
    return endless(x + 1.0) * x


def there(x: Any) -> Any:
    return 2.0 * back(x)


def back(x: Any) -> Any:
    return there(x + 1.0) if x > -1.0 else x


def halves(x: Any) -> Any:
    """Every element is read once."""
    if len(x) == 1:
        return math.sin(x[0])
    m = len(x) // 2
    return halves(x[:m]) + halves(x[m:])


def allocating(x: Any, n: Any) -> Any:
    """Each frame has an array; the last one divides by zero."""
    y = np.zeros(1000)
    y[n] = x
    if n == 0:
        return x / (x - x)
    return y[n] * allocating(x, n - 1)


# How deep it goes


@pytest.mark.parametrize("fn", [endless, there])
def test_recursion_without_end(fn: Callable[..., Any]) -> None:
    derivatives: list[Callable[[], Any]] = [
        lambda: ssad.jit(fn)(1.0),
        lambda: ssad.grad(fn)(1.0),
        lambda: ssad.jvp(fn, (1.0,), (1.0,)),
        lambda: ssad.hvp(fn, 1.0, 1.0),
    ]
    for run in derivatives:
        for _ in range(2):  # the second time finds a context in which the first one failed
            with pytest.raises(RecursionError) as caught:
                run()
            assert str(caught.value) == "maximum recursion depth exceeded"


@pytest.fixture
def limit() -> Iterator[Callable[[int], None]]:
    before = sys.getrecursionlimit()
    yield sys.setrecursionlimit
    sys.setrecursionlimit(before)


def test_the_limit_is_pythons(limit: Callable[[int], None]) -> None:
    compiled, gradient = ssad.jit(power), ssad.grad(power)
    limit(2000)
    assert compiled(1.0, 1500) == 1.0
    assert gradient(1.0, 1500) == 1500.0
    limit(1000)
    with pytest.raises(RecursionError):
        compiled(1.0, 1500)
    with pytest.raises(RecursionError):
        gradient(1.0, 1500)
    assert gradient(1.0, 900) == 900.0


def test_the_stack_is_never_exhausted(limit: Callable[[int], None]) -> None:
    """However high the limit, in a thread however small."""
    compiled, gradient = ssad.jit(endless), ssad.grad(endless)
    limit(10**9)
    met: list[str] = []

    def run() -> None:
        for call in (compiled, gradient):
            try:
                call(1.0)
            except RecursionError as error:
                met.append(str(error))

    run()
    before = threading.stack_size()
    try:
        for kib in (64, 256, 1024):
            threading.stack_size(kib << 10)
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
    finally:
        threading.stack_size(before)
    assert met == ["maximum recursion depth exceeded"] * 8


def test_depth_is_counted_down_again() -> None:
    """Calls one after the other are not nested."""

    def many(x: Any) -> Any:
        s = 0.0
        for _ in range(50):
            s += power(x, 100)
        return s

    assert ssad.grad(many)(1.0) == 5000.0


def test_an_exception_far_down_leaves_nothing_behind() -> None:
    gradient = ssad.grad(allocating)
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            gradient(1.0, 300)
    assert ssad.grad(power)(1.0, 900) == 900.0


def test_threads_recurse_side_by_side() -> None:
    gradient = ssad.grad(power)
    gradient(1.0, 1)
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(gradient(1.0, 700))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [700.0] * 8


# What it costs


def module_of(fn: Callable[..., Any], name: str, types: list[Any], *modes: str) -> Module:
    recipe = Recipe(tuple(Step(mode, (0,)) for mode in modes))
    value = stage(name, fn, types, recipe, Trace(verify=True)).value
    module: Module = value.module if name == "typed" else value
    return module


def calls(module: Module, name: str) -> list[str]:
    ops = [op for op in module.functions[name].ops() if op.name == "call"]
    return [op.attrs["callee"] for op in ops]


def test_each_sweep_calls_itself_as_often_as_the_primal() -> None:
    """So the work of the derivative is a multiple of the work of the primal, whatever the depth."""
    module = module_of(halves, "refined", [array_of(F64, 1, "C")], "reverse")
    primal = module_of(halves, "optimised", [array_of(F64, 1, "C")])
    for name in [n for n in primal.functions if calls(primal, n)]:
        assert len(calls(primal, name)) in (1, 2)
    for half in ("augmented", "reverse"):
        names = [n for n in module.functions if n.endswith(half)]
        assert names
        for name in names:
            assert len(calls(module, name)) == 2
            assert all(callee.endswith(half) for callee in calls(module, name))


def test_a_constant_is_not_unrolled() -> None:
    def fixed(x: Any) -> Any:
        return power(x, 200)

    module = infer(fixed, [Number(F64)]).module
    assert list(module.functions) == ["fixed", "power", "power.1"]


def test_what_stays_the_same_stays_a_constant() -> None:
    """The exponent of the step is known in every call, the count is not."""

    def steps(x: Any, count: Any, kind: Any) -> Any:
        return x if count == 0 else steps(x**kind, count - 1, kind)

    globals()["steps"] = steps

    def cubes(x: Any) -> Any:
        return steps(x, 2, 3)

    text = str(infer(cubes, [Number(F64)]).module)
    assert "power" not in text and "ipow" not in text
    assert ssad.grad(cubes)(1.1) == pytest.approx(9 * 1.1**8)


# The stages


@pytest.mark.parametrize("modes", [("reverse",), ("forward",), ("reverse", "forward")], ids="-".join)
@pytest.mark.parametrize("name", ["typed", "optimised", "adjoint", "refined"])
def test_every_stage_is_text(name: str, modes: tuple[str, ...]) -> None:
    for fn, types in ((power, [Number(F64), Number(I64)]), (halves, [array_of(F64, 1, "A")])):
        module = module_of(fn, name, types, *modes)
        again = parse_module(str(module))
        verify(again, stage=name)
        assert str(again) == str(module)


def test_passes_can_be_left_out() -> None:
    types = [array_of(F64, 1, "C")]
    x = random(5)
    for one in ("cse", "dce", "fold", "licm", "load_forward", "simplify_cfg", "bounds", "hoist_alloc"):
        recipe = Recipe((Step("reverse", (0,)),))
        artefact = stage("asm", halves, types, recipe, Trace(verify=True, disable=[one]))
        shadow = np.zeros(5)
        artefact.value.call([x, shadow, 1.0])
        np.testing.assert_allclose(shadow, np.cos(x), rtol=1e-14)


# What is called with what


def test_arrays_that_are_only_read_need_not_be_writeable() -> None:
    x = random(4)
    x.flags.writeable = False
    np.testing.assert_allclose(ssad.grad(halves)(x), np.cos(x), rtol=1e-14)


def test_arguments_that_overlap() -> None:
    def mix(x: Any, y: Any, n: Any) -> Any:
        if n == 0:
            return x[0] * y[1]
        x[n] = x[n] * y[0] + x[n - 1]
        return mix(y, x, n - 1) + x[n]

    globals()["mix"] = mix
    memory = random(6)
    agrees(mix, (memory[:4], random(4, seed=3), 3), (0, 1))
    x = memory.copy()
    both = ssad.grad(mix, argnums=(0, 1))(x[:4], x[2:], 3)
    h = 1e-6
    for k in range(6):
        values = []
        for sign in (1.0, -1.0):
            moved = memory.copy()
            moved[k] += sign * h
            values.append(mix(moved[:4], moved[2:], 3))
        total = both[0][k] if k < 4 else both[1][k - 2]
        assert total == pytest.approx((values[0] - values[1]) / (2 * h), abs=1e-8)


def test_the_caller_writes_between_the_sweeps() -> None:
    """What the callee has read is overwritten before its reverse sweep runs."""

    def reads(y: Any, n: Any) -> Any:
        s = 0.0
        for k in range(n):
            s += y[k] * y[k] * y[n]
        return s if n == 0 else s + reads(y, n - 1)

    globals()["reads"] = reads

    def f(x: Any) -> Any:
        y = np.copy(x)
        a = reads(y, 3)
        for k in range(4):
            y[k] = y[k] * a
        b = reads(y, 2)
        y[0] = 7.0
        return a * b

    agrees(f, (random(4),))


def test_a_rule_by_hand_calls_itself() -> None:
    def exponential(x: Any) -> Any:
        return math.exp(x)

    @ssad.defvjp(exponential)
    def rule(y_bar: Any, y: Any, x: Any) -> Any:
        return y_bar * power(x, 3)

    def f(x: Any) -> Any:
        return exponential(x) * 2.0

    assert ssad.grad(f)(0.5) == 0.25
    assert ssad.hvp(f, 0.5, 1.0) == 1.5


def test_a_recursive_function_with_a_rule() -> None:
    """The rule is used, and its function is not differentiated."""

    def counted(x: Any, n: Any) -> Any:
        return x if n == 0 else counted(x * 1.5, n - 1)

    globals()["counted"] = counted

    def f(x: Any) -> Any:
        return counted(x, 3)

    @ssad.defvjp(counted)
    def rule(y_bar: Any, y: Any, x: Any, n: Any) -> Any:
        return y_bar * 100.0, None

    assert ssad.jit(f)(1.0) == 1.5**3
    assert ssad.grad(f)(1.0) == 100.0


def test_single_precision() -> None:
    def narrow(x: Any) -> Any:
        if len(x) == 1:
            return x[0] * x[0]
        m = len(x) // 2
        return narrow(x[:m]) + narrow(x[m:])

    globals()["narrow"] = narrow
    x = np.arange(1, 6, dtype=np.float32)
    assert ssad.jit(narrow)(x) == np.float32(55.0)
    np.testing.assert_array_equal(ssad.grad(narrow)(x), 2 * x)


# Random programs


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_random_recursion(first: int) -> None:
    """In all modes; the tape is the oracle, for second derivatives its differences."""
    for seed in range(first, first + 6):
        program, arguments = random_recursion(seed)
        agrees(program, arguments(), (0, 1, 2) if seed % 3 else (seed // 3 % 3,))
        _, bars = gradient(program, arguments(), (0, 1, 2))
        dots = (0.3, -0.7, np.array([0.3, 0.2, -0.5]))
        wanted = sum(float(np.sum(dot * bar)) for dot, bar in zip(dots, bars, strict=True))
        _, got = ssad.jvp(program, arguments(), (*dots, None))
        assert got == pytest.approx(wanted, rel=1e-11, abs=1e-11), seed
        h = 1e-5
        low, high = (gradient(program, (0.7 + step, *arguments()[1:]), 0)[1] for step in (-h, h))
        second = ssad.hvp(program, 0.7, 1.0, *arguments()[1:])
        assert second == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-5), seed
