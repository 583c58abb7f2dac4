"""Abstract values of call arguments, of signature texts, and of annotations."""

from __future__ import annotations

import enum
import inspect
import re
import typing
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ssad import trees
from ssad.errors import ArgumentError, SignatureError
from ssad.frontend.abstract import (
    NUMPY,
    PYTHON,
    SCALARS,
    Abstract,
    ComplexOf,
    Known,
    Number,
    TupleOf,
    array_of,
    tree_of,
)
from ssad.frontend.engine import array_type
from ssad.ir.types import BOOL, F64, I64, scalar

_PYTHON_TYPES = {float: F64, int: I64, bool: BOOL}


def abstract_of(value: Any, name: str = "") -> Abstract:
    """The abstract value of a call argument, without its number. Raises ArgumentError, which names the
    cure.
    """
    kind = type(value)
    if kind in _PYTHON_TYPES:
        if kind is int and not -(2**63) <= value < 2**63:
            raise _refusal(name, f"is {_short(value)}, which does not fit into 64 bits", "pass a float")
        return Number(_PYTHON_TYPES[kind], PYTHON)
    if kind is complex or kind is np.complex128:
        return complex_type(NUMPY if kind is np.complex128 else PYTHON)
    if kind is np.ndarray:
        abstract = array_type(value)
        if abstract is not None:
            return abstract
        if value.ndim == 0 and value.dtype in SCALARS and value.dtype.isnative:
            return Number(SCALARS[value.dtype], NUMPY)
        raise _refusal(name, *why_not_an_array(value))
    if isinstance(value, np.generic):
        if value.dtype in SCALARS:
            return Number(SCALARS[value.dtype], NUMPY)
        cure = "convert it with complex(...)" if value.dtype.kind == "c" else "convert it with float(...)"
        raise _refusal(name, f"is {kind.__name__}", cure)
    tree = trees.kind_of(value)
    if tree is not None:
        names = tree.names(value)
        parts = [abstract_of(part, _of_part(name, names, n)) for n, part in enumerate(tree.parts(value))]
        return tree_of(kind, names, parts)
    if value is None or isinstance(
        value, str | enum.Enum | FunctionType | BuiltinFunctionType | ModuleType | type | np.ufunc
    ):
        return Known(value)
    if getattr(value, "__ssad__", False):
        return Known(value)
    raise _refusal(name, *_why_not(value))


def complex_type(flavour: str) -> ComplexOf:
    """A complex number of which nothing else is known."""
    return ComplexOf([Number(F64, flavour), Number(F64, flavour)])


def _of_part(name: str, names: tuple[str, ...], number: int) -> str:
    """What a part of the argument `name` is called."""
    return f"{name}.{names[number]}" if names else f"{name}[{number}]"


def _refusal(name: str, cause: str, cure: str) -> ArgumentError:
    return ArgumentError(f"argument {name} {cause}" if name else f"an argument {cause}", cure=cure)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 24 else f"{text[:10]}...{text[-4:]}"


def why_not_an_array(value: np.ndarray[Any, Any]) -> tuple[str, str]:
    """Why an array cannot be compiled for, and the cure."""
    if isinstance(value, np.matrix | np.ma.MaskedArray) or type(value) is not np.ndarray:
        return f"is a {type(value).__module__}.{type(value).__name__}", "pass a plain array: np.asarray(x)"
    dtype = value.dtype
    if not dtype.isnative:
        return (
            f"is an array of foreign byte order ({dtype.str})",
            f'convert it: x.astype("{dtype.newbyteorder("=").str[1:]}")',
        )
    cure = "convert it: x.astype(float)"
    if dtype.kind == "c":
        if value.ndim == 0:
            return f"is a 0-dimensional array of {dtype.name}", "pass a number: x.item()"
        return f"is an array of {dtype.name}", "convert it: x.astype(complex)"
    if dtype.kind == "O":
        return "is an array of Python objects", cure
    if dtype.names is not None:
        return "is an array of records", "pass one array per field: x['name'].copy()"
    if dtype in SCALARS and not value.flags.aligned:
        return f"is an array of {dtype.name} that is not aligned in memory", "pass a copy: x.copy()"
    return f"is an array of {dtype.name}", cure


def _why_not(value: object) -> tuple[str, str]:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    if isinstance(value, dict):
        return f"is a {kind} whose keys are no strings", "name its entries by strings, or pass its values"
    if isinstance(value, set | frozenset):
        return f"is a {kind}", "pass its values as numbers or arrays"
    if kind.startswith("pandas."):
        return f"is a {kind}", "pass x.to_numpy()"
    if kind.startswith("torch."):
        return f"is a {kind}", "pass x.detach().cpu().numpy()"
    if hasattr(value, "__array__"):
        return f"is a {kind}", "pass np.asarray(x)"
    if callable(value):
        return f"is a callable {kind}", "pass a plain function"
    return f"is a {kind}", "pass numbers and arrays"


