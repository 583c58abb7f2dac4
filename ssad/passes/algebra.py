"""The exact identities that `fold` applies, one function per primitive: `rule(folding, op) -> value or None`.

Exact means: the same bits for every input, with one NaN equal to another. `nsz` among an op's flags allows
the sign of a zero to change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.ir.core import Const, Op, Value
from ssad.ir.edit import same_value
from ssad.ir.numbers import normalise
from ssad.ir.types import BOOL, Scalar, Type

if TYPE_CHECKING:
    from ssad.passes.fold import Folding

Rule = Callable[["Folding", Op], Value | None]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter the decorated function as the rule of these primitives."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


# what operands are


def _is(value: Value, number: float) -> bool:
    """Whether `value` is the immediate `number`, a zero also by its sign."""
    return isinstance(value, Const) and value.value == number and (number != 0 or str(value.value)[0] != "-")


def _is_minus_zero(value: Value) -> bool:
    return isinstance(value, Const) and value.value == 0 and str(value.value)[0] == "-"


def _number(type: Type, value: Any) -> Const:
    assert isinstance(type, Scalar)
    return Const(type, normalise(value, type))


def _made_by(value: Value, name: str) -> Op | None:
    """The op that computes `value`, if it is a `name`."""
    op = value.owner
    return op if isinstance(op, Op) and op.prim.name == name else None


def _signless(op: Op) -> bool:
    return "nsz" in op.attrs.get("fp", "")


def _offset(value: Value) -> tuple[Value, int]:
    """(base, constant) of an integer: base + constant."""
    op = value.owner
    if isinstance(op, Op) and op.prim.name in ("add", "sub"):
        a, b = op.operands
        if isinstance(b, Const):
            return a, int(b.value) if op.prim.name == "add" else -int(b.value)
        if isinstance(a, Const) and op.prim.name == "add":
            return b, int(a.value)
    return value, 0


def _plus(folding: Folding, op: Op, base: Value, constant: int) -> Value:
    amount = int(normalise(constant, op.operands[0].type))  # type: ignore[arg-type]
    if amount == 0:
        return base
    name, amount = ("sub", -amount) if amount < 0 else ("add", amount)
    return folding.emit(name, base, _number(base.type, amount), like=op)


# arithmetic


@rule("add")
def _add(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if isinstance(a, Const):
        a, b = b, a
    if not a.type.is_float and isinstance(b, Const):
        return _shift(folding, op, a, b)
    if _is_minus_zero(b) or (_is(b, 0.0) and _signless(op)):
        return a
    if negated := _made_by(b, "neg"):
        return folding.emit("sub", a, negated.operands[0], like=op)
    if negated := _made_by(a, "neg"):
        return folding.emit("sub", b, negated.operands[0], like=op)
    return None


@rule("sub")
def _sub(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if not a.type.is_float and a is b:
        return _number(a.type, 0)
    if not a.type.is_float and isinstance(b, Const):
        return _shift(folding, op, a, b)
    if _is(b, 0.0) or (_is_minus_zero(b) and _signless(op)):
        return a
    if _is_minus_zero(a) or (_is(a, 0.0) and _signless(op)):
        return folding.emit("neg", b, like=op)
    if negated := _made_by(b, "neg"):
        return folding.emit("add", a, negated.operands[0], like=op)
    return None


def _shift(folding: Folding, op: Op, a: Value, b: Const) -> Value | None:
    """Integers plus or minus an immediate, reassociated: they wrap, so every order gives the same."""
    constant = int(b.value) if op.prim.name == "add" else -int(b.value)
    if constant == 0:
        return a
    base, offset = _offset(a)
    return None if base is a else _plus(folding, op, base, constant + offset)


@rule("mul")
def _mul(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if isinstance(a, Const):
        a, b = b, a
    if _is(b, 1):
        return a
    if _is(b, -1):
        return folding.emit("neg", a, like=op)
    if not a.type.is_float:
        return b if _is(b, 0) else None
    minus_a, minus_b = _made_by(a, "neg"), _made_by(b, "neg")
    if minus_a and minus_b:
        return folding.emit("mul", minus_a.operands[0], minus_b.operands[0], like=op)
    return None


@rule("div")
def _div(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if _is(b, 1):
        return a
    if _is(b, -1):
        return folding.emit("neg", a, like=op)
    minus_a, minus_b = _made_by(a, "neg"), _made_by(b, "neg")
    if minus_a and minus_b:
        return folding.emit("div", minus_a.operands[0], minus_b.operands[0], like=op)
    return None


@rule("neg")
def _neg(folding: Folding, op: Op) -> Value | None:
    (a,) = op.operands
    if inner := _made_by(a, "neg"):
        return inner.operands[0]
    inner = _made_by(a, "sub")
    if inner and (_signless(op) or not a.type.is_float):
        return folding.emit("sub", inner.operands[1], inner.operands[0], like=op)
    return None


@rule("abs")
def _abs(folding: Folding, op: Op) -> Value | None:
    (a,) = op.operands
    if _made_by(a, "abs"):
        return a
    inner = _made_by(a, "neg")
    return folding.emit("abs", inner.operands[0], like=op) if inner else None


@rule("pow")
def _pow(folding: Folding, op: Op) -> Value | None:
    x, exponent = op.operands
    if _is(exponent, 2):
        return folding.emit("mul", x, x, like=op)
    if _is(exponent, 1):
        return x
    if _is(exponent, -1):
        return folding.emit("div", _number(x.type, 1.0), x, like=op)
    if isinstance(exponent, Const) and exponent.value == 0:
        return _number(x.type, 1.0)
    return x if _is(x, 1) else None


@rule("ipow")
def _ipow(folding: Folding, op: Op) -> Value | None:
    x, exponent = op.operands
    if _is(exponent, 2):
        return folding.emit("mul", x, x, like=op)
    if _is(exponent, 1):
        return x
    return _number(x.type, 1) if _is(exponent, 0) else None


@rule("ipow_overflows")
def _ipow_overflows(folding: Folding, op: Op) -> Value | None:
    x, exponent = op.operands
    if _is(exponent, 2):
        return folding.emit("mul_overflows", x, x, like=op)
    return _number(BOOL, False) if _is(exponent, 1) or _is(exponent, 0) else None


@rule("add_overflows", "sub_overflows", "mul_overflows")
def _overflows(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if isinstance(a, Const) and op.prim.name != "sub_overflows":
        a, b = b, a
    harmless = _is(b, 0) or (_is(b, 1) and op.prim.name == "mul_overflows")
    return _number(BOOL, False) if harmless else None


@rule("floordiv", "mod")
def _floordiv(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if a.type.is_float or not _is(b, 1):
        return None
    return a if op.prim.name == "floordiv" else _number(a.type, 0)


@rule("shl", "shr")
def _shifted(folding: Folding, op: Op) -> Value | None:
    return op.operands[0] if _is(op.operands[1], 0) else None


@rule("wrap_index")
def _wrap_index(folding: Folding, op: Op) -> Value | None:
    index, size = op.operands
    if folding.nonnegative(index):
        return index
    return folding.emit("add", size, index, like=op) if isinstance(index, Const) else None


# logic


@rule("and", "or")
def _and_or(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if isinstance(a, Const):
        a, b = b, a
    if same_value(a, b):
        return a
    if not isinstance(b, Const):
        return None
    if a.type is BOOL:
        return b if b.value == (op.prim.name == "or") else a
    if b.value == 0:
        return b if op.prim.name == "and" else a
    return None


@rule("xor")
def _xor(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    if isinstance(a, Const):
        a, b = b, a
    if a is b:
        return _number(a.type, 0)
    if not isinstance(b, Const):
        return None
    if b.value == 0:
        return a
    return folding.emit("not", a, like=op) if a.type is BOOL else None


OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
MIRRORED = {"lt": "gt", "gt": "lt", "ge": "le", "le": "ge", "eq": "eq", "ne": "ne"}


@rule("not")
def _not(folding: Folding, op: Op) -> Value | None:
    (a,) = op.operands
    if inner := _made_by(a, "not"):
        return inner.operands[0]
    compared = a.owner
    if not isinstance(compared, Op) or compared.prim.name not in OPPOSITE:
        return None
    if compared.operands[0].type.is_float and compared.prim.name not in ("eq", "ne"):
        return None  # not (nan < 1.0) is true, nan >= 1.0 is false
    return folding.emit(OPPOSITE[compared.prim.name], *compared.operands, like=op)


@rule("lt", "le", "gt", "ge", "eq", "ne")
def _compare(folding: Folding, op: Op) -> Value | None:
    a, b = op.operands
    name = op.prim.name
    if a is b:
        if not a.type.is_float:
            return _number(BOOL, name in ("le", "ge", "eq"))
        return _number(BOOL, False) if name in ("lt", "gt") else None
    if isinstance(a, Const):
        a, b = b, a
        name = MIRRORED[name]
    if not isinstance(b, Const):
        return None
    if name in ("lt", "ge") and b.value == 0 and a.type.is_integer and folding.nonnegative(a):
        return _number(BOOL, name == "ge")
    base, more = _offset(a)
    if name in ("lt", "ge") and _made_by(base, "dim") and b.value <= more < 1 << 62:
        return _number(BOOL, name == "ge")  # a length plus `more` is at least `more`
    if name not in ("eq", "ne"):
        return None
    if a.type is BOOL:
        return a if bool(b.value) == (name == "eq") else folding.emit("not", a, like=op)
    truth = _made_by(a, "cast")
    if b.value == 0 and truth and truth.operands[0].type is BOOL:
        return truth.operands[0] if name == "ne" else folding.emit("not", truth.operands[0], like=op)
    return None


@rule("dim")
def _dim(folding: Folding, op: Op) -> Value | None:
    """The length of an array that is made here: where it is known, and where it is another one's."""
    made = _made_by(op.operands[0], "alloc")
    if made is None:
        return None
    length = made.operands[op.attrs["axis"]]
    known = isinstance(length, Const) and length.value >= 0
    return length if known or _made_by(length, "dim") is not None else None


