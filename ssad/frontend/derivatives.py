"""Derivatives called inside: `ssad.grad(f)(x)` in a compiled function is a call of the tangent of `f`.

The tangent is plain IR beside the function, so it is inlined, optimised and differentiated like everything
else. It is that by one number: where several are asked for, there are as many calls. By arrays and trees a
gradient function of its own is made (see `ad/inside.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ssad.frontend.abstract import (
    MIXED,
    Abstract,
    ArrayOf,
    DerivativeOf,
    Known,
    Number,
    TreeOf,
    TupleOf,
    without_constants,
)
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import Context, Deriving, Rep, compound, known
from ssad.frontend.engine import Instance
from ssad.frontend.shapes import travelling, travelling_types
from ssad.ir.core import Const, Op, Value
from ssad.ir.types import I64, Array, Scalar, Type, array, tuple_of

Apply = Callable[[Context, Rep, list[Rep], dict[str, Rep]], Rep]


def derivative_of(ctx: Context, gives: str, args: Sequence[Rep], keywords: dict[str, Rep]) -> Rep:
    """`ssad.grad(f, argnums)` inside: what a call of it is to be."""
    names = ("fn", "argnums")
    given = dict(zip(names, args, strict=False)) | keywords
    if len(args) > 2 or "fn" not in given or not set(given) <= set(names):
        raise unsupported(
            "call", "options of a derivative inside are not compiled", ctx.loc, "give argnums only"
        )
    function, argnums = given["fn"], given.get("argnums")
    if isinstance(function.abstract, DerivativeOf):
        raise _again(ctx)
    if gives == "value":
        return function
    numbers = 0 if argnums is None else _constant(argnums)
    if numbers is None:
        raise unsupported("call", "argnums has to be known at compile time", ctx.loc, "write numbers")
    return compound(DerivativeOf, [function], (gives, numbers))


def compiled(obj: Any) -> Rep:
    """What `ssad.jit`, `ssad.grad` and their kin have made outside: the function, or its derivative."""
    function = known(obj.py_func)
    if obj.gives == "value":
        return function
    return compound(DerivativeOf, [function], (obj.gives, argnums_of(obj)))


def argnums_of(obj: Any) -> Any:
    """Its argnums, counted from the first parameter where their number is fixed."""
    numbers = getattr(obj, "argnums", obj.given_argnums)
    return numbers[0] if isinstance(obj.given_argnums, int) and isinstance(numbers, tuple) else numbers


def _constant(rep: Rep) -> int | tuple[int, ...] | None:
    kind = rep.abstract
    if isinstance(kind, TupleOf):
        items = [_constant(item) for item in rep.items()]
        return tuple(n for n in items if isinstance(n, int)) if all(type(n) is int for n in items) else None
    if isinstance(kind, Number) and kind.type is I64 and kind.constant is not None:
        return int(kind.constant)
    return None


def call_derivative(
    ctx: Context, apply: Apply, derivative: Rep, args: list[Rep], keywords: dict[str, Rep]
) -> Rep:
    """The call of a derivative: `apply` binds the arguments as for the function itself, and comes back to
    `tangents` where that is found.
    """
    kind, function = derivative.abstract, derivative.items()[0]
    assert isinstance(kind, DerivativeOf)
    gives, argnums = kind.tag
    if ctx.deriving is not None:
        raise _again(ctx)
    numbers = tuple(argnums) if isinstance(argnums, tuple | list) else (argnums,)
    explicit = [Rep(rep.abstract, rep.parts) for rep in [*args, *keywords.values()]]  # known by identity
    split = len(args)
    ctx.deriving = Deriving(numbers, explicit, split)
    try:
        named = dict(zip(keywords, explicit[split:], strict=True))
        result = apply(ctx, function, explicit[:split], named)
        if _is_waiting(ctx):
            raise unsupported(
                "call",
                f"the derivative of {function.abstract} is not compiled inside a function",
                ctx.loc,
                "give a plain Python function that calls it, without a rule of its own",
            )
    finally:
        ctx.deriving = None
    value, *slopes = result.items()
    slope = compound(TupleOf, slopes) if isinstance(argnums, tuple | list) else slopes[0]
    return slope if gives == "gradient" else compound(TupleOf, [value, slope])


def _is_waiting(ctx: Context) -> bool:
    """Whether nobody has taken up the call to be differentiated."""
    return ctx.deriving is not None


def _again(ctx: Context) -> Exception:
    return unsupported(
        "call",
        "the derivative of a derivative is not compiled inside a function",
        ctx.loc,
        "name the first derivative: `def slope(x): return ssad.grad(f)(x)`, then ssad.grad(slope)",
    )


def positions_of(ctx: Context, deriving: Deriving, args: Sequence[Rep], count: int, name: str) -> list[int]:
    """Which of the arguments that `name` gets for its `count` parameters are to be differentiated by.

    The numbers count the parameters from the first one that the call gives, for what a method or a partial
    has put before it does not count.
    """
    given = [n for n, arg in enumerate(args[:count]) if any(arg is rep for rep in deriving.explicit)]
    if len(given) != len(deriving.explicit):
        raise unsupported(
            "call", f"{name} is differentiated, and has arguments in `*args`", ctx.loc, "name them"
        )
    gap = given != list(range(given[0], given[0] + len(given))) if given else False
    if gap or (given and given[0] and not deriving.positional):
        cause = f"argnums count the parameters of {name}, and this call leaves some out in between"
        raise unsupported("call", cause, ctx.loc, "give them all")
    for n in deriving.numbers:
        if not -len(given) <= n < len(given) or (n < 0 and given[-1] != count - 1):
            cause = f"argnums {n} does not fit a call of {name} with {len(given)} arguments"
            raise untypable("bind", cause, ctx.loc)
    positions = [given[n] for n in deriving.numbers]
    for n in positions:
        _refuse_inactive(ctx, args[n].abstract)
    return positions


def _refuse_inactive(ctx: Context, kind: Abstract) -> None:
    """Refuse to differentiate by anything but floats, arrays of them, and trees with such in them."""
    if isinstance(kind, TreeOf) and any(map(_is_active, _leaves(kind))):
        return
    if isinstance(kind, ArrayOf) and kind.elem.is_float:
        return
    if not isinstance(kind, Number):
        raise unsupported(
            "call",
            f"the derivative by {kind} is not compiled inside a function",
            ctx.loc,
            "take the gradient outside, or differentiate the whole function",
        )
    if not kind.type.is_float or kind.flavour is MIXED:
        raise untypable("operand", f"cannot differentiate by {kind}", ctx.loc, "give a float: float(x)")


def _leaves(kind: Abstract) -> Iterator[Abstract]:
    if isinstance(kind, TreeOf):
        for item in kind.items:
            yield from _leaves(item)
    else:
        yield kind


def _is_active(kind: Abstract) -> bool:
    """Whether a leaf has a derivative."""
    if isinstance(kind, Number):
        return kind.type.is_float and kind.flavour is not MIXED
    return isinstance(kind, ArrayOf) and kind.elem.is_float


def tangents(ctx: Context, instance: Instance, args: Sequence[Rep], positions: Sequence[int]) -> Rep:
    """The value of a function and its derivatives by the arguments at `positions`, as a tuple."""
    result = instance.result
    name = instance.lifted.function.name
    pairs = zip(args, instance.arguments, strict=True)
    args = [Rep(wanted, ctx.convert(rep, wanted)) for rep, wanted in pairs]
    if ctx.handler is not None and instance.raises is not None:
        cause = f"the derivative of {name}, which may raise, is not compiled within `try`"
        raise unsupported("call", cause, ctx.loc, "call it outside of `try`")
    captured = [ctx.capture(capture) for capture in instance.captures.values()]
    if result is None:
        result = Known(None)
    if not isinstance(result, Number) or not result.type.is_float:
        cause = f"a gradient is defined for functions that return one float; {name} returns {result}"
        raise untypable("return", cause, ctx.loc, "return a float")
    starts = [0]
    operands: list[Value] = []
    for rep in [*args, *captured]:
        operands += travelling(rep.abstract, rep.parts)
        starts.append(len(operands))
    if not all(isinstance(args[at].abstract, Number) for at in positions):
        return _gradients(ctx, instance, operands, [(starts[at], args[at].abstract) for at in positions])
    value: Sequence[Value] = ()
    slopes = []
    for at in positions:
        value, slope = _call(ctx, instance, operands, starts[at], len(positions) > 1)
        kind = args[at].abstract
        assert isinstance(kind, Number)
        slopes.append(Rep(Number(kind.type, kind.flavour), [ctx.cast(slope, kind.type)]))
    return compound(TupleOf, [Rep(without_constants(result), value), *slopes])


def _gradients(
    ctx: Context, instance: Instance, operands: Sequence[Value], wanted: Sequence[tuple[int, Abstract]]
) -> Rep:
    """The value, and the derivatives by arguments that begin at these operands."""
    assert isinstance(instance.result, Number)
    result = without_constants(instance.result)
    active: list[int] = []
    for start, kind in wanted:
        for leaf in _leaves(kind):
            width = len(travelling_types(leaf))
            active += [start] if _is_active(leaf) and width else []
            start += width
    types: list[Type] = [*result.parts]
    for n in active:
        of = operands[n].type
        types.append(array(of.elem, of.rank, "C") if isinstance(of, Array) else of)
    if ctx.block is None:
        parts = [Value(type) for type in types]
    else:
        name, fast = ctx.engine.gradient_of(instance, tuple(active), ctx.loc)
        whole = ctx.emit("call", *operands, callee=name, fast=fast, type=str(tuple_of(*types)))
        parts = [ctx.emit("extract", whole, index=n) for n in range(len(types))]
    count = len(result.parts)
    slopes = iter(parts[count:])
    bars = [_of_kind(kind, slopes) for _, kind in wanted]
    return compound(TupleOf, [Rep(result, parts[:count]), *bars])


def _of_kind(kind: Abstract, slopes: Iterator[Value]) -> Rep:
    """The derivative by something of this kind: None by what has none."""
    if isinstance(kind, TreeOf):
        return compound(type(kind), [_of_kind(item, slopes) for item in kind.items], kind.tag)
    if not _is_active(kind):
        return known(None)
    if isinstance(kind, Number) and kind.constant is not None:
        return Rep(without_constants(kind), [Const(kind.type, 0.0)])
    slope = next(slopes)
    return Rep(ArrayOf(slope.type) if isinstance(slope.type, Array) else without_constants(kind), [slope])


def constant_slopes(ctx: Context, value: Rep, args: Sequence[Rep], positions: Sequence[int]) -> Rep:
    """The same where the value is known at compile time: zeros."""
    kind = value.abstract
    if not isinstance(kind, Number) or not kind.type.is_float:
        raise untypable("return", f"a gradient is that of a float; this is {kind}", ctx.loc, "return a float")
    numbers = [args[at].abstract for at in positions]
    zeros = [Rep(Number(k.type, k.flavour), [Const(k.type, 0.0)]) for k in numbers if isinstance(k, Number)]
    return compound(TupleOf, [value, *zeros])


def _call(
    ctx: Context, instance: Instance, operands: Sequence[Value], active: int, several: bool
) -> tuple[list[Value], Value]:
    """The parts of the value, and its derivative by operand `active`."""
    assert isinstance(instance.result, Number)
    kind, *flag = without_constants(instance.result).parts
    if ctx.block is None:
        return [Value(kind), *map(Value, flag)], Value(kind)
    tangent = ctx.engine.tangent_of(instance, active, ctx.loc)
    if several and tangent.writes:
        cause = f"{instance.lifted.function.name} writes into arrays: it has derivatives by one argument only"
        raise unsupported("call", cause, ctx.loc, "give one argnum")
    if tangent.writes and not _are_apart(operands):
        cause = f"{instance.lifted.function.name} writes into one of several arrays, which may be one memory"
        cure = "take the gradient outside, or pass arrays that are made just there"
        raise unsupported("call", f"{cause}: not differentiated inside", ctx.loc, cure)
    given = [_tangent(ctx, operands[n], n == active) if dot else operands[n] for n, dot in tangent.params]
    both = ctx.emit("call", *given, callee=tangent.callee, type=str(tuple_of(kind, kind, *flag)))
    value, slope, *numpy = [ctx.emit("extract", both, index=n) for n in range(2 + len(flag))]
    return [value, *numpy], slope


def _are_apart(operands: Sequence[Value]) -> bool:
    """Whether the arrays among these are surely no memory of each other."""
    arrays = [v for v in operands if isinstance(v.type, Array)]
    made = {id(v) for v in arrays if isinstance(v.owner, Op) and v.owner.name == "alloc"}
    return len(arrays) < 2 or len(made) == len(arrays)


def _tangent(ctx: Context, operand: Value, active: bool) -> Value:
    """1 for what is differentiated by, an array of zeros for one that may come to depend on it."""
    kind = operand.type
    if not isinstance(kind, Array):
        assert isinstance(kind, Scalar)
        return Const(kind, 1.0 if active else 0.0)
    made = array(kind.elem, kind.rank, "C" if kind.layout == "A" else kind.layout)
    sizes = [ctx.dim(operand, axis) for axis in range(kind.rank)]
    zeros = ctx.emit("alloc", *sizes, type=str(made))
    ctx.emit("fill", zeros, Const(kind.elem, 0.0))
    return zeros if kind.layout != "A" else ctx.any_layout(zeros)
