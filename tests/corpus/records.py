"""Structures made inside: named tuples, dataclasses, their methods and operators, dicts of known keys."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import case


class Point(NamedTuple):
    x: float
    y: float = 2.0

    def norm(self):
        return math.sqrt(self.x * self.x + self.y * self.y)

    @property
    def sum(self):
        return self.x + self.y


@dataclass(frozen=True)
class Vector:
    a: float
    b: float
    scale: float = field(default=1.0, kw_only=True)

    dimension = 2

    def __post_init__(self):
        if self.scale <= 0.0:
            raise ValueError(f"scale {self.scale}")

    def __add__(self, other):
        return Vector(self.a + other.a, self.b + other.b)

    def __sub__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(self.a - other.a, self.b - other.b)

    def __rsub__(self, other):
        return Vector(other - self.a, other - self.b)

    def __mul__(self, other):
        return Vector(self.a * other, self.b * other)

    __rmul__ = __mul__

    def __matmul__(self, other):
        return self.a * other.a + self.b * other.b

    def __neg__(self):
        return Vector(-self.a, -self.b)

    def __abs__(self):
        return math.hypot(self.a, self.b)

    def __getitem__(self, k):
        return self.a if k == 0 else self.b

    def __len__(self):
        return self.dimension

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __contains__(self, z):
        return z == self.a or z == self.b

    def __call__(self, t=0.5):
        return self.a + self.b * t

    @classmethod
    def polar(cls, r, phi):
        return cls(r * math.cos(phi), r * math.sin(phi))

    @staticmethod
    def cross(p, q):
        return p.a * q.b - p.b * q.a


@dataclass(frozen=True)
class Weighted(Vector):
    weight: float = 0.5

    def __mul__(self, other):
        return Vector(self.a * other * self.weight, self.b * other * self.weight)


@dataclass(frozen=True, order=True)
class Ranked:
    rank: float
    name: str = field(default="", compare=False)


class Positive:
    """Only methods: an object without attributes."""

    def __bool__(self):
        return True

    def of(self, x):
        return x if x > 0.0 else -x


@case(args=(lambda: (0.7, 1.9), lambda: (-1.2, 0.4)), argnums=(0, 1))
def named_tuples(x, y):
    p = Point(x, y=x * y)
    q = p._replace(y=3.0)
    a, b = q
    z = p + q
    return p.norm() * a + b * p[1] + q.sum * z[3] + len(z[1:]) * z[-1]


@case(args=lambda: (0.7,))
def named_tuple_defaults(x):
    p = Point(x)
    s = 0.0
    for v in p:
        s += v * x
    return s if p == (x, 2.0) and p != Point(x, 3.0) else -s


@case(args=lambda: (0.7, 1.9), argnums=(0, 1))
def vector_operators(x, y):
    v, w = Vector(x, y), Vector(y, 2.0)
    u = 2.0 * (v + w) * x - (1.0 - v)
    return u @ -w + abs(v) * u[0] + len(u) * u[1] + Vector.cross(v, u)


@case(args=(lambda: (0.7, 1.9), lambda: (2.5, 0.1)), argnums=(0, 1))
def vector_comparisons(x, y):
    v, w = Vector(x, 1.0), Vector(y, 0.3)
    small = v if v < w else w
    s = small.a * 2.0
    if v > w:
        s += v.b * x
    if x in v and 7.5 not in w:
        s += v() * y
    return s + (1.0 if v == Vector(x, 1.0) else 5.0) * x + (1.0 if v != w else 3.0) * y


@case(args=lambda: (0.7, 1.9), argnums=(0, 1))
def constructors(x, y):
    v = Vector.polar(x, y)
    w = dataclasses.replace(v, a=x * y, scale=y)
    t = type(w)(x, w.b, scale=2.0)
    return v.a * w.b + w.scale * t.scale + t(x) * v.dimension


@case(args=lambda: (0.7, 1.9), argnums=(0, 1))
def subclasses_go_first(x, y):
    v = Weighted(x, y, weight=x)
    u = v * 2.0 + 3.0 * Weighted(y, x)
    return u.a * u.b + v.weight


@case(args=lambda: (0.7, 5), argnums=0)
def records_in_a_loop(x, n):
    state = Point(x, 1.0)
    for _ in range(n):
        state = Point(state.x + 0.1 * state.y, y=state.y - 0.1 * math.sin(state.x))
    return state.norm() * state.sum


@case(args=(lambda: (0.7,), lambda: (-0.7,)))
def records_that_join(x):
    if x > 0.0:
        v = Vector(x, 2.0)
    else:
        v = Vector(1.0, x * x, scale=3.0)
    return v.a * v.b * v.scale


@case(args=lambda: (0.7, 0.9), argnums=(0, 1))
def generated_order(x, y):
    p, q = Ranked(x, "one"), Ranked(y, "one")
    best = q if p < q else p
    return best.rank * 2.0 + (x if p <= q and q > p and p != q and p == Ranked(x, "other") else y)


@case(args=lambda: (-0.7,))
def objects_without_attributes(x):
    positive = Positive()
    return positive.of(x) * x if positive else 0.0


@case(args=lambda: (0.7, 1.9), argnums=(0, 1))
def nested_structures(x, y):
    tree = {"p": Point(x, y), "q": (Vector(y, x), {"z": x * y})}
    v, inner = tree["q"]
    s = 0.0
    for value in (tree["p"].x, inner["z"], v.b):
        s += value * value
    return s * len(tree) + ("p" in tree) * x + tree.get("r", y)


@case(args=lambda: (np.array([0.3, -1.2, 0.8]),))
def arrays_in_records(x):
    p = Point(x, x[1:])
    p.x[1] *= p.y[1]
    return p.x[0] * p.y[0] + x[1]


@case(args=lambda: (-1.0,), raises=ValueError)
def post_init_raises(x):
    return Vector(1.0, 2.0, scale=x).a
