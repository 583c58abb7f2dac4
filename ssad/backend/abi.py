"""The calling convention between Python and native code, written down once: contexts, 8-byte slots, failing
sites.

A call passes the addresses of a context (runtime.py) and of the slots: the parts of every parameter in order,
then room for the parts of the results. Parts are those of `layout.part_types`: a number is one slot (f64
bits; f32 in the low half; integers and bools extended to 64 bits); an array is pointer, shape, and for layout
A strides in elements.
"""

from __future__ import annotations

import builtins
import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ssad.backend.layout import part_scalars, part_types
from ssad.backend.llvm import Site
from ssad.backend.runtime import CONTEXT_WORDS, PAYLOAD
from ssad.ir.core import Location
from ssad.ir.raising import exception_of
from ssad.ir.types import Array, Scalar, Type

_DTYPES = {
    name: np.dtype(name if name != "bool" else "?")
    for name in ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "bool")
}


def dtype(type: Scalar) -> np.dtype[Any]:
    """The NumPy dtype of an element type."""
    return _DTYPES["bool" if type.kind == "b" else f"{type.kind}{type.bytes}"]


class Context:
    """One call's native context and its slots; used by one call at a time, kept for the next one.

    `buffer` is what slots are packed into.
    """

    __slots__ = ("_memory", "address", "buffer", "slots", "words")

    def __init__(self) -> None:
        self.words = (ctypes.c_int64 * CONTEXT_WORDS)()
        self.address = ctypes.addressof(self.words)
        self.reserve(64)

    def reserve(self, slots: int) -> None:
        """Make room for that many slots."""
        self._memory = (ctypes.c_char * (8 * slots))()
        self.slots = ctypes.addressof(self._memory)
        self.buffer = memoryview(self._memory).cast("B")


class ContextPool:
    """Contexts that wait for a call: a call takes one (`take`) and puts it back (`give`), on every way out.

    Taking and giving are single operations on a list, atomic between threads. At most `kept` contexts wait;
    others are released.
    """

    def __init__(self, kept: int = 8) -> None:
        self.free: list[Context] = []
        self.kept = kept

    def take(self, slots: int) -> Context:
        """A context with room for that many slots."""
        try:
            context = self.free.pop()
        except IndexError:
            context = Context()
        if len(context.buffer) < 8 * slots:
            context.reserve(2 * slots)
        return context

    def give(self, context: Context, release: Callable[[int], None]) -> None:
        """Put a context back; `release` frees the memory of one that is not kept."""
        if len(self.free) < self.kept:
            self.free.append(context)
        else:
            release(context.address)


def _code(kind: str) -> str:
    """The `struct` code of one slot."""
    return {"f64": "d", "f32": "f4x", "bool": "?7x", "ptr": "Q", "u64": "Q"}.get(kind, "q")


