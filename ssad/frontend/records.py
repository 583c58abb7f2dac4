"""Instances of classes that come in as arguments or are made inside, and named tuples: attributes, methods,
operators and constructors, found on the class as Python finds them.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from types import FunctionType, SimpleNamespace
from typing import Any

from ssad.errors import SsadError
from ssad.frontend import choices, instances
from ssad.frontend.abstract import Known, NamedTupleOf, ObjectOf, OneOf, PartialOf, RecordOf, TupleOf
from ssad.frontend.binding import bind
from ssad.frontend.captures import MISSING, Origin, class_attribute
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Dead, Rep, compound, known
from ssad.frontend.lift import REQUIRED, Param
from ssad.frontend.outside import outside_value
from ssad.trees import is_named_tuple, is_record

BINARY = {
    **{"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow"},
    **{"@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor"},
}
COMPARE = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
REFLECTED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
UNARY = {"-": "neg", "+": "pos", "~": "invert"}


def class_of(rep: Rep) -> type | None:
    """The class that a value is an instance of, where it may define what operators do."""
    kind = rep.abstract
    return kind.made_of[0] if isinstance(kind, RecordOf | NamedTupleOf | ObjectOf) else None


def method(rep: Rep, name: str) -> FunctionType | None:
    """The plain function that the class of a value has for a special method; None where it has none."""
    cls = class_of(rep)
    found = None if cls is None else class_attribute(cls, name)
    return found if isinstance(found, FunctionType) else None


def call_method(ctx: Context, rep: Rep, name: str, *args: Rep) -> Rep | None:
    """The result of a special method, None where the class has none or it returns NotImplemented."""
    if isinstance(rep.abstract, OneOf):
        return _call_one_of(ctx, rep, name, *args)
    found = method(rep, name)
    if found is None:
        return None
    if name == "__eq__" and _is_generated(found):
        return _equal_fields(ctx, rep, *args)
    result = _apply(ctx, known(found), [rep, *args])
    declined = isinstance(result.abstract, Known) and result.abstract.object is NotImplemented
    return None if declined else result


def _call_one_of(ctx: Context, rep: Rep, name: str, *args: Rep) -> Rep | None:
    """The special method of what may be an object of several classes; None unless all of them have it."""
    if any(method(item, name) is None for item in rep.items()):
        return None

    def of(one: Rep) -> Rep:
        result = call_method(ctx, one, name, *args)
        if result is None:
            raise unsupported(
                "call", f"{name} of {one.abstract} declines", ctx.loc, "choose with an `if` statement"
            )
        return result

    return choices.each(ctx, rep, of)


def _equal_fields(ctx: Context, a: Rep, b: Rep) -> Rep | None:
    """The `__eq__` that a dataclass is given; its text is another one in each version of Python."""
    from ssad.frontend.comparisons import compare as compared

    cls = class_of(a)
    if cls is not class_of(b):
        return None
    wanted = [field.name for field in dataclasses.fields(cls) if field.compare]  # type: ignore[arg-type]
    sides = [[_attribute_of(ctx, x, name) for name in wanted] for x in (a, b)]
    return compared(ctx, "==", *(compound(TupleOf, side) for side in sides))


def _attribute_of(ctx: Context, rep: Rep, name: str) -> Rep:
    """An attribute of an object that has it."""
    if isinstance(rep.abstract, ObjectOf):
        value = instances.own(ctx, rep, name)
    else:
        value = dict(zip(rep.abstract.made_of[1], rep.items(), strict=True)).get(name)  # type: ignore[attr-defined]
    if value is None:
        raise Dead("AttributeError", f"'{rep.abstract}' object has no attribute '{name}'", ())
    return value


def _apply(ctx: Context, callee: Rep, args: list[Rep], keywords: dict[str, Rep] | None = None) -> Rep:
    from ssad.frontend.calls import apply

    return apply(ctx, callee, args, keywords or {})


# Attributes


def attribute(ctx: Context, rep: Rep, name: str) -> Rep:
    """`x.name`."""
    kind = rep.abstract
    assert isinstance(kind, RecordOf | NamedTupleOf | ObjectOf)
    cls, names = kind.made_of
    mine = instances.own(ctx, rep, name) if isinstance(kind, ObjectOf) else None
    if mine is not None:
        return mine
    if name in names:
        return rep.items()[names.index(name)]
    if name == "__class__":
        return known(cls)
    found = class_attribute(cls, name)
    if found is MISSING:
        if hasattr(cls, "__getattr__"):
            raise _refused(ctx, cls, name, "it is made up by __getattr__")
        if isinstance(kind, ObjectOf):
            instances.lacking(ctx, rep, name)
        raise untypable("name", f"a {cls.__name__} has no attribute {name}", ctx.loc)
    if isinstance(kind, NamedTupleOf) and name in ("_replace", "_asdict") and name not in vars(cls):
        raise _refused(ctx, cls, name, "it is not the named tuple's own")
    if isinstance(kind, NamedTupleOf) and name == "_replace":
        return compound(PartialOf, [known(replaced), rep], ())
    if isinstance(found, property):
        return _apply(ctx, known(found.fget), [rep])
    if isinstance(found, functools.cached_property):
        return _apply(ctx, known(found.func), [rep])
    if isinstance(found, classmethod):
        return compound(PartialOf, [known(found.__func__), known(cls)], ())
    if isinstance(found, staticmethod):
        return known(found.__func__)
    if isinstance(found, FunctionType) or getattr(found, "__ssad__", False) is True:
        return compound(PartialOf, [known(found), rep], ())
    if hasattr(type(found), "__get__"):
        raise _refused(ctx, cls, name, f"it is a {type(found).__name__}")
    return outside_value(ctx, found, Origin("attribute", cls, name))


def _refused(ctx: Context, cls: type, name: str, why: str) -> SsadError:
    cause = f"attribute {name} of a {cls.__name__} is not compiled: {why}"
    return unsupported("attribute", cause, ctx.loc, "pass what it gives as an argument")


# Operators


def binary(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep | None:
    """`a symbol b` by what the classes define; None where they define nothing."""
    name = BINARY[symbol]
    return _in_turn(ctx, a, f"__{name}__", b, f"__r{name}__")


def inplace(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep | None:
    """`a symbol= b` by what the class of `a` defines for that; None where it defines nothing."""
    return call_method(ctx, a, f"__i{BINARY[symbol]}__", b)


def compare(ctx: Context, symbol: str, a: Rep, b: Rep) -> Rep | None:
    """A comparison by what the classes define; None where they define nothing."""
    result = _in_turn(ctx, a, f"__{COMPARE[symbol]}__", b, f"__{COMPARE[REFLECTED[symbol]]}__", same=True)
    if result is None and symbol == "!=":
        from ssad.frontend.comparisons import truth
        from ssad.frontend.promotion import plain_bool

        equal = compare(ctx, "==", a, b)
        return None if equal is None else plain_bool(ctx.not_(truth(ctx, equal)))
    return result


def _in_turn(ctx: Context, a: Rep, name: str, b: Rep, reflected: str, same: bool = False) -> Rep | None:
    """The method of `a`, then the reflected one of `b`; of a subclass that has its own the latter first."""
    p, q = class_of(a), class_of(b)
    turns = [(a, name, b), (b, reflected, a)]
    own = same or method(a, reflected) is not method(b, reflected)
    if p is q and not same:
        turns.pop()
    elif p is not None and q is not None and p is not q and issubclass(q, p) and own:
        turns.reverse()
    for owner, special, other in turns:
        result = call_method(ctx, owner, special, other)
        if result is not None:
            return result
    return None


def unary(ctx: Context, symbol: str, a: Rep) -> Rep | None:
    """`-a`, `+a`, `~a` by what the class defines."""
    return call_method(ctx, a, f"__{UNARY[symbol]}__")


SPECIAL: dict[Any, str] = {
    **{abs: "__abs__", len: "__len__", float: "__float__", int: "__int__", round: "__round__"},
    **{math.floor: "__floor__", math.ceil: "__ceil__", math.trunc: "__trunc__"},
}
"""What the builtins ask a class for."""


def builtin(ctx: Context, fn: Any, args: Sequence[Rep]) -> Rep | None:
    """A builtin function of an object whose class says what it is; None where it does not."""
    if not args or (class_of(args[0]) is None and not isinstance(args[0].abstract, OneOf)):
        return None
    if fn is type and len(args) == 1 and class_of(args[0]) is not None:
        return known(class_of(args[0]))
    name = SPECIAL.get(fn) if fn.__hash__ else None
    return None if name is None else call_method(ctx, args[0], name, *args[1:])


# Constructors


def construct(ctx: Context, cls: type, args: Sequence[Rep], keywords: dict[str, Rep]) -> Rep | None:
    """`cls(...)` of named tuples, dataclasses and classes without a constructor; None for all others."""
    if is_named_tuple(cls):
        return _named_tuple(ctx, cls, args, keywords)
    if cls is SimpleNamespace and not args:
        return _made(ctx, cls, keywords)
    if not is_record(cls):
        return None
    init = class_attribute(cls, "__init__")
    if dataclasses.is_dataclass(cls) and _is_generated(init):
        return _dataclass(ctx, cls, args, keywords)
    if init is object.__init__ and not args and not keywords:
        return instances.make(ctx, cls, {})
    if not isinstance(init, FunctionType):
        return None
    made = instances.make(ctx, cls, {})
    _apply(ctx, known(init), [made, *args], keywords)
    return made


def _made(ctx: Context, cls: type, values: dict[str, Rep]) -> Rep:
    if ctx.engine.sites.is_mutable(cls):
        return instances.make(ctx, cls, values)
    return compound(RecordOf, list(values.values()), (cls, tuple(values)))


def _is_generated(fn: object) -> bool:
    return isinstance(fn, FunctionType) and fn.__code__.co_filename == "<string>"


def _named_tuple(ctx: Context, cls: Any, args: Sequence[Rep], keywords: dict[str, Rep]) -> Rep:
    if not _is_generated(cls.__new__):
        cause = f"{cls.__name__} has a __new__ of its own: not compiled"
        raise unsupported("call", cause, ctx.loc, "write a function that makes one")
    params = [Param(name, "positional", cls._field_defaults.get(name, REQUIRED)) for name in cls._fields]

    def default(param: Param) -> Rep | None:
        if param.default is REQUIRED:
            return None
        return outside_value(ctx, param.default, Origin("item", cls._field_defaults, param.name, param.name))

    return compound(NamedTupleOf, bind(params, args, keywords, default, cls.__name__, ctx.loc), cls)


def _dataclass(ctx: Context, cls: Any, args: Sequence[Rep], keywords: dict[str, Rep]) -> Rep:
    """A dataclass by its generated `__init__`, then its `__post_init__`."""
    fields = dataclasses.fields(cls)
    if len(fields) != sum(f._field_type is not dataclasses._FIELD_CLASSVAR for f in _all_fields(cls)):  # type: ignore[attr-defined]
        cause = f"{cls.__name__} has an InitVar: not compiled"
        raise unsupported("call", cause, ctx.loc, "make it a field, or write a function that makes one")
    ordered = sorted((f for f in fields if f.init), key=lambda f: bool(f.kw_only))
    params = [Param(f.name, "keyword" if f.kw_only else "positional") for f in ordered]
    by_name = {f.name: f for f in fields}

    def default(param: Param) -> Rep | None:
        return _field_default(ctx, cls, by_name[param.name])

    given = bind(params, args, keywords, default, cls.__name__, ctx.loc)
    values = {param.name: rep for param, rep in zip(params, given, strict=True)}
    for field in fields:
        if field.name not in values:
            value = _field_default(ctx, cls, field)
            if value is not None:
                values[field.name] = value
    made = _made(ctx, cls, {f.name: values[f.name] for f in fields if f.name in values})
    call_method(ctx, made, "__post_init__")
    return made


def _all_fields(cls: Any) -> Sequence[Any]:
    return [*cls.__dataclass_fields__.values()]


def _field_default(ctx: Context, cls: type, field: Any) -> Rep | None:
    if field.default is not dataclasses.MISSING:
        return outside_value(ctx, field.default, Origin("attribute", field, "default"))
    if field.default_factory is not dataclasses.MISSING:
        return _apply(ctx, known(field.default_factory), [])
    return None


def replaced(ctx: Context, args: Sequence[Rep], changes: dict[str, Rep]) -> Rep:
    """`p._replace(...)`, `dataclasses.replace(x, ...)`."""
    if len(args) != 1 or class_of(args[0]) is None:
        raise untypable("bind", "replace takes one dataclass or named tuple, and fields by name", ctx.loc)
    (rep,) = args
    kind = rep.abstract
    if isinstance(kind, ObjectOf):
        cause = f"replace of a {kind} whose attributes are assigned is not compiled"
        raise unsupported("call", cause, ctx.loc, "call the class")
    assert isinstance(kind, RecordOf | NamedTupleOf)
    cls, names = kind.made_of
    for name in changes:
        if name not in names:
            raise untypable("bind", f"a {cls.__name__} has no field called {name}", ctx.loc)
    old = dict(zip(names, rep.items(), strict=True))
    if isinstance(kind, NamedTupleOf):
        return compound(NamedTupleOf, [changes.get(name, old[name]) for name in names], cls)
    for field in dataclasses.fields(cls):
        if not field.init:
            if field.name in changes:
                cause = f"field {field.name} of {cls.__name__} is declared with init=False"
                raise untypable("bind", cause, ctx.loc)
            del old[field.name]
    made = construct(ctx, cls, [], old | changes)
    if made is None:
        cause = f"dataclasses.replace of a {cls.__name__}, which has its own __init__, is not compiled"
        raise unsupported("call", cause, ctx.loc, "call the class")
    return made
