"""What a compiled function finds outside itself: arrays become hidden parameters, everything else a guarded
constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import CellType, MethodType
from typing import Any

from ssad.frontend.abstract import Abstract


@dataclass(frozen=True)
class Origin:
    """A place outside where a value is found: `holder` is a namespace, a cell, or any object.

    `kind` is "global" (a name in a mapping), "free" (the content of a cell), "attribute", "class attribute"
    (as a class or one of its bases defines it), "item" (under the key or index `at`), "has" (whether there is
    such an item), "content" (all items), or "default" (the holder itself).
    """

    kind: str
    holder: Any
    name: str
    at: Any = None

    def key(self) -> tuple[Any, ...]:
        """What makes two origins the same place."""
        return self.kind, id(self.holder), self.name, type(self.at), self.at

    def read(self) -> Any:
        """The object that is there now. Raises LookupError, ValueError or AttributeError where there is
        none any more.
        """
        if self.kind == "default":
            return self.holder
        if self.kind == "attribute":
            return getattr(self.holder, self.name)
        if self.kind == "class attribute":
            return class_attribute(self.holder, self.name)
        if self.kind == "item":
            return self.holder[self.at]
        if self.kind == "has":
            return self.at in self.holder
        if self.kind == "content":
            return tuple(self.holder.items() if isinstance(self.holder, dict) else self.holder)
        if self.kind == "free":
            assert isinstance(self.holder, CellType)
            return self.holder.cell_contents
        assert isinstance(self.holder, Mapping)
        if self.name in self.holder:
            return self.holder[self.name]
        scope = self.holder.get("__builtins__", {})
        return (scope if isinstance(scope, dict) else vars(scope))[self.name]


@dataclass(frozen=True)
class Capture:
    """An array outside the function: read at each call and passed as a hidden argument of type `abstract`."""

    origin: Origin
    abstract: Abstract


@dataclass(frozen=True)
class Guard:
    """An outside object that was taken for a constant; the compiled function is valid while it `holds`."""

    origin: Origin
    value: Any

    def holds(self) -> bool:
        """Whether the same object, or an equal number, is still there."""
        try:
            now = self.origin.read()
        except (LookupError, ValueError, AttributeError):
            return False
        return _same(now, self.value, self.origin.kind == "content")


MISSING = object()
"""What is where there is no attribute."""


def class_attribute(cls: type, name: str) -> Any:
    """What `cls` or the first of its bases that does defines as `name`, as it stands there; or MISSING."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), MISSING)


def _same(a: Any, b: Any, content: bool = False) -> bool:
    """Whether two objects are one, or equal numbers, or methods of one object; or such items in a tuple."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if type(a) is MethodType:
        return a.__func__ is b.__func__ and a.__self__ is b.__self__
    if content and type(a) is tuple:
        return len(a) == len(b) and all(_same(x, y, content) for x, y in zip(a, b, strict=True))
    return isinstance(a, int | float | str) and bool(a == b) and repr(a) == repr(b)
