"""From a Python call to native code and back: specialisations by type, argument checks, shadows, results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ssad.ad.signature import Slot
from ssad.errors import ArgumentError, SsadError
from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    PYTHON,
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    Known,
    ListedOf,
    MaybeNone,
    Number,
    OneOf,
    TreeOf,
)
from ssad.frontend.arguments import abstract_of
from ssad.frontend.custom import CUSTOM_VJP
from ssad.pipeline import Compiled, Recipe, compile_function, stage
from ssad.shadows import as_complex, as_reals, overlaps_itself, zeros_beside, zeros_like
from ssad.trees import build as put_together
from ssad.trees import flat, kind_of, parts_of_tree

if TYPE_CHECKING:
    from ssad.frontend.infer import Typed


class Specialisations:
    """The compiled versions of one Python function, by recipe and argument types; safe to use from several
    threads.
    """

    def __init__(self, fn: Callable[..., Any], base: Recipe) -> None:
        self.fn = fn
        self.base = base
        self._compiled: dict[Any, Specialisation] = {}
        self._typed: dict[Any, Typed] = {}
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
        types = (*map(type_key, args),)
        first = key = steps, overlap, types, "these lengths"
        known = self._compiled.get(key)
        if known is not None and known.valid() and not known.fits(args):
            key = steps, overlap, types, "any lengths"
            known = self._compiled.get(key)
        if known is not None and known.valid():
            return known
        with self._lock:
            known = self._compiled.get(key)
            if known is None or not known.valid():
                abstracts = [_abstract(self.fn, n, a) for n, a in enumerate(args)]
                recipe = replace(self.base, steps=steps, overlap=overlap)
                try:
                    typed = self._typed_for(types, abstracts, recipe)
                    compiled = compile_function(self.fn, abstracts, recipe, typed=typed, expect=key is first)
                except SsadError as error:
                    raise error.with_traceback(None) from None  # the place is in the message
                known = Specialisation(compiled, abstracts, recipe)
                self._compiled[key] = known
        # another thread may have been faster, with arguments of other lengths
        return known if known.fits(args) else self._find(args, steps, overlap)

    def _typed_for(self, types: Any, abstracts: Sequence[Abstract], recipe: Recipe) -> Typed:
        """The typed module, which all derivatives for arguments of one type have in common."""
        key = types, tuple((id(fn), id(rule)) for fn, rule in CUSTOM_VJP.items())
        typed = self._typed.get(key)
        if typed is None or not typed.valid():
            typed = self._typed[key] = stage("typed", self.fn, abstracts, recipe).value
        return typed

    @property
    def signatures(self) -> list[str]:
        """The argument types compiled so far, as text."""
        return list(dict.fromkeys(", ".join(map(str, s.arguments)) for s in self._compiled.values()))


def type_key(value: Any) -> Any:
    """What of an argument decides which specialisation it gets: never a size, never a number."""
    kind = type(value)
    if kind is float or kind is int or kind is bool or kind is complex:
        return kind
    if kind is np.ndarray:
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        return value.dtype.str, value.ndim, layout, flags.aligned
    if isinstance(value, np.generic):
        return kind
    if value is None or kind is str:
        return kind, value
    tree = kind_of(value)
    if tree is not None:
        return kind, tree.names(value), *map(type_key, tree.parts(value))
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
    arrays = [a for a in flat(args) if isinstance(a, np.ndarray) and a.ndim]
    return any(np.may_share_memory(a, b) for n, a in enumerate(arrays) for b in arrays[n + 1 :])


class Specialisation:
    """Native code of one derivative of one function for one signature.

    A call is three steps: `prepare` lays out the native arguments, zeros for all that the caller does not
    give; the caller puts seeds and tangents at `position[slot]`; `call` runs the code.
    """

    def __init__(self, compiled: Compiled, arguments: Sequence[Abstract], recipe: Recipe) -> None:
        self.compiled = compiled
        self.arguments = arguments
        self.overlap = recipe.overlap
        self.result = compiled.typed.result
        self.slots = compiled.derivative.params
        self.captures = compiled.typed.captures
        self._overwritten = compiled.derivative.overwritten
        self.position = {slot: n for n, slot in enumerate(self.slots)}
        self.result_position = {slot: n for n, slot in enumerate(compiled.derivative.results)}
        self.call = compiled.native.call
        self.valid = compiled.typed.valid
        self._changes = compiled.typed.changes
        argument = {numbers.start: n for n, numbers in enumerate(compiled.parts) if numbers}
        self._assumes = [(argument[n], axis, length) for n, axis, length in compiled.assumes]
        self._shadows = [n for n, slot in enumerate(self.slots) if slot.kind == "shadow" and not slot.tangent]
        self._dots = [n for n, slot in enumerate(self.slots) if slot.kind == "shadow" and slot.tangent]
        self._tangents = [n for n, slot in enumerate(self.slots) if slot.kind == "primal" and slot.tangent]

    def fits(self, args: Sequence[Any]) -> bool:
        """Whether small arguments have the lengths that the code is for, if it is for some only."""
        return not self._assumes or all(args[n].shape[axis] == length for n, axis, length in self._assumes)

    def captured(self) -> list[Any]:
        """The arrays outside that the function reads or writes, as they are now."""
        return [capture.origin.read() for capture in self.captures]

    def prepare(self, args: Sequence[Any], outside: Sequence[Any] | None = None) -> list[Any]:
        """The native arguments: the primal's, zero shadows and tangents, seeds of 1.

        `outside` are arrays to be used instead of those found outside the function.
        """
        if self._changes:
            self._refuse_shared(args)
        flat = self._flatten(args, self.captured() if outside is None else outside)
        values: list[Any] = []
        for kind, index, tangent in self.slots:
            if kind == "primal" and not tangent:
                values.append(flat[index])
            elif kind == "seed" and not tangent:
                values.append(1.0)
            elif kind == "cotangent" or kind == "seed" or not isinstance(flat[index], np.ndarray):
                values.append(0.0)
            else:
                of, zero = flat[index], len(values) not in self._overwritten
                values.append(None if self.overlap else zeros_like(of) if zero else np.empty_like(of))
        if self.overlap:
            for kin in (self._shadows, self._dots, self._tangents):
                positions = [n for n in kin if values[n] is None]
                indices = [self.slots[n].index for n in positions]
                written = [k for k, index in enumerate(indices) if index in self.compiled.writes]
                made = zeros_beside([flat[index] for index in indices], written)
                for n, zeros in zip(positions, made, strict=True):
                    values[n] = zeros
        return values

    def _flatten(self, args: Sequence[Any], outside: Sequence[Any]) -> list[Any]:
        """One value for each IR parameter of the primal."""
        flat: list[Any] = []
        for argument, value in zip(self.arguments, args, strict=True):
            self._put(argument, value, flat)
        flat += [as_reals(array) if array.dtype.kind == "c" else array for array in outside]
        for n in self.compiled.writes:
            array = flat[n]
            if not array.flags.writeable or (not array.flags.forc and overlaps_itself(array)):
                self._refuse_write(n, array)
        return flat

    def _put(self, argument: Abstract, value: Any, flat: list[Any]) -> None:
        if isinstance(argument, ArrayOf):
            flat.append(value)
        elif isinstance(argument, ComplexArrayOf):
            flat.append(as_reals(value))
        elif isinstance(argument, Number):
            flat.append(value.item() if isinstance(value, np.ndarray | np.generic) else value)
        elif isinstance(argument, ComplexOf):
            flat += [float(value.real), float(value.imag)]
        elif isinstance(argument, TreeOf):
            kind = kind_of(value)
            assert kind is not None
            for item, part in zip(argument.items, kind.parts(value), strict=True):
                self._put(item, part, flat)

    def _refuse_shared(self, args: Sequence[Any]) -> None:
        """Raise ArgumentError where an object that is changed comes in twice: each is memory of its own."""
        changed = {id(self._owner(args, change.path)) for change in self._changes}
        twice: set[int] = set()
        work = [(n, value) for n, value in enumerate(args)]
        while work:
            n, value = work.pop()
            if kind_of(value) is None:
                continue
            if id(value) in twice:
                cause = f"the {type(value).__name__} in argument {n} is changed, and comes in elsewhere, too"
                place = self.compiled.derivative.function.loc
                raise ArgumentError(cause, place, "pass a copy: copy.copy(x)")
            if id(value) in changed:
                twice.add(id(value))
            work += [(n, part) for part in parts_of_tree(value)]

    @staticmethod
    def _owner(args: Sequence[Any], path: Sequence[int]) -> Any:
        """The object that the path leads to."""
        owner = args[path[0]]
        for n in path[1:]:
            owner = parts_of_tree(owner)[n]
        return owner

    def _refuse_write(self, number: int, array: Any) -> None:
        function = self.compiled.derivative.function
        name = function.params[self.position[Slot("primal", number)]].name
        why = "is read-only" if not array.flags.writeable else "has elements that share memory"
        raise ArgumentError(
            f"the function writes into array {name!r}, which {why}", function.loc, "pass a copy: x.copy()"
        )

    def rebuild(self, results: Sequence[Any], tangent: bool = False) -> Any:
        """The Python object that the native results stand for, or its tangent (None where it has none)."""
        result = self.result
        if type(result) is Number and result.flavour is PYTHON and not tangent:
            return results[0]
        return _built(result, self._parts(results, range(len(result.parts))), tangent)

    def _parts(self, results: Sequence[Any], numbers: range) -> Iterator[Part]:
        """The primal's results with these numbers, each with its tangent, None where it has none."""
        for n in numbers:
            at = self.result_position.get(Slot("primal", n, True))
            yield results[self.result_position[Slot("primal", n)]], None if at is None else results[at]

    def bring_up_to_date(self, args: Sequence[Any], results: Sequence[Any]) -> None:
        """Give objects, lists and dicts among the arguments the content that the function has left them
        with.
        """
        if not self._changes:
            return
        after = self.compiled.typed.after
        start = len(self.result.parts)
        end = start + sum(len(kind.parts) for kind in after)
        parts = self._parts(results, range(start, end))
        values = [_built(kind, parts, False) for kind in after]
        owners = [self._owner(args, change.path) for change in self._changes]
        for owner, change, value in zip(owners, self._changes, values, strict=True):
            missing = change.there == "never" or (change.there == "maybe" and value is None)
            if change.name is None:
                owner[:] = value
            elif isinstance(owner, dict):
                if missing:
                    owner.pop(change.name, None)
                else:
                    owner[change.name] = value
            elif not missing:
                object.__setattr__(owner, change.name, value)


