"""`with`: context managers, found by their special methods; locks, which native code takes as Python does."""

from __future__ import annotations

import threading
from types import BuiltinMethodType, FunctionType
from typing import Any

from ssad.frontend import records
from ssad.frontend.abstract import ClassOfException, Known, PartialOf, is_none
from ssad.frontend.captures import Origin, class_attribute
from ssad.frontend.caught import classes_of, is_of
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import TRUE, Context, Rep, compound, known
from ssad.frontend.custom import LIBRARY
from ssad.frontend.promotion import plain_bool
from ssad.ir.core import Op

LOCKS = (type(threading.Lock()), type(threading.RLock()))


def stand_in(obj: Any) -> Any:
    """What is compiled instead of a class whose text depends on the version; else the object itself."""
    return LIBRARY.get(("stand-in", obj), obj) if isinstance(obj, type) else obj


class _Traceback:
    """What `__exit__` gets as the traceback: there is none in native code."""

    def __repr__(self) -> str:
        return "traceback"


TRACEBACK = _Traceback()


def special(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.special`: a special method of a context manager, bound to it."""
    (manager,), name = operands, op.attrs["name"]
    kind = manager.abstract
    if isinstance(kind, Known):
        return _of_known(ctx, kind.object, name)
    found = records.method(manager, name)
    if found is None:
        raise _no_manager(ctx, records.class_of(manager) or kind)
    return compound(PartialOf, [known(found), manager], ())


def _of_known(ctx: Context, manager: Any, name: str) -> Rep:
    cls = type(manager)
    if isinstance(manager, LOCKS):
        return known(getattr(manager, name))
    if stand_in(cls) is not cls:
        raise unsupported(
            "with",
            f"a {cls.__name__} made outside is not compiled",
            ctx.loc,
            "make it in the `with` statement",
        )
    found = class_attribute(cls, name)
    if isinstance(found, FunctionType):
        ctx.engine.guard(Origin("class attribute", cls, name), found)
        return compound(PartialOf, [known(found), known(manager)], ())
    if hasattr(cls, name):
        raise unsupported(
            "with", f"`with` of a {cls.__name__} is not compiled", ctx.loc, "leave it to the caller"
        )
    raise _no_manager(ctx, cls)


def _no_manager(ctx: Context, what: object) -> Exception:
    name = what.__name__ if isinstance(what, type) else what
    return untypable("operand", f"{name} is no context manager: it has no __enter__ and __exit__", ctx.loc)


def with_except(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.with_except`: what `__exit__` says of the exception that ends the block."""
    from ssad.frontend.calls import apply

    leaving, error = operands
    return apply(ctx, leaving, [compound(ClassOfException, [error]), error, known(TRACEBACK)], {})


def issubclass_(ctx: Context, rep: Rep, classes: Rep) -> Rep:
    """`issubclass(cls, classes)`."""
    kind = rep.abstract
    wanted = classes_of(ctx, classes)
    if isinstance(kind, ClassOfException):
        return plain_bool(is_of(ctx, rep.items()[0], wanted))
    if isinstance(kind, Known) and isinstance(kind.object, type):
        return known(issubclass(kind.object, wanted))
    raise untypable("operand", f"issubclass of {kind}: not a class", ctx.loc)


def is_lock_method(obj: Any) -> bool:
    """Whether it is a bound method of a lock."""
    return isinstance(obj, BuiltinMethodType) and isinstance(obj.__self__, LOCKS)


_TAKES = {"acquire": True, "__enter__": True, "release": False, "__exit__": False}


def call_lock(ctx: Context, obj: Any, args: list[Rep]) -> Rep:
    """A method of a lock, which waits for other threads as in Python."""
    takes = _TAKES.get(obj.__name__)
    if takes is None or (args and not all(is_none(rep.abstract) for rep in args) and not _leaves(obj)):
        raise unsupported(
            "with",
            f"{obj.__name__}({'...' if args else ''}) of a lock is not compiled",
            ctx.loc,
            "use `with lock:`",
        )
    ctx.emit("lock", object=_named(ctx, obj.__self__), take=takes)
    if obj.__name__ == "__exit__":
        return known(None)
    return plain_bool(TRUE) if takes else known(None)


def _leaves(obj: Any) -> bool:
    return bool(obj.__name__ == "__exit__")


def _named(ctx: Context, lock: Any) -> str:
    """The name under which the module has the lock."""
    objects = ctx.engine.module.objects
    number = 0
    while objects.get(f"lock.{number}", lock) is not lock:
        number += 1
    objects[f"lock.{number}"] = lock
    return f"lock.{number}"
