"""Ranges of integers hold whatever the operands are, and what they prove away never happens in CPython."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.analysis.ranges import _TRANSFER, LONGEST, WORD, Range, ranges
from ssad.frontend.arguments import abstract_of
from ssad.ir.parser import parse_module
from ssad.ir.primitive import PRIMITIVES
from ssad.pipeline import Recipe, stage

SMALL = [Range(a, b) for a in range(-4, 5) for b in range(a, 5)]
EDGES = [WORD.low, WORD.low + 1, -(2**32), -3, -1, 0, 1, 2, 7, 2**31, 2**62, WORD.high - 1, WORD.high]
BINARY = sorted(set(_TRANSFER) - {"abs", "cast", "dim", "list_len", "neg", "select"})


def _value(name: str, *operands: int) -> int | None:
    try:
        return int(PRIMITIVES[name].eval(*operands))
    except ZeroDivisionError:
        return None


@pytest.mark.parametrize("name", BINARY)
def test_every_result_of_small_operands_is_in_the_range(name: str) -> None:
    for a, b in product(SMALL, SMALL):
        found = _TRANSFER[name](a, b)
        for x, y in product(range(a.low, a.high + 1), range(b.low, b.high + 1)):
            if name == "wrap_index" and y < 0:
                continue
            value = _value(name, x, y)
            if value is not None and not (name == "shr" and y < 0):
                assert found.low <= value <= found.high, (a, b, x, y)


@pytest.mark.parametrize("name", BINARY)
def test_results_of_operands_at_the_ends_of_the_word(name: str) -> None:
    spans = [Range(a, b) for a, b in product(EDGES, EDGES) if a <= b]
    rng = random.Random(name)
    exact: dict[str, Callable[[int, int], int]] = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "floordiv": operator.floordiv,
        "mod": operator.mod,
        "and": operator.and_,
    }
    for _ in range(2000):
        a, b = rng.choice(spans), rng.choice(spans)
        x, y = rng.randint(a.low, a.high), rng.randint(b.low, b.high)
        if name not in exact or (name in ("floordiv", "mod") and y == 0):
            continue
        found = _TRANSFER[name](a, b)
        if found is not WORD:
            assert found.low <= exact[name](x, y) <= found.high, (a, b, x, y)


@pytest.mark.parametrize("name", ["abs", "neg", "cast"])
def test_results_of_one_operand(name: str) -> None:
    by: dict[str, Callable[[int], int]] = {"abs": abs, "neg": operator.neg, "cast": int}
    for a in SMALL:
        found = _TRANSFER[name](a)
        assert all(found.low <= by[name](x) <= found.high for x in range(a.low, a.high + 1))


# Programs: every result is an int64 or an OverflowError, as exact arithmetic has it


class Exact(int):
    """A Python int that raises where it would leave 64 bits."""

    def _by(name: str) -> Any:  # type: ignore[misc]
        def method(self: Exact, other: int) -> Exact:
            return _fitting(getattr(int, name)(int(self), int(other)))

        return method

    for _name in ("add", "sub", "mul", "floordiv", "mod", "and"):
        for _side in ("", "r"):
            locals()[f"__{_side}{_name}__"] = _by(f"__{_side}{_name}__")

    def __neg__(self) -> Exact:
        return _fitting(-int(self))

    def __abs__(self) -> Exact:
        return _fitting(abs(int(self)))


def _fitting(value: int) -> Exact:
    if not WORD.low <= value <= WORD.high:
        raise OverflowError
    return Exact(value)


NAMES = ("a", "b", "c")


def _expression(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice([*NAMES, *NAMES, "1", "3", "-2"])
    kind = rng.randrange(8)
    left, right = _expression(rng, depth - 1), _expression(rng, depth - 1)
    if kind == 0:
        return f"({left} % {rng.choice([7, 64, 1000])})"
    if kind == 1:
        return f"({left} // {rng.choice([2, 3, 1000])})"
    if kind == 2:
        return f"({left} & {rng.choice([7, 255, 2**40 - 1])})"
    if kind == 3:
        return f"abs({left})"
    if kind == 4:
        return f"(-{left})"
    return f"({left} {rng.choice('+-*')} {right})"


def _program(rng: random.Random) -> str:
    lines = ["def fn(a, b, c):"]

    def block(indent: int, depth: int) -> None:
        pad = "    " * indent
        for _ in range(rng.randint(1, 3)):
            kind = rng.randrange(5)
            name = rng.choice(NAMES)
            if kind == 0 and depth:
                relation = rng.choice(["<", "<=", ">", ">=", "==", "!="])
                lines.append(f"{pad}if {rng.choice(NAMES)} {relation} {_expression(rng, 1)}:")
                block(indent + 1, depth - 1)
                if rng.random() < 0.5:
                    lines.append(f"{pad}else:")
                    block(indent + 1, depth - 1)
            elif kind == 1 and depth:
                lines.append(f"{pad}for k{depth} in range({name} % {rng.choice([3, 5])}):")
                block(indent + 1, depth - 1)
                lines.append(f"{pad}    {rng.choice(NAMES)} += k{depth}")
            elif kind == 2 and depth:
                lines.append(f"{pad}k{depth} = 0")
                lines.append(f"{pad}while k{depth} < {name} % {rng.choice([3, 5])}:")
                lines.append(f"{pad}    k{depth} += 1")
                lines.append(f"{pad}    {rng.choice(NAMES)} = {_expression(rng, 1)}")
            else:
                lines.append(f"{pad}{name} = {_expression(rng, 3)}")

    block(1, 2)
    lines.append("    return a, b, c")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(6))
def test_random_programs_overflow_where_exact_arithmetic_does(seed: int) -> None:
    rng = random.Random(seed)
    overflows = 0
    for _ in range(8):
        source = _program(rng)
        space: dict[str, Any] = {}
        exec(source, space)
        compiled = ssad.jit(space["fn"])
        for _ in range(30):
            args = [rng.choice([*EDGES, rng.randint(-100, 100), rng.randint(-100, 100)]) for _ in NAMES]
            try:
                expected = tuple(map(int, space["fn"](*map(Exact, args))))
            except OverflowError:
                overflows += 1
                with pytest.raises(OverflowError):
                    compiled(*args)
            else:
                assert compiled(*args) == expected, (source, args)
    assert overflows


def test_an_axis_longer_than_memory_is_refused() -> None:
    long = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), (LONGEST + 1,), (0,))
    compiled = ssad.jit(lambda x: len(x) * 8)
    assert compiled(long[:LONGEST]) == LONGEST * 8
    with pytest.raises(ValueError, match=f"axis longer than {LONGEST}"):
        compiled(long)
    with pytest.raises(MemoryError):
        ssad.jit(lambda n: np.zeros((0, n)).shape[1])(LONGEST + 1)


@pytest.mark.parametrize("relation", ["lt", "le", "gt", "ge", "eq", "ne"])
def test_what_is_selected_by_a_comparison(relation: str) -> None:
    """Every choice of sides and constants, against all integers that a parameter of few bits may have."""
    for a, b, then, other in product("x5", "x3", "x5", "x3"):
        texts = {"x": "%x", "5": "5", "3": "3"}
        if a == b == "x":
            continue
        module = parse_module(f"""
        func @f(%n: i64) -> i64 {{
        ^entry:
          %x = mod %n, 9 : i64
          %test = {relation} {texts[a]}, {texts[b]} : bool
          %r = select %test, {texts[then]}, {texts[other]} : i64
          return %r
        }}
        """)
        (block,) = module.main.blocks
        found = ranges(module.main).of(block.ops[-1].result)
        for x in range(9):
            numbers = {"x": x, "5": 5, "3": 3}
            holds = PRIMITIVES[relation].eval(numbers[a], numbers[b])
            assert found.low <= numbers[then if holds else other] <= found.high, (a, b, then, other, x)


def test_the_smaller_of_two_is_above_neither() -> None:
    def pairs(x: Any, n: int) -> float:
        s = 0.0
        for i in range(min(n, 1000)):
            s += x[(2 * i + 1) % 7] * max(i, 3)
        return s

    text = stage("refined", pairs, [abstract_of(np.ones(7)), abstract_of(9)], Recipe()).text()
    assert "overflows" not in text
    assert "in_range" in text  # x may be shorter
