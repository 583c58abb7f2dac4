"""What goes through the door of native code besides numbers and arrays.

Objects and lists made inside leave as values: of an object what its attributes hold at the end, of a list a
column per part of its elements. Objects, lists and dicts of the caller that the function changes come in as
memory, made where the function begins; at the end it hands back what they hold then, and the caller's are
brought up to date (`Change`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from ssad.frontend import cells, choices, dicts, instances, lists
from ssad.frontend.abstract import (
    NONE_KNOWN,
    Abstract,
    ArrayOf,
    ComplexOf,
    Compound,
    DictOf,
    Known,
    ListedOf,
    ListOf,
    MaybeNone,
    MaybeUnbound,
    MemoryList,
    Number,
    ObjectOf,
    OneOf,
    RecordOf,
    Reference,
    TreeOf,
    TupleOf,
    Unbound,
)
from ssad.frontend.codes import unsupported
from ssad.frontend.context import Context, Rep, compound, known
from ssad.frontend.custom import PUT_INTO
from ssad.frontend.joins import is_constant
from ssad.frontend.nothing import value_of
from ssad.ir.core import Const, Value
from ssad.ir.types import F64, I64, Scalar, Type, array

Path = tuple[int, ...]


class Change(NamedTuple):
    """What the function has changed of the caller's: `path` leads to an object, list or dict (number of the
    argument, number of its part, ...), `name` is the attribute or key, None for a whole list.

    `there`: "always", "maybe" (None stands for: it is not), "never" (a key that is taken out).
    """

    path: Path
    name: str | None
    there: str = "always"


# out


def handed_over(ctx: Context, rep: Rep) -> Rep:
    """A result for who is outside: of objects what their attributes hold now, of lists their elements."""
    kind = rep.abstract
    if isinstance(kind, MemoryList):
        return _columns(ctx, rep)
    if isinstance(kind, MaybeNone) and choices.leads_on(kind):
        some = rep.parts[-1]
        found = choices.where(ctx, some, lambda one: handed_over(ctx, one), value_of(rep))
        return Rep(MaybeNone([found.abstract]), [*found.parts, some])
    if isinstance(kind, OneOf) and is_constant(kind):
        return Rep(kind, [_place_of(ctx, rep)])
    if isinstance(kind, Compound):
        items = [handed_over(ctx, item) for item in rep.items()]
        extra = rep.parts[len(kind.parts) - 1 :] if kind.extra is not None else []
        parts = [part for item in items for part in item.parts]
        return Rep(kind.rebuilt(item.abstract for item in items), [*parts, *extra])
    if not isinstance(kind, ObjectOf):
        return rep
    if kind.site.cls is dict:
        held = dicts.entries(ctx, rep)
        return compound(DictOf, [handed_over(ctx, item) for item in held.values()], tuple(held))
    names = [*(name for name, _ in kind.fixed), *kind.site.content]
    values: list[Rep] = []
    for name in names:
        value = instances.own(ctx, rep, name)
        if value is None:
            instances.lacking(ctx, rep, name)
        assert value is not None
        values.append(handed_over(ctx, value))
    return compound(RecordOf, values, (kind.site.cls, tuple(names)))


def _place_of(ctx: Context, rep: Rep) -> Value:
    """Which of its items one of several constants is: their own numbers mean nothing outside."""
    place: Value = Const(I64, 0)
    for n, (here, _) in enumerate(choices.cases(ctx, rep)):
        place = ctx.emit("select", here, Const(I64, n), place)
    return place


RETURNS, CHANGES = "this function returns", "this function changes"


def _columns(ctx: Context, rep: Rep, what: str = RETURNS) -> Rep:
    """A list as arrays, one for each part of its elements; a list that stays empty, as it is."""
    kind = rep.abstract
    assert isinstance(kind, MemoryList)
    if kind.elem is None:
        return compound(ListOf, [])
    returned = what == RETURNS
    if returned and isinstance(kind.elem, MemoryList):
        return _lists_of_a_list(ctx, rep)
    if returned and isinstance(kind.elem, ArrayOf) and kind.elem.rank in PACKED:
        return _arrays_of_a_list(ctx, rep, kind.elem)
    if not _goes_into_columns(kind.elem) or not (returned or _has_no_identity(kind.elem)):
        raise unsupported(
            "value" if returned else "list",
            f"{what} a {kind}, which is not compiled yet",
            ctx.loc,
            "return an array of it, np.array(...), or lists of numbers"
            if returned
            else "change a list of your own, list(...), and return numbers or an array of it",
        )
    count = lists.length(ctx, rep)
    types = kind.elem.parts or (F64,)
    columns = [_column(ctx, part, count) for part in types]
    if kind.elem.parts:
        lists.by_library(ctx, "handed_over", compound(TupleOf, columns), rep, known(PUT_INTO))
    return compound(ListedOf, columns, kind.elem)


def _column(ctx: Context, part: Type, count: Value) -> Rep:
    assert isinstance(part, Scalar)
    column = array(part, 1, "C")
    return Rep(ArrayOf(column), [ctx.emit("alloc", count, type=str(column))])


def _lists_of_a_list(ctx: Context, rep: Rep) -> Rep:
    """Their lengths, and the columns of all that they hold one after another."""
    lengths = _column(ctx, I64, lists.length(ctx, rep))
    lists.by_library(ctx, "lengths", lengths, rep)
    below = _columns(ctx, lists.by_library(ctx, "flattened", lists.empty(ctx), rep))
    if not isinstance(below.abstract, ListedOf):  # nothing is ever in them
        below = compound(ListedOf, [_column(ctx, F64, Const(I64, 0))], Number(F64))
    return compound(ListedOf, [lengths, *below.items()], below.abstract)


PACKED = {1: "packed", 2: "packed_planes"}
"""Number of dimensions -> the library function that puts such arrays one behind another."""


def _arrays_of_a_list(ctx: Context, rep: Rep, kind: ArrayOf) -> Rep:
    """Their sizes, a column for each axis, and their elements one after another."""
    count = lists.length(ctx, rep)
    sizes = [_column(ctx, I64, count) for _ in range(kind.rank)]
    total = lists.by_library(ctx, "total_size", rep).parts[0]
    content = _column(ctx, kind.elem, total)
    lists.by_library(ctx, PACKED[kind.rank], rep, content, *sizes)
    return compound(ListedOf, [*sizes, content], kind)


def _goes_into_columns(kind: Abstract) -> bool:
    """Whether an element is made of numbers, in a fixed way."""
    if isinstance(kind, TreeOf | ComplexOf):
        return all(map(_goes_into_columns, kind.items))
    return isinstance(kind, Number | Known)


def _has_no_identity(kind: Abstract) -> bool:
    """Whether others may stand for the elements: of objects the caller may hold some."""
    return not isinstance(kind, RecordOf) and all(map(_has_no_identity, kind.children()))


def put_into(ctx: Context, args: Sequence[Rep]) -> Rep:
    """`put(columns, i, item)`: one row."""
    columns, i, item = args
    for column, part in zip(columns.items(), item.parts, strict=True):
        ctx.emit("store", column.parts[0], i.parts[0], part)
    return known(None)


# in, and back


def through(ctx: Context, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """`through(fn, ...)`: the result of `fn` as the caller gets it, and what has become of the arguments."""
    from ssad.frontend.calls import apply

    fn, *given = args
    taken = _Taken(ctx)
    inside = [taken.over(rep, (n,), f"{n}") for n, rep in enumerate(given)]
    behind = enumerate(keywords.items(), len(given))
    named = {name: taken.over(rep, (n,), f"{n}") for n, (name, rep) in behind}
    result = handed_over(ctx, apply(ctx, fn, inside, named))
    changes, values = taken.back()
    ctx.engine.handed_back = changes
    return compound(TupleOf, [result, compound(TupleOf, values)])


class _Taken:
    """The caller's objects, lists and dicts that may be changed, as memory; in the order they came."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.memory: list[tuple[Path, Rep]] = []

    def over(self, rep: Rep, path: Path, which: str) -> Rep:
        """An argument, or a part of one, with memory in place of what may be changed. `which` tells apart
        what is typed apart: the items of a list are not.
        """
        kind, ctx = rep.abstract, self.ctx
        if not isinstance(kind, TreeOf):
            return rep
        shared = isinstance(kind, ListOf)
        items = [
            self.over(item, (*path, n), which + ("[]" if shared else f".{n}"))
            for n, item in enumerate(rep.items())
        ]
        cls, names = kind.made_of
        if isinstance(kind, ListOf):
            if list not in ctx.engine.changed_outside and not any(
                isinstance(item.abstract, Reference) for item in items
            ):
                return compound(ListOf, items, kind.tag)
            made = lists.taken_over(ctx, compound(ListOf, items, kind.tag), which)
        elif isinstance(kind, RecordOf | DictOf) and ctx.engine.sites.is_mutable(cls):
            make = dicts.made if cls is dict else partial(instances.make, cls=cls)
            made = make(ctx, given=dict(zip(names, items, strict=True)), which=which)
        else:
            return compound(type(kind), items, kind.tag)
        self.memory.append((path, made))
        return made

    def back(self) -> tuple[list[Change], list[Rep]]:
        """What is changed, and the values that it has now."""
        changes: list[Change] = []
        values: list[Rep] = []
        for path, rep in self.memory:
            kind = rep.abstract
            if isinstance(kind, MemoryList):
                if kind.place.root.altered:
                    changes.append(Change(path, None))
                    values.append(_columns(self.ctx, rep, CHANGES))
                continue
            assert isinstance(kind, ObjectOf)
            known_now = kind.site.found if self.ctx.block is None else kind.site.content
            for name in sorted(kind.site.assigned, key=list(known_now).index):
                there, value = self._field(cells.read(self.ctx, rep, name))
                changes.append(Change(path, name, there))
                values.append(value)
        return changes, values

    def _field(self, value: Rep) -> tuple[str, Rep]:
        kind = value.abstract
        if isinstance(kind, Unbound):
            return "never", known(None)
        if not isinstance(kind, MaybeUnbound):
            return "always", handed_over(self.ctx, value)
        if isinstance(kind.of, MaybeNone) or kind.of == NONE_KNOWN:
            cause = "whether an attribute of an argument is there is known at run time only: not compiled"
            raise unsupported("side_effect", cause, self.ctx.loc, "assign it before the function is called")
        return "maybe", handed_over(self.ctx, Rep(MaybeNone([kind.of]), list(value.parts)))
