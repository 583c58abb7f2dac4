"""What memory made inside the compiled program holds: one type per place where it is made, found as it is
filled.

A `list` that is empty when it is made has no type of elements yet; what is put into it gives it one, and
something wider makes it wider. Typing then starts again with what has been learnt (`Widened`), until nothing
is news. Places whose lists meet in one variable become one place. A display that nobody was seen to change
is no memory at first: it becomes memory when somebody does.
"""

from __future__ import annotations

from ssad.frontend.abstract import Abstract, MemoryList, Reference, renewed, without_constants
from ssad.frontend.joins import NoJoin, join


class Widened(Exception):
    """A place holds more than was thought: what has been typed so far may be wrong. `anew` where even what
    is known of places is: what they hold may have become memory.
    """

    def __init__(self, anew: bool = False) -> None:
        super().__init__()
        self.anew = anew


class Place:
    """Where a list is made; `content` is the type of its elements, None while nothing is put into it.

    `number` is smaller the earlier the place was met; `changes`: whether somebody wants to change what is no
    memory yet; `altered`: whether somebody changes the list.
    """

    __slots__ = ("_content", "_same", "altered", "changes", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self._content: Abstract | None = None
        self._same: Place | None = None
        self.changes = self.altered = False

    @property
    def root(self) -> Place:
        """The place that stands for all that are one with this."""
        place = self
        while place._same is not None:
            place = place._same
        return place

    @property
    def content(self) -> Abstract | None:
        held = self.root._content
        return None if held is None else renewed(held)

    def forget(self) -> None:
        """Nothing is known of what it holds, nor with which others it is one."""
        self._content = self._same = None

    def widen(self, value: Abstract) -> Abstract:
        """The type of the content, with room for `value`. Raises NoJoin, and Widened where it had none."""
        root, value, held = self.root, without_constants(value), self.content
        if _leads_to(value, root):
            raise NoJoin("a list in itself is not compiled: keep its elements in another one")
        wide = value if held is None else join(held, value)
        if wide != held:
            root._content = wide
            raise Widened
        return wide

    def unite(self, other: Place) -> None:
        """Make this and `other` one place. Raises NoJoin, and Widened where they were two."""
        mine, its = self.root, other.root
        if mine is its:
            return
        if its.number < mine.number:  # places inside a function are told apart by those of its arguments
            mine, its = its, mine
        contents = [held for held in (mine.content, its.content) if held is not None]
        wide = join(*contents) if len(contents) == 2 else contents[0] if contents else None
        its._same, mine._content = mine, wide
        mine.altered |= its.altered
        raise Widened

    def change(self) -> bool:
        """Remember that the list is changed, and raise Widened; False where that is known already."""
        if self.changes:
            return False
        self.changes = True
        raise Widened(anew=True)


def holds_lists(kind: Abstract) -> bool:
    """Whether a value of this kind is, or has inside, a list in memory."""
    return isinstance(kind, MemoryList) or any(map(holds_lists, kind.children()))


def _leads_to(held: Abstract, place: Place) -> bool:
    """Whether a value is, or has inside, a list made at `place`."""
    if isinstance(held, MemoryList):
        return held.place.root is place or (held.elem is not None and _leads_to(held.elem, place))
    if isinstance(held, Reference) and any(_leads_to(each, place) for each in held.site.found.values()):
        return True
    return any(_leads_to(each, place) for each in held.children())
