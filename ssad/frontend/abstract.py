"""Python-level types: what is known at compile time about a Python value, and which IR values carry the rest.

The order of precision is a lattice of finite height: a constant is below its number type, bool below int
below float, Python's and NumPy's flavour below mixed. `join` goes up and raises `NoJoin` where nothing
stands above both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from ssad.ir.types import BOOL, F64, I64, Array, Scalar, Type, array, list_of

if TYPE_CHECKING:
    from ssad.frontend.places import Place

PYTHON, NUMPY, MIXED = "python", "numpy", "mixed"

_PYTHON_NAMES = {BOOL: "bool", I64: "int", F64: "float"}
DTYPES: dict[Scalar, np.dtype[Any]] = {}
SCALARS: dict[np.dtype[Any], Scalar] = {}


def _fill_dtypes() -> None:
    from ssad.ir.types import scalar

    names = {"f64": "f8", "f32": "f4", "bool": "?"} | {
        f"{k}{8 * n}": f"{k}{n}" for k in "iu" for n in (1, 2, 4, 8)
    }
    for name, code in names.items():
        DTYPES[scalar(name)] = np.dtype(code)
        SCALARS[np.dtype(code)] = scalar(name)


_fill_dtypes()


class Abstract:
    """What is known of a Python value. `parts` are the types of the IR values that carry the unknown rest."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[Type, ...]:
        return ()

    def key(self) -> tuple[Any, ...]:
        """What makes two abstract values equal."""
        raise NotImplementedError

    def children(self) -> tuple[Abstract, ...]:
        """The abstract values inside, in the order of their parts."""
        return ()

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self.key() == other.key())

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.key()))

    def __repr__(self) -> str:
        return f"<{self}>"


class Number(Abstract):
    """A scalar: its machine type, whose number it is (`flavour`), and its value where that is known.

    `narrower` are the types of Python's numbers that it is on some paths, where it is held in a wider one.

    A number of mixed flavour has a second part of type bool that says at run time whether it is NumPy's. It
    is stored in `type`, which holds both kinds exactly; where it is NumPy's it has `numpy_type`.
    """

    __slots__ = ("constant", "flavour", "narrower", "numpy_type", "type")

    def __init__(
        self,
        type: Scalar,
        flavour: str = PYTHON,
        constant: Any = None,
        numpy_type: Scalar | None = None,
        narrower: frozenset[Scalar] = frozenset(),
    ) -> None:
        self.narrower = narrower
        self.type = type
        self.flavour = flavour
        self.constant = constant
        self.numpy_type = numpy_type or type

    @property
    def python_type(self) -> Scalar:
        """The type of the number where it is Python's."""
        if self.type.kind == "b":
            return BOOL
        return F64 if self.type.is_float else I64

    @property
    def parts(self) -> tuple[Type, ...]:
        return (self.type, BOOL) if self.flavour is MIXED else (self.type,)

    def key(self) -> tuple[Any, ...]:
        value = float(self.constant).hex() if isinstance(self.constant, float) else self.constant
        return self.type, self.flavour, self.numpy_type, value, self.narrower

    def __str__(self) -> str:
        python = _PYTHON_NAMES[self.python_type]
        numpy = f"np.{DTYPES[self.numpy_type].name}"
        if self.flavour is MIXED:
            return f"{python} or {numpy}"
        if self.constant is not None:
            return f"{python if self.flavour is PYTHON else numpy} {self.constant!r}"
        return python if self.flavour is PYTHON else numpy


class ArrayOf(Abstract):
    """A NumPy array of known element type, rank and layout (C, F, A as in the IR). `sizes` are the lengths of
    the axes of the array at hand, if there is one; they are no part of what is equal.
    """

    __slots__ = ("sizes", "type")

    def __init__(self, type: Array, sizes: Sequence[int] = ()) -> None:
        self.type = type
        self.sizes = tuple(sizes)

    @property
    def parts(self) -> tuple[Type, ...]:
        return (self.type,)

    @property
    def elem(self) -> Scalar:
        return self.type.elem

    @property
    def rank(self) -> int:
        return self.type.rank

    def key(self) -> tuple[Any, ...]:
        return (self.type,)

    def __str__(self) -> str:
        rank = f"{self.rank}-dimensional " if self.rank != 1 else ""
        return f"{rank}{DTYPES[self.elem].name} array"


