"""Who uses the values of a lifted function, and along which edges they go."""

from __future__ import annotations

from ssad.ir.core import Function, Op, Terminator, Value
from ssad.ir.graph import LoopForest


class Uses:
    """`by`: value -> the ops and terminators that have it as an operand, and as which one.

    `into`: value -> the block parameters that it is passed to; `sources`: parameter -> the values that come
    in, but for unbound ones and itself.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._forest: LoopForest | None = None
        self.by: dict[Value, list[tuple[Op | Terminator, int]]] = {}
        self.into: dict[Value, list[Value]] = {}
        self.sources: dict[Value, set[Value]] = {}
        for block in function.blocks:
            users: list[Op | Terminator] = [*block.ops, block.term]
            for user in users:
                for position, value in enumerate(user.operands):
                    self.by.setdefault(value, []).append((user, position))
            for edge in block.term.edges:
                for param, value in zip(edge.target.params, edge.args, strict=True):
                    self._pass(value, param)

    def _pass(self, value: Value, param: Value) -> None:
        self.into.setdefault(value, []).append(param)
        owner = value.owner
        if value is not param and not (isinstance(owner, Op) and owner.prim.name == "py.unbound"):
            self.sources.setdefault(param, set()).add(value)

    def only_names(self, value: Value) -> list[Value]:
        """`value`, the parameters that are never anything else, and what checks that it is bound pass on."""
        names = [value]
        for name in names:
            fresh = (param for param in self.into.get(name, ()) if param not in names)
            names.extend(param for param in dict.fromkeys(fresh) if self.sources[param] <= set(names))
            names.extend(
                user.result
                for user, _ in self.by.get(name, ())
                if isinstance(user, Op) and user.prim.name == "py.check_bound" and user.result is not None
            )
        return names

    def as_often(self, user: Op | Terminator, op: Op) -> bool:
        """Whether `user` stands in the same loops as `op`."""
        if self._forest is None:
            self._forest = LoopForest(self._function)
        homes = [b for b in self._function.blocks for one in (*b.ops, b.term) if one is user or one is op]
        around = [self._forest.around(block) for block in homes]
        return around[0] == around[-1]

    def leaves(self, names: list[Value]) -> bool:
        """Whether a value of these names goes into a parameter that may be something else."""
        return any(param not in names for name in names for param in self.into.get(name, ()))
