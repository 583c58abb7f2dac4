"""Random typed IR: structured control flow with every shape of loop, arrays, checks, calls; always short.

Unlike the programs of `programs.py` these do not pass through the frontend, so they hold what it never
writes: several latches, shared exits, constant conditions, dead cycles, several returns, equal ops in odd
places.
"""

from __future__ import annotations

import random
from collections.abc import Hashable

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.ir.builder import Builder
from ssad.ir.core import (
    Block,
    Edge,
    Function,
    Location,
    Module,
    Undef,
    Value,
    bool_,
    branch,
    f64,
    i64,
    jump,
    return_,
)
from ssad.ir.edit import prune_params, remove_unreachable
from ssad.ir.ssa_builder import SSABuilder
from ssad.ir.types import BOOL, F64, I64, Type, array

ARRAY = array(F64, 1, "C")
LENGTH = 4
FLOATS, INTS, BOOLS = ("u", "v", "w"), ("i", "j"), ("p", "q")
TYPES = dict.fromkeys(FLOATS, F64) | dict.fromkeys(INTS, I64) | dict.fromkeys(BOOLS, BOOL)
ARRAYS = ("x", "y", "z")


def type_of(variable: Hashable) -> Type:
    return TYPES[str(variable)] if variable in TYPES else I64


def random_module(seed: int) -> Module:
    """@f(x: f64[?; C], y: f64[?; C], a: f64, n: i64) -> (f64, i64) for arrays of four, and its callees."""
    rng = random.Random(seed)
    module = Module()
    callees: list[str] = []
    functions = []
    for level in range(rng.choice((1, 2, 3))):
        function = _Writer(rng, callees, f"g{level}", small=True).function
        callees.append(function.name)
        functions.append(function)
    module.add(_Writer(rng, callees, "f", small=False).function)
    for function in functions:
        module.add(function)
    return module


