"""The least abstract value above two others: what a variable is after two paths meet."""

from __future__ import annotations

import struct
from collections.abc import Hashable
from enum import Enum

from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    OR_REAL,
    PYTHON,
    Abstract,
    ArrayOf,
    Closure,
    ComplexArrayOf,
    ComplexOf,
    Compound,
    Exceptional,
    Known,
    ListOf,
    MaybeNone,
    MaybeUnbound,
    MemoryList,
    Number,
    ObjectOf,
    OneOf,
    PartialOf,
    RecordOf,
    Reference,
    Several,
    TupleOf,
    Unbound,
    array_of,
    is_none,
    without_constants,
)
from ssad.ir.types import BOOL, F64, I64, U64, Scalar, array

PLAIN = (BOOL, I64, F64)
"""The types that Python's numbers have, narrow to wide."""


class NoJoin(Exception):
    """Two abstract values have no common type; the message is the cure."""


def fits(value: float | int | bool, type: Scalar) -> bool:
    """Whether a Python number can be written in `type` without loss."""
    if type.kind == "b":
        return isinstance(value, bool)
    if type.is_integer:
        low = -(1 << (type.bits - 1)) if type.kind == "i" else 0
        return not isinstance(value, float) and low <= value < low + (1 << type.bits)
    try:
        return type is F64 or value != value or struct.unpack("f", struct.pack("f", value))[0] == value
    except OverflowError:
        return False


def join(a: Abstract, b: Abstract) -> Abstract:
    """The least abstract value above both. Raises NoJoin, with the cure."""
    if a is b or a == b:
        return a
    if isinstance(a, Unbound) or isinstance(b, Unbound):
        other = b if isinstance(a, Unbound) else a
        return other if isinstance(other, MaybeUnbound) else MaybeUnbound([other])
    if isinstance(a, MaybeUnbound) or isinstance(b, MaybeUnbound):
        x = a.of if isinstance(a, MaybeUnbound) else a
        y = b.of if isinstance(b, MaybeUnbound) else b
        return MaybeUnbound([join(x, y)])
    if is_none(a) or is_none(b):
        return _or_none(b if is_none(a) else a)
    if isinstance(a, MaybeNone) or isinstance(b, MaybeNone):
        x = a.of if isinstance(a, MaybeNone) else a
        y = b.of if isinstance(b, MaybeNone) else b
        return MaybeNone([join(x, y)])
    if isinstance(a, Number) and isinstance(b, Number):
        return _join_numbers(a, b)
    if isinstance(a, Number | ComplexOf) and isinstance(b, Number | ComplexOf):
        return _join_complex(a, b)
    if isinstance(a, ComplexArrayOf) and isinstance(b, ComplexArrayOf) and a.rank == b.rank:
        return ComplexArrayOf(array(F64, a.type.rank, "A"))
    if isinstance(a, ArrayOf) and isinstance(b, ArrayOf):
        if (a.elem, a.rank) != (b.elem, b.rank):
            raise NoJoin("use arrays of one dtype and one number of dimensions, or two variables")
        return array_of(a.elem, a.rank, "A")
    if isinstance(a, Exceptional | Several) and isinstance(b, Exceptional | Several):
        return _join_exceptions(a, b)
    if isinstance(a, Reference) and type(a) is type(b):
        assert isinstance(b, Reference)
        if isinstance(a, ObjectOf) and isinstance(b, ObjectOf) and a.site.cls is not b.site.cls:
            return _one_of(a, b)
        if isinstance(a, ObjectOf) and isinstance(b, ObjectOf):
            return _join_objects(a, b)
        if a.key()[1:] != b.key()[1:]:
            raise NoJoin("give both objects attributes of the same types, or use two variables")
        a.site.unite(b.site)
        return a
    if isinstance(a, ListOf | MemoryList) and isinstance(b, ListOf | MemoryList):
        return _join_lists(a, b)
    if isinstance(a, PartialOf) and isinstance(b, PartialOf) and sort_of(a) != sort_of(b):
        return _one_of(a, b)  # what is given to one function is not for the other
    if isinstance(a, Compound) and type(a) is type(b):
        assert isinstance(b, Compound)
        if a.tag == b.tag and len(a.items) == len(b.items):
            return a.rebuilt(join(x, y) for x, y in zip(a.items, b.items, strict=True))
        if isinstance(a, TupleOf):
            raise NoJoin("give the variable tuples of one length on every path")
    for alike in (_is_function, _is_object, is_constant):
        if all(all(map(alike, x.items)) if isinstance(x, OneOf) else alike(x) for x in (a, b)):
            return _one_of(a, b)
    raise NoJoin("give the variable one type on every path, or use two variables")


