"""`print`: one text with its numbers, as f-strings and messages are made."""

from __future__ import annotations

from functools import partial

from ssad.frontend import choices
from ssad.frontend.abstract import DTYPES, NUMPY, Known, ListOf, Number, OneOf, Text, TupleOf
from ssad.frontend.codes import unsupported
from ssad.frontend.context import Context, Rep, known
from ssad.frontend.exceptions import field_of
from ssad.ir.types import F32, F64

_TYPES = (str, bool, int, float, type(None))


def print_(ctx: Context, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """`print(...)` with `sep` and `end`, and `flush`, which is ignored."""
    sep, end = (_separator(ctx, keywords.pop(name, None), default) for name, default in _DEFAULTS.items())
    keywords.pop("flush", None)
    if keywords:
        name = next(iter(keywords))
        raise unsupported("side_effect", f"print with {name}= is not compiled", ctx.loc, "leave it out")
    for n, rep in enumerate(args):
        if isinstance(rep.abstract, OneOf):
            given = {"sep": known(sep), "end": known(end)}
            return choices.each(ctx, rep, partial(_with, ctx, args, n, given))
    text = ""
    numbers: list[Rep] = []
    for n, rep in enumerate(args):
        piece, used = _piece(ctx, rep, "", len(numbers))
        text += (sep if n else "") + piece
        numbers.extend(used)
    kinds = tuple(_kind(rep) for rep in numbers)
    values = [rep.parts[0] for rep in numbers]
    wide = [ctx.cast(value, F64) if value.type is F32 else value for value in values]
    ctx.emit("print", *wide, text=text + end, kinds=kinds)
    return known(None)


def _with(ctx: Context, args: list[Rep], at: int, keywords: dict[str, Rep], one: Rep) -> Rep:
    """The same with one of the arguments known."""
    return print_(ctx, [*args[:at], one, *args[at + 1 :]], dict(keywords))


_DEFAULTS = {"sep": " ", "end": "\n"}


def _separator(ctx: Context, rep: Rep | None, default: str) -> str:
    text = rep.abstract.object if rep is not None and isinstance(rep.abstract, Known) else None
    if rep is not None and text is not None and not isinstance(text, str):
        raise unsupported("side_effect", "sep and end of print are strings known at compile time", ctx.loc)
    return (default if text is None else text).replace("{", "{{").replace("}", "}}")


def _piece(ctx: Context, rep: Rep, conversion: str, first: int) -> tuple[str, list[Rep]]:
    """The text of one value, and the numbers it needs, which are counted from `first`."""
    kind = rep.abstract
    if isinstance(kind, TupleOf | ListOf):
        return _sequence(ctx, rep, first)
    if isinstance(kind, Text) and "!" in kind.tag and any(part.type is F32 for part in rep.parts):
        cause = "print of the str or repr of a np.float32 in an f-string is not compiled"
        raise unsupported("side_effect", cause, ctx.loc, "print the number beside the string")
    if isinstance(kind, Number) and kind.flavour is NUMPY:
        plain = Rep(Number(kind.type, NUMPY), rep.parts)
        return f"{{{first}!{conversion or 's'}}}", [plain]
    if isinstance(kind, Text):
        text, used = field_of(ctx, rep, "", None, first)
        return text, [_python(item) for item in used]
    if isinstance(kind, Number) or (isinstance(kind, Known) and type(kind.object) in _TYPES):
        return field_of(ctx, rep, "", conversion or None, first)
    raise unsupported("side_effect", f"print of {kind} is not compiled", ctx.loc, "print its elements")


def _sequence(ctx: Context, rep: Rep, first: int) -> tuple[str, list[Rep]]:
    texts: list[str] = []
    numbers: list[Rep] = []
    for item in rep.items():
        text, used = _piece(ctx, item, "r", first + len(numbers))
        texts.append(text)
        numbers.extend(used)
    inner = ", ".join(texts)
    if isinstance(rep.abstract, ListOf):
        return f"[{inner}]", numbers
    return f"({inner},)" if len(texts) == 1 else f"({inner})", numbers


def _python(rep: Rep) -> Rep:
    """A number in an f-string, where it is formatted as Python's."""
    number = rep.abstract
    assert isinstance(number, Number)
    return Rep(Number(number.type), rep.parts)


def _kind(rep: Rep) -> str:
    """The NumPy type of a number that is NumPy's."""
    number = rep.abstract
    assert isinstance(number, Number)
    return DTYPES[number.type].name if number.flavour is NUMPY else ""
