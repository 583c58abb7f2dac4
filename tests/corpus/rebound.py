"""Arrays and objects that are assigned anew while others see them, and values that may be None."""

import math
from dataclasses import dataclass

import numpy as np

from .registry import case


def _normal(*shape, seed=211):
    return np.random.default_rng(seed).normal(size=shape)


class Momentum:
    """An optimiser that makes its buffers when it first needs them."""

    def __init__(self, rate):
        self.rate = rate
        self.velocity = None
        self.steps = 0

    def step(self, w, g):
        if self.velocity is None:
            self.velocity = np.zeros(len(w))
        new = np.zeros(len(w))
        for i in range(len(w)):
            new[i] = 0.9 * self.velocity[i] - self.rate * g[i]
        self.velocity = new
        out = w.copy()
        for i in range(len(w)):
            out[i] += new[i]
        self.steps += 1
        return out


@case(args=lambda: (_normal(3), 0.1), argnums=(0, 1))
def buffers_made_when_needed(w, rate):
    optimiser = Momentum(rate)
    for _ in range(4):
        g = np.zeros(len(w))
        for i in range(len(w)):
            g[i] = 2.0 * w[i] * w[(i + 1) % len(w)]
        w = optimiser.step(w, g)
    return w[0] * w[1] + optimiser.velocity[2] * optimiser.steps


class Grid:
    def __init__(self, start):
        self.now = start.copy()
        self.next = np.zeros(len(start))
        self.time = 0.0

    def advance(self, dt):
        for i in range(1, len(self.now) - 1):
            self.next[i] = self.now[i] + dt * (self.now[i - 1] - 2.0 * self.now[i] + self.now[i + 1])
        self.now, self.next = self.next, self.now
        self.time += dt


@case(args=lambda: (_normal(6), 0.2), argnums=(0, 1))
def buffers_swapped_in_an_object(u, dt):
    grid = Grid(u)
    kept = grid.now
    for _ in range(5):
        grid.advance(dt)
    return grid.now[2] * grid.next[3] + kept[1] * grid.time


@case(args=lambda: (_normal(4),))
def captured_array_rebound(x):
    history = np.zeros(len(x))

    def push(k):
        nonlocal history
        longer = np.zeros(len(history) + 1)
        for i in range(len(history)):
            longer[i] = 0.5 * history[i] + x[i % len(x)] * k
        longer[len(history)] = history[0] * x[0]
        history = longer

    for k in range(4):
        push(k + 1.0)
    total = 0.0
    for value in history:
        total += value * value
    return total


@dataclass
class Best:
    value: float
    at: object = None


@case(args=lambda: (_normal(7),))
def object_or_none(x):
    best = None
    for i in range(len(x)):
        if best is None or x[i] > best.value:
            best = Best(x[i], at=i)
        elif best.at is not None and best.at == 3:
            best.at = None
    return best.value * 2.0 + (0.0 if best.at is None else best.at)


@case(args=lambda: (_normal(6), 0.3), argnums=(0, 1))
def number_or_none(x, t):
    previous, low, pair = None, None, None
    total = 0.0
    for e in x:
        if previous is not None:
            total += (e - previous) ** 2
        low = e if low is None else min(low, e * t)
        pair = (e, t) if pair is None else (pair[1] * e, pair[0])
        previous = e
    a, b = pair
    return total + low * a - b + (previous or 1.0)


def _first_above(x, t):
    for i in range(len(x)):
        if x[i] > t:
            return i


@case(args=lambda: (np.array([0.2, 0.9, 0.4, 1.7]), 0.5))
def index_or_none(x, t):
    i, j = _first_above(x, t), _first_above(x, 100.0)
    total = 1.0 if i == 1 else 2.0
    if i is not None:
        total += x[i] ** 3
    if j is not None:
        total += x[j]
    return total if j != i else math.nan


@case(args=lambda: (_normal(5), 0.3), argnums=(0, 1))
def array_or_none(x, t, weights=None):
    if weights is None and t > 0.0:
        weights = x.copy()
        weights[0] *= t
    total = 0.0
    for i in range(len(x)):
        total += x[i] * (1.0 if weights is None else weights[i])
    return total


@case(args=lambda: (_normal(3), -1.0), raises=TypeError)
def none_in_a_sum(x, t):
    a = None
    if t > 0.0:
        a = x[0]
    return a + t


@case(args=lambda: (_normal(3), -1.0), raises=AttributeError)
def attribute_of_none(x, t):
    a = None
    if t > 0.0:
        a = Best(t)
    return a.value


@case(args=lambda: (_normal(3), -1.0), raises=TypeError)
def item_of_none(x, t):
    a = None
    for e in x:
        if t > 0.0:
            a = (e, t)
    return math.exp(a[0])


class Average:
    def __init__(self, n, first):
        self.sums = np.full(n, first)
        self.count = 1

    def take(self, x):
        fresh = np.zeros(len(self.sums) + 1)
        for k in range(len(self.sums)):
            fresh[k] = self.sums[k] * x + k
        self.sums = fresh
        self.count += 1


@case(args=[lambda: (0.8, 3), lambda: (-0.6, 2)], argnums=0)
def which_object_is_known_at_run_time(x, rounds):
    one, other = Average(2, x), Average(3, x * x)
    kept = one if x > 0.0 else other
    for k in range(rounds):
        chosen = one if k % 2 else kept
        chosen.take(x + k)
        kept, other = other, chosen
    return kept.sums[0] + other.sums[1] * one.sums[-2] + one.count


@case(args=lambda: (0.7, 4), argnums=0)
def recursion_gives_new_arrays(x, n):
    v = np.full(3, x)
    seen = []

    def renew(n):
        nonlocal v
        before = v
        v = np.ones(2)
        v[0] = before[0] * x + n
        v[1] = before[1] * 0.5
        seen.append(before)
        if n > 0:
            renew(n - 1)
            before[0] += 0.1 * v[1]

    renew(n)
    total = v[0] * v[1]
    for array in seen:
        total += array[0] * array[1]
    return total


class Layer:
    def __init__(self, n, scale):
        self.weights = np.full(n, scale)
        self.outputs = []

    def run(self, x):
        y = np.zeros(len(self.weights))
        for i in range(len(y)):
            y[i] = self.weights[i] * x[i % len(x)] + i
        self.outputs.append(y)
        self.weights = y
        return y


@case(args=[lambda: (0.7, 4), lambda: (0.7, 0)], argnums=0)
def layers_that_rebind_their_weights(x, n):
    layers = []
    for k in range(n):
        layers.append(Layer(k + 1, x * k + 1.0))
    v = np.full(1, x)
    for _ in range(2):
        for layer in layers:
            v = layer.run(v)
    total = v[0]
    for layer in layers:
        total += layer.weights[-1] * layer.outputs[0][0] + len(layer.outputs)
    return total
