"""Python numbers as values of machine types."""

from __future__ import annotations

import math
import struct
from typing import Any

from ssad.ir.types import Scalar


def normalise(content: Any, type: Scalar) -> float | int | bool:
    """`content` as a value of `type`: integers wrap, f32 rounds, NumPy scalars become Python numbers."""
    if type.kind == "b":
        return bool(content)
    if type.kind == "f":
        number = float(content)
        return number if type.bits == 64 else _to_f32(number)
    integer = int(content) & ((1 << type.bits) - 1)
    if type.kind == "i" and integer >> (type.bits - 1):
        integer -= 1 << type.bits
    return integer


def _to_f32(x: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)
