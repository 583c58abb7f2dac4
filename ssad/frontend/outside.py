"""Objects that a function finds outside itself, as values of the compiled program."""

from __future__ import annotations

import enum
import sys
from types import FunctionType, ModuleType
from typing import Any, TypeGuard

import numpy as np

from ssad.frontend import cells, choices
from ssad.frontend.abstract import (
    SCALARS,
    Abstract,
    Closure,
    DictOf,
    Known,
    ListOf,
    Number,
    OneOf,
    TupleOf,
)
from ssad.frontend.arguments import why_not_an_array
from ssad.frontend.captures import Capture, Origin, class_attribute
from ssad.frontend.closures import default_name
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, Context, Rep, compound, known
from ssad.frontend.engine import array_type
from ssad.frontend.lift import REQUIRED, Lifted, Param
from ssad.ir.core import Op, Value


def outside_value(ctx: Context, obj: Any, origin: Origin) -> Rep:
    """`obj`, found at `origin`: an array is a hidden parameter, anything else a constant under guard."""
    if isinstance(obj, np.ndarray):
        abstract = array_type(obj)
        if abstract is None:
            cause, cure = why_not_an_array(obj)
            raise unsupported("value", f"the array {origin.name} {cause}", ctx.loc, cure)
        return ctx.capture(Capture(origin, abstract))
    if isinstance(obj, np.generic) and obj.dtype not in SCALARS and type(obj) is not np.complex128:
        raise unsupported("dtype", f"{origin.name} is {type(obj).__name__}: not compiled", ctx.loc)
    if type(obj) is tuple:
        ctx.engine.guard(origin, obj)
        return compound(TupleOf, [item(ctx, obj, n) for n in range(len(obj))])
    ctx.engine.guard(origin, obj)
    return known(obj)


_OPERATORS = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__", "__eq__", "__lt__")
MAX_ITEMS = 64
"""How many items of a list found outside may be looked at together."""


def item(ctx: Context, container: Any, at: Any) -> Rep:
    """`container[at]` of a list, tuple or dict found outside, which has that item."""
    name = at if isinstance(at, str) and at.isidentifier() else "item"
    return outside_value(ctx, container[at], Origin("item", container, name, at))


def opened(ctx: Context, rep: Rep) -> Rep:
    """A list, tuple or dict found outside, as a list, tuple or dict of its items; a number of a class of its
    own (`enum.IntEnum`) as a number; anything else as it is.
    """
    if isinstance(rep.abstract, OneOf) and all(map(_is_number, rep.abstract.items)):
        value = opened(ctx, rep.items()[0])
        for here, one in choices.cases(ctx, rep):
            value = ctx.select(here, opened(ctx, one), value)
        return value
    obj = rep.abstract.object if isinstance(rep.abstract, Known) else None
    for number in (int, float):
        if isinstance(obj, number) and type(obj) is not number:
            if has_own(obj, *_OPERATORS):
                cause = f"{obj!r} is a {number.__name__} with operators of its own"
                raise unsupported("value", cause, ctx.loc, f"write {number.__name__}(...) outside")
            return known(number(obj))
    if not _is_plain(obj):
        return rep
    if len(obj) > MAX_ITEMS:
        cause = f"a {type(obj).__name__} of {len(obj)} items, found outside, is not compiled as a whole"
        raise unsupported("value", cause, ctx.loc, "make it an array: np.array(...), or ask for single items")
    guard_content(ctx, obj)
    if not isinstance(obj, dict):
        kind = ListOf if isinstance(obj, list) else TupleOf
        return compound(kind, [item(ctx, obj, n) for n in range(len(obj))])
    if not all(type(key) is str for key in obj):
        return rep
    return compound(DictOf, [item(ctx, obj, key) for key in obj], tuple(obj))


def _is_number(kind: Abstract) -> bool:
    return isinstance(kind, Known) and isinstance(kind.object, int | float)


def single_item(ctx: Context, rep: Rep, index: Rep) -> Rep | None:
    """`x[i]` of a container found outside, for a key or index that is known; None where it is not."""
    obj = rep.abstract.object if isinstance(rep.abstract, Known) else None
    if not _is_plain(obj):
        return None
    kind = index.abstract
    if not isinstance(kind, Known | Number) or (isinstance(kind, Number) and kind.constant is None):
        return None
    at = kind.object if isinstance(kind, Known) else kind.constant
    if not isinstance(obj, dict):
        inside = isinstance(at, int) and -len(obj) <= at < len(obj)
        return item(ctx, obj, at) if inside else None
    try:
        there = at in obj
    except TypeError as error:
        raise untypable("subscript", f"this is no key: {error}", ctx.loc) from None
    if there:
        return item(ctx, obj, at)
    ctx.engine.guard(Origin("has", obj, "", at), False)
    if isinstance(at, str):
        ctx.check(FALSE, "KeyError", at.replace("{", "{{").replace("}", "}}"))
    raise untypable("subscript", f"the dict has no key {at!r}", ctx.loc)


