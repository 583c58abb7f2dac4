"""Calls: which handler, primitive or Python function stands behind a callee, and the calls of the latter."""

from __future__ import annotations

import builtins
import dataclasses
import functools
import operator
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import EnumType
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from ssad.errors import SsadError
from ssad.externals import External, Raw, functions_of
from ssad.frontend import choices, complex_calls, complexes, dicts, generators, handover, lists, records
from ssad.frontend.abstract import (
    SCALARS,
    Abstract,
    Bound,
    Closure,
    DerivativeOf,
    GeneratorOf,
    Known,
    ListOf,
    MaybeNone,
    MemoryList,
    Number,
    OneOf,
    PartialOf,
    TupleOf,
    without_constants,
)
from ssad.frontend.binding import POSITIONAL, bind
from ssad.frontend.builtin_calls import BUILTINS, METHODS, Handler
from ssad.frontend.captures import Origin, class_attribute
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.complex_calls import COMPLEX_CALLS
from ssad.frontend.context import FALSE, Context, Gone, Rep, compound, known, scalar
from ssad.frontend.conversion import to_numpy
from ssad.frontend.custom import CUSTOM_VJP, DERIVATIVES, LIBRARY, PUT_INTO, STOP_GRADIENT, THROUGH
from ssad.frontend.derivatives import (
    call_derivative,
    compiled,
    constant_slopes,
    derivative_of,
    positions_of,
    tangents,
)
from ssad.frontend.dicts import entries
from ssad.frontend.engine import Instance, Template
from ssad.frontend.exceptions import make_exception
from ssad.frontend.externals import arranged, as_passed, call_raw, kind_of
from ssad.frontend.lift import Lifted, Param
from ssad.frontend.managers import call_lock, is_lock_method, stand_in
from ssad.frontend.nothing import call_words, present
from ssad.frontend.numpy_calls import NUMPY_CALLS
from ssad.frontend.outside import default_value, guard_content, item, opened
from ssad.frontend.printing import print_
from ssad.frontend.promotion import as_float, as_index, numeric
from ssad.frontend.reflection import REFLECTION
from ssad.frontend.refusals import refusal
from ssad.frontend.scalar_calls import call_primitive
from ssad.frontend.sequences import fixed_items
from ssad.frontend.shapes import placeholder, represent, travelling, travelling_types
from ssad.ir.core import Edge, Location, Op, Terminator, Value, branch
from ssad.ir.primitive import CALLS
from ssad.ir.types import BOOL, I64, Type, tuple_of


