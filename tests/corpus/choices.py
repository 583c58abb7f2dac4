"""Functions that are known at run time only: chosen by conditions, by indices, kept in lists, passed on."""

import functools
import math
from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np

from .registry import case


def relu(x):
    return max(x, 0.0)


def soft(x, sharpness=2.0):
    total = 0.0
    for k in range(3):
        total += math.log1p(math.exp(sharpness * x - k))
    return total


def applied(f, x, n):
    for _ in range(n):
        x = f(x) * 0.5
    return x


@case(args=[lambda: (0.7, 0), lambda: (0.7, 1), lambda: (-0.7, 2), lambda: (0.4, 3)], argnums=0)
def activation_by_number(x, which):
    f = relu if which == 1 else soft if which == 2 else functools.partial(soft, sharpness=x)
    if which == 3:
        f = math.tanh
    scale = 1.5 if f is relu else 0.5 if f == math.tanh and f is not relu else 0.75
    return applied(f, x, 3) * scale + f(x + 1.0) * (2.0 if callable(f) and f else 3.0)


@case(args=[lambda: (0.7, 0), lambda: (0.7, 1), lambda: (0.7, -1), lambda: (0.7, 5)], argnums=0)
def table_of_functions(x, n):
    table = (math.sin, lambda v: v * v * x, relu, soft)
    chain = []
    for k in range(n):
        chain.append(table[k % 4] if k != 2 else table[n % 3])
    value = table[n % 4](x)
    for f in chain:
        value = f(value) + 0.1
    return value


@case(args=lambda: (0.6, 5), argnums=0)
def closures_of_several_texts(x, n):
    def made(k):
        if k % 2:

            def f(y):
                return y * x + k

        else:

            def f(y):
                return math.sin(y) * k - x

        return f

    value, before = x, None
    for k in range(n):
        now = made(k)
        if before is not None:
            value = before(value) * 0.5
        value = now(value)
        before = now
    return value


@case(args=[lambda: (0.6, 0), lambda: (0.6, 1), lambda: (0.6, 2), lambda: (0.6, 3)], argnums=0)
def some_of_them_raise(x, n):
    def refuse(v):
        raise ValueError("no")

    f = refuse if n == 1 else math.sqrt if n == 2 else math.acosh
    try:
        value = f(x - 1.0 if n == 2 else x + 1.0)
    except ValueError:
        value = x * 3.0
    if n == 3:
        f = math.cos
    elif n:
        return value
    return value * f(x + 1.0)


@dataclass
class Circle:
    radius: float

    def area(self):
        return math.pi * self.radius**2

    def grow(self, factor):
        self.radius = self.radius * factor

    def __add__(self, more):
        return Circle(self.radius + more)

    def __len__(self):
        return 1


class Shape:
    sides = 4

    def __init__(self, side, corner):
        self.side = side
        self.corner = corner

    def area(self):
        return self.side * self.side + self.corner[0]

    def grow(self, factor):
        self.side += factor
        self.corner[0] *= factor

    def __add__(self, more):
        return Shape(self.side * more, self.corner)

    def __len__(self):
        return self.sides


class Slab(Shape):
    sides = 6

    def __init__(self, side, corner, height):
        super().__init__(side, corner)
        self.height = height

    def area(self):
        return super().area() * self.height


@case(args=[lambda: (0.7, 0), lambda: (0.7, 5)], argnums=0)
def shapes_of_several_classes(x, n):
    shapes = []
    for k in range(n):
        if k % 3 == 0:
            shapes.append(Circle(x * (k + 1)))
        elif k % 3 == 1:
            shapes.append(Shape(x + k, np.full(2, x)))
        else:
            shapes.append(Slab(x, np.ones(1), x * k))
    for shape in shapes:
        shape.grow(1.1)
    total = 0.0
    for shape in shapes:
        total += shape.area() * len(shape)
        if isinstance(shape, Circle):
            total += shape.radius
    largest = Circle(x) if n > 2 else Slab(x, np.ones(2), 2.0)
    for shape in shapes:
        if shape.area() > largest.area():
            largest = shape
    largest.grow(x)
    other = largest + x
    return total + largest.area() + other.area()


@case(args=[lambda: (0.3, 0), lambda: (0.3, 4)], argnums=0)
def an_object_of_the_other_class(x, n):
    shape = Circle(x)
    for _ in range(n):
        if isinstance(shape, Circle):
            shape = Shape(shape.area(), np.full(1, x))
        else:
            shape = Circle(shape.area() * 0.1)
    try:
        return shape.radius
    except AttributeError:
        return shape.area() * 2.0


@case(args=[lambda: (0.7, 0), lambda: (1.3, 9)], argnums=0)
def states_by_name(x, n):
    """A string that says how it goes on, chosen by the data."""
    state, total = "start", 0.0
    for _ in range(n):
        if state == "start":
            total += x
            state = "run"
        elif state == "run":
            total *= x
            if total > 3.0:
                state = "cool"
        elif state in ("cool", "wait"):
            total -= math.sin(x)
            state = "wait" if state == "cool" else "start"
    weights = {"start": x, "run": x * x, "cool": 2.0}
    total += weights.get(state, 0.5) + (weights[state] if state in weights else 1.0)
    if state != "run" and state > "a" and state:
        total *= len(state)
    return total


class Way(Enum):
    UP = 2.0
    DOWN = 3.0

    def turned(self):
        return Way.DOWN if self is Way.UP else Way.UP


class Level(IntEnum):
    LOW = 1
    HIGH = 3


@case(args=[lambda: (0.7, 3), lambda: (1.3, 6)], argnums=0)
def members_by_data(x, n):
    way, level, total = Way.UP, Level.LOW, 0.0
    last = None
    for k in range(n):
        match way:
            case Way.UP:
                total = total * x + way.value
            case _:
                total -= x * way.value
        way = way.turned()
        level = Level.HIGH if total > 1.0 else Level.LOW
        total += level * x + (level == 3)
        last = way if k > 3 else None
    return total if last is None else total * Way[last.name].value


class Light:
    def __init__(self, x):
        self.state = "red"
        self.glow = x

    def step(self, x):
        if self.state == "red":
            self.state = "green"
            self.glow += x
        elif self.state == "green":
            self.state = "yellow"
            self.glow *= x
        else:
            self.state = "red"


@case(args=[lambda: (0.7, 2), lambda: (1.3, 7)], argnums=0)
def an_attribute_that_names_a_state(x, n):
    light = Light(x)
    seen = []
    for _ in range(n):
        light.step(x)
        seen.append(light.state)

    def walk(state, k):
        if k == 0:
            return x if state == "green" else x * x
        return walk("red" if state == "green" else "green", k - 1) * x

    return light.glow * (2.0 if light.state == "red" else 3.0) + seen.count("red") * x + walk(seen[-1], n)


@case(args=[lambda: (0.7, 0), lambda: (1.7, 1)], argnums=0)
def types_by_data(x, n):
    kind = (float, int)[n]
    error = KeyError if n else ValueError
    try:
        if x > 0.5:
            raise error("chosen")
        return x
    except ValueError:
        return kind(x) * x
    except KeyError:
        return kind(x) + x * x
