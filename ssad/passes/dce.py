"""Dead-code elimination by mark and sweep, over ops, block parameters and memory.

    ^h(%k: i64, %s: f64):         ^h(%k: i64):
      %s.1 = add %s, 1.0     ->     ...
      jump ^h(%k.1, %s.1)           jump ^h(%k.1)

Live is what a check, a call or a terminator needs, and what that needs in turn. Memory is live as a whole
alias class: if the caller can see it, or if a live op reads it; only then are its writes live. So a
loop-carried value that feeds only itself goes, and so does a buffer that is only written.
"""

from __future__ import annotations

from ssad.analysis.alias import AliasClass, AliasClasses, alias_classes
from ssad.analysis.effects import must_stay, reads, refers, tapes, writes
from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Edge, Function, Module, Op, Value
from ssad.ir.edit import remove_unreachable
from ssad.passes.manager import function_pass


@function_pass("dce", "remove ops, block parameters and writes whose results nobody needs")
def run(function: Function, module: Module) -> bool:
    changed = remove_unreachable(function)
    marked = _Marking(function)
    marked.run()
    return _sweep(function, marked) or changed


class _Marking:
    """What is live: ops by identity, parameters, classes of memory."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.ops: set[Op] = set()
        self.params: set[Value] = set(function.params)
        self.into: dict[Block, list[Edge]] = {block: [] for block in function.blocks}
        for block in function.blocks:
            for edge in block.term.edges:
                self.into[edge.target].append(edge)
        self.position: dict[Value, int] = {}
        self.work: list[Value] = []
        self.memory = _Memory(function)
        self.mirrored = _Mirrored(function)

    def run(self) -> None:
        for block in self.function.blocks:
            for op in block.ops:
                if must_stay(op.prim):
                    self._mark(op)
            self.work.extend(block.term.operands)
        for op in self.memory.seen_outside():
            self._mark(op)
        work = self.work
        while work:
            value = work.pop()
            owner = value.owner
            if isinstance(owner, Op):
                self._mark(owner)
            elif isinstance(owner, Block) and value not in self.params:
                self.params.add(value)
                at = self._at(owner, value)
                work.extend([edge.args[at] for edge in self.into[owner]])

    def _mark(self, op: Op) -> None:
        if op in self.ops:
            return
        self.ops.add(op)
        self.work.extend(op.operands)
        if op.name == "recall":
            self.work.extend(self.mirrored.counters(op.operands[0]))
        for write in self.memory.observed_by(op):
            self._mark(write)

    def _at(self, block: Block, param: Value) -> int:
        if param not in self.position:
            self.position.update((p, n) for n, p in enumerate(block.params))
        return self.position[param]


class _Memory:
    """Writes by the class of memory they go to, handed out once when the class becomes live."""

    def __init__(self, function: Function) -> None:
        self.writes: dict[AliasClass, list[Op]] = {}
        self.alias: AliasClasses | None = None
        for op in function.ops():
            prim = op.prim
            if (writes(prim) or (tapes(prim) and not reads(prim))) and not must_stay(prim) and _target(op):
                self.alias = self.alias or alias_classes(function)
                self.writes.setdefault(self.alias.of[op.operands[0]], []).append(op)

    def seen_outside(self) -> list[Op]:
        """The writes to memory that somebody outside the function can see."""
        seen = [one for one in self.writes if one.escapes]
        return [op for one in seen for op in self.writes.pop(one)]

    def observed_by(self, op: Op) -> list[Op]:
        """The writes to memory that `op` reads and nobody live has read before."""
        if not self.writes or not (reads(op.prim) or tapes(op.prim)):
            return []
        assert self.alias is not None
        found: list[Op] = []
        for value in op.operands:
            if refers(value.type):
                found.extend(self.writes.pop(self.alias.of[value], ()))
        return found


def _target(op: Op) -> bool:
    """Whether the op's first operand is the memory it works on (a new tape has none)."""
    return bool(op.operands) and refers(op.operands[0].type)


class _Mirrored:
    """The values that count iterations of primal loops in the reverse sweep: a `recall` depends on them."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.count = {b.mirrors[0]: b.mirrors[1] for b in function.blocks if b.mirrors is not None}
        self.home: dict[Value, Block] = {}

    def counters(self, value: Value) -> list[Value]:
        """The counters that say in which iteration `value` is recalled."""
        if not self.count:
            return []
        if not self.home:
            for block in self.function.blocks:
                self.home.update((p, block) for p in block.params)
                self.home.update((op.result, block) for op in block.ops if op.result is not None)
        if value not in self.home:  # an immediate
            return []
        around = loop_forest(self.function).around(self.home[value])
        return [self.count[loop.header] for loop in around if loop.header in self.count]


def _sweep(function: Function, live: _Marking) -> bool:
    changed = False
    for block in function.blocks:
        ops = [op for op in block.ops if op in live.ops]
        if len(ops) != len(block.ops):
            block.ops = ops
            changed = True
        keep = [n for n, p in enumerate(block.params) if p in live.params]
        if len(keep) != len(block.params):
            block.params = [block.params[n] for n in keep]
            for edge in live.into[block]:
                edge.args = [edge.args[n] for n in keep]
            changed = True
        if block.mirrors is not None and not _defined(block.mirrors[1], live):
            block.mirrors = None  # no recall asks for the iteration any more
            changed = True
    if changed:
        function.touch()
    return changed


def _defined(value: Value, live: _Marking) -> bool:
    owner = value.owner
    if isinstance(owner, Op):
        return owner in live.ops
    return owner is None or value in live.params
