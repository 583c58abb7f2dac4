"""What memory made inside the compiled program holds: one type per place where it is made, found as it is
filled.

A `list` that is empty when it is made has no type of elements yet; what is put into it gives it one, and
something wider makes it wider. Typing then starts again with what has been learnt (`Widened`), until nothing
is news. Places whose lists meet in one variable become one place.
"""

from __future__ import annotations

from ssad.frontend.abstract import Abstract, without_constants
from ssad.frontend.joins import join


class Widened(Exception):
    """A place holds more than was thought: what has been typed so far may be wrong."""


class Place:
    """Where a list is made; `content` is the type of its elements, None while nothing is put into it."""

    __slots__ = ("_content", "_same")

    def __init__(self) -> None:
        self._content: Abstract | None = None
        self._same: Place | None = None

    @property
    def root(self) -> Place:
        """The place that stands for all that are one with this."""
        place = self
        while place._same is not None:
            place = place._same
        return place

    @property
    def content(self) -> Abstract | None:
        return self.root._content

    def widen(self, value: Abstract) -> Abstract:
        """The type of the content, with room for `value`. Raises NoJoin, and Widened where it had none."""
        root, value = self.root, without_constants(value)
        wide = value if root._content is None else join(root._content, value)
        if wide != root._content:
            root._content = wide
            raise Widened
        return wide

    def unite(self, other: Place) -> None:
        """Make this and `other` one place. Raises NoJoin, and Widened where they were two."""
        mine, its = self.root, other.root
        if mine is its:
            return
        contents = [place._content for place in (mine, its) if place._content is not None]
        wide = join(*contents) if len(contents) == 2 else contents[0] if contents else None
        its._same, mine._content = mine, wide
        raise Widened
