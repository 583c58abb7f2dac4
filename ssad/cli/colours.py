"""Colours, on terminals only and never where NO_COLOR is set (no-color.org)."""

from __future__ import annotations

import os
import re
from typing import TextIO

_BOLD_RED, _CYAN, _RESET = "\x1b[1;31m", "\x1b[36m", "\x1b[0m"


def emphasised(message: str, stream: TextIO) -> str:
    """An error message with its head, caret and help line made visible if `stream` shows colours."""
    if not shows_colours(stream):
        return message
    head, *rest = message.split("\n")
    head = re.sub(r"^((?:internal )?error(?:\[\w+\])?:)", rf"{_BOLD_RED}\1{_RESET}", head)
    lines = [
        re.sub(r"(\^+)$", rf"{_BOLD_RED}\1{_RESET}", line) if line.startswith("      |") else line
        for line in rest
    ]
    return "\n".join([head, *(re.sub(r"^(  help:)", rf"{_CYAN}\1{_RESET}", line) for line in lines)])


def shows_colours(stream: TextIO) -> bool:
    """Whether escape sequences may be written to `stream`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
