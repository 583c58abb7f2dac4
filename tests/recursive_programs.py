"""Random recursive programs as source text: functions that call themselves and each other, in branches and
loops, with an array that all of them read and write.

Every function has `n`, which falls in each call; each calls at most twice in a row.
"""

from __future__ import annotations

import linecache
import math
import random
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

ARGUMENTS: tuple[tuple[str, ...], ...] = (("n - 1",), ("n - 1", "n - 2"), ("n // 2", "n - 1"))


class Writer:
    """Writes one program by the choices of a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.names = [f"g{k}" for k in range(self.random.choice((1, 1, 2, 3)))]
        self.pairs = {name for name in self.names if self.random.random() < 0.3}
        self.known: list[str] = []
        self.calls = 0

    def one_of(self, *options: str) -> str:
        return self.random.choice(options)

    def number(self) -> str:
        return f"{self.random.uniform(0.3, 1.5):.2f}"

    def real(self, depth: int = 2) -> str:
        if depth == 0 or self.random.random() < 0.25:
            return self.one_of(*self.known, *self.known, "w[n % 3]", self.number())
        form = self.one_of("({0} + {1})", "({0} * {1})", "({0} - {1})", "math.sin({0})", "math.tanh({0})")
        return form.format(self.real(depth - 1), self.real(depth - 1))

    def call(self, level: int, into: str) -> None:
        """`into` becomes what a call gives, or the product of a pair."""
        name = self.one_of(*self.names)
        less = self.one_of(*self.random.choice(ARGUMENTS))
        text = f"{name}({self.real(1)}, {self.one_of(self.real(1), self.number())}, w, {less})"
        self.calls += 1
        if name in self.pairs:
            self.write(level, f"{into}, other = {text}")
            self.write(level, f"{into} = {into} * {self.one_of('other', '0.5')}")
        else:
            self.write(level, f"{into} = {text}")

    def write(self, level: int, line: str) -> None:
        self.lines.append("    " * level + line)

    def result(self, name: str, value: str) -> str:
        return f"return {value}, {self.real(1)}" if name in self.pairs else f"return {value}"

    def statement(self, name: str, fresh: str) -> None:
        kind = self.one_of("assign", "store", "sum", "call", "call", "if", "for", "while")
        if kind in ("call", "if", "for", "while") and self.calls == 2:
            kind = "assign"
        if kind == "store":
            self.write(1, f"w[{self.one_of('0', '2', 'n % 3')}] = math.tanh({self.real()})")
            return
        if kind == "call":
            self.call(1, fresh)
        else:
            self.write(1, f"{fresh} = {self.real()}")
        if kind == "sum":
            self.write(1, "for i in range(3):")
            self.write(2, f"{fresh} += w[i] * {self.real(1)}")
        if kind == "if":
            self.write(1, f"if {self.real(0)} > {self.random.uniform(-0.5, 1.0):.2f}:")
            self.call(2, fresh)
            if self.random.random() < 0.3:
                self.write(2, self.result(name, self.real(1)))
        if kind == "for":
            self.write(1, f"for i in range({self.one_of('2', 'n % 3')}):")
        if kind == "while":
            self.write(1, "k = 0")
            self.write(1, f"while abs({fresh}) < 1.5 and k < 2:")
            self.write(2, "k += 1")
        if kind in ("for", "while"):
            self.call(2, "t")
            self.write(2, f"{fresh} = math.sin({fresh} + t) + 0.3")
        self.known.append(fresh)

    def function(self, name: str) -> None:
        self.write(0, f"def {name}(x, y, w, n):")
        self.known = ["x", "y"]
        self.calls = 0
        self.write(1, "if n <= 0:")
        if self.random.random() < 0.4:
            self.write(2, f"w[0] = w[0] * 0.9 + 0.1 * {self.real(1)}")
        self.write(2, self.result(name, self.real(1)))
        for k in range(self.random.randint(2, 5)):
            self.statement(name, f"v{k}")
        self.write(1, self.result(name, f"math.tanh({self.real()}) + 0.1 * {self.known[-1]}"))

    def program(self) -> str:
        for name in self.names:
            self.function(name)
        self.write(0, "def program(x, y, w, n):")
        self.known = ["x", "y"]
        self.call(1, "a")
        self.write(1, "return a * x + w[0] + w[2]")
        return "\n".join(self.lines) + "\n"


def random_recursion(seed: int) -> tuple[FunctionType, Callable[[], tuple[Any, ...]]]:
    """`program(x, y, w, n)` of a seed, and what makes its arguments."""
    source = Writer(seed).program()
    name = f"<recursion {seed}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    scope: dict[str, Any] = {"math": math, "__name__": "generated"}
    exec(compile(source, name, "exec"), scope)
    return scope["program"], lambda: (0.7, 0.4, np.array([0.3, -0.6, 0.9]), 3 + seed % 2)
