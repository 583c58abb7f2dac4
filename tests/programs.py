"""Random Python programs as source text: loops, branches, array stores, always short and always finite.

Every loop ends after at most four trips, every index is in range, every variable is damped where it is
assigned. Options are listed with the plainest first, which is where Hypothesis shrinks to.
"""

from __future__ import annotations

import linecache
import math
import random
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from .oracle.arguments import copy_arguments
from .program_forms import (
    BINARY,
    CONSTANTS,
    DAMPED,
    FLOATS,
    FOOTER,
    HEADER,
    INITIAL,
    INT_FORMS,
    INTS,
    LENGTH,
    LOOP_VARIABLES,
    RANGES,
    UNARY,
)

Choose = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class Program:
    """Source text that defines `program(x, y, a, b)`, arguments for it, and the kinds of statement in it."""

    source: str
    args: tuple[Any, ...]
    kinds: frozenset[str] = field(default=frozenset(), compare=False)

    def function(self) -> FunctionType:
        """The compiled function; tracebacks and `inspect` see its source."""
        name = f"<program {abs(hash(self.source)):x}>"
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(True), name)
        scope: dict[str, Any] = {"math": math, "np": np, "__name__": __name__}
        scope |= {"NamedTuple": NamedTuple, "dataclass": dataclass}
        exec(compile(self.source, name, "exec"), scope)
        return scope["program"]

    def arguments(self) -> tuple[Any, ...]:
        """Fresh copies of the arguments, in the same layout; a program may write to them."""
        return copy_arguments(self.args)

    def __repr__(self) -> str:
        return f"Program(source='''\\\n{self.source}''', args={self.args!r})"