def _is_object(kind: Abstract) -> bool:
    """Whether it is an instance of a class of the program."""
    return isinstance(kind, RecordOf) or (isinstance(kind, ObjectOf) and kind.site.cls is not dict)


def _is_function(kind: Abstract) -> bool:
    """Whether it is a function that can be told from others by what it is."""
    if isinstance(kind, Known):
        return callable(kind.object) and not isinstance(kind.object, Enum)
    return isinstance(kind, Closure) or (isinstance(kind, PartialOf) and _is_function(kind.items[0]))


def is_constant(kind: Abstract) -> bool:
    """Whether it is a string or the member of an enumeration, or one of several."""
    if isinstance(kind, OneOf):
        return all(map(is_constant, kind.items))
    return isinstance(kind, Known) and isinstance(kind.object, str | Enum)


def _one_of(a: Abstract, b: Abstract) -> Abstract:
    found: dict[Hashable, Abstract] = {}
    for item in (*(a.items if isinstance(a, OneOf) else (a,)), *(b.items if isinstance(b, OneOf) else (b,))):
        known = found.get(sort_of(item))
        found[sort_of(item)] = item if known is None else join(known, item)
    return OneOf(sorted(found.values(), key=_place))


def sort_of(kind: Abstract) -> Hashable:
    """What makes it the same function, or an object of the same class, whatever it holds."""
    if isinstance(kind, RecordOf | ObjectOf):
        return "object", kind.made_of, kind.key()[1:] if isinstance(kind, ObjectOf) else ()
    if isinstance(kind, Closure):
        return "closure", id(kind.tag)
    if isinstance(kind, PartialOf):
        return "partial", sort_of(kind.items[0]), len(kind.items), kind.tag
    return kind.key()


def _place(kind: Abstract) -> tuple[str, int, int]:
    """An order among functions: by names and places in the source."""
    if isinstance(kind, PartialOf):
        return _place(kind.items[0])
    if isinstance(kind, RecordOf | ObjectOf):
        return f"{kind.made_of[0].__module__}.{kind.made_of[0].__qualname__}", len(kind.parts), 0
    if isinstance(kind, Closure):
        where = kind.tag.lifted.function.loc
        return kind.tag.name, where.line if where else 0, where.column if where and where.column else 0
    assert isinstance(kind, Known)
    if is_constant(kind):
        return f"{type(kind.object).__qualname__} {kind.object!r}", 0, 0
    code = getattr(kind.object, "__code__", None)
    name = f"{getattr(kind.object, '__module__', '')}.{getattr(kind.object, '__qualname__', kind)}"
    return name, code.co_firstlineno if code else 0, 0


def _join_objects(a: ObjectOf, b: ObjectOf) -> ObjectOf:
    """Objects of one class; their attributes that are never assigned may lead to memory of several places."""
    if [name for name, _ in a.fixed] != [name for name, _ in b.fixed]:
        raise NoJoin("give both objects attributes of the same types, or use two variables")
    fixed = tuple((name, join(x, y)) for (name, x), (_, y) in zip(a.fixed, b.fixed, strict=True))
    a.site.unite(b.site)
    return ObjectOf(a.site, fixed)


def _join_lists(a: ListOf | MemoryList, b: ListOf | MemoryList) -> Abstract:
    """Two lists of one length may stay what they are; otherwise displays become memory."""
    if isinstance(a, MemoryList) and isinstance(b, MemoryList):
        a.place.unite(b.place)
        return MemoryList(a.place)
    if isinstance(a, ListOf) and isinstance(b, ListOf) and len(a.items) == len(b.items):
        try:
            return a.rebuilt(join(x, y) for x, y in zip(a.items, b.items, strict=True))
        except NoJoin:
            if a.tag is None or b.tag is None:
                raise
    for each in (a, b):
        if isinstance(each, ListOf) and each.tag is not None:
            each.tag.change()
    raise NoJoin("make both of one kind with list(...), or use two variables")


def _or_none(value: Abstract) -> MaybeNone:
    if isinstance(value, MaybeNone):
        return value
    if isinstance(value, Exceptional | Several):
        raise NoJoin("give the variable one type on every path, or use two variables")
    return MaybeNone([without_constants(value) if isinstance(value, Number) else value])