class _Writer:
    """Writes one function, a statement at a time; variables become SSA values through an SSABuilder."""

    def __init__(self, rng: random.Random, callees: list[str], name: str, small: bool) -> None:
        self.rng = rng
        self.callees = list(callees)
        self.function = Function(name)
        self.function.result_types = [F64, I64]
        self.ssa = SSABuilder(type_of, lambda v: Undef(type_of(v)))
        self.budget = rng.choice((3, 6)) if small else rng.choice((8, 20, 40))
        self.lines = 0
        self.loops: list[tuple[Block, Block, str]] = []
        entry = self.function.add_block("entry")
        self.arrays: dict[str, Value] = {n: entry.add_param(ARRAY, n) for n in ("x", "y")}
        a, n = entry.add_param(F64, "a"), entry.add_param(I64, "n")
        self.ssa.seal(entry)
        self.start(entry)
        self.arrays["z"] = self.b.alloc(i64(LENGTH), type=str(ARRAY), hint="z")
        self.b.fill(self.arrays["z"], 0.5)
        self.sizes = {name: self.b.dim(array, axis=0) for name, array in self.arrays.items()}
        for variable in FLOATS:
            self.write(variable, a)
        for variable, value in (("i", n), ("j", i64(1)), ("p", bool_(True)), ("q", bool_(False))):
            self.write(variable, value)
        self.statements(0)
        self.leave()
        prune_params(self.function, self.ssa.forwarded)
        remove_unreachable(self.function)

    def start(self, block: Block) -> None:
        self.b = Builder(block)

    def write(self, variable: str, value: Value) -> None:
        self.ssa.write(variable, self.b.block, value)

    def read(self, variable: str) -> Value:
        return self.ssa.read(variable, self.b.block)

    def block(self, name: str) -> Block:
        return self.function.add_block(name)

    def goto(self, target: Block) -> None:
        self.ssa.add_edge(self.b.block, target)
        self.b.block.term = jump(target, [], self.b.loc)

    def split(self, condition: Value, then: Block, other: Block) -> None:
        for target in dict.fromkeys((then, other)):
            self.ssa.add_edge(self.b.block, target)
        self.b.block.term = branch(condition, Edge(then), Edge(other), self.b.loc)

    def leave(self) -> None:
        self.b.block.term = return_([self.read("u"), self.read("i")], self.b.loc)

    # expressions

    def real(self, depth: int = 2) -> Value:
        rng, b = self.rng, self.b
        kind = rng.randrange(11) if depth else rng.randrange(3)
        if kind == 0:
            return f64(rng.choice((0.0, -0.0, 1.0, -1.0, 2.0, 0.25)))
        if kind <= 2:
            return self.read(rng.choice(FLOATS))
        if kind in (3, 9, 10):
            return b.load(self.arrays[rng.choice(ARRAYS)], self.index())
        if kind == 4:
            return b.pow(self.real(depth - 1), rng.choice((2.0, 1.0, -1.0, 0.0, 0.5)))
        if kind == 5:
            return b.emit(rng.choice(("sin", "neg", "abs", "tanh")), self.real(depth - 1))
        if kind == 6:
            return b.select(self.truth(depth - 1), self.real(depth - 1), self.real(depth - 1))
        if kind == 7:
            return b.cast(self.integer(depth - 1), to="f64")
        return b.emit(rng.choice(("add", "sub", "mul", "div")), self.real(depth - 1), self.real(depth - 1))

    def integer(self, depth: int = 1) -> Value:
        rng = self.rng
        if depth == 0 or rng.random() < 0.4:
            return rng.choice((i64(rng.choice((-1, 0, 1, 2, 3))), self.read(rng.choice(INTS))))
        name = rng.choice(("add", "sub", "mul", "floordiv", "mod", "and", "xor"))
        return self.b.emit(name, self.integer(depth - 1), self.integer(depth - 1))

    def index(self) -> Value:
        """An index in range: a constant, a checked counter, or anything modulo the length."""
        if self.loops and self.rng.random() < 0.3:
            size = self.sizes[self.rng.choice(ARRAYS)]
            index = self.b.wrap_index(self.read(self.loops[-1][2]), size)
            ok = self.b.in_range(index, size)
            self.b.check(ok, index, exc="IndexError", message="index {0}")
            return index
        if self.rng.random() < 0.7:
            return i64(self.rng.choice((0, 0, 1, 2, 3)))
        return self.b.mod(self.integer(), LENGTH)

    def truth(self, depth: int = 1) -> Value:
        rng, b = self.rng, self.b
        kind = rng.randrange(6) if depth else 0
        if kind == 0:
            return rng.choice((bool_(rng.random() < 0.5), *map(self.read, BOOLS)))
        compare = rng.choice(("lt", "le", "gt", "ge", "eq", "ne"))
        if kind <= 2:
            return b.emit(compare, self.real(depth - 1), self.real(depth - 1))
        if kind == 3:
            return b.emit(compare, self.integer(depth - 1), self.integer(depth - 1))
        if kind == 4:
            return b.not_(self.truth(depth - 1))
        return b.emit(rng.choice(("and", "or")), self.truth(depth - 1), self.truth(depth - 1))

    # statements

    def statements(self, depth: int) -> None:
        for _ in range(self.rng.choice((2, 4, 6, 8))):
            if self.budget <= 0 or not self.statement(depth):
                return

    def statement(self, depth: int) -> bool:
        """Write a statement; says whether control goes on behind it."""
        self.budget -= 1
        self.lines += 1
        self.b.loc = Location("random.py", self.function.name, self.lines)
        rng = self.rng
        kinds = ["assign", "assign", "integer", "truth", "store", "store", "check", "call"]
        kinds += ["if", "if", "loop", "loop"] if depth < 3 else []
        kinds += ["break", "continue"] if self.loops else []
        kinds += ["return"] if depth else []
        kind = rng.choice(kinds)
        if kind == "assign":
            self.write(rng.choice(FLOATS), self.real())
        elif kind == "integer":
            self.write(rng.choice(INTS), self.integer())
        elif kind == "truth":
            self.write(rng.choice(BOOLS), self.truth())
        elif kind == "check":
            self.b.check(self.truth(), self.integer(), exc="ValueError", message=f"{self.lines}: {{0}}")
        elif kind == "store":
            name = rng.choice(("store", "store", "accumulate", "fill"))
            where = () if name == "fill" else (self.index(),)
            self.b.emit(name, self.arrays[rng.choice(ARRAYS)], *where, self.real())
        else:
            return bool(getattr(self, f"{kind}_")(depth))
        return True

    def call_(self, depth: int) -> bool:
        if not self.callees:
            return True
        arrays = [self.arrays[self.rng.choice(ARRAYS)] for _ in range(2)]
        if arrays[0] is arrays[1]:
            return True  # arguments are disjoint
        attrs = {"callee": self.rng.choice(self.callees), "type": "tuple<f64, i64>"}
        both = self.b.emit("call", *arrays, self.real(0), self.integer(0), **attrs)
        self.write(self.rng.choice(FLOATS), self.b.extract(both, index=0))
        self.write(self.rng.choice(INTS), self.b.extract(both, index=1))
        return True

    def if_(self, depth: int) -> bool:
        then, other, after = self.block("then"), self.block("else"), self.block("after")
        self.split(self.truth(), then, other)
        reached = False
        for arm, filled in ((then, True), (other, self.rng.random() < 0.5)):
            self.ssa.seal(arm)
            self.start(arm)
            if filled:
                self.statements(depth + 1)
            if self.b.block.term.kind == "unfinished":
                self.goto(after)
                reached = True
        self.ssa.seal(after)
        self.start(after)
        return reached

    def loop_(self, depth: int) -> bool:
        counter = f"k{self.lines}"
        header, body, after = self.block("loop"), self.block("body"), self.block("after")
        trips = self.rng.choice(
            (i64(3), i64(2), i64(0), self.b.mod(self.integer(), LENGTH), *self.sizes.values())
        )
        self.write(counter, i64(0))
        self.goto(header)
        self.start(header)
        condition = self.b.lt(self.read(counter), trips)
        self.split(
            self.b.and_(condition, self.truth()) if self.rng.random() < 0.3 else condition, body, after
        )
        self.ssa.seal(body)
        self.start(body)
        self.loops.append((header, after, counter))
        self.statements(depth + 1)
        if self.b.block.term.kind == "unfinished":
            self.continue_(depth)
        self.loops.pop()
        self.ssa.seal(header)
        self.ssa.seal(after)
        self.start(after)
        return True

    def continue_(self, depth: int) -> bool:
        header, _, counter = self.loops[-1]
        self.write(counter, self.b.add(self.read(counter), 1))
        self.goto(header)
        return False

    def break_(self, depth: int) -> bool:
        _, after, _ = self.rng.choice(self.loops)  # also of a loop further out
        self.goto(after)
        return False

    def return_(self, depth: int) -> bool:
        self.leave()
        return False
