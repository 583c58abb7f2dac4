"""`raise` and `assert`, exceptions and their messages. A message is a template; its numbers are filled in
when it raises.
"""

from __future__ import annotations

import builtins
import string
from collections.abc import Sequence
from typing import Any

from ssad.frontend.abstract import DTYPES, MIXED, NUMPY, PYTHON, Exceptional, Known, Number, Several, Text
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep, compound, known
from ssad.ir.core import Op
from ssad.ir.types import BOOL

MAX_PAYLOAD = 8


def format_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.format`: a template and its fields; what is known at compile time goes into the template."""
    template = ""
    numbers: list[Rep] = []
    for literal, field, spec, conversion in string.Formatter().parse(op.attrs["template"]):
        template += _escape(literal)
        if field is None:
            continue
        piece = operands[int(field)]
        if spec and "{" in spec:
            spec = _known_spec(ctx, spec, operands)
        text, used = field_of(ctx, piece, spec or "", conversion, len(numbers))
        template += text
        numbers.extend(used)
    if numbers:
        return compound(Text, numbers, template)
    return known(template.replace("{{", "{").replace("}}", "}"))


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _known_spec(ctx: Context, spec: str, operands: list[Rep]) -> str:
    known_operands = []
    for rep in operands:
        kind = rep.abstract
        value = (
            kind.object if isinstance(kind, Known) else kind.constant if isinstance(kind, Number) else None
        )
        known_operands.append(value)
    try:
        return spec.format(*known_operands)
    except (ValueError, TypeError, IndexError):
        raise unsupported(
            "message",
            "a format specification has to be known at compile time",
            ctx.loc,
            "write the width as a number",
        ) from None


def field_of(ctx: Context, rep: Rep, spec: str, conversion: str | None, first: int) -> tuple[str, list[Rep]]:
    """The template text of one field and the numbers it needs, which are counted from `first`."""
    if isinstance(rep.abstract, Exceptional | Several) and conversion in (None, "s"):
        from ssad.frontend.caught import text

        rep = text(ctx, rep)
    kind = rep.abstract
    if isinstance(kind, Text):
        if spec or conversion:
            raise unsupported(
                "message", "a format specification of a formatted string is not compiled", ctx.loc
            )
        return _shifted(kind.tag, first), rep.items()
    if isinstance(kind, Number):
        if kind.constant is None or kind.flavour is not PYTHON:
            suffix = (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            return _number_field(ctx, kind, rep, suffix, conversion, first)
        obj: Any = kind.constant
    elif isinstance(kind, Known):
        obj = kind.object
    else:
        raise unsupported(
            "message", f"{kind} in a string is not compiled", ctx.loc, "leave it out of the message"
        )
    field = "{0" + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
    try:
        return _escape(field.format(obj)), []
    except Exception as error:
        raise untypable("operand", f"this value cannot be formatted: {error}", ctx.loc) from None


def _number_field(
    ctx: Context, kind: Number, rep: Rep, suffix: str, conversion: str | None, first: int
) -> tuple[str, list[Rep]]:
    text = f"{{{first}{suffix}}}"
    plain = Rep(Number(kind.type, kind.flavour if kind.flavour is not MIXED else PYTHON), rep.parts[:1])
    if conversion == "r" and kind.flavour is NUMPY and kind.type is not BOOL:
        text = f"np.{DTYPES[kind.type].name}({text})"
    if conversion == "r" and kind.flavour is MIXED:
        raise unsupported(
            "message", f"the repr of {kind} is not compiled", ctx.loc, "write {x} instead of {x!r}"
        )
    return text, [plain]


def _shifted(template: str, by: int) -> str:
    """`template` with its fields numbered from `by`."""
    shifted = ""
    for literal, field, spec, conversion in string.Formatter().parse(template):
        shifted += _escape(literal)
        if field is not None:
            suffix = (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            shifted += f"{{{int(field) + by}{suffix}}}"
    return shifted


def assertion(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.assertion`: the class AssertionError."""
    return known(AssertionError)


def make_exception(ctx: Context, cls: type[BaseException], args: Sequence[Rep]) -> Rep:
    """`ValueError("...")`: an exception; its numbers are the items, all else is in the message attribute."""
    if issubclass(cls, BaseExceptionGroup) or (issubclass(cls, OSError) and len(args) > 1):
        raise unsupported("message", f"{cls.__name__} with these arguments is not compiled", ctx.loc)
    entries: list[Any] = []
    numbers: list[Rep] = []
    for arg in args:
        entry, used = _entry(ctx, arg, len(numbers))
        entries.append(entry)
        numbers.extend(used)
    message = entries[0] if len(entries) == 1 and isinstance(entries[0], str) else tuple(entries) or None
    return compound(Exceptional, numbers, (cls, message))


def _entry(ctx: Context, rep: Rep, first: int) -> tuple[Any, list[Rep]]:
    """What the message attribute says of one argument (`ir/raising.py`), and the numbers it needs."""
    kind = rep.abstract
    if isinstance(kind, Text):
        return _shifted(kind.tag, first), rep.items()
    if isinstance(kind, Number) and kind.flavour is not MIXED:
        entry = first if kind.flavour is PYTHON else (first, DTYPES[kind.type].name)
        return entry, [Rep(Number(kind.type, PYTHON), rep.parts[:1])]
    if isinstance(kind, Known) and isinstance(kind.object, str):
        return _escape(kind.object), []
    if isinstance(kind, Known) and kind.object is None:
        return None, []
    raise unsupported(
        "message", f"an exception with {kind} is not compiled", ctx.loc, "give it a message or numbers"
    )


def exception_name(ctx: Context, exception: type[BaseException] | BaseException) -> str:
    """What the IR calls an exception class: its name if it is a builtin, else a name in the module.

    An instance found outside stands in the module as well, under the name of its class.
    """
    name = exception.__name__ if isinstance(exception, type) else type(exception).__name__
    if getattr(builtins, name, None) is exception:
        return name
    objects = ctx.engine.module.objects
    stem, number = name, 0
    while hasattr(builtins, name) or objects.get(name, exception) is not exception:
        number += 1
        name = f"{stem}.{number}"
    objects[name] = exception
    return name
