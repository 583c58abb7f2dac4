"""What a compiled function finds outside itself: arrays become hidden parameters, everything else a guarded
constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import CellType
from typing import Any

from ssad.frontend.abstract import Abstract


@dataclass(frozen=True)
class Origin:
    """A place outside where a value is found: `holder` is a namespace, a cell or a module.

    `kind` is "global" (a name in a mapping), "free" (the content of a cell), "attribute", or "default" (the
    holder itself).
    """

    kind: str
    holder: Any
    name: str

    def key(self) -> tuple[str, int, str]:
        """What makes two origins the same place."""
        return self.kind, id(self.holder), self.name

    def read(self) -> Any:
        """The object that is there now. Raises LookupError, ValueError or AttributeError where there is
        none any more.
        """
        if self.kind == "default":
            return self.holder
        if self.kind == "attribute":
            return getattr(self.holder, self.name)
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
        if now is self.value:
            return True
        if type(now) is not type(self.value) or not isinstance(now, int | float | str):
            return False
        return now == self.value and repr(now) == repr(self.value)
