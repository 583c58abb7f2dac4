"""From lifted to typed IR: the types by fixpoint, then the same handlers once more to write machine ops."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ssad.errors import SsadError
from ssad.frontend.abstract import (
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    Known,
    ListedOf,
    ListOf,
    MaybeNone,
    MemoryList,
    Number,
    ObjectOf,
    TreeOf,
    TupleOf,
    without_constants,
)
from ssad.frontend.arguments import abstract_of
from ssad.frontend.binding import POSITIONAL, bind
from ssad.frontend.captures import Capture, Guard
from ssad.frontend.choices import is_chosen, leads_on
from ssad.frontend.codes import unsupported
from ssad.frontend.context import Context
from ssad.frontend.custom import through_the_door
from ssad.frontend.engine import Differentiate, Engine, Instance
from ssad.frontend.handover import Change
from ssad.frontend.joins import is_constant
from ssad.frontend.lift import Lifted
from ssad.frontend.outside import default_value
from ssad.frontend.places import Widened
from ssad.frontend.refusals import refusal
from ssad.frontend.shapes import placeholder, represent
from ssad.ir.core import Location, Module


@dataclass(frozen=True)
class Typed:
    """A typed module, and what its door must know about it.

    `params` are the abstract arguments, `captures` the arrays that the program finds outside: their parts,
    in order, are the main function's parameters (a number known at compile time has none). `result` is the
    Python type of what is returned; its parts are the results. `guards` are the outside objects taken for
    constants. `changes` is what the function changes of the caller's objects, `after` the values that they
    have then, whose parts are further results.
    """

    module: Module
    params: tuple[Abstract, ...]
    result: Abstract
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    changes: tuple[Change, ...] = ()
    after: tuple[Abstract, ...] = ()

    def valid(self) -> bool:
        """Whether what was taken for constant outside the function still is what it was."""
        for guard in self.guards:
            if not guard.holds():
                return False
        return all(abstract_of(capture.origin.read()) == capture.abstract for capture in self.captures)


def infer(
    fn: Any,
    arguments: Sequence[Abstract],
    *,
    error_model: str = "python",
    differentiate: Differentiate | None = None,
    lifted: Sequence[Lifted] = (),
) -> Typed:
    """Type `fn` for these arguments; missing ones take their defaults.

    One typed function is made per (Python function, what it captures, abstract argument types). Blocks that
    no branch can lead to are neither typed nor written. `error_model="numpy"` leaves out the checks of
    domains and of zero divisors. `differentiate` makes the tangents of functions whose derivative is called
    inside. `lifted` are functions that have been lifted already. Raises UnsupportedError and TypingError.
    """
    engine = Engine(error_model, differentiate, lifted)
    failure: SsadError | None = None
    try:
        typed = _until_settled(engine, fn, arguments)
        if not leads_on(typed.result) and not is_chosen(typed.result):
            return typed
    except SsadError as error:
        failure = error
    through = through_the_door(fn)

    def attempt(changed: set[type]) -> Typed:
        nonlocal engine
        engine = Engine(error_model, differentiate)
        engine.changed_outside |= changed
        return _apart(engine, _until_settled(engine, through, arguments))

    tried: set[type] = set()
    while failure is None or engine.changed_outside != tried:
        tried = set(engine.changed_outside)
        try:
            return attempt(tried)
        except SsadError as error:
            failure = error
    if list not in tried and any(map(_has_list, arguments)):
        with suppress(SsadError):  # lists of several lengths are one kind of memory
            return attempt(tried | {list})
    raise failure


def _has_list(argument: Abstract) -> bool:
    return isinstance(argument, ListOf) or any(map(_has_list, argument.children()))


def _until_settled(engine: Engine, fn: object, arguments: Sequence[Abstract]) -> Typed:
    while True:
        try:
            return _infer(engine, fn, arguments)
        except Widened as news:
            engine.start_again(news.anew)


def _apart(engine: Engine, typed: Typed) -> Typed:
    """What comes through the door: the result, and behind it what has become of the caller's objects."""
    if not isinstance(typed.result, TupleOf):  # it always raises
        return typed
    result, after = typed.result.items
    assert isinstance(after, TupleOf)
    return replace(typed, result=result, changes=tuple(engine.handed_back), after=after.items)


def _infer(engine: Engine, fn: object, arguments: Sequence[Abstract]) -> Typed:
    lifted = engine.lifted(fn)
    place = lifted.function.loc
    if lifted.generator:
        raise refusal("generator_result", place)
    reps = [represent(a, placeholder) for a in arguments]
    ctx = Context(engine, None)
    name, count = lifted.function.name, sum(p.kind in POSITIONAL for p in lifted.params)
    keywords = {}
    kinds = {p.kind for p in lifted.params}
    if len(reps) <= len(lifted.params) and not kinds & {"star", "double star"}:
        # arguments come in the order of the parameters, whatever their kind
        keywords = {p.name: rep for p, rep in zip(lifted.params[count:], reps[count:], strict=False)}
        reps = reps[:count]
    bound = bind(lifted.params, reps, keywords, lambda p: default_value(ctx, lifted, p), name, place)
    instance = _in_rounds(engine, lifted, [rep.abstract for rep in bound])
    if instance.result is not None:
        instance.result = without_constants(instance.result)
    result = instance.result or Known(None)  # None: it always raises
    _refuse_result(result, place)
    engine.function_of(instance)
    return Typed(
        engine.module,
        instance.arguments,
        result,
        tuple(instance.captures.values()),
        tuple(engine.guards.values()),
    )


def _in_rounds(engine: Engine, lifted: Lifted, arguments: Sequence[Abstract]) -> Instance:
    """Type the main function until nothing new is found of what memory holds. An error counts in the last
    round only: before, it may come of what was not yet known."""
    place = lifted.function.loc
    while True:
        try:
            instance = engine.instance(lifted, (), arguments, place)
        except SsadError:
            if not engine.sites.grown(place):
                raise
        else:
            if not engine.sites.grown(place):
                return instance
        if engine.outgrown():
            raise Widened
        engine.again()


def _is_object(result: Abstract) -> bool:
    """Whether it is an object known at compile time, or one of several constants."""
    return isinstance(result, Known) or is_constant(result)


def _refuse_result(result: Abstract, place: Location | None) -> None:
    """Refuse what has no way out of native code: all but numbers, arrays, strings, None, and their tuples."""
    if isinstance(result, ObjectOf | MemoryList | ListedOf):
        return  # what it holds will be the result
    if isinstance(result, TreeOf):
        for item in result.items:
            _refuse_result(item, place)
    elif isinstance(result, MaybeNone):
        _refuse_result(result.of, place)
    elif not isinstance(result, Number | ComplexOf | ArrayOf | ComplexArrayOf) and not _is_object(result):
        raise unsupported(
            "value",
            f"this function returns a {result}, which is not compiled yet",
            place,
            "return numbers, arrays, or a tuple of them",
        )
