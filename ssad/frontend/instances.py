"""Objects made inside whose attributes are assigned: references to memory, as in Python.

Each attribute that is assigned is a field of the memory (see `cells.py`): whoever holds the object sees it.
What leads to other memory, arrays above all, is part of the reference itself where it is given when the
object is made and never assigned after that. A class is mutable if an attribute of an instance made inside is
assigned anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, SimpleNamespace
from typing import Any

from ssad.frontend import cells, choices
from ssad.frontend.abstract import (
    Known,
    MaybeUnbound,
    ObjectOf,
    OneOf,
    PartialOf,
    RecordOf,
    SuperOf,
    Unbound,
)
from ssad.frontend.captures import MISSING, Origin, class_attribute
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import FALSE, Context, Gone, Rep, compound, known
from ssad.frontend.outside import outside_value
from ssad.frontend.shapes import travelling_types
from ssad.ir.core import Op
from ssad.ir.types import Scalar

SLOTS = (MemberDescriptorType, GetSetDescriptorType)


def make(ctx: Context, cls: type, given: Mapping[str, Rep], which: str = "") -> Rep:
    """A new object of class `cls` with these attributes and no others yet; `which` of those made here."""
    site = ctx.engine.sites.at(ctx, cls.__name__, cls, which)
    sites = ctx.engine.sites
    held = {n: rep for n, rep in given.items() if _leads_on(rep) and not sites.is_rebound(site, n)}
    fixed = tuple((name, rep.abstract) for name, rep in held.items())
    parts = [part for rep in held.values() for part in rep.parts]
    made = Rep(ObjectOf(site, fixed), [*parts, *cells.rooms(ctx, site)])
    for name, rep in given.items():
        if name not in held:
            cells.write(ctx, made, name, rep)
    for name in site.content:
        if name not in given:
            cells.write(ctx, made, name, Rep(Unbound()))
    return made


def _leads_on(rep: Rep) -> bool:
    """Whether a value leads to memory, though nothing may have been found in that so far."""
    kind = rep.abstract
    return choices.leads_on(kind) or not all(isinstance(type, Scalar) for type in travelling_types(kind))


def own(ctx: Context, rep: Rep, name: str) -> Rep | None:
    """An attribute of the object itself, or what its class has where it may have none; None where it has no
    attribute of that name."""
    kind = rep.abstract
    assert isinstance(kind, ObjectOf)
    for (field, _), value in zip(kind.fixed, rep.items(), strict=True):
        if field == name:
            return value
    if name not in kind.site.found:
        return None
    value = cells.read(ctx, rep, name)
    if isinstance(value.abstract, Unbound):
        return None
    if not isinstance(value.abstract, MaybeUnbound):
        return value
    of, bound = Rep(value.abstract.of, value.parts[:-1]), value.parts[-1]
    cls = kind.site.cls
    default = class_attribute(cls, name)
    if default is MISSING or isinstance(default, SLOTS):
        ctx.check(bound, "AttributeError", _lacks(cls, name))
        return of
    return ctx.select(bound, of, outside_value(ctx, default, Origin("attribute", cls, name)))


def lacking(ctx: Context, rep: Rep, name: str) -> None:
    """Raise AttributeError, as Python does when it gets there."""
    assert isinstance(rep.abstract, ObjectOf)
    ctx.check(FALSE, "AttributeError", _lacks(rep.abstract.site.cls, name))


def _lacks(cls: type, name: str) -> str:
    return f"'{cls.__name__}' object has no attribute '{name}'"


def setattr_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.setattr`: of an object made inside."""
    return setattr_of(ctx, operands[0], op.attrs["name"], operands[1])