class ComplexArrayOf(Abstract):
    """A NumPy array of complex128: to the IR the f64 array of the same memory, with an axis of length 2
    behind the others, the real and the imaginary part.
    """

    __slots__ = ("type",)

    def __init__(self, type: Array) -> None:
        self.type = type

    @property
    def parts(self) -> tuple[Type, ...]:
        return (self.type,)

    @property
    def rank(self) -> int:
        """The number of axes that Python sees."""
        return self.type.rank - 1

    def key(self) -> tuple[Any, ...]:
        return (self.type,)

    def __str__(self) -> str:
        rank = f"{self.rank}-dimensional " if self.rank != 1 else ""
        return f"{rank}complex128 array"


class Known(Abstract):
    """A Python object known at compile time: None, a string, a function, a class, a module, an int beyond
    int64.
    """

    __slots__ = ("object",)

    def __init__(self, object: Any) -> None:
        self.object = object

    def key(self) -> tuple[Any, ...]:
        if isinstance(self.object, str | bytes | int):
            return (type(self.object), self.object)
        if type(self.object) is MethodType:  # made anew whenever it is asked for
            return (MethodType, id(self.object.__func__), id(self.object.__self__))
        if isinstance(self.object, np.dtype):
            return (np.dtype, self.object.str)
        return (id(self.object),)

    def __str__(self) -> str:
        name = getattr(self.object, "__name__", None)
        if self.object is None or isinstance(self.object, str | int) or not isinstance(name, str):
            text = repr(self.object)
            return text if len(text) <= 40 else text[:37] + "..."
        return f"{type(self.object).__name__} {name}"


NONE_KNOWN = Known(None)


class Unbound(Abstract):
    """A local variable that has no value yet."""

    __slots__ = ()

    def key(self) -> tuple[Any, ...]:
        return ()

    def __str__(self) -> str:
        return "no value"


class Reference(Abstract):
    """What leads to memory made at `site`: the variable or object itself, whoever else leads to it.

    `site` knows what the memory holds (see `sites.py`); its `parts` are an array of length 1 for each number.
    """

    __slots__ = ("site",)

    def __init__(self, site: Any) -> None:
        self.site = site

    @property
    def parts(self) -> tuple[Type, ...]:
        parts: tuple[Type, ...] = self.site.parts
        return parts

    def key(self) -> tuple[Any, ...]:
        return (id(self.site),)


class CellOf(Reference):
    """The cell of a captured variable."""

    def __str__(self) -> str:
        return f"cell of {self.site.name}"


class ObjectOf(Reference):
    """An object made inside whose attributes are assigned: memory, but for the `fixed` ones (name, value)."""

    __slots__ = ("fixed",)

    def __init__(self, site: Any, fixed: tuple[tuple[str, Abstract], ...] = ()) -> None:
        super().__init__(site)
        self.fixed = fixed

    @property
    def parts(self) -> tuple[Type, ...]:
        return (*(part for item in self.children() for part in item.parts), *super().parts)

    def key(self) -> tuple[Any, ...]:
        return (id(self.site), self.fixed)

    def children(self) -> tuple[Abstract, ...]:
        return tuple(item for _, item in self.fixed)

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        return self.site.cls, ()

    def __str__(self) -> str:
        return str(self.site.name)


class GeneratorOf(Reference):
    """A generator made inside: the memory of its frame, and the function that goes on in it."""

    __slots__ = ("lifted",)

    def __init__(self, site: Any, lifted: Any = None) -> None:
        super().__init__(site)
        self.lifted = lifted

    def key(self) -> tuple[Any, ...]:
        return (id(self.site), id(self.lifted))

    def __str__(self) -> str:
        return f"generator {self.site.name}"


class Compound(Abstract):
    """An abstract value made of others; its parts are theirs in order."""

    __slots__ = ("__dict__", "items", "tag")

    noun = "compound"
    extra: Type | None = None
    """The type of one more part behind those of the items."""

    def __init__(self, items: Iterable[Abstract], tag: Any = None) -> None:
        self.items = tuple(items)
        self.tag = tag

    @cached_property
    def parts(self) -> tuple[Type, ...]:
        parts = tuple(part for item in self.items for part in item.parts)
        return parts if self.extra is None else (*parts, self.extra)

    def children(self) -> tuple[Abstract, ...]:
        return self.items

    def key(self) -> tuple[Any, ...]:
        return self.tag, self.items

    def rebuilt(self, items: Iterable[Abstract]) -> Compound:
        """The same kind of value over other items."""
        return type(self)(items, self.tag)

    def __str__(self) -> str:
        return f"{self.noun} of {', '.join(map(str, self.items))}" if self.items else f"empty {self.noun}"


OR_REAL = "or real"


