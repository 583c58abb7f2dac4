"""Reading what a command line names and writing where it says; `-` is standard input or output."""

from __future__ import annotations

import sys
from pathlib import Path

from ssad.errors import UsageError


def read_text(file: str) -> str:
    """The content of a text file. Raises UsageError where it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {file}", cure="give the path of a file, or - for standard input"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", cure="give a file of text") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is no text: byte {error.start} is not UTF-8", cure="save it as UTF-8"
        ) from None


def write_text(text: str, file: str | None) -> None:
    """Write `text` to a file, or to standard output. Raises UsageError where it cannot be written."""
    if file is None or file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", cure="give another path") from None
