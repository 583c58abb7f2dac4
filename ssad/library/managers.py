"""Context managers whose own text depends on the version of Python or NumPy, as plain classes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np


class Suppress:
    """`contextlib.suppress`."""

    def __init__(self, *exceptions: type[BaseException]) -> None:
        self.exceptions = exceptions

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        return kind is not None and issubclass(kind, self.exceptions)


class ErrorState:
    """`np.errstate`: native code gives no warnings, whatever the state."""

    def __init__(self, **kinds: str) -> None:
        return None

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        return None


LIBRARY: dict[Any, Callable[..., Any]] = {
    ("stand-in", contextlib.suppress): Suppress,
    ("stand-in", np.errstate): ErrorState,
}
