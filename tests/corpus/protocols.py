"""What Python's operations ask of classes, enums, dicts and lists, and what the standard library adds."""

import functools
import itertools
import math
import operator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np

from .registry import case


@dataclass
class Basket:
    total: float = 0.0
    items: list = field(default_factory=list)

    def add(self, value):
        self.items.append(value)
        self.total += value
        return self

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]

    def __setitem__(self, k, value):
        self.total += value - self.items[k]
        self.items[k] = value

    def __delitem__(self, k):
        self.total -= self.items[k]
        del self.items[k]

    def __iter__(self):
        return iter(self.items)

    def __contains__(self, value):
        return value in self.items

    def __bool__(self):
        return self.total > 0

    def __iadd__(self, value):
        return self.add(value)

    def __add__(self, value):
        return Basket().add(self.total).add(value)


class Countdown:
    def __init__(self, start, step):
        self.start = start
        self.step = step

    def __iter__(self):
        value = self.start
        while value > 0.0:
            yield value
            value -= self.step


@case(args=[lambda: (0.8, 4), lambda: (-0.6, 1)], argnums=0)
def a_class_that_is_a_container(x, n):
    basket = Basket()
    for k in range(n):
        basket += x * (k + 1)
    alias = basket
    alias += 0.5
    basket[0] = x * x
    if n > 2:
        del basket[1]
    total = basket.total * len(basket)
    for value in basket:
        total += value * value
    if basket:
        total += 1.0 + (basket + x)[1]
    for value in Countdown(2.0, abs(x)):
        total = total * 0.5 + value
    return total + (3.0 if 0.5 in alias else 7.0)


class Colour(Enum):
    RED = 1.5
    BLUE = 2.0


@case(args=lambda: (0.7, -1.2), argnums=(0, 1))
def dicts_by_their_names(x, y):
    d = {"b": x, "a": y, "c": x * y}
    total = 0.0
    for k, name in enumerate(sorted(d)):
        total += math.sin(d[name]) * (k + 1)
    for name, value in sorted(d.items(), key=operator.itemgetter(0), reverse=True):
        total = total * 0.5 + value * len(name)
    scaled = {name: value * total for name, value in zip(("p", "q"), (d["a"], d["b"]))}
    made = dict([("u", d["a"])], v=scaled["p"])
    copied = dict(made, w=2.0 * scaled["q"])
    for colour in Colour:
        total += colour.value * copied["v"]
    return total + copied["w"] * Colour["BLUE"].value * Colour(1.5).value + len(made) * len(Colour)


class Pair(NamedTuple):
    first: float
    second: float


@case(args=lambda: (0.8, 6), argnums=0)
def lists_compared_and_cut(x, n):
    values = [x * k for k in range(n)]
    del values[1:3], values[-1]
    pairs = [(x * ((7 * k) % 5), k) for k in range(n)]
    pairs.sort()
    backwards = sorted(pairs, reverse=True)
    total = values[1] * len(values) + pairs[1][0] * backwards[0][1]
    if values < [x, 1.0] and [1.0] <= [1.0] and [2.0, x] > [2.0]:
        total += x
    point = Pair(x, 3.0)
    one_of = (x, 2.0, x + 1.0)
    total += one_of.index(2.0) * x + point.count(3.0) + one_of.index(x + 1.0)
    first, *middle, last = np.array([x, 1.0, 2.0 * x, 4.0])
    return total + first * last + sum(middle) * len(middle)


@case(args=lambda: (0.8, 3), argnums=0)
def what_itertools_pairs(x, n):
    numbers = iter(itertools.count(n))
    total = next(numbers) * x + next(numbers)
    for a, b in itertools.product(range(n), (x, 2.0 * x)):
        total += a * b
    for a, b, c in itertools.combinations([x, 1.0, x * x, 2.0], 3):
        total = total * 0.9 + a * b * c
    return total + functools.reduce(operator.mul, [x, 2.0, x], 1.5)


@case(args=[lambda: (0.8, 2), lambda: (1.8, 3)], argnums=0)
def classes_of_classes(x, n):
    total = x * math.exp(-x)
    if isinstance(x, int | float) and isinstance(n, (str, (int, list))):
        total *= 2.0
    return total * (1.0 if isinstance(total, str | None) else 3.0)
