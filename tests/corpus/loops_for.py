"""Counted loops: every kind of range, loops over arrays, break, continue, else, nesting."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=[lambda: (0.9, 5), lambda: (0.9, 0), lambda: (0.9, -3)])
def counted(x, n):
    y = 1.0
    for i in range(n):
        y = y * x + i
    return y


@case(args=[lambda: (0.9, 2, 9), lambda: (0.9, 9, 2)])
def start_and_stop(x, a, b):
    y = x
    for i in range(a, b):
        y += math.sin(x * i)
    return y


@case(args=lambda: (_normal(7),))
def negative_step(x):
    y = 0.0
    for i in range(len(x) - 1, -1, -1):
        y = y * 0.5 + x[i] * x[i]
    return y


@case(
    args=[lambda: (0.4, 0, 10, 3), lambda: (0.4, 10, 0, -4), lambda: (0.4, 0, 10, -1), lambda: (0.4, 3, 3, 2)]
)
@case(args=lambda: (0.4, 0, 3, 0), raises=ValueError, name="zero_step")
def variable_step(x, start, stop, step):
    y = x
    for i in range(start, stop, step):
        y = math.tanh(y + 0.1 * i) * x
    return y


@case(args=[lambda: (_normal(6),), lambda: (np.zeros(0),)])
def over_array(x):
    y = 1.0
    for v in x:
        y += v * y
    return y


@case(args=lambda: (_normal(4, 3),), tags=("rows",))
def over_rows(x):
    y = 0.0
    for row in x:
        p = 1.0
        for v in row:
            p *= 1.0 + v
        y += p
    return y


@case(args=[lambda: (_normal(8), 0.5), lambda: (_normal(8), 100.0)], argnums=(0, 1))
def break_at_threshold(x, limit):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * x[i]
        if total > limit:
            break
    return total * limit


@case(args=lambda: (_normal(9),))
def continue_skips(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] < 0.0:
            continue
        if i % 4 == 1:
            continue
        total += math.sqrt(x[i])
    return total


@case(args=[lambda: (_normal(5), 0.0), lambda: (_normal(5), 50.0)])
def for_else(x, level):
    y = 1.0
    for v in x:
        y *= v
        if v > level:
            y += 2.0
            break
    else:
        y = y * y
    return y


@case(args=lambda: (_normal(4, 5),))
def nested(x):
    total = 0.0
    n, m = x.shape
    for i in range(n):
        for j in range(i, m):
            total += x[i, j] * math.sin(total + j)
    return total


@case(args=[lambda: (0.8, 4), lambda: (0.8, 1)])
def nested_three_with_break(x, n):
    total = x
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            for k in range(j, n):
                total = math.sin(total) + x * k
                if total > 1.2:
                    break
            else:
                total *= 0.5
        if total < -1.0:
            continue
        total += 0.1 * i * x
    return total


@case(args=[lambda: (_normal(6), 0.3), lambda: (_normal(6), 9.0)], argnums=(0, 1))
def return_from_loop(x, t):
    acc = 0.0
    for i in range(len(x)):
        acc += x[i] * t
        for j in range(i):
            acc *= 0.9
            if acc > t:
                return acc * x[j]
    return acc


@case(args=[lambda: (0.5, 4), lambda: (0.5, 1)])
def defined_in_loop(x, n):
    for i in range(n):
        y = x * (i + 1)
        last = i
    return y * y + last * x + i


@case(args=[lambda: (0.5, 0), lambda: (0.5, 3)])
def zero_trips(x, n):
    y = x
    i = 10
    for i in range(n):
        y = y * x
    for j in range(0):
        y = math.log(-1.0)
    return y * i


@case(args=[lambda: (0.5, 4), lambda: (0.5, 0)])
def int_becomes_float(x, n):
    acc = 0
    prod = 1
    for i in range(n):
        acc += x * i
        prod *= 1 + acc
    return acc * 2.0 + prod * x


@case(args=lambda: (0.7, 6))
def rotating_variables(x, n):
    a, b, c = x, 1.0, 0.5
    for i in range(n):
        a, b, c = b, c, a * b + math.cos(c)
    return a * b - c


@case(args=lambda: (0.7, 12), smooth=False)
def alternating(x, n):
    y = x
    for i in range(n):
        if i % 3 == 0:
            y = math.sin(y)
        elif i & 1:
            y = y * y + 0.1
        else:
            y = max(y, x) - 0.3
    return y


@case(args=lambda: (1.1, 5))
def triangular(x, n):
    y = 0.0
    for i in range(n):
        for j in range(i + 1):
            y += x**j / (1 + i)
    return y


@case(args=lambda: (_normal(10), 3))
def strided_sum(x, k):
    y = 0.0
    for start in range(k):
        part = 1.0
        for i in range(start, len(x), k):
            part *= x[i]
        y += part * (start + 1)
    return y


@case(args=lambda: (0.9, 5))
def loop_variable_reassigned(x, n):
    y = 0.0
    for i in range(n):
        i = i * i + 1
        y += x**i / i
    return y + i


@case(args=lambda: (0.3, 7))
def triple_after_triple(x, n):
    y = x
    for i in range(n):
        y += x * i
    for i in range(n):
        y *= 1.0 + 0.01 * y
    for i in range(n, 0, -2):
        y -= y / (i + 1)
    return y


@case(args=lambda: (_normal(4),), raises=IndexError)
def runs_past_the_end(x):
    y = 0.0
    for i in range(len(x) + 1):
        y += x[i]
    return y


@case(args=lambda: (np.array([1.0, 2.0, -1.0, 3.0]),), raises=ValueError)
def raises_in_inner_loop(x):
    y = 0.0
    for i in range(3):
        for v in x:
            y += math.sqrt(v + i)
    return y
