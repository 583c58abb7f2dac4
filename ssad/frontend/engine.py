"""One compilation: which functions have been lifted and typed for which arguments, and what they found
outside.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from ssad.frontend.abstract import (
    SCALARS,
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    Exceptional,
    array_of,
    without_constants,
)
from ssad.frontend.captures import Capture, Guard, Origin
from ssad.frontend.codes import unsupported
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.lift import Lifted, lift, lift_code
from ssad.frontend.peeling import peel
from ssad.frontend.places import Place, Widened, holds_lists
from ssad.frontend.sites import Sites
from ssad.frontend.uses import Uses
from ssad.ir.core import Function, Location, Module, Op
from ssad.ir.types import F64, array

if TYPE_CHECKING:
    from ssad.frontend.context import Context, Rep
    from ssad.frontend.handover import Change

MAX_NESTING = 64
MAX_ROUNDS = 16
"""How often a recursive group is typed until nothing changes, and for how many types of arguments: three or
four rounds are usual.
"""


class Template:
    """An inner function before it is given its defaults and captured values; the tag of a `Closure`."""

    __slots__ = ("defaults", "free", "group", "keywords", "lifted")

    def __init__(
        self,
        lifted: Lifted,
        defaults: int,
        keywords: tuple[str, ...],
        free: tuple[str, ...],
        group: tuple[CodeType, ...],
    ) -> None:
        self.lifted = lifted
        self.defaults = defaults
        self.keywords = keywords
        self.free = free
        self.group = group

    @property
    def name(self) -> str:
        return self.lifted.function.name


class Instance:
    """A lifted function with its arguments' types: its parameters', then those of its captured values.

    `result` is None where it never returns, `raises` where nothing that a handler may catch leaves it.

    While it is being typed, `depth` is its place on the stack of calls, and `lowest` that of the first one
    there whose result its own depends on: less than `depth` in a recursive group that starts further out.
    `round` is the last one in which it was typed, `result` then what is known of it so far, None for nothing.
    `general` remembers for the writer which calls in it have been generalised, and to what.
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
        self.outcome: Function | None = None
        self.done = False
        self.recursive = False
        self.general: dict[tuple[Any, ...], tuple[Abstract, ...]] = {}
        self.depth = -1
        self.lowest = -1
        self.round = -1

    def known(self) -> tuple[Abstract | None, Abstract | None, int]:
        """What a call of it depends on."""
        return self.result, self.raises, len(self.captures)


class Tangent(NamedTuple):
    """A function that computes another one and its derivative: its name in the module, what its parameters
    are (the other's number, and whether it is the tangent of that), whether it writes into arrays.
    """

    callee: str
    params: tuple[tuple[int, bool], ...]
    writes: bool


class Differentiate(NamedTuple):
    """What enters derivatives of functions into the module: `tangent` that by the parameter of a number,
    `gradient` one by several parameters (and the function that gives tangents), of which it returns the name,
    and that of a faster one for where nothing is differentiated.
    """

    tangent: Callable[[Module, Function, int], Tangent]
    gradient: Callable[[Module, Function, tuple[int, ...], Callable[[int], Tangent]], tuple[str, str]]