def setattr_of(ctx: Context, rep: Rep, name: str, value: Rep) -> Rep:
    """`rep.name = value`."""
    kind = rep.abstract
    if isinstance(kind, OneOf):
        return choices.each(ctx, rep, lambda one: setattr_of(ctx, one, name, value))
    if isinstance(kind, ObjectOf):
        _assign(ctx, rep, name, value)
        return value
    if isinstance(kind, RecordOf) and _plain_setattr(kind.made_of[0]):
        if ctx.engine.sites.changes(kind.made_of[0]):
            raise Gone  # the next round will know
        ctx.engine.changed_outside.add(kind.made_of[0])
        raise unsupported(
            "side_effect",
            f"assignment to attribute {name} of a {kind} that was not made inside is not compiled",
            ctx.loc,
            "make a new object from its attributes and return it",
        )
    raise unsupported(
        "side_effect",
        f"assignment to attribute {name} of {kind} is not compiled",
        ctx.loc,
        "return the value, or write into an array",
    )


def _plain_setattr(cls: type) -> bool:
    return cls is SimpleNamespace or class_attribute(cls, "__setattr__") is object.__setattr__


def _assign(ctx: Context, rep: Rep, name: str, value: Rep) -> None:
    from ssad.frontend.calls import apply

    kind = rep.abstract
    assert isinstance(kind, ObjectOf)
    cls = kind.site.cls
    if not _plain_setattr(cls):
        cause = f"{cls.__name__} has a __setattr__ of its own: not compiled"
        raise unsupported("attribute", cause, ctx.loc, "assign to other attributes in methods")
    defined = class_attribute(cls, name)
    if isinstance(defined, property):
        if not isinstance(defined.fset, FunctionType):
            message = f"property '{name}' of '{cls.__qualname__}' object has no setter"
            ctx.check(FALSE, "AttributeError", message)
        apply(ctx, known(defined.fset), [rep, value], {})
        return
    if defined is MISSING and not cls.__dictoffset__:
        lacking(ctx, rep, name)
    put(ctx, rep, name, value)


def put(ctx: Context, rep: Rep, name: str, value: Rep) -> None:
    """Give a field of an object a value; from the next round on it has a place, if it had none."""
    kind = rep.abstract
    assert isinstance(kind, ObjectOf)
    if name in dict(kind.fixed):
        ctx.engine.sites.rebinds(kind.site, name)
        raise Gone  # the next round will know
    if name not in kind.site.found:
        kind.site.hold(name, Unbound())
    kind.site.assigned.add(name)
    cells.write(ctx, rep, name, value)


# super()


def super_(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.super`: the object seen from behind the class whose method is running."""
    assert ctx.instance is not None
    cell = ctx.instance.lifted.cells.get("__class__")
    if cell is None:
        raise unsupported("call", "super() outside of a method is not compiled", ctx.loc, "name the class")
    return compound(SuperOf, [operands[0]], cell.cell_contents)


def super_attribute(ctx: Context, rep: Rep, name: str) -> Rep:
    """`super().name`."""
    from ssad.frontend.calls import apply
    from ssad.frontend.records import class_of

    (self,), behind = rep.items(), rep.abstract.tag  # type: ignore[attr-defined]
    cls = self.abstract.object if isinstance(self.abstract, Known) else class_of(self)
    cls = type(cls) if isinstance(self.abstract, Known) and not isinstance(cls, type) else cls
    if cls is None or behind not in cls.__mro__:
        raise unsupported("call", f"super() of {self.abstract} is not compiled", ctx.loc, "name the class")
    order: tuple[Any, ...] = cls.__mro__[cls.__mro__.index(behind) + 1 :]
    found = next((vars(base)[name] for base in order if name in vars(base)), MISSING)
    if found is object.__init__:
        return known(_nothing)
    if isinstance(found, FunctionType):
        return compound(PartialOf, [known(found), self], ())
    if isinstance(found, property) and isinstance(found.fget, FunctionType):
        return apply(ctx, known(found.fget), [self], {})
    if isinstance(found, staticmethod):
        return known(found.__func__)
    if isinstance(found, classmethod):
        return compound(PartialOf, [known(found.__func__), known(cls)], ())
    if found is MISSING:
        raise untypable("name", f"no class behind {behind.__name__} has an attribute {name}", ctx.loc)
    raise unsupported("attribute", f"super().{name} is not compiled", ctx.loc, "name the class")


def _nothing() -> None:
    """What `object.__init__` does."""
