"""The scenarios: what each is called with, by which arguments it is differentiated, and what is refused."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

THEMES = ("attempts", "containers", "flow", "functions", "iterators", "joins", "lists", "objects")

Fn = TypeVar("Fn", bound=Callable[..., Any])
Maker = Callable[[], tuple[Any, ...]]


@dataclass(frozen=True)
class Scenario:
    """A function, makers of arguments to try (numbers, arrays and trees of them), by which it is
    differentiated (none: its value alone counts, whatever it is), and the code of the error with which it is
    refused, empty if it is compiled.
    """

    name: str
    fn: Callable[..., Any]
    arguments: tuple[Callable[[], tuple[Any, ...]], ...]
    argnums: tuple[int, ...]
    refused: str


_register: dict[str, Scenario] = {}


def scenario(
    arguments: Maker | Sequence[Maker], argnums: int | tuple[int, ...] = 0, refused: str = ""
) -> Callable[[Fn], Fn]:
    """Register the decorated function, unchanged."""

    def decorate(fn: Fn) -> Fn:
        name = f"{fn.__module__.rpartition('.')[2]}.{fn.__name__}"
        if name in _register:
            raise ValueError(f"two scenarios are called {name}")
        numbers = (argnums,) if isinstance(argnums, int) else argnums
        makers = (arguments,) if callable(arguments) else tuple(arguments)
        _register[name] = Scenario(name, fn, makers, numbers, refused)
        return fn

    return decorate


def scenarios() -> list[Scenario]:
    """All of them."""
    for theme in THEMES:
        importlib.import_module(f"{__package__}.{theme}")
    return list(_register.values())