class Engine:
    """The state of one `infer`."""

    def __init__(
        self, error_model: str, differentiate: Differentiate | None = None, lifted: Sequence[Lifted] = ()
    ) -> None:
        if error_model not in ("python", "numpy"):
            raise ValueError(f'error_model is "python" or "numpy", not {error_model!r}')
        self.error_model = error_model
        self.module = Module()
        self.guards: dict[tuple[Any, ...], Guard] = {}
        self.differentiate = differentiate
        self._tangents: dict[tuple[int, int], Tangent] = {}
        self._gradients: dict[tuple[int, tuple[int, ...]], tuple[str, str]] = {}
        self._lifted: dict[Any, Lifted] = {id(one.fn): one for one in lifted}
        self._templates: dict[Any, Template] = {}
        self._template_of: dict[int, Template] = {}
        self._instances: dict[Any, Instance] = {}
        self._calling: list[Instance] = []
        self._exceptions: dict[object, int] = {}
        self._functions: dict[Hashable, int] = {}
        self._writing: list[Instance] = []
        self._unsettled: list[Instance] = []
        self._round = 0
        self._changes = 0
        self.sites = Sites()
        self._uses: dict[int, Uses] = {}
        self._places: dict[Any, Place] = {}
        self._learnt = 0
        self._peeled: dict[Op, int] = {}
        self.changed_outside: set[type] = set()
        """The classes of objects of the caller that are changed."""
        self.handed_back: list[Change] = []
        """What has been changed of them, once the function has been typed."""

    def again(self) -> None:
        """Forget the instances: the memory that they share holds more than was known when they were typed."""
        for memory in (self._instances, self._calling, self._unsettled):
            memory.clear()

    def peel(self, lifted: Lifted, op: Op, count: int) -> bool:
        """Give the first iterations of the loop around `op` blocks of their own, and begin again. True where
        that has been done: there is no further item; False where it is too much.
        """
        done = self._peeled.get(op, 0)
        if 0 < done >= count:
            return True
        if is_library(lifted.fn) and _of_library(lifted.fn) is lifted:  # others use it, too
            self._lifted[id(lifted.fn)] = lift(lifted.fn)
            raise Widened
        if lifted.generator or not peel(lifted.function, op, count - done):
            return False
        self._peeled[op] = count
        self._uses.pop(id(lifted), None)
        raise Widened

    def outgrown(self) -> bool:
        """Whether lists were filled when it was not known yet which objects are changed."""
        news = self.sites.learnt != self._learnt
        return news and any(place.content is not None for place in self._places.values())

    def exception_number(self, kind: Abstract) -> int:
        """The number by which exceptions of this kind are known at run time."""
        assert isinstance(kind, Exceptional)
        return self._exceptions.setdefault(kind.sort(), len(self._exceptions))

    def function_number(self, sort: Hashable) -> int:
        """The number by which a function is known at run time, where it may be one of several."""
        return self._functions.setdefault(sort, len(self._functions))

    def place(self, op: Any, instance: Instance, number: int | str) -> Place:
        """Where an op of an instance makes its list with that number, or name."""
        key = op, id(instance.lifted), instance.arguments, number
        if key not in self._places:
            self._places[key] = Place(len(self._places))
        return self._places[key]

    def uses(self, lifted: Lifted) -> Uses:
        """What uses the values of a lifted function."""
        if id(lifted) not in self._uses:
            self._uses[id(lifted)] = Uses(lifted.function)
        return self._uses[id(lifted)]

    def start_again(self, places_too: bool) -> None:
        """Forget what has been typed, and what places hold where that may have become something else."""
        if places_too or self.sites.learnt != self._learnt:
            self._learnt = self.sites.learnt
            for place in self._places.values():
                place.forget()
        self.again()
        self.sites.forget()
        self._exceptions.clear()
        for stack in (self._calling, self._writing, self._unsettled):
            stack.clear()

    def lifted(self, fn: object) -> Lifted:
        """The lifted IR of a Python function, made once."""
        if id(fn) not in self._lifted:
            self._lifted[id(fn)] = _of_library(fn) if is_library(fn) else lift(fn)
        return self._lifted[id(fn)]

    def template(
        self,
        code: CodeType,
        around: Lifted,
        defaults: int,
        keywords: tuple[str, ...],
        free: tuple[str, ...],
        group: tuple[CodeType, ...] = (),
    ) -> Template:
        """The inner function with this code; `group` are those with which it calls each other."""
        key = id(code), id(around.globals), defaults, keywords, free
        if key not in self._templates:
            made = Template(lift_code(code, around.globals), defaults, keywords, free, group)
            self._templates[key] = self._template_of[id(made.lifted)] = made
        return self._templates[key]

    def template_of(self, lifted: Lifted) -> Template | None:
        """The inner function that was lifted to this, or None for any other."""
        return self._template_of.get(id(lifted))

    def instance(
        self, lifted: Lifted, free: tuple[str, ...], arguments: Sequence[Abstract], place: Location | None
    ) -> Instance:
        """The function typed for these arguments. Raises UnsupportedError for too deep nesting.

        One that is being typed already comes back as far as it is known: its result is None at first, so
        that the code behind the call waits for the next round, then the join of what was returned without it.
        """
        wanted = self._generalised(lifted, tuple(arguments))
        key = id(lifted), wanted
        instance = self._instances.get(key)
        if instance is None:
            instance = self._instances[key] = Instance(lifted, free, wanted)
        if instance.done:
            return instance
        if instance.depth >= 0:
            instance.recursive = True
            self._depends(instance.depth)
        elif instance.round == self._round and self._calling:
            self._depends(instance.lowest)
        else:
            self._type(instance, place)
        return instance

    def _generalised(self, lifted: Lifted, arguments: tuple[Abstract, ...]) -> tuple[Abstract, ...]:
        """`arguments` without the constants that change from one call of a recursion to the next; its lists
        are of one kind with those of the call before.
        """
        key = id(lifted), arguments
        if self._writing:
            return self._writing[-1].general.get(key, arguments)
        for other in reversed(self._calling):
            if other.lifted is lifted:
                pairs = zip(arguments, other.arguments, strict=True)
                wanted = tuple(a if a == b else _alike(without_constants(a), b) for a, b in pairs)
                self._calling[-1].general[key] = wanted
                return wanted
        return arguments

    def _depends(self, depth: int) -> None:
        """The function being typed depends on one that is at `depth` on the stack of calls."""
        top = self._calling[-1]
        top.lowest = min(top.lowest, depth)

    def _type(self, instance: Instance, place: Location | None) -> None:
        """Type `instance`, again and again if it starts a recursive group, until nothing changes."""
        calling = self._calling
        if sum(other.lifted is instance.lifted for other in calling) >= MAX_ROUNDS:
            self._refuse_endless(instance, place)
        if len(calling) >= MAX_NESTING:
            raise unsupported(
                "nesting", f"calls are nested deeper than {MAX_NESTING}", place, "flatten the helpers"
            )
        instance.depth = instance.lowest = len(calling)
        calling.append(instance)
        first = len(self._unsettled)
        self._unsettled.append(instance)
        for _ in range(MAX_ROUNDS):
            if self._settled(instance, first):
                break
            self._round += 1
            del self._unsettled[first + 1 :]
        else:
            self._refuse_endless(instance, place)
        calling.pop()
        if instance.lowest < instance.depth:
            self._depends(instance.lowest)
        else:
            for member in self._unsettled[first:]:
                member.done = True
            del self._unsettled[first:]
        instance.depth = -1

    def _settled(self, instance: Instance, first: int) -> bool:
        """Run the fixpoint of `instance` once; False if it starts a group in which something has changed."""
        from ssad.frontend.fixpoint import Fixpoint

        before = self._changes
        known = instance.known()
        instance.round = self._round
        Fixpoint(self, instance).run()
        if instance.recursive and instance.result is not None:
            instance.result = without_constants(instance.result)
        if instance.known() != known:
            self._changes += 1
        if instance.lowest < instance.depth or not any(m.recursive for m in self._unsettled[first:]):
            return True
        return self._changes == before

    def _refuse_endless(self, instance: Instance, place: Location | None) -> NoReturn:
        name = instance.lifted.function.name
        raise unsupported(
            "recursion",
            f"{name} calls itself with arguments or results of ever new types",
            place,
            "give the arguments and results of the recursive call the types that those of the first one have",
        )

    def function_of(self, instance: Instance) -> Function:
        """The typed function of an instance, written into the module when it is first wanted."""
        from ssad.frontend.writer import Writer

        if instance.function is None:
            instance.function = self.module.add(
                Function(instance.lifted.function.name, instance.lifted.function.loc)
            )
            self._writing.append(instance)
            Writer(self, instance).run()
            self._writing.pop()
        return instance.function

    def outcome_of(self, instance: Instance) -> Function:
        """The typed function of an instance that returns what would leave it as an exception, too: whether
        there is one, its result, the exception.
        """
        from ssad.frontend.writer import Writer

        if instance.outcome is None:
            lifted = instance.lifted.function
            instance.outcome = self.module.add(Function(f"{lifted.name}.outcome", lifted.loc))
            self._writing.append(instance)
            Writer(self, instance, function=instance.outcome).run_outcome()
            self._writing.pop()
        return instance.outcome

    def write_inlined(self, ctx: Context, instance: Instance, arguments: Sequence[Rep], ruled: bool) -> Rep:
        """The result of a call in a block whose exceptions are handled: the callee's go there as well.

        Raises UnsupportedError where a rule stands for the derivative (`ruled`).
        """
        from ssad.frontend.writer import Writer

        if ruled:
            name = instance.lifted.function.name
            raise unsupported(
                "handler",
                f"a call inside `try` of {name}, which may raise and has a rule of its own, is not compiled",
                ctx.loc,
                "call it outside of `try`, or return a flag instead of raising",
            )
        self._writing.append(instance)
        result = Writer(self, instance, ctx).run_inlined(arguments)
        self._writing.pop()
        return result

    def tangent_of(self, instance: Instance, active: int, place: Location | None) -> Tangent:
        """The tangent of an instance by its parameter number `active`, made once."""
        if self.differentiate is None:
            raise unsupported("call", "a derivative called inside is not compiled here", place)
        key = id(instance), active
        if key not in self._tangents:
            self._tangents[key] = self.differentiate.tangent(self.module, self.function_of(instance), active)
        return self._tangents[key]

    def gradient_of(
        self, instance: Instance, active: tuple[int, ...], place: Location | None
    ) -> tuple[str, str]:
        """The names of the functions that give an instance's gradient by its parameters `active`: of one that
        may be differentiated, and of a faster one.
        """
        if self.differentiate is None:
            raise unsupported("call", "a derivative called inside is not compiled here", place)
        key = id(instance), active
        if key not in self._gradients:
            self._gradients[key] = self.differentiate.gradient(
                self.module,
                self.function_of(instance),
                active,
                lambda n: self.tangent_of(instance, n, place),
            )
        return self._gradients[key]

    def guard(self, origin: Origin, value: Any) -> None:
        """Remember that an outside object was taken for a constant."""
        self.guards.setdefault(origin.key(), Guard(origin, value))


