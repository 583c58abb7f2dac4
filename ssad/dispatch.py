"""From a Python call to native code and back: specialisations by type, argument checks, shadows, results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.errors import ArgumentError, DifferentiationError
from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    Abstract,
    ArrayOf,
    Known,
    Number,
    TupleOf,
)
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Compiled, Recipe, compile_function

Given = dict[Slot, Any]
"""What a caller supplies besides the arguments: shadows, seeds, tangents, by slot."""


class Specialisations:
    """The compiled versions of one Python function, by recipe and argument types; safe to use from several
    threads.
    """

    def __init__(self, fn: Callable[..., Any], base: Recipe) -> None:
        self.fn = fn
        self.base = base
        self._compiled: dict[Any, Specialisation] = {}
        self._lock = threading.Lock()

    def find(self, args: Sequence[Any], steps: tuple[Any, ...]) -> Specialisation:
        """The version for these arguments and differentiations, compiled if there is none that is still
        valid.
        """
        overlap = _overlap(args)
        found = self._find(args, steps, overlap)
        if found.captures and not overlap and _overlap([*args, *found.captured()]):
            found = self._find(args, steps, True)
        return found

    def _find(self, args: Sequence[Any], steps: tuple[Any, ...], overlap: bool) -> Specialisation:
        key = (steps, overlap, *map(type_key, args))
        known = self._compiled.get(key)
        if known is not None and known.valid():
            return known
        with self._lock:
            known = self._compiled.get(key)
            if known is None or not known.valid():
                abstracts = [_abstract(self.fn, n, a) for n, a in enumerate(args)]
                recipe = replace(self.base, steps=steps, overlap=overlap)
                known = Specialisation(compile_function(self.fn, abstracts, recipe), abstracts, recipe)
                self._compiled[key] = known
            return known

    @property
    def signatures(self) -> list[str]:
        """The argument types compiled so far, as text."""
        return list(dict.fromkeys(", ".join(map(str, s.arguments)) for s in self._compiled.values()))


def type_key(value: Any) -> Any:
    """What of an argument decides which specialisation it gets: never a size, never a number."""
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        return kind
    if kind is np.ndarray:
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        return value.dtype.str, value.ndim, layout
    if isinstance(value, np.generic):
        return kind
    if value is None or kind is str:
        return kind, value
    return kind, id(value)


def _abstract(fn: Callable[..., Any], number: int, value: Any) -> Abstract:
    try:
        return abstract_of(value)
    except ArgumentError as error:
        names = fn.__code__.co_varnames
        name = names[number] if number < len(names) else str(number)
        raise ArgumentError(
            f"argument {name!r} of {fn.__name__}: {error.cause}", error.place, error.cure
        ) from None


def _overlap(args: Sequence[Any]) -> bool:
    arrays = [a for a in args if isinstance(a, np.ndarray) and a.ndim]
    return any(np.may_share_memory(a, b) for n, a in enumerate(arrays) for b in arrays[n + 1 :])


class Specialisation:
    """Native code of one derivative of one function for one signature."""

    def __init__(self, compiled: Compiled, arguments: Sequence[Abstract], recipe: Recipe) -> None:
        self.compiled = compiled
        self.arguments = arguments
        self.recipe = recipe
        self.result = compiled.typed.result
        self.slots = compiled.derivative.params
        self.captures = compiled.typed.captures
        self._guards = compiled.typed.guards

    def valid(self) -> bool:
        """Whether what was taken for constant outside the function still is what it was."""
        return all(guard.holds() for guard in self._guards) and all(
            abstract_of(capture.origin.read()) == capture.abstract for capture in self.captures
        )

    def captured(self) -> list[Any]:
        """The arrays outside that the function reads or writes, as they are now."""
        return [capture.origin.read() for capture in self.captures]

    def run(self, args: Sequence[Any], given: Given) -> dict[Slot, Any]:
        """Call the native code; results by slot. Whatever `given` lacks is zero."""
        flat = self._flatten(args)
        values = []
        for slot in self.slots:
            value = flat[slot.index] if slot == Slot("primal", slot.index) else given.get(slot)
            values.append(self._zero(slot, flat, given) if value is None else value)
        results = self.compiled.native.call(values)
        return dict(zip(self.compiled.derivative.results, results, strict=True))

    def _flatten(self, args: Sequence[Any]) -> list[Any]:
        """One value for each IR parameter of the primal."""
        flat: list[Any] = []
        for argument, value in zip(self.arguments, args, strict=True):
            if isinstance(argument, ArrayOf):
                if len(flat) in self.compiled.writes:
                    self._check_writable(value, len(flat))
                flat.append(value)
            elif isinstance(argument, Number):
                flat.append(value.item() if isinstance(value, np.ndarray | np.generic) else value)
        for array in self.captured():
            if len(flat) in self.compiled.writes:
                self._check_writable(array, len(flat))
            flat.append(array)
        return flat

    def _check_writable(self, array: Any, number: int) -> None:
        if not array.flags.writeable or 0 in array.strides:
            name = self.compiled.derivative.function.params[0].name if number == 0 else str(number)
            why = "is read-only" if not array.flags.writeable else "repeats its elements (stride 0)"
            raise ArgumentError(
                f"the function writes into argument {name}, which {why}", cure="pass a copy: x.copy()"
            )

    def _zero(self, slot: Slot, flat: Sequence[Any], given: Given) -> Any:
        """What is given for a shadow, seed or tangent that the caller does not care about."""
        if slot.kind in ("primal", "shadow"):
            like = flat[slot.index]
            made = zeros_like(like) if isinstance(like, np.ndarray) else 0.0
        else:
            made = 0.0
        given[slot] = made
        return made


def zeros_like(array: Any) -> Any:
    """Zeros of the shape, type and axis order of `array`."""
    return np.zeros(array.shape, array.dtype, order="F" if array.flags.fnc else "C")


def shadow_slots(specialisation: Specialisation) -> list[Slot]:
    """The shadows that the native code wants."""
    return [slot for slot in specialisation.slots if slot.kind == "shadow" and not slot.tangent]


def give_shadows(specialisation: Specialisation, args: Sequence[Any], given: Given) -> None:
    """Fresh shadows, zero: one for each array; overlapping arguments of which one is written share their
    memory.
    """
    flat = specialisation._flatten(args)
    slots = [slot for slot in shadow_slots(specialisation) if slot not in given]
    groups = (
        _groups([flat[s.index] for s in slots])
        if specialisation.recipe.overlap
        else [[n] for n in range(len(slots))]
    )
    for group in groups:
        indices = [slots[n].index for n in group]
        shared = len(group) > 1 and any(n in specialisation.compiled.writes for n in indices)
        made = _spanning([flat[n] for n in indices]) if shared else [zeros_like(flat[n]) for n in indices]
        for n, shadow in zip(group, made, strict=True):
            given[slots[n]] = shadow


def _groups(arrays: Sequence[Any]) -> list[list[int]]:
    """Numbers of arrays that overlap, transitively."""
    groups: list[list[int]] = []
    for n, array in enumerate(arrays):
        touching = [g for g in groups if any(np.may_share_memory(array, arrays[m]) for m in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([m for g in touching for m in g] + [n])
    return groups


def _spanning(arrays: Sequence[Any]) -> list[Any]:
    """Zero arrays that overlap exactly as `arrays` do."""
    from numpy.lib.array_utils import byte_bounds

    bounds = [byte_bounds(a) for a in arrays]
    low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
    dtype = arrays[0].dtype
    starts = [a.__array_interface__["data"][0] - low for a in arrays]
    if any(a.dtype != dtype for a in arrays) or any(s % dtype.itemsize for s in starts):
        raise ArgumentError(
            "overlapping array arguments of different types are written", cure="pass a copy of one"
        )
    block = np.zeros((high - low) // dtype.itemsize, dtype)
    return [np.ndarray(a.shape, dtype, block, s, a.strides) for a, s in zip(arrays, starts, strict=True)]


def float_result(specialisation: Specialisation) -> None:
    """Refuse a result that has no gradient: anything but one float."""
    result = specialisation.result
    if isinstance(result, Number) and result.type.is_float:
        return
    raise DifferentiationError(
        f"a gradient is defined for functions that return one float; this one returns {result}",
        specialisation.compiled.derivative.function.loc,
        "return a scalar (a sum, say), or use ssad.jacobian or ssad.vjp",
    )


def copies(args: Sequence[Any]) -> list[Any]:
    """Copies of the arguments; arrays that overlap are copied together, so that the copies overlap alike."""
    made = list(args)
    numbers = [n for n, a in enumerate(args) if isinstance(a, np.ndarray)]
    for group in _groups([args[n] for n in numbers]):
        members = [numbers[g] for g in group]
        if len(members) == 1:
            made[members[0]] = np.copy(args[members[0]], order="K")
            continue
        for n, copy in zip(members, _spanning([args[n] for n in members]), strict=True):
            copy[...] = args[n]
            made[n] = copy
    return made


def rebuild(result: Abstract, results: dict[Slot, Any], tangent: bool = False) -> Any:
    """The Python object that the native results stand for, or its tangent (None where it has none)."""
    numbers = iter(range(len(result.parts)))

    def build(abstract: Abstract) -> Any:
        if isinstance(abstract, TupleOf):
            return tuple(build(item) for item in abstract.items)
        if isinstance(abstract, Known):
            return None if tangent else abstract.object
        first = next(numbers)
        value = results.get(Slot("primal", first, tangent))
        if not isinstance(abstract, Number):
            return value
        numpy = abstract.flavour is NUMPY
        if abstract.flavour is MIXED:
            numpy = results[Slot("primal", next(numbers))]
        if value is None or not numpy:
            return value
        return DTYPES[abstract.type].type(value)

    return build(result)
