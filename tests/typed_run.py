"""Runs typed IR by the interpreter and puts the Python result together, for comparison with CPython."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import ssad.library
from ssad.backend.interp import run
from ssad.frontend import custom
from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    Abstract,
    ComplexArrayOf,
    ComplexOf,
    Known,
    Number,
    TupleOf,
)
from ssad.frontend.arguments import abstract_of
from ssad.frontend.infer import Typed, infer
from ssad.ir.verify import verify
from ssad.shadows import as_complex, as_reals

Outcome = tuple[Any, BaseException | None]

custom.LIBRARY.update(ssad.library.LIBRARY)
custom.LOOPS.update(ssad.library.LOOPS)
custom.STOP_GRADIENT.add(ssad.library.constant)


def typed(fn: Callable[..., Any], args: Sequence[Any], error_model: str = "python") -> Typed:
    """`fn` typed for these arguments; the module is verified."""
    result = infer(fn, [abstract_of(arg) for arg in args], error_model=error_model)
    verify(result.module)
    return result


def run_typed(program: Typed, args: Sequence[Any]) -> Any:
    """The Python result of a typed program on Python arguments."""
    flat = [*_flat(args), *(capture.origin.read() for capture in program.captures)]
    return _rebuilt(program.result, iter(run(program.module, flat)))


def outcome(call: Callable[[], Any]) -> Outcome:
    """The result of a call, or the exception it ends with."""
    with np.errstate(all="ignore"):
        try:
            return call(), None
        except Exception as error:
            return None, error


def same_outcome(actual: Outcome, expected: Outcome) -> bool:
    """The same exception with the same text, or the same value, type and bits."""
    error, wanted = actual[1], expected[1]
    if error is not None or wanted is not None:
        return type(error) is type(wanted) and str(error) == str(wanted)
    return same(actual[0], expected[0])


def same(x: Any, y: Any) -> bool:
    """Equal in type and in every bit; one nan is another."""
    if type(x) is not type(y):
        return False
    if isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if isinstance(y, tuple):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(y, float | np.floating):
        return struct.pack("d", x) == struct.pack("d", y) or (x != x and y != y)
    return bool(x == y)


def _flat(args: Sequence[Any]) -> Iterator[Any]:
    for arg in args:
        if isinstance(arg, tuple):
            yield from _flat(arg)
        elif isinstance(arg, complex):
            yield from (float(arg.real), float(arg.imag))
        elif isinstance(arg, np.generic):
            yield arg.item()
        elif isinstance(arg, np.ndarray):
            yield as_reals(arg) if arg.dtype.kind == "c" else arg if arg.ndim else arg.item()
        elif isinstance(arg, float | int):
            yield arg


def _rebuilt(kind: Abstract, parts: Iterator[Any]) -> Any:
    if isinstance(kind, TupleOf):
        return tuple(_rebuilt(item, parts) for item in kind.items)
    if isinstance(kind, Known):
        return kind.object
    if isinstance(kind, ComplexOf):
        re, im = (_rebuilt(item, parts) for item in kind.items)
        return np.complex128(re, im) if isinstance(re, np.generic) else complex(re, im)
    value = next(parts)
    if isinstance(kind, ComplexArrayOf):
        return as_complex(value)
    if not isinstance(kind, Number):
        return value
    numpy = next(parts) if kind.flavour is MIXED else kind.flavour is NUMPY
    return DTYPES[kind.numpy_type].type(value) if numpy else value
