"""Cells become values: what is rebound while others see it, an array above all, is found by SSA construction.

    %c = cell_new {type = "cell<f64[?; C]>"}
    cell_set %c, %a                               jump ^loop(%a)
    jump ^loop                             ->   ^loop(%c.1: f64[?; C]):
  ^loop:                                          %x = load %c.1, 0
    %v = cell_get %c                              ...
    %x = load %v, 0

That needs all functions that see a cell to be inlined, and of each cell to be known which one it is. What
remains, a cell in a list, one chosen by data, or one that a recursive function sees, becomes a list of one
element.
"""

from __future__ import annotations

from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.edit import prune_params
from ssad.ir.graph import Dominators
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import I64, REFERENCES, Cell, List, Tuple, Type, list_of, parse_type, tuple_of
from ssad.passes.manager import function_pass
from ssad.passes.promote import promote


@function_pass("unbox", "make values of what cells hold")
def run(function: Function, module: Module) -> bool:
    changed = False
    while promote(
        function, dict.fromkeys(_settled(function), ())
    ):  # what one cell held may have been another one
        _forget_undefined(function)
        changed = True
    return _keep_as_lists(function) or changed


def _forget_undefined(function: Function) -> None:
    """A parameter that in the end gets one reference or nothing is that reference, where it is there already.

    A fixpoint over the parameters, which lead to each other around loops: nothing, one value, or several.
    """
    dominators = Dominators(function)
    home: dict[Value, Block] = {}
    passed: dict[Value, list[Value]] = {}
    for block in dominators.order:
        home.update((value, block) for value in block.params)
        home.update((op.result, block) for op in block.ops if op.result is not None)
        for edge in block.term.edges:
            for param, value in zip(edge.target.params, edge.args, strict=True):
                if isinstance(param.type, REFERENCES):
                    passed.setdefault(param, []).append(value)
    sources: dict[Value, tuple[Value, ...]] = dict.fromkeys(passed, ())
    work = list(passed)
    while work:
        param = work.pop()
        found: dict[Value, None] = {}
        for value in passed[param]:
            found.update(dict.fromkeys(sources.get(value, (value,))))
        known = tuple(value for value in found if not isinstance(value, Undef))[:2]
        if known != sources[param]:
            sources[param] = known
            work.extend(other for other, values in passed.items() if param in values)
    forward = {
        param: known[0]
        for param, known in sources.items()
        if len(known) == 1 and dominators.dominates(home[known[0]], home[param])
    }
    if forward:
        prune_params(function, forward)


def _settled(function: Function) -> set[Value]:
    """The cells that only reads and writes of what they hold use."""
    cells = {op.result for op in function.ops() if op.name == "cell_new" and op.result is not None}
    for block in function.blocks if cells else ():
        for op in block.ops:
            cells.difference_update(op.operands[op.name in ("cell_get", "cell_set") :])
        cells.difference_update(block.term.operands)
        for edge in block.term.edges:
            cells.difference_update(edge.args)
    return cells


def _keep_as_lists(function: Function) -> bool:
    """Whatever leads to a cell leads to a list instead; says whether there was any."""
    changed = False
    for value in [*_values(function), *_undefined(function)]:
        listed = _listed(value.type)
        changed |= listed is not value.type
        value.type = listed
    function.result_types = [_listed(type_) for type_ in function.result_types]
    for block in function.blocks if changed else ():
        ops, block.ops = block.ops, []
        for op in ops:
            block.ops += _with_lists(op)
    if changed:
        function.touch()
    return changed


def _values(function: Function) -> list[Value]:
    values = [param for block in function.blocks for param in block.params]
    return values + [op.result for op in function.ops() if op.result is not None]


def _undefined(function: Function) -> list[Value]:
    used = [v for op in function.ops() for v in op.operands]
    for block in function.blocks:
        used += [*block.term.operands, *(v for edge in block.term.edges for v in edge.args)]
    return [v for v in used if isinstance(v, Undef)]


def _listed(type_: Type) -> Type:
    """The type with lists for cells."""
    if isinstance(type_, Cell | List):
        return list_of(_listed(type_.elem))
    return tuple_of(*map(_listed, type_.elems)) if isinstance(type_, Tuple) else type_


def _with_lists(op: Op) -> list[Op]:
    if op.name == "cell_new":
        assert op.result is not None and isinstance(op.result.type, List)
        _respell(op, "list_new")
        op.attrs = {"type": str(op.result.type)}
        content = Undef(
            op.result.type.elem
        )  # there is always one element: who reads it checks whether it counts
        return [op, Op(PRIMITIVES["list_put"], [op.result, _FIRST, content], {}, None, op.loc)]
    if op.name in ("cell_get", "cell_set"):
        _respell(op, op.name.replace("cell", "list"))
        op.operands.insert(1, _FIRST)
    elif "type" in op.attrs:
        op.attrs = op.attrs | {"type": str(_listed(parse_type(op.attrs["type"])))}
    return [op]


def _respell(op: Op, name: str) -> None:
    op.prim = PRIMITIVES[name]


_FIRST = Const(I64, 0)
