"""Functions and objects that are chosen at run time: a call becomes a branch for each that it may be.

f = math.sin if x > 2.0 else cosine            ^call: %first = eq %which, 0
y = f(x)                                 ->           branch %first, ^case, ^other
                                               ^case: ... sin ...      jump ^chosen(%a)
                                               ^other: ... cosine ...  jump ^chosen(%b)
                                               ^chosen(%y): ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from ssad.frontend.abstract import Abstract, MemoryList, OneOf, Reference
from ssad.frontend.codes import unsupported, untypable
from ssad.frontend.context import NEVER_RETURNS, TRUE, Context, Dead, Gone, Rep, undefined
from ssad.frontend.joins import NoJoin, join, sort_of
from ssad.frontend.shapes import placeholder, represent, travelling
from ssad.ir.core import Block, Const, Edge, Terminator, Value, branch, jump
from ssad.ir.types import I64

Call = Callable[[Rep], Rep]
"""Calls one of the functions with the arguments of all, or asks one of the objects."""


def each(ctx: Context, callee: Rep, call_one: Call) -> Rep:
    """What the function or object gives that `callee` is at run time."""
    kind = callee.abstract
    assert isinstance(kind, OneOf)
    if ctx.assumption is not TRUE:
        cause = f"{kind} is not compiled in this place, where it would have to be chosen"
        raise unsupported("call", cause, ctx.loc, "choose with an `if` statement")
    return _typed(ctx, callee, call_one) if ctx.block is None else _written(ctx, callee, call_one)


def cases(ctx: Context, rep: Rep) -> list[tuple[Value, Rep]]:
    """What it may be, and when it is that."""
    if not isinstance(rep.abstract, OneOf):
        return [(TRUE, rep)]
    return [(ctx.emit("eq", rep.parts[-1], _number(ctx, item)), item) for item in rep.items()]


def _number(ctx: Context, item: Rep) -> Const:
    return Const(I64, ctx.engine.function_number(sort_of(item.abstract)))


def where(ctx: Context, condition: Value, make: Call, of: Rep) -> Rep:
    """What `make(of)` gives where a condition holds; elsewhere `of` is undefined, and so is this.

    What leads to memory may not be touched where it is undefined: that takes a branch.
    """
    here = ctx.block
    if not leads_on(of.abstract):
        before = ctx.assumption
        ctx.assumption = ctx.and_(before, condition)
        try:
            return make(of)
        finally:
            ctx.assumption = before
    if here is None or isinstance(condition, Const):
        return make(of)
    if ctx.assumption is not TRUE:
        cause = f"{of.abstract}, which may be None, is not compiled in this place"
        raise unsupported("value", cause, ctx.loc, "choose with an `if` statement")
    ctx.block = ctx.new_block("there")
    inside = Edge(ctx.block)
    made = make(of)
    parts = travelling(made.abstract, made.parts)
    end = ctx.block
    merge = ctx.new_block("joined")
    end.term = jump(merge, parts, ctx.loc)
    here.term = branch(condition, inside, Edge(merge, [undefined(part.type) for part in parts]), ctx.loc)
    ctx.block = merge
    return represent(made.abstract, merge.add_param)


def leads_on(kind: Abstract) -> bool:
    """Whether it is, or has inside, an object or list in memory."""
    return isinstance(kind, Reference | MemoryList) or any(map(leads_on, kind.children()))


def is_chosen(kind: Abstract) -> bool:
    """Whether it is, or has inside, what is one of several."""
    return isinstance(kind, OneOf) or any(map(is_chosen, kind.children()))


def _typed(ctx: Context, callee: Rep, call_one: Call) -> Rep:
    results: list[Abstract] = []
    for item in callee.items():
        try:
            results.append(call_one(item).abstract)
        except Dead as dead:
            error = ctx.exception(dead.exc, dead.message, dead.payload)
            if error is not None:
                ctx.raised.append(error)
        except Gone:
            continue
    if not results:
        raise Gone
    return represent(_joined(ctx, results), placeholder)


def _joined(ctx: Context, results: list[Abstract]) -> Abstract:
    try:
        return reduce(join, results)
    except NoJoin as why:
        names = " and ".join(map(str, dict.fromkeys(results)))
        raise untypable("join", f"what is chosen here gives {names}", ctx.loc, str(why)) from None


def _written(ctx: Context, callee: Rep, call_one: Call) -> Rep:
    which, items = callee.parts[-1], callee.items()
    ends: list[tuple[Block, Rep]] = []
    for item in items:
        here = ctx.block
        assert here is not None
        following = None
        if item is not items[-1]:
            case, following = ctx.new_block("case"), ctx.new_block("other")
            test = ctx.emit("eq", which, _number(ctx, item))
            here.term = branch(test, Edge(case), Edge(following), ctx.loc)
            ctx.block = case
        result = _one(ctx, item, call_one)
        if result is not None:
            assert ctx.block is not None
            ends.append((ctx.block, result))
        if following is not None:
            ctx.block = following
    if not ends:
        raise Gone
    result_kind = _joined(ctx, [rep.abstract for _, rep in ends])
    merge = ctx.new_block("chosen")
    for block, rep in ends:
        ctx.block = block
        parts = travelling(result_kind, ctx.convert(rep, result_kind))
        ctx.block.term = jump(merge, parts, ctx.loc)
    ctx.block = merge
    return represent(result_kind, merge.add_param)


def _one(ctx: Context, item: Rep, call_one: Call) -> Rep | None:
    """The result of one function; None where it never returns, and the block has been ended."""
    try:
        return call_one(item)
    except Dead as dead:
        term = _raising(ctx, dead)
    except Gone:
        term = Terminator("raise", [], [], {"exc": "SystemError", "message": NEVER_RETURNS}, ctx.loc)
    assert ctx.block is not None
    if ctx.block.term.kind == "unfinished":
        ctx.block.term = term
    return None


def _raising(ctx: Context, dead: Dead) -> Terminator:
    error = ctx.exception(dead.exc, dead.message, dead.payload)
    if ctx.handler is None or error is None:
        return dead.terminator(ctx.loc)
    return Terminator("jump", [], [ctx.handler(ctx, error)], None, ctx.loc)