def is_library(fn: object) -> bool:
    """Whether a function stands for one of a library, written in plain Python."""
    return isinstance(fn, FunctionType) and (fn.__module__ or "").startswith("ssad.library.")


@lru_cache(maxsize=1024)
def _of_library(fn: object) -> Lifted:
    """A function of the library, lifted once for all that call it."""
    return lift(fn)


def _alike(argument: Abstract, before: Abstract) -> Abstract:
    """The argument of a recursive call. Raises Widened where it holds lists that were made elsewhere than
    those of the call before: their places become one.
    """
    if holds_lists(argument) and holds_lists(before):
        with suppress(NoJoin):
            join(without_constants(before), argument)
    return argument


def array_type(value: np.ndarray[Any, Any]) -> ArrayOf | ComplexArrayOf | None:
    """The abstract value of an array that can be compiled for, or None."""
    if value.dtype == np.complex128 and type(value) is np.ndarray and value.ndim and value.dtype.isnative:
        layout = "C" if value.flags.c_contiguous else "A"
        return ComplexArrayOf(array(F64, value.ndim + 1, layout)) if value.flags.aligned else None
    elem = SCALARS.get(value.dtype)
    if elem is None or type(value) is not np.ndarray or value.ndim == 0 or not value.dtype.isnative:
        return None
    if not value.flags.aligned:
        return None  # its strides are no numbers of elements
    layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else "A"
    return array_of(elem, value.ndim, layout, value.shape)
