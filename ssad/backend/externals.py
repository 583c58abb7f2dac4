"""Calls of external functions from native code: arguments are unpacked, results packed, for the call at hand.

An exception of the function is kept and raised, as it is, when the native call has ended.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssad.ir.types import Array, parse_type

SYMBOL = "ssad.external"


@dataclass(frozen=True)
class Place:
    """A place that calls: the name of the function, the types of its operands, how many of these are for
    results, and the type of the result that is none of these.
    """

    name: str
    types: tuple[str, ...]
    outs: int
    result: str


class _Calls(threading.local):
    def __init__(self) -> None:
        self.stack: list[Calling] = []


_CALLS = _Calls()


class Calling:
    """A native call that calls external functions."""

    def __init__(self, places: Sequence[tuple[Place, Any]]) -> None:
        self.places = places
        self.error: BaseException | None = None

    def __enter__(self) -> Calling:
        _CALLS.stack.append(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _CALLS.stack.pop()
        if self.error is not None:
            raise self.error

    def call(self, number: int, given: int, taken: int) -> int:
        """Call the function of the place with this number; 0 if it returned what it should."""
        from ssad.backend.abi import array_at, number_of, words_of  # which know the writer that knows this

        place, external = self.places[number]
        try:
            operands: list[Any] = []
            at = given
            for text in place.types:
                type = parse_type(text)
                words = (ctypes.c_int64 * words_of(type)).from_address(at)
                at += 8 * len(words)
                if isinstance(type, Array):
                    operands.append(array_at(type, list(words)))
                else:
                    operands.append(number_of(text, words[0]))
            result = called(external, operands, place.outs)
            if place.result:
                kind = ctypes.c_double if place.result == "f64" else ctypes.c_int64
                kind.from_address(taken).value = result
            return 0
        except BaseException as error:
            self.error = error
            return 1


def called(external: Any, operands: Sequence[Any], outs: int) -> Any:
    """The number that the function returns, where the last `outs` operands are not for what it returns.

    It gets copies of arrays: what it keeps of them stays valid, and what it writes is its own.
    """
    cut = len(operands) - outs
    given = [x.copy() if isinstance(x, np.ndarray) else x for x in operands[:cut]]
    results = external.numbers(external.fn(*given))
    if not outs:
        return results[0]
    for out, value in zip(operands[cut:], results, strict=True):
        out[...] = value
    return None


def _call(number: int, given: int, taken: int) -> int:
    return _CALLS.stack[-1].call(number, given, taken)


_CALLBACK: Any = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(_call)


def callback() -> int:
    """The address that `SYMBOL` stands for."""
    address = ctypes.cast(_CALLBACK, ctypes.c_void_p).value
    assert address is not None
    return address
