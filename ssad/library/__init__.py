"""Library functions written in plain Python, lifted and inlined like user code.

`LIBRARY` finds them by the original.
"""

from ssad.library.scalars import LIBRARY

__all__ = ["LIBRARY"]
