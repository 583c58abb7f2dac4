"""How IR types are laid out in LLVM: the parts of a value, its element in memory, and the 8-byte slots that
pass it.
"""

from __future__ import annotations

import struct
from functools import cache

from ssad.ir.core import Const
from ssad.ir.types import NONE, RESIDUAL, Array, List, Scalar, Tape, Tuple, Type

_FLOATS = {64: "double", 32: "float"}


@cache
def scalar_type(type: Scalar) -> str:
    """The LLVM type of a number in a register."""
    return _FLOATS[type.bits] if type.kind == "f" else f"i{type.bits}"


@cache
def memory_type(type: Scalar) -> str:
    """The LLVM type of a number in memory, where a bool is a byte."""
    return "i8" if type.kind == "b" else scalar_type(type)


@cache
def part_types(type: Type) -> tuple[str, ...]:
    """The LLVM types of the SSA values that carry one value of `type`.

    An array is pointer, shape, and for layout A strides counted in elements (C and F follow from the shape);
    a list, a tape or a residual is a pointer, a stack the three pointers base, cur, end.
    """
    match type:
        case Scalar():
            return (scalar_type(type),)
        case Array(rank=rank, layout=layout):
            return ("ptr", *["i64"] * (rank if layout != "A" else 2 * rank))
        case List():
            return ("ptr",)
        case Tape(growable=growable):
            return ("ptr", "ptr", "ptr") if growable else ("ptr",)
        case Tuple(elems=elems):
            return tuple(part for elem in elems for part in part_types(elem))
    if type is NONE:
        return ()
    if type is RESIDUAL:
        return ("ptr",)
    raise TypeError(f"a value of type {type} has no machine form")


@cache
def part_scalars(type: Type) -> tuple[str, ...]:
    """The IR type of each part: like `part_types`, but telling bools and signs apart; pointers are `ptr`."""
    match type:
        case Scalar():
            return (str(type),)
        case Tuple(elems=elems):
            return tuple(part for elem in elems for part in part_scalars(elem))
    return part_types(type)


@cache
def record(fields: tuple[Type, ...]) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """Size in bytes of a tape's record, and per field the byte offsets of its parts, widest parts first."""
    parts = [(f, p, _bytes(t)) for f, field in enumerate(fields) for p, t in enumerate(part_types(field))]
    offsets: list[list[int]] = [[0] * len(part_types(field)) for field in fields]
    at, widest = 0, 1
    for f, p, size in sorted(parts, key=lambda part: -part[2]):
        offsets[f][p] = at
        at += size
        widest = max(widest, size)
    return -(-at // widest) * widest, tuple(map(tuple, offsets))


def _bytes(llvm: str) -> int:
    return {"ptr": 8, "double": 8, "float": 4, "i1": 1}.get(llvm) or int(llvm[1:]) // 8


def constant(value: Const) -> str:
    """An immediate as LLVM writes it: floats by their bits, f32 by those of the equal double."""
    type = value.type
    assert isinstance(type, Scalar)
    if type.kind == "b":
        return "true" if value.value else "false"
    if type.kind == "f":
        number = float(value.value)
        if number != number:
            return "0x7FF8000000000000"
        if type.bits == 32:
            number = _round32(number)
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    number_ = int(value.value) & ((1 << type.bits) - 1)
    return str(number_ - (1 << type.bits) if number_ >> (type.bits - 1) else number_)


def _round32(number: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def symbol(name: str) -> str:
    """`name` in LLVM and object files: letters, digits, `.` and `_` as they are, other bytes as `$XX`."""
    if name.isascii() and name.replace("_", "a").replace(".", "a").isalnum():
        return name
    raw = name.encode("utf-8", "surrogatepass")
    return "".join(c if (c := chr(b)).isascii() and (c.isalnum() or c in "._") else f"${b:02X}" for b in raw)
