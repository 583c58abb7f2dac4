"""Python objects made of others, taken apart and put together: tuples, lists, dicts of string keys, named
tuples, dataclasses, and instances of plain classes.

A *tree* is such an object, its *leaves* are everything else. Putting one together runs no `__init__` and no
`__post_init__`: the parts are those of an object that has been through them, or their derivatives.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ssad.errors import ArgumentError


class Kind(NamedTuple):
    """How objects of one class are taken apart: the names of the parts (none in sequences), and the parts."""

    names: Callable[[Any], tuple[str, ...]]
    parts: Callable[[Any], Sequence[Any]]


_LEAVES = frozenset(
    (float, int, bool, str, type(None), np.ndarray, complex, FunctionType, MethodType, ModuleType)
)


def kind_of(value: Any) -> Kind | None:
    """How `value` is taken apart, None for a leaf."""
    cls = type(value)
    if cls in _LEAVES:
        return None
    if cls is dict and not all(type(key) is str for key in value):
        return None
    return _kind_of_class(cls)


def _kind_of_class(cls: Any) -> Kind | None:
    if cls in _known:
        return _known[cls]
    while len(_known) >= _MOST:
        del _known[next(iter(_known))]
    return _known.setdefault(cls, _classified(cls))


_known: dict[type, Kind | None] = {}
_MOST = 1024


def _classified(cls: Any) -> Kind | None:
    if cls in (tuple, list):
        return Kind(lambda value: (), lambda value: value)
    if cls is dict:
        return Kind(tuple, lambda value: [*value.values()])
    if is_named_tuple(cls):
        return Kind(lambda value: cls._fields, lambda value: value)
    if is_record(cls):
        return Kind(_attributes, lambda value: [getattr(value, name) for name in _attributes(value)])
    return None


def is_named_tuple(cls: type) -> bool:
    """Whether `cls` is a named tuple."""
    return issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)


def is_record(cls: type) -> bool:
    """Whether instances of `cls` are nothing but their attributes: a dataclass, or a plain class."""
    if cls is SimpleNamespace:
        return True
    if not cls.__flags__ & (1 << 9):  # made by a class statement
        return False
    foreign = (type, BaseException, enum.Enum, np.generic, np.ndarray)
    if issubclass(cls, foreign) or hasattr(cls, "__array__") or hasattr(cls, "__ssad__"):
        return False
    if cls.__new__ is not object.__new__:
        return False
    return bool(cls.__dictoffset__) or any("__slots__" in vars(base) for base in cls.__mro__)


def _attributes(value: Any) -> tuple[str, ...]:
    """The attributes that an instance has: fields first, then slots, then what its dict has besides."""
    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    names = dict.fromkeys(field.name for field in fields)
    for base in reversed(type(value).__mro__):
        slots = vars(base).get("__slots__", ())
        names.update(dict.fromkeys((slots,) if isinstance(slots, str) else slots))
    names.update(dict.fromkeys(getattr(value, "__dict__", ())))
    return tuple(name for name in names if name != "__weakref__" and hasattr(value, name))


def build(cls: type, names: tuple[str, ...], parts: Sequence[Any]) -> Any:
    """The object of class `cls` made of these parts."""
    if cls in (tuple, list):
        return cls(parts)
    if cls is dict:
        return dict(zip(names, parts, strict=True))
    if issubclass(cls, tuple):
        return tuple.__new__(cls, parts)
    made = cls.__new__(cls)
    for name, part in zip(names, parts, strict=True):
        object.__setattr__(made, name, part)
    return made


def parts_of_tree(value: Any) -> Sequence[Any]:
    """The parts of a tree that is no leaf."""
    kind = kind_of(value)
    assert kind is not None
    return kind.parts(value)


def leaves(value: Any) -> Iterator[Any]:
    """The leaves of a tree, left to right; a leaf is its own."""
    kind = kind_of(value)
    if kind is None:
        yield value
    else:
        for part in kind.parts(value):
            yield from leaves(part)


MOST_LEAVES = 1000
"""Larger trees are no structure but data, which arrays are for."""


def flat(values: Iterable[Any]) -> list[Any]:
    """The leaves of all values. Raises ArgumentError where one contains itself, or has very many."""
    found: list[Any] = []
    for value in values:
        if type(value) in _LEAVES:
            found.append(value)
            continue
        before = len(found)
        try:
            found.extend(leaves(value))
        except RecursionError:
            cause = f"an argument is a {type(value).__name__} that contains itself"
            raise ArgumentError(cause, cure="pass its numbers and arrays") from None
        if len(found) - before > MOST_LEAVES:
            cause = f"an argument is a {type(value).__name__} of {len(found) - before} numbers"
            raise ArgumentError(cause, cure="pass an array: np.array(x)")
    return found


def refilled(value: Any, fresh: Iterator[Any]) -> Any:
    """A tree like `value` with the next of `fresh` in place of each leaf."""
    kind = kind_of(value)
    if kind is None:
        return next(fresh)
    return build(type(value), kind.names(value), [refilled(part, fresh) for part in kind.parts(value)])


def mapped(fn: Callable[[Any], Any], value: Any) -> Any:
    """A tree like `value` with `fn(leaf)` in place of each leaf."""
    return refilled(value, map(fn, leaves(value)))
