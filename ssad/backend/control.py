"""Control in LLVM: terminators, checks, calls between functions, and what only renames values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.analysis.choices import does
from ssad.backend.externals import SYMBOL as EXTERNAL
from ssad.backend.layout import part_types, symbol
from ssad.backend.locks import SYMBOL as LOCK
from ssad.backend.printing import SYMBOL
from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Op, Terminator, Value
from ssad.ir.raising import raised_from
from ssad.ir.types import BOOL, Array, Tuple

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter


def _jump(w: FunctionWriter, term: Terminator) -> None:
    way = w.edge(term.edges[0])
    vectors = term.attrs.get("vectors") if does(w.function, "loop_hints") else None
    w.emit(f"br label %{way}{w.module.loop_hint(vectors) if vectors else ''}")


def _branch(w: FunctionWriter, term: Terminator) -> None:
    then, other = term.edges
    condition = w.one(term.operands[0])
    label = w.edge(then)
    if then.target is not other.target:
        second = w.edge(other)
        w.emit(f"br i1 {condition}, label %{label}, label %{second}{_likely(then.target, other.target)}")
        return
    between = w.fresh("edge")
    w.emit(f"br i1 {condition}, label %{label}, label %{between}")
    w.start(between)
    w.emit(f"br label %{w.edge(other)}")


def _likely(then: Block, other: Block) -> str:
    """Branch weights where one side only raises."""
    if (then.term.kind == "raise") == (other.term.kind == "raise"):
        return ""
    return ", !prof !0" if other.term.kind == "raise" else ", !prof !6"


def _return(w: FunctionWriter, term: Terminator) -> None:
    slot = 0
    for value, wanted in zip(term.operands, w.function.result_types, strict=True):
        slot = w.store_slots(value, wanted, "%out", slot)
    w.leave("0")


def _raise(w: FunctionWriter, term: Terminator) -> None:
    label = w.fresh("raise")
    w.emit(f"br label %{label}")
    attrs = term.attrs
    w.failure(label, attrs["exc"], attrs.get("message"), term.operands, raised_from(attrs))


TERMINATORS: dict[str, Callable[[FunctionWriter, Terminator], None]] = {
    "jump": _jump,
    "branch": _branch,
    "return": _return,
    "raise": _raise,
}

# ops that are neither memory nor arithmetic


def _check(w: FunctionWriter, op: Op) -> None:
    ok, *payload = op.operands
    made = ok.owner
    if isinstance(made, Op) and made.name == "or":  # the other one is asked if the first does not hold
        here, rest = w.fresh("ok"), w.fresh("or")
        w.emit(f"br i1 {w.one(made.operands[0])}, label %{here}, label %{rest}, !prof !0")
        w.start(rest)
        w.fail_unless(w.one(ok), op.attrs["exc"], op.attrs.get("message"), payload)
        w.emit(f"br label %{here}")
        w.start(here)
        return
    w.fail_unless(w.one(ok), op.attrs["exc"], op.attrs.get("message"), payload)


def _call(w: FunctionWriter, op: Op) -> None:
    callee = w.module.module.functions[op.attrs["callee"]]
    args = ["ptr %ctx"]
    for value, param in zip(op.operands, callee.params, strict=True):
        args += map(" ".join, zip(part_types(param.type), w.coerced(value, param.type), strict=True))
    slots = sum(len(part_types(t)) for t in callee.result_types)
    out = w.alloca(slots, "i64") if slots else "null"
    status = w.tmp(f"call i32 @{symbol('user.' + callee.name)}({', '.join([*args, f'ptr {out}'])})")
    good = w.tmp(f"icmp eq i32 {status}, 0")
    here, there = w.fresh("ok"), w.fresh("fail")
    w.emit(f"br i1 {good}, label %{here}, label %{there}, !prof !0")
    lines, w.lines = w.lines, [f"{there}:"]
    w.leave(status)
    w.locate(0)
    w.cold += w.lines
    w.lines = lines
    w.start(here)
    if op.result is not None:
        w.define(op, *w.load_slots(op.result.type, out))


def _print(w: FunctionWriter, op: Op) -> None:
    words = w.alloca(max(1, len(op.operands)), "i64")
    for k, value in enumerate(op.operands):
        at = w.tmp(f"getelementptr i64, ptr {words}, i64 {k}")
        w.emit(f"store i64 {w.word(value)}, ptr {at}")
    number = w.module.print_place(op)
    w.emit(f"call void @{SYMBOL}(i32 {number}, ptr {words})")


def _lock(w: FunctionWriter, op: Op) -> None:
    number = w.module.lock_place(op)
    w.emit(f"call void @{LOCK}(i32 {number}, i32 {int(op.attrs['take'])})")


def _external(w: FunctionWriter, op: Op) -> None:
    parts = [(kind, part) for value in op.operands for kind, part in _words(w, value)]
    given = w.alloca(max(1, len(parts)), "i64")
    for k, (kind, part) in enumerate(parts):
        at = w.tmp(f"getelementptr i64, ptr {given}, i64 {k}")
        w.emit(f"store {kind} {part}, ptr {at}")
    taken = w.alloca(1, "i64")
    place = w.module.external_place(op)
    status = w.tmp(f"call i32 @{EXTERNAL}(i32 {place}, ptr {given}, ptr {taken})")
    w.fail_unless(w.tmp(f"icmp eq i32 {status}, 0"), "SystemError", f"{op.attrs['object']} has failed")
    if op.result is not None:
        result = w.tmp(f"load {'double' if op.result.type.is_float else 'i64'}, ptr {taken}")
        w.define(op, w.tmp(f"trunc i64 {result} to i1") if op.result.type is BOOL else result)


def _words(w: FunctionWriter, value: Value) -> list[tuple[str, str]]:
    if isinstance(value.type, Array):
        return list(zip(part_types(value.type), w.parts(value), strict=True))
    return [("i64", w.word(value))]


def _tuple(w: FunctionWriter, op: Op) -> None:
    w.define(op, *(part for value in op.operands for part in w.parts(value)))


def _extract(w: FunctionWriter, op: Op) -> None:
    whole, index = op.operands[0], int(op.attrs["index"])
    assert isinstance(whole.type, Tuple)
    first = sum(len(part_types(t)) for t in whole.type.elems[:index])
    w.define(op, *w.parts(whole)[first : first + len(part_types(whole.type.elems[index]))])


def _same(w: FunctionWriter, op: Op) -> None:
    w.define(op, *w.parts(op.operands[0]))


def _recall(w: FunctionWriter, op: Op) -> None:
    raise UnsupportedError("recall has no machine form: run the pass materialise before the backend", op.loc)


HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "check": _check,
    "external": _external,
    "lock": _lock,
    "print": _print,
    "call": _call,
    "tuple": _tuple,
    "extract": _extract,
    "identity": _same,
    "recall": _recall,
}
