"""Loops from outside: exceptions with open tapes, values that leave loops, threads, size of derivatives."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, Trace, stage
from tests.oracle.tape import gradient
from tests.outside import agrees, random

# Exceptions with open tapes


def fails_at(x: Any, n: int, k: int) -> Any:
    total = 1.0
    for i in range(n):
        j = 0
        while j < n:
            total = math.sin(total) + x[(i + j) % len(x)] * total
            if i * n + j == k:
                raise ValueError("stopped on purpose")
            j += 1
    return total


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


def test_exception_at_iteration_k_of_nested_loops() -> None:
    g = ssad.jit_grad(fails_at)
    x = random(3)
    for k in (0, 1, 17, 35):
        with pytest.raises(ValueError) as caught:
            g(x, 6, k)
        assert caught.value.args == ("stopped on purpose",)
        line = fails_at.__code__.co_firstlineno + 7
        assert any(f"test_named_loops.py:{line}" in note for note in caught.value.__notes__)
    agrees(fails_at, (x, 6, -1))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_exceptions_with_open_tapes_leak_nothing() -> None:
    g = ssad.jit_grad(fails_at)
    x = random(3)

    def calls(count: int) -> None:
        for _ in range(count):
            with pytest.raises(ValueError):
                g(x, 40, 1500)

    calls(500)
    before = resident_kib()
    calls(10_000)
    # a leak of one tape per call (1,500 records of two numbers) would be more than 200 MB
    assert resident_kib() - before < 8_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_gradients_and_pullbacks_leak_nothing() -> None:
    g = ssad.jit_grad(fails_at)
    x = random(500)

    def calls(count: int) -> None:
        for _ in range(count):
            g(x, 3, -1)
            ssad.vjp(fails_at, x, 3, -1)[1](1.0)

    calls(300)
    before = resident_kib()
    calls(3_000)
    assert resident_kib() - before < 4_000


def test_exception_in_the_middle_then_a_good_call() -> None:
    def f(x: Any, n: int) -> Any:
        total = 0.0
        for i in range(n):
            total += math.log(x[i])
        return total

    g = ssad.jit_grad(f)
    for _ in range(3):
        with pytest.raises(IndexError):
            g(np.ones(3), 4)
        with pytest.raises(ValueError):
            g(np.array([1.0, -1.0]), 2)
        np.testing.assert_array_equal(g(np.array([1.0, 2.0]), 2), [1.0, 0.5])


# Loops


def test_zero_trip_loops() -> None:
    def f(x: Any, t: float, n: int) -> Any:
        total = t
        for i in range(n):
            total *= x[i]
        k = n
        while k > 0:
            total = math.sin(total)
            k -= 1
        for v in x[:n]:
            total += v
        for i in range(n, 0, -1):
            for j in range(i):
                total += x[j] * t
        return total * t

    for n in (0, 1, 3):
        agrees(f, (random(3), 1.25, n), (0, 1))
    agrees(f, (np.zeros(0), 1.25, 0), (0, 1))


def test_value_defined_in_a_loop_and_read_after_it() -> None:
    def f(x: Any) -> Any:
        for i in range(len(x)):
            y = x[i] * x[i]
            if y > 1.5:
                break
        j = 0
        while j < len(x):
            z = math.exp(x[j]) * y
            j += 2
        return y * z + i * x[i] + j

    for seed in range(4):
        agrees(f, (random(5, seed=seed),))
    with pytest.raises(UnboundLocalError):
        ssad.grad(f)(np.zeros(0))


def test_tapes_in_loops_nested_three_deep_with_break() -> None:
    def f(x: Any, limit: float) -> Any:
        total = 1.0
        for i in range(len(x)):
            a = x[i]
            while a < limit:
                for j in range(i + 2):
                    a = a * (1.1 + 0.1 * math.sin(total)) + x[j % len(x)] * 0.1
                    total = total * 0.9 + math.cos(a * x[i])
                    if a > 0.9 * limit and j > 0:
                        break
                else:
                    total += a * 0.01
                    continue
                if total > 3.0:
                    total *= 0.5
                    break
                total = math.sqrt(abs(total) + 0.1)
            total += a * a
        return total

    for seed in range(3):
        for limit in (0.1, 2.0, 5.0, 40.0):
            agrees(f, (random(4, seed=seed), limit))


def test_a_check_whose_value_is_otherwise_dead() -> None:
    def f(x: Any, i: int) -> Any:
        x[i]
        unused = math.log(x[0])  # noqa: F841
        return x[1] * x[1]

    g, compiled = ssad.jit_grad(f), ssad.jit(f)
    for call in (g, compiled, lambda *a: ssad.jvp(f, a, (a[0], None)), lambda *a: ssad.vjp(f, *a)):
        with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 2"):
            call(np.ones(2), 7)
        with pytest.raises(ValueError, match=r"math domain error|expected a positive"):
            call(np.array([-1.0, 1.0]), 0)
    np.testing.assert_array_equal(g(np.ones(2), 1), [0.0, 2.0])


def test_a_check_in_a_loop_whose_values_are_dead() -> None:
    def f(x: Any, n: int) -> Any:
        for i in range(n):
            1.0 / x[i]
        return x[0]

    assert np.array_equal(ssad.grad(f)(np.ones(3), 3), [1.0, 0.0, 0.0])
    with pytest.raises(IndexError):
        ssad.grad(f)(np.ones(3), 4)


# Threads


def test_threads_call_and_compile_at_once() -> None:
    def f(x: Any, t: Any) -> Any:
        total = 0.0
        for i in range(len(x)):
            y = x[i]
            while y < 10.0:
                y = y * y + t
            total += math.sin(y)
        return total

    g = ssad.jit_grad(argnums=(0, 1))(f)
    points = [
        (random(n, seed=n).astype(dtype), kind(0.5 + 0.1 * n))
        for n in (1, 5, 40)
        for dtype, kind in ((np.float64, float), (np.float64, np.float64), (np.float32, float))
    ]
    expected = [gradient(f, (x.astype(float), float(t)), (0, 1))[1] for x, t in points]
    wrong: list[Any] = []
    start = threading.Barrier(6)

    def work(shift: int) -> None:
        start.wait()
        for k in range(5 * len(points)):
            at = (k + shift) % len(points)
            x, t = points[at]
            rtol = 1e-11 if x.dtype == np.float64 else 1e-3
            for bar, own in zip(expected[at], g(x, t), strict=True):
                if not np.allclose(own, bar, rtol=rtol, atol=rtol * np.max(np.abs(bar))):
                    wrong.append((at, own, bar))

    with ThreadPoolExecutor(6) as pool:
        for outcome in [pool.submit(work, 2 * n) for n in range(6)]:
            outcome.result()
    assert not wrong
    assert len(g.signatures) == 3


# The size of the derivative, and calls inside loops


def lowered(fn: Callable[..., Any], args: tuple[Any, ...], name: str, argnums: tuple[int, ...] = (0,)) -> str:
    recipe = Recipe(steps=(Step("reverse", argnums),), vector_math=False)
    return stage(name, fn, [abstract_of(a) for a in args], recipe, Trace(verify=True)).text()


def test_the_size_of_the_adjoint_does_not_depend_on_the_data() -> None:
    small, large = (random(3), 0.5), (random(3000), 0.25)

    def log_sum_exp(x: Any, t: float) -> Any:
        r = 0.0
        for i in range(len(x)):
            r += math.exp(x[i] * t)
        return math.log(r)

    for name in ("adjoint", "refined", "llvm"):
        assert lowered(log_sum_exp, small, name) == lowered(log_sum_exp, large, name)
    g = ssad.jit_grad(log_sum_exp)
    g(*small)
    g(*large)
    assert len(g.signatures) == 1


def loop_blocks(llvm: str, function: str) -> list[str]:
    """The text of the blocks that lie on a cycle of the control-flow graph of one LLVM function."""
    body = re.search(rf"^define [^\n]*@\"?{re.escape(function)}\"?\(.*?^}}", llvm, re.M | re.S)
    assert body is not None, function
    blocks: dict[str, str] = {}
    label = "entry"
    for line in body[0].splitlines()[1:-1]:
        found = re.match(r"([\w.$\"-]+):", line)
        if found:
            label = found[1].strip('"')
        blocks[label] = blocks.get(label, "") + line + "\n"
    edges = {name: re.findall(r"label %\"?([\w.$-]+)", text) for name, text in blocks.items()}

    def reachable(origin: str) -> set[str]:
        seen: set[str] = set()
        work = [*edges[origin]]
        while work:
            at = work.pop()
            if at not in seen:
                seen.add(at)
                work += edges[at]
        return seen

    return [text for name, text in blocks.items() if name in reachable(name)]


def counted(x: Any, t: float) -> Any:
    total = t
    for i in range(len(x)):
        total = total * x[i] + x[i] / total
    return total


def nested_counted(x: Any, n: int) -> Any:
    total = 1.0
    for i in range(n):
        for j in range(len(x)):
            total = total * x[j] + i / total
    return total


def uncounted(x: float, limit: float) -> float:
    while x < limit:
        x = x * x + 1.0 / x
    return x


def calls_in_loops(fn: Callable[..., Any], args: tuple[Any, ...]) -> set[str]:
    text = lowered(fn, args, "llvm")
    called: set[str] = set()
    for name in re.findall(r"^define [^\n]*?@\"?([\w.$]+)\"?\(", text, re.M):
        if name.startswith("ssad."):
            continue  # the support functions themselves
        for block in loop_blocks(text, name):
            called |= set(re.findall(r"\bcall\b[^@\n]*@\"?([\w.$]+)", block))
    return {name for name in called if not name.startswith("llvm.")}


def test_no_call_for_tapes_inside_counted_loops() -> None:
    assert calls_in_loops(counted, (random(3), 0.5)) == set()
    assert calls_in_loops(nested_counted, (random(3), 2)) == set()


def test_the_reader_of_llvm_sees_calls_where_there_are_some() -> None:
    """A `while` loop has a tape that grows: the test above would notice one."""
    assert any(name.startswith("ssad.") for name in calls_in_loops(uncounted, (1.5, 9.0)))


def test_long_loops() -> None:
    def f(x: float, n: int) -> float:
        y = x
        k = 0
        while k < n:
            y = y + x / (1.0 + y * y)
            k += 1
        return y

    n = 300_000
    y, y_dot = 0.75, 1.0
    for _ in range(n):
        q = 1.0 + y * y
        y, y_dot = y + 0.75 / q, y_dot + 1.0 / q - 0.75 * 2.0 * y * y_dot / (q * q)
    value, slope = ssad.value_and_grad(f)(0.75, n)
    assert value == y
    assert slope == pytest.approx(y_dot, rel=1e-9)
