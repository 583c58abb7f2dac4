"""Compiled code in this process: threads, memory, lifetimes, broken input."""

from __future__ import annotations

import gc
import multiprocessing
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ssad.primitives  # noqa: F401  (fills the table)
from ssad.backend import jit, native
from ssad.backend.abi import ContextPool
from ssad.backend.native import NativeFunction, compile_native
from ssad.backend.options import Options
from ssad.backend.runtime import KEPT_BYTES, TOTAL
from ssad.errors import ToolchainError
from ssad.ir.parser import parse_module

SUM = """
func @f(%x: f64[?; C], %scale: f64) -> (f64, f64[?; C]) {
^entry:
  %n = dim %x {axis = 0} : i64
  %y = alloc %n {type = "f64[?; C]"} : f64[?; C]
  jump ^loop(0, 0.0)
^loop(%k: i64, %s: f64):
  %more = lt %k, %n : bool
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k : f64
  %w = mul %v, %scale : f64
  store %y, %k, %w
  %s.1 = add %s, %w : f64
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %s.1)
^exit:
  return %s, %y
}
"""
# Nested loops with an open stack and an open tape; fails at the given inner iteration.
FAILING = """
func @f(%n: i64, %bad: i64) -> f64 {
^entry:
  %s = stack_new {type = "stack<f64>"} : stack<f64>
  %t = tape_new %n {type = "tape<f64>"} : tape<f64>
  jump ^outer(0, %s)
^outer(%i: i64, %s1: stack<f64>):
  %more = lt %i, %n : bool
  branch %more, ^inner(0, %s1), ^exit
^inner(%j: i64, %s2: stack<f64>):
  %again = lt %j, %n : bool
  branch %again, ^body, ^next
^body:
  %x = cast %j {to = "f64"} : f64
  %s3 = stack_push %s2, %x : stack<f64>
  %y = alloc %n {type = "f64[?; C]"} : f64[?; C]
  store %y, %j, %x
  %at = mul %i, %n : i64
  %at.1 = add %at, %j : i64
  %ok = ne %at.1, %bad : bool
  check %ok, %i, %j {exc = "ValueError", message = "at {0}, {1}"}
  tape_set %t, %j, %x
  %j.1 = add %j, 1 : i64
  jump ^inner(%j.1, %s3)
^next:
  %i.1 = add %i, 1 : i64
  jump ^outer(%i.1, %s2)
^exit:
  return 1.0
}
"""
SPIN = """
func @f(%n: i64) -> i64 {
^entry:
  jump ^loop(0, 1)
^loop(%k: i64, %x: i64):
  %more = lt %k, %n : bool
  branch %more, ^body, ^exit
^body:
  %y = mul %x, 6364136223846793005 : i64
  %z = add %y, %k : i64
  %w = shr %z, 7 : i64
  %v = xor %z, %w : i64
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %v)
^exit:
  return %x
}
"""


def compiled(text: str) -> NativeFunction:
    return compile_native(parse_module(text))


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_threads_share_a_function() -> None:
    """Calls at the same time have a context of their own each."""
    function = compiled(SUM)

    def work(seed: int) -> None:
        x = np.arange(100.0 + seed)
        for k in range(200):
            total, y = function.call([x, float(k)])
            assert total == pytest.approx(k * x.sum())
            np.testing.assert_array_equal(y, k * x)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_threads_compile_at_once() -> None:
    def work(k: int) -> float:
        text = f"func @f(%x: f64) -> f64 {{\n^e:\n  %y = mul %x, {float(k)!r} : f64\n  return %y\n}}"
        (value,) = compiled(text).call([2.0])
        assert isinstance(value, float)
        return value

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(24))) == [2.0 * k for k in range(24)]


def test_native_code_runs_without_the_gil() -> None:
    """Python goes on while native code runs."""
    function = compiled(SPIN)
    start = time.perf_counter()
    function.call([10_000_000])
    n = int(10_000_000 * 0.4 / (time.perf_counter() - start))
    thread = threading.Thread(target=function.call, args=([n],))
    thread.start()
    ticks = 0
    while thread.is_alive():
        ticks += 1
        time.sleep(0.001)
    assert ticks > 20


