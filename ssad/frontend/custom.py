"""What users say about single functions: derivative rules by hand, and the function that stops gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CUSTOM_VJP: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Plain function -> its plain rule `rule(y_bar, y, *args)`."""

STOP_GRADIENT: set[Callable[..., Any]] = set()
"""The functions whose call is the primitive `stop_gradient`."""