def call(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.call`: the callee, then the arguments, the last ones by name."""
    names: Sequence[str] = op.attrs["keywords"]
    callee, args = operands[0], operands[1:]
    split = len(args) - len(names)
    return apply(ctx, callee, args[:split], dict(zip(names, args[split:], strict=True)))


def call_star(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.call_star`: the callee, a sequence of arguments, and maybe a dict of those given by name."""
    callee, args, *named = operands
    keywords = entries(ctx, named[0]) if named else {}
    return apply(ctx, callee, fixed_items(ctx, args), keywords)


def builtin(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.builtin`: refuses what is not Python's function of that name."""
    name, kind = op.attrs["name"], operands[0].abstract
    if isinstance(kind, Known) and kind.object is getattr(builtins, name):
        return operands[0]
    raise refusal("generator_expression", ctx.loc)


def apply(ctx: Context, callee: Rep, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """The result of calling `callee`."""
    kind = callee.abstract
    if isinstance(kind, Known):
        return _call_known(ctx, kind.object, args, keywords)
    if isinstance(kind, Closure):
        return _call_closure(ctx, callee, args, keywords)
    if isinstance(kind, OneOf):
        return choices.each(ctx, callee, lambda one: apply(ctx, one, args, keywords))
    if isinstance(kind, DerivativeOf):
        return call_derivative(ctx, apply, callee, args, keywords)
    if (special := records.method(callee, "__call__")) is not None:
        return _call_function(ctx, special, [callee, *args], keywords)
    if isinstance(kind, PartialOf):
        inner, *given = callee.items()
        split = len(given) - len(kind.tag)
        named = dict(zip(kind.tag, given[split:], strict=True))
        return apply(ctx, inner, [*given[:split], *args], named | keywords)
    if isinstance(kind, Bound) and isinstance(kind.items[0], MemoryList | ListOf):
        return lists.method(ctx, callee.items()[0], kind.tag, args, keywords)
    if isinstance(kind, Bound):
        if keywords:
            raise unsupported("call", f"keyword arguments of {kind} are not compiled", ctx.loc)
        return METHODS[kind.tag](ctx, callee.items()[0], args)
    raise untypable("operand", f"{kind} cannot be called", ctx.loc)


def _call_known(ctx: Context, obj: Any, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    if getattr(obj, "__ssad__", False) is True:
        return apply(ctx, compiled(obj), args, keywords)
    if (gives := _found(DERIVATIVES, obj)) is not None:
        return derivative_of(ctx, gives, args, keywords)
    if isinstance(obj, MethodType):
        return apply(ctx, Rep(Known(obj.__func__)), [Rep(Known(obj.__self__)), *args], keywords)
    if obj is functools.partial:
        if not args:
            raise untypable("bind", "partial lacks the function", ctx.loc)
        return compound(PartialOf, [*args, *keywords.values()], tuple(keywords))
    if isinstance(obj, functools.partial):
        return _call_partial(ctx, obj, args, keywords)
    if obj is dict:
        return dicts.construct(ctx, args, keywords)
    if isinstance(obj, EnumType):
        return _member(ctx, obj, args)
    if obj is operator.itemgetter or obj is operator.attrgetter:
        return _getter(ctx, obj, args)
    if isinstance(obj, functools._lru_cache_wrapper):  # what it computes does not depend on what it remembers
        return apply(ctx, Rep(Known(obj.__wrapped__)), args, keywords)
    own = records.builtin(ctx, obj, args)
    if own is not None:
        return own
    if obj is THROUGH:
        return handover.through(ctx, args, keywords)
    if obj is PUT_INTO:
        return handover.put_into(ctx, args)
    if isinstance(obj, External):
        return _call_external(ctx, obj, args, keywords)
    if isinstance(obj, Raw):
        return call_raw(ctx, obj, args)
    obj = stand_in(obj)
    if is_lock_method(obj):
        return call_lock(ctx, obj, args)
    args = _without_none(ctx, obj, args)
    if obj is print:
        return print_(ctx, [opened(ctx, rep) for rep in args], dict(keywords))
    handler = _found(BUILTINS, obj) or _found(NUMPY_CALLS, obj) or _found(COMPLEX_CALLS, obj)
    handler = handler or _found(REFLECTION, obj)
    if handler is not None:
        return _call_handler(ctx, handler, obj, args, keywords)
    if _found(dict.fromkeys(STOP_GRADIENT, True), obj):
        return _stop_gradient(ctx, args)
    if complex_calls.knows(obj, args):
        return complex_calls.call(ctx, obj, args, keywords, _name(obj))
    primitive = _found(CALLS, obj)
    library = _found(LIBRARY, ("two", obj)) if len(args) == 2 else None
    library = library or _found(LIBRARY, obj)
    if primitive is not None and not (library is not None and len(args) != _arity(primitive[0])):
        if keywords:
            raise unsupported("call", f"keyword arguments of {_name(obj)} are not compiled", ctx.loc)
        return call_primitive(ctx, obj, primitive[0], primitive[1], [opened(ctx, rep) for rep in args])
    if library is not None:
        return call_library(ctx, library, args, keywords)
    if isinstance(obj, FunctionType) and (obj.__module__ or "").startswith("ssad.api"):
        raise unsupported("call", f"ssad.{obj.__name__} inside a function is not compiled", ctx.loc)
    if obj is records.replaced or obj is dataclasses.replace:
        return records.replaced(ctx, args, keywords)
    if isinstance(obj, FunctionType):
        return _call_function(ctx, obj, args, keywords)
    made = records.construct(ctx, obj, args, keywords) if isinstance(obj, type) else None
    if made is not None:
        return made
    if isinstance(obj, type) and issubclass(obj, BaseException):
        return make_exception(ctx, obj, args)
    if isinstance(obj, type) and issubclass(obj, np.generic) and np.dtype(obj) in SCALARS and len(args) == 1:
        return to_numpy(ctx, args[0], SCALARS[np.dtype(obj)])
    if isinstance(obj, operator.itemgetter | operator.attrgetter) and len(args) == 1 and not keywords:
        return _call_getter(ctx, obj, args[0])
    method = class_attribute(type(obj), "__call__")
    if isinstance(method, FunctionType):
        ctx.engine.guard(Origin("class attribute", type(obj), "__call__"), method)
        return _call_function(ctx, method, [Rep(Known(obj)), *args], keywords)
    if not callable(obj):
        raise untypable("operand", f"{Known(obj)} cannot be called", ctx.loc)
    raise unsupported("call", f"a call of {_name(obj)} is not compiled yet", ctx.loc, _cure(obj))


def _without_none(ctx: Context, obj: Any, args: list[Rep]) -> list[Rep]:
    """The arguments of a function of numbers; where one of them is None it raises what CPython raises."""
    takes_numbers = _found(CALLS, obj) is not None or _found(LIBRARY, obj) is not None
    if obj in (print, isinstance, callable) or getattr(obj, "__module__", "") not in _OF_NUMBERS:
        return args
    given = [takes_numbers or isinstance(rep.abstract, MaybeNone) for rep in args]
    return [
        present(ctx, rep, "TypeError", lambda: call_words(obj, args)) if numeric else rep
        for rep, numeric in zip(args, given, strict=True)
    ]


_OF_NUMBERS = ("builtins", "math", "cmath", "_operator")


def _call_partial(
    ctx: Context, obj: functools.partial[Any], args: list[Rep], keywords: dict[str, Rep]
) -> Rep:
    """What was given to the partial first, then what is given now; by name the latter counts."""
    first = [item(ctx, obj.args, n) for n in range(len(obj.args))]
    guard_content(ctx, obj.keywords)
    named = {name: item(ctx, obj.keywords, name) for name in obj.keywords}
    return apply(ctx, Rep(Known(obj.func)), [*first, *args], named | keywords)


def _member(ctx: Context, cls: Any, args: list[Rep]) -> Rep:
    """`Color(2)`: the member with a value known at compile time."""
    kind = args[0].abstract if len(args) == 1 else None
    value = kind.constant if isinstance(kind, Number) else getattr(kind, "object", None)
    if value is None:
        cause = f"{cls.__name__} of {kind}, which is known at run time only, is not compiled"
        raise unsupported("call", cause, ctx.loc, "compare with the values in an `if`")
    try:
        return known(cls(value))
    except ValueError as error:
        ctx.check(FALSE, "ValueError", str(error).replace("{", "{{").replace("}", "}}"))
        raise


def _getter(ctx: Context, obj: Any, args: list[Rep]) -> Rep:
    """`operator.itemgetter(...)` made inside, of what is known at compile time."""
    wanted = []
    for rep in args:
        kind = rep.abstract
        value = kind.constant if isinstance(kind, Number) else getattr(kind, "object", None)
        if not isinstance(value, int | str):
            raise unsupported("call", f"{obj.__name__} of {kind} is not compiled", ctx.loc, "write a lambda")
        wanted.append(value)
    return known(obj(*wanted))


def _call_getter(ctx: Context, obj: Any, of: Rep) -> Rep:
    """`operator.itemgetter(...)(of)`, `operator.attrgetter(...)(of)`: several give a tuple."""
    from ssad.frontend.attributes import getattr_of
    from ssad.frontend.indexing import subscript

    wanted = obj.__reduce__()[1]
    results = []
    for what in wanted:
        result = of
        if isinstance(obj, operator.itemgetter):
            result = subscript(ctx, result, known(what))
        else:
            for name in what.split("."):
                result = getattr_of(ctx, result, name)
        results.append(result)
    return results[0] if len(results) == 1 else compound(TupleOf, results)


def _arity(primitive: Any) -> int:
    return len(primitive.points[0]) if primitive.points else 1


def _found(table: Mapping[Any, Any], obj: Any) -> Any:
    try:
        return table.get(obj)
    except TypeError:  # not hashable
        return None


def _name(obj: Any) -> str:
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None) or repr(obj)
    module = getattr(obj, "__module__", "") or ""
    if isinstance(obj, np.ufunc) or module.split(".")[0] == "numpy":
        return f"np.{name}"
    return name if module in ("", "builtins") else f"{module}.{name}"


def _path(obj: Any) -> str:
    """Where a function is found by its name, "" where that is not known, or where it is not pure."""
    name, home = getattr(obj, "__name__", ""), str(getattr(obj, "__module__", "") or "numpy")
    if "random" in home or getattr(obj, "__self__", None) is not None:
        return ""
    public = ".".join(part for part in home.split(".") if not part.startswith("_"))
    for module in (public, home, "numpy", "scipy.special"):
        if name and getattr(sys.modules.get(module), name, None) is obj:
            short = module.replace("numpy", "np", 1) if module.startswith("numpy") else module
            return name if module == "builtins" else f"{short}.{name}"
    return ""


def _cure(obj: Any) -> str:
    module = (getattr(obj, "__module__", "") or "").split(".")[0]
    own = "a loop over the elements" if isinstance(obj, np.ufunc) or module == "numpy" else "plain Python"
    path = _path(obj)
    if not path:
        return f"write it as {own}, or pass what it gives as an argument"
    return f'write it as {own}, or outside: {obj.__name__} = ssad.external({path}, method="central")'


def _call_handler(ctx: Context, handler: Handler, obj: Any, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    if obj not in (isinstance, callable):  # what these ask, they ask of the object itself
        args = [opened(ctx, rep) for rep in args]
        keywords = {name: opened(ctx, rep) for name, rep in keywords.items()}
    bound = handler.bind(ctx, _name(obj), args, keywords)
    return handler.run(ctx, *bound)


def _stop_gradient(ctx: Context, args: list[Rep]) -> Rep:
    if len(args) != 1:
        raise untypable("bind", f"stop_gradient takes 1 argument, but {len(args)} were given", ctx.loc)
    rep = args[0]
    if isinstance(rep.abstract, TupleOf):
        return compound(TupleOf, [_stop_gradient(ctx, [item]) for item in rep.items()])
    if not isinstance(rep.abstract, Number):
        raise unsupported(
            "call",
            f"stop_gradient of {rep.abstract} is not compiled yet",
            ctx.loc,
            "apply it to the elements",
        )
    if not rep.abstract.type.is_float:
        return rep
    stopped = ctx.emit("stop_gradient", rep.parts[0])
    return Rep(without_constants(rep.abstract), [stopped, *rep.parts[1:]])


# Python functions


def function(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.function`: an inner function with its defaults and captured values."""
    assert ctx.instance is not None
    around = ctx.instance.lifted
    code = around.module.objects[op.attrs["code"]]
    assert isinstance(code, CodeType)
    template = ctx.engine.template(
        code,
        around,
        op.attrs["defaults"],
        tuple(op.attrs["keywords"]),
        tuple(op.attrs["free"]),
        tuple(around.module.objects[name] for name in op.attrs.get("group", ())),  # type: ignore[misc]
    )
    return compound(Closure, operands, template)


def _call_closure(ctx: Context, callee: Rep, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    template: Template = callee.abstract.tag  # type: ignore[attr-defined]
    lifted = template.lifted
    items = callee.items()
    positional = [p.name for p in lifted.params if p.kind in POSITIONAL]
    first = len(positional) - template.defaults
    defaults = dict(zip(positional[first:], items, strict=False))
    end = template.defaults + len(template.keywords)
    defaults.update(zip(template.keywords, items[template.defaults : end], strict=True))
    bound = bind(lifted.params, args, keywords, lambda p: defaults.get(p.name), template.name, ctx.loc)
    return _call_lifted(ctx, lifted, template.free, [*bound, *items[end:]])


def _call_function(ctx: Context, fn: FunctionType, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    lifted = ctx.engine.lifted(fn)
    bound = bind(
        lifted.params, args, keywords, lambda p: _default(ctx, lifted, p), lifted.function.name, ctx.loc
    )
    rule = CUSTOM_VJP.get(fn)
    if rule is not None:
        return _call_with_rule(ctx, lifted, rule, bound)
    return _call_lifted(ctx, lifted, (), bound)


def call_library(ctx: Context, fn: FunctionType, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """A stand-in for a library function: its annotations `float` and `int` convert as the original does."""
    lifted = ctx.engine.lifted(fn)
    bound = bind(
        lifted.params, args, keywords, lambda p: _default(ctx, lifted, p), lifted.function.name, ctx.loc
    )
    converted = []
    for param, rep in zip(lifted.params, bound, strict=True):
        wanted = fn.__annotations__.get(param.name)
        what = f"the argument {param.name} of {fn.__name__}"
        if wanted in ("float", float):
            rep = scalar(as_float(ctx, numeric(ctx, rep, what)))
        elif wanted in ("int", int):
            rep = scalar(as_index(ctx, rep, what))
        elif wanted in ("complex", complex):
            rep = complexes.complex_rep(*complexes.pair(complexes.lifted(ctx, rep, what)))
        converted.append(rep)
    return _call_lifted(ctx, lifted, (), converted)


def call_plain(ctx: Context, fn: FunctionType, args: list[Rep]) -> Rep:
    """The call of a plain Python function."""
    return _call_function(ctx, fn, args, {})


def _default(ctx: Context, lifted: Lifted, param: Param) -> Rep | None:
    return default_value(ctx, lifted, param)


def _specialised(rep: Rep) -> Rep:
    """An argument as the callee's type sees it: ints and bools keep their values, floats forget them."""
    return Rep(without_constants(rep.abstract, keep=(I64, BOOL)), rep.parts)


def _call_lifted(ctx: Context, lifted: Lifted, free: tuple[str, ...], args: list[Rep]) -> Rep:
    if lifted.generator:
        return generators.make(ctx, lifted, free, args)
    deriving, ctx.deriving = ctx.deriving, None
    count, name = len(lifted.params), lifted.function.name
    positions = positions_of(ctx, deriving, args, count, name) if deriving is not None else []
    args = [_specialised(rep) for rep in args]
    with _placed(ctx):
        instance = ctx.engine.instance(lifted, free, [rep.abstract for rep in args], ctx.loc)
    if positions:
        found = instance.result
        if isinstance(found, Number) and found.constant is not None:
            value = _emit_call(ctx, instance, args, {})
            return constant_slopes(ctx, value, args, positions)
        return tangents(ctx, instance, args, positions)
    return _emit_call(ctx, instance, args, {})


def resume(ctx: Context, generator: Rep) -> Rep:
    """Go on in a generator up to the next `yield`: whether it got there."""
    kind = generator.abstract
    assert isinstance(kind, GeneratorOf)
    with _placed(ctx):
        instance = ctx.engine.instance(kind.lifted, (), [kind], ctx.loc)
    return _emit_call(ctx, instance, [generator], {})


@contextmanager
def _placed(ctx: Context) -> Iterator[None]:
    """Errors in what stands for a function of a library are errors of the call."""
    try:
        yield
    except SsadError as error:
        if isinstance(error.place, Location) and Path(error.place.file).is_relative_to(_LIBRARY_HOME):
            error.place = ctx.loc
        raise


_LIBRARY_HOME = Path(__file__).parents[1] / "library"


def _emit_call(ctx: Context, instance: Instance, args: list[Rep], attrs: dict[str, Any]) -> Rep:
    """The op `call`, and the result put together from its parts."""
    pairs = zip(args, instance.arguments, strict=True)  # a recursive call forgets the values of constants
    args = [Rep(wanted, ctx.convert(rep, wanted)) for rep, wanted in pairs]
    if instance.raises is not None:
        if ctx.block is None:
            ctx.raised.append(represent(instance.raises, placeholder))
        elif ctx.handler is not None and not instance.recursive:
            return ctx.engine.write_inlined(ctx, instance, args, "vjp" in attrs)
    captured = [ctx.capture(capture) for capture in instance.captures.values()]
    operands = [part for rep in [*args, *captured] for part in travelling(rep.abstract, rep.parts)]
    if instance.raises is not None and ctx.handler is not None:
        return _outcome(ctx, instance, operands)
    result = instance.result
    types = [] if result is None else travelling_types(result)
    name = instance.lifted.function.name
    if ctx.block is not None:
        name = ctx.engine.function_of(instance).name
    parts = _results(ctx, operands, types, {"callee": name, **attrs})
    if result is None:
        raise Gone
    return represent(result, lambda type, _: next(parts))


def _outcome(ctx: Context, instance: Instance, operands: list[Value]) -> Rep:
    """A call of a function that calls itself, in a block whose exceptions are handled: it returns its own."""
    from ssad.frontend.writer import outcome_types

    assert ctx.block is not None and ctx.handler is not None and instance.raises is not None
    callee = ctx.engine.outcome_of(instance).name
    parts = _results(ctx, operands, outcome_types(instance), {"callee": callee})
    failed = next(parts)
    found = [] if instance.result is None else [next(parts) for _ in travelling_types(instance.result)]
    error = ctx.handler(ctx, represent(instance.raises, lambda type, _: next(parts)))
    if instance.result is None:
        ctx.block.term = Terminator("jump", [], [error], None, ctx.loc)
        raise Gone
    following = ctx.new_block("returned")
    ctx.block.term = branch(failed, error, Edge(following), ctx.loc)
    ctx.block = following
    rest = iter(found)
    return represent(instance.result, lambda type, _: next(rest))


def _results(ctx: Context, operands: list[Value], types: list[Type], attrs: dict[str, Any]) -> Any:
    kind = "none" if not types else str(types[0]) if len(types) == 1 else str(tuple_of(*types))
    value = ctx.emit("call", *operands, type=kind, **attrs)
    if len(types) > 1:
        return iter([ctx.emit("extract", value, index=n) for n in range(len(types))])
    return iter([value])


def _call_external(ctx: Context, external: External, args: list[Rep], keywords: dict[str, Rep]) -> Rep:
    """A call back into Python, as a call of a function with a rule."""
    args = [as_passed(ctx, opened(ctx, rep)) for rep in arranged(ctx, external, args, keywords)]
    call, rule = functions_of(external, tuple(kind_of(ctx, external, rep) for rep in args))
    if rule is None:
        return call_raw(ctx, Raw(external), args)
    return _call_with_rule(ctx, ctx.engine.lifted(call), rule, args)


def _call_with_rule(ctx: Context, lifted: Lifted, rule: Any, args: list[Rep]) -> Rep:
    """A call whose derivative is a rule `rule(y_bar, y, *args)`, typed beside it with the type of y for
    y_bar.
    """
    args = [Rep(without_constants(rep.abstract), rep.parts) for rep in args]
    types: list[Abstract] = [rep.abstract for rep in args]
    instance = ctx.engine.instance(lifted, (), types, ctx.loc)
    instance.result = None if instance.result is None else without_constants(instance.result)
    result = instance.result
    numbers = result.items if isinstance(result, TupleOf) else (result,)
    floats = all(isinstance(n, Number) and n.type.is_float for n in numbers)
    if result is None or not floats or instance.captures:
        return _emit_call(ctx, instance, args, {})
    ruled = ctx.engine.lifted(rule)
    given = [represent(a, placeholder) for a in (result, result, *types)]
    bound = bind(ruled.params, given, {}, lambda p: _default(ctx, ruled, p), ruled.function.name, ctx.loc)
    by_hand = ctx.engine.instance(ruled, (), [rep.abstract for rep in bound], ctx.loc)
    if by_hand.result is not None:
        by_hand.result = without_constants(by_hand.result)
    name = ruled.function.name
    if ctx.block is not None:
        ctx.engine.function_of(instance)
        name = ctx.engine.function_of(by_hand).name
    return _emit_call(ctx, instance, args, {"vjp": name})


def is_compiled(obj: Any) -> bool:
    """Whether the tables know what stands behind a call of `obj`, a builtin or library function."""
    tables: tuple[Mapping[Any, Any], ...] = (BUILTINS, NUMPY_CALLS, REFLECTION, CALLS, LIBRARY)
    scalar_type = any(dtype.type is obj for dtype in SCALARS)
    written_out = obj in (dict, print, super)
    return scalar_type or written_out or any(_found(table, obj) is not None for table in tables)
