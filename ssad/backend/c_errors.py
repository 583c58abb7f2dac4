"""The error function of an exported library: what a status means, in the words of the Python exception."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ssad.backend.llvm import Site
from ssad.ir.raising import text_of

_FIELD = re.compile(r"\{\{|\}\}|\{(\d+)(?:![rsa])?(?::([^}]*))?\}")
_FLOAT_SPEC = re.compile(r"[-+ 0]*\d*(\.\d+)?[eEfFgG]")
_INT_SPEC = re.compile(r"([+ 0]*\d*)d?")


def error_function(name: str, sites: Sequence[Site]) -> str:
    """The C function `name`, with the numbers of this thread's last failure."""
    lines = [
        f"SSAD_API const char *{name}(int status) {{",
        '  if (status == 0) return "no error";',
        '  if (status == -1) return status == ssad_failed ? ssad_argument : "an argument does not fit";',
        "  int64_t none[8] = {0};",
        "  const int64_t *p = status == ssad_failed ? ssad_payload : none;",
        "  (void)p;",
        "  switch (status) {",
    ]
    for number, site in enumerate(sites, 1):
        text, values = _format(site)
        lines.append(
            f"  case {number}: snprintf(ssad_text, sizeof ssad_text, {_string(text)}{values}); break;"
        )
    return "\n".join([*lines, '  default: return "unknown status";', "  }", "  return ssad_text;", "}", ""])


def _format(site: Site) -> tuple[str, str]:
    """A printf format and its arguments for the message of a site."""
    place = ""
    if site.loc is not None:
        place = f" at {_below_here(site.loc.file)}:{site.loc.line} in {site.loc.function}"
    values: list[str] = []

    def spell(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        conversion, value = _conversion(int(match[1]), site.payload[int(match[1])], match[2] or "")
        values.append(value)
        return f"\0{conversion}"

    message = _FIELD.sub(spell, text_of(site.message))
    whole = f"{site.exc}{place}{': ' if message else ''}{message}"
    return whole.replace("%", "%%").replace("\0", "%"), "".join(f", {v}" for v in values)


def _conversion(number: int, kind: str, spec: str) -> tuple[str, str]:
    """How printf shows one word of a payload as `str.format` would, and the C expression that it shows."""
    if kind.startswith("f"):
        value = f"ssad_number(p[{number}])"
        if _FLOAT_SPEC.fullmatch(spec):
            return spec, value
        return "s", f"ssad_decimal({number}, {value})"
    if kind == "bool":
        return "s", f'p[{number}] ? "True" : "False"'
    simple = _INT_SPEC.fullmatch(spec)
    width = simple[1] if simple else ""
    if kind.startswith("u"):
        return f"{width}llu", f"(unsigned long long)p[{number}]"
    return f"{width}lld", f"(long long)p[{number}]"


def _below_here(file: str) -> str:
    """The path of a source as it is called from here: a library should not tell where it was built."""
    try:
        relative = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if relative.startswith("..") or file.startswith("<") else relative


def _string(text: str) -> str:
    """A C string literal."""
    plain = (
        chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}"
        for b in text.encode("utf-8", "replace")
    )
    return '"' + "".join(plain) + '"'
