"""Number ops that need more than one line of LLVM: Python's division, integer powers, casts.

Nothing here traps: a zero divisor gives 0, -1 negates (the one quotient of i64 that overflows), casts
saturate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.backend.layout import scalar_type
from ssad.ir.core import Op
from ssad.ir.types import Scalar, scalar

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter

_IPOW = """define internal i64 @ssad.ipow(i64 %x, i64 %n) nounwind {
  br label %loop
loop:
  %base = phi i64 [ %x, %0 ], [ %square, %body ]
  %left = phi i64 [ %n, %0 ], [ %half, %body ]
  %y = phi i64 [ 1, %0 ], [ %y.next, %body ]
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %body, label %done
body:
  %odd = trunc i64 %left to i1
  %product = mul i64 %y, %base
  %y.next = select i1 %odd, i64 %product, i64 %y
  %square = mul i64 %base, %base
  %half = lshr i64 %left, 1
  br label %loop
done:
  %negative = icmp slt i64 %n, 0
  %result = select i1 %negative, i64 0, i64 %y
  ret i64 %result
}"""
_IPOW_OVERFLOWS = """define internal i1 @ssad.ipow_overflows(i64 %x, i64 %n) nounwind {
  %up = add i64 %x, 1
  %small = icmp ult i64 %up, 3
  %trivial = icmp slt i64 %n, 2
  %never = or i1 %small, %trivial
  br i1 %never, label %no, label %some
some:
  %many = icmp sgt i64 %n, 63
  br i1 %many, label %yes, label %loop
loop:
  %left = phi i64 [ %n, %some ], [ %left.next, %body ]
  %y = phi i64 [ 1, %some ], [ %y.next, %body ]
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %body, label %no
body:
  %p = call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %y, i64 %x)
  %y.next = extractvalue { i64, i1 } %p, 0
  %over = extractvalue { i64, i1 } %p, 1
  %left.next = sub i64 %left, 1
  br i1 %over, label %yes, label %loop
yes:
  ret i1 true
no:
  ret i1 false
}"""


def _type(op: Op) -> Scalar:
    type = op.operands[0].type
    assert isinstance(type, Scalar)
    return type


def _integer_division(w: FunctionWriter, op: Op, type: Scalar) -> tuple[str, str]:
    """Python's quotient and remainder of two integers."""
    T, x, y = scalar_type(type), w.one(op.operands[0]), w.one(op.operands[1])
    zero = w.tmp(f"icmp eq {T} {y}, 0")
    if type.kind == "u":
        safe = w.tmp(f"select i1 {zero}, {T} 1, {T} {y}")
        q, r = w.tmp(f"udiv {T} {x}, {safe}"), w.tmp(f"urem {T} {x}, {safe}")
        return w.tmp(f"select i1 {zero}, {T} 0, {T} {q}"), r
    minus = w.tmp(f"icmp eq {T} {y}, -1")
    odd = w.tmp(f"or i1 {zero}, {minus}")
    safe = w.tmp(f"select i1 {odd}, {T} 1, {T} {y}")
    q, r = w.tmp(f"sdiv {T} {x}, {safe}"), w.tmp(f"srem {T} {x}, {safe}")
    some = w.tmp(f"icmp ne {T} {r}, 0")
    differ = w.tmp(f"xor {T} {r}, {safe}")
    negative = w.tmp(f"icmp slt {T} {differ}, 0")
    down = w.tmp(f"and i1 {some}, {negative}")
    less = w.tmp(f"sext i1 {down} to {T}")
    floor = w.tmp(f"add {T} {q}, {less}")
    opposite = w.tmp(f"sub {T} 0, {x}")
    whole = w.tmp(f"select i1 {minus}, {T} {opposite}, {T} {floor}")
    shift = w.tmp(f"select i1 {down}, {T} {safe}, {T} 0")
    return w.tmp(f"select i1 {zero}, {T} 0, {T} {whole}"), w.tmp(f"add {T} {r}, {shift}")


def _doubles(w: FunctionWriter, op: Op) -> tuple[str, str]:
    if _type(op).bits == 64:
        return w.one(op.operands[0]), w.one(op.operands[1])
    x, y = (w.tmp(f"fpext float {w.one(v)} to double") for v in op.operands)
    return x, y


def _float_result(w: FunctionWriter, op: Op, text: str) -> None:
    w.define(op, text if _type(op).bits == 64 else w.tmp(f"fptrunc double {text} to float"))


def _float_mod(w: FunctionWriter, x: str, y: str) -> tuple[str, str, str]:
    """C's remainder, Python's, and whether they differ by the divisor: the steps of CPython's float_rem."""
    rem = w.tmp(f"frem double {x}, {y}")
    some = w.tmp(f"fcmp une double {rem}, 0.0")
    y_negative = w.tmp(f"fcmp olt double {y}, 0.0")
    r_negative = w.tmp(f"fcmp olt double {rem}, 0.0")
    differ = w.tmp(f"xor i1 {y_negative}, {r_negative}")
    down = w.tmp(f"and i1 {some}, {differ}")
    moved = w.tmp(f"fadd double {rem}, {y}")
    signed = w.tmp(f"select i1 {down}, double {moved}, double {rem}")
    zero = w.tmp(f"call double @llvm.copysign.f64(double 0.0, double {y})")
    return rem, w.tmp(f"select i1 {some}, double {signed}, double {zero}"), down


