"""Library functions written in plain Python, lifted and inlined like user code.

`LIBRARY` finds them by the original.
"""

from collections.abc import Callable
from typing import Any

from ssad.library import functional, scalars

LIBRARY: dict[Any, Callable[..., Any]] = {**functional.LIBRARY, **scalars.LIBRARY}

__all__ = ["LIBRARY"]
