"""`print` inside: CPython's text, in order, once per call, before an exception, and not again in reverse."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import pytest

import ssad
from tests.outside import refused


def talkative(x: Any, a: Any) -> Any:
    print("start", x, 3, a[0], True, None, (x, 1), [2.0, "s"], (x,), sep=", ")
    s = 0.0
    for i in range(len(a)):
        print(f"i={i} {x:.2f} {x!r} {a[i]:g}", end="; ")
        s += x * x * a[i]
        if s > 100.0:
            print("large {}", s > 100.0, -0.0 * x)
    print()
    print(np.float32(0.1), (np.float32(x), a[1]), np.int64(7), x > 0.0, f"{np.float32(0.1)}")
    if x > 5.0:
        raise ValueError(f"too large: {x}")
    print("end", math.inf, flush=True)
    return s


def nothing(x: float) -> None:
    print("x is", x)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ssad.jit(talkative)(2.0, np.arange(3.0)),
        lambda: ssad.grad(talkative)(2.0, np.arange(3.0)),
        lambda: ssad.value_and_grad(talkative, argnums=(0, 1))(2.0, np.arange(3.0)),
        lambda: ssad.jvp(talkative, (2.0, np.arange(3.0)), (1.0, None)),
        lambda: ssad.hvp(talkative, 2.0, 1.0, np.arange(3.0)),
        lambda: ssad.hessian(talkative, argnums=1)(2.0, np.arange(3.0)),
        lambda: ssad.jacobian(talkative, argnums=1)(2.0, np.arange(3.0)),
        lambda: ssad.vjp(talkative, 2.0, np.arange(3.0))[1](1.0),
    ],
    ids=["jit", "grad", "both", "jvp", "hvp", "hessian", "jacobian", "vjp"],
)
def test_once_and_as_in_cpython(call: Any, capsys: Any) -> None:
    talkative(2.0, np.arange(3.0))
    expected = capsys.readouterr().out
    call()
    assert capsys.readouterr().out == expected
    assert expected.count("\n") == 4


def test_before_an_exception(capsys: Any) -> None:
    for fn in (talkative, ssad.jit(talkative), ssad.grad(talkative)):
        with pytest.raises(ValueError, match=r"too large: 6\.0"):
            fn(6.0, np.arange(3.0))
    out = capsys.readouterr().out
    third = len(out) // 3
    assert out[:third] == out[third : 2 * third] == out[2 * third :]
    assert "large {}" in out


def test_a_call_for_its_message_alone(capsys: Any) -> None:
    assert ssad.jit(lambda x: nothing(x))(2.5) is None
    assert capsys.readouterr().out == "x is 2.5\n"


def test_an_error_in_printing_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    f = ssad.jit(lambda x: nothing(x))
    f(1.0)

    def broken(*args: Any, **keywords: Any) -> None:
        raise BrokenPipeError("gone")

    monkeypatch.setattr("ssad.backend.printing.print", broken, raising=False)
    with pytest.raises(BrokenPipeError, match="gone"):
        f(1.0)


def test_threads_print_their_own_lines(capsys: Any) -> None:
    def f(x: float) -> float:
        for i in range(20):
            print(f"{x} {i}\n", end="")
        return x

    g = ssad.jit(f)
    threads = [threading.Thread(target=g, args=(float(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = capsys.readouterr().out.split("\n")
    assert sorted(lines[:-1]) == sorted(f"{float(n)} {i}" for n in range(4) for i in range(20))


def test_what_is_refused(tmp_path: Any) -> None:
    assert "print of" in refused(NotImplementedError, ssad.jit(lambda a: print(a)), np.ones(2))
    assert "file=" in refused(NotImplementedError, ssad.jit(lambda x: print(x, file=None)), 1.0)

    def loud(x: float) -> float:
        print(x)
        return x

    assert "cannot print" in refused(NotImplementedError, ssad.export, loud, "f64", tmp_path / "l.so")
