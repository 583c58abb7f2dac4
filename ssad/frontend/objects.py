"""Objects found outside: instances, classes, enums, namespaces. What is read from them is a guarded constant,
an array a hidden argument; a method is called with the object as its first argument.
"""

from __future__ import annotations

import enum
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from ssad.frontend.abstract import Known
from ssad.frontend.captures import MISSING, Origin, class_attribute
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Rep
from ssad.frontend.outside import outside_value

_NATIVE = (BuiltinFunctionType, MethodDescriptorType, MethodWrapperType, WrapperDescriptorType)
_SLOTS = (MemberDescriptorType, GetSetDescriptorType)


def attribute(ctx: Context, obj: Any, name: str) -> Rep:
    """`obj.name`."""
    kind = type(obj)
    if isinstance(class_attribute(kind, "__getattribute__"), FunctionType):
        raise _refused(ctx, obj, name, f"{kind.__name__} looks its attributes up in its own way")
    if isinstance(obj, type):
        return _of_class(ctx, obj, name)
    own = getattr(obj, "__dict__", {})
    defined = class_attribute(kind, name)
    if isinstance(defined, property):
        return _property(ctx, obj, name, defined)
    if isinstance(obj, enum.Enum) and name in ("name", "value"):
        return _value(ctx, obj, name)
    if name in own or isinstance(defined, _SLOTS):
        return _value(ctx, obj, name)
    if defined is MISSING:
        if hasattr(kind, "__getattr__"):
            raise _refused(ctx, obj, name, f"{kind.__name__} makes it up by __getattr__")
        raise untypable("name", f"a {kind.__name__} has no attribute {name}", ctx.loc)
    if isinstance(defined, FunctionType | classmethod | staticmethod):
        return _value(ctx, obj, name)
    if getattr(defined, "__ssad__", False) is True:
        ctx.engine.guard(Origin("class attribute", kind, name), defined)
        return Rep(Known(MethodType(defined, obj)))
    if hasattr(type(defined), "__get__") and type(defined).__name__ != "_tuplegetter":
        raise _refused(ctx, obj, name, f"it is a {type(defined).__name__}")
    return _value(ctx, obj, name)


def _of_class(ctx: Context, cls: type, name: str) -> Rep:
    defined = class_attribute(cls, name)
    if isinstance(defined, (property, *_SLOTS)):
        raise _refused(ctx, cls, name, f"it is a {type(defined).__name__}")
    try:
        return _value(ctx, cls, name)
    except AttributeError:
        raise untypable("name", f"the class {cls.__name__} has no attribute {name}", ctx.loc) from None


def _value(ctx: Context, obj: Any, name: str) -> Rep:
    value = getattr(obj, name)
    if isinstance(value, _NATIVE) and not isinstance(obj, ModuleType | type) and name not in vars(obj):
        raise _refused(ctx, obj, name, "it is a compiled function")
    return outside_value(ctx, value, Origin("attribute", obj, name))


def _property(ctx: Context, obj: Any, name: str, defined: property) -> Rep:
    from ssad.frontend.calls import apply

    ctx.engine.guard(Origin("class attribute", type(obj), name), defined)
    if not isinstance(defined.fget, FunctionType):
        raise _refused(ctx, obj, name, "its getter is no plain function")
    return apply(ctx, Rep(Known(defined.fget)), [Rep(Known(obj))], {})


def _refused(ctx: Context, obj: Any, name: str, why: str) -> Exception:
    what = f"the class {obj.__name__}" if isinstance(obj, type) else f"a {type(obj).__name__}"
    return unsupported(
        "attribute",
        f"attribute {name} of {what} is not compiled: {why}",
        ctx.loc,
        "pass what it gives as an argument, or keep it in a global variable",
    )
