"""What an op may do to the world, read from its primitive's record.

Every pass asks these questions of every op, and `enum.Flag` is slow: answers are cached per primitive.
"""

from __future__ import annotations

from functools import cache

from ssad.ir.core import Op, Value
from ssad.ir.primitive import Effect, Primitive
from ssad.ir.types import RESIDUAL, Array, Cell, List, Tape, Tuple, Type


@cache
def reads(prim: Primitive) -> bool:
    """Whether it reads memory of its array operands (to recall an array is not to read it)."""
    return bool(prim.effects & (Effect.READS | Effect.CALLS)) and prim.name != "recall"


@cache
def writes(prim: Primitive) -> bool:
    """Whether it writes memory of its first array operand (a call: of any)."""
    return bool(prim.effects & (Effect.WRITES | Effect.CALLS))


@cache
def allocates(prim: Primitive) -> bool:
    """Whether its result is fresh memory."""
    return bool(prim.effects & Effect.ALLOCATES)


@cache
def tapes(prim: Primitive) -> bool:
    """Whether it makes, reads or writes a tape (`recall` has none yet)."""
    return bool(prim.effects & Effect.TAPE) and prim.name != "recall"


@cache
def calls(prim: Primitive) -> bool:
    """Whether it may do anything."""
    return bool(prim.effects & Effect.CALLS)


@cache
def synchronises(prim: Primitive) -> bool:
    """Whether other threads may have changed memory of the caller's behind it."""
    return bool(prim.effects & Effect.SHARES)


@cache
def must_stay(prim: Primitive) -> bool:
    """Whether it is kept even if nobody needs its result: it may raise or do anything."""
    return bool(prim.effects & (Effect.CHECKS | Effect.CALLS))


@cache
def is_elementary(prim: Primitive) -> bool:
    """Whether it computes an elementary function, which libmvec may have for vectors."""
    return bool(getattr(prim.llvm, "vector", ""))


@cache
def refers(type: Type) -> bool:
    """Whether a value of this type leads to mutable memory: an array, a list, a cell, a tape, a residual, or
    a tuple with one inside.
    """
    if isinstance(type, Tuple):
        return any(map(refers, type.elems))
    return isinstance(type, Array | Cell | List | Tape) or type is RESIDUAL


@cache
def shares(type: Type) -> bool:
    """Whether a value of this type may lead to memory that is visible otherwise: a residual is private."""
    if isinstance(type, Tuple):
        return any(map(shares, type.elems))
    return isinstance(type, Array | Cell | List | Tape)


@cache
def carries_float(type: Type) -> bool:
    """Whether a value of this type is, leads to, or contains a floating-point number."""
    if isinstance(type, Array | Cell | List):
        return carries_float(type.elem)
    if isinstance(type, Tuple):
        return any(map(carries_float, type.elems))
    if isinstance(type, Tape):
        return any(map(carries_float, type.fields))
    return type.is_float or type is RESIDUAL


def written_by(op: Op) -> list[Value]:
    """The array operands whose memory `op` may write; a call may say by number which ones."""
    if not writes(op.prim):
        return []
    if "writes" in op.attrs:
        return [op.operands[n] for n in op.attrs["writes"]]
    arrays = [v for v in op.operands if refers(v.type)]
    return arrays if calls(op.prim) else arrays[:1]


def read_by(op: Op) -> list[Value]:
    """The array operands whose memory `op` may read."""
    return [v for v in op.operands if refers(v.type)] if reads(op.prim) else []
