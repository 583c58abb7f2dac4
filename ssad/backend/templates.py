"""From the `llvm` column of a primitive to text: templates, intrinsics, libm calls, support functions.

Elementary functions carry, where `vector_math` is on, the attribute that tells LLVM's vectoriser which
function of glibc's libmvec computes several of them at once; see vectormath.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ssad.backend import vectormath
from ssad.backend.layout import scalar_type
from ssad.errors import UnsupportedError
from ssad.ir.core import Op
from ssad.ir.types import F64, Scalar
from ssad.primitives.lowering import ByKind, Intrinsic, Libm, Runtime, Template

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter

_PURE = "nounwind willreturn memory(none)"


def lower(w: FunctionWriter, op: Op, how: Any) -> None:
    """Write `op` as `how`, the `llvm` column of its record, says."""
    first = op.operands[0].type if op.operands else None
    if isinstance(how, ByKind):
        how = getattr(how, first.kind) if isinstance(first, Scalar) else None
    writer = _WRITERS.get(type(how))
    if writer is None:
        what = f"{op.prim.name} of {first}" if first is not None else op.prim.name
        raise UnsupportedError(
            f"{what} has no machine form", op.loc, f"give llvm= where {op.prim.name} is defined"
        )
    writer(w, op, how)


def _template(w: FunctionWriter, op: Op, how: Template) -> None:
    assert op.result is not None
    name = f"%{w.fresh(op.result.name)}"
    type, result = op.operands[0].type, op.result.type
    assert isinstance(type, Scalar)
    assert isinstance(result, Scalar)
    text = how.text.format(
        *map(w.one, op.operands),
        T=scalar_type(type),
        R=scalar_type(result),
        r=name,
        fp=w.flags(op),
        S=f"{'f' if type.is_float else 'i'}{type.bits}",
        bits=type.bits,
        last=type.bits - 1,
    )
    w.lines += [f"  {line}" for line in text.split("\n")]
    w.define(op, name)


def _call(w: FunctionWriter, op: Op, callee: str, vector: str, attributes: str) -> None:
    """`%r = call @callee(operands)`, with the vector variants of `vector` known to LLVM."""
    assert op.result is not None
    assert isinstance(op.result.type, Scalar)
    llvm = scalar_type(op.result.type)
    group = attributes
    if vector and w.options.vector_math:
        variants = vectormath.variants(vector, callee, op.result.type, len(op.operands), w.module.features)
        for symbol, declaration in variants.declarations:
            w.module.declare(symbol, f"{declaration} {w.module.group(_PURE)}")
            w.module.vector_symbols[symbol] = None
        if variants.attribute:
            group = f'{attributes} "vector-function-abi-variant"="{variants.attribute}"'.strip()
    tail = f" {w.module.group(group)}" if group else ""
    args = ", ".join(map(w.typed, op.operands))
    name = f"%{w.fresh(op.result.name)}"
    w.emit(f"{name} = call {w.flags(op)}{llvm} @{callee}({args}){tail}")
    w.define(op, name)


def _intrinsic(w: FunctionWriter, op: Op, how: Intrinsic) -> None:
    type = op.operands[0].type
    assert isinstance(type, Scalar)
    callee = f"{how.name}.{'f' if type.is_float else 'i'}{type.bits}"
    _call(w, op, callee, how.vector, _PURE if how.vector else "")


def _libm(w: FunctionWriter, op: Op, how: Libm) -> None:
    type = op.operands[0].type
    assert isinstance(type, Scalar)
    callee = how.name + ("f" if type.bits == 32 else "")
    llvm = scalar_type(type)
    # speculatable: may run where its branch was not taken, so that a conditional call vectorises
    group = w.module.group(f"{_PURE} speculatable")
    w.module.declare(callee, f"declare {llvm} @{callee}({', '.join([llvm] * len(op.operands))}) {group}")
    if not how.nobuiltin:
        _call(w, op, callee, how.vector, _PURE)
    elif how.vector and w.options.vector_math:
        # the vectoriser leaves `nobuiltin` calls alone, but not those of a function it has never heard of
        unknown = f"ssad.{callee}"
        params = ", ".join(f"{llvm} %x{k}" for k in range(len(op.operands)))
        group = w.module.group(f"{_PURE} nobuiltin")
        w.module.declare(
            unknown,
            f"define linkonce_odr hidden {llvm} @{unknown}({params}) noinline {_PURE} {{\n"
            f"  %y = tail call {llvm} @{callee}({params}) {group}\n  ret {llvm} %y\n}}",
        )
        _call(w, op, unknown, how.vector, _PURE)
    else:
        _call(w, op, callee, "", f"{_PURE} nobuiltin")


def _runtime(w: FunctionWriter, op: Op, how: Runtime) -> None:
    assert op.result is not None
    # not internal where it stands for a vector function: LLVM would take arguments that are constants away
    shared = how.vector and w.options.vector_math
    text = how.text.replace("define internal ", "define linkonce_odr hidden ", 1) if shared else how.text
    w.module.declare(how.name, text)
    args = []
    for value in op.operands:
        text, type = w.one(value), value.type
        assert isinstance(type, Scalar)
        wide = w.tmp(f"fpext float {text} to double") if type.kind == "f" and type.bits == 32 else text
        args.append(f"{'double' if type.is_float else scalar_type(type)} {wide}")
    group = ""
    if how.vector and w.options.vector_math:
        variants = vectormath.variants(how.vector, how.name, F64, len(op.operands), w.module.features)
        for symbol, declaration in variants.declarations:
            w.module.declare(symbol, f"{declaration} {w.module.group(_PURE)}")
            w.module.vector_symbols[symbol] = None
        if variants.attribute:
            group = " " + w.module.group(f'{_PURE} "vector-function-abi-variant"="{variants.attribute}"')
    result = op.result.type
    assert isinstance(result, Scalar)
    if not result.is_float:
        w.define(op, w.tmp(f"call {scalar_type(result)} @{how.name}({', '.join(args)}){group}"))
        return
    number = w.tmp(f"call {w.flags(op)}double @{how.name}({', '.join(args)}){group}")
    w.define(op, w.tmp(f"fptrunc double {number} to float") if result.bits == 32 else number)


_WRITERS: dict[type[Any], Callable[[Any, Any, Any], None]] = {
    Template: _template,
    Intrinsic: _intrinsic,
    Libm: _libm,
    Runtime: _runtime,
}
