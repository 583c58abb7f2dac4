"""Programs and numbers that would bring down a careless compiler, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HOSTILE = {
    "indices far out of range": """
        f = ssad.grad(lambda x, i: x[i] * x[i])
        for i in (3, -4, 10**6, -10**6, 10**12, 2**62, 2**63 - 1, -2**63):
            expect(IndexError, f, np.ones(3), i)
        g = ssad.jit(lambda x, i: put(x, i))
        for i in (3, -4, 2**62, 2**63 - 1, -2**63):
            expect(IndexError, g, np.ones(3), i)
        """,
    "indices of a matrix": """
        f = ssad.grad(lambda a, i, j: a[i, j])
        a = np.ones((4, 5))[::2, ::-2]
        for i, j in ((2, 0), (0, 3), (-3, 0), (0, -4), (2**62, 2**62), (2, 3)):
            expect(IndexError, f, a, i, j)
        """,
    "indices read from arrays": """
        def f(x, ix):
            s = 0.0
            for i in ix:
                s += x[i]
            return s
        for bad in (3, -4, 2**62, -2**63):
            expect(IndexError, ssad.grad(f), np.ones(3), np.array([0, 1, bad]))
        """,
    "empty arrays": """
        for f in (lambda x: x[0], lambda x: x[-1], lambda x: x[len(x) // 2]):
            expect(IndexError, ssad.grad(f), np.zeros(0))
            expect(IndexError, ssad.jit(f), np.zeros(0))
        """,
    "sizes that no machine has": """
        f = ssad.jit(lambda n: np.zeros(n)[0])
        for n in (2**40, 2**60, 2**61, 2**62, 2**63 - 1):
            expect(MemoryError, f, n)
        for n in (-1, -2**63):
            expect(ValueError, f, n)
        g = ssad.jit(lambda n, m: np.zeros((n, m))[0, 0])
        expect((MemoryError, ValueError), g, 2**32, 2**32)
        expect((MemoryError, ValueError), g, 2**33, 2**31)
        expect((MemoryError, ValueError), g, -1, 2**62)
        """,
    "a tape that no machine holds": """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
        def grows(x, n):
            i = 0
            while i < n:
                x = math.sin(x) + x * x * 1e-3
                i += 1
            return x
        def counted(x, n):
            for i in range(n):
                x = math.sin(x) + x * x * 1e-3
            return x
        for f in (grows, counted):
            error = expect(MemoryError, ssad.grad(f, mode="reverse"), 0.5, 10**10)
            assert any("grows" in n or "counted" in n for n in error.__notes__), error.__notes__
            assert abs(ssad.grad(f, mode="reverse")(0.5, 3)) < 1.0
        """,
    "recursion without end": """
        expect(RecursionError, ssad.jit(endless), 1.0)
        """,
    "deep nesting of calls": """
        source = "def f0(x):\\n    return x\\n"
        for k in range(300):
            source += f"def f{k + 1}(x):\\n    return f{k}(x) + 1.0\\n"
        scope = {}
        exec(source, scope)
        expect(ssad.SsadError, ssad.grad(scope["f300"]), 1.0)
        assert ssad.grad(scope["f30"])(1.0) == 1.0
        """,
    "a very long expression": """
        f = eval("lambda x: " + " + ".join(["x"] * 2000))
        assert ssad.grad(f)(1.0) == 2000.0
        """,
    "a very deep expression": """
        f = eval("lambda x: " + "(x * " * 80 + "x" + ")" * 80)
        assert ssad.grad(f)(1.0) == 81.0
        """,
    "many variables": """
        names = [f"v{k}" for k in range(400)]
        body = "".join(f"    {n} = x * {k}.0\\n" for k, n in enumerate(names))
        loop = "    for i in range(3):\\n" + "".join(f"        {n} = {n} * 1.5\\n" for n in names)
        scope = {}
        exec("def f(x):\\n" + body + loop + f"    return {' + '.join(names)}\\n", scope)
        assert abs(ssad.grad(scope["f"])(1.0) - sum(range(400)) * 1.5**3) < 1e-6
        """,
    "loops nested twelve deep": """
        source = "def f(x):\\n"
        for k in range(12):
            source += "    " * (k + 1) + f"for i{k} in range(2):\\n"
        source += "    " * 13 + "x = x * 1.0001\\n    return x\\n"
        scope = {}
        exec(source, scope)
        assert abs(ssad.grad(scope["f"])(1.0) - 1.0001**4096) < 1e-9
        """,
    "numbers at the edges": """
        f = ssad.grad(lambda x: x * x + math.atan(x))
        for x in (math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, -0.0):
            f(x)
        g = ssad.jit(lambda a, b: a // b + a % b)
        for a in (-2**63, 2**63 - 1, 0, -1):
            for b in (-1, 1, 0, -2**63, 2**63 - 1):
                try:
                    expected = a // b + a % b
                except ZeroDivisionError:
                    expect(ZeroDivisionError, g, a, b)
                    continue
                if -2**63 <= a // b < 2**63 and -2**63 <= expected < 2**63:
                    assert g(a, b) == expected
                else:
                    expect(OverflowError, g, a, b)
        with np.errstate(all="ignore"):
            for a in (np.int64(-2**63), np.int64(5)):
                for b in (np.int64(-1), np.int64(0)):
                    g(a, b)
        """,
    "conversions out of range": """
        for x in (1e300, -1e300, math.nan, math.inf, 9.3e18, -9.3e18):
            expect((ValueError, OverflowError), ssad.jit(lambda x: int(x)), x)
            expect((ValueError, OverflowError), ssad.jit(lambda x: range_sum(int(x))), x)
        """,
    "an array freed by its owner": """
        import gc
        f = ssad.jit(lambda x: x[1:])
        views = [f(np.arange(1000.0) + k) for k in range(200)]
        gc.collect()
        junk = [np.full(1000, -1.0) for _ in range(400)]
        assert all((v == np.arange(1.0, 1000.0) + k).all() for k, v in enumerate(views))
        """,
    "functions that come and go": """
        import gc
        for k in range(60):
            scope = {}
            exec(f"def f(x):\\n    return x * {k}.0\\n", scope)
            assert ssad.grad(scope["f"])(1.0) == k
            del scope
            gc.collect()
        """,
    "a fork after compiling": """
        import multiprocessing
        f = ssad.jit_grad(lambda x: x * x)
        f(1.0)
        def child(queue):
            queue.put((f(3.0), ssad.grad(lambda x: x * x * x)(2.0)))
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        assert queue.get(timeout=60) == (6.0, 12.0)
        process.join()
        """,
    "exceptions in all threads": """
        import threading
        def f(x, k):
            s = 0.0
            i = 0
            while i < 1000:
                s = math.sin(s + x[i % len(x)])
                if i == k:
                    x[len(x)]
                i += 1
            return s
        g = ssad.jit_grad(f)
        wrong = []
        def work(n):
            for k in range(200):
                try:
                    g(np.ones(3), k * 7)
                    if k * 7 < 1000:
                        wrong.append(k)
                except IndexError:
                    pass
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not wrong
        """,
    "tracing and profiling": """
        import sys
        sys.settrace(lambda *a: None)
        sys.setprofile(lambda *a: None)
        assert ssad.grad(lambda x: x * x)(3.0) == 6.0
        sys.settrace(None)
        sys.setprofile(None)
        """,
}

PRELUDE = """
import math
import numpy as np
import ssad

def expect(kinds, f, *args):
    try:
        got = f(*args)
    except kinds as error:
        assert len(str(error).splitlines()) <= 6, str(error)
        return error
    raise AssertionError(f"{args} gave {got!r}")

def put(x, i):
    x[i] = 1.0
    return x[0]

def range_sum(n):
    s = 0
    for i in range(n):
        s += i
        if i > 3:
            break
    return s

def endless(x):
    return endless(x) + 1.0
"""


def in_a_process(source: str) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "ignore", "-c", PRELUDE + source],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs(name: str) -> None:
    in_a_process(textwrap.dedent(HOSTILE[name]))
