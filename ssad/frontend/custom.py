"""Registries that the doors and the pipeline fill: rules by hand, and plain-Python stand-ins for library
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CUSTOM_VJP: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Function -> `rule(y_bar, y, *args)`, which stands for its derivative."""

STOP_GRADIENT: set[Callable[..., Any]] = set()
"""Functions that return their argument, whose derivative is taken to be zero."""

LIBRARY: dict[Any, Callable[..., Any]] = {}
"""Library callable -> a plain Python function of the same value, lifted in its stead. The primitive comes
first, where one takes that number of arguments."""
