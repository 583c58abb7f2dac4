"""Replace every `recall` by what it stands for: loop stacks come into being here.

Before: `%e = exp %p` in a loop over k, and `recall %e` in the loop that mirrors it.
After:  `tape_set %e.tape, %k, %e` behind the definition, and `tape_get %e.tape, %k.at {field = 0}` for the
recall.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Location, Module, Op, Undef, Value
from ssad.ir.edit import prune_params, replace_values
from ssad.ir.graph import Loop
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import Scalar, Tape, Type, tape
from ssad.passes.adjoint.plan import Plan, Site, Way
from ssad.passes.manager import function_pass

_SAID = ("stop_gradient", "with_slope")
"""What only says something of derivatives: they are there."""


@function_pass("materialise", "use, recompute or keep each recalled value")
def run(function: Function, module: Module) -> bool:
    """Leaves no recall behind; the adjoint becomes an ordinary function."""
    recalled = [op.operands[0] for op in function.ops() if op.name == "recall"]
    if recalled:
        _Materialiser(function, list(dict.fromkeys(recalled))).run()
    said = {op.result: op.operands[0] for op in function.ops() if op.name in _SAID and op.result is not None}
    replace_values(function, said)
    for block in function.blocks if said else ():
        block.ops = [op for op in block.ops if op.result not in said]
    changed = bool(recalled or said) or any(block.sweep for block in function.blocks)
    for block in function.blocks:
        block.mirrors = block.reverses = None
    if changed:
        function.touch()
    return changed


class _Stack:
    """A growable tape: `home` ends by pushing a record, `undo`, which reverses it, starts by a pop."""

    def __init__(self, home: Block, undo: Block) -> None:
        self.home = home
        self.undo = undo
        self.fields: list[Value] = []

    @property
    def type(self) -> Tape:
        return tape(*(v.type for v in self.fields), growable=True)


class _Materialiser:
    def __init__(self, function: Function, recalled: list[Value]) -> None:
        self.function = function
        self.plan = Plan(function)
        self.recalled = recalled
        self.counts = {b.mirrors[0]: b.mirrors[1] for b in function.blocks if b.mirrors is not None}
        self.rev_of = {b.reverses: b for b in function.blocks if b.reverses is not None}
        self.tapes: dict[Value, tuple[Value, list[Loop]]] = {}
        self.stacks: dict[Block, _Stack] = {}
        self.field: dict[Value, tuple[_Stack, int]] = {}
        self.tops: dict[Value, Value] = {}
        self.residuals: dict[Value, None] = {}
        self.ssa = SSABuilder.over(function, self._type_of, self._undefined, self._name_of)
        self.known: dict[tuple[Block, Value], Value] = {}

    def run(self) -> None:
        self.plan.settle(self.recalled)
        for value in self.recalled:
            self._prepare(value)
        self._write_tapes()
        self._write_stacks()
        for value in self.residuals:
            self.ssa.write(value, self.plan.sites[value].block, value)
        forward = self._replace_recalls()
        forward.update(self.ssa.forwarded)
        prune_params(self.function, forward)

    # deciding where things are kept

    def _prepare(self, value: Value) -> None:
        """Make sure that whatever `value` needs is kept."""
        if isinstance(value, Const | Undef) or value in self.tapes or value in self.field:
            return
        way = self.plan.way(value)
        if way in (Way.RECOMPUTE, Way.STEPPED, Way.ROTATED):
            for operand in self.plan.made_of(value):
                self._prepare(operand)
        elif way is Way.RESIDUAL:
            self.residuals[value] = None
        elif way is Way.INDEXED:
            self._new_tape(value)
        elif way is Way.STACKED:
            self._push(value)

    def _new_tape(self, value: Value) -> None:
        """A buffer of exact size, made as far out as its size is known."""
        nest = self.plan.around(value)
        first = len(nest) - 1
        while first > 0 and self._known_before(nest[first - 1], nest[first:]):
            first -= 1
        loops = nest[first:]
        before = self.plan.before[loops[0]]
        trips = [self._trips(loop) for loop in loops]
        b = Builder(before, nest[-1].header.term.loc)
        handle = b.tape_new(
            *trips, type=str(tape(value.type)), hint=f"{value.name}.tape" if value.name else "tape"
        )
        self.plan.sites[handle] = Site(before, before.ops[-1])
        self.plan.ways[handle] = self._way_of_handle(handle, nest[:first])
        self.tapes[value] = (handle, loops)
        for needed in [handle, *trips[1:]]:
            self._prepare(needed)

    def _known_before(self, outer: Loop, inner: list[Loop]) -> bool:
        """Whether `outer` is counted, runs the nest in every iteration, and knows its size beforehand."""
        if self.plan.trips.get(outer) is None:
            return False
        if not self.plan.dominators.dominates(inner[0].header, outer.latches[0]):
            return False
        before = self.plan.before[outer]
        return all(self._defined_at(self._trips(loop), before) for loop in [outer, *inner])

    def _defined_at(self, value: Value, block: Block) -> bool:
        if isinstance(value, Const):
            return True
        return self.plan.dominators.dominates(self.plan.sites[value].block, block)

    def _way_of_handle(self, handle: Value, around: list[Loop]) -> Way:
        if not around:
            direct = self.plan.dominators.dominates(self.plan.sites[handle].block, self.plan.exit)
            return Way.DIRECT if direct else Way.RESIDUAL
        return self.plan.kept_in(around[-1])

    def _push(self, value: Value) -> None:
        """Add `value` to the record of its loop's iteration, or of its own block if that may be passed by."""
        home = self.plan.sites[value].block
        loop = self.plan.around(value)[-1]
        latch = loop.latches[0]
        if self.plan.form(loop) != "middle" and self.plan.dominators.dominates(home, latch):
            home = latch  # every iteration that is reversed starts there: one record serves all its blocks
        stack = self.stacks.get(home)
        if stack is None:
            stack = self.stacks[home] = _Stack(home, self.rev_of[home])
        self.field[value] = (stack, len(stack.fields))
        stack.fields.append(value)

    def _trips(self, loop: Loop) -> Value:
        trips = self.plan.trips[loop]
        assert trips is not None
        return trips

    def _loc(self, value: Value) -> Location | None:
        site = self.plan.sites[value]
        return site.op.loc if site.op is not None else site.block.term.loc

    # keeping, in the forward sweep

    def _write_tapes(self) -> None:
        at_start: dict[Block, list[Op]] = {}
        after: dict[Op, list[Op]] = {}
        scratch = Block()
        for value, (handle, loops) in self.tapes.items():
            site = self.plan.sites[value]
            b = Builder(scratch, self._loc(value))
            trips = [self._trips(loop) for loop in loops]
            index = row_major(b, trips, [self._counter(loop) for loop in loops])
            b.tape_set(handle, index, value)
            ops, scratch.ops = scratch.ops, []
            if site.block is loops[-1].header:  # it starts one iteration more than it finishes
                at_start.setdefault(self._into_iteration(loops[-1]), []).extend(ops)
            elif site.op is None:
                at_start.setdefault(site.block, []).extend(ops)
            else:
                after.setdefault(site.op, []).extend(ops)
        for block in {self.plan.sites[v].block: None for v in self.tapes} | dict.fromkeys(at_start):
            ops = list(at_start.get(block, []))
            for op in block.ops:
                ops.append(op)
                ops.extend(after.get(op, []))
            block.ops = ops

    def _into_iteration(self, loop: Loop) -> Block:
        """The block in which an iteration that will be finished goes on behind the header."""
        return next(t for t in loop.header.successors if t in loop.blocks)

    def _counter(self, loop: Loop) -> Value:
        return next(v for v, of in self.plan.counters.items() if of is loop and v is not None)

    def _write_stacks(self) -> None:
        """Push at the end of each home block; read and pop where the block that reverses it starts."""
        pending: list[tuple[_Stack, Op, Block]] = []
        for stack in self.stacks.values():
            loc = self.plan.forest.around(stack.home)[-1].header.term.loc
            name = f"{stack.home.name}.stack"
            start = Builder(self.function.entry, loc).stack_new(type=str(stack.type), hint=name)
            self.ssa.write(stack, self.function.entry, start)
            pushed = Builder(stack.home, loc).stack_push(start, *stack.fields, hint=name)
            pending.append((stack, stack.home.ops[-1], stack.home))
            self.ssa.write(stack, stack.home, pushed)
            undo, ops = Builder(stack.undo, loc), stack.undo.ops
            stack.undo.ops = []
            for number, value in enumerate(stack.fields):
                self.tops[value] = undo.stack_top(start, field=number, hint=value.name)
            popped = undo.stack_pop(start, hint=name)
            pending.extend((stack, op, stack.undo) for op in stack.undo.ops)
            stack.undo.ops.extend(ops)
            self.ssa.write(stack, stack.undo, popped)
        for stack, op, block in pending:
            op.operands[0] = self.ssa.read_at_start(stack, block)

    def _type_of(self, variable: Hashable) -> Type:
        assert isinstance(variable, _Stack | Value)
        return variable.type

    def _undefined(self, variable: Hashable) -> Value:
        return Undef(self._type_of(variable))

    def _name_of(self, variable: Hashable) -> str:
        assert isinstance(variable, _Stack | Value)
        return f"{variable.home.name}.stack" if isinstance(variable, _Stack) else variable.name

    # using, in the reverse sweep

    def _replace_recalls(self) -> dict[Value, Value]:
        forward: dict[Value, Value] = {}
        for block in self.function.blocks:
            if not any(op.name == "recall" for op in block.ops):
                continue
            ops, block.ops = block.ops, []
            for op in ops:
                if op.name != "recall":
                    block.ops.append(op)
                    continue
                b = Builder(block, op.loc)
                forward[op.result] = self._fetch(op.operands[0], b)  # type: ignore[index]
        return forward

    def _fetch(self, value: Value, b: Builder) -> Value:
        """The primal `value` of the mirrored iteration, in the reversed block of `b`."""
        if isinstance(value, Const | Undef):
            return value
        known = self.known.get((b.block, value))
        if known is None:
            known = self.known[b.block, value] = self._get(value, b)
        return known

    def _get(self, value: Value, b: Builder) -> Value:
        if value in self.tapes:
            handle, loops = self.tapes[value]
            trips = [self._fetch(self._trips(loop), b) for loop in loops]
            index = row_major(b, trips, [self.counts[loop.header] for loop in loops])
            return b.tape_get(self._fetch(handle, b), index, field=0, hint=value.name)
        if value in self.field:
            stack, number = self.field[value]
            if self.plan.dominators.dominates(stack.undo, b.block):
                return self.tops[value]
            return b.stack_top(self.ssa.read_at_start(stack, b.block), field=number, hint=value.name)
        way = self.plan.way(value)
        if way is Way.COUNTER:
            return self.counts[self.plan.counters[value].header]
        if way is Way.STEPPED:
            stepped = self.plan.stepped[value]
            moved = b.mul(self.counts[stepped.loop.header], self._fetch(stepped.step, b))
            return b.emit(stepped.sign, self._fetch(stepped.first, b), moved, hint=value.name)
        if way is Way.ROTATED:
            return self._whose_turn(value, b)
        if way is Way.RECOMPUTE:
            op = self.plan.sites[value].op
            assert op is not None
            operands = [self._fetch(v, b) for v in op.operands]
            return b.emit(op.name, *operands, hint=value.name, **op.attrs)
        if way is Way.RESIDUAL:
            return self.ssa.read_at_start(value, b.block)
        return value

    def _whose_turn(self, value: Value, b: Builder) -> Value:
        """Which of those that take turns the mirrored iteration had."""
        rotated = self.plan.rotated[value]
        *firsts, found = [self._fetch(v, b) for v in rotated.firsts]
        turn = b.mod(self.counts[rotated.loop.header], len(rotated.firsts))
        for n, one in reversed(list(enumerate(firsts))):
            found = choice(b, b.eq(turn, n), one, found)
        found.name = found.name or value.name
        return found


def choice(b: Builder, condition: Value, one: Value, other: Value) -> Value:
    """One of two arrays or numbers."""
    return (b.select if isinstance(one.type, Scalar) else b.choose)(condition, one, other)


def row_major(b: Builder, trips: Sequence[Value], at: Sequence[Value]) -> Value:
    """The number of an iteration of a loop nest, the innermost loop running fastest."""
    index = at[0]
    for count, number in zip(trips[1:], at[1:], strict=True):
        index = b.add(b.mul(index, count), number)
    return index
