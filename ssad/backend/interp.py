"""The interpreter: runs typed, adjoint and refined functions on Python numbers and NumPy arrays.

It is the oracle for everything that follows the frontend, so it is as plain as it can be: an environment,
read, write, a loop, and the `eval` column of the primitive table. `recall` is executed by its definition:
every recalled value is logged under the iteration numbers of the loops around it and looked up under the
mirrored ones.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from ssad.backend.externals import called
from ssad.ir.core import Block, Const, Function, Module, Op, Undef, Value
from ssad.ir.graph import LoopForest
from ssad.ir.numbers import normalise
from ssad.ir.raising import exception_of, raised_from
from ssad.ir.sweeps import seeds_of
from ssad.ir.types import Scalar

Log = dict[Value, dict[tuple[int, ...], Any]]


def run(program: Module | Function, args: Sequence[Any], *, module: Module | None = None) -> list[Any]:
    """The results of `program` (a function, or the main function of a module) on `args`.

    `args` are Python numbers and NumPy arrays, one per parameter; arrays are written in place.
    Raises what the program raises.
    """
    if isinstance(program, Module):
        module, program = program, program.main
    return _drive(_Frame(program, module or Module()).start(args))


class _Call(NamedTuple):
    """What a frame yields where it wants another function to be run before it goes on."""

    steps: Steps


def _drive(steps: Steps) -> list[Any]:
    """Run a frame and all that it calls, on a stack of our own: Python's is not as deep."""
    stack = [steps]
    results: list[Any] | None = None
    while True:
        try:
            call = stack[-1].send(results)
        except StopIteration as done:
            stack.pop()
            results = done.value
            if not stack:
                return results
            continue
        if len(stack) > sys.getrecursionlimit():
            raise RecursionError("maximum recursion depth exceeded")
        stack.append(call.steps)
        results = None


class _Frame:
    """One call of one function. Where its sweeps are called apart, it is the residual in between."""

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
        self.halts = False
        self.halted: tuple[Block, list[Any], Block | None] = function.entry, [], None
        self.home = {v: b for b in function.blocks for v in defined(b) if v in self.recalled}

    def start(self, args: Sequence[Any]) -> Steps:
        """Run from the entry to the end, or to the seam of a function whose forward sweep is called."""
        return self._go(self.function.entry, list(args), None)

    def start_forward(self, args: Sequence[Any]) -> Steps:
        """Run the forward sweep; the results are its own and the frame itself."""
        self.halts = True
        return self.start([*args, *(None for _ in seeds_of(self.function))])

    def go_on(self, seeds: Sequence[Any]) -> Steps:
        """Run the reverse sweep; the results are its own."""
        self.halts = False
        for param, seed in zip(seeds_of(self.function), seeds, strict=True):
            self._define(self.function.entry, param, seed)
        results = yield from self._go(*self.halted)
        return results[self.function.attrs["forward"] :]

    def _at_seam(self) -> list[Any]:
        end = next(block.term for block in self.function.blocks if block.term.kind == "return")
        return [*(self.read(v) for v in end.operands[: self.function.attrs["forward"]]), self]

    def _go(self, block: Block, values: list[Any], came_from: Block | None) -> Steps:
        while True:
            if self.halts and came_from is not None and block.sweep != came_from.sweep:
                self.halted = block, values, came_from
                return self._at_seam()
            self._enter(block, came_from)
            for param, value in zip(block.params, values, strict=True):
                self._define(block, param, value)
            for op in block.ops:
                result = (yield from self._call(op)) if op.name == "call" else self._execute(op)
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
        if isinstance(value.type, Scalar) and content is not None:
            content = normalise(content, value.type)
        self.env[value] = content
        if value in self.recalled:
            self.log[value][tuple(self.iteration[h] for h in self.around[block])] = content

    def _execute(self, op: Op) -> Any:
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

    def _external(self, op: Op) -> Any:
        """Call back, as native code does."""
        operands = [self.read(v) for v in op.operands]
        return called(self.module.objects[op.attrs["object"]], operands, len(op.attrs["writes"]))

    def _recall(self, op: Op) -> Any:
        value = op.operands[0]
        if isinstance(value, Const | Undef):
            return self.read(value)
        return self.log[value][tuple(int(self.read(self.mirrored[h])) for h in self.around[self.home[value]])]

    def _call(self, op: Op) -> Generator[_Call, list[Any] | None, Any]:
        callee = self.module.functions[op.attrs["callee"]]
        operands = [self.read(v) for v in op.operands]
        sweep = op.attrs.get("sweep")
        if sweep == "rev":
            frame: _Frame = operands[0]
            steps = frame.go_on(operands[len(operands) - callee.attrs["seeds"] :])
        else:
            frame = _Frame(callee, self.module)
            steps = frame.start_forward(operands) if sweep == "fwd" else frame.start(operands)
        results = yield _Call(steps)
        if op.result is None or results is None:
            return None
        return tuple(results) if op.attrs["type"].startswith("tuple") else results[0]


Steps = Generator[_Call, list[Any] | None, list[Any]]


_SPECIAL: dict[str, Callable[[_Frame, Op], Any]] = {
    "check": _Frame._check,
    "external": _Frame._external,
    "recall": _Frame._recall,
}


def defined(block: Block) -> list[Value]:
    """The values that `block` defines."""
    return [*block.params, *(op.result for op in block.ops if op.result is not None)]


def exception(module: Module, attrs: dict[str, Any], payload: Sequence[Any]) -> BaseException:
    """The Python exception that a `check` or `raise` with these attributes stands for."""

    def of(name: str) -> object:
        return module.objects.get(name) or getattr(builtins, name)

    error = exception_of(of(attrs["exc"]), attrs.get("message"), payload)
    cause = raised_from(attrs)
    if cause is not None:
        error.__cause__ = exception_of(of(cause[0]), cause[1], payload[cause[2] :])
    return error