class Packer:
    """Puts arguments into slots and reads results back.

    Arguments are Python or NumPy numbers and arrays that fit the parameter types; results are Python numbers,
    and arrays that are fresh copies or, where a result lies in an argument's memory, that argument or a view
    of it.
    """

    def __init__(self, param_types: Sequence[Type], result_types: Sequence[Type]) -> None:
        self.params = tuple(param_types)
        self.results = tuple(result_types)
        kinds = [kind for type in self.params for kind in part_scalars(type)]
        self._pack = struct.Struct("=" + "".join(map(_code, kinds))).pack_into
        kinds_back = [kind for type in self.results for kind in part_scalars(type)]
        layout = struct.Struct("=" + "".join(map(_code, kinds_back)))
        self._unpack = layout.unpack_from
        self.result_offset = 8 * len(kinds)
        self.slots = len(kinds) + len(kinds_back)
        self.has_arrays = any(isinstance(t, Array) for t in self.params)
        self._scalars_back = all(isinstance(t, Scalar) for t in self.results)

    def pack(self, context: Context, args: Sequence[Any]) -> None:
        """Write `args`, one per parameter, into the slots of `context`."""
        if not self.has_arrays:
            self._pack(context.buffer, 0, *args)
            return
        flat: list[Any] = []
        for type, value in zip(self.params, args, strict=True):
            if isinstance(type, Array):
                flat.append(pointer(value))
                flat += value.shape
                if type.layout == "A":
                    size = value.itemsize
                    flat += [step // size for step in value.strides]
            else:
                flat.append(value)
        self._pack(context.buffer, 0, *flat)

    def unpack(self, context: Context, args: Sequence[Any]) -> list[Any]:
        """The results in the slots of `context`; `args` are those of the call."""
        words = self._unpack(context.buffer, self.result_offset)
        if self._scalars_back:
            return list(words)
        results: list[Any] = []
        at = 0
        for type in self.results:
            parts = words[at : at + len(part_types(type))]
            at += len(parts)
            if isinstance(type, Array):
                results.append(_array(type, parts, args))
            else:
                results.append(parts[0])
        return results


def pointer(array: np.ndarray[Any, Any]) -> int:
    """The address of the first element. The buffer protocol is the quick way, where memory is writable."""
    try:
        return ctypes.addressof(_BYTE.from_buffer(array))
    except (TypeError, ValueError):
        return int(array.__array_interface__["data"][0])


_BYTE: Any = ctypes.c_char  # what from_buffer takes is typed differently from version to version of NumPy


class _Memory:
    """An array-interface view of foreign memory that keeps `owner` alive."""

    def __init__(self, interface: dict[str, Any], owner: object) -> None:
        self.__array_interface__ = interface
        self.owner = owner


def _array(type: Array, parts: Sequence[int], args: Sequence[Any]) -> np.ndarray[Any, Any]:
    """The array that a result describes: an argument, a view of one, or a copy of fresh memory."""
    start, shape = parts[0], tuple(parts[1 : 1 + type.rank])
    kind, order = dtype(type.elem), "F" if type.layout == "F" else "C"
    if type.layout == "A":
        strides = tuple(kind.itemsize * step for step in parts[1 + type.rank :])
    else:
        strides = _contiguous(shape, kind.itemsize, type.layout)
    interface = {"version": 3, "typestr": kind.str, "shape": shape, "strides": strides}
    for arg in args:
        if not isinstance(arg, np.ndarray):
            continue
        low, high = np.lib.array_utils.byte_bounds(arg)
        if low <= start < high:
            if pointer(arg) == start and arg.shape == shape and arg.strides == strides:
                return arg
            interface["data"] = (start, not arg.flags.writeable)
            return np.asarray(_Memory(interface, arg))
    if 0 in shape:
        return np.empty(shape, kind, order=order)  # type: ignore[call-overload]
    interface["data"] = (start, False)
    return np.asarray(_Memory(interface, None)).copy(order=order)  # type: ignore[arg-type]


def words_of(type: Type) -> int:
    """How many 64-bit words a value takes when it is passed to Python."""
    return len(part_types(type))


def array_at(type: Array, words: Sequence[int]) -> np.ndarray[Any, Any]:
    """The memory of native code that a descriptor describes, as long as that is there."""
    shape = tuple(words[1 : 1 + type.rank])
    kind = dtype(type.elem)
    if type.layout == "A":
        strides = tuple(kind.itemsize * step for step in words[1 + type.rank :])
    else:
        strides = _contiguous(shape, kind.itemsize, type.layout)
    if 0 in shape:
        return np.empty(shape, kind)
    interface = {"version": 3, "typestr": kind.str, "shape": shape, "strides": strides}
    interface["data"] = (words[0], False)
    return np.asarray(_Memory(interface, None))


def _contiguous(shape: Sequence[int], size: int, layout: str) -> tuple[int, ...]:
    """Strides in bytes of a contiguous array."""
    strides = []
    for length in shape if layout == "F" else shape[::-1]:
        strides.append(size)
        size *= length
    return tuple(strides if layout == "F" else strides[::-1])


def raise_site(site: Site, context: Context, objects: Mapping[str, object]) -> None:
    """Raise the Python exception of a failed site, with its place as a note."""
    payload = [number_of(name, context.words[PAYLOAD + k]) for k, name in enumerate(site.payload)]
    kind = objects.get(site.exc, getattr(builtins, site.exc, None))
    error = exception_of(kind, site.message, payload)
    if site.cause is not None:
        name, message, at = site.cause
        of = objects.get(name, getattr(builtins, name, None))
        error.__cause__ = exception_of(of, message, payload[at:])
    if error is not kind:  # what was made outside stays as it is
        for note in places(site.loc):
            error.add_note(note)
    raise error


def places(place: Location | None) -> list[str]:
    """Where that is, and through which inlined calls control came there."""
    notes: list[str] = []
    while place is not None:
        notes.append(f"{'called from' if notes else 'at'} {place.file}:{place.line} in {place.function}")
        place = place.inlined_at
    return notes


def number_of(name: str, word: int) -> object:
    """A payload word as the Python number it stands for."""
    if name.startswith("f"):
        return struct.unpack("=d", struct.pack("=q", word))[0]
    if name == "bool":
        return bool(word)
    return word + (1 << 64) if name == "u64" and word < 0 else word
