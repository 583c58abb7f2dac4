"""Objects that a function finds outside itself, as values of the compiled program."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ssad.frontend.abstract import SCALARS
from ssad.frontend.arguments import why_not_an_array
from ssad.frontend.captures import Capture, Origin
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep, known
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
    if (isinstance(obj, np.generic) and obj.dtype not in SCALARS) or isinstance(obj, complex):
        raise unsupported("dtype", f"{origin.name} is {type(obj).__name__}: not compiled", ctx.loc)
    ctx.engine.guard(origin, obj)
    return known(obj)


def global_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.global`: a global variable or builtin."""
    lifted = _lifted(ctx)
    name = op.attrs["name"]
    return outside_value(ctx, lifted.global_object(name, op.loc), Origin("global", lifted.globals, name))


def free(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.free`: a variable of the function around, passed in where that is compiled too."""
    name = op.attrs["name"]
    if name in ctx.free_values:
        return ctx.free_values[name]
    lifted = _lifted(ctx)
    return outside_value(ctx, lifted.free_object(name, op.loc), Origin("free", lifted.cells[name], name))


def const(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.const`: a literal."""
    if "object" in op.attrs:
        obj = _lifted(ctx).module.objects[op.attrs["object"]]
        if isinstance(obj, complex):
            raise unsupported("dtype", "complex numbers are not compiled yet", op.loc)
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
