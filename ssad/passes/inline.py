"""Inlining: a call becomes the body of the function called.

    %y = call %x {callee = "g", type = "f64"} @L1        %y = exp %x @L2
    ...                                             ->   ...
    func @g(%a: f64) -> f64 { %b = exp %a @L5 ... }      loc @L2 = (that of @L5) at @L1

Callees are flattened first, so that each is copied whole. Calls with a custom rule (`vjp`) stay, and so do
calls of functions that call themselves, directly or through others. Functions that nobody calls any more are
removed from the module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ssad.analysis.callgraph import reachable, recursive
from ssad.errors import UnsupportedError
from ssad.ir.core import Block, Function, Location, Module, Op, Undef, Value, jump
from ssad.ir.edit import clone_blocks, remove_unreachable, replace_values
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import Tuple
from ssad.passes.manager import function_pass

MAX_DEPTH = 64


@function_pass("inline", "put the bodies of called functions in place of the calls")
def run(function: Function, module: Module) -> bool:
    changed = False
    body = Bodies(module)
    for callee in _callees_first(function, body):
        changed |= _flatten(callee, body)
    needed = reachable(module, [module.main.name])
    for name in [name for name in module.functions if name not in needed]:
        del module.functions[name]
    return changed


class Bodies:
    """The functions of a module whose calls are inlined: those that do not call themselves."""

    def __init__(self, module: Module) -> None:
        again = recursive(module)
        self.functions = {name: f for name, f in module.functions.items() if name not in again}

    def of(self, op: Op) -> Function | None:
        """The function to put in place of `op`, if it is such a call."""
        if op.prim.name != "call" or op.attrs.get("vjp") or op.attrs.get("sweep"):
            return None
        return self.functions.get(op.attrs["callee"])


@dataclass
class _Visit:
    """A function on the way down the call graph, and the calls in it that are still to be followed."""

    function: Function
    calls: Iterator[tuple[Op, Function]]


def _callees_first(root: Function, bodies: Bodies) -> list[Function]:
    """`root` and all that is inlined into it, callees before callers."""

    def visit(function: Function) -> _Visit:
        found = ((op, callee) for op in function.ops() if (callee := bodies.of(op)) is not None)
        return _Visit(function, found)

    order: list[Function] = []
    depth: dict[Function, int] = {}
    path = [visit(root)]
    while path:
        top = path[-1]
        for _, callee in top.calls:
            if callee not in depth:
                path.append(visit(callee))
                break
        else:
            path.pop()
            below = [depth[c] for op in top.function.ops() if (c := bodies.of(op)) is not None]
            depth[top.function] = 1 + max(below, default=-1)
            if depth[top.function] > MAX_DEPTH:
                raise UnsupportedError(
                    f"calls are nested deeper than {MAX_DEPTH} from {top.function.name}",
                    top.function.loc,
                    "flatten the helpers",
                )
            order.append(top.function)
    return order


def _flatten(function: Function, bodies: Bodies) -> bool:
    """Inline every call in `function` of functions that hold no inlinable call themselves."""
    if not any(bodies.of(op) for op in function.ops()):
        return False
    inliner = _Inliner(function, bodies)
    for block in function.blocks:
        inliner.block(block)
    function.blocks = inliner.blocks
    replace_values(function, inliner.forward)
    function.touch()
    remove_unreachable(function)
    return True


class _Inliner:
    """Rebuilds the blocks of a function: a block is cut at each call of a function with control flow."""

    def __init__(self, function: Function, bodies: Bodies) -> None:
        self.bodies = bodies
        self.blocks: list[Block] = []
        self.forward: dict[Value, Value] = {}
        self.tuples: dict[Value, list[Value]] = {}
        self.whole = _used_whole(function)
        self.locations: dict[tuple[int, int], Location] = {}

    def block(self, block: Block) -> None:
        """Copy `block` with its calls inlined; it stays the block that its predecessors know."""
        ops, term, current = block.ops, block.term, block
        block.ops = []
        self.blocks.append(block)
        for op in ops:
            callee = self.bodies.of(op)
            if callee is not None:
                current = self._call(op, callee, current)
            elif op.prim.name == "extract" and op.operands[0] in self.tuples:
                assert op.result is not None
                self.forward[op.result] = self.tuples[op.operands[0]][op.attrs["index"]]
            else:
                current.ops.append(op)
        current.term = term

    def _call(self, call: Op, callee: Function, current: Block) -> Block:
        """Put the body of `callee` behind `current`; returns the block where control goes on."""
        body = list(clone_blocks(callee.blocks, {}).values())
        for copy in body:
            copy.sweep = current.sweep
            for op in copy.ops:
                op.loc = self._inlined(op.loc, call)
            copy.term.loc = self._inlined(copy.term.loc, call)
        self.forward.update(zip(body[0].params, call.operands, strict=True))
        current.ops.extend(body[0].ops)
        current.term = body[0].term
        body[0] = current
        self.blocks.extend(body[1:])
        return self._join(call, callee, [block for block in body if block.term.kind == "return"])

    def _join(self, call: Op, callee: Function, returns: list[Block]) -> Block:
        """Where the copied returns lead: the block of the only one, or a new one that takes the results."""
        if len(returns) == 1:
            end, results = returns[0], list(returns[0].term.operands)
        else:
            end = Block(f"{callee.name}.end")
            results = [end.add_param(type, callee.name) for type in callee.result_types]
            for block in returns:
                end.sweep = block.sweep
                block.term = jump(end, list(block.term.operands), block.term.loc)
            if not returns:  # the callee always raises: what follows is unreachable
                end.params = []
                results = [Undef(type) for type in callee.result_types]
            self.blocks.append(end)
        if call.result is None:
            return end
        if not isinstance(call.result.type, Tuple):
            self.forward[call.result] = results[0]
            return end
        self.tuples[call.result] = results
        if call.result in self.whole:
            made = Op(PRIMITIVES["tuple"], results, {}, call.result.type, call.loc, call.result.name)
            end.ops.append(made)
            assert made.result is not None
            self.forward[call.result] = made.result
        return end

    def _inlined(self, loc: Location | None, call: Op) -> Location | None:
        """`loc` with the call at the far end of its chain of calls."""
        if loc is None or call.loc is None:
            return loc or call.loc
        key = id(loc), id(call.loc)
        known = self.locations.get(key)
        if known is None:
            outer = self._inlined(loc.inlined_at, call) if loc.inlined_at is not None else call.loc
            span = (loc.file, loc.function, loc.line, loc.column, loc.end_line, loc.end_column)
            known = self.locations[key] = Location(*span, outer)
        return known


def _used_whole(function: Function) -> set[Value]:
    """The tuples of results that are used otherwise than by extraction."""
    whole: set[Value] = set()
    for block in function.blocks:
        for op in block.ops:
            if op.prim.name != "extract":
                whole.update(op.operands)
        whole.update(block.term.operands)
        for edge in block.term.edges:
            whole.update(edge.args)
    return whole
