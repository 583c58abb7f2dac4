"""Attributes and methods: of modules, arrays, scalars and what is known at compile time."""

from __future__ import annotations

import enum
from types import ModuleType
from typing import Any

import numpy as np

from ssad.errors import TypingError
from ssad.frontend import caught, choices, complex_arrays, dicts, instances, lists, managers, records, texts
from ssad.frontend.abstract import (
    DTYPES,
    NUMPY,
    PYTHON,
    ArrayOf,
    Bound,
    ComplexArrayOf,
    ComplexOf,
    DerivativeOf,
    Exceptional,
    Known,
    ListOf,
    MemoryList,
    NamedTupleOf,
    Number,
    ObjectOf,
    OneOf,
    RecordOf,
    Several,
    SuperOf,
    TupleOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Dead, Rep, compound, flag_of, known, scalar
from ssad.frontend.derivatives import argnums_of
from ssad.frontend.objects import attribute
from ssad.frontend.outside import module_attribute, opened
from ssad.ir.core import Const, Op
from ssad.ir.types import BOOL, F64, I64

ARRAY_METHODS = ("copy", "fill", "item", "tolist")
DICT_METHODS = ("get", "items", "keys", "pop", "setdefault", "update", "values")


def getattr_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.getattr`."""
    return getattr_of(ctx, operands[0], op.attrs["name"])


def getattr_of(ctx: Context, rep: Rep, name: str) -> Rep:
    """`rep.name`."""
    kind = rep.abstract
    if isinstance(kind, OneOf):
        return choices.each(ctx, rep, lambda one: _of_one(ctx, one, name))
    if isinstance(kind, ArrayOf | ComplexArrayOf):
        return _of_array(ctx, rep, name)
    if isinstance(kind, MemoryList):
        return lists.attribute(ctx, rep, name)
    if isinstance(kind, ComplexOf):
        return _of_complex(ctx, rep, name)
    if isinstance(kind, Number):
        return _of_number(ctx, rep, name)
    if isinstance(kind, SuperOf):
        return instances.super_attribute(ctx, rep, name)
    if dicts.is_dict(rep) and name in DICT_METHODS:
        return compound(Bound, [rep], name)
    if isinstance(kind, TupleOf) and getattr(kind.made_of[0], name, None) in (tuple.count, tuple.index):
        return compound(Bound, [rep], name)
    if isinstance(kind, RecordOf | NamedTupleOf | ObjectOf):
        return records.attribute(ctx, rep, name)
    if isinstance(kind, Exceptional | Several):
        return caught.attribute(ctx, rep, name)
    if isinstance(kind, Known):
        return _of_known(ctx, rep, name)
    if isinstance(kind, ListOf) and hasattr(list, name):
        return lists.attribute(ctx, rep, name)
    raise unsupported("attribute", f"attribute {name} of {kind} is not compiled", ctx.loc)


def _of_one(ctx: Context, rep: Rep, name: str) -> Rep:
    """An attribute of what one of several objects may be: where it has none, that shows when it runs."""
    cls = records.class_of(rep)
    try:
        return getattr_of(ctx, rep, name)
    except TypingError as error:
        if error.code != "SSAD0205" or cls is None:
            raise
    raise Dead("AttributeError", f"'{cls.__name__}' object has no attribute '{name}'", ())


def _of_array(ctx: Context, rep: Rep, name: str) -> Rep:
    array, kind = rep.parts[0], rep.abstract
    if isinstance(kind, ComplexArrayOf):
        own = complex_arrays.attribute(ctx, rep, name)
        if own is not None:
            return own
    assert isinstance(kind, ArrayOf | ComplexArrayOf)
    if name == "shape":
        return compound(TupleOf, [scalar(ctx.dim(array, axis)) for axis in range(kind.rank)])
    if name == "size":
        size = ctx.dim(array, 0)
        for axis in range(1, kind.rank):
            size = ctx.emit("mul", size, ctx.dim(array, axis))
        return scalar(size)
    if name == "ndim":
        return scalar(Const(I64, kind.rank))
    dtype = DTYPES[kind.elem] if isinstance(kind, ArrayOf) else np.dtype(complex)
    if name == "dtype":
        return known(dtype)
    if name == "flat":
        return lists.by_library(ctx, "flat", rep)
    if name == "itemsize":
        return known(dtype.itemsize)
    if name in ARRAY_METHODS:
        return compound(Bound, [rep], name)
    if not hasattr(np.ndarray, name):
        raise untypable("name", f"an array has no attribute {name}", ctx.loc)
    raise unsupported(
        "attribute",
        f"attribute {name} of an array is not compiled yet",
        ctx.loc,
        "write a loop over the elements",
    )


def _of_complex(ctx: Context, rep: Rep, name: str) -> Rep:
    kind = rep.abstract
    assert isinstance(kind, ComplexOf)
    numpy = kind.flavour is NUMPY
    if name in ("real", "imag"):
        return rep.items()[0 if name == "real" else 1]
    if name == "conjugate" or (numpy and name in ("conj", "item")):
        return compound(Bound, [rep], name)
    if numpy and name in ("dtype", "ndim", "size", "shape"):
        return known({"dtype": np.dtype(complex), "ndim": 0, "size": 1, "shape": ()}[name])
    if not hasattr(np.complex128 if numpy else complex, name):
        raise untypable("name", f"{kind} has no attribute {name}", ctx.loc)
    raise unsupported("attribute", f"attribute {name} of {kind} is not compiled", ctx.loc)


def _of_number(ctx: Context, rep: Rep, name: str) -> Rep:
    number = rep.abstract
    assert isinstance(number, Number)
    if name == "real":
        return scalar(ctx.cast(rep.parts[0], I64)) if number == Number(BOOL, PYTHON) else rep
    if name == "imag":
        return _imaginary(rep)
    own = {F64: float, I64: int, BOOL: bool}.get(number.type, float)
    if number.flavour is PYTHON and not hasattr(own, name):
        raise untypable("name", f"{number} has no attribute {name}", ctx.loc)
    if name in ("item", "is_integer", "conjugate"):
        return compound(Bound, [rep], name)
    if name == "dtype" and number.flavour is NUMPY:
        return known(DTYPES[number.type])
    if name in ("ndim", "size", "shape") and number.flavour is NUMPY:
        return known({"ndim": 0, "size": 1, "shape": ()}[name])
    if not hasattr(np.float64, name):
        raise untypable("name", f"{number} has no attribute {name}", ctx.loc)
    raise unsupported("attribute", f"attribute {name} of {number} is not compiled", ctx.loc)


def _imaginary(rep: Rep) -> Rep:
    """The imaginary part of a real number: 0 of its type."""
    number = rep.abstract
    assert isinstance(number, Number)
    own = I64 if number == Number(BOOL, PYTHON) else number.type
    zero = Const(own, 0.0 if own.is_float else False if own is BOOL else 0)
    return scalar(zero, flag_of(rep), number.numpy_type)


def _of_known(ctx: Context, rep: Rep, name: str) -> Rep:
    obj: Any = rep.abstract.object  # type: ignore[attr-defined]
    if isinstance(obj, ModuleType):
        return module_attribute(ctx, obj, name)
    if isinstance(obj, managers.LOCKS) and hasattr(obj, name):
        return known(getattr(obj, name))
    if isinstance(obj, np.dtype | np.finfo | np.iinfo) or (
        isinstance(obj, type) and issubclass(obj, np.generic)
    ):
        if not hasattr(obj, name):
            raise untypable("name", f"{obj} has no attribute {name}", ctx.loc)
        return known(getattr(obj, name))
    if isinstance(obj, dict) and name in DICT_METHODS and not hasattr(type(obj), "__missing__"):
        return getattr_of(ctx, opened(ctx, rep), name)
    if isinstance(obj, str) and not isinstance(obj, enum.Enum) and name in texts.METHODS:
        return compound(Bound, [rep], name)
    if obj is None or (isinstance(obj, str | bytes | int | list | dict) and not isinstance(obj, enum.Enum)):
        if not hasattr(obj, name):
            raise untypable("name", f"{rep.abstract} has no attribute {name}", ctx.loc)
        raise unsupported(
            "attribute",
            f"attribute {name} of a {type(obj).__name__} is not compiled",
            ctx.loc,
            "do it outside and pass the result as an argument",
        )
    if getattr(obj, "__ssad__", False) is True and not isinstance(obj, type):
        return _of_compiled(ctx, obj, name)
    return attribute(ctx, obj, name)


def _of_compiled(ctx: Context, obj: Any, name: str) -> Rep:
    """What `ssad.jit` and its kin have made: the value of the function is the function."""
    if name in ("value", "py_func"):
        return known(obj.py_func)
    if name == "value_and_grad" and obj.gives != "value":
        return compound(DerivativeOf, [known(obj.py_func)], ("value and gradient", argnums_of(obj)))
    raise unsupported("attribute", f"attribute {name} of {obj!r} is not compiled", ctx.loc, "use it outside")
