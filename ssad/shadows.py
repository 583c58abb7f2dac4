"""Arrays beside the caller's arrays: shadows, tangents and copies that overlap as their models do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ssad.errors import ArgumentError
from ssad.trees import flat, refilled


def zeros_like(array: Any) -> Any:
    """Zeros of the shape, type and axis order of `array`."""
    return np.zeros(array.shape, array.dtype) if array.flags.c_contiguous else np.zeros_like(array)


def zeros_beside(arrays: Sequence[Any], written: Collection[int]) -> list[Any]:
    """Zeros for each of `arrays`: its own, but one memory for arrays that overlap and of which one is in
    `written`.
    """
    made: list[Any] = [None] * len(arrays)
    for group in groups(arrays):
        shared = len(group) > 1 and any(n in written for n in group)
        members = [arrays[n] for n in group]
        for n, zeros in zip(group, spanning(members) if shared else map(zeros_like, members), strict=True):
            made[n] = zeros
    return made


def overlaps_itself(array: Any) -> bool:
    """Whether two elements of a strided array may be the same memory (stride 0, sliding windows)."""
    extent = array.itemsize
    for step, length in sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if step < extent:
            return True
        extent += step * (length - 1)
    return False


def groups(arrays: Sequence[Any]) -> list[list[int]]:
    """Numbers of arrays that overlap, transitively."""
    groups: list[list[int]] = []
    for n, array in enumerate(arrays):
        touching = [g for g in groups if any(np.may_share_memory(array, arrays[m]) for m in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([m for g in touching for m in g] + [n])
    return groups


def spanning(arrays: Sequence[Any]) -> list[Any]:
    """Zero arrays that overlap exactly as `arrays` do."""
    bounds = [byte_bounds(a) for a in arrays]
    low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
    dtype = arrays[0].dtype
    starts = [a.__array_interface__["data"][0] - low for a in arrays]
    if any(a.dtype != dtype for a in arrays) or any(s % dtype.itemsize for s in starts):
        raise ArgumentError(
            "overlapping array arguments of different types are written", cure="pass a copy of one"
        )
    block = np.zeros((high - low) // dtype.itemsize, dtype)
    return [np.ndarray(a.shape, dtype, block, s, a.strides) for a, s in zip(arrays, starts, strict=True)]


def copies(args: Sequence[Any]) -> list[Any]:
    """Copies of the arguments, arrays in trees too; arrays that overlap are copied together, so that the
    copies overlap alike.
    """
    found = flat(args)
    made = list(found)
    numbers = [n for n, a in enumerate(found) if isinstance(a, np.ndarray)]
    for group in groups([found[n] for n in numbers]):
        members = [numbers[g] for g in group]
        if len(members) == 1:
            made[members[0]] = np.copy(found[members[0]], order="K")
            continue
        for n, copy in zip(members, spanning([found[n] for n in members]), strict=True):
            copy[...] = found[n]
            made[n] = copy
    rest = iter(made)
    return [refilled(arg, rest) for arg in args]


def as_reals(array: Any) -> Any:
    """The same memory as f64 with one more axis behind, of length 2: real and imaginary parts."""
    if array.flags.c_contiguous:
        return array.view(np.float64).reshape(*array.shape, 2)
    shape, strides = (*array.shape, 2), (*array.strides, array.itemsize // 2)
    return np.lib.stride_tricks.as_strided(array.real, shape, strides, writeable=array.flags.writeable)


def as_complex(array: Any) -> Any:
    """The same memory as complex numbers: the inverse of `as_reals`."""
    return array.view(np.complex128)[..., 0]