_CONTAINERS = (list, tuple, dict, set, frozenset)


def guard_content(ctx: Context, obj: Any) -> bool:
    """Take what a container holds for constant, if `obj` is one of Python's own."""
    if type(obj) not in _CONTAINERS:
        return False
    content = Origin("content", obj, "")
    ctx.engine.guard(content, content.read())
    return True


def has_own(obj: Any, *methods: str) -> bool:
    """Whether the class of `obj` defines one of these methods in Python: it may say anything at any time."""
    return any(isinstance(class_attribute(type(obj), name), FunctionType) for name in methods)


def holds(ctx: Context, container: Any, item: Rep) -> bool | None:
    """`item in container` for an item that is known and a container found outside; None where it is not."""
    kind = item.abstract
    if not isinstance(kind, Known | Number) or (isinstance(kind, Number) and kind.constant is None):
        return None
    obj = kind.object if isinstance(kind, Known) else kind.constant
    if not isinstance(container, str) and type(container) not in _CONTAINERS:
        return None
    if any(has_own(one, "__eq__", "__hash__") for one in [obj, *container] if not isinstance(one, enum.Enum)):
        return None
    try:
        found = obj in container
    except (TypeError, ValueError) as error:
        raise untypable("operand", f"`in`: {error}", ctx.loc) from None
    guard_content(ctx, container)
    return bool(found)


def _is_plain(obj: Any) -> TypeGuard[list[Any] | tuple[Any, ...] | dict[Any, Any]]:
    """Whether `obj` is a list, tuple or dict that looks its items up as these do."""
    if not isinstance(obj, list | tuple | dict) or hasattr(type(obj), "__missing__"):
        return False
    return type(obj).__getitem__ in _READ and type(obj).__iter__ in _ITER


_READ = (list.__getitem__, tuple.__getitem__, dict.__getitem__)
_ITER = (list.__iter__, tuple.__iter__, dict.__iter__)


def global_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.global`: a global variable or builtin."""
    lifted = _lifted(ctx)
    name = op.attrs["name"]
    return outside_value(ctx, lifted.global_object(name, op.loc), Origin("global", lifted.globals, name))


def free(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.free`: a variable of the function around, passed in where that is compiled too."""
    name = op.attrs["name"]
    if name in ctx.free_values:
        rep = ctx.free_values[name]
        return rep if op.attrs.get("cell") else cells.content(ctx, rep, name)
    lifted = _lifted(ctx)
    template = ctx.engine.template_of(lifted)
    if template is not None and name == lifted.code.co_name:  # the inner function itself
        count = template.defaults + len(template.keywords)
        wanted = [*map(default_name, range(count)), *template.free]
        return compound(Closure, [ctx.free_values[each] for each in wanted], template)
    for code in template.group if template is not None else ():
        if name == code.co_name:
            assert template is not None
            other = ctx.engine.template(code, lifted, 0, (), template.free, template.group)
            return compound(Closure, [ctx.free_values[each] for each in other.free], other)
    return outside_value(ctx, lifted.free_object(name, op.loc), Origin("free", lifted.cells[name], name))


def import_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.import`: the module, imported when the function is compiled."""
    scope = dict(_lifted(ctx).globals)
    try:
        module = __import__(op.attrs["name"], scope, None, op.attrs["names"], op.attrs["level"])
    except ImportError as error:
        raise untypable("name", f"this import fails: {error}", op.loc) from None
    ctx.engine.guard(Origin("item", sys.modules, "module", module.__name__), module)
    return known(module)


def const(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.const`: a literal."""
    if "object" in op.attrs:
        obj = _lifted(ctx).module.objects[op.attrs["object"]]
        return known(obj)
    return known(op.attrs["value"])


def _lifted(ctx: Context) -> Lifted:
    assert ctx.instance is not None
    return ctx.instance.lifted


def default_value(ctx: Context, lifted: Lifted, param: Param) -> Rep | None:
    """The default of a parameter, or None if it has none."""
    if param.default is REQUIRED:
        return None
    if isinstance(param.default, np.ndarray):
        abstract = array_type(param.default)
        if ctx.instance is None and abstract is not None:  # the main function: an argument like others
            return Rep(abstract, [Value(part) for part in abstract.parts])
        return outside_value(ctx, param.default, Origin("default", param.default, param.name))
    return known(param.default)


def module_attribute(ctx: Context, module: ModuleType, name: str) -> Rep:
    """`module.name`; a number is a constant."""
    try:
        obj = getattr(module, name)
    except AttributeError:
        raise untypable("name", f"module {module.__name__} has no attribute {name}", ctx.loc) from None
    return outside_value(ctx, obj, Origin("attribute", module, name))
