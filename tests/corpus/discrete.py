"""Dynamic programs, sorting and searching: indices computed on the way."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=21):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=22):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(args=lambda: (_normal(3, 3), _normal(3, 4, seed=28), np.array([0, 3, 1, 1, 2])), argnums=(0, 1))
def viterbi(transition, emission, symbols):
    """The score of the best path, read off along back pointers kept in an int table."""
    states, n = len(transition), len(symbols)
    score = np.zeros((n, states))
    back = np.zeros((n, states), dtype=np.int64)
    for s in range(states):
        score[0, s] = emission[s, symbols[0]]
    for t in range(1, n):
        for s in range(states):
            best, which = -math.inf, 0
            for r in range(states):
                v = score[t - 1, r] + transition[r, s]
                if v > best:
                    best, which = v, r
            score[t, s] = best + emission[s, symbols[t]]
            back[t, s] = which
    last = 0
    for s in range(states):
        if score[n - 1, s] > score[n - 1, last]:
            last = s
    path = emission[last, symbols[n - 1]]
    for t in range(n - 1, 0, -1):
        path += 0.5 * transition[back[t, last], last] ** 2
        last = back[t, last]
    return score[n - 1, 0] + path


@case(args=lambda: (_normal(5), _normal(4, seed=29), 0.6), argnums=(0, 1, 2))
def edit_distance(x, y, gap):
    """Two rows that take turns; ties cannot happen with these numbers."""
    m = len(y)
    row = np.zeros(m + 1)
    above = np.zeros(m + 1)
    for j in range(m + 1):
        above[j] = j * gap
    for i in range(1, len(x) + 1):
        row[0] = i * gap
        for j in range(1, m + 1):
            change = above[j - 1] + abs(x[i - 1] - y[j - 1])
            row[j] = min(change, above[j] + gap, row[j - 1] + gap)
        above, row = row, above
    return above[m] * above[m - 1]


@case(args=lambda: (_normal(7),), smooth=True)
@case(args=lambda: (_normal(14)[::2],), name="quicksort_of_a_view")
def quicksort(x):
    """Without recursion: an int array is the stack."""
    stack = np.zeros(32, dtype=np.int64)
    stack[0], stack[1] = 0, len(x) - 1
    top = 2
    while top > 0:
        top -= 2
        low, high = stack[top], stack[top + 1]
        if low >= high:
            continue
        pivot = x[high]
        i = low
        for j in range(low, high):
            if x[j] < pivot:
                x[i], x[j] = x[j], x[i]
                i += 1
        x[i], x[high] = x[high], x[i]
        stack[top], stack[top + 1] = low, i - 1
        stack[top + 2], stack[top + 3] = i + 1, high
        top += 4
    s = 0.0
    for k in range(len(x)):
        s += (k + 1) * x[k] ** 3
    return s


@case(args=lambda: (_positive(5, 5),), smooth=False)
def floyd_warshall(d):
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])
    s = 0.0
    for i in range(n):
        for j in range(i):
            s += d[i, j] * (i + 2 * j)
    return s


@case(args=lambda: (_normal(6), _normal(6, seed=36), 0.7), argnums=(0, 1, 2))
def soft_dynamic_time_warping(x, y, gamma):
    n, m = len(x), len(y)
    table = np.full((n + 1, m + 1), 1e10)
    table[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - 2), min(m, i + 2) + 1):
            a, b, c = table[i - 1, j], table[i, j - 1], table[i - 1, j - 1]
            low = min(a, b, c)
            z = math.exp((low - a) / gamma) + math.exp((low - b) / gamma) + math.exp((low - c) / gamma)
            table[i, j] = (x[i - 1] - y[j - 1]) ** 2 + low - gamma * math.log(z)
    return table[n, m]


@case(args=lambda: (_normal(8), 2), argnums=0)
def binary_heap(x, k):
    n = len(x)
    for start in range(n // 2 - 1, -1, -1):
        at = start
        while 2 * at + 1 < n:
            child = 2 * at + 1
            if child + 1 < n and x[child + 1] < x[child]:
                child += 1
            if x[at] <= x[child]:
                break
            x[at], x[child] = x[child], x[at]
            at = child
    return x[0] * x[1] + x[k] * x[-1] ** 2


@case(args=lambda: (np.array([3.0, 1.0, 2.0, 0.0]), _normal(4)), argnums=(1,))
def linked_list(following, x):
    """Indices made from floats stored in an array, which changes meanwhile."""
    at = 0
    s = 1.0
    for k in range(9):
        at = int(following[at])
        s = s * 0.5 + x[at] * s
        following[at] = (following[at] + 1.0) % 4.0
    return s


@case(args=lambda: (_normal(5), 2), smooth=True)
def stop_then_rewind(x, k):
    i = 0
    steps = 0
    s = 1.0
    while i < len(x):
        s = math.cos(s * x[i]) + 0.2 * s
        steps += 1
        if s < 0.4 and steps < 20:
            i = max(0, i - k)
            x[i] = x[i] * 0.7 + 0.1 * s
        else:
            i += 1
    return s * steps + x[0]


@case(args=lambda: (_normal(6), np.array([5, 0, 0, 3, 5, -1, 2]), np.array([1, 1, 2, 0, -2, 1, 3])))
@case(
    args=lambda: (
        _normal(6),
        np.array([5, 0, 0, 3, 5, -1, 2], dtype=np.int32),
        np.array([1, 1, 2, 0, -2, 1, 3], dtype=np.int8),
    ),
    name="gather_scatter_narrow",
)
def gather_scatter(x, source, target):
    y = np.zeros(4)
    for k in range(len(source)):
        y[target[k]] += x[source[k]] * y[target[k] - 1] + x[k % 6]
        x[source[k]] *= 0.5 + y[0]
    return y[0] * y[1] + y[2] * y[3] + x[5]


@case(args=lambda: (_normal(12), np.array([3, 0, 2, 1, 0, 4])))
def ragged(x, lengths):
    at = 0
    s = 0.0
    for n in lengths:
        p = 1.0
        for i in range(n):
            p = math.cos(p * x[at])
            at += 1
        s += p * p
    return s
