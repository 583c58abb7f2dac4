"""One handler per op of lifted IR: `(ctx, op, operands) -> Rep`."""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Any

from ssad.frontend import (
    attributes,
    calls,
    caught,
    cells,
    dicts,
    exceptions,
    generators,
    indexing,
    instances,
    iteration,
    lists,
    managers,
    nothing,
    outside,
    patterns,
    records,
    sequences,
)
from ssad.frontend.abstract import Known, ListOf, MemoryList, Unbound
from ssad.frontend.codes import unsupported
from ssad.frontend.comparisons import compare, truth
from ssad.frontend.context import Context, Rep
from ssad.frontend.nothing import opening
from ssad.frontend.operators import binary, unary
from ssad.frontend.promotion import plain_bool
from ssad.ir.core import Op


def _binary(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    kind = operands[0].abstract
    if op.attrs.get("inplace"):
        own = records.inplace(ctx, op.attrs["op"], *operands)
        if own is not None:
            return own
    if op.attrs.get("inplace") and op.attrs["op"] == "|" and all(map(dicts.is_dict, operands)):
        dicts.update(ctx, operands[0], operands[1:])
        return operands[0]
    if op.attrs.get("inplace") and isinstance(kind, MemoryList | ListOf):
        return lists.inplace(ctx, op.attrs["op"], operands[0], outside.opened(ctx, operands[1]))
    if op.attrs.get("inplace") and isinstance(kind, Known) and isinstance(kind.object, list | set | dict):
        cause = f"a {type(kind.object).__name__} found outside is changed here: not compiled"
        raise unsupported("side_effect", cause, ctx.loc, "make a tuple, or an array")
    return binary(ctx, op.attrs["op"], *[outside.opened(ctx, rep) for rep in operands])


def _of_classes(handler: nothing.Handler) -> nothing.Handler:
    """The handler of operators: a class and None make a union of classes."""

    def handle(ctx: Context, op: Op, operands: list[Rep]) -> Any:
        found = [rep.abstract.object for rep in operands if isinstance(rep.abstract, Known)]
        classes = any(isinstance(obj, type | UnionType) for obj in found)
        return _binary(ctx, op, operands) if classes else handler(ctx, op, operands)

    return handle


def _unary(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    return unary(ctx, op.attrs["op"], *operands)


def _compare(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    if not op.attrs["op"].startswith("is"):
        operands = [outside.opened(ctx, rep) for rep in operands]
    return compare(ctx, op.attrs["op"], *operands)


def _truth(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    value = truth(ctx, operands[0])
    return plain_bool(ctx.not_(value) if op.attrs.get("negate") else value)


def _unbound(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    return Rep(Unbound())


def _check_bound(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    return cells.bound(ctx, operands[0], op.attrs["name"])


def _opening(handler: Callable[[Context, Any, list[Rep]], Any]) -> Callable[[Context, Any, list[Rep]], Any]:
    """A handler that looks into lists, tuples and dicts found outside."""
    return lambda ctx, op, operands: handler(ctx, op, [outside.opened(ctx, rep) for rep in operands])


def _append(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    return lists.append(ctx, *operands)


def _unpacked(op: Op, operands: list[Rep]) -> str:
    return "cannot unpack non-iterable NoneType object"


HANDLERS: dict[str, Callable[[Context, Any, list[Rep]], Any]] = {
    "py.const": outside.const,
    "py.global": outside.global_,
    "py.free": outside.free,
    "py.import": outside.import_,
    "py.unbound": _unbound,
    "py.check_bound": _check_bound,
    "py.binary": _of_classes(opening(_binary, nothing.binary)),
    "py.unary": opening(_opening(_unary), nothing.unary),
    "py.compare": nothing.ordering(_compare),
    "py.truth": _opening(_truth),
    "py.cell": cells.cell,
    "py.cell_load": cells.load,
    "py.cell_store": cells.store,
    "py.delegated": generators.delegated,
    "py.frame_load": generators.frame_load,
    "py.frame_free": generators.free_load,
    "py.frame_store": generators.frame_store,
    "py.getattr": opening(attributes.getattr_, nothing.attribute, "AttributeError"),
    "py.super": instances.super_,
    "py.setattr": opening(instances.setattr_, nothing.attribute, "AttributeError", at=[0]),
    "py.getitem": opening(indexing.getitem, nothing.object_("is not subscriptable"), at=[0]),
    "py.delitem": opening(indexing.delitem, nothing.object_("doesn't support item deletion"), at=[0]),
    "py.setitem": opening(indexing.setitem, nothing.object_("does not support item assignment"), at=[0]),
    "py.slice": sequences.slice_,
    "py.tuple": sequences.tuple_,
    "py.list": sequences.list_,
    "py.append": _append,
    "py.builtin": calls.builtin,
    "py.spread": opening(_opening(sequences.spread), nothing.object_("is not iterable")),
    "py.dict": dicts.dict_,
    "py.merge": _opening(dicts.merge),
    "py.unpack": opening(_opening(sequences.unpack), _unpacked),
    "py.rest": _opening(sequences.rest),
    "py.check_length": opening(_opening(sequences.check_length), _unpacked),
    "py.call": opening(calls.call, nothing.object_("is not callable"), at=[0]),
    "py.call_star": _opening(calls.call_star),
    "py.function": calls.function,
    "py.iter": opening(_opening(iteration.iter_), nothing.object_("is not iterable")),
    "py.iter_more": iteration.iter_more,
    "py.iter_item": iteration.iter_item,
    "py.next_index": iteration.next_index,
    "py.assertion": exceptions.assertion,
    "py.format": exceptions.format_,
    "py.attempt": caught.attempt,
    "py.caught": caught.caught,
    "py.matches": caught.matches,
    "py.narrow": caught.narrow,
    "py.special": managers.special,
    "py.with_except": managers.with_except,
    "py.present": nothing.narrowed,
    "py.length": patterns.length_,
    "py.is_kind": patterns.is_kind,
    "py.match_keys": patterns.match_keys,
    "py.match_class": patterns.match_class,
    "raise": caught.raise_,
}
