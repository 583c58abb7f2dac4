"""Lifted IR: what Python's bytecode does, on objects. None of these survive typing."""

from __future__ import annotations

from ssad.ir.primitive import PURE, Effect, define
from ssad.ir.types import BOOL, OBJECT, Type
from ssad.primitives.rules import objects

_UNTYPED = "lifted IR is typed before it is differentiated"


def _define(name: str, result: Type | None = OBJECT, effects: Effect = Effect.CALLS) -> None:
    define(f"py.{name}", type_rule=objects(result), effects=effects, nondifferentiable=_UNTYPED)


for _name in ("const", "dict", "free", "unbound", "slice", "tuple", "assertion", "next_index"):
    _define(_name, effects=PURE)
for _name in (
    "global",
    "check_bound",
    "binary",
    "unary",
    "compare",
    "getattr",
    "getitem",
    "list",
    "unpack",
    "rest",
    "call",
    "call_star",
    "import",
    "merge",
    "spread",
):
    _define(_name)
for _name in (
    "function",
    "cell",
    "cell_load",
    "super",
    "iter",
    "iter_item",
    "format",
    "attempt",
    "matches",
    "narrow",
    "frame_load",
    "delegated",
    "frame_free",
    "special",
    "with_except",
    "present",
):
    _define(_name)
for _name in ("length", "is_kind", "match_keys", "match_class"):
    _define(_name)
for _name in ("truth", "iter_more", "caught"):
    _define(_name, BOOL)
for _name in ("append", "builtin", "cell_store", "frame_store", "check_length"):
    _define(_name, None)
for _name in ("setattr", "setitem", "delitem"):
    _define(_name, None)
