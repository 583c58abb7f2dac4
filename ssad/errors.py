"""Every error that ssad raises, as a tree; each prints in at most six lines: cause, place, source, caret, cure."""

from __future__ import annotations

import linecache
import os
from typing import Protocol


class Place(Protocol):
    """Where in the source something stands; `ssad.ir.core.Location` is one."""

    file: str
    function: str
    line: int
    column: int | None
    end_line: int | None
    end_column: int | None


class SsadError(Exception):
    """The root: what went wrong, where, and the cure.

    `code` is stable (SSAD0103) and explained by the documentation.
    """

    default_code = "SSAD0001"

    def __init__(self, cause: str, place: Place | None = None, cure: str = "", code: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.place = place
        self.cure = cure
        self.code = code or self.default_code

    def __str__(self) -> str:
        return render(self.code, self.cause, self.place, self.cure)


# What ssad cannot compile


class UnsupportedError(SsadError, NotImplementedError):
    """The program uses something that ssad does not compile (yet)."""

    default_code = "SSAD0100"


class TypingError(SsadError, TypeError):
    """The program is meaningful Python, but no machine types can be given to it."""

    default_code = "SSAD0200"


class DifferentiationError(SsadError, TypeError):
    """The program has a value but the derivative asked for does not exist."""

    default_code = "SSAD0300"


# What a caller gave


class ArgumentError(SsadError, TypeError):
    """A call with arguments that the function cannot take: wrong type, dtype or number."""

    default_code = "SSAD0400"


class SignatureError(SsadError, ValueError):
    """A signature text that cannot be read or does not fit the function."""

    default_code = "SSAD0410"


# Text and tools


class IRSyntaxError(SsadError, ValueError):
    """IR text that does not parse."""

    default_code = "SSAD0500"


class VerifyError(SsadError):
    """IR that breaks an invariant of docs/ir.md."""

    default_code = "SSAD0510"


class UsageError(SsadError):
    """A command that cannot be carried out as given: a missing file, function, pass or stage."""

    default_code = "SSAD0600"


class ToolchainError(SsadError):
    """A tool outside Python is missing or failed: the C compiler, libm, LLVM."""

    default_code = "SSAD0700"


def render(code: str, cause: str, place: Place | None = None, cure: str = "") -> str:
    """The text of an error: at most six lines, with the source line and a caret where they are known."""
    lines = [f"error[{code}]: {' '.join(cause.split())}"]
    if place is not None:
        column = "" if place.column is None else f":{place.column + 1}"
        lines.append(f"  --> {_short(place.file)}:{place.line}{column} in {place.function}")
        source = linecache.getline(place.file, place.line).rstrip()
        if source.strip():
            number = str(place.line)
            shown = source.lstrip()
            lines.append(f"{number:>5} | {shown}")
            if place.column is not None:
                # columns count UTF-8 bytes, the caret counts characters
                raw = source.encode()
                end = place.end_column if place.end_line == place.line and place.end_column else len(raw)
                cut = len(source) - len(shown)
                start = len(raw[: place.column].decode(errors="replace")) - cut
                width = max(1, len(raw[place.column : end].decode(errors="replace")))
                lines.append(f"      | {' ' * max(0, start)}{'^' * width}")
    if cure:
        lines.append(f"  help: {' '.join(cure.split())}")
    return "\n".join(lines)


def _short(file: str) -> str:
    """`file` relative to the working directory where that is shorter and below it."""
    try:
        relative = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if relative.startswith("..") or file.startswith("<") else relative
