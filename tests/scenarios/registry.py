"""The scenarios: what each is called with, by which arguments it is differentiated, and what is refused."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

THEMES = ("containers", "flow", "functions", "objects")

Fn = TypeVar("Fn", bound=Callable[..., Any])


@dataclass(frozen=True)
class Scenario:
    """A function, a maker of its arguments (floats, arrays and trees of them), and the code of the error with
    which it is refused, empty if it is compiled.
    """

    name: str
    fn: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    argnums: tuple[int, ...]
    refused: str


_register: dict[str, Scenario] = {}


def scenario(
    arguments: Callable[[], tuple[Any, ...]], argnums: int | tuple[int, ...] = 0, refused: str = ""
) -> Callable[[Fn], Fn]:
    """Register the decorated function, unchanged."""

    def decorate(fn: Fn) -> Fn:
        name = f"{fn.__module__.rpartition('.')[2]}.{fn.__name__}"
        if name in _register:
            raise ValueError(f"two scenarios are called {name}")
        numbers = (argnums,) if isinstance(argnums, int) else argnums
        _register[name] = Scenario(name, fn, arguments, numbers, refused)
        return fn

    return decorate


def scenarios() -> list[Scenario]:
    """All of them."""
    for theme in THEMES:
        importlib.import_module(f"{__package__}.{theme}")
    return list(_register.values())
