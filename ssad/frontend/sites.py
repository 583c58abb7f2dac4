"""Sites: the places of a program where memory is made, and what the fixpoint has found that it holds.

The type of what memory holds is that of everything that is stored into it, wherever that is done. Within a
round of typing a site keeps the parts that it had when the round began; rounds follow until nothing new is
stored.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

from ssad.frontend.abstract import (
    Abstract,
    DictOf,
    MemoryList,
    RecordOf,
    Reference,
    renewed,
    without_constants,
)
from ssad.frontend.codes import unsupported
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.shapes import travelling_types
from ssad.ir.core import Location
from ssad.ir.types import BOOL, I64, Scalar, Type, array, cell_of

if TYPE_CHECKING:
    from ssad.frontend.context import Context

MAX_ROUNDS = 100


class Site:
    """A place where memory is made, `name` for its reader. Its fields hold what is in `content` as known when
    the round began, what is in `found` as known by now; a cell has one field, called ""."""

    def __init__(self, name: str, cls: type | None = None) -> None:
        self.name = name
        self.cls = cls
        self.forget()

    def forget(self) -> None:
        """Nothing is known of what it holds."""
        self.content: dict[str, Abstract] = {}
        self.found: dict[str, Abstract] = {}
        self.met: list[Site] = []
        self._same: Site | None = None
        self.assigned: set[str] = set()
        """The fields that are given a value after the memory has been made."""
        self.order: list[str] = []
        """The keys of a dict as they come for the first time, in the order of the program."""
        self.measure_again()

    def measure_again(self) -> None:
        """A round has ended: what is held here, or what that leads to, may have other parts."""
        self._parts: tuple[Type, ...] | None = None
        self._rooms: dict[str, slice] = {}

    @property
    def root(self) -> Site:
        """The site that stands for this one and for all that it has met."""
        return self if self._same is None else self._same.root

    def what(self, field: str) -> str:
        """The field in the words of the user."""
        return f"{self.name}.{field}" if field else self.name

    @property
    def parts(self) -> tuple[Type, ...]:
        """The types of the arrays that hold the fields, one after the other."""
        if self._parts is None:
            self._parts = tuple(room for held in self.content.values() for room in _rooms(held))
        return self._parts

    def room(self, field: str) -> slice:
        """Which of the arrays hold a field."""
        if not self._rooms:
            start = 0
            for name, held in self.content.items():
                width = len(travelling_types(held))
                self._rooms[name] = slice(start, start + width)
                start += width
        return self._rooms.get(field, slice(0, 0))

    def hold(self, field: str, value: Abstract) -> None:
        """Remember that `value` is stored. Raises NoJoin."""
        value = without_constants(value, keep=(I64, BOOL))
        held = self.found.get(field)
        self.found[field] = value if held is None else join(held, value)

    def entered(self, key: str) -> None:
        """A key of a dict may come here."""
        if key not in self.order:
            self.order.append(key)

    def unite(self, other: Site) -> None:
        """A value may lead to memory of either site: from the next round on they are one."""
        if self.cls is not other.cls:
            raise NoJoin("give the variable one type on every path, or use two variables")
        self.met.append(other)

    def settle(self) -> bool:
        """What was found is what holds from now on; says whether that is news."""
        if self.content == self.found:
            return False
        self.content = {field: renewed(held) for field, held in self.found.items()}
        self.found = dict(self.content)
        return True

    def lose(self, mutable: Collection[type]) -> None:
        """Forget the fields that hold values of classes that have turned out to be memory."""
        for field in [name for name, held in self.found.items() if _holds_value_of(held, mutable)]:
            del self.found[field]
        self.content = dict(self.found)

    def merge(self) -> bool:
        """Make one of this site and those that it has met. Raises NoJoin."""
        changed = False
        for other in self.met:
            mine, its = self.root, other.root
            if mine is not its:
                its._same = mine
                mine.assigned |= its.assigned
                for key in its.order:
                    mine.entered(key)
                for field, held in its.found.items():
                    mine.hold(field, held)
                changed = True
        self.met = []
        return changed


class Sites:
    """All sites of a compilation."""

    def __init__(self) -> None:
        self._table: dict[Hashable, Site] = {}
        self._rounds = 0
        self._again = False
        self._mutable: set[type] = set()
        self._changed: set[type] = set()
        self._rebound: set[tuple[Site, str]] = set()
        self.learnt = 0
        """Grows with what is known of which objects and attributes are assigned."""

    def forget(self) -> None:
        """Typing begins again: nothing is known of what memory holds, but which objects are changed is."""
        for site in self._table.values():
            site.forget()
        self._rounds = 0

    def at(self, ctx: Context, name: str, cls: type | None = None, which: str = "") -> Site:
        """The site of the op at hand in the function at hand, and `which` of those."""
        assert ctx.instance is not None
        key = id(ctx.instance.lifted), ctx.instance.arguments, name, cls, which, _span(ctx.loc)
        if key not in self._table:
            self._table[key] = Site(name, cls)
        return self._table[key].root

    def is_mutable(self, cls: type) -> bool:
        """Whether an attribute of an instance made inside may be assigned."""
        return cls in self._mutable

    def changes(self, cls: type) -> bool:
        """Remember that instances of `cls` are changed; says whether that was unknown in this round."""
        if cls in self._mutable:
            return False
        self._changed.add(cls)
        return True

    def is_rebound(self, site: Site, field: str) -> bool:
        """Whether a field that leads to memory is assigned after the object has been made."""
        return (site.root, field) in self._rebound

    def rebinds(self, site: Site, field: str) -> None:
        """Remember that: in the next round the object has a place for it."""
        self._rebound.add((site.root, field))
        self._again = True

    def grown(self, place: Location | None) -> bool:
        """End a round of typing; says whether another one must follow."""
        sites = list(self._table.values())
        try:
            grown = any([site.merge() for site in sites])
        except NoJoin as why:
            raise unsupported(
                "cell", "two kinds of memory meet that hold different things", place, str(why)
            ) from None
        grown = any([site.settle() for site in sites if site.root is site]) or grown
        grown = grown or bool(self._changed) or self._again
        self.learnt += bool(self._changed) or self._again
        self._again = False
        self._mutable |= self._changed
        if self._changed:
            for site in sites:
                site.lose(self._mutable)
        for site in sites:
            site.measure_again()
        self._changed.clear()
        self._rounds += 1
        if grown and self._rounds > MAX_ROUNDS:
            raise unsupported(
                "cell",
                "the types of what variables and objects hold have no end",
                place,
                "do not store functions that hold what they are stored in",
            )
        return grown


def _rooms(held: Abstract) -> list[Type]:
    types = travelling_types(held)
    return [array(type, 1, "C") if isinstance(type, Scalar) else cell_of(type) for type in types]


def _span(loc: Location | None) -> Hashable:
    return None if loc is None else (loc.file, loc.line, loc.column, loc.end_line, loc.end_column)


def _holds_value_of(held: Abstract, classes: Collection[type]) -> bool:
    """Whether a value is, or has inside, an object of one of these classes that is no memory."""
    if isinstance(held, RecordOf | DictOf) and held.made_of[0] in classes:
        return True
    return any(_holds_value_of(each, classes) for each in held.children())


def leads_to(held: Abstract, site: Site) -> bool:
    """Whether memory of `site` can be reached from a value."""
    if isinstance(held, Reference):
        other: Site = held.site
        if other.root is site.root or any(leads_to(each, site) for each in other.found.values()):
            return True
    if isinstance(held, MemoryList) and held.elem is not None:
        return leads_to(held.elem, site)
    return any(leads_to(each, site) for each in held.children())