Part = tuple[Any, Any]
"""A native result and its tangent, None where it has none."""


def _built(abstract: Abstract, parts: Iterator[Part], tangent: bool) -> Any:
    """The Python object that the next `parts` stand for, or its tangent."""
    if isinstance(abstract, ComplexOf):
        return _complex(*(_built(item, parts, tangent) for item in abstract.items))
    if isinstance(abstract, TreeOf):
        return put_together(*abstract.made_of, [_built(item, parts, tangent) for item in abstract.items])
    if isinstance(abstract, ListedOf):
        columns = [next(parts) for _ in abstract.items]
        if isinstance(abstract.tag, ListedOf):
            inside = iter(_built(abstract.tag, iter(columns[1:]), tangent))
            return [[*islice(inside, length)] for length in columns[0][0].tolist()]
        return [_built(abstract.tag, iter(row), tangent) for row in _rows(abstract.tag, columns)]
    if isinstance(abstract, Known):
        return None if tangent else abstract.object
    if isinstance(abstract, OneOf):
        chosen = abstract.items[next(parts)[0]]
        return _built(chosen, parts, tangent)
    if isinstance(abstract, MaybeNone):
        built = _built(abstract.of, parts, tangent)
        return built if next(parts)[0] else None
    value = next(parts)[tangent]
    if isinstance(abstract, ComplexArrayOf):
        return None if value is None else as_complex(value)
    if not isinstance(abstract, Number):
        return value
    numpy = next(parts)[0] if abstract.flavour is MIXED else abstract.flavour is NUMPY
    return value if value is None or not numpy else DTYPES[abstract.numpy_type].type(value)


def _rows(kind: Abstract, columns: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts of each element of a list that is no list."""
    if not isinstance(kind, ArrayOf):
        for k in range(len(columns[0][0])):
            yield [(values[k].item(), None if dots is None else dots[k].item()) for values, dots in columns]
        return
    *axes, content = columns
    at = 0
    for shape in zip(*(sizes.tolist() for sizes, _ in axes), strict=True):
        piece = slice(at, at + prod(shape))
        yield [tuple(part if part is None else part[piece].reshape(shape).copy() for part in content)]  # type: ignore[list-item]
        at = piece.stop


def _complex(re: Any, im: Any) -> Any:
    """The number with these parts, NumPy's if they are; None if neither part is there."""
    if re is None and im is None:
        return None
    numpy = isinstance(re, np.generic) or isinstance(im, np.generic)
    value = complex(0.0 if re is None else re, 0.0 if im is None else im)
    return np.complex128(value) if numpy else value
