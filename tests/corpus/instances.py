"""Objects made inside whose attributes are assigned: aliases, methods, helpers that change them."""

import math
from dataclasses import dataclass

import numpy as np

from .registry import case


def _normal(*shape, seed=101):
    return np.random.default_rng(seed).normal(size=shape)


class Welford:
    """Running mean and variance."""

    count_by = 1

    def __init__(self):
        self.n = 0
        self.mean = 0.0
        self.m2 = 0.0

    def add(self, x):
        self.n += self.count_by
        d = x - self.mean
        self.mean += d / self.n
        self.m2 += d * (x - self.mean)

    @property
    def variance(self):
        return self.m2 / self.n


class Scaled(Welford):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def add(self, x):
        super().add(x * self.scale)


@case(args=lambda: (0.7, _normal(6)), argnums=(0, 1))
def running_statistics(x, v):
    s = Welford()
    for value in v:
        s.add(value * x)
    return s.variance + s.mean * x


@case(args=lambda: (0.7, _normal(6)), argnums=(0, 1))
def inherited_statistics(x, v):
    plain = Welford()
    scaled = Scaled(x)
    for value in v:
        plain.add(value)
        scaled.add(value + plain.mean)
    return scaled.variance * plain.mean + scaled.scale


@dataclass
class Momentum:
    rate: float
    decay: float
    velocity: np.ndarray
    steps: int = 0

    def step(self, w, g):
        self.steps += 1
        for i in range(len(w)):
            self.velocity[i] = self.decay * self.velocity[i] + g[i]
            w[i] -= self.rate * self.velocity[i]
        self.rate *= 0.9


@case(args=lambda: (0.1, 0.5, _normal(3)), argnums=(0, 1, 2))
def momentum_descent(rate, decay, start):
    w = start.copy()
    g = np.zeros(len(w))
    optimiser = Momentum(rate, decay, np.zeros(len(w)))
    for _ in range(5):
        for i in range(len(w)):
            g[i] = 2.0 * w[i] + w[i - 1]
        optimiser.step(w, g)
    loss = 0.0
    for value in w:
        loss += value * value
    return loss * optimiser.steps + optimiser.rate


@dataclass
class Kalman:
    x: float
    p: float
    q: float = 0.01

    def predict(self, a):
        self.x = a * self.x
        self.p = a * self.p * a + self.q

    def update(self, z, r):
        gain = self.p / (self.p + r)
        self.x += gain * (z - self.x)
        self.p = (1.0 - gain) * self.p


@case(args=lambda: (0.9, 0.5, _normal(5)), argnums=(0, 1, 2))
def kalman_filter(a, r, zs):
    f = Kalman(0.0, 1.0)
    loss = 0.0
    for z in zs:
        f.predict(a)
        loss += (z - f.x) ** 2 / f.p + math.log(f.p)
        f.update(z, r)
    return loss


@dataclass
class Point:
    x: float
    y: float = 2.0

    def moved(self, d):
        self.x += d
        self.y = self.x * d
        return self


@case(args=lambda: (0.7, 1.2), argnums=(0, 1))
def aliases(x, y):
    p = Point(x)
    q = p
    q.moved(y).moved(2.0)
    p.z = p.x * q.y
    r = Point(p.x, q.z)
    r.x *= 2.0
    return p.x * p.y + q.z + r.x * r.y


@case(args=[lambda: (0.7, 1.2), lambda: (0.3, 1.2)], argnums=(0, 1))
def one_of_two_objects(x, y):
    a = Point(x, 1.0)
    b = Point(y * x, 3)
    c = a if x > 0.5 else b
    c.x = 7.0 * x
    c.moved(y)
    pair = (a, b, c)
    pair[2].y += pair[0].x
    return a.x * a.y + b.x * b.y + pair[0].y


def _push(p, by):
    p.x = p.x * by
    if p.x > 1.0:
        p.y += p.x


@case(args=[lambda: (0.7, 3), lambda: (1.7, 4)], argnums=0)
def a_helper_that_changes_it(x, n):
    p = Point(x, x * x)
    for i in range(n):
        _push(p, 1.1 + 0.1 * i)
    return p.x * p.y


