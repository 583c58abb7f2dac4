"""One compilation: which functions have been lifted and typed for which arguments, and what they found
outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from ssad.frontend.abstract import SCALARS, Abstract, ArrayOf, Exceptional, array_of
from ssad.frontend.captures import Capture, Guard, Origin
from ssad.frontend.codes import unsupported
from ssad.frontend.lift import Lifted, lift, lift_code
from ssad.ir.core import Function, Location, Module

if TYPE_CHECKING:
    from ssad.frontend.context import Context, Rep

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
    """A lifted function with its arguments' types: its parameters', then those of its captured values.

    `result` is None where it never returns, `raises` where nothing that a handler may catch leaves it.
    """

    def __init__(self, lifted: Lifted, free: tuple[str, ...], arguments: tuple[Abstract, ...]) -> None:
        self.lifted = lifted
        self.free = free
        self.arguments = arguments
        self.result: Abstract | None = None
        self.raises: Abstract | None = None
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
        self._exceptions: dict[object, int] = {}
        self._inlining: list[Instance] = []

    def exception_number(self, kind: Abstract) -> int:
        """The number by which exceptions of this kind are known at run time."""
        assert isinstance(kind, Exceptional)
        return self._exceptions.setdefault(kind.sort(), len(self._exceptions))

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

    def write_inlined(self, ctx: Context, instance: Instance, arguments: Sequence[Rep], ruled: bool) -> Rep:
        """The result of a call in a block whose exceptions are handled: the callee's go there as well.

        Raises UnsupportedError for recursion, and where a rule stands for the derivative (`ruled`).
        """
        from ssad.frontend.writer import Writer

        name = instance.lifted.function.name
        if ruled or instance in self._inlining:
            cause = "has a derivative rule of its own" if ruled else "calls itself"
            raise unsupported(
                "handler",
                f"a call inside `try` of {name}, which may raise and {cause}, is not compiled",
                ctx.loc,
                "call it outside of `try`, or return a flag instead of raising",
            )
        self._inlining.append(instance)
        result = Writer(self, instance, ctx).run_inlined(arguments)
        self._inlining.pop()
        return result

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
