"""Functions that return a 1-D array, for pullbacks and Jacobians."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (np.zeros((2, 3)) + 0.25,), array_valued=True)
def badcopy_2d_row_sums(x):
    y = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i] += x[i, j] ** 2
    return y


@case(args=[lambda: (_normal(5),), lambda: (_normal(10)[::2],)], array_valued=True)
def badcopy(x):
    y = np.zeros(x.shape)
    for i in range(len(x)):
        y[i] = x[i]
    return y


@case(args=lambda: (_normal(5),), array_valued=True, tags=("aliased",))
def returns_its_input(x):
    for i in range(1, len(x)):
        x[i] = x[i] * x[i - 1]
    return x


@case(args=lambda: (_normal(5), 0.4), argnums=(0, 1), array_valued=True)
def recurrence(x, t):
    y = np.empty_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = math.tanh(t * y[i - 1]) + x[i]
    return y


@case(args=lambda: (_normal(5),), array_valued=True)
def softmax(x):
    y = np.empty(len(x))
    total = 0.0
    for i in range(len(x)):
        y[i] = math.exp(x[i])
        total += y[i]
    for i in range(len(x)):
        y[i] /= total
    return y


@case(args=lambda: (_normal(6),), array_valued=True)
def cumulative_sum(x):
    y = np.zeros_like(x)
    run = 0.0
    for i in range(len(x)):
        run += x[i]
        y[i] = run
    return y
