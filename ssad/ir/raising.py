"""What `check` and `raise` say of the exception: its arguments, as an attribute that text can hold.

`message` is absent for an exception without arguments; a template of `str.format` for one string made of the
payload; or a tuple, one entry per argument: a template for a string, a number k for value k of the payload,
`(k, "float64")` for that value as NumPy's, `none` for None.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

UNORDERED = "ssad does not sort nan, whose place would depend on how it sorts"
"""What functions written in Python for the compiler say, and CPython does not."""


def exception_of(kind: object, message: Any, payload: Sequence[Any]) -> BaseException:
    """The exception to raise: `kind` with these arguments, or `kind` itself where it is an exception.

    Raises RuntimeError where `kind` is neither.
    """
    if isinstance(kind, BaseException):
        return kind
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        raise RuntimeError(f"{kind!r} is no exception")
    return kind(*(_argument(entry, payload) for entry in entries_of(message)))


def raised_from(attrs: Mapping[str, Any]) -> tuple[str, Any, int] | None:
    """What a `raise` is raised from: name and message of another exception, and where its payload begins."""
    return (attrs["cause"], attrs.get("cause_message"), attrs["cause_at"]) if "cause" in attrs else None


def entries_of(message: Any) -> tuple[Any, ...]:
    """The attribute as one entry per argument."""
    if message is None:
        return ()
    return message if isinstance(message, tuple) else (message,)


def _argument(entry: Any, payload: Sequence[Any]) -> Any:
    if isinstance(entry, str):
        return entry.format(*payload)
    if isinstance(entry, tuple):
        import numpy as np

        return np.dtype(entry[1]).type(payload[entry[0]])
    return None if entry is None else payload[entry]


def text_of(message: Any) -> str:
    """A template for the text of the exception, as `str` makes it of the arguments."""
    entries = entries_of(message)
    if len(entries) == 1:
        return _field(entries[0], "{}")
    return f"({', '.join(_field(entry, repr) for entry in entries)})" if entries else ""


def _field(entry: Any, quoted: Any) -> str:
    if isinstance(entry, str):
        return entry if quoted == "{}" else repr(entry)
    return "None" if entry is None else f"{{{entry[0] if isinstance(entry, tuple) else entry}}}"


def fault_of(message: Any, payload: int) -> str:
    """What is wrong with the attribute for a payload of so many values; nothing if it is in order."""
    if not isinstance(message, str | tuple):
        return "not a string or tuple"
    for entry in entries_of(message):
        if isinstance(entry, str):
            fault = _template_fault(entry, payload)
            if fault:
                return fault
            continue
        at = entry[0] if isinstance(entry, tuple) and len(entry) == 2 else entry
        if at is not None and (type(at) is not int or not 0 <= at < payload):
            return f"{entry!r} does not stand for one of {payload} values"
    return ""


def _template_fault(template: str, payload: int) -> str:
    """What is wrong with a text in which `{0}`, `{1:.3}`, `{2!r}` stand for values of the payload."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
        formats = "".join(spec or "" for _, _, spec, _ in string.Formatter().parse(template))
    except ValueError as error:
        return str(error)
    if "{" in formats:
        return "a format within a format"
    for field in fields:
        if not field.isdecimal() or not field.isascii() or len(field) > 3 or int(field) >= payload:
            return f"{{{field}}} does not stand for one of {payload} values"
    return ""
