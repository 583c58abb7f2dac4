"""What each parameter and result of a derivative function is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ssad.ir.core import Function


class Slot(NamedTuple):
    """One parameter or result.

    kind is "primal" (parameter or result number `index` of the primal), "shadow" (of array parameter
    `index`), "seed" (of result `index`), "cotangent" (of scalar parameter `index`); `tangent` says that it is
    the tangent of that.
    """

    kind: str
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a slot
    tangent: bool = False

    def dot(self) -> Slot:
        """The slot of this one's tangent."""
        return self._replace(tangent=True)


@dataclass(frozen=True)
class Derivative:
    """A derivative function with the meaning of its parameters and results, in order."""

    function: Function
    params: tuple[Slot, ...]
    results: tuple[Slot, ...]
    overwritten: frozenset[int] = frozenset()
    """The numbers of shadows among the parameters that need not be zero: every element is stored."""


def primal_signature(function: Function) -> Derivative:
    """`function` itself, as the derivative of order zero."""
    return Derivative(
        function,
        tuple(Slot("primal", n) for n in range(len(function.params))),
        tuple(Slot("primal", n) for n in range(len(function.result_types))),
    )
