"""What LLVM is told of memory that is apart: one scope for each alias class of a function.

An access through an array of one class carries its scope in `!alias.scope`, and those of all other classes in
`!noalias` (LLVM Language Reference, "noalias and alias.scope metadata"). Classes are disjoint for the whole
call: arguments by the promise of the caller, arrays made here because the arena gives nothing out twice
before the call has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssad.analysis.alias import AliasClass, alias_classes
from ssad.ir.core import Function, Value
from ssad.ir.types import Array

MOST = 32
"""More classes than this are left to LLVM: what it is told grows with their square."""

FIRST = 1_000_000
"""The first number of this metadata: debug information has the lower ones."""


class Scopes:
    """The metadata of one module, function after function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.next = FIRST

    def of(self, function: Function) -> dict[Value, str]:
        """array -> what stands behind an access through it; nothing where there is nothing to tell apart."""
        aliases = alias_classes(function)
        classes = [one for one in aliases.classes if _is_accessed(one)]
        if not 2 <= len(classes) <= MOST or not any(one.written for one in classes):
            return {}
        domain = self.node(lambda own: f"distinct !{{!{own}}}")
        scopes = [self.node(lambda own: f"distinct !{{!{own}, !{domain}}}") for _ in classes]
        said: dict[Value, str] = {}
        for one, scope in zip(classes, scopes, strict=True):
            own = self.list_of([scope])
            others = self.list_of([other for other in scopes if other != scope])
            text = f", !alias.scope !{own}, !noalias !{others}"
            said.update((v, text) for v in one.members if isinstance(v.type, Array))
        return said

    def list_of(self, nodes: Sequence[int]) -> int:
        return self.node(lambda own: "!{" + ", ".join(f"!{n}" for n in nodes) + "}")

    def node(self, text: Callable[[int], str]) -> int:
        """The number of a new node, which its text may contain."""
        number = self.next
        self.next += 1
        self.lines.append(f"!{number} = {text(number)}")
        return number


def _is_accessed(one: AliasClass) -> bool:
    return (one.read or one.written) and any(isinstance(v.type, Array) for v in one.members)
