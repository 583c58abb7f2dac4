"""Typed IR of one function, written with the types that the fixpoint found, by the same handlers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssad.frontend.abstract import Unbound
from ssad.frontend.caught import expect
from ssad.frontend.context import FALSE, NEVER_RETURNS, TRUE, Context, Dead, Gone, Rep, undefined
from ssad.frontend.engine import Engine, Instance
from ssad.frontend.handlers import HANDLERS
from ssad.frontend.shapes import represent, travelling, travelling_types
from ssad.ir.core import Block, Const, Edge, Function, Location, Op, Terminator, Value, branch, jump, return_
from ssad.ir.edit import prune_params, remove_unreachable
from ssad.ir.graph import reverse_postorder
from ssad.ir.types import BOOL, Type


def outcome_types(instance: Instance) -> list[Type]:
    """What a function gives that returns exceptions, too."""
    found = [] if instance.result is None else travelling_types(instance.result)
    assert instance.raises is not None
    return [BOOL, *found, *travelling_types(instance.raises)]


class Writer:
    """Block by block in reverse postorder, so that a value is written before it is read."""

    def __init__(
        self,
        engine: Engine,
        instance: Instance,
        caller: Context | None = None,
        function: Function | None = None,
    ) -> None:
        if function is None:
            function = instance.function if caller is None else caller.function
        assert function is not None and instance.facts is not None
        self.instance = instance
        self.function = function
        self.lifted = instance.lifted.function
        self.facts = instance.facts
        self.ctx = Context(engine, instance)
        self.ctx.function = function
        self.env = self.ctx.env
        self.blocks: dict[Block, Block] = {}
        self.caller = caller
        self.call_place = None if caller is None else caller.loc
        self.after: Block | None = None
        self.failed: Block | None = None
        self.errors = {a.edge.target: a.error for a in self.facts.attempts.values() if a.apart}

    def run(self) -> None:
        """Fill the instance's typed function."""
        self._entry()
        result = self.instance.result
        self.function.result_types = [] if result is None else travelling_types(result)
        self._body()
        self._tidy(bool(self.facts.attempts))

    def run_outcome(self) -> None:
        """Fill the function that returns exceptions, too: whether there is one, the result, the exception."""
        raises = self.instance.raises
        assert raises is not None
        types = outcome_types(self.instance)
        self.function.result_types = types
        self._entry()
        self.failed = self.function.add_block("failed")
        error = [self.failed.add_param(type, "error") for type in travelling_types(raises)]
        nothing = map(undefined, types[1 : len(types) - len(error)])
        self.failed.term = return_([TRUE, *nothing, *error], self.lifted.loc)
        self._body()
        self._tidy(True)

    def _tidy(self, reordered: bool) -> None:
        remove_unreachable(self.function)
        if reordered:
            self.function.blocks = reverse_postorder(self.function)
        prune_params(self.function)
        self.function.touch()

    def run_inlined(self, arguments: Sequence[Rep]) -> Rep:
        """Write the body where the caller is, whose handler gets the exceptions that leave it; the result.

        Raises Gone where it never returns.
        """
        caller, result = self.caller, self.instance.result
        assert caller is not None and caller.block is not None
        self.blocks[self.lifted.entry] = caller.block
        self._bind(arguments)
        for key, capture in self.instance.captures.items():
            self.ctx.capture_values[key] = caller.capture(capture)
        self.after = None if result is None else caller.new_block("returned")
        self._body()
        if result is None or self.after is None:
            raise Gone
        caller.block = self.after
        return represent(result, self.after.add_param)

    def _body(self) -> None:
        for block in self.facts.order:
            if block is not self.lifted.entry:
                self.blocks[block] = self.function.add_block(block.name)
        for block in self.facts.order:
            if block is not self.lifted.entry:
                self._params(block)
            self._write(block)

    def _entry(self) -> None:
        """The entry block, whose parameters are the arguments, the captured values, and the arrays found
        outside.
        """
        entry = self.function.add_block("entry")
        self.blocks[self.lifted.entry] = entry
        names = [*(p.name for p in self.lifted.entry.params), *self.instance.free]
        pairs = zip(self.instance.arguments, names, strict=True)
        self._bind([represent(abstract, entry.add_param, name) for abstract, name in pairs])
        for key, capture in self.instance.captures.items():
            name = capture.origin.name
            self.ctx.capture_values[key] = represent(capture.abstract, entry.add_param, name)

    def _bind(self, arguments: Sequence[Rep]) -> None:
        params = self.lifted.entry.params
        self.env.update(zip(params, arguments, strict=False))
        self.ctx.free_values = dict(zip(self.instance.free, arguments[len(params) :], strict=True))

    def _params(self, block: Block) -> None:
        target = self.blocks[block]
        for param, abstract in zip(block.params, self.facts.params[block], strict=True):
            self.env[param] = represent(abstract, target.add_param, param.name)
        error = self.errors.get(block)
        if error is not None:
            self.env[error] = represent(self.facts.errors[error], target.add_param, error.name)

    def _write(self, block: Block) -> None:
        ctx = self.ctx
        ctx.block = self.blocks[block]
        ctx.handler = self._handler(block)
        try:
            for op in block.ops:
                ctx.begin(op)
                ctx.loc = self._place(op.loc)
                rep = HANDLERS[op.prim.name](ctx, op, [self.env[v] for v in op.operands])
                if op.result is not None:
                    self._define(op.result, rep)
            ctx.loc = self._place(block.term.loc)
            term = self._terminator(block)
        except Dead as dead:
            term = self._raise(dead)
        except Gone:
            if ctx.block.term.kind != "unfinished":
                return
            term = Terminator("raise", [], [], {"exc": "SystemError", "message": NEVER_RETURNS}, ctx.loc)
        ctx.block.term = term

    def _place(self, loc: Location | None) -> Location | None:
        """Where that is: what is written into a caller names its call."""
        if loc is None or self.call_place is None:
            return loc
        span = loc.file, loc.function, loc.line, loc.column, loc.end_line, loc.end_column
        return Location(*span, inlined_at=self.call_place)

    def _raise(self, dead: Dead) -> Terminator:
        ctx = self.ctx
        error = ctx.exception(dead.exc, dead.message, dead.payload)
        if ctx.handler is None or error is None:
            return dead.terminator(ctx.loc)
        return Terminator("jump", [], [ctx.handler(ctx, error)], None, ctx.loc)

    def _handler(self, block: Block) -> Callable[[Context, Rep], Edge] | None:
        """What gives the edge to the handler of an exception in `block`; None if it leaves the function."""
        attempt = self.facts.attempts.get(block)
        if attempt is None and self.failed is not None:
            return self._fail
        if attempt is None:
            return None if self.caller is None else self.caller.handler
        edge = attempt.edge
        wanted = [*zip(edge.args, self.facts.params.get(edge.target, ()), strict=False)]
        if attempt.apart:
            wanted.append((attempt.error, self.facts.errors.get(attempt.error, Unbound())))

        def way(ctx: Context, error: Rep) -> Edge:
            arguments: list[Value] = []
            for value, abstract in wanted:
                rep = error if value is attempt.error else self.env[value]
                if value is attempt.error:
                    expect(ctx, error.abstract, abstract)
                arguments.extend(travelling(abstract, ctx.convert(rep, abstract)))
            return Edge(self.blocks[edge.target], arguments)

        return way

    def _fail(self, ctx: Context, error: Rep) -> Edge:
        """The edge along which an exception leaves a function that returns it."""
        raises = self.instance.raises
        assert raises is not None and self.failed is not None
        expect(ctx, error.abstract, raises)
        return Edge(self.failed, travelling(raises, ctx.convert(error, raises)))

    def _define(self, value: Value, rep: Rep) -> None:
        self.env[value] = rep
        if rep.parts and isinstance(rep.parts[0].owner, Op) and not rep.parts[0].name:
            rep.parts[0].name = value.name

    def _terminator(self, block: Block) -> Terminator:
        term = block.term
        if term.kind == "return":
            assert self.instance.result is not None
            rep = self.env[term.operands[0]]
            parts = travelling(self.instance.result, self.ctx.convert(rep, self.instance.result))
            place = self.ctx.loc
            if self.failed is not None:
                parts = [FALSE, *parts, *(undefined(param.type) for param in self.failed.params)]
            return return_(parts, place) if self.after is None else jump(self.after, parts, place)
        if term.kind == "raise":
            HANDLERS["raise"](self.ctx, term, [self.env[v] for v in term.operands])
        if term.kind == "jump":
            return self._jump(term.edges[0])
        condition = self.env[term.operands[0]].parts[0]
        if isinstance(condition, Const):
            return self._jump(term.edges[0 if condition.value else 1])
        then, other = (Edge(self.blocks[e.target], self._arguments(e)) for e in term.edges)
        return branch(condition, then, other, self.ctx.loc)

    def _jump(self, edge: Edge) -> Terminator:
        return jump(self.blocks[edge.target], self._arguments(edge), self.ctx.loc)

    def _arguments(self, edge: Edge) -> list[Value]:
        arguments: list[Value] = []
        for value, wanted in zip(edge.args, self.facts.params[edge.target], strict=True):
            parts = self.ctx.convert(self.env[value], wanted)
            arguments.extend(travelling(wanted, parts))
        return arguments
