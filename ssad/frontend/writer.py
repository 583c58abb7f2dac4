"""Typed IR of one function, written with the types that the fixpoint found, by the same handlers."""

from __future__ import annotations

from ssad.frontend.context import Context, Dead, Rep
from ssad.frontend.engine import Engine, Instance
from ssad.frontend.handlers import HANDLERS
from ssad.frontend.shapes import represent, travelling, travelling_types
from ssad.ir.core import Block, Const, Edge, Op, Terminator, Value, branch, jump, return_
from ssad.ir.edit import prune_params, remove_unreachable


class Writer:
    """Block by block in reverse postorder, so that a value is written before it is read."""

    def __init__(self, engine: Engine, instance: Instance) -> None:
        assert instance.function is not None and instance.facts is not None
        self.instance = instance
        self.function = instance.function
        self.lifted = instance.lifted.function
        self.facts = instance.facts
        self.ctx = Context(engine, instance)
        self.env = self.ctx.env
        self.blocks: dict[Block, Block] = {}

    def run(self) -> None:
        """Fill the instance's typed function."""
        entry = self._entry()
        for block in self.facts.order:
            if block is not self.lifted.entry:
                self.blocks[block] = self.function.add_block(block.name)
        result = self.instance.result
        self.function.result_types = [] if result is None else travelling_types(result)
        for block in self.facts.order:
            if block is not self.lifted.entry:
                self._params(block)
            self._write(block)
        self.blocks[self.lifted.entry] = entry
        remove_unreachable(self.function)
        prune_params(self.function)
        self.function.touch()

    def _entry(self) -> Block:
        """The entry block, whose parameters are the arguments, the captured values, and the arrays found
        outside.
        """
        entry = self.function.add_block("entry")
        self.blocks[self.lifted.entry] = entry
        params = self.lifted.entry.params
        reps = []
        names = [*(p.name for p in params), *self.instance.free]
        for abstract, name in zip(self.instance.arguments, names, strict=True):
            reps.append(represent(abstract, entry.add_param, name))
        for param, rep in zip(params, reps, strict=False):
            self.env[param] = rep
        self.ctx.free_values = dict(zip(self.instance.free, reps[len(params) :], strict=True))
        for key, capture in self.instance.captures.items():
            name = capture.origin.name
            self.ctx.capture_values[key] = represent(capture.abstract, entry.add_param, name)
        return entry

    def _params(self, block: Block) -> None:
        target = self.blocks[block]
        for param, abstract in zip(block.params, self.facts.params[block], strict=True):
            self.env[param] = represent(abstract, target.add_param, param.name)

    def _write(self, block: Block) -> None:
        ctx, target = self.ctx, self.blocks[block]
        ctx.block = target
        try:
            for op in block.ops:
                ctx.loc = op.loc
                rep = HANDLERS[op.prim.name](ctx, op, [self.env[v] for v in op.operands])
                if op.result is not None:
                    self._define(op.result, rep)
            ctx.loc = block.term.loc
            target.term = self._terminator(block)
        except Dead as dead:
            target.term = Terminator("raise", dead.payload, [], _raising(dead), ctx.loc)

    def _define(self, value: Value, rep: Rep) -> None:
        self.env[value] = rep
        if rep.parts and isinstance(rep.parts[0].owner, Op) and not rep.parts[0].name:
            rep.parts[0].name = value.name

    def _terminator(self, block: Block) -> Terminator:
        term = block.term
        if term.kind == "return":
            assert self.instance.result is not None
            rep = self.env[term.operands[0]]
            parts = self.ctx.convert(rep, self.instance.result)
            return return_(travelling(self.instance.result, parts), term.loc)
        if term.kind == "raise":
            HANDLERS["raise"](self.ctx, term, [self.env[v] for v in term.operands])
        if term.kind == "jump":
            return self._jump(term.edges[0], term)
        condition = self.env[term.operands[0]].parts[0]
        if isinstance(condition, Const):
            return self._jump(term.edges[0 if condition.value else 1], term)
        then, other = (Edge(self.blocks[e.target], self._arguments(e)) for e in term.edges)
        return branch(condition, then, other, term.loc)

    def _jump(self, edge: Edge, term: Terminator) -> Terminator:
        return jump(self.blocks[edge.target], self._arguments(edge), term.loc)

    def _arguments(self, edge: Edge) -> list[Value]:
        arguments: list[Value] = []
        for value, wanted in zip(edge.args, self.facts.params[edge.target], strict=True):
            parts = self.ctx.convert(self.env[value], wanted)
            arguments.extend(travelling(wanted, parts))
        return arguments


def _raising(dead: Dead) -> dict[str, object]:
    attrs: dict[str, object] = {"exc": dead.exc}
    if dead.message is not None:
        attrs["message"] = dead.message
    return attrs
