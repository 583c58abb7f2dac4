"""The interpreter: runs typed, adjoint and refined functions on Python numbers and NumPy arrays.

It is the oracle for everything that follows the frontend, so it is as plain as it can be: an environment,
read, write, a loop, and the `eval` column of the primitive table. `recall` is executed by its definition:
every recalled value is logged under the iteration numbers of the loops around it and looked up under the
mirrored ones.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.graph import LoopForest
from ssad.ir.numbers import normalise
from ssad.ir.raising import exception_of
from ssad.ir.types import Scalar

Log = dict[Value, dict[tuple[int, ...], Any]]


def run(program: Module | Function, args: Sequence[Any], *, module: Module | None = None) -> list[Any]:
    """The results of `program` (a function, or the main function of a module) on `args`.

    `args` are Python numbers and NumPy arrays, one per parameter; arrays are written in place.
    Raises what the program raises.
    """
    if isinstance(program, Module):
        module, program = program, program.main
    return _Frame(program, module or Module()).run(args)


class _Frame:
    """One call of one function."""

    def __init__(self, function: Function, module: Module) -> None:
        self.function = function
        self.module = module
        self.env: dict[Value, Any] = {}
        self.recalled = {op.operands[0] for op in function.ops() if op.name == "recall"}
        self.log: Log = {value: {} for value in self.recalled}
        self.iteration: dict[Block, int] = {}
        self.around: dict[Block, list[Block]] = {}
        self.members: dict[Block, dict[Block, None]] = {}
        if self.recalled:
            forest = LoopForest(function)
            self.around = {b: [loop.header for loop in forest.around(b)] for b in function.blocks}
            self.members = {loop.header: loop.blocks for loop in forest.loops}
        self.mirrored = {b.mirrors[0]: b.mirrors[1] for b in function.blocks if b.mirrors is not None}
        self.home = {v: b for b in function.blocks for v in defined(b) if v in self.recalled}

    def run(self, args: Sequence[Any]) -> list[Any]:
        block, values, came_from = self.function.entry, list(args), None
        while True:
            self._enter(block, came_from)
            for param, value in zip(block.params, values, strict=True):
                self._define(block, param, value)
            for op in block.ops:
                result = self._execute(op, block)
                if op.result is not None:
                    self._define(block, op.result, result)
            term = block.term
            if term.kind == "return":
                return [self.read(v) for v in term.operands]
            if term.kind == "raise":
                raise exception(self.module, term.attrs, [self.read(v) for v in term.operands])
            edge = term.edges[0]
            if term.kind == "branch" and not self.read(term.operands[0]):
                edge = term.edges[1]
            values = [self.read(v) for v in edge.args]
            came_from, block = block, edge.target

    def read(self, value: Value) -> Any:
        """The present value of an operand."""
        if isinstance(value, Const):
            return value.value
        if isinstance(value, Undef):
            return math.nan if value.type.is_float else 0
        return self.env[value]

    def _enter(self, block: Block, came_from: Block | None) -> None:
        inside = self.members.get(block)
        if inside is not None:
            self.iteration[block] = self.iteration[block] + 1 if came_from in inside else 0

    def _define(self, block: Block, value: Value, content: Any) -> None:
        if isinstance(value.type, Scalar):
            content = normalise(content, value.type)
        self.env[value] = content
        if value in self.recalled:
            self.log[value][tuple(self.iteration[h] for h in self.around[block])] = content

    def _execute(self, op: Op, block: Block) -> Any:
        special = _SPECIAL.get(op.name)
        if special is not None:
            return special(self, op)
        assert op.prim.eval is not None, f"{op.name} cannot be interpreted"
        operands = [self.read(v) for v in op.operands]
        return op.prim.eval(*operands, **op.attrs) if op.prim.takes_attrs else op.prim.eval(*operands)

    def _check(self, op: Op) -> None:
        ok, *payload = (self.read(v) for v in op.operands)
        if not ok:
            raise exception(self.module, op.attrs, payload)

    def _recall(self, op: Op) -> Any:
        value = op.operands[0]
        if isinstance(value, Const | Undef):
            return self.read(value)
        return self.log[value][tuple(int(self.read(self.mirrored[h])) for h in self.around[self.home[value]])]

    def _call(self, op: Op) -> Any:
        callee = self.module.functions[op.attrs["callee"]]
        results = _Frame(callee, self.module).run([self.read(v) for v in op.operands])
        if op.result is None:
            return None
        return tuple(results) if op.attrs["type"].startswith("tuple") else results[0]


_SPECIAL: dict[str, Callable[[_Frame, Op], Any]] = {
    "check": _Frame._check,
    "recall": _Frame._recall,
    "call": _Frame._call,
}


def defined(block: Block) -> list[Value]:
    """The values that `block` defines."""
    return [*block.params, *(op.result for op in block.ops if op.result is not None)]


def exception(module: Module, attrs: dict[str, Any], payload: Sequence[Any]) -> BaseException:
    """The Python exception that a `check` or `raise` with these attributes stands for."""
    name = attrs["exc"]
    kind = module.objects.get(name) or getattr(builtins, name)
    return exception_of(kind, attrs.get("message"), payload)
