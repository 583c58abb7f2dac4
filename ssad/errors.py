"""Every error that ssad raises, as a tree; each prints in at most six lines: cause, place, source, caret,
cure.
"""

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
    """IR that breaks an invariant of docs/ir.md.

    `invariant` is its number (V07), `guilty` the op, terminator, block or function that breaks it, and
    `window` the printed lines around that.
    """

    default_code = "SSAD0510"

    def __init__(self, invariant: str, cause: str, guilty: object = None, window: str = "") -> None:
        super().__init__(f"{invariant}: {cause}")
        self.invariant = invariant
        self.guilty = guilty
        self.window = window

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.window}" if self.window else super().__str__()


class UsageError(SsadError):
    """A command that cannot be carried out as given: a missing file, function, pass or stage."""

    default_code = "SSAD0600"


class LoadError(SsadError):
    """The file that holds the function cannot be run: what it raised, and where."""

    default_code = "SSAD0610"


class ToolchainError(SsadError):
    """A tool outside Python is missing or failed: the C compiler, libm, LLVM."""

    default_code = "SSAD0700"


def render(code: str, cause: str, place: Place | None = None, cure: str = "") -> str:
    """The text of an error: at most six lines, with the source line and a caret where they are known."""
    lines = [f"error[{code}]: {_visible(' '.join(cause.split()))}"]
    if place is not None:
        column = "" if place.column is None else f":{place.column + 1}"
        function = f" in {_visible(place.function)}" if place.function else ""
        lines.append(f"  --> {_visible(_short(place.file))}:{place.line}{column}{function}")
        lines += _excerpt(place)
    if cure:
        lines.append(f"  help: {_visible(' '.join(cure.split()))}")
    return "\n".join(lines)


def _excerpt(place: Place) -> list[str]:
    """The source line and, where the column is known, the caret under it; nothing if there is no source."""
    source = _source_line(place).rstrip()
    if not source.strip():
        return []
    shown = source.lstrip()
    cut = len(source) - len(shown)
    if place.column is None:
        return [f"{place.line:>5} | {_printable(shown[:_WIDTH])}"]
    # columns count UTF-8 bytes, the caret counts characters
    raw = source.encode("utf-8", "surrogatepass")
    end = place.end_column if place.end_line == place.line and place.end_column else len(raw)
    start = max(0, len(raw[: place.column].decode(errors="replace")) - cut)
    width = max(1, len(raw[place.column : end].decode(errors="replace")))
    if start + width > _WIDTH and start > _WIDTH // 2:
        clip = start - _WIDTH // 2
        shown, start = shown[clip:], start - clip
    caret = "^" * min(width, _WIDTH - start)
    return [f"{place.line:>5} | {_printable(shown[:_WIDTH])}", f"      | {' ' * start}{caret}"]


_WIDTH = 120


def _source_line(place: Place) -> str:
    """The line of text at a place that brings its own (IR text), or of the file."""
    own = getattr(place, "source", None)
    if isinstance(own, str):
        return own
    if "\0" in place.file or (os.path.exists(place.file) and not os.path.isfile(place.file)):
        return ""  # a pipe or device named by a location table is not to be opened
    return linecache.getline(place.file, place.line)


def _visible(text: str) -> str:
    """`text` with what could act on a terminal spelled out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _printable(text: str) -> str:
    """`text` with a blank for each character that could act on a terminal, so that carets stay in place."""
    return "".join(c if c.isprintable() else " " for c in text)


def _short(file: str) -> str:
    """`file` relative to the working directory where that is shorter and below it."""
    try:
        relative = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if relative.startswith("..") or file.startswith("<") else relative