class Writer:
    """Writes one program, one statement at a time, by drawing from lists of options."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.lines: list[str] = []
        self.kinds: set[str] = set()
        self.counters = 0
        self.tries = 0
        self.budget = choose((6, 14, 24, 36))
        self.elements: list[str] = []

    def write(self, level: int, line: str) -> None:
        self.lines.append("    " * level + line)

    def also(self, kind: str, text: str) -> str:
        """`text`, which needs what programs with statements of that kind begin with."""
        self.kinds.add(kind)
        return text

    def integer(self, depth: int = 1) -> str:
        if depth == 0 or self.choose((True, False)):
            return self.choose((*INTS, *LOOP_VARIABLES, "n", "2"))
        return self.choose(INT_FORMS).format(self.integer(depth - 1), self.integer(depth - 1), self.real(0))

    def load(self) -> str:
        array = self.choose(tuple(LENGTH))
        return f"{array}[{self.index(LENGTH[array])}]"

    def index(self, length: str) -> str:
        form = self.choose(("0", "-1", "{0} % {1}", "{0} % {1} - {1}", "-1 - {0} % {1}"))
        return form.format(self.integer(), length)

    def real(self, depth: int = 2) -> str:
        if depth == 0 or self.choose((True, False, False)):
            leaf = self.choose(("variable", "constant", "load", "element", "accumulator", "integer"))
            if leaf == "load":
                return self.load()
            if leaf == "element" and self.elements:
                return self.choose(self.elements)
            if leaf == "integer":
                return self.choose(("{} * 0.25", "float({})", "{} / 4")).format(self.integer(0))
            names = {"constant": CONSTANTS, "accumulator": ("acc * 0.1", "math.tanh(acc)")}
            return self.choose(names.get(leaf, FLOATS))
        form = self.choose((*UNARY, *BINARY))
        return form.format(self.real(depth - 1), self.real(depth - 1))

    def damped(self) -> str:
        return self.choose(DAMPED).format(self.real())

    def condition(self, depth: int = 1) -> str:
        kind = self.choose(("float", "int", "truth", "chain", "walrus", "and", "or", "not"))
        if depth == 0 or kind in ("float", "int", "truth"):
            if kind == "int":
                return f"{self.integer()} {self.choose(('==', '!=', '<', '>='))} {self.choose((0, 1, 2))}"
            if kind == "truth":
                return f"{self.choose(INTS)} % 3"
            return f"{self.real(1)} {self.choose(('<', '>', '<=', '>='))} {self.choose(CONSTANTS)}"
        self.kinds.add(kind)
        if kind == "chain":
            return f"-0.4 < {self.real(1)} <= {self.choose(('1.1', 'u', 'w'))}"
        if kind == "walrus":
            return f"({self.choose(FLOATS)} := {self.damped()}) > {self.choose(CONSTANTS)}"
        if kind == "not":
            return f"not ({self.condition(0)})"
        return f"({self.condition(0)}) {kind} ({self.condition(0)})"

    def block(self, level: int, loops: int) -> None:
        self.budget -= 1
        for _ in range(self.choose((1, 2, 3))):
            self.statement(level, loops)

    def statement(self, level: int, loops: int) -> None:
        self.budget -= 1
        kinds = [*SIMPLE, *FREQUENT, *FREQUENT]
        if level > 1:
            kinds += ["return"]
        if loops:
            kinds += ["break", "continue"] * 3
        if self.budget > 0 and level < 6:
            kinds += ["if", "if_else", "elif"] * 2 + ["try", "try_finally"]
            if loops < 3:
                kinds += LOOPS * 3
        if self.tries:  # recursive calls are refused there
            kinds = [kind for kind in kinds if "recursion" not in kind]
        kind = self.choose(kinds)
        self.kinds.add(kind)
        if kind in SIMPLE:
            for line in SIMPLE[kind](self).split("\n"):
                self.write(level, line)
        elif kind in LOOPS:
            self.loop(kind, level, loops)
        elif kind in ("break", "continue", "return"):
            self.write(level, f"if {self.condition()}:")
            self.write(level + 1, f"return {self.real()}" if kind == "return" else kind)
        elif kind in TRIES:
            self.handled(kind, level, loops)
        else:
            self.branch(kind, level, loops)

    def handled(self, kind: str, level: int, loops: int) -> None:
        self.tries += 1
        self.write(level, "try:")
        self.block(level + 1, loops)
        self.write(level + 1, f"{self.choose(FLOATS)} = {self.choose(RISKY).format(self.real(1))}")
        errors = self.choose(("TooLarge", "(ValueError, ZeroDivisionError)", "Exception"))
        outer = errors != "Exception"
        self.write(level, f"except {errors}:")
        self.block(level + 1, loops)
        if outer:
            self.write(level, "except (TooLarge, ArithmeticError, ValueError):")
            self.write(level + 1, f"acc -= {self.damped()}")
        if kind == "try_finally":
            self.write(level, "finally:")
            self.write(level + 1, f"acc += {self.damped()}")
        self.tries -= 1

    def branch(self, kind: str, level: int, loops: int) -> None:
        self.write(level, f"if {self.condition()}:")
        self.block(level + 1, loops)
        if kind == "elif":
            self.write(level, f"elif {self.condition()}:")
            self.block(level + 1, loops)
        if kind != "if":
            self.write(level, "else:")
            self.block(level + 1, loops)

    def loop(self, kind: str, level: int, loops: int) -> None:
        known = len(self.elements)
        if loops == 2:
            self.kinds.add("three_deep")
        if kind == "for_range":
            self.write(level, f"for {LOOP_VARIABLES[loops]} in {self.choose(RANGES)}:")
        elif kind == "for_array":
            self.elements.append(f"e{loops}")
            self.write(level, f"for e{loops} in {self.choose(('x', 'y', 's'))}:")
        else:
            counter = f"c{self.counters}"
            self.counters += 1
            limit = self.choose((2, 3, 0, "p % 4"))
            tests = {"while_true": "True", "while_count": f"{counter} < {limit}"}
            self.write(level, f"{counter} = 0")
            self.write(level, f"while {tests.get(kind) or f'{counter} < 4 and ({self.condition()})'}:")
            self.write(level + 1, f"{counter} += 1")
            if kind == "while_true":
                self.write(level + 1, f"if {counter} > {limit}:")
                self.write(level + 2, "break")
        self.block(level + 1, loops + 1)
        del self.elements[known:]
        if self.choose((False, False, True)):
            self.kinds.add(f"{kind[: kind.index('_')]}_else")
            self.write(level, "else:")
            self.block(level + 1, loops)


def _assign(form: str) -> Callable[[Writer], str]:
    return lambda writer: form.format(writer.choose(FLOATS), writer.real(), writer.real(0))


def _store(form: str) -> Callable[[Writer], str]:
    return lambda writer: form.format(writer.load(), writer.damped(), writer.real(1))


SIMPLE: dict[str, Callable[[Writer], str]] = {
    "assign": lambda writer: f"{writer.choose(FLOATS)} = {writer.damped()}",
    "accumulate": lambda writer: f"acc += {writer.damped()}",
    "add_assign": _assign("{0} += {1}\n{0} = math.tanh({0})"),
    "sub_assign": _assign("{0} -= 0.5 * {0} * math.cos({1})"),
    "mul_assign": _assign("{0} *= math.sin({1})"),
    "div_assign": _assign("{0} /= 1.0 + ({1}) * ({1})"),
    "divmod": _assign("{0}, u = divmod(math.atan({1}), 0.7)"),
    "int_assign": lambda writer: f"{writer.choose(INTS)} = {writer.integer(2)} % {writer.choose((7, 5, -6))}",
    "int_add_assign": lambda writer: f"p += {writer.integer()}\np &= 7",
    "store": _store("{0} = {1}"),
    "store_sum": _store("{0} += {1}"),
    "store_product": _store("{0} *= math.cos({2})"),
    "swap": lambda writer: writer.choose(("u, v = v, u", "u, v, w = w, u, v")),
    "swap_buffers": lambda writer: "s, t = t, s",
    "swap_elements": lambda writer: "x[0], x[-1] = x[-1], x[0]",
    "pack": _assign("pair = ({2}, {0})\n{0} = 0.5 * pair[0] - 0.25 * pair[1]"),
    "allocate": lambda writer: writer.choose(
        ("t = np.zeros(n)", "s = np.ones_like(x)", "t = np.zeros(x.shape)")
    ),
    "recursion": _assign("{0} = tower({1}, p % 4)"),
    "recursion_in_try": _assign("try:\n    {0} = careful({1}, p % 4)\nexcept TooLarge:\n    {0} = 0.5 * {2}"),
    "mutual_recursion": _assign("{0} = math.tanh(rising({1}, q % 5))"),
    "recursion_in_place": lambda writer: f"acc += filled({writer.choose(('s', 't', 'y'))}, 0)",
    "named_tuple": _assign(
        "pair_of = Pair({1}, pair_of.first)\n{0} = 0.5 * math.tanh(pair_of[0]) - pair_of.second % 1.5"
    ),
    "record": _assign("spring = Spring(math.sin({1})) + Spring(0.5, rest={2})\n{0} = spring.force({0})"),
    "object": _assign("meter.add(math.tanh({1}))\n{0} = meter.mean()"),
    "append": lambda writer: f"items.append({writer.damped()})\nacc += items[p % len(items)]",
    "pop": lambda writer: writer.also("append", "if len(items) > 1:\n    acc += 0.5 * items.pop()"),
    "item_store": lambda writer: writer.also("append", f"items[q % len(items)] = {writer.damped()}"),
    "arrays": _assign(
        "arrays.append(arrays[p % len(arrays)].copy())\narrays[-1][q % n] = math.tanh({1})\n"
        "acc += 0.1 * arrays[q % len(arrays)][p % n]\narrays[p % 3 - 1][0] *= 0.5"
    ),
    "rows": _assign(
        "rows[p % 2].append(math.tanh({1}))\nrows.append([rows[q % len(rows)][-1], {2}])\n"
        "rows[0] = rows[q % 3]\n{0} = math.tanh({0} + (rows[0][0] + rows[0][-1]) * rows[-1][0])"
    ),
    "objects": _assign(
        "shelves[p % 2].turn({1})\nshelf_of = shelves[q % 2]\n"
        "{0} = math.tanh({0} + shelf_of.front[0])\nshelves.append(shelf_of)"
    ),
    "perhaps": _assign(
        "if p % 2:\n    kept = Shelf(x)\nif kept is not None:\n    kept.turn({1})\n"
        "    {0} = math.tanh({0} + kept.front[0] * {2})"
    ),
    "bag": _assign(
        "if q % 2:\n    bag = [{2}]\nif bag:\n    bag.append(math.tanh({1}))\n"
        "{0} = math.tanh({0} * (bag or [0.5, {2}])[-1])"
    ),
    "either": _assign(
        "pulled = Line({2}) if p % 2 else pulled\n{0} = math.tanh(pulled.force({1}))\n"
        "acc += 0.1 if isinstance(pulled, Line) else 0.2"
    ),
    "chosen": _assign("{0} = math.tanh((math.sin, helper, bend)[p % 3]({1}))"),
    "smallest": _assign("{0} = math.tanh(min({1} * e for e in x) + {2})"),
    "yielding": _assign("for e in fading({1}, p % 4):\n    {0} = math.tanh({0} + e * {2})"),
    "delegating": _assign("for e in delegating({1}, p % 4):\n    {0} = math.tanh({0} - e * {2})"),
    "suspended": _assign(
        "rest = (e * {2} for e in y if e > -0.5)\n{0} = math.tanh({0} + next(rest, {1}))\n"
        "for e in rest:\n    acc += 0.1 * e"
    ),
    "none_yet": _assign(
        "best = None\nfor e in x:\n    if best is None or e > best + 0.3:\n        best = e\n"
        "{0} = math.tanh({0} * ({1} if best is None else best))"
    ),
    "rebound": _assign("shelf.turn({1})\n{0} = math.tanh({0} + shelf.front[q % n])"),
    "with": _assign("with shelf as weight:\n    {0} = weight * {0} + risky({1})\nacc += 0.1 * shelf.closed"),
    "generator": _assign("{0} = math.tanh(max(e * {2} for e in y))"),
    "nonlocal": _assign("bump({1})\n{0} = total * {0}"),
    "star": _assign("{0} = math.tanh(weighted(*({1}, {2}), scale=0.5))"),
    "nudge": lambda writer: f"nudge({writer.choose(('s', 't', 'y'))}, {writer.damped()})",
    "assert": lambda writer: "assert n > 0 and len(s) == x.size",
    "raise": lambda writer: 'if acc > 9.0:\n    raise ValueError("acc is too large")',
}
FREQUENT = ["assign", "accumulate", "store", "store_sum", "add_assign", "int_assign"]
TRIES = ["try", "try_finally"]
RISKY = ("risky({0})", "1.0 / math.floor({0})", "math.sqrt({0} - 0.001)", "math.atan({0})")
LOOPS = ["for_range", "for_array", "while_count", "while_data", "while_true"]
EVERY_KIND = (
    frozenset(SIMPLE)
    | frozenset(LOOPS)
    | frozenset(TRIES)
    | frozenset(
        "break continue return if if_else elif for_else while_else three_deep chain walrus and or not".split()  # noqa: SIM905
    )
)


def generate(choose: Choose) -> Program:
    """The program that the choices of `choose` lead to."""
    writer = Writer(choose)
    for _ in range(choose((1, 3, 5, 6))):
        writer.statement(1, 0)
    initial = "\n".join(text for kind, text in INITIAL.items() if kind in writer.kinds)
    body = "\n".join((textwrap.indent(initial, "    "), *writer.lines, FOOTER))
    x, y = _array(choose), _array(choose)
    a, b = choose((0.8, -0.6, 1.3)), choose((0.45, -1.1, 1.7))
    return Program(f"{HEADER}{body}", (x, y, a, b), frozenset(writer.kinds))


def _array(choose: Choose) -> np.ndarray:
    values = np.random.default_rng(choose(range(64))).uniform(-2.0, 2.0, 2 * choose((3, 1, 2, 4)))
    layouts = {"dense": values[: len(values) // 2], "strided": values[::2], "reversed": values[::-2]}
    return layouts[choose(tuple(layouts))]


@cache
def _options(options: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs that Hypothesis can shrink."""
    return generate(lambda options: draw(_options(tuple(options))))


def random_program(seed: int) -> Program:
    """The program of a seed: the same on every machine and Python version, and cheaper than a strategy."""
    return generate(random.Random(seed).choice)
