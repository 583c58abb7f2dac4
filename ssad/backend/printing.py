"""What native code prints: a callback that formats as Python does, for the native call at hand.

Each thread has a stack of calls, since a callback may call native code in its turn.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SYMBOL = "ssad.print"


@dataclass(frozen=True)
class Print:
    """A place that prints: its text, the IR types of its numbers, and which of them are NumPy's (see
    `primitives/printing.py`).
    """

    text: str
    types: tuple[str, ...]
    kinds: tuple[str, ...]


class _Calls(threading.local):
    def __init__(self) -> None:
        self.stack: list[Printing] = []
        self.muted = False


_CALLS = _Calls()


class Printing:
    """A native call that prints. What goes wrong in printing is raised at its end."""

    def __init__(self, prints: Sequence[Print]) -> None:
        self.prints = prints
        self.error: BaseException | None = None

    def __enter__(self) -> Printing:
        _CALLS.stack.append(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _CALLS.stack.pop()
        if self.error is not None:
            raise self.error

    def write(self, number: int, address: int) -> None:
        """Print at the place with this number; its words lie at `address`."""
        from ssad.backend.abi import number_of  # which knows the writer that knows this file
        from ssad.primitives.printing import printed

        if self.error is not None or _CALLS.muted:
            return
        try:
            place = self.prints[number]
            words = (ctypes.c_int64 * len(place.types)).from_address(address)
            numbers = [number_of(type, word) for type, word in zip(place.types, words, strict=True)]
            print(printed(place.text, place.kinds, numbers), end="")
        except BaseException as error:
            self.error = error


def _write(number: int, address: int) -> None:
    _CALLS.stack[-1].write(number, address)


_CALLBACK: Any = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_void_p)(_write)


def callback() -> int:
    """The address that `SYMBOL` stands for."""
    address = ctypes.cast(_CALLBACK, ctypes.c_void_p).value
    assert address is not None
    return address


@contextmanager
def quiet(really: bool = True) -> Iterator[None]:
    """Nothing is printed meanwhile in this thread: the program runs again only for its derivative."""
    before, _CALLS.muted = _CALLS.muted, _CALLS.muted or really
    try:
        yield
    finally:
        _CALLS.muted = before
