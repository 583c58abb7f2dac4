"""Facts computed once per state of a function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from ssad.analysis.choices import ATTRIBUTE
from ssad.ir.core import Function
from ssad.ir.graph import Dominators, LoopForest

P = ParamSpec("P")
T = TypeVar("T")


def memoised(analysis: Callable[Concatenate[Function, P], T]) -> Callable[Concatenate[Function, P], T]:
    """Keep what `analysis` finds in `function.facts` until the function is edited; arguments are hashable.

    What is left out (`analysis/choices.py`) is asked for again, too.
    """

    @functools.wraps(analysis)
    def remembered(function: Function, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (remembered, args, tuple(kwargs.items())) if args or kwargs else remembered
        known = function.facts.get(key)
        state = function.edits, function.attrs.get(ATTRIBUTE)
        if known is not None and known[0] == state:
            result: T = known[1]
            return result
        result = analysis(function, *args, **kwargs)
        function.facts[key] = (state, result)
        return result

    return remembered


@memoised
def dominators(function: Function) -> Dominators:
    """The dominator tree of `function`."""
    return Dominators(function)


@memoised
def loop_forest(function: Function) -> LoopForest:
    """The natural loops of `function`."""
    return LoopForest(function, dominators(function))
