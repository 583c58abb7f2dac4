"""Lists in memory: what lives in a list that grows or may be changed, its elements, its methods.

A display of numbers, or of tuples of numbers, is in memory if somebody may keep it: `[a, b]` that goes
straight into `np.array`, an unpacking or a loop stays what it is, a `ListOf`. A display of anything else,
arrays above all, is in memory if somebody was seen to change it. What needs a loop (`insert`, `sort`, ...) is
plain Python in ssad/library/lists.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from ssad.frontend.abstract import (
    PYTHON,
    Abstract,
    ArrayOf,
    Bound,
    CellOf,
    Closure,
    ComplexArrayOf,
    ComplexOf,
    Known,
    ListOf,
    MaybeNone,
    MemoryList,
    Number,
    ObjectOf,
    OneOf,
    PartialOf,
    SliceOf,
    TreeOf,
    TupleOf,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep, compound, known, scalar
from ssad.frontend.custom import LOOPS
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.promotion import as_index
from ssad.frontend.python_errors import message_of
from ssad.frontend.refusals import refusal
from ssad.ir.core import Const, Op, Terminator, Value
from ssad.ir.types import BOOL, F64, I64

if TYPE_CHECKING:
    from ssad.frontend.places import Place

_ZERO, _ONE = Const(I64, 0), Const(I64, 1)

# Making lists


def display(ctx: Context, op: Op, operands: Sequence[Rep]) -> Rep:
    """`py.list` or `py.rest`: a list of its own, or nothing but its items where nobody keeps it."""
    if op.attrs.get("lazy"):
        _need_eager(ctx, op)
    plain = _are_plain([rep.abstract for rep in operands])
    return fixed(ctx, operands, sure=_only_read(ctx, op) or not (plain or _is_changed(ctx, op)))


def fixed(ctx: Context, items: Sequence[Rep], sure: bool = True) -> Rep:
    """A new list of these items: in memory where somebody changes it, or where that is not `sure`."""
    place = ctx.new_place()
    if sure and not place.changes:
        return compound(ListOf, items, place)
    made = _new(ctx, place)
    for rep in items:
        append(ctx, made, rep)
    return made


def empty(ctx: Context) -> Rep:
    """A new list without elements; the type of what it will hold is known from its place."""
    return _new(ctx, ctx.new_place())


def _new(ctx: Context, place: Place) -> Rep:
    kind = MemoryList(place)
    return Rep(kind, [ctx.emit("list_new", type=str(part)) for part in kind.parts])


def _are_plain(kinds: Sequence[Abstract]) -> bool:
    """Whether these are numbers, or tuples of them, that one list can hold."""
    try:
        for a, b in pairwise(kinds):
            join(a, b)
    except NoJoin:
        return False
    return all(map(_is_plain, kinds))


def _is_plain(kind: Abstract) -> bool:
    return isinstance(kind, Number) or (
        type(kind) is TupleOf and bool(kind.parts) and all(map(_is_plain, kind.items))
    )


def _is_changed(ctx: Context, op: Op) -> bool:
    """Whether the list that `op` makes is changed in sight: what else changes it is found in time."""
    assert ctx.instance is not None and op.result is not None
    uses = ctx.engine.uses(ctx.instance.lifted)
    for user, position in [use for name in uses.only_names(op.result) for use in uses.by.get(name, ())]:
        if not isinstance(user, Op) or position > 0:
            continue
        if user.prim.name in ("py.setitem", "py.delitem") or user.attrs.get("inplace"):
            return True
        if user.prim.name == "py.getattr" and user.attrs["name"] in _CHANGING:
            return True
    return False


_CHANGING = frozenset(("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"))
_READERS = frozenset(("py.iter", "py.unpack", "py.check_length", "py.rest", "py.spread"))


def _only_read(ctx: Context, op: Op) -> bool:
    """Whether nobody keeps the list that `op` makes: it is read where it stands, or by a known function."""
    assert ctx.instance is not None
    uses = ctx.engine.uses(ctx.instance.lifted)
    assert op.result is not None
    names = uses.only_names(op.result)
    if uses.leaves(names):
        return False
    for user, position in [use for name in names for use in uses.by.get(name, ())]:
        name = user.prim.name if isinstance(user, Op) else ""
        if name in _READERS or name == "py.check_bound" or (name == "py.getitem" and position == 0):
            continue
        if name == "py.compare" and user.attrs["op"] in ("in", "not in"):
            continue
        if isinstance(user, Op) and name == "py.list" and _only_read(ctx, user):
            continue
        if name == "py.call" and position > 0 and _reads_only(_object(ctx, user.operands[0])):
            continue
        return False
    return True


_EAGER = (list, max, min, sorted, sum, tuple)
"""What takes all items of a generator before it does anything else that can be seen."""


def _need_eager(ctx: Context, op: Op) -> None:
    """Refuse a generator expression that goes anywhere else, or that may be asked twice: it gives its items
    once.
    """
    assert ctx.instance is not None and op.result is not None
    uses = ctx.engine.uses(ctx.instance.lifted)
    takers = [use for use in uses.by.get(op.result, ()) if not _is_append(use[0])]
    if len(takers) > 1 or uses.into.get(op.result):
        raise refusal("generator_expression", op.loc)
    for user, position in takers:
        called = isinstance(user, Op) and user.prim.name == "py.call" and position > 0
        eager = called and any(_object(ctx, user.operands[0]) is one for one in _EAGER)
        if not eager or not uses.as_often(user, op):
            raise refusal("generator_expression", op.loc)


def _is_append(user: Op | Terminator) -> bool:
    return isinstance(user, Op) and user.prim.name == "py.append"


def _object(ctx: Context, value: Value) -> Any:
    """The global, or attribute of a global module, that a value of the lifted function is; else None."""
    op = value.owner
    if not isinstance(op, Op) or ctx.instance is None:
        return None
    if op.prim.name == "py.getattr":
        owner = _object(ctx, op.operands[0])
        return getattr(owner, op.attrs["name"], None) if isinstance(owner, ModuleType) else None
    if op.prim.name != "py.global":
        return None
    return ctx.instance.lifted.global_object(op.attrs["name"], op.loc)


def _reads_only(callee: Any) -> bool:
    """Whether what is called neither changes nor keeps a list it is given."""
    from ssad.frontend.builtin_calls import BUILTINS
    from ssad.frontend.numpy_calls import NUMPY_CALLS

    try:
        return callee in BUILTINS or callee in NUMPY_CALLS
    except TypeError:  # not hashable
        return False


def refuse_fixed(ctx: Context, kind: ListOf) -> NoReturn:
    """The list is changed: it has to be in memory. Raises Widened, for the display that has made it to know;
    or UnsupportedError for a list from outside.
    """
    if kind.tag is not None:
        kind.tag.change()
    ctx.engine.changed_outside.add(list)
    raise unsupported("list", f"changing a {kind} from outside is not compiled yet", ctx.loc, _CURE)


_FEW = 64
"""How many items of `[...] * n` are known one by one."""

_CURE = "make a list of your own with list(...), and return what is new"


_KEPT = (
    Number,
    ComplexOf,
    ArrayOf,
    ComplexArrayOf,
    Known,
    MemoryList,
    ObjectOf,
    TreeOf,
    MaybeNone,
    Closure,
    Bound,
    PartialOf,
    OneOf,
    CellOf,
)


def _may_stay(kind: Abstract) -> bool:
    """Whether a value of this kind can be an element: an iterator, which is consumed, cannot."""
    return isinstance(kind, _KEPT) and all(map(_may_stay, kind.children()))


# Elements


def length(ctx: Context, rep: Rep) -> Value:
    """How many elements there are now."""
    return ctx.emit("list_len", rep.parts[0])


def element(ctx: Context, rep: Rep, i: Value) -> Rep:
    """Element i, which exists."""
    kind = rep.abstract
    assert isinstance(kind, MemoryList)
    if kind.elem is None:  # nothing is ever put into it
        ctx.check(Const(BOOL, False), "IndexError", "list index out of range")
        raise AssertionError("a check that fails ends the block")
    parts = [ctx.emit("list_get", column, i) for column in rep.parts]
    return Rep(kind.elem, parts if kind.elem.parts else [])


def need_at_least(ctx: Context, count: Value, wanted: int) -> None:
    """Raise ValueError, as unpacking with a star does, where there are fewer elements."""
    few = f"not enough values to unpack (expected at least {wanted}, got {{0}})"
    ctx.check(ctx.emit("ge", count, Const(I64, wanted)), "ValueError", few, count)


def rest(ctx: Context, rep: Rep, before: int, after: int) -> Rep:
    """The elements but the first and the last ones, of which there are so many."""
    count = ctx.emit("sub", length(ctx, rep), Const(I64, before + after))
    return by_library(ctx, "slice", empty(ctx), rep, known(before), scalar(count), known(1))


def taken_over(ctx: Context, items: Rep, which: str) -> Rep:
    """A list in memory of what a list of the caller holds; `which` of those that come in."""
    assert ctx.instance is not None and ctx.op is not None
    place = ctx.engine.place(ctx.op, ctx.instance, which)
    return by_library(ctx, "taken_over", _new(ctx, place), items)


def _alter(ctx: Context, rep: Rep) -> None:
    """Remember that the program changes lists of this kind."""
    kind = rep.abstract
    if isinstance(kind, MemoryList) and not (ctx.instance and ctx.instance.lifted.fn is LOOPS["taken_over"]):
        kind.place.root.altered = True


def append(ctx: Context, rep: Rep, value: Rep) -> Rep:
    """`xs.append(value)`."""
    _write(ctx, "list_put", rep, length(ctx, rep), value)
    return known(None)


def _write(ctx: Context, primitive: str, rep: Rep, i: Value, value: Rep) -> None:
    kind = rep.abstract
    assert isinstance(kind, MemoryList)
    if not _may_stay(value.abstract):
        cause = f"{value.abstract} in a list that grows or is changed is not compiled yet"
        raise unsupported("list", cause, ctx.loc, "keep numbers, arrays, objects, or tuples of them")
    try:
        wide = kind.place.widen(value.abstract)
    except NoJoin as why:
        raise untypable(
            "join", f"this is a list of {kind.elem}, and now {value.abstract} goes into it", ctx.loc, str(why)
        ) from None
    parts = ctx.convert(value, wide) or [Const(F64, 0.0)]
    for column, part in zip(rep.parts, parts, strict=True):
        ctx.emit(primitive, column, i, part)


def _checked(ctx: Context, rep: Rep, index: Rep, message: str) -> Value:
    """An index counted from the front, in range."""
    count = length(ctx, rep)
    i = as_index(ctx, index, "the index of a list")
    if isinstance(i, Const):
        wrapped = i if i.value >= 0 else ctx.emit("add", count, i)
    else:
        wrapped = ctx.emit("wrap_index", i, count)
    ctx.check(ctx.emit("in_range", wrapped, count), "IndexError", message)
    return wrapped


def getitem(ctx: Context, rep: Rep, index: Rep) -> Rep:
    """`xs[i]`, or a copy of `xs[a:b:c]`."""
    if isinstance(index.abstract, SliceOf):
        return _copy_of_slice(ctx, rep, index)
    _need_index(ctx, index)
    return element(ctx, rep, _checked(ctx, rep, index, "list index out of range"))


def setitem(ctx: Context, rep: Rep, index: Rep, value: Rep) -> None:
    """`xs[i] = value`."""
    _alter(ctx, rep)
    if isinstance(index.abstract, SliceOf):
        _assign_slice(ctx, rep, index, value)
        return
    _need_index(ctx, index)
    _write(ctx, "list_set", rep, _checked(ctx, rep, index, "list assignment index out of range"), value)


def delitem(ctx: Context, rep: Rep, index: Rep) -> None:
    """`del xs[i]` and `del xs[a:b]`."""
    _alter(ctx, rep)
    if isinstance(index.abstract, SliceOf):
        _delete_slice(ctx, rep, index)
        return
    _need_index(ctx, index)
    at = _checked(ctx, rep, index, "list assignment index out of range")
    by_library(ctx, "popped", rep, scalar(at))


def _need_index(ctx: Context, index: Rep) -> None:
    kind = index.abstract
    if not isinstance(kind, Number) or kind.type.is_float:
        raise untypable(
            "subscript",
            f"the index of a list is wanted to be an integer, but is {kind}",
            ctx.loc,
            "write xs[int(i)]",
        )


def _copy_of_slice(ctx: Context, rep: Rep, index: Rep) -> Rep:
    return by_library(ctx, "slice", empty(ctx), rep, *map(scalar, _bounds_of(ctx, index, rep)))


def _assign_slice(ctx: Context, rep: Rep, index: Rep, value: Rep) -> None:
    """`xs[a:b] = items`, of as many items as there are."""
    first, end, step = _raw_bounds(ctx, rep, index)
    items = by_library(ctx, "filled", empty(ctx), value)  # it may be the list itself
    if step is None:
        by_library(ctx, "replaced", rep, empty(ctx), first, end, items)
    else:
        picked = map(scalar, _bounds_of(ctx, index, rep))
        by_library(ctx, "replaced_every", rep, empty(ctx), first, end, items, *picked)


def _delete_slice(ctx: Context, rep: Rep, index: Rep) -> None:
    first, end, step = _raw_bounds(ctx, rep, index)
    if step is None:
        by_library(ctx, "replaced", rep, empty(ctx), first, end, compound(TupleOf, []))
    else:
        by_library(ctx, "deleted_every", rep, *map(scalar, _bounds_of(ctx, index, rep)))


def _raw_bounds(ctx: Context, rep: Rep, index: Rep) -> tuple[Rep, Rep, Rep | None]:
    """Where a slice begins and ends as it was written, and its step if that may be another than 1."""
    start, stop, step = index.items()
    first = known(0) if is_none(start) else scalar(as_index(ctx, start, "the bound of a slice"))
    end = scalar(length(ctx, rep) if is_none(stop) else as_index(ctx, stop, "the bound of a slice"))
    is_one = is_none(step) or (isinstance(step.abstract, Number) and step.abstract.constant == 1)
    return first, end, None if is_one else step


def _bounds_of(ctx: Context, index: Rep, rep: Rep) -> tuple[Value, Value, Value]:
    from ssad.frontend.indexing import bounds_of

    return bounds_of(ctx, index, length(ctx, rep))


# Whole lists


def by_library(ctx: Context, name: str, *args: Rep) -> Rep:
    """What the function of ssad/library/lists.py that is entered under `name` gives."""
    from ssad.frontend.calls import call_plain

    function = LOOPS[name]
    assert isinstance(function, FunctionType)
    return call_plain(ctx, function, list(args))


def to_list(ctx: Context, items: Rep) -> Rep:
    """`list(items)`: a new list of what there is to iterate over."""
    kind = items.abstract
    if isinstance(kind, ListOf | TupleOf) and not _are_plain(kind.items):
        return fixed(ctx, items.items())
    return by_library(ctx, "filled", empty(ctx), items)


def in_memory(ctx: Context, items: Rep) -> Rep:
    """`items` if they are a list in memory, else a new one of them."""
    if isinstance(items.abstract, MemoryList):
        return items
    return by_library(ctx, "filled", empty(ctx), items)


def binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`xs + ys`, `xs * n`, `n * xs`."""
    x, y = a.abstract, b.abstract
    if symbol == "+" and isinstance(x, ListOf) and isinstance(y, ListOf):
        return fixed(ctx, [*a.items(), *b.items()])
    if symbol == "+" and all(isinstance(kind, MemoryList | ListOf) for kind in (x, y)):
        return concatenate(ctx, a, b)
    for items, times in ((a, b), (b, a)):
        if symbol == "*" and not isinstance(items.abstract, Number) and isinstance(times.abstract, Number):
            return repeat(ctx, items, times)
    raise untypable("operand", f"`{symbol}` of {x} and {y} has no meaning", ctx.loc)