def test_failing_calls_leak_nothing() -> None:
    """An exception in nested loops with open tapes gives all memory back."""
    function = compiled(FAILING)

    def fail() -> None:
        with pytest.raises(ValueError, match=r"^at 15, 7$"):
            function.call([20, 307])

    for _ in range(200):
        fail()
    before = peak_kib()
    for _ in range(10_000):
        try:
            function.call([20, 307])
        except ValueError:
            continue
        pytest.fail("no error")
    assert peak_kib() - before < 2_000
    assert function.call([20, -1]) == [1.0]


def test_big_arenas_are_given_back() -> None:
    """Between calls a context keeps no more than it may."""
    function = compiled(SUM)
    native.POOL.free.clear()
    x = np.ones(KEPT_BYTES // 8 + 1000)
    function.call([x, 1.0])
    assert native.POOL.free[-1].words[TOTAL] == 0
    function.call([x[:1000], 1.0])
    function.call([x[:100_000], 1.0])
    kept = native.POOL.free[-1].words[TOTAL]
    assert 800_000 <= kept <= KEPT_BYTES
    function.call([x[:100_000], 1.0])
    assert native.POOL.free[-1].words[TOTAL] == kept


def test_pool_releases_what_it_does_not_keep() -> None:
    pool = ContextPool(kept=2)
    contexts = [pool.take(10) for _ in range(4)]
    assert len({c.address for c in contexts}) == 4
    released: list[int] = []
    for context in contexts:
        pool.give(context, released.append)
    assert released == [c.address for c in contexts[2:]]
    big = pool.take(1000)
    assert len(big.buffer) >= 8000


def test_code_can_be_dropped() -> None:
    """Functions come and go; what is left works."""
    keep = compiled(SUM)
    for _ in range(20):
        compiled(SPIN).call([3])
    gc.collect()
    total, _ = keep.call([np.ones(3), 2.0])
    assert total == 6.0


def _child(queue: multiprocessing.Queue[float]) -> None:
    total, _ = compiled(SUM).call([np.ones(5), 3.0])
    queue.put(total)


def test_fork() -> None:
    """A forked child compiles and calls for itself."""
    compiled(SUM)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == 15.0
    child.join(60)
    assert child.exitcode == 0


def test_stages_are_text() -> None:
    function = compiled(SUM)
    assert "define internal i32 @user.f" in function.llvm_text
    assert "define" in function.optimised_llvm
    assert "entry.f:" in function.asm
    assert function.compile_ms > 0
    assert not function.sites or function.sites[0].exc == "MemoryError"


def test_read_only_arguments() -> None:
    x = np.ones(4)
    x.flags.writeable = False
    assert compiled(SUM).call([x, 2.0])[0] == 8.0


def test_alias_of_a_read_only_argument() -> None:
    """A result that is a view of a read-only argument cannot be written either."""
    text = """
func @f(%x: f64[?, ?; C]) -> f64[?; C] {
^entry:
  %y = view %x, 1 {pattern = "i:"} : f64[?; C]
  return %y
}
"""
    x = np.arange(6.0).reshape(2, 3)
    x.flags.writeable = False
    (y,) = compiled(text).call([x])
    np.testing.assert_array_equal(y, x[1])
    assert np.shares_memory(x, y) and not y.flags.writeable


NOWHERE = """declare void @nowhere_to_be_found()
define void @f() {
  call void @nowhere_to_be_found()
  ret void
}"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("define i32 @f() {\0}", "NUL"),
        ("define i32 @f( {", "rejects"),
        ("define i32 @f() {\n  ret i64 0\n}", "rejects"),
        (NOWHERE, "linked"),
    ],
)
def test_bad_text_is_an_error(text: str, message: str) -> None:
    """Broken text raises; it never takes the process down."""
    with pytest.raises(ToolchainError, match=message):
        jit.compile_module(text, Options(), ["f"])


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_optimisation_levels_agree(level: int) -> None:
    function = compile_native(parse_module(SUM), Options(opt_level=level))
    total, y = function.call([np.arange(5.0), 2.0])
    assert total == 20.0
    np.testing.assert_array_equal(y, 2 * np.arange(5.0))
