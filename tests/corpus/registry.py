"""The register of corpus functions: what to call them with, and what is true of their derivatives."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

THEMES = (
    "scalars",
    "elementary",
    "branches",
    "phi_nodes",
    "poles",
    "flow",
    "loops_for",
    "loops_while",
    "arrays",
    "mutation",
    "aliasing",
    "vectors",
    "callables",
    "choices",
    "objects",
    "calls",
    "numerics",
    "likelihoods",
    "linear_algebra",
    "dynamics",
    "learning",
    "dicts",
    "discrete",
    "views",
    "buffers",
    "exits",
    "closures",
    "complex_numbers",
    "numbers",
    "raises",
    "generators",
    "handled",
    "managers",
    "matching",
    "mixed",
    "rebound",
    "recursion",
    "state",
    "instances",
    "records",
    "lists",
    "nested_lists",
    "protocols",
    "comprehensions",
    "functions",
    "language",
)

Factory = Callable[[], tuple[Any, ...]]
Fn = TypeVar("Fn", bound=Callable[..., Any])


@dataclass(frozen=True)
class Case:
    """A function of the corpus.

    `smooth`: twice differentiable at every argument set. `raises`: what the call ends with.
    `array_valued`: the result is a 1-D float array and not a scalar.
    """

    name: str
    fn: Callable[..., Any]
    factories: tuple[Factory, ...]
    argnums: int | tuple[int, ...]
    smooth: bool
    tags: frozenset[str]
    raises: type[Exception] | None
    array_valued: bool

    def argument_sets(self) -> list[tuple[Any, ...]]:
        """Fresh arguments for each call to try; a function may write to them."""
        return [factory() for factory in self.factories]

    @property
    def positions(self) -> tuple[int, ...]:
        """`argnums` as a tuple."""
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums


_register: dict[str, Case] = {}


def case(
    args: Factory | Sequence[Factory],
    argnums: int | tuple[int, ...] = 0,
    smooth: bool = True,
    tags: Sequence[str] = (),
    raises: type[Exception] | None = None,
    array_valued: bool = False,
    name: str | None = None,
) -> Callable[[Fn], Fn]:
    """Register the decorated function, unchanged; it may be registered again under another `name`."""

    def decorate(fn: Fn) -> Fn:
        key = f"{fn.__module__.rpartition('.')[2]}.{name or fn.__name__}"
        if key in _register:
            raise ValueError(f"two corpus functions are called {key}")
        factories = (args,) if callable(args) else tuple(args)
        flags = frozenset(tags)
        _register[key] = Case(key, fn, factories, argnums, smooth, flags, raises, array_valued)
        return fn

    return decorate


def _all() -> list[Case]:
    for theme in THEMES:
        importlib.import_module(f"{__package__}.{theme}")
    return list(_register.values())


def cases() -> list[Case]:
    """The functions that return a float."""
    return [entry for entry in _all() if not entry.array_valued and entry.raises is None]


def array_valued() -> list[Case]:
    """The functions that return a 1-D float array."""
    return [entry for entry in _all() if entry.array_valued]


def raising() -> list[Case]:
    """Calls that end in an exception."""
    return [entry for entry in _all() if entry.raises is not None]
