"""The types of one function: a sparse conditional fixpoint over its lifted SSA."""

from __future__ import annotations

import heapq

from ssad.frontend.abstract import Abstract, Known, Unbound, without_constants
from ssad.frontend.attempts import Attempt, attempts_in
from ssad.frontend.codes import untypable
from ssad.frontend.context import Context, Dead, Gone, Rep
from ssad.frontend.engine import Engine, Instance
from ssad.frontend.handlers import HANDLERS
from ssad.frontend.joins import NoJoin, join
from ssad.frontend.shapes import placeholder, represent
from ssad.ir.core import Block, Const, Edge, Location, Op, Value
from ssad.ir.graph import loops_first, reverse_postorder

_PATIENCE = 12
"""How often a block's parameters are found afresh before they may only grow: two or three rounds are
usual.
"""


class Facts:
    """What the fixpoint found: the blocks that can be reached, in reverse postorder, their parameters' types,
    and of the exceptions caught.
    """

    def __init__(self) -> None:
        self.order: list[Block] = []
        self.params: dict[Block, tuple[Abstract, ...]] = {}
        self.attempts: dict[Block, Attempt] = {}
        self.errors: dict[Value, Abstract] = {}


class Fixpoint:
    """Types flow along the edges found passable; a block is visited again when what it reads has changed."""

    def __init__(self, engine: Engine, instance: Instance) -> None:
        self.instance = instance
        self.function = instance.lifted.function
        self.ctx = Context(engine, instance)
        self.order = reverse_postorder(self.function)
        self.queue = loops_first(self.function)  # what is behind a loop depends on what it has put into lists
        self.number = {block: n for n, block in enumerate(self.queue)}
        self.headers = {s for b in self.order for s in b.successors if self.number[s] <= self.number[b]}
        self.env: dict[Value, Rep] = self.ctx.env
        self.params: dict[Block, tuple[Abstract, ...]] = {}
        self.incoming: dict[Block, dict[Edge, Block]] = {block: {} for block in self.order}
        self.returns: dict[Block, tuple[Abstract, Location | None]] = {}
        self.attempts = attempts_in(self.function)
        self.escaping: dict[Block, list[Rep]] = {}
        self.visits: dict[Block, int] = {}
        self.readers = self._readers()
        self.work: list[int] = []
        self.waiting: set[int] = set()

    def run(self) -> None:
        """Find the types and leave them in the instance."""
        entry = self.function.entry
        count = len(entry.params)
        self.params[entry] = self.instance.arguments[:count]
        for name, abstract in zip(self.instance.free, self.instance.arguments[count:], strict=True):
            self.ctx.free_values[name] = represent(abstract, placeholder)
        self._await(entry)
        while self.work:
            n = heapq.heappop(self.work)
            self.waiting.discard(n)
            self._visit(self.queue[n])
        facts = Facts()
        facts.order = [block for block in self.order if block in self.params]
        facts.params = self.params
        facts.attempts = self.attempts
        errors = [a.error for a in self.attempts.values() if a.error in self.env]
        facts.errors = {error: self.env[error].abstract for error in errors}
        self.instance.facts = facts
        self.instance.result = self._join_returns()
        for rep in (rep for block in facts.order for rep in self.escaping.get(block, ())):
            known = self.instance.raises
            self.instance.raises = rep.abstract if known is None else join(known, rep.abstract)

    def _readers(self) -> dict[Value, list[Block]]:
        """For each value the blocks that read it as an operand, or pass it on."""
        readers: dict[Value, list[Block]] = {}
        for block in self.order:
            operands = [v for op in block.ops for v in op.operands]
            operands += block.term.operands
            operands += [arg for edge in block.term.edges for arg in edge.args]
            for value in dict.fromkeys(operands):
                readers.setdefault(value, []).append(block)
        return readers

    def _await(self, block: Block) -> None:
        n = self.number[block]
        if n not in self.waiting:
            self.waiting.add(n)
            heapq.heappush(self.work, n)

    def _visit(self, block: Block) -> None:
        self.visits[block] = self.visits.get(block, 0) + 1
        for param, abstract in zip(block.params, self.params[block], strict=True):
            self._define(block, param, represent(abstract, placeholder))
        ctx = self.ctx
        ctx.raised = []
        try:
            for op in block.ops:
                ctx.begin(op)
                rep = HANDLERS[op.prim.name](ctx, op, [self.env[v] for v in op.operands])
                if op.result is not None:
                    self._define(block, op.result, rep)
            ctx.loc = block.term.loc
            self._leave(block)
        except Dead as dead:
            error = ctx.exception(dead.exc, dead.message, dead.payload)
            if error is not None:
                ctx.raised.append(error)
        except Gone:
            pass
        if block in self.attempts:
            self._catch(self.attempts[block], ctx.raised)
        else:
            self.escaping[block] = ctx.raised

    def _catch(self, attempt: Attempt, raised: list[Rep]) -> None:
        """What an attempt raises flows to its handler."""
        if not raised:
            return
        old = self.env[attempt.error].abstract
        known = None if isinstance(old, Unbound) else old
        for rep in raised:
            known = rep.abstract if known is None else join(known, rep.abstract)
        assert known is not None
        self._define(attempt.head, attempt.error, represent(known, placeholder))
        self.incoming[attempt.edge.target].setdefault(attempt.edge, attempt.head)
        self._enter(attempt.edge.target)

    def _define(self, block: Block, value: Value, rep: Rep) -> None:
        old = self.env.get(value)
        self.env[value] = rep
        if old is None or old.abstract != rep.abstract:
            for reader in self.readers.get(value, ()):
                if reader is not block and reader in self.params:
                    self._await(reader)

    def _leave(self, block: Block) -> None:
        term = block.term
        if term.kind == "return":
            self.returns[block] = self.env[term.operands[0]].abstract, term.loc
            return
        edges = term.edges
        if term.kind == "branch":
            condition = self.env[term.operands[0]].parts[0]
            if isinstance(condition, Const):
                edges = [edges[0 if condition.value else 1]]
        if term.kind == "raise":
            HANDLERS["raise"](self.ctx, term, [self.env[v] for v in term.operands])
        for edge in edges:
            self.incoming[edge.target].setdefault(edge, block)
            self._enter(edge.target)
        for edge in term.edges:
            if edge not in edges and edge in self.incoming[edge.target]:  # to a handler
                self._enter(edge.target)

    def _enter(self, block: Block) -> None:
        """Join what comes in; visit the block if that is news."""
        old = self.params.get(block)
        new = tuple(self._joined(block, n, old) for n in range(len(block.params)))
        if old is None or old != new:
            self.params[block] = new
            self._await(block)

    def _joined(self, block: Block, at: int, old: tuple[Abstract, ...] | None) -> Abstract:
        result: Abstract | None = None
        first: Edge | None = None
        if old is not None and self.visits.get(block, 0) > _PATIENCE:
            result = old[at]
        for edge in self.incoming[block]:
            rep = self.env.get(edge.args[at])
            if rep is None:
                continue
            if result is None:
                result, first = rep.abstract, edge
                continue
            try:
                result = join(result, rep.abstract)
            except NoJoin as why:
                raise self._conflict(block.params[at], first, result, edge, rep.abstract, str(why)) from None
        assert result is not None
        return without_constants(result) if block in self.headers else result

    def _conflict(
        self, param: Value, first: Edge | None, a: Abstract, second: Edge, b: Abstract, cure: str
    ) -> Exception:
        at = param.owner.params.index(param) if isinstance(param.owner, Block) else 0
        here = self._origin(second, at)
        there = self._origin(first, at) if first is not None else None
        a, b = without_constants(a), without_constants(b)
        name = param.name or "this expression"
        other = f" (line {there.line})" if there is not None else ""
        place = here or self.ctx.loc
        line = f" (line {place.line})" if place is not None else ""
        return untypable("join", f"{name} is {a}{other} on one path and {b}{line} on another", place, cure)

    def _origin(self, edge: Edge, at: int) -> Location | None:
        owner = edge.args[at].owner
        if isinstance(owner, Op):
            return owner.loc
        source = self.incoming[edge.target].get(edge)
        return source.term.loc if source is not None else None

    def _join_returns(self) -> Abstract | None:
        result: Abstract | None = None
        place: Location | None = None
        for block in self.order:
            if block not in self.returns:
                continue
            abstract, loc = self.returns[block]
            if result is None:
                result, place = abstract, loc
                continue
            try:
                result = join(result, abstract)
            except NoJoin as why:
                raise self._return_conflict(result, place, abstract, loc, str(why)) from None
        return result

    def _return_conflict(
        self, a: Abstract, at: Location | None, b: Abstract, there: Location | None, cure: str
    ) -> Exception:
        name, a, b = self.function.name, without_constants(a), without_constants(b)
        for nothing, other, place in ((a, b, at), (b, a, there)):
            if isinstance(nothing, Known) and nothing.object is None:
                return untypable(
                    "return",
                    f"{name} returns {other} on one path and None on another: is a `return` missing?",
                    place,
                    "return a value of one type on every path, or raise an exception",
                )
        where = f" (line {at.line})" if at is not None else ""
        return untypable("return", f"{name} returns {a}{where} on one path and {b} on another", there, cure)
