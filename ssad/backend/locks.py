"""Python's locks in native code: a callback takes and releases them, for the native call at hand.

What a call still holds at its end, because it failed in a way that Python does not know, is released then.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

SYMBOL = "ssad.lock"


class _Calls(threading.local):
    def __init__(self) -> None:
        self.stack: list[Locking] = []


_CALLS = _Calls()


class Locking:
    """A native call that takes locks. What goes wrong with them is raised at its end."""

    def __init__(self, locks: Sequence[Any]) -> None:
        self.locks = locks
        self.held: list[Any] = []
        self.error: BaseException | None = None

    def __enter__(self) -> Locking:
        _CALLS.stack.append(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _CALLS.stack.pop()
        while self.held:
            self.held.pop().release()
        if self.error is not None:
            raise self.error

    def turn(self, number: int, take: bool) -> None:
        """Take or release the lock with this number."""
        lock = self.locks[number]
        try:
            if take:
                lock.acquire()
                self.held.append(lock)
            else:
                lock.release()
                self.held.remove(lock)
        except BaseException as error:
            self.error = self.error or error


def _turn(number: int, take: int) -> None:
    _CALLS.stack[-1].turn(number, bool(take))


_CALLBACK: Any = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_int32)(_turn)


def callback() -> int:
    """The address that `SYMBOL` stands for."""
    address = ctypes.cast(_CALLBACK, ctypes.c_void_p).value
    assert address is not None
    return address
