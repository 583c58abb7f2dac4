"""One compilation: which functions have been lifted and typed for which arguments, and what they found
outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import Any

import numpy as np

from ssad.frontend.abstract import SCALARS, Abstract, ArrayOf, array_of
from ssad.frontend.captures import Capture, Guard, Origin
from ssad.frontend.codes import unsupported
from ssad.frontend.lift import Lifted, lift, lift_code
from ssad.ir.core import Function, Location, Module

MAX_NESTING = 64


class Template:
    """An inner function before it is given its defaults and captured values; the tag of a `Closure`."""

    __slots__ = ("defaults", "free", "keywords", "lifted")

    def __init__(
        self, lifted: Lifted, defaults: int, keywords: tuple[str, ...], free: tuple[str, ...]
    ) -> None:
        self.lifted = lifted
        self.defaults = defaults
        self.keywords = keywords
        self.free = free

    @property
    def name(self) -> str:
        return self.lifted.function.name


class Instance:
    """A lifted function with its arguments' types: its parameters', then those of its captured values."""

    def __init__(self, lifted: Lifted, free: tuple[str, ...], arguments: tuple[Abstract, ...]) -> None:
        self.lifted = lifted
        self.free = free
        self.arguments = arguments
        self.result: Abstract | None = None
        self.captures: dict[tuple[Any, ...], Capture] = {}
        self.facts: Any = None
        self.function: Function | None = None
        self.done = False


class Engine:
    """The state of one `infer`."""

    def __init__(self, error_model: str) -> None:
        if error_model not in ("python", "numpy"):
            raise ValueError(f'error_model is "python" or "numpy", not {error_model!r}')
        self.error_model = error_model
        self.module = Module()
        self.guards: dict[tuple[Any, ...], Guard] = {}
        self._lifted: dict[Any, Lifted] = {}
        self._templates: dict[Any, Template] = {}
        self._instances: dict[Any, Instance] = {}
        self._calling: list[Instance] = []

    def lifted(self, fn: object) -> Lifted:
        """The lifted IR of a Python function, made once."""
        if id(fn) not in self._lifted:
            self._lifted[id(fn)] = lift(fn)
        return self._lifted[id(fn)]

    def template(
        self, code: CodeType, around: Lifted, defaults: int, keywords: tuple[str, ...], free: tuple[str, ...]
    ) -> Template:
        """The inner function with this code."""
        key = id(code), id(around.globals), defaults, keywords, free
        if key not in self._templates:
            self._templates[key] = Template(lift_code(code, around.globals), defaults, keywords, free)
        return self._templates[key]

    def instance(
        self, lifted: Lifted, free: tuple[str, ...], arguments: Sequence[Abstract], place: Location | None
    ) -> Instance:
        """The function typed for these arguments. Raises UnsupportedError for recursion and for too deep
        nesting.
        """
        from ssad.frontend.fixpoint import Fixpoint

        arguments = tuple(arguments)
        key = id(lifted), arguments
        found = self._instances.get(key)
        if found is not None and found.done:
            return found
        again = any(other.lifted is lifted for other in self._calling)
        if found is not None or (again and len(self._calling) >= MAX_NESTING):
            raise unsupported(
                "recursion",
                f"{lifted.function.name} calls itself: recursion is not compiled yet",
                place,
                "write it as a loop",
            )
        if len(self._calling) >= MAX_NESTING:
            raise unsupported(
                "nesting", f"calls are nested deeper than {MAX_NESTING}", place, "flatten the helpers"
            )
        instance = self._instances[key] = Instance(lifted, free, arguments)
        self._calling.append(instance)
        Fixpoint(self, instance).run()
        self._calling.pop()
        instance.done = True
        return instance

    def function_of(self, instance: Instance) -> Function:
        """The typed function of an instance, written into the module when it is first wanted."""
        from ssad.frontend.writer import Writer

        if instance.function is None:
            instance.function = self.module.add(
                Function(instance.lifted.function.name, instance.lifted.function.loc)
            )
            Writer(self, instance).run()
        return instance.function

    def guard(self, origin: Origin, value: Any) -> None:
        """Remember that an outside object was taken for a constant."""
        self.guards.setdefault(origin.key(), Guard(origin, value))


def array_type(value: np.ndarray[Any, Any]) -> ArrayOf | None:
    """The abstract value of an array that can be compiled for, or None."""
    elem = SCALARS.get(value.dtype)
    if elem is None or type(value) is not np.ndarray or value.ndim == 0 or not value.dtype.isnative:
        return None
    if not value.flags.aligned:
        return None  # its strides are no numbers of elements
    layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else "A"
    return array_of(elem, value.ndim, layout)
