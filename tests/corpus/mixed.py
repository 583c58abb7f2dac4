"""Loops over a few items of different kinds: functions, layers, names, tuples of different shapes."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=229):
    return np.random.default_rng(seed).normal(size=shape)


class Dense:
    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias

    def __call__(self, h):
        out = np.zeros(self.weights.shape[0])
        for i in range(len(out)):
            out[i] = self.bias
            for j in range(len(h)):
                out[i] += self.weights[i, j] * h[j]
        return out


class Activation:
    def __init__(self, f, times=1):
        self.f = f
        self.times = times
        self.seen = 0.0

    def __call__(self, h):
        out = h.copy()
        for _ in range(self.times):
            for i in range(len(out)):
                out[i] = self.f(out[i])
                self.seen += out[i]
        return out


@case(args=lambda: (_normal(2, 3), _normal(3), 0.3), argnums=(0, 1, 2))
def layers_of_a_network(w, x, b):
    layers = [Dense(w, b), Activation(math.tanh), Dense(w[:, :2], -b), Activation(lambda a: a * a, 2)]
    h = x
    for n, layer in enumerate(layers):
        h = layer(h)
        if n == 2:
            h[0] *= 0.5
    return h[0] + h[1] * layers[1].seen + layers[-1].seen


@case(args=[lambda: (0.7, 1.3), lambda: (0.7, -4.0)], argnums=(0, 1))
def functions_with_weights(x, t):
    total = x
    for k, (f, w) in enumerate(zip((math.sin, math.exp, lambda a: a * t, abs), (1.0, t, 2, True))):
        if k == 1:
            for j in range(2):
                total += f(total) * w * j
            continue
        total = total + w * f(total)
        if total < -1.0:
            break
    else:
        total *= 3.0
    return total + k


@case(args=lambda: (_normal(3), 0.4), argnums=(0, 1))
def kinds_told_apart(x, t):
    total = 0.0
    for item in (True, 2, t, (x[1], t), None, "name", [x[0], 1.0]):
        if item is None:
            total *= 2.0
        elif isinstance(item, bool):
            total += 10.0 if item else 20.0
        elif isinstance(item, str):
            total += len(item) if item == "name" else 100.0
        elif isinstance(item, (tuple, list)):
            a, b = item
            total += a * b
            x[0] = total
        else:
            total += item * x[0]
    return total * x[0]


def _composed(functions, x):
    for f in functions:
        x = f(x) + x
    return x


@case(args=lambda: (0.7,))
def fewer_items_first(x):
    return _composed((math.sin, math.cos), x) * _composed((math.sin, math.cos, math.tanh), x) + _composed(
        (), x
    )


@case(args=lambda: (_normal(3), 0.4), argnums=(0, 1))
def names_and_values(x, t):
    scales = {"a": t, "b": x, "c": 2}
    total = 0.0
    for name, value in scales.items():
        total += value[1] * t if name == "b" else value * x[0]
    for name in ("c", "a"):
        total *= scales[name]
    last = None
    for f in (math.log, math.sqrt):
        try:
            last = f(total)
        except ValueError:
            continue
        if last > 100.0:
            return last
    return total + (t if last is None else last) * sum([g(t) for g in (math.sin, math.cosh)])