def _join_exceptions(a: Compound, b: Compound) -> Compound:
    """Exceptions of one kind keep it; of others it is known at run time which kind it is."""
    kinds: dict[object, Exceptional] = {}
    for item in (*exceptions_in(a), *exceptions_in(b)):
        known = kinds.get(item.sort())
        joined = item if known is None else item.rebuilt(map(join, item.items, known.items))
        assert isinstance(joined, Exceptional)
        kinds[item.sort()] = joined
    if len(kinds) == 1:
        return next(iter(kinds.values()))
    return Several(sorted(kinds.values(), key=_order))


def _order(kind: Abstract) -> tuple[str, str, str]:
    assert isinstance(kind, Exceptional)
    return kind.cls.__module__, kind.cls.__qualname__, repr(kind.sort())


def exceptions_in(value: Abstract) -> tuple[Exceptional, ...]:
    """The kinds of exceptions that `value` may be."""
    items = value.items if isinstance(value, Several) else (value,)
    return tuple(item for item in items if isinstance(item, Exceptional))


def _join_numbers(a: Number, b: Number) -> Number:
    """Python's numbers widen bool, int, float; NumPy's keep their type; where it may be either, both are
    held exactly.
    """
    if a.flavour is PYTHON and b.flavour is PYTHON:
        return Number(_widest(a.type, b.type), narrower=_narrower(a, b))
    numpy = _numpy_type(a, b)
    if a.flavour is NUMPY and b.flavour is NUMPY:
        return Number(numpy, NUMPY)
    python = [n.python_type for n in (a, b) if n.flavour is not NUMPY]
    wide = _widest(*python)
    if numpy is BOOL and wide is not BOOL:  # NumPy's bools are no numbers: True + True is True
        raise NoJoin("convert one of them, for example with int(...)")
    if wide.is_float and not numpy.is_float:
        numpy = F64
    return Number(_storage(a, b, numpy, wide), MIXED, None, numpy, _narrower(a, b))


def _narrower(*numbers: Number) -> frozenset[Scalar]:
    """The types of Python's numbers that a number may be which is one of these, but for the widest."""
    types = {t for n in numbers if n.flavour is not NUMPY for t in (n.python_type, *n.narrower)}
    return frozenset(types - {_widest(*types)})


def _join_complex(a: Number | ComplexOf, b: Number | ComplexOf) -> Abstract:
    """A real number beside a complex one is that number plus 0j."""
    for x in (a, b):
        if isinstance(x, Number) and x.flavour is not PYTHON and x.numpy_type is not F64:
            raise NoJoin("start from a complex number, for example 0j")
    flavour = a.flavour if a.flavour is b.flavour else MIXED
    either = any(x.tag is OR_REAL if isinstance(x, ComplexOf) else not _is_zero(x) for x in (a, b))
    return ComplexOf([Number(F64, flavour), Number(F64, flavour)], OR_REAL if either else None)


def _is_zero(x: Number) -> bool:
    """Whether it is what sums begin with: as 0 or as 0j makes no difference, or one to the sign of a zero."""
    return x.constant is not None and x.constant == 0


def _widest(*types: Scalar) -> Scalar:
    return max(types, key=PLAIN.index)


def _numpy_type(a: Number, b: Number) -> Scalar:
    types = [n.numpy_type for n in (a, b) if n.flavour is not PYTHON]
    if types[0] is types[-1]:
        return types[0]
    if all(t in PLAIN for t in types) and BOOL not in types:
        return F64
    raise NoJoin("convert one of them, for example with float(...) or int(...)")


def _storage(a: Number, b: Number, numpy: Scalar, python: Scalar) -> Scalar:
    """What holds a NumPy number of type `numpy` and a Python number of type `python` alike."""
    if numpy in PLAIN:
        return _widest(numpy, python)
    if all(_held(n, numpy) for n in (a, b)):
        return numpy
    if numpy is U64:
        raise NoJoin(f"start from np.{DTYPES[numpy].name}(...), or convert with int(...)")
    return F64 if numpy.is_float else I64


def _held(n: Number, numpy: Scalar) -> bool:
    """Whether the type `numpy` holds every number that `n` may be."""
    return n.type is numpy or (n.flavour is PYTHON and n.constant is not None and fits(n.constant, numpy))
