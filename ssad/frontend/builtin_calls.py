"""Python's builtin functions, those of `math` that are no primitive, and methods: one handler each."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.frontend import (
    choices,
    complex_arrays,
    complexes,
    dicts,
    generators,
    iteration,
    lists,
    reductions,
    texts,
)
from ssad.frontend.abstract import (
    DTYPES,
    MIXED,
    NUMPY,
    PYTHON,
    Abstract,
    ArrayOf,
    Closure,
    ComplexArrayOf,
    ComplexOf,
    DictOf,
    Exceptional,
    GeneratorOf,
    Known,
    ListOf,
    MaybeNone,
    MemoryList,
    NamedTupleOf,
    Number,
    ObjectOf,
    OneOf,
    PartialOf,
    RangeOf,
    RecordOf,
    Several,
    Text,
    TupleOf,
)
from ssad.frontend.caught import is_of, text
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.comparisons import compare, count_in, index_in, truth
from ssad.frontend.context import FALSE, TRUE, Context, Rep, known, scalar
from ssad.frontend.conversion import element_value, round_, rounded, to_bool, to_float, to_int
from ssad.frontend.indexing import copy_of, subscript
from ssad.frontend.managers import issubclass_
from ssad.frontend.nothing import there, value_of
from ssad.frontend.operators import absolute, binary, divmod_, unary
from ssad.frontend.promotion import numeric, plain_bool
from ssad.frontend.scalar_calls import math_fabs, math_pow, sign
from ssad.frontend.sequences import length
from ssad.ir.core import Op, Value
from ssad.ir.types import BOOL, F64, I64, Scalar


class Handler:
    """How a callable is compiled: `run(ctx, *arguments)`, and the names of its parameters.

    Names in `optional` may be left out (None is passed); `*` takes any number of arguments as one list.
    """

    def __init__(self, run: Callable[..., Rep], names: str, optional: str = "") -> None:
        self.run = run
        self.names = names.split()
        self.optional = optional.split()

    def bind(self, ctx: Context, name: str, args: Sequence[Rep], keywords: dict[str, Rep]) -> list[Any]:
        """The arguments in the order of the parameters. Raises TypingError, or UnsupportedError for unknown
        names.
        """
        names = [*self.names, *self.optional]
        for keyword in keywords:
            if keyword not in names:
                raise unsupported(
                    "call", f"the argument {keyword} of {name} is not compiled", ctx.loc, "leave it out"
                )
        if self.names == ["*"]:
            return [list(args), *[keywords.get(name) for name in self.optional]]
        if len(args) > len(names):
            raise untypable(
                "bind", f"{name} takes {len(names)} arguments, but {len(args)} were given", ctx.loc
            )
        bound = dict(zip(names, args, strict=False))
        for keyword, rep in keywords.items():
            if keyword in bound:
                raise untypable("bind", f"{name} got two values for {keyword}", ctx.loc)
            bound[keyword] = rep
        missing = [n for n in self.names if n not in bound]
        if missing:
            raise untypable("bind", f"{name} lacks the argument {missing[0]}", ctx.loc)
        return [bound.get(n) for n in names]


def _pow(ctx: Context, base: Rep, exp: Rep, mod: Rep | None) -> Rep:
    if mod is not None and not _is_none(mod):
        raise unsupported("call", "pow with a modulus is not compiled", ctx.loc, "write it as a loop")
    return power_of(ctx, base, exp)


def power_of(ctx: Context, base: Rep, exp: Rep) -> Rep:
    """`pow(base, exp)`."""
    if not (complexes.is_scalar(base) and complexes.is_scalar(exp)):
        base, exp = numeric(ctx, base, "the base of pow"), numeric(ctx, exp, "the exponent of pow")
    return binary(ctx, "**", base, exp)


def _is_none(rep: Rep) -> bool:
    return isinstance(rep.abstract, Known) and rep.abstract.object is None


def _round(ctx: Context, number: Rep, ndigits: Rep | None) -> Rep:
    return round_(ctx, [number] if ndigits is None else [number, ndigits])


def _int(ctx: Context, x: Rep | None) -> Rep:
    return known(0) if x is None else to_int(ctx, x)


def _float(ctx: Context, x: Rep | None) -> Rep:
    return known(0.0) if x is None else to_float(ctx, x)


def _bool(ctx: Context, x: Rep | None) -> Rep:
    return known(False) if x is None else to_bool(ctx, x)


def _complex(ctx: Context, real: Rep | None, imag: Rep | None) -> Rep:
    return complexes.make(ctx, "complex", real, imag, FALSE)


def _representative(number: Number, numpy: bool) -> type:
    if numpy:
        return DTYPES[number.numpy_type].type
    return {F64: float, I64: int, BOOL: bool}[number.python_type]


def _str(ctx: Context, rep: Rep) -> Rep:
    """`str(x)` of what is text already, or has a text of its own."""
    if isinstance(rep.abstract, Exceptional | Several):
        return text(ctx, rep)
    if isinstance(rep.abstract, Text) or (
        isinstance(rep.abstract, Known) and isinstance(rep.abstract.object, str)
    ):
        return rep
    raise unsupported("call", f"str of {rep.abstract} is not compiled", ctx.loc, "write it as an f-string")


def isinstance_(ctx: Context, rep: Rep, classes: Rep) -> Rep:
    """`isinstance(x, classes)`."""
    wanted = classes.abstract
    kinds = _classes(wanted)
    kind = rep.abstract
    if isinstance(kind, OneOf):
        return choices.each(ctx, rep, lambda one: isinstance_(ctx, one, classes))
    if isinstance(kind, MaybeNone):
        if kinds is type(None) or (isinstance(kinds, tuple) and type(None) in kinds):
            none = ctx.not_(there(rep))
        else:
            none = FALSE
        rest = isinstance_(ctx, value_of(rep), classes).parts[0]
        return plain_bool(ctx.or_(none, ctx.and_(there(rep), rest)))
    try:
        if isinstance(kind, ComplexOf):
            complexes.need_sure(ctx, "isinstance", rep)
        if isinstance(kind, Number):
            answers = [issubclass(_representative(kind, numpy), kinds) for numpy in (False, True)]
            if any(issubclass(_OWN[type_], kinds) is not answers[0] for type_ in kind.narrower):
                raise unsupported(
                    "value",
                    f"isinstance of a number that is {_names(kind)} by its path differs between them",
                    ctx.loc,
                    "convert it where it is assigned, for example with float(...)",
                )
            if kind.flavour is MIXED and answers[0] is not answers[1]:
                return plain_bool(rep.parts[1] if answers[1] else ctx.not_(rep.parts[1]))
            return known(answers[1 if kind.flavour is NUMPY else 0])
        if isinstance(kind, ComplexOf) and kind.flavour is not MIXED:
            return known(issubclass(np.complex128 if kind.flavour is NUMPY else complex, kinds))
        if isinstance(kind, Known):
            return known(isinstance(kind.object, kinds))
        if isinstance(kind, Exceptional | Several):
            return plain_bool(is_of(ctx, rep, kinds))
        own = {
            ArrayOf: np.ndarray,
            ComplexArrayOf: np.ndarray,
            DictOf: dict,
            TupleOf: tuple,
            ListOf: list,
            MemoryList: list,
            RangeOf: range,
            Text: str,
            Closure: type(_pow),
        }
        if isinstance(kind, RecordOf | NamedTupleOf | ObjectOf):
            return known(issubclass(kind.made_of[0], kinds))
        if type(kind) in own:
            return known(issubclass(own[type(kind)], kinds))
    except TypeError:
        pass
    raise unsupported("call", f"isinstance of {kind} and {wanted} is not compiled", ctx.loc)


def _classes(wanted: Abstract) -> Any:
    """The class that is meant, or tuple of them, tuples in tuples included; None for anything else."""
    if isinstance(wanted, Known):
        return wanted.object
    if not isinstance(wanted, TupleOf):
        return None
    kinds = tuple(map(_classes, wanted.items))
    return None if None in kinds else kinds


def _iter(ctx: Context, x: Rep) -> Rep:
    """`iter(x)`: of a generator it is itself; in an `__iter__` that returns it, it goes to one loop only.

    Of what has items by number it is a generator of them: both end for good, and see a list grow.
    """
    if isinstance(x.abstract, GeneratorOf):
        return x
    assert ctx.instance is not None and ctx.op is not None and ctx.op.result is not None
    uses = ctx.engine.uses(ctx.instance.lifted)
    users = [user for user, _ in uses.by.get(ctx.op.result, ())]
    own = ctx.instance.lifted.function.name.endswith("__iter__")
    if own and not uses.into.get(ctx.op.result) and all(not isinstance(user, Op) for user in users):
        return iteration.iterable(ctx, x)
    if isinstance(x.abstract, TupleOf | ListOf | MemoryList | RangeOf | ArrayOf):
        return lists.by_library(ctx, "iterated", x)
    raise unsupported(
        "call", f"an iterator of {x.abstract} is not compiled", ctx.loc, "loop over it, or index it"
    )


_OWN: dict[Scalar, type] = {BOOL: bool, I64: int, F64: float}


def _names(kind: Number) -> str:
    types = sorted({kind.python_type, *kind.narrower}, key=list(_OWN).index)
    return " or ".join(_OWN[type_].__name__ for type_ in types)


def _callable(ctx: Context, rep: Rep) -> Rep:
    kind = rep.abstract
    function = isinstance(kind, Closure | PartialOf | OneOf)
    return known(function or (isinstance(kind, Known) and callable(kind.object)))


def _operator(symbol: str) -> Handler:
    return Handler(lambda ctx, a, b: binary(ctx, symbol, a, b), "a b")


def _comparison(symbol: str) -> Handler:
    return Handler(lambda ctx, a, b: compare(ctx, symbol, a, b), "a b")


BUILTINS: dict[Any, Handler] = {
    abs: Handler(absolute, "x"),
    min: Handler(reductions.extreme("<", "min"), "*", "key default"),
    max: Handler(reductions.extreme(">", "max"), "*", "key default"),
    round: Handler(_round, "number", "ndigits"),
    int: Handler(_int, "", "x"),
    float: Handler(_float, "", "x"),
    bool: Handler(_bool, "", "x"),
    complex: Handler(_complex, "", "real imag"),
    np.complex128: Handler(
        lambda ctx, real, imag: complexes.make(ctx, "np.complex128", real, imag, TRUE), "", "real imag"
    ),
    pow: Handler(_pow, "base exp", "mod"),
    divmod: Handler(divmod_, "x y"),
    len: Handler(length, "x"),
    range: Handler(iteration.range_, "*"),
    enumerate: Handler(
        lambda ctx, x, start: iteration.enumerate_(ctx, [x] if start is None else [x, start]),
        "iterable",
        "start",
    ),
    zip: Handler(iteration.zip_, "*", "strict"),
    itertools.chain: Handler(iteration.chain, "*"),
    next: Handler(generators.next_, "iterator", "default"),
    map: Handler(iteration.map_, "*"),
    any: Handler(reductions.any_, "items"),
    all: Handler(reductions.all_, "items"),
    iter: Handler(_iter, "object"),
    list: Handler(reductions.list_, "", "items"),
    sorted: Handler(reductions.sorted_, "items", "key reverse"),
    reversed: Handler(lambda ctx, x: iteration.reversed_(ctx, [x]), "x"),
    sum: Handler(reductions.sum_, "items", "start"),
    tuple: Handler(reductions.tuple_, "", "items"),
    isinstance: Handler(isinstance_, "x classes"),
    issubclass: Handler(issubclass_, "cls classes"),
    str: Handler(_str, "x"),
    callable: Handler(_callable, "x"),
    math.floor: Handler(lambda ctx, x: rounded(ctx, "floor", x), "x"),
    math.ceil: Handler(lambda ctx, x: rounded(ctx, "ceil", x), "x"),
    math.trunc: Handler(lambda ctx, x: rounded(ctx, "trunc", x), "x"),
    math.pow: Handler(math_pow, "x y"),
    math.fabs: Handler(math_fabs, "x"),
    np.sign: Handler(sign, "x"),
    operator.neg: Handler(lambda ctx, x: unary(ctx, "-", x), "x"),
    operator.pos: Handler(lambda ctx, x: unary(ctx, "+", x), "x"),
    operator.invert: Handler(lambda ctx, x: unary(ctx, "~", x), "x"),
    operator.abs: Handler(absolute, "x"),
    operator.truth: Handler(lambda ctx, x: plain_bool(truth(ctx, x)), "x"),
    operator.not_: Handler(lambda ctx, x: plain_bool(ctx.not_(truth(ctx, x))), "x"),
    operator.and_: _operator("&"),
    operator.or_: _operator("|"),
    operator.xor: _operator("^"),
    operator.lshift: _operator("<<"),
    operator.rshift: _operator(">>"),
    operator.getitem: Handler(subscript, "container index"),
    operator.contains: Handler(lambda ctx, items, x: compare(ctx, "in", x, items), "items x"),
    operator.is_: _comparison("is"),
    operator.is_not: _comparison("is not"),
    operator.add: _operator("+"),
    operator.sub: _operator("-"),
    operator.mul: _operator("*"),
    operator.truediv: _operator("/"),
    operator.floordiv: _operator("//"),
    operator.mod: _operator("%"),
    operator.pow: _operator("**"),
    operator.lt: _comparison("<"),
    operator.le: _comparison("<="),
    operator.gt: _comparison(">"),
    operator.ge: _comparison(">="),
    operator.eq: _comparison("=="),
    operator.ne: _comparison("!="),
}


# Methods


def _copy(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    _no_arguments(ctx, "copy", args)
    assert isinstance(rep.abstract, ArrayOf | ComplexArrayOf)
    return complex_arrays.alike(rep.abstract, copy_of(ctx, rep.parts[0]))


def _fill(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    if len(args) != 1:
        raise untypable("bind", "fill takes 1 argument", ctx.loc)
    kind = rep.abstract
    if isinstance(kind, ComplexArrayOf):
        complex_arrays.fill(ctx, rep.parts[0], args[0])
        return known(None)
    assert isinstance(kind, ArrayOf)
    ctx.emit("fill", rep.parts[0], element_value(ctx, args[0], kind.elem))
    return known(None)


def _item(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    if isinstance(rep.abstract, ComplexOf):
        _no_arguments(ctx, "item", args)
        return complexes.complex_rep(*complexes.pair(rep))
    if not isinstance(rep.abstract, Number):
        raise unsupported("call", "item of an array is not compiled", ctx.loc, "index the array: x[i]")
    _no_arguments(ctx, "item", args)
    value = rep.parts[0]
    if rep.abstract.flavour is PYTHON:
        raise untypable("name", f"{rep.abstract} has no attribute item", ctx.loc)
    if value.type is BOOL:
        return scalar(value)
    return to_float(ctx, rep) if rep.abstract.type.is_float else to_int(ctx, rep)


def _is_integer(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    _no_arguments(ctx, "is_integer", args)
    value: Value = rep.parts[0]
    if not rep.abstract.type.is_float:  # type: ignore[attr-defined]
        return known(True)
    whole = ctx.emit("eq", ctx.emit("floor", value), value)
    return plain_bool(ctx.and_(whole, ctx.emit("isfinite", value)))


def _conjugate(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    _no_arguments(ctx, "conjugate", args)
    return complexes.conjugate(ctx, rep) if isinstance(rep.abstract, ComplexOf) else unary(ctx, "+", rep)


def _get(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    if not 1 <= len(args) <= 2:
        raise untypable("bind", "get takes 1 or 2 arguments", ctx.loc)
    return dicts.get(ctx, rep, args[0], args[1] if len(args) > 1 else known(None))


def _tolist(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    _no_arguments(ctx, "tolist", args)
    return lists.by_library(ctx, "to_list", rep)


def _update(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
    dicts.update(ctx, rep, args)
    return known(None)


def _view(which: str) -> Callable[[Context, Rep, list[Rep]], Rep]:
    def run(ctx: Context, rep: Rep, args: list[Rep]) -> Rep:
        _no_arguments(ctx, which, args)
        return dicts.view(ctx, rep, which)

    return run


def _no_arguments(ctx: Context, name: str, args: list[Rep]) -> None:
    if args:
        raise unsupported("call", f"arguments of {name} are not compiled", ctx.loc, "leave them out")


METHODS: dict[str, Callable[[Context, Rep, list[Rep]], Rep]] = {
    **texts.METHODS,
    "tolist": _tolist,
    "copy": _copy,
    "fill": _fill,
    "item": _item,
    "is_integer": _is_integer,
    "conj": _conjugate,
    "conjugate": _conjugate,
    "get": _get,
    "count": count_in,
    "index": index_in,
    "pop": dicts.pop,
    "setdefault": dicts.setdefault,
    "update": _update,
    **{which: _view(which) for which in dicts.VIEWS},
}
