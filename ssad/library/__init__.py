"""Library functions written in plain Python, lifted and inlined like user code.

`LIBRARY` finds them by the original.
"""

from collections.abc import Callable
from typing import Any

from ssad.library import counting, functional, scalars

LIBRARY: dict[Any, Callable[..., Any]] = {**counting.LIBRARY, **functional.LIBRARY, **scalars.LIBRARY}

__all__ = ["LIBRARY"]
