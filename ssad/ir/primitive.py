"""The record that says everything about one primitive, and the one table that holds them.

A record is written once, in a family file of `ssad/primitives/`; every stage reads its own column:
the frontend `calls`, the verifier `type_rule`, the interpreter `eval`, the code writers `llvm` and
`python`, differentiation `partials` (or `jvp` and `vjp`), every pass `effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag
from typing import Any

from ssad.ir.types import Type


class Effect(Flag):
    """What an op may do besides computing its result; PURE ops may be removed, merged, moved and repeated."""

    PURE = 0
    READS = 1
    """Reads memory of an array operand."""
    WRITES = 2
    """Writes memory of its first array operand."""
    ALLOCATES = 4
    """Yields fresh memory: may be removed if unused, never merged."""
    CHECKS = 8
    """May raise: never removed, never moved over an effect."""
    TAPE = 16
    """Reads or writes a tape, which nothing else can see."""
    CALLS = 32
    """May do anything."""
    SHARES = 64
    """Other threads may have changed, and may see, memory of the caller's from here on."""


PURE = Effect.PURE


class TypeMismatch(Exception):
    """Operand types that a primitive does not take; the message says what it wants."""


@dataclass(frozen=True)
class Call:
    """How one Python callable is spelled with a primitive (see `primitives/` for the flavours).

    `flavour` is "python" (result is a Python number) or "numpy" (a NumPy scalar). `check` names a domain
    check of `ssad.primitives.check` that CPython's callable makes and the pure op does not, or "".
    `convert` says how operands are brought to the primitive's type: "float" (`math.*`: always f64), "numpy"
    (float, NumPy's promotion: f32 stays f32, integers become f64), "same" (as they are).
    """

    flavour: str
    check: str = ""
    convert: str = "float"


TypeRule = Callable[[Sequence[Type], Mapping[str, Any]], Type | None]


@dataclass(frozen=True)
class Primitive:
    """One primitive operation.

    type_rule(operand_types, attrs)   result type, None for no result; raises TypeMismatch.
    eval(*operands)                   what it computes, on Python numbers and NumPy arrays (the oracle's
                                      semantics; never raises: IEEE results). With `takes_attrs`, called
                                      eval(*operands, **attrs).
    partials(b, y, *xs)               one entry per operand: a Value (d y/d x), the ints 1 or -1, or None (no
                                      derivative flows). Emits unchecked ops through `b`. `y` is the primal
                                      result.
    jvp(ctx, op)                      emits the tangent of `op`; returns the tangent of its result, None if
                                      zero. Products with a slope that may be infinite are `ctx.moved`.
    vjp(ctx, op, y_bar)               emits the cotangents of its operands by `ctx.add_bar`; y_bar is None
                                      where absent.
    companion(b, op, of)              for ops whose result is an array: emits and returns the array that
                                      carries the result's shadow or tangent; `of(v)` is the companion of
                                      array operand v, or None.
    nondifferentiable                 why no derivative flows through it (result discrete, or no result).
    llvm                              LLVM template (see backend/llvm.py): text, data or a function.
    python                            spelling in emitted Python, `{0}`, `{1}`, ... for operands.
    calls                             Python callable -> Call.
    points                            operand tuples inside the domain at which sweeps test the record.
    slopes                            "finite" wherever the operands are; a "choice" of one operand, which
                                      gets all of the cotangent; "any" may be infinite or nan.
    """

    name: str
    type_rule: TypeRule
    eval: Callable[..., Any] | None = None
    effects: Effect = PURE
    partials: Callable[..., tuple[Any, ...]] | None = None
    jvp: Callable[..., Any] | None = None
    vjp: Callable[..., Any] | None = None
    companion: Callable[..., Any] | None = None
    nondifferentiable: str = ""
    llvm: Any = None
    python: str = ""
    calls: Mapping[Any, Call] = field(default_factory=dict)
    points: tuple[tuple[Any, ...], ...] = ()
    slopes: str = "any"
    commutative: bool = False
    takes_attrs: bool = False
    source: str = ""

    @property
    def pure(self) -> bool:
        return self.effects is PURE or not self.effects

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


PRIMITIVES: dict[str, Primitive] = {}
CALLS: dict[Any, tuple[Primitive, Call]] = {}


def define(name: str, **columns: Any) -> Primitive:
    """Enter a primitive into the table. Raises ValueError where a name or callable is taken, or where not
    exactly one of partials, jvp + vjp, nondifferentiable is given."""
    primitive = Primitive(name, **columns)
    ways = (
        primitive.partials is not None,
        primitive.jvp is not None or primitive.vjp is not None,
        bool(primitive.nondifferentiable),
    )
    if sum(ways) != 1 or (primitive.jvp is None) != (primitive.vjp is None):
        raise ValueError(
            f"primitive {name}: give exactly one of partials=, jvp= with vjp=, nondifferentiable="
        )
    if name in PRIMITIVES:
        raise ValueError(f"primitive {name} is defined twice")
    for callable_, call in primitive.calls.items():
        if callable_ in CALLS:
            raise ValueError(f"{callable_!r} is spelled by both {CALLS[callable_][0].name} and {name}")
        CALLS[callable_] = (primitive, call)
    PRIMITIVES[name] = primitive
    return primitive
