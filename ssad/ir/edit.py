"""Small edits shared by everything that rewrites functions. Each leaves the function valid."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Terminator, Undef, Value
from ssad.ir.graph import predecessors, reverse_postorder


def definitions(block: Block) -> list[Value]:
    """The parameters of a block and the results of its ops."""
    return [*block.params, *(op.result for op in block.ops if op.result is not None)]


def replace_values(
    function: Function, forward: Mapping[Value, Value], blocks: Iterable[Block] | None = None
) -> None:
    """Put `forward[v]` (followed to its end) for every use of `v`, be it only those in `blocks`."""
    if not forward:
        return

    def final(value: Value) -> Value:
        while value in forward:
            value = forward[value]
        return value

    for block in function.blocks if blocks is None else blocks:
        for op in block.ops:
            op.operands = [final(v) for v in op.operands]
        term = block.term
        term.operands = [final(v) for v in term.operands]
        for edge in term.edges:
            edge.args = [final(v) for v in edge.args]
        if block.mirrors is not None:
            block.mirrors = (block.mirrors[0], final(block.mirrors[1]))
    function.touch()


def remove_unreachable(function: Function) -> bool:
    """Drop the blocks that no way from the entry reaches; says whether there were any."""
    reachable = set(reverse_postorder(function))
    if len(reachable) == len(function.blocks):
        return False
    function.blocks = [block for block in function.blocks if block in reachable]
    for block in function.blocks:
        if block.reverses not in reachable:
            block.reverses = None
        if block.mirrors is not None and block.mirrors[0] not in reachable:
            block.mirrors = None
    function.touch()
    return True


def prune_params(
    function: Function, forward: Mapping[Value, Value] | None = None, only: Collection[Value] | None = None
) -> bool:
    """Remove block parameters that get the same value (or themselves) on every edge, in one worklist sweep.

    `forward` are replacements already known (`SSABuilder.forwarded`); they are applied too. `only` names the
    parameters that may go. Says whether anything changed.
    """
    known: dict[Value, Value] = dict(forward or {})

    def final(value: Value) -> Value:
        while value in known:
            value = known[value]
        return value

    into: dict[Block, list[Edge]] = {block: [] for block in function.blocks}
    for block in function.blocks:
        for edge in block.term.edges:
            into[edge.target].append(edge)
    users: dict[Value, list[Value]] = {}
    for block in function.blocks:
        for edge in into[block]:
            for param, arg in zip(block.params, edge.args, strict=True):
                users.setdefault(final(arg), []).append(param)
    work = [p for block in function.blocks[1:] for p in block.params if only is None or p in only]
    while work:
        param = work.pop()
        if param in known:
            continue
        owner = param.owner
        assert isinstance(owner, Block)
        at = owner.params.index(param)
        same: Value | None = None
        for edge in into[owner]:
            arg = final(edge.args[at])
            if arg is param or (same is not None and same_value(arg, same)):
                continue
            if same is not None:
                break
            same = arg
        else:
            if same is None:
                continue
            known[param] = same
            moved = users.pop(param, [])
            users.setdefault(same, []).extend(moved)
            work.extend(moved if only is None else [p for p in moved if p in only])
    if not known:
        return False
    for block in function.blocks[1:]:
        keep = [n for n, p in enumerate(block.params) if p not in known]
        if len(keep) != len(block.params):
            block.params = [block.params[n] for n in keep]
            for edge in into[block]:
                edge.args = [edge.args[n] for n in keep]
    replace_values(function, known)
    return True


def same_value(a: Value, b: Value) -> bool:
    """Whether `a` and `b` are one value, or equal immediates."""
    return a is b or (isinstance(a, Const) and isinstance(b, Const) and a.key() == b.key())


def split_edge(function: Function, source: Block, number: int, name: str = "") -> Block:
    """Put an empty block onto edge `number` of `source`, after `source` in block order; returns it."""
    edge = source.term.edges[number]
    middle = Block(name)
    middle.sweep = source.sweep
    middle.term = Terminator("jump", [], [Edge(edge.target, edge.args)], None, source.term.loc)
    source.term.edges[number] = Edge(middle)
    function.blocks.insert(function.blocks.index(source) + 1, middle)
    function.touch()
    return middle


def clone_blocks(
    blocks: Iterable[Block], values: dict[Value, Value], targets: dict[Block, Block] | None = None
) -> dict[Block, Block]:
    """Copies of `blocks`; `values` maps what is defined outside and receives original -> copy of what is
    inside.

    Edges between the blocks lead to the copies; other edges to `targets.get(block, block)`.
    """
    blocks = list(blocks)
    copies: dict[Block, Block] = {}
    for block in blocks:
        copy = copies[block] = Block(block.name)
        copy.sweep = block.sweep
        for param in block.params:
            values[param] = copy.add_param(param.type, param.name)
        for op in block.ops:  # results first: a use may stand in a block listed before its definition
            if op.result is not None:
                values[op.result] = Value(op.result.type, op.result.name)
    where = {**(targets or {}), **copies}
    for block, copy in copies.items():
        for op in block.ops:
            new = Op(op.prim, [values.get(v, v) for v in op.operands], dict(op.attrs), None, op.loc)
            if op.result is not None:
                new.result = values[op.result]
                new.result.owner = new
            copy.ops.append(new)
        copy.term = copy_terminator(block.term, values, where)
        if block.reverses is not None:
            copy.reverses = where.get(block.reverses, block.reverses)
        if block.mirrors is not None:
            header, count = block.mirrors
            copy.mirrors = (where.get(header, header), values.get(count, count))
    return copies


def copy_op(op: Op, values: dict[Value, Value]) -> Op:
    """A copy of `op` with operands mapped, whose result `values` receives."""
    copy = Op(op.prim, [values.get(v, v) for v in op.operands], dict(op.attrs), None, op.loc)
    if op.result is not None:
        copy.result = values[op.result] = Value(op.result.type, op.result.name, copy)
    return copy


def copy_terminator(
    term: Terminator, values: Mapping[Value, Value], where: Mapping[Block, Block] | None = None
) -> Terminator:
    """A copy of `term` with values and targets mapped; what is not in the mappings stays."""
    where = where or {}
    edges = [Edge(where.get(e.target, e.target), [values.get(v, v) for v in e.args]) for e in term.edges]
    return Terminator(term.kind, [values.get(v, v) for v in term.operands], edges, dict(term.attrs), term.loc)


def clone_function(function: Function, name: str | None = None) -> tuple[Function, dict[Value, Value]]:
    """A deep copy of `function` under `name`, with the map original value -> copy."""
    copy = Function(name or function.name, function.loc)
    values: dict[Value, Value] = {v: Undef(v.type) for v in _undefined(function)}  # passes change their types
    copy.blocks = list(clone_blocks(function.blocks, values).values())
    copy.result_types = list(function.result_types)
    copy.attrs = dict(function.attrs)
    return copy, values


def _undefined(function: Function) -> Iterator[Value]:
    """What is used and has no meaning."""
    for block in function.blocks:
        used = [op.operands for op in block.ops] + [edge.args for edge in block.term.edges]
        for values in (*used, block.term.operands):
            for value in values:
                if isinstance(value, Undef):
                    yield value


def clone_module(module: Module) -> Module:
    """A deep copy of a module; the Python objects that it names are the same."""
    copy = Module()
    copy.objects = module.objects
    for function in module.functions.values():
        copy.functions[function.name] = clone_function(function)[0]
    return copy


def single_predecessor_edges(function: Function) -> dict[Block, Block]:
    """block -> its predecessor, for the blocks that exactly one edge enters."""
    return {block: preds[0] for block, preds in predecessors(function).items() if len(preds) == 1}
