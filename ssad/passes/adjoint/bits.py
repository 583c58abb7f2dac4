"""The decisions of an iteration share a byte of its tape.

    tape_set %then.tape, %k, %c                  %word = or (select %c, 1, 0), (shl %way, 1)
    tape_set %join.tape, %k, %way        ->      tape_set %tape, %k, %word
    ...                                          ...
    %c = tape_get %then.tape, %i                 %c = ne (and (tape_get %tape, %i), 1), 0
    %way = tape_get %join.tape, %i               %way = and (shr (tape_get %tape, %i), 1), 3

A decision between two ways is a bit, one between more of them, whose numbers a join passes as constants, has
as many bits as the last of these numbers. What only some iterations come to is 0 in the others. A record of a
stack has one byte for its decisions, too, if it gets shorter by that.

A single decision keeps its byte: a bit of one word for many iterations has to be carried from each to the
next, which takes 1.1 to 1.3 times as long as a byte for each (measured on a loop that does nothing else).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ssad.analysis.memo import loop_forest
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value, bool_
from ssad.ir.edit import definitions, prune_params
from ssad.ir.graph import Loop
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import BOOL, U8, Scalar, Tape, Type, tape
from ssad.passes.manager import function_pass

BYTE = 8


@dataclass(frozen=True)
class _Place:
    """Where a decision lies in its byte."""

    offset: int
    bits: int


@function_pass("bits", "keep the decisions of an iteration in one byte")
def run(function: Function, module: Module) -> bool:
    made = [op for op in function.ops() if op.name in ("tape_new", "stack_new")]
    if not any(field in (BOOL, U8) for op in made for field in _tape(op.result).fields):
        return False
    incoming = _incoming(function)
    changed = _pack_tapes(function, incoming)
    for op in made:
        if op.name == "stack_new":
            changed |= _pack_stack(function, op, incoming)
    if changed:
        function.touch()
    return changed


def _tape(value: Value | None) -> Tape:
    assert value is not None
    assert isinstance(value.type, Tape)
    return value.type


def _incoming(function: Function) -> Mapping[Value, list[Value]]:
    """Block parameter -> what edges pass for it."""
    found: dict[Value, list[Value]] = {}
    for block in function.blocks:
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                found.setdefault(param, []).append(arg)
    return found


def _bits(value: Value, incoming: Mapping[Value, list[Value]]) -> int | None:
    """How many bits a decision takes; None if it is none, or that is not known."""
    if value.type is BOOL:
        return 1
    passed = incoming.get(value, ())
    if value.type is not U8 or not passed or not all(isinstance(arg, Const) for arg in passed):
        return None
    return max(int(arg.value).bit_length() for arg in passed if isinstance(arg, Const))


def _share(bits: Iterable[int | None]) -> dict[int, list[tuple[int, _Place]]]:
    """Bytes, each with the numbers of the decisions that it holds, and where: first come, first served."""
    shared: dict[int, list[tuple[int, _Place]]] = {0: []}
    end = 0
    for number, width in enumerate(bits):
        if width is None:
            continue
        if end + width > BYTE:
            shared[len(shared)] = []
            end = 0
        shared[len(shared) - 1].append((number, _Place(end, width)))
        end += width
    return shared


def _join(b: Builder, decisions: Sequence[tuple[Value, _Place]]) -> Value:
    """The byte that holds decisions."""
    word: Value | None = None
    for value, place in decisions:
        if value.type is BOOL:
            part = b.select(value, Const(U8, 1 << place.offset), Const(U8, 0))
        else:
            part = b.shl(value, Const(U8, place.offset)) if place.offset else value
        word = part if word is None else b.or_(word, part)
    assert word is not None
    return word


def _extract(b: Builder, word: Value, place: _Place, op: Op) -> None:
    """Let `op`, which read a decision, take it from the byte."""
    if op.result is not None and op.result.type is BOOL:
        masked = b.and_(word, Const(U8, 1 << place.offset))
        op.prim, op.operands = PRIMITIVES["ne"], [masked, Const(U8, 0)]
    else:
        moved = b.shr(word, Const(U8, place.offset)) if place.offset else word
        op.prim, op.operands = PRIMITIVES["and"], [moved, Const(U8, (1 << place.bits) - 1)]
    op.attrs = {}


# tapes of exact size


@dataclass(frozen=True)
class _Kept:
    """A tape that holds a decision, with what makes it, and where it is set, once."""

    tape: Value
    made: Op
    block: Block
    put: Op
    bits: int
    read_in: set[Block]

    @property
    def value(self) -> Value:
        return self.put.operands[2]


def _pack_tapes(function: Function, incoming: Mapping[Value, list[Value]]) -> bool:
    forest = loop_forest(function)
    dominators = forest.dominators
    home = {value: block for block in function.blocks for value in definitions(block)}
    groups: dict[tuple[Loop, tuple[object, ...]], list[_Kept]] = {}
    for kept in _decisions(function, incoming):
        loop = forest.innermost.get(kept.block)
        index = kept.put.operands[1]
        if loop is None or len(loop.latches) != 1 or not kept.read_in.isdisjoint(loop.blocks):
            continue
        if isinstance(index, Const) or not dominators.dominates(home[index], loop.latches[0]):
            continue
        sizes = tuple(v.key() if isinstance(v, Const) else v for v in kept.made.operands)
        groups.setdefault((loop, (index, home[kept.tape], *sizes)), []).append(kept)
    shared = [
        (loop, [(group[number], place) for number, place in byte])
        for (loop, _), group in groups.items()
        for byte in _share(kept.bits for kept in group).values()
        if len(byte) > 1
    ]
    if not shared:
        return False
    names = {kept.value: kept for _, byte in shared for kept, _ in byte}
    variables = SSABuilder.over(
        function,
        lambda variable: names[variable].value.type,  # type: ignore[index]
        lambda variable: _no(names[variable].value),  # type: ignore[index]
        lambda variable: names[variable].value.name,  # type: ignore[index]
    )
    for loop, byte in shared:
        for kept, _ in byte:
            if not dominators.dominates(kept.block, loop.latches[0]):
                variables.write(kept.value, loop.header, _no(kept.value))
                variables.write(kept.value, kept.block, kept.value)
    for loop, byte in shared:
        _keep_together(function, variables, loop, byte)
    prune_params(function, variables.forwarded)
    return True


def _no(value: Value) -> Const:
    """What a decision is where nobody makes it."""
    return bool_(False) if value.type is BOOL else Const(U8, 0)


def _decisions(function: Function, incoming: Mapping[Value, list[Value]]) -> list[_Kept]:
    """The tapes that hold a decision of each iteration, and nobody else has."""
    made: dict[Value, Op] = {}
    sets: dict[Value, list[tuple[Block, Op]]] = {}
    read_in: dict[Value, set[Block]] = {}
    elsewhere: set[Value] = set()
    for block in function.blocks:
        for op in block.ops:
            if op.name == "tape_new" and op.result is not None:
                made[op.result] = op
            elif op.name == "tape_set":
                sets.setdefault(op.operands[0], []).append((block, op))
                elsewhere.update(op.operands[1:])
            elif op.name == "tape_get":
                read_in.setdefault(op.operands[0], set()).add(block)
            else:
                elsewhere.update(op.operands)
        elsewhere.update(block.term.operands)
        elsewhere.update(arg for edge in block.term.edges for arg in edge.args)
    found = []
    for value, op in made.items():
        put = sets.get(value, [])
        if value in elsewhere or len(put) != 1 or len(_tape(value).fields) != 1:
            continue
        bits = _bits(put[0][1].operands[2], incoming)
        if bits is not None:
            found.append(_Kept(value, op, *put[0], bits, read_in.get(value, set())))
    return found


def _keep_together(
    function: Function, variables: SSABuilder, loop: Loop, byte: Sequence[tuple[_Kept, _Place]]
) -> None:
    """Make one tape of several."""
    first = byte[0][0]
    first.made.attrs = {**first.made.attrs, "type": str(tape(U8))}
    first.tape.type = tape(U8)
    first.tape.name = "decisions"
    latch = loop.latches[0]
    b = Builder(latch, latch.term.loc)
    dominates = loop_forest(function).dominators.dominates
    parts = [
        (kept.value if dominates(kept.block, latch) else variables.read(kept.value, latch), place)
        for kept, place in byte
    ]
    b.tape_set(first.tape, first.put.operands[1], _join(b, parts))
    places = {kept.tape: place for kept, place in byte}
    gone = {kept.put for kept, _ in byte} | {kept.made for kept, _ in byte[1:]}
    for block in function.blocks:
        if not any(op in gone or (op.name == "tape_get" and op.operands[0] in places) for op in block.ops):
            continue
        ops, block.ops = block.ops, []
        b = Builder(block)
        for op in ops:
            if op in gone:
                continue
            if op.name == "tape_get" and op.operands[0] in places:
                place, b.loc = places[op.operands[0]], op.loc
                _extract(b, b.tape_get(first.tape, op.operands[1], field=0), place, op)
            block.ops.append(op)


# stacks


def _pack_stack(function: Function, made: Op, incoming: Mapping[Value, list[Value]]) -> bool:
    """Put the decisions in the records of a stack into one byte, if that makes them shorter."""
    assert made.result is not None
    states = _states(function, made.result)
    users = [(block, op) for block in function.blocks for op in block.ops if states & set(op.operands)]
    pushes = [op for _, op in users if op.name == "stack_push"]
    alone = all(op.operands[0] in states and not states & set(op.operands[1:]) for _, op in users)
    if len(pushes) != 1 or not alone or any(states & set(block.term.operands) for block in function.blocks):
        return False
    fields = _tape(made.result).fields
    values = pushes[0].operands[1:]
    byte = _share([_bits(value, incoming) for value in values])[0]
    places = dict(byte)
    kept = [number for number in range(len(fields)) if number not in places]
    shorter = tape(*(fields[number] for number in kept), U8, growable=True)
    before, after = _bytes(fields), _bytes(shorter.fields)
    if len(byte) < 2 or before is None or after is None or after >= before:
        return False
    for value in states:
        value.type = shorter
    made.attrs = {**made.attrs, "type": str(shorter)}
    for block in {block: None for block, _ in users}:
        ops, block.ops = block.ops, []
        b = Builder(block)
        for op in ops:
            b.loc = op.loc
            if op is pushes[0]:
                word = _join(b, [(values[number], place) for number, place in byte])
                op.operands = [op.operands[0], *(values[number] for number in kept), word]
            elif op.name == "stack_top" and op.operands[0] in states:
                number = int(op.attrs["field"])
                if number in places:
                    word = b.stack_top(op.operands[0], field=len(kept))
                    _extract(b, word, places[number], op)
                else:
                    op.attrs = {**op.attrs, "field": kept.index(number)}
            block.ops.append(op)
    return True


def _bytes(fields: Sequence[Type]) -> int | None:
    """How long a record of numbers is; None where there is something else in it."""
    sizes = [field.bytes for field in fields if isinstance(field, Scalar)]
    return None if len(sizes) < len(fields) else -(-sum(sizes) // max(sizes)) * max(sizes)


def _states(function: Function, first: Value) -> set[Value]:
    """The values that a stack goes through."""
    states = {first}
    grown = True
    while grown:
        grown = False
        for block in function.blocks:
            for op in block.ops:
                if op.name in ("stack_push", "stack_pop") and op.operands[0] in states:
                    assert op.result is not None
                    grown |= op.result not in states
                    states.add(op.result)
            for edge in block.term.edges:
                for param, arg in zip(edge.target.params, edge.args, strict=True):
                    if arg in states and param not in states:
                        states.add(param)
                        grown = True
    for block in function.blocks:
        for edge in block.term.edges:
            passed = zip(edge.target.params, edge.args, strict=True)
            states.update(arg for param, arg in passed if param in states and isinstance(arg, Undef))
    return states