class ComplexOf(Compound):
    """A complex number of 128 bits: two f64, real and imaginary part, both Python's or both NumPy's. The tag
    `OR_REAL` is that of a variable that on some paths is a real number.
    """

    @property
    def flavour(self) -> str:
        """Whose number it is."""
        part = self.items[0]
        assert isinstance(part, Number)
        return part.flavour

    def __str__(self) -> str:
        text = {PYTHON: "complex", NUMPY: "np.complex128", MIXED: "complex or np.complex128"}[self.flavour]
        return f"{text} or float" if self.tag is OR_REAL else text


class TreeOf(Compound):
    """An object made of others that comes in and goes out (`ssad.trees`); never an IR value, always a list
    of parts.
    """

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        """The class of the object and the names of its parts."""
        raise NotImplementedError


class TupleOf(TreeOf):
    """A tuple."""

    noun = "tuple"

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        return tuple, ()


class NamedTupleOf(TupleOf):
    """A named tuple of class `tag`; in all else a tuple."""

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        return self.tag, self.tag._fields

    def __str__(self) -> str:
        return str(self.tag.__name__)


class RecordOf(TreeOf):
    """An instance of a dataclass or plain class whose attributes nobody assigns: `tag` is its class and the
    names of the attributes, items their values.
    """

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        cls, names = self.tag
        return cls, names

    def __str__(self) -> str:
        return str(self.tag[0].__name__)


class ListOf(TreeOf):
    """A list that nothing changes: its items are known one by one, like those of a tuple.

    `tag` is the place of the display that makes it, None where it comes from outside or is made of others:
    the place is told when somebody does want to change the list. It makes no other value of it.
    """

    noun = "list"

    def key(self) -> tuple[Any, ...]:
        return (self.items,)

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        return list, ()


class ListedOf(Compound):
    """A list as it leaves native code: its items are arrays, a column for each part of an element `tag`.

    Where the elements are lists, themselves `ListedOf`, there is a column of their lengths before the columns
    of all that they hold, one after another; where they are arrays, a column for each axis, and one of their
    elements in C order.
    """

    noun = "list"

    def __str__(self) -> str:
        return f"list of {self.tag}"


class DictOf(TreeOf):
    """A dict whose keys are known strings: `tag` the keys in order, items their values. Nobody changes it."""

    noun = "dict"

    @property
    def made_of(self) -> tuple[type, tuple[str, ...]]:
        return dict, self.tag


class SuperOf(Compound):
    """`super()` in a method of the class `tag`; its one item is self."""

    noun = "super()"


class MemoryList(Abstract):
    """A list in memory: a column per part of its elements.

    `elem` is None while nothing is put into a list made at `place`. Where elements have no parts, there is a
    column for the length alone.
    """

    __slots__ = ("elem", "place")

    def __init__(self, place: Place) -> None:
        self.place = place.root
        self.elem = place.content

    @property
    def parts(self) -> tuple[Type, ...]:
        parts = () if self.elem is None else self.elem.parts
        return tuple(map(list_of, parts)) or (list_of(F64),)

    def key(self) -> tuple[Any, ...]:
        return self.elem, id(self.place.root)

    def __str__(self) -> str:
        return "empty list" if self.elem is None else f"list of {self.elem}"


class SliceOf(Compound):
    """A slice: start, stop, step, each a number or None."""

    noun = "slice"


class RangeOf(Compound):
    """A range: start, step and count, three Python ints. `count` is computed once, where the range is
    made.
    """

    noun = "range"

    def __str__(self) -> str:
        return "range"


class EnumerateOf(Compound):
    """`enumerate(inner, start)`."""

    noun = "enumerate"


class ZipOf(Compound):
    """`zip` of several things to iterate over."""

    noun = "zip"


class MapOf(Compound):
    """`map(function, inner, ...)`."""

    noun = "map"


class ReversedOf(Compound):
    """`reversed(inner)`: inner, and how many items it had."""

    noun = "reversed"


class ViewOf(Compound):
    """`d.values()` of a dict of numbers whose keys are known at run time only."""

    noun = "values"


class Closure(Compound):
    """A function made inside the compiled one: `tag` its template (see calls), items its defaults and
    cells.
    """

    def __str__(self) -> str:
        return f"function {getattr(self.tag, 'name', '')}".rstrip()


class Bound(Compound):
    """The method called `tag` of its one item."""

    def __str__(self) -> str:
        return f"method {self.tag} of {self.items[0]}"


class PartialOf(Compound):
    """`functools.partial` made inside: items the function and the arguments given, the last ones by name;
    `tag` these names.
    """

    def __str__(self) -> str:
        return f"partial of {self.items[0]}"


class DerivativeOf(Compound):
    """The derivative of its one item, a function: `tag` is what a call gives ("gradient" or "value and
    gradient") and argnums.
    """

    def __str__(self) -> str:
        return f"{self.tag[0]} of {self.items[0]}"


