"""What a user sees of a traceback: the own frames, one of ours, and where in the program it happened."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

SWITCH = "SSAD_TRACEBACK"
"""The environment variable that shows all frames: SSAD_TRACEBACK=full."""

_HOUSE = str(Path(__file__).parent.parent) + os.sep


def door(fn: F) -> F:
    """`fn`, through which a user comes in: what it raises arrives without the frames of the compiler.

    The place in the program is in the message of our errors, and a note of the program's exceptions.
    """

    @functools.wraps(fn)
    def through_the_door(*args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        except Exception as error:
            if os.environ.get(SWITCH) == "full":
                raise
            raise error.with_traceback(_outside(error.__traceback__))  # noqa: B904, it is the same one

    return cast(F, through_the_door)


def _outside(frames: TracebackType | None) -> TracebackType | None:
    """The frames that are not ours: of functions that native code calls back."""
    kept = []
    while frames is not None:
        if not frames.tb_frame.f_code.co_filename.startswith(_HOUSE):
            kept.append(frames)
        frames = frames.tb_next
    for inner, outer in zip(kept[:0:-1], kept[-2::-1], strict=True):
        outer.tb_next = inner
    if kept:
        kept[-1].tb_next = None
    return kept[0] if kept else None