@rule("select")
def _select(folding: Folding, op: Op) -> Value | None:
    condition, a, b = op.operands
    if isinstance(condition, Const):
        return a if condition.value else b
    if same_value(a, b):
        return a
    if inverse := _made_by(condition, "not"):
        return folding.emit("select", inverse.operands[0], b, a, like=op)
    if a.type is not BOOL:
        return None
    if isinstance(a, Const) and isinstance(b, Const):
        return condition if a.value else folding.emit("not", condition, like=op)
    if _is(b, False):
        return folding.emit("and", condition, a, like=op)
    return folding.emit("or", condition, b, like=op) if _is(a, True) else None


# casts


@rule("cast")
def _cast(folding: Folding, op: Op) -> Value | None:
    (a,) = op.operands
    assert op.result is not None
    to = op.result.type
    if a.type is to:
        return a
    inner = _made_by(a, "cast")
    if inner is None or not _widens(inner.operands[0].type, a.type):
        return None
    if inner.operands[0].type is to:
        return inner.operands[0]
    if inner.operands[0].type is BOOL:
        return folding.keep(Op(op.prim, [inner.operands[0]], dict(op.attrs), to, op.loc, op.result.name))
    return None


def _widens(narrow: Type, wide: Type) -> bool:
    """Whether every value of `narrow` is one of `wide`, so that casting there and back changes nothing."""
    assert isinstance(narrow, Scalar)
    assert isinstance(wide, Scalar)
    if narrow.kind == "b":
        return True
    if narrow.kind == "f":
        return wide.kind == "f" and wide.bits >= narrow.bits
    digits = narrow.bits - (narrow.kind == "i")
    if wide.kind == "f":
        return digits <= (53 if wide.bits == 64 else 24)
    return (wide.kind == "i" or narrow.kind == "u") and digits <= wide.bits - (wide.kind == "i")
