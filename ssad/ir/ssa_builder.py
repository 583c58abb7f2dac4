"""Variables to block arguments: SSA construction on the fly.

Source: Braun, Buchwald, Hack, Leißa, Mallon, Zwinkau 2013, "Simple and efficient construction of static
single assignment form". Over a finished CFG, where everything is written before anything is read, joins
outside the iterated dominance frontier of the writes are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from ssad.ir.core import Block, Function, Value
from ssad.ir.graph import Dominators, predecessors
from ssad.ir.types import Type


class _Join:
    """A block whose new parameter is getting its arguments; the blocks of `chain` wait for the value."""

    __slots__ = ("block", "chain", "done", "param", "preds")

    def __init__(self, param: Value, block: Block, preds: list[Block], chain: list[Block]) -> None:
        self.param = param
        self.block = block
        self.preds = preds
        self.chain = chain
        self.done = 0


class SSABuilder:
    """Writes and reads variables in blocks whose edges exist already or are announced by `seal` later.

    A block is *sealed* when all its incoming edges exist: reading an unsealed block makes a parameter whose
    arguments are filled in at `seal`. `undefined(variable, block)` supplies the value of a variable read
    where nothing was written (at the entry). Parameters that turn out trivial only later (through another
    one) stay: `ir.edit.prune_params` removes them in one linear sweep, together with applying `forwarded`.
    """

    def __init__(
        self,
        type_of: Callable[[Hashable], Type],
        undefined: Callable[[Hashable], Value],
        name_of: Callable[[Hashable], str] = str,
    ) -> None:
        self._type_of = type_of
        self._undefined = undefined
        self._name_of = name_of
        self._defs: dict[Block, dict[Hashable, Value]] = {}
        self._incomplete: dict[Block, dict[Hashable, Value]] = {}
        self._sealed: set[Block] = set()
        self._preds: dict[Block, list[Block]] = {}
        self._forward: dict[Value, Value] = {}
        self._variable_of: dict[Value, Hashable] = {}
        self._dominators: Dominators | None = None
        self._written: dict[Hashable, dict[Block, None]] = {}
        self._merging: dict[Hashable, set[Block]] = {}

    @classmethod
    def over(
        cls,
        function: Function,
        type_of: Callable[[Hashable], Type],
        undefined: Callable[[Hashable], Value],
        name_of: Callable[[Hashable], str] = str,
    ) -> SSABuilder:
        """A builder over a finished CFG: every block is sealed, and a variable is not written any more once
        it has been read.
        """
        self = cls(type_of, undefined, name_of)
        self._preds = {b: list(dict.fromkeys(ps)) for b, ps in predecessors(function).items()}
        self._sealed = set(function.blocks)
        self._dominators = Dominators(function)
        return self

    def write(self, variable: Hashable, block: Block, value: Value) -> None:
        """From the end of what `block` holds now, `variable` is `value`."""
        self._defs.setdefault(block, {})[variable] = value
        if self._dominators is not None:
            assert variable not in self._merging, f"{self._name_of(variable)} is written after a read"
            self._written.setdefault(variable, {})[block] = None

    def read(self, variable: Hashable, block: Block) -> Value:
        """The value of `variable` at the end of what `block` holds now."""
        known = self._defs.get(block, {}).get(variable)
        return self.resolve(known) if known is not None else self.read_at_start(variable, block)

    def read_at_start(self, variable: Hashable, block: Block) -> Value:
        """The value of `variable` on entry to `block`; becomes the block's own where it has none."""
        joins: list[
            _Join
        ] = []  # an explicit stack: a chain of joins may be longer than Python's stack is deep
        value = self._search(variable, block, joins)
        while joins:
            join = joins[-1]
            if value is not None:
                self._append(join.preds[join.done], join.block, value)
                join.done += 1
            if join.done < len(join.preds):
                pred = join.preds[join.done]
                known = self._defs.get(pred, {}).get(variable)
                value = self.resolve(known) if known is not None else self._search(variable, pred, joins)
            else:
                joins.pop()
                value = self._drop_if_trivial(join.param, join.block)
                for passed in join.chain:
                    self._defs.setdefault(passed, {}).setdefault(variable, value)
        assert value is not None
        return value

    def _search(self, variable: Hashable, block: Block, joins: list[_Join]) -> Value | None:
        """Look upwards from the start of `block`; at a join put it on `joins` and return None."""
        chain = [block]
        while True:
            block = chain[-1]
            if block not in self._sealed:
                value = self._new_param(variable, block)
                self._incomplete.setdefault(block, {})[variable] = value
                break
            preds = self._preds.get(block, [])
            if not preds:
                value = self._undefined(variable)
                break
            above = self._passed(variable, block)
            if above is None and len(preds) > 1:
                param = self._new_param(variable, block)
                self._defs.setdefault(block, {}).setdefault(variable, param)
                joins.append(_Join(param, block, preds, chain))
                return None
            above = above or preds[0]
            known = self._defs.get(above, {}).get(variable)
            if known is not None:
                value = self.resolve(known)
                break
            chain.append(above)
        for passed in chain:
            self._defs.setdefault(passed, {}).setdefault(variable, value)
        return value

    def _passed(self, variable: Hashable, block: Block) -> Block | None:
        """The block above from whose end on `variable` cannot have changed, where dominators tell it."""
        dominators = self._dominators
        if dominators is None or block not in dominators.number:
            return None
        merging = self._merging.get(variable)
        if merging is None:
            written = self._written.get(variable, ())
            merging = self._merging[variable] = dominators.iterated_frontier(written)
        return None if block in merging else dominators.idom[block]

    def add_edge(self, source: Block, target: Block) -> None:
        """Announce an edge into a block that is not sealed yet."""
        preds = self._preds.setdefault(target, [])
        if source not in preds:
            preds.append(source)

    def seal(self, block: Block) -> None:
        """Say that every edge into `block` has been announced and its source's terminator exists."""
        self._sealed.add(block)
        for variable, param in self._incomplete.pop(block, {}).items():
            self._fill(variable, param, block)

    def resolve(self, value: Value) -> Value:
        """What stands for `value` now: parameters found to be trivial are forwarded."""
        root = value
        while root in self._forward:
            root = self._forward[root]
        while value in self._forward:
            following = self._forward[value]
            self._forward[value] = root
            value = following
        return root

    @property
    def forwarded(self) -> dict[Value, Value]:
        """Parameters found to be trivial -> what stands for them; to be applied to ops by the caller at the
        end.
        """
        return {value: self.resolve(value) for value in self._forward}

    def _new_param(self, variable: Hashable, block: Block) -> Value:
        param = block.add_param(self._type_of(variable), self._name_of(variable))
        self._variable_of[param] = variable
        return param

    def _fill(self, variable: Hashable, param: Value, block: Block) -> None:
        for pred in self._preds[block]:
            self._append(pred, block, self.read(variable, pred))
        self._drop_if_trivial(param, block)

    def _append(self, pred: Block, block: Block, value: Value) -> None:
        for edge in pred.term.edges:
            if edge.target is block:
                edge.args.append(value)

    def _drop_if_trivial(self, param: Value, block: Block) -> Value:
        at = block.params.index(param)
        edges = [e for pred in self._preds[block] for e in pred.term.edges if e.target is block]
        same: Value | None = None
        for edge in edges:
            arg = self.resolve(edge.args[at])
            if arg is param or arg is same:
                continue
            if same is not None:
                return param
            same = arg
        if same is None:
            same = self._undefined(self._variable_of[param])
        del block.params[at]
        for edge in edges:
            del edge.args[at]
        self._forward[param] = same
        return self.resolve(same)