class Machine:
    """A state machine with a number that it carries."""

    def __init__(self, level):
        self.state = 0
        self.level = level

    def feed(self, value):
        if self.state == 0 and value > 0.0:
            self.state = 1
            self.level *= value
        elif self.state == 1:
            self.state = 2 if value < 0.0 else 1
            self.level += math.sin(value)
        else:
            self.state = 0

    @property
    def half(self):
        return self.level / 2.0

    @half.setter
    def half(self, value):
        self.level = 2.0 * value


@case(args=lambda: (0.8, _normal(9)), argnums=(0, 1))
def state_machine(x, v):
    m = Machine(x)
    for value in v:
        m.feed(value)
        m.half = m.half * x + 0.1
    return m.level * (1.0 + m.state)


class Options:
    """Nothing but what is assigned later; `rate` is the class's own where it is not."""

    rate = 0.5


@case(args=[lambda: (0.7, True), lambda: (0.7, False)], argnums=0)
def set_on_one_branch_only(x, flag):
    o = Options()
    o.start = x
    if flag:
        o.rate = x * x
    o.start += o.rate
    return o.start * o.rate


@case(args=lambda: (0.7,), argnums=0, raises=AttributeError)
def read_where_it_is_not_set(x):
    o = Options()
    if x > 1.0:
        o.scale = x
    return o.scale * x


@case(args=lambda: (0.7, _normal(4)), argnums=(0, 1))
def objects_in_closures(x, v):
    p = Point(x, 0)

    def bump(t):
        p.x += t
        p.y += p.x * t

    for t in v:
        bump(t)
    total = lambda: p.x * p.y
    p.x = p.x * x
    return total()


@case(args=[lambda: (0.7, 4), lambda: (0.7, 0)], argnums=0)
def a_new_object_in_each_round(x, n):
    last = Point(x, 1)
    total = 0.0
    for i in range(n):
        fresh = Point(last.x * x, i)
        fresh.y += last.y
        last.x = 0.0
        total += fresh.y * fresh.x + last.x
        last = fresh
    last.x += x
    return total + last.x


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a
        self.b = self.a * a

    def __add__(self, other):
        self.a += other
        return self

    def __call__(self, t):
        self.b = self.b * t
        return self.b + self.a


@case(args=lambda: (0.7, 1.1), argnums=(0, 1))
def slots_and_operators(x, y):
    s = Slotted(x)
    t = s + y
    t += 1.0
    return s(y) * t(x) + s.a


@dataclass
class Normalised:
    a: float
    b: float

    def __post_init__(self):
        norm = math.sqrt(self.a**2 + self.b**2)
        self.a = self.a / norm
        self.b /= norm


@case(args=lambda: (0.7, 1.1), argnums=(0, 1))
def post_init(x, y):
    n = Normalised(x, y)
    return n.a * x + n.b * n.a


@case(args=[lambda: (0.7, 2), lambda: (0.7, 7)], argnums=0)
def what_the_handler_finds(x, n):
    m = Machine(x)

    def go(i):
        m.level = m.level * x + i
        if i > 4:
            raise ValueError("far")
        m.state = i

    try:
        for i in range(n):
            go(i)
    except ValueError:
        m.level *= 2.0
    return m.level + m.state * x


class Settings:
    """Attributes by names that are known, some of which only some instances have."""

    scale = 2.0

    def __init__(self, rate, extra=None):
        self.rate = rate
        if extra is not None:
            self.extra = extra


@case(args=[lambda: (_normal(4), 0.7), lambda: (_normal(4), -0.4)], argnums=(0, 1))
def attributes_by_name(x, t):
    plain, rich = Settings(t), Settings(t * t, x[0])
    for k in range(3):
        setattr(rich, "rate", rich.rate * x[k])
        if t > 0.0:
            setattr(plain, "late", plain.rate * k)
    total = getattr(rich, "rate") + getattr(plain, "nothing", 0.5) * getattr(plain, "scale")
    if hasattr(plain, "late"):
        total += plain.late
    total += getattr(plain, "late", t) * getattr(rich, "extra", 1.0)
    inner = slice(1, 3)
    for v in x[inner]:
        total += v * x[slice(2)][0]
    if type(plain) is Settings and type(k) is int and type("") is str:
        total *= 2.0 if hasattr(x, "shape") and not hasattr(k, "shape") else 1.0
    return total * len(type(rich).__name__)