def inplace(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`xs += items` and `xs *= n`, which change the list."""
    if symbol not in ("+", "*"):
        return binary(ctx, symbol, a, b)
    if isinstance(a.abstract, ListOf):
        refuse_fixed(ctx, a.abstract)
    _alter(ctx, a)
    if symbol == "+":
        extend(ctx, a, b)
    else:
        by_library(ctx, "multiplied", a, scalar(as_index(ctx, b, "the number of repetitions")))
    return a


def concatenate(ctx: Context, a: Rep, b: Rep) -> Rep:
    """`a + b`."""
    made = by_library(ctx, "filled", empty(ctx), a)
    return by_library(ctx, "filled", made, b)


def repeat(ctx: Context, rep: Rep, times: Rep) -> Rep:
    """`xs * n`."""
    n = as_index(ctx, times, "the number of repetitions")
    if isinstance(rep.abstract, ListOf):
        place, items = ctx.new_place(), rep.items()
        if isinstance(n, Const) and n.value * len(items) <= _FEW and not place.changes:
            return compound(ListOf, items * int(n.value), place)
        return by_library(ctx, "repeated", _new(ctx, place), rep, scalar(n))
    return by_library(ctx, "repeated", empty(ctx), rep, scalar(n))


def spread(ctx: Context, sequence: Rep, more: Rep) -> Rep:
    """`[..., *more]`, where a new list in memory is made."""
    made = in_memory(ctx, sequence)
    extend(ctx, made, more)
    return made


def extend(ctx: Context, rep: Rep, items: Rep) -> Rep:
    """`xs.extend(items)`: of a list, as many as it has now."""
    name = "extended" if isinstance(items.abstract, MemoryList) else "filled"
    return by_library(ctx, name, rep, items)


def equal(ctx: Context, a: Rep, b: Rep) -> Value:
    """`a == b` of two lists."""
    return by_library(ctx, "equal", in_memory(ctx, a), in_memory(ctx, b)).parts[0]


def ordered(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep:
    """`a < b` and its kin: by the first elements that differ, else by the lengths."""
    pair = [in_memory(ctx, rep) for rep in ((a, b) if symbol in ("<", "<=") else (b, a))]
    return by_library(ctx, "less" if symbol in ("<", ">") else "not_more", *pair)


def sort(ctx: Context, rep: Rep, key: Rep | None, reverse: Rep | None) -> Rep:
    """`xs.sort(key=key, reverse=reverse)`."""
    backwards = reverse is not None
    if reverse is None:
        reverse = known(False)
    if key is None or is_none(key):
        by_library(ctx, "sorted_reverse", rep, empty(ctx), reverse) if backwards else by_library(
            ctx, "sorted", rep, empty(ctx)
        )
        return known(None)
    keys = by_library(ctx, "keys", empty(ctx), rep, key)
    by_library(ctx, "sorted_by", rep, keys, empty(ctx), empty(ctx), reverse)
    return known(None)


def sorted_(ctx: Context, items: Rep, key: Rep | None, reverse: Rep | None) -> Rep:
    """`sorted(items, key=key, reverse=reverse)`."""
    named = _by_names(ctx, items, key)
    if named is not None and (reverse is None or isinstance(reverse.parts[0], Const)):
        backwards = reverse is not None and bool(reverse.parts[0].value)  # type: ignore[attr-defined]
        return fixed(ctx, [rep for _, rep in sorted(named, key=lambda pair: pair[0], reverse=backwards)])
    made = by_library(ctx, "filled", empty(ctx), items)
    sort(ctx, made, key, reverse)
    return made


def _by_names(ctx: Context, items: Rep, key: Rep | None) -> list[tuple[str, Rep]] | None:
    """The items and what they are sorted by, where that is strings known at compile time."""
    from ssad.frontend.calls import apply

    if not isinstance(items.abstract, TupleOf | ListOf):
        return None
    found = items.items()
    named = [rep.items()[0] if isinstance(rep.abstract, TupleOf) and rep.items() else rep for rep in found]
    if not found or not all(_is_name(rep) for rep in named):  # what else could its key be made of?
        return None
    keys = found if key is None or is_none(key) else [apply(ctx, key, [rep], {}) for rep in found]
    if not all(_is_name(rep) for rep in keys):
        return None
    return [(rep.abstract.object, item) for rep, item in zip(keys, found, strict=True)]  # type: ignore[attr-defined]


def _is_name(rep: Rep) -> bool:
    return isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str)


def is_none(rep: Rep) -> bool:
    """Whether `rep` is None."""
    return isinstance(rep.abstract, Known) and rep.abstract.object is None


# Methods


def attribute(ctx: Context, rep: Rep, name: str) -> Rep:
    """A method of a list."""
    if isinstance(rep.abstract, ListOf) and name in _methods() and name != "copy":
        refuse_fixed(ctx, rep.abstract)
    if name in _methods():
        return compound(Bound, [rep], name)
    if not hasattr(list, name):
        raise untypable("name", f"a list has no attribute {name}", ctx.loc)
    raise unsupported(
        "attribute", f"the method {name} of a list is not compiled yet", ctx.loc, "write a loop"
    )


def _pop(ctx: Context, rep: Rep, index: Rep | None) -> Rep:
    count = length(ctx, rep)
    ctx.check(ctx.emit("gt", count, _ZERO), "IndexError", "pop from empty list")
    if index is not None and not (isinstance(index.abstract, Number) and index.abstract.constant == -1):
        _need_index(ctx, index)
        i = _checked(ctx, rep, index, "pop index out of range")
        return by_library(ctx, "popped", rep, scalar(i))
    last = ctx.emit("sub", count, _ONE)
    value = element(ctx, rep, last)
    for column in rep.parts:
        ctx.emit("list_truncate", column, last)
    return value


def _insert(ctx: Context, rep: Rep, index: Rep, value: Rep) -> Rep:
    i = as_index(ctx, index, "the index of a list")
    return by_library(ctx, "inserted", rep, scalar(i), value)


def _clear(ctx: Context, rep: Rep) -> Rep:
    for column in rep.parts:
        ctx.emit("list_truncate", column, _ZERO)
    return known(None)


def _remove(ctx: Context, rep: Rep, value: Rep) -> Rep:
    return by_library(ctx, "removed", rep, value)


def _index(ctx: Context, rep: Rep, value: Rep, start: Rep | None, stop: Rep | None) -> Rep:
    if start is None:
        found = by_library(ctx, "found", rep, value)
    else:
        low = scalar(as_index(ctx, start, "the start of list.index"))
        high = scalar(length(ctx, rep) if stop is None else as_index(ctx, stop, "the end of list.index"))
        found = by_library(ctx, "found_between", rep, value, low, high)
    ctx.check(ctx.emit("ge", found.parts[0], _ZERO), "ValueError", *_missing(ctx, value))
    return found


def _missing(ctx: Context, value: Rep) -> tuple[Any, ...]:
    """What `list.index` says, and the number in it: older Pythons name the value that is missing."""
    text = message_of([1].index, 7)[1]
    kind = value.abstract
    if "7" not in text:
        return (text,)
    if not isinstance(kind, Number) or kind.flavour is not PYTHON:
        cause = f"index of {kind} is not compiled, since it may raise an error with it in its text"
        raise unsupported("list", cause, ctx.loc, "look for a Python number: float(...)")
    return text.replace("7", "{0}"), value.parts[0]


def method(ctx: Context, rep: Rep, name: str, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """The call of a method."""
    if name in _CHANGING:
        _alter(ctx, rep)
    handler = _methods()[name]
    bound = handler.bind(ctx, f"list.{name}", args, keywords)
    return handler.run(ctx, rep, *bound)


@cache
def _methods() -> dict[str, Any]:
    from ssad.frontend.builtin_calls import Handler

    return {
        "append": Handler(append, "object"),
        "clear": Handler(_clear, ""),
        "copy": Handler(to_list, ""),
        "count": Handler(lambda ctx, rep, value: by_library(ctx, "counted", rep, value), "value"),
        "extend": Handler(extend, "iterable"),
        "index": Handler(_index, "value", "start stop"),
        "insert": Handler(_insert, "index object"),
        "pop": Handler(_pop, "", "index"),
        "remove": Handler(_remove, "value"),
        "reverse": Handler(lambda ctx, rep: by_library(ctx, "reversed", rep), ""),
        "sort": Handler(sort, "", "key reverse"),
    }
