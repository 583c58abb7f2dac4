"""Objects found outside: instances, classes, enums, dicts, lists and tuples; partials, methods, callables.

The oracle does not look into objects for `math`: what they hold is arithmetic.
"""

import enum
import functools
import math
import operator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from .registry import case


def cubed(x):
    return x * x * x


def squashed(x):
    return x / (1.0 + x * x)


def length(x, y):
    return math.hypot(x, y)


class Mode(enum.Enum):
    PLAIN = "plain"
    STEEP = 3


class Kernel:
    scale = 1.5

    def __init__(self, weights, activation, mode=Mode.PLAIN):
        self.weights = weights
        self.activation = activation
        self.mode = mode
        self.parts = {"shift": 0.25, "inner": cubed}

    @property
    def bias(self):
        return self.weights[0] * self.scale

    @staticmethod
    def square(x):
        return x * x

    @classmethod
    def scaled(cls, x, by=2.0):
        return cls.scale * x * by

    def score(self, x, *others, power=2):
        s = self.bias
        for i in range(len(self.weights)):
            s += self.weights[i] * self.activation(x * (i + 1)) ** power
        for other in others:
            s = s * other
        return s if self.mode is Mode.PLAIN else s * self.mode.value

    def __call__(self, x):
        return self.score(x) + self.parts["inner"](x) * self.parts["shift"] + self.square(x)


class Cubic(Kernel):
    scale = -0.5

    def score(self, x, *others, power=3):
        return x**power + self.bias


@dataclass(frozen=True)
class Settings:
    rate: float = 0.5
    steps: int = 3
    mode: Mode = Mode.STEEP


class Pair(NamedTuple):
    low: float
    values: np.ndarray


KERNEL = Kernel(np.array([0.5, -0.25]), squashed)
STEEP = Kernel(np.array([0.5, -0.25]), cubed, Mode.STEEP)
CUBIC = Cubic(np.array([2.0]), None)
SETTINGS = Settings()
SPACE = SimpleNamespace(g=9.81, inner=SimpleNamespace(limit=4, table=[1.0, -2.0, 0.5]))
PAIR = Pair(0.75, np.array([1.0, 2.0]))
TABLE = {"sin": cubed, "kernel": KERNEL, 3: 2.5, Mode.STEEP: -1.5, "row": (1.0, (2.0, np.array([4.0])))}
FUNCTIONS = [cubed, squashed, lambda x: x * x]
RATES = [0.5, 2, -1.25]
PARTIAL = functools.partial(KERNEL.score, power=3)
OFFSET = functools.partial(lambda a, b, c=1.0: a * b - c, 2.5, c=0.5)
FIRST, SECOND, LIMIT = operator.itemgetter(0), operator.itemgetter(1), operator.attrgetter("inner.limit")
DISPATCH = {"kernel": lambda x: KERNEL(x), "rate": lambda x: SETTINGS.rate * x}


@case(args=lambda: (0.7,), tags=("captured_array",))
def methods_of_an_instance(x):
    return KERNEL.score(x) * STEEP.score(x, x, 2.0, power=1) + CUBIC.score(x) - KERNEL.bias * CUBIC.bias


@case(args=lambda: (0.7,), tags=("captured_array",))
def callable_objects(x):
    return KERNEL(x) * CUBIC.bias + TABLE["kernel"](x)


@case(args=lambda: (0.7,))
def static_and_class_methods(x):
    kernel = Kernel.scaled(x) + CUBIC.scaled(x, by=x) * Cubic.scaled(x)
    return kernel + Kernel.square(x) + CUBIC.square(x) * Cubic.scale + functools.partial(Kernel.square)(x)


@case(args=lambda: (0.7,))
def settings_and_enums(x):
    for _ in range(SETTINGS.steps):
        x = x - SETTINGS.rate * math.sin(x)
    if SETTINGS.mode is Mode.STEEP and SETTINGS.mode != Mode.PLAIN and Mode.PLAIN.name == "PLAIN":
        x = x * Mode.STEEP.value
    return x * SPACE.g + SPACE.inner.limit * SPACE.inner.table[-1]


@case(args=lambda: (0.7,), tags=("captured_array",))
def tables(x):
    s = TABLE["sin"](x) * TABLE[3] + TABLE[Mode.STEEP] * TABLE["row"][1][1][0] + DISPATCH["rate"](x)
    for n in range(len(RATES)):
        s += RATES[n] * x ** (n + 1)
    for rate in RATES:
        s = s * x + rate
    low, middle, high = RATES
    if "sin" in TABLE and 4 not in TABLE and RATES:
        s += FUNCTIONS[0](x) + FUNCTIONS[-1](x) + low * middle * high * max(RATES) + len(TABLE)
    return s + DISPATCH["kernel"](x)


@case(args=lambda: (0.7,), tags=("captured_array",))
def named_tuple_outside(x):
    low, values = PAIR
    return PAIR.low * x + low * values[1] * x * x + PAIR[1][0] + PAIR.values[0] * x


@case(args=lambda: (0.7, 0.4), argnums=(0, 1), tags=("captured_array",))
def partials(x, y):
    inside = functools.partial(length, x)
    named = functools.partial(KERNEL.score, power=1)
    deeper = functools.partial(named, x, y)
    return PARTIAL(x) * OFFSET(y) + inside(y) + named(y, power=2) * deeper() + OFFSET(x, c=y)


@case(args=lambda: (0.7, 0.4), argnums=(0, 1))
def getters(x, y):
    pair = (x, x * y)
    return SECOND(pair) * LIMIT(SPACE) + FIRST(pair) * y


@case(args=lambda: (np.array([1.0, -2.0, 0.5]), 0.4), argnums=(0, 1))
def reduced(x, t):
    product = functools.reduce(lambda a, b: a * b, x, t)
    largest = functools.reduce(max, (t, x[0], 0.25))
    return product + largest * functools.reduce(operator.add, x)


case(args=lambda: (0.7,), name="the_method_itself", tags=("captured_array",))(lambda x: KERNEL.score(x))