class Text(Compound):
    """A string made of numbers: `tag` the template with {0}, {1}; items the numbers."""

    noun = "formatted string"


class Exceptional(Compound):
    """An exception instance: `tag` (class, what its arguments are made of; see `ir/raising.py`); items the
    numbers in them. An instance found outside stands in the place of the class.
    """

    @property
    def cls(self) -> type[BaseException]:
        kind = self.tag[0]
        return kind if isinstance(kind, type) else type(kind)

    def sort(self) -> tuple[Any, ...]:
        """What makes it an exception of the same kind: all but the values of its numbers."""
        return self.tag, tuple(without_constants(item) for item in self.items)

    def __str__(self) -> str:
        return f"exception {self.cls.__name__}"


class Several(Compound):
    """An exception of one of several kinds, the items; one more part of type i64 is the kind's number."""

    extra = I64

    def __str__(self) -> str:
        names = dict.fromkeys(item.cls.__name__ for item in self.items if isinstance(item, Exceptional))
        return f"exception {' or '.join(names)}"


class OneOf(Compound):
    """One of several functions, or objects of several classes: the items; one more part of type i64 is its
    number.
    """

    extra = I64

    def __str__(self) -> str:
        return " or ".join(map(str, self.items))


class ClassOfException(Compound):
    """The class of an exception, the item, which may be of one of several kinds."""

    def __str__(self) -> str:
        return f"class of {self.items[0]}"


class MaybeUnbound(Compound):
    """A variable with a value on some paths only: one more part of type bool says whether there is one."""

    extra = BOOL

    @property
    def of(self) -> Abstract:
        return self.items[0]

    def __str__(self) -> str:
        return f"{self.of} (or no value)"


class MaybeNone(Compound):
    """A value that is None on some paths: one more part of type bool says whether it is not."""

    extra = BOOL

    @property
    def of(self) -> Abstract:
        return self.items[0]

    def __str__(self) -> str:
        return f"{self.of} or None"


def is_none(value: Abstract) -> bool:
    """Whether it is None, whatever happens."""
    return isinstance(value, Known) and value.object is None


def number(value: Any) -> Abstract:
    """The abstract value of a Python or NumPy number known at compile time."""
    if isinstance(value, bool | np.bool_):
        return Number(BOOL, PYTHON if isinstance(value, bool) else NUMPY, bool(value))
    if isinstance(value, np.generic):
        type_ = SCALARS[value.dtype]
        return Number(type_, NUMPY, float(value) if type_.is_float else int(value))
    if isinstance(value, int):
        return Number(I64, PYTHON, int(value)) if -(2**63) <= value < 2**63 else Known(int(value))
    return Number(F64, PYTHON, float(value))


def array_of(elem: Scalar, rank: int, layout: str = "A", sizes: Sequence[int] = ()) -> ArrayOf:
    """An array of that element type, rank and layout, at hand of these lengths."""
    return ArrayOf(array(elem, rank, layout), sizes)


def tree_of(cls: type, names: tuple[str, ...], items: Iterable[Abstract]) -> TreeOf:
    """The abstract value of an object of class `cls` with these parts."""
    if cls is tuple:
        return TupleOf(items)
    if cls is list:
        return ListOf(items)
    if cls is dict:
        return DictOf(items, names)
    if issubclass(cls, tuple):
        return NamedTupleOf(items, cls)
    return RecordOf(items, (cls, names))


def without_constants(value: Abstract, keep: tuple[Scalar, ...] = ()) -> Abstract:
    """`value` with the values of Python's numbers forgotten, but for those of the types in `keep`."""
    if isinstance(value, Number):
        if value.constant is None or (value.type in keep and value.flavour is PYTHON):
            return value
        return Number(value.type, value.flavour, None, value.numpy_type, value.narrower)
    if isinstance(value, Compound) and value.items:
        return value.rebuilt(without_constants(item, keep) for item in value.items)
    return value


def renewed(held: Abstract) -> Abstract:
    """The same abstract value, with parts as they are now: what memory holds is known better in time."""
    if isinstance(held, ObjectOf):
        return ObjectOf(held.site.root, tuple((name, renewed(item)) for name, item in held.fixed))
    if isinstance(held, GeneratorOf):
        return GeneratorOf(held.site.root, held.lifted)
    if isinstance(held, Reference):
        return type(held)(held.site.root)
    if isinstance(held, MemoryList):
        return MemoryList(held.place)
    return held.rebuilt(map(renewed, held.items)) if isinstance(held, Compound) else held
