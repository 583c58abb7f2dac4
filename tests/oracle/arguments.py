"""Copies of argument tuples that keep what a program can observe: layout, writability and overlaps."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

ALIGNMENT_BYTES = 64


def is_float_array(value: object) -> bool:
    """Whether a value is an array that can carry derivatives."""
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.inexact)


def copy_arguments(args: Sequence[Any], *, separate: bool = False) -> tuple[Any, ...]:
    """Copy all arrays among `args`; arrays that overlap still overlap unless `separate`."""
    copies = list(args)
    spans = sorted(
        (*byte_bounds(arg), position)
        for position, arg in enumerate(args)
        if isinstance(arg, np.ndarray) and arg.size
    )
    group: list[int] = []
    low = high = -1
    for start, stop, position in spans:
        if group and (separate or start >= high):
            _copy_block(args, copies, group, low, high)
            group = []
        if not group:
            low, high = start, stop
        group.append(position)
        high = max(high, stop)
    if group:
        _copy_block(args, copies, group, low, high)
    for position, arg in enumerate(args):
        if isinstance(arg, np.ndarray) and not arg.size:
            copies[position] = arg.copy(order="K")
    return tuple(copies)


def _copy_block(args: Sequence[Any], copies: list[Any], group: list[int], low: int, high: int) -> None:
    block = np.empty(high - low + ALIGNMENT_BYTES, np.uint8)
    skip = (low - block.ctypes.data) % ALIGNMENT_BYTES
    block[skip : skip + high - low] = np.frombuffer(ctypes.string_at(low, high - low), np.uint8)
    for position in group:
        arg = args[position]
        offset = skip + arg.ctypes.data - low
        copies[position] = np.ndarray(arg.shape, arg.dtype, block, offset, arg.strides)
        copies[position].flags.writeable = arg.flags.writeable


def overlapping(args: Sequence[Any]) -> list[int]:
    """The positions of float arrays that share memory with another argument."""
    arrays = [position for position, arg in enumerate(args) if is_float_array(arg)]
    return [
        position
        for position in arrays
        if any(other != position and np.may_share_memory(args[position], args[other]) for other in arrays)
    ]
