"""Exceptions as values: what a handler asks of the one it gets, and `raise`."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType

from ssad.frontend.abstract import Abstract, Exceptional, Known, Number, Several, Text, TupleOf, Unbound
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, TRUE, Cause, Context, Dead, Gone, Rep, compound, known, scalar
from ssad.frontend.exceptions import MAX_PAYLOAD, exception_name, make_exception
from ssad.frontend.joins import PLAIN, exceptions_in
from ssad.frontend.promotion import plain_bool
from ssad.frontend.refusals import refusal
from ssad.ir.core import Const, Op, Terminator, Value
from ssad.ir.raising import entries_of
from ssad.ir.types import I64


def attempt(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.attempt`: the exception of the block that follows; what it may be is known from there."""
    assert op.result is not None
    return ctx.env.get(op.result) or Rep(Unbound())


def caught(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.caught`: each op that raises goes to the handler by itself, so that control gets past here."""
    return plain_bool(FALSE)


def matches(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.matches`: whether an exception is of one of these classes."""
    classes = classes_of(ctx, operands[1])
    if op.attrs.get("waits") and any(issubclass(GeneratorExit, cls) for cls in classes):
        raise refusal("generator_try", ctx.loc)  # it would see that the generator is dropped
    return plain_bool(is_of(ctx, operands[0], classes))


def narrow(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.narrow`: an exception known to be of these classes, or of none of them."""
    error, classes = operands[0], classes_of(ctx, operands[1])
    kept = [item for item in _kinds(error) if _of(item, classes) is not op.attrs["negate"]]
    if not kept:
        raise Gone
    if len(kept) == len(_kinds(error)) or not isinstance(error.abstract, Several):
        return error
    if len(kept) == 1:
        return kept[0]
    parts = [part for item in kept for part in item.parts]
    return Rep(Several([item.abstract for item in kept]), [*parts, error.parts[-1]])


def _of(error: Rep, classes: tuple[type[BaseException], ...]) -> bool:
    assert isinstance(error.abstract, Exceptional)
    return issubclass(error.abstract.cls, classes)


def _kinds(error: Rep) -> list[Rep]:
    return error.items() if isinstance(error.abstract, Several) else [error]


def classes_of(ctx: Context, rep: Rep) -> tuple[type[BaseException], ...]:
    """The exception classes that stand behind `except`. Raises TypingError for anything else."""
    kind = rep.abstract
    if isinstance(kind, TupleOf):
        return tuple(cls for item in rep.items() for cls in classes_of(ctx, item))
    if isinstance(kind, Known) and isinstance(kind.object, tuple):
        return tuple(cls for item in kind.object for cls in classes_of(ctx, known(item)))
    if isinstance(kind, Known) and isinstance(kind.object, type) and issubclass(kind.object, BaseException):
        return (kind.object,)
    raise untypable("operand", f"`except {kind}`: not an exception class", ctx.loc, "name an exception class")


def is_of(ctx: Context, error: Rep, classes: tuple[type[BaseException], ...]) -> Value:
    """Whether an exception is an instance of one of the classes."""
    kinds = exceptions_in(error.abstract)
    hits = [kind for kind in kinds if issubclass(kind.cls, classes)]
    if len(hits) in (0, len(kinds)):
        return TRUE if hits else FALSE
    numbers = [Const(I64, ctx.engine.exception_number(kind)) for kind in hits]
    return ctx.or_(*[ctx.emit("eq", error.parts[-1], number) for number in numbers])


def expect(ctx: Context, error: Abstract, wanted: Abstract) -> None:
    """Raise UnsupportedError where a handler gets an exception that was not foreseen: from a recursion whose
    end was not known when the types were found."""
    foreseen = {kind.sort() for kind in exceptions_in(wanted)}
    if not foreseen.issuperset(kind.sort() for kind in exceptions_in(error)):
        raise unsupported(
            "handler",
            f"{error} out of a recursion is caught here: not compiled",
            ctx.loc,
            "return a flag instead of raising",
        )


def raise_(ctx: Context, term: Terminator, operands: list[Rep]) -> None:
    """The terminator `raise`."""
    rep = as_exception(ctx, operands[0])
    if rep is None:
        raise unsupported(
            "message",
            f"`raise` of {operands[0].abstract} is not compiled",
            term.loc,
            "raise an exception class, or an instance",
        )
    *others, last = _kinds(rep)
    for item in others:
        number = Const(I64, ctx.engine.exception_number(item.abstract))
        ctx.check(ctx.emit("ne", rep.parts[-1], number), *_words(ctx, item))
    exc, message, *payload = _words(ctx, last)
    raise Dead(exc, message, payload, _cause(ctx, operands[1:], MAX_PAYLOAD - len(payload)))


def _cause(ctx: Context, operands: list[Rep], room: int) -> Cause | None:
    """What the exception is raised `from`, where that is one that is known and its numbers find room."""
    rep = as_exception(ctx, operands[0]) if operands else None
    if rep is None or not isinstance(rep.abstract, Exceptional) or len(rep.parts) > room:
        return None
    exc, message, *payload = _words(ctx, rep)
    return Cause(exc, message, payload)


def as_exception(ctx: Context, rep: Rep) -> Rep | None:
    """The exception that is raised where `rep` is: of a class an instance; None if it is neither."""
    kind = rep.abstract
    if isinstance(kind, Exceptional | Several):
        return rep
    if isinstance(kind, Known) and isinstance(kind.object, type) and issubclass(kind.object, BaseException):
        return make_exception(ctx, kind.object, [])
    if isinstance(kind, Known) and isinstance(kind.object, BaseException):
        return compound(Exceptional, [], (kind.object, None))
    return None


def _words(ctx: Context, error: Rep) -> tuple[str, object, *tuple[Value, ...]]:
    """Name, message and payload of an exception of one kind."""
    if len(error.parts) > MAX_PAYLOAD:
        raise unsupported(
            "message",
            f"a message with more than {MAX_PAYLOAD} numbers is not compiled",
            ctx.loc,
            "leave some out",
        )
    cls, message = error.abstract.tag  # type: ignore[attr-defined]
    return exception_name(ctx, cls), message, *error.parts


def attribute(ctx: Context, error: Rep, name: str) -> Rep:
    """`e.args`."""
    if name != "args":
        raise unsupported(
            "attribute",
            f"attribute {name} of {error.abstract} is not compiled",
            ctx.loc,
            "give the number as an argument, and read it as e.args[0]",
        )
    kinds = _kinds(error)
    result = _arguments(ctx, kinds[0])
    for kind in kinds[1:]:
        number = Const(I64, ctx.engine.exception_number(kind.abstract))
        result = ctx.select(ctx.emit("eq", error.parts[-1], number), _arguments(ctx, kind), result)
    return result


def text(ctx: Context, error: Rep) -> Rep:
    """`str(e)` of an exception with one argument, or none."""
    if all(kind.cls.__str__ is BaseException.__str__ for kind in exceptions_in(error.abstract)):
        arguments = attribute(ctx, error, "args").items()
        if not arguments:
            return known("")
        item = arguments[0]
        if len(arguments) == 1 and (isinstance(item.abstract, Text) or _is_text(item)):
            return item
        if len(arguments) == 1 and isinstance(item.abstract, Number) and item.abstract.type in PLAIN:
            return Rep(Text([item.abstract], "{0}"), item.parts)
    raise unsupported("message", f"the text of {error.abstract} is not compiled", ctx.loc, "use e.args")


def _is_text(rep: Rep) -> bool:
    return isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str)


def _arguments(ctx: Context, error: Rep) -> Rep:
    """The tuple `args` of an exception of one kind."""
    kind = error.abstract
    assert isinstance(kind, Exceptional)
    cls, message = kind.tag
    if not isinstance(cls, type):
        return known(cls.args)
    if any(isinstance(getattr(cls, name), FunctionType) for name in ("__init__", "__new__")):
        raise unsupported(
            "attribute",
            f"the arguments of {kind}, which has a constructor of its own, are not known inside",
            ctx.loc,
            "take the constructor away, or keep the number in a variable",
        )
    return compound(TupleOf, [_argument(entry, error) for entry in entries_of(message)])


def _argument(entry: object, error: Rep) -> Rep:
    items: Sequence[Rep] = error.items()
    if isinstance(entry, str):
        if not items or "{" not in entry.replace("{{", ""):
            return known(entry.format())
        return compound(Text, items, entry)
    if entry is None:
        return known(None)
    if isinstance(entry, tuple):
        return scalar(items[entry[0]].parts[0], TRUE)
    assert isinstance(entry, int) and isinstance(items[entry].abstract, Number)
    return items[entry]