# Signatures

_ARRAY = re.compile(r"(\w+)\s*\[([^\]]*)\]$")
_NAMES: dict[str, Abstract] = {
    "float": Number(F64, PYTHON),
    "int": Number(I64, PYTHON),
    "bool": Number(BOOL, PYTHON),
    "f64": Number(F64, PYTHON),
    "i64": Number(I64, PYTHON),
    "None": Known(None),
    "complex": complex_type(PYTHON),
    "c128": complex_type(PYTHON),
    "np.c128": complex_type(NUMPY),
}


def parse_signature(text: str) -> list[Abstract]:
    """The arguments written `text`, separated by commas.

    `f64`, `i64`, `bool` (also `float`, `int`) are Python numbers, `f32`, `i32`, ... NumPy scalars,
    `np.f64`, `np.i64`, `np.bool` NumPy's where Python has the type too. `f64[:]` is a contiguous array of
    one axis, as is `f64[::1]`; `f64[::]` one of any stride. `f64[:, :]` has any strides, `f64[:, ::1]` is
    in C order, `f64[::1, :]` in Fortran order. Raises SignatureError.

    >>> parse_signature("f64[:], f64")
    [<float64 array>, <float>]
    """
    parts = _split(text)
    return [_argument(part.strip(), text) for part in parts] if text.strip() else []


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _argument(part: str, whole: str) -> Abstract:
    if part in _NAMES:
        return _NAMES[part]
    if part.startswith("(") and part.endswith(")"):
        inner = part[1:-1].strip().removesuffix(",")
        return TupleOf(parse_signature(inner))
    try:
        if m := _ARRAY.match(part):
            axes = [axis.replace(" ", "") for axis in m[2].split(",")]
            elem = {"float": "f64", "int": "i64"}.get(m[1], m[1])
            return array_of(scalar(elem), len(axes), _layout(axes))
        return Number(scalar(part.removeprefix("np.")), NUMPY)
    except (KeyError, ValueError):
        pass
    raise SignatureError(
        f"{part!r} is no argument type, in the signature {whole!r}"
        if part
        else f"empty place in the signature {whole!r}",
        cure='write for example "f64[:], f64[:, ::1], f32[:], i64, bool"',
    )


def _layout(axes: list[str]) -> str:
    if any(axis not in (":", "::", "::1") for axis in axes) or axes.count("::1") > 1:
        raise ValueError(axes)
    if len(axes) == 1:
        return "A" if axes == ["::"] else "C"
    if "::1" not in axes:
        return "A"
    if axes[-1] == "::1":
        return "C"
    if axes[0] == "::1":
        return "F"
    raise ValueError(axes)


def signature_of_annotations(fn: Callable[..., Any]) -> list[Abstract]:
    """The arguments that the annotations of `fn` describe: types, or texts as in `parse_signature`.

    Raises SignatureError where a parameter has none, or one that says too little.
    """
    try:
        hints = typing.get_type_hints(fn)
    except Exception:  # annotations may be signature texts, which no name stands behind
        hints = dict(getattr(fn, "__annotations__", {}))
    result = []
    for name in inspect.signature(fn).parameters:
        if name not in hints:
            raise SignatureError(
                f"parameter {name} of {fn.__name__} has no annotation", cure="give a signature"
            )
        result.append(_annotation(name, hints[name]))
    return result


def _annotation(name: str, hint: Any) -> Abstract:
    if isinstance(hint, str):
        return _argument(hint.strip(), hint)
    if isinstance(hint, typing.ForwardRef):
        return _argument(hint.__forward_arg__, hint.__forward_arg__)
    if hint is complex or hint is np.complex128:
        return complex_type(NUMPY if hint is np.complex128 else PYTHON)
    if hint in _PYTHON_TYPES:
        return Number(_PYTHON_TYPES[hint], PYTHON)
    if isinstance(hint, type) and issubclass(hint, np.generic) and np.dtype(hint) in SCALARS:
        return Number(SCALARS[np.dtype(hint)], NUMPY)
    raise SignatureError(
        f"the annotation of {name} ({getattr(hint, '__name__', hint)}) does not say which machine type it is",
        cure='annotate numbers with float or int, arrays with a text such as "f64[:]", or give a signature',
    )
