"""Where every element of zeros is added to once, it is stored; until then, the memory can hold a tape.

    %tape = tape_new %n                                      ^loop: store %x.bar, %k, %e
    ^loop: tape_set %tape, %k, %e                            ...
    ...                                           ->         ^rev:  %e = load %x.bar, %i
    ^rev:  %e = tape_get %tape, %i {field = 0}                      store %x.bar, %i, %e * %s
           accumulate %x.bar, %i, %e * %s

Zeros are what a `fill` leaves, or parameters named by the attribute `zero`: pairs of a parameter and another
one that has the same lengths. A parameter is no longer named where its elements are all stored.

The loops must go over all of the array: a counter for each axis, from one end to the other. Nothing else may
touch an element before that, and a parameter must be stored on every way out: a caller looks at it. A tape
may lie in the array if its last use in each iteration comes before the store of that element.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ssad.analysis.alias import alias_classes
from ssad.analysis.induction import counting, counts_down, linear
from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.core import Block, Const, Function, Module, Op, Value
from ssad.ir.edit import same_value
from ssad.ir.graph import Loop, reached
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import Array, Tape
from ssad.passes.manager import function_pass

Use = tuple[Block, Op]


@dataclass(frozen=True)
class _Zeros:
    """An array that is zero when `fill` has run, or at entry: then `twin` has the same lengths."""

    array: Value
    fill: Use | None = None
    twin: Value | None = None


@function_pass("overwrite", "store where every element of zeros is added to once")
def run(function: Function, module: Module) -> bool:
    named = function.attrs.get("zero", ())
    if not any(op.name == "accumulate" for op in function.ops()):
        return False
    search = _Search(function)
    params = function.params
    zeros = [_Zeros(params[n], twin=params[twin]) for n, twin in named]
    zeros += [
        _Zeros(op.operands[0], (block, op)) for block in function.blocks for op in block.ops if _empties(op)
    ]
    stored: set[Value] = set()
    for one in zeros:
        added = None if one.array in stored else search.covered(one)
        if added is None:
            continue
        home, op = added
        op.prim = PRIMITIVES["store"]
        op.attrs = {}
        if one.fill is not None:
            block, fill = one.fill
            block.ops.remove(fill)
        if one.fill is None:  # memory that is there from the start
            search.keep_tape(one, home, op)
        stored.add(one.array)
    if not stored:
        return False
    if named:
        function.attrs["zero"] = tuple(pair for pair in named if params[pair[0]] not in stored)
    function.touch()
    return True


def _empties(op: Op) -> bool:
    """Whether op fills an array that is made here with zeros."""
    if op.name != "fill":
        return False
    array, value = op.operands
    made = isinstance(array.owner, Op) and array.owner.name == "alloc"
    return made and isinstance(value, Const) and value.value == 0


class _Search:
    """Finds the loops that go over a whole array."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.forest = loop_forest(function)
        self.dominators = self.forest.dominators
        self.before = preheaders(function, self.forest)
        self.counts = counting(function)
        self.aliases = alias_classes(function)
        self.uses: dict[Value, list[Use]] = {}
        for block in function.blocks:
            for op in block.ops:
                for value in dict.fromkeys(op.operands):
                    self.uses.setdefault(value, []).append((block, op))

    def covered(self, zeros: _Zeros) -> Use | None:
        """What adds to every element of the zeros, once, before anything else touches them."""
        array = zeros.array
        one = self.aliases.of.get(array)
        assert isinstance(array.type, Array)
        if one is None or len(one.members) > 1 or (zeros.fill is not None and one.escapes):
            return None
        touches = [(block, op) for block, op in self.uses.get(array, ()) if op.name != "dim"]
        for block, op in touches:
            if op.name != "accumulate" or op.operands[-1] is array:
                continue
            nest = self.nest(zeros, block, op)
            if nest and self.comes_first(zeros, nest[0], op, touches):
                return block, op
        return None

    def nest(self, zeros: _Zeros, block: Block, op: Op) -> Sequence[Loop]:
        """The loops around `op`, outermost first, if in each an index goes over its axis; else none."""
        index = op.operands[1:-1]
        loops = self.forest.around(block)[-len(index) :]
        if len(loops) < len(index):
            return ()
        inner = [*(loop.header for loop in loops[1:]), block]
        for loop, inside in zip(loops, inner, strict=True):
            if not all(self.dominators.dominates(inside, latch) for latch in loop.latches):
                return ()
        left = dict(enumerate(index))
        for loop in loops:
            axis = next((axis for axis, at in left.items() if self.goes_over(zeros, axis, at, loop)), None)
            if axis is None:
                return ()
            del left[axis]
        return loops

    def goes_over(self, zeros: _Zeros, axis: int, index: Value, loop: Loop) -> bool:
        """Whether `index` is each of 0, ..., length of the axis - 1 in turn, up or down."""
        base, offset = linear(index)
        from_behind = base.owner if isinstance(base.owner, Op) and base.owner.name == "sub" else None
        if from_behind is not None:
            end, less = linear(from_behind.operands[0])
            base, more = linear(from_behind.operands[1])
            if not self.is_length(zeros, axis, end):
                return False
            offset = -1 - (offset + less - more)  # that is how far it is from the last one
        known, down = self.counts[loop.header], counts_down(loop)
        if base is known.counter and known.trip_count is not None:
            return offset == 0 and self.is_length(zeros, axis, known.trip_count)
        if down is None or base is not down or offset != -1 or loop not in self.before:
            return False
        start = self.before[loop].term.edges[0].args[loop.header.params.index(down)]
        return self.is_length(zeros, axis, start)

    def is_length(self, zeros: _Zeros, axis: int, value: Value) -> bool:
        op, made = value.owner, zeros.array.owner
        if isinstance(made, Op) and same_value(made.operands[axis], value):
            return True
        if not isinstance(op, Op) or op.name != "dim" or op.attrs["axis"] != axis:
            return False
        return op.operands[0] is zeros.array or op.operands[0] is zeros.twin

    def comes_first(self, zeros: _Zeros, outer: Loop, added: Op, touches: Sequence[Use]) -> bool:
        """Whether the loops run once for these zeros, on every way to whatever else touches them."""
        dominates = self.dominators.dominates
        if zeros.fill is None:
            returns = [block for block in self.dominators.order if block.term.kind == "return"]
            if outer.parent is not None or not all(dominates(outer.header, block) for block in returns):
                return False
        else:
            home, _ = zeros.fill
            if self.forest.innermost.get(home) is not outer.parent or not dominates(home, outer.header):
                return False
        home = next(block for block, op in touches if op is added)
        for block, op in touches:
            if op is added or (zeros.fill is not None and op is zeros.fill[1]):
                continue
            if block is home and _is_after(op, added, home):
                continue
            if block in outer.blocks or not dominates(outer.header, block):
                return False
        return True

    def keep_tape(self, zeros: _Zeros, home: Block, stored: Op) -> None:
        """Let a tape lie in the array, if there is one that is not needed when an element is stored."""
        array = zeros.array
        assert isinstance(array.type, Array)
        loop = self.forest.innermost[home]
        if array.type.rank > 1 or array.type.layout == "A" or loop.parent is not None:
            return
        behind, later = reached(loop.header), {home} | reached(home, until=loop.header)
        for tape, uses in self.uses.items():
            if not self.fits(tape, zeros):
                continue
            for block, op in uses:
                early = block is home and home.ops.index(op) < home.ops.index(stored)
                early = early or (block in loop.blocks and block not in later)
                same = op.name == "tape_get" and linear(op.operands[1]) == linear(stored.operands[1])
                if block in behind and not (early and same):
                    break
            else:
                for _, op in uses:
                    op.operands[0] = array
                    op.prim = PRIMITIVES["store" if op.name == "tape_set" else "load"]
                    op.attrs = {}
                return

    def fits(self, tape: Value, zeros: _Zeros) -> bool:
        """Whether a value is a tape, made here and nowhere else named, that keeps an element for each one."""
        made, kind = tape.owner, tape.type
        if not isinstance(kind, Tape) or not isinstance(made, Op) or made.name != "tape_new":
            return False
        assert isinstance(zeros.array.type, Array)
        alone = len(self.aliases.of[tape].members) == 1
        still = all(op.operands[0] is tape for _, op in self.uses[tape])
        right = kind.fields == (zeros.array.type.elem,) and self.is_length(zeros, 0, made.operands[0])
        return alone and still and right


def _is_after(op: Op, added: Op, home: Block) -> bool:
    """Whether op comes to the element, and to no other, when it has been added to."""
    place = added.operands[:-1]
    same = op.name in ("load", "store", "accumulate") and op.operands[: len(place)] == place
    return same and home.ops.index(op) > home.ops.index(added)
