"""What a branch decides about, and only one side of it uses, is computed on that side.

    ^a: %e = exp %x                          ^a: %e = exp %x
      %ok = isfinite %e                ->      %ok = isfinite %e
      branch %ok, ^b, ^handler                 branch %ok, ^b, ^handler
    ^b: %s = add %s.1, %e                    ^b: %e.1 = exp %x
                                               %s = add %s.1, %e.1

So the adjoint of the other side, where nothing depends on it, does not multiply a zero by its slope, which
may be infinite there. The copy that is only tested has no derivative; after differentiation `cse` makes one
of the two again. What the condition does not depend on stays: it has nothing to do with the choice.
"""

from __future__ import annotations

from ssad.analysis.effects import allocates
from ssad.analysis.memo import dominators, loop_forest
from ssad.ir.core import Block, Edge, Function, Module, Op, Terminator, Value
from ssad.ir.edit import split_edge
from ssad.ir.graph import predecessors
from ssad.ir.types import BOOL, Scalar
from ssad.passes.manager import function_pass

User = Op | Edge | Terminator


@function_pass("sink", "compute what a branch tests again on the side that uses it")
def run(function: Function, module: Module) -> bool:
    branching = [b for b in dominators(function).order if b.term.kind == "branch" and not b.sweep]
    if not branching:
        return False
    sinking = _Sinking(function)
    for block in branching:
        sinking.run(block)
    if sinking.changed:
        function.touch()
    return sinking.changed


class _Sinking:
    """The users of each value and the blocks that they stand in, kept up to date."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.dominators = dominators(function)
        self.forest = loop_forest(function)
        self.single = {b for b, sources in predecessors(function).items() if len(sources) == 1}
        self.changed = False
        self.home: dict[User, Block] = {}
        self.above: dict[Block, Block] = {}
        self.users: dict[Value, list[User]] = {}
        for block in function.blocks:
            users: list[User] = [*block.ops, block.term, *block.term.edges]
            for user in users:
                self._enter(user, block)

    def _enter(self, user: User, block: Block) -> None:
        self.home[user] = block
        for value in dict.fromkeys(user.args if isinstance(user, Edge) else user.operands):
            self.users.setdefault(value, []).append(user)

    def run(self, block: Block) -> None:
        """Sink what can be sunk out of one block, its last op first: operands follow what they are for."""
        decided = _slice(block)
        silent: set[Op] = set()
        landings: dict[int, Block] = {}
        for op in reversed(list(block.ops)):
            users = [] if op.result is None else self.users.get(op.result, [])
            flowing = [user for user in users if self._flows(user, silent)]
            if not flowing:
                silent.add(op)
                continue
            if not _movable(op) or (op.result not in decided and decided.isdisjoint(op.operands)):
                continue
            for number in range(2):
                behind = [user for user in users if self._behind(user, block, number, landings)]
                if set(flowing).issubset(behind):
                    self._sink(op, behind, self._landing(block, number, landings))
                    silent.add(op)
                    break

    def _flows(self, user: User, silent: set[Op]) -> bool:
        """Whether a cotangent may come from this user."""
        if isinstance(user, Op):
            result = None if user.result is None else user.result.type
            number = isinstance(result, Scalar) and not result.is_float and user.prim.pure
            return not (number or user in silent or user.prim.name == "check")
        return isinstance(user, Edge) or user.kind == "return"

    def _behind(self, user: User, block: Block, number: int, landings: dict[int, Block]) -> bool:
        """Whether a user lies behind this edge of `block` only, and the edge stays in its loop."""
        if number in landings:
            return self.home[user] is landings[number]
        edge = block.term.edges[number]
        if self.forest.innermost.get(edge.target) is not self.forest.innermost.get(block):
            return False
        if self._lands_in(edge):
            place = self.above.get(self.home[user], self.home[user])
            return self.dominators.dominates(edge.target, place)
        return user is edge and not self.dominators.dominates(edge.target, block)

    def _lands_in(self, edge: Edge) -> bool:
        return edge.target in self.single and not edge.args

    def _landing(self, block: Block, number: int, landings: dict[int, Block]) -> Block:
        edge = block.term.edges[number]
        if self._lands_in(edge):
            return edge.target
        if number not in landings:
            middle = landings[number] = split_edge(self.function, block, number)
            (middle.term.edges[0],) = (edge,)
            self.home[edge] = middle
            self.above[middle] = block
        return landings[number]

    def _sink(self, op: Op, users: list[User], landing: Block) -> None:
        """Compute the result of `op` for these users where `landing` begins; `dce` removes what is left."""
        assert op.result is not None
        copy = Op(op.prim, list(op.operands), dict(op.attrs), op.result.type, op.loc, op.result.name)
        assert copy.result is not None
        landing.ops.insert(0, copy)
        self._enter(copy, landing)
        self.users[copy.result] = users
        self.users[op.result] = [user for user in self.users[op.result] if user not in users]
        for user in users:
            values = user.args if isinstance(user, Edge) else user.operands
            values[:] = [copy.result if value is op.result else value for value in values]
        self.changed = True


def _slice(block: Block) -> set[Value]:
    """The values on which the branch at the end of `block` decides, back to where they enter it; what is true
    or false may have been computed before, outside of a loop for example.
    """
    found = set(block.term.operands)
    work = list(found)
    while work:
        owner = work.pop().owner
        if isinstance(owner, Op) and owner.result is not None and owner.result.type is BOOL:
            fresh = [value for value in owner.operands if value not in found]
            found.update(fresh)
            work.extend(fresh)
    for op in reversed(block.ops):
        if op.result in found:
            found.update(op.operands)
    return found


def _movable(op: Op) -> bool:
    return (
        op.prim.pure
        and op.result is not None
        and isinstance(op.result.type, Scalar)
        and op.result.type.is_float
        and not allocates(op.prim)
        and op.prim.name not in ("recall", "stop_gradient")
    )
