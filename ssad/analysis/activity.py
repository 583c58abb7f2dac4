"""Which values carry derivatives: varied (an active parameter matters) and useful (to a result)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ssad.analysis.alias import AliasClass, AliasClasses
from ssad.analysis.choices import does
from ssad.analysis.effects import calls, carries_float, reads, refers, tapes, written_by
from ssad.ir.core import Const, Function, Op, Undef, Value

Node = Value | AliasClass
"""Where derivatives live: a float, or the memory of a class of arrays (any element may then have one)."""


@dataclass(frozen=True)
class Activity:
    """The floats and float arrays (an array stands for its class) that are varied, and that are useful."""

    varied: Mapping[Value, None]
    useful: Mapping[Value, None]

    def active(self, value: Value) -> bool:
        """Whether `value` has a cotangent (or a tangent) that matters."""
        return value in self.varied and value in self.useful


def activity(function: Function, active_params: Collection[Value], alias: AliasClasses) -> Activity:
    """Activity of every value with respect to `active_params`; flow-insensitive.

    Useful is what the results depend on: returned floats, returned arrays, and every array of the caller
    that is active or written, since the caller gives the cotangent of its final content. With the choice
    `activity` left out everything that an op makes is both; arrays of the caller are what they are.
    """
    nodes = _Nodes(alias)
    feeds: dict[Node, list[Node]] = {}
    fed_by: dict[Node, list[Node]] = {}
    for sources, targets in _flows(function, nodes):
        for source in sources:
            feeds.setdefault(source, []).extend(targets)
        for target in targets:
            fed_by.setdefault(target, []).extend(sources)

    seeds = [node for v in active_params if (node := nodes.of(v)) is not None]
    results: list[Node] = [node for node in seeds if isinstance(node, AliasClass)]
    results.extend(one for one in alias.classes if one.written and one.params)
    for block in function.blocks:
        if block.term.kind == "return":
            results.extend(node for v in block.term.operands if (node := nodes.of(v)) is not None)
    varied = _reach(seeds, feeds)
    useful = _reach(results, fed_by)
    if not does(function, "activity"):
        inside = {node for node in fed_by if not (isinstance(node, AliasClass) and node.params)}
        varied |= inside
        useful |= inside
    return Activity(_values(function, varied, nodes), _values(function, useful, nodes))


class _Nodes:
    """Values -> where their derivatives live."""

    def __init__(self, alias: AliasClasses) -> None:
        self.alias = alias

    def of(self, value: Value) -> Node | None:
        """The node of `value`, None where no derivative can be."""
        if not carries_float(value.type) or isinstance(value, Const | Undef):
            return None
        return self.alias.of[value] if refers(value.type) else value

    def of_all(self, values: Iterable[Value]) -> list[Node]:
        return [node for v in values if (node := self.of(v)) is not None]


Flow = tuple[list[Node], list[Node]]


def _flows(function: Function, nodes: _Nodes) -> list[Flow]:
    """(sources, targets) of every op and edge through which a derivative passes."""
    flows: list[Flow] = []
    for block in function.blocks:
        for op in block.ops:
            flow = _flow(op, nodes)
            if flow is not None:
                flows.append(flow)
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                source, target = nodes.of(arg), nodes.of(param)
                if source is not None and target is not None and source is not target:
                    flows.append(([source], [target]))
    return flows


def _flow(op: Op, nodes: _Nodes) -> Flow | None:
    if op.name == "stop_gradient" or (op.prim.nondifferentiable and not _transparent(op)):
        return None
    result = op.result
    targets = nodes.of_all(written_by(op))
    if tapes(op.prim) and result is None:
        targets.extend(nodes.of_all(op.operands[:1]))
    if result is not None:
        targets.extend(nodes.of_all([result]))
    if not targets:
        return None
    # the memory of an array matters only to an op that reads it; its address and shape carry no derivative
    memory = reads(op.prim) or tapes(op.prim) or (result is not None and not refers(result.type))
    sources = nodes.of_all(v for v in op.operands if memory or not refers(v.type))
    return (sources, targets) if sources else None


def _transparent(op: Op) -> bool:
    """Ops that hand floats through whatever their record says of derivatives."""
    return calls(op.prim) or tapes(op.prim) or op.name in ("recall", "tuple", "extract")


def _reach(seeds: Iterable[Node], along: Mapping[Node, list[Node]]) -> set[Node]:
    found = set(seeds)
    work = list(found)
    while work:
        for node in along.get(work.pop(), ()):
            if node not in found:
                found.add(node)
                work.append(node)
    return found


def _values(function: Function, found: set[Node], nodes: _Nodes) -> dict[Value, None]:
    """The values, in order of definition, whose node was found."""
    values: dict[Value, None] = {}
    for block in function.blocks:
        for param in block.params:
            if nodes.of(param) in found:
                values[param] = None
        for op in block.ops:
            if op.result is not None and nodes.of(op.result) in found:
                values[op.result] = None
    return values