def _floordiv(w: FunctionWriter, op: Op) -> None:
    if not _type(op).is_float:
        w.define(op, _integer_division(w, op, _type(op))[0])
        return
    x, y = _doubles(w, op)
    rem, _, down = _float_mod(w, x, y)
    rest = w.tmp(f"fsub double {x}, {rem}")
    exact = w.tmp(f"fdiv double {rest}, {y}")
    less = w.tmp(f"fsub double {exact}, 1.0")
    quotient = w.tmp(f"select i1 {down}, double {less}, double {exact}")
    floor = w.tmp(f"call double @llvm.floor.f64(double {quotient})")
    gap = w.tmp(f"fsub double {quotient}, {floor}")
    high = w.tmp(f"fcmp ogt double {gap}, 0.5")
    next_ = w.tmp(f"fadd double {floor}, 1.0")
    rounded = w.tmp(f"select i1 {high}, double {next_}, double {floor}")
    true = w.tmp(f"fdiv double {x}, {y}")
    zero = w.tmp(f"call double @llvm.copysign.f64(double 0.0, double {true})")
    some = w.tmp(f"fcmp une double {quotient}, 0.0")
    result = w.tmp(f"select i1 {some}, double {rounded}, double {zero}")
    by_zero = w.tmp(f"fcmp oeq double {y}, 0.0")
    _float_result(w, op, w.tmp(f"select i1 {by_zero}, double {true}, double {result}"))


def _mod(w: FunctionWriter, op: Op) -> None:
    if not _type(op).is_float:
        w.define(op, _integer_division(w, op, _type(op))[1])
        return
    x, y = _doubles(w, op)
    _float_result(w, op, _float_mod(w, x, y)[1])


def _ipow(w: FunctionWriter, op: Op) -> None:
    w.module.declare("ssad.ipow", _IPOW)
    w.define(op, w.tmp(f"call i64 @ssad.ipow({w.typed(op.operands[0])}, {w.typed(op.operands[1])})"))


def _ipow_overflows(w: FunctionWriter, op: Op) -> None:
    w.module.declare("ssad.ipow_overflows", _IPOW_OVERFLOWS)
    w.define(op, w.tmp(f"call i1 @ssad.ipow_overflows({w.typed(op.operands[0])}, {w.typed(op.operands[1])})"))


def _shl_overflows(w: FunctionWriter, op: Op) -> None:
    """Whether x << n leaves i64: shifting back does not give x, or the count is 64 or more and x is not 0."""
    x, n = map(w.one, op.operands)
    inside = w.tmp(f"icmp ult i64 {n}, 64")
    count = w.tmp(f"select i1 {inside}, i64 {n}, i64 0")
    there = w.tmp(f"shl i64 {x}, {count}")
    back = w.tmp(f"ashr i64 {there}, {count}")
    lost = w.tmp(f"icmp ne i64 {back}, {x}")
    big = w.tmp(f"icmp sge i64 {n}, 64")
    some = w.tmp(f"icmp ne i64 {x}, 0")
    gone = w.tmp(f"and i1 {big}, {some}")
    w.define(op, w.tmp(f"or i1 {lost}, {gone}"))


def _cast(w: FunctionWriter, op: Op) -> None:
    source, target = _type(op), scalar(op.attrs["to"])
    if source is target:
        w.define(op, w.one(op.operands[0]))
        return
    S, T, x = scalar_type(source), scalar_type(target), w.one(op.operands[0])
    signed = "i" if source.kind == "i" else "u"
    if source.is_float and target.is_float:
        text = f"{'fpext' if target.bits > source.bits else 'fptrunc'} {S} {x} to {T}"
    elif source.is_float and target.kind == "b":
        text = f"fcmp une {S} {x}, 0.0"
    elif source.is_float:
        sign = "s" if target.kind == "i" else "u"
        text = f"call {T} @llvm.fpto{sign}i.sat.{T}.f{source.bits}({S} {x})"
    elif target.is_float:
        text = f"{'s' if signed == 'i' else 'u'}itofp {S} {x} to {T}"
    elif target.kind == "b":
        text = f"icmp ne {S} {x}, 0"
    elif target.bits > source.bits:
        text = f"{'sext' if signed == 'i' else 'zext'} {S} {x} to {T}"
    elif target.bits < source.bits:
        text = f"trunc {S} {x} to {T}"
    else:
        w.define(op, x)
        return
    w.define(op, w.tmp(text))


HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "floordiv": _floordiv,
    "mod": _mod,
    "ipow": _ipow,
    "ipow_overflows": _ipow_overflows,
    "shl_overflows": _shl_overflows,
    "cast": _cast,
}
