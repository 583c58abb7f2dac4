"""What can be called, as a plain Python function with a fixed list of parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any

from ssad.errors import ArgumentError
from ssad.frontend.refusals import describe_uncompilable

_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_WRAPPED: dict[tuple[int, ...], tuple[Any, FunctionType]] = {}
_LIMIT = 256


def plain(fn: Any) -> Any:
    """The plain function behind one of ours, or one that calls the partial, bound method or callable object.

    Raises UnsupportedError where there is none.
    """
    if getattr(fn, "__ssad__", False) is True:
        if fn.gives != "value":
            return _around(fn)
        fn = fn.py_func
    if inspect.isfunction(fn):
        return fn
    if isinstance(fn, functools.partial | MethodType) or _has_call(fn):
        return _around(fn)
    raise describe_uncompilable(fn)


def _has_call(fn: Any) -> bool:
    return not isinstance(fn, type) and inspect.isfunction(inspect.getattr_static(type(fn), "__call__", None))


def _around(fn: Any) -> FunctionType:
    """The function that calls `fn`; the same one for the same object, for the last few hundred of them.

    What a partial gives by name is no parameter of it.
    """
    key = (id(fn.__func__), id(fn.__self__)) if isinstance(fn, MethodType) else (id(fn),)
    if key in _WRAPPED:
        return _WRAPPED[key][1]
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        raise describe_uncompilable(fn) from None
    given = fn.keywords if isinstance(fn, functools.partial) else {}
    made = _calling(fn, [p for p in signature.parameters.values() if p.name not in given])
    while len(_WRAPPED) >= _LIMIT:
        del _WRAPPED[next(iter(_WRAPPED))]
    _WRAPPED[key] = fn, made  # what is held here keeps its id
    return made


def _calling(fn: Any, parameters: Sequence[inspect.Parameter]) -> FunctionType:
    """`lambda x, *, k=d: fn(x, k=k)`, with the name and the place of `fn`."""
    spelled: list[str] = []
    given: list[str] = []
    scope: dict[str, Any] = {}
    named = False
    for n, p in enumerate(parameters):
        star = _STARS.get(p.kind, "")
        if p.kind is p.KEYWORD_ONLY and not named:
            spelled.append("*")
        named = named or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        default = ""
        if p.default is not p.empty:
            scope[f"_default{n}"] = p.default
            default = f"=_default{n}"
        spelled.append(star + p.name + default)
        if p.kind is p.POSITIONAL_ONLY and (n + 1 == len(parameters) or parameters[n + 1].kind is not p.kind):
            spelled.append("/")
        given.append(f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else star + p.name)
    made = _written(fn, ", ".join(spelled), ", ".join(given), {p.name for p in parameters}, scope)
    made.__annotations__ = {p.name: p.annotation for p in parameters if p.annotation is not p.empty}
    return made


def _written(fn: Any, spelled: str, given: str, taken: set[str], scope: dict[str, Any]) -> FunctionType:
    callee = "callee"
    while callee in taken:
        callee += "_"
    scope[callee] = fn
    made: FunctionType = eval(f"lambda {spelled}: {callee}({given})", scope)
    inner = fn.func if isinstance(fn, functools.partial) else getattr(fn, "py_func", fn)
    if not hasattr(inner, "__name__"):
        inner = type(inner).__call__
    made.__name__ = made.__qualname__ = getattr(fn, "__name__", None) or inner.__name__
    code = getattr(inner, "__code__", None)
    where = {} if code is None else {"co_filename": code.co_filename, "co_firstlineno": code.co_firstlineno}
    made.__code__ = made.__code__.replace(co_linetable=b"", co_name=made.__name__, **where)
    return made


def is_variadic(fn: Callable[..., Any]) -> bool:
    """Whether a plain function has a parameter `*args` or `**kwargs`."""
    return bool(fn.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS))


def fixed(
    fn: Callable[..., Any], args: Sequence[Any], keywords: dict[str, Any] | None = None
) -> tuple[Callable[..., Any], list[Any]]:
    """`fn` for as many arguments as these, and the arguments in order: positional ones first, then by name.

    A plain function without `*args` and `**kwargs` is itself. Defaults stay with the function. Raises
    ArgumentError, a TypeError, as a call would.
    """
    if not is_variadic(fn):
        return fn, list(args) if not keywords else bind(fn, inspect.signature(fn), args, keywords)
    signature = inspect.signature(fn)
    bound = _bound(fn, signature, args, keywords or {})
    return _of_shape(fn, len(bound.args), tuple(bound.kwargs)), [*bound.args, *bound.kwargs.values()]


@functools.lru_cache(maxsize=256)
def _of_shape(fn: Callable[..., Any], count: int, keywords: tuple[str, ...]) -> FunctionType:
    names: list[str] = []
    star = "args"
    for p in inspect.signature(fn).parameters.values():
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
        elif p.kind is p.VAR_POSITIONAL:
            star = p.name
    names = names[:count] + [f"{star}_{n}" for n in range(count - len(names))]
    inner = [f"{name}_" if name in names else name for name in keywords]
    given = names + [f"{name}={own}" for name, own in zip(keywords, inner, strict=True)]
    return _written(fn, ", ".join([*names, *inner]), ", ".join(given), {*names, *inner}, {})


def bind(
    fn: Callable[..., Any], signature: inspect.Signature, args: Sequence[Any], keywords: dict[str, Any]
) -> list[Any]:
    """The arguments in order, defaults filled in. Raises ArgumentError, a TypeError, as a call would."""
    bound = _bound(fn, signature, args, keywords)
    bound.apply_defaults()
    return [*bound.args, *bound.kwargs.values()]


def _bound(
    fn: Callable[..., Any], signature: inspect.Signature, args: Sequence[Any], keywords: dict[str, Any]
) -> inspect.BoundArguments:
    try:
        bound = signature.bind(*args, **keywords)
    except TypeError as error:
        cause, cure = f"{fn.__name__}() {error}", f"the signature is {fn.__name__}{signature}"
        raise ArgumentError(cause, cure=cure) from None
    return bound
