"""Locks: native code takes Python's locks, in both sweeps, and gives them back whatever happens."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ssad

LOCK = threading.Lock()


class Watched:
    """What another thread sees of a lock: how often it is taken while `work` runs."""

    def __init__(self) -> None:
        self.turns = 0


def squares(x: Any) -> Any:
    total = 0.0
    for i in range(len(x)):
        with LOCK:
            total += x[i] * x[i]
    return total


def count_turns(call: Any, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    from ssad.backend.locks import Locking

    turns: list[bool] = []
    turn = Locking.turn

    def counted(self: Locking, number: int, take: bool) -> None:
        turn(self, number, take)
        turns.append(LOCK.locked())

    monkeypatch.setattr(Locking, "turn", counted)
    call()
    return turns


def test_each_sweep_takes_it_once_per_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(3.0)
    once = [True, False] * 3
    assert count_turns(lambda: ssad.jit(squares)(x), monkeypatch) == once
    assert count_turns(lambda: ssad.jvp(squares, (x,), (x,)), monkeypatch) == once
    assert count_turns(lambda: ssad.grad(squares)(x), monkeypatch) == once + once
    assert not LOCK.locked()


def test_waits_for_another_thread_without_holding_the_interpreter() -> None:
    compiled = ssad.jit(squares)
    x = np.ones(2)
    compiled(x)
    results: list[float] = []
    thread = threading.Thread(target=lambda: results.append(compiled(x)))
    with LOCK:
        thread.start()
        thread.join(0.2)
        assert thread.is_alive() and not results
    thread.join(10.0)
    assert results == [2.0]


def test_updates_of_shared_memory_are_not_lost() -> None:
    @ssad.jit
    def add(total: Any, n: int) -> Any:
        for _ in range(n):
            with LOCK:
                total[0] += 1.0
        return total[0]

    total = np.zeros(1)
    add(total, 1)
    threads = [threading.Thread(target=add, args=(total, 2000)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total[0] == 6001.0


def logarithms(x: Any) -> Any:
    total = 0.0
    with LOCK:
        for e in x:
            total += math.log(e)
    return total


def overflowing(n: int) -> int:
    with LOCK:
        for k in range(1, n):
            n *= k
    return n


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ssad.grad(logarithms)(np.array([1.0, -1.0])), ValueError),
        (lambda: ssad.jit(overflowing)(60), OverflowError),  # no handler gets this one
        (lambda: ssad.jit(release)(1.0), RuntimeError),
    ],
)
def test_free_after_an_error(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
    assert not LOCK.locked()


def release(x: float) -> float:
    LOCK.release()
    return x


def test_a_library_has_none(tmp_path: Path) -> None:
    with pytest.raises(ssad.errors.UnsupportedError, match="a library has no locks"):
        ssad.export(squares, "f64[:]", tmp_path / "l.so")
