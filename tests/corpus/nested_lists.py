"""Lists of arrays, of lists, of objects: grown, indexed, changed through any of their names."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import case


def _normal(*shape, seed=61):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(4), 5), argnums=0)
def states_of_a_simulation(x, steps):
    history = [x]
    for k in range(steps):
        now = history[-1]
        new = np.empty(len(x))
        for i in range(len(x)):
            new[i] = now[i] + 0.1 * math.sin(now[i - 1]) * (k + 1)
        history.append(new)
    total = 0.0
    for state in history:
        total += state[0] * state[-1]
    return total + history[len(history) // 2][1] * len(history)


@case(args=lambda: (0.7, -1.2, 4), argnums=(0, 1))
def grid_of_lists(a, b, n):
    grid = [[0.0] * n for _ in range(n + 1)]
    for i in range(n + 1):
        grid[i][0] = a * i
    for j in range(n):
        grid[0][j] = b * j
    for i in range(1, n + 1):
        for j in range(1, n):
            grid[i][j] = min(grid[i - 1][j], grid[i][j - 1]) + math.cos(grid[i - 1][j - 1])
    return grid[-1][-1] + sum(grid[1]) * grid[2][1]


@case(args=lambda: (_normal(3), _normal(3, seed=62)), argnums=(0, 1))
def one_array_under_many_names(x, y):
    a = np.zeros(3)
    arrays = [a, x, a]
    arrays.append(y)
    arrays.append(arrays[0])
    for k, array in enumerate(arrays):
        a[k % 3] += array[k % 3] * array[0] + k
    arrays[2][1] *= 2.0
    arrays[1] = a
    x_again = arrays.pop(1)
    x_again[0] = a[2] * y[1]
    return a[0] + a[1] * x[0] + len(arrays)


@case(args=lambda: (1.3, 0.4), argnums=(0, 1))
def rows_shared_by_repetition(x, y):
    rows = [[x, y]] * 3
    rows[0][1] = x * y
    rows[2].append(y * y)
    apart = [list(row) for row in rows]
    apart[0][0] = 5.0
    return rows[1][1] * rows[1][2] + apart[1][0] + apart[0][0] * len(rows[0])


class Step(NamedTuple):
    at: float
    state: np.ndarray


@case(args=lambda: (_normal(2), 6), argnums=0)
def checkpoints_in_a_stack(x, steps):
    stack = []
    state = x.copy()
    for k in range(steps):
        if k % 2 == 0:
            stack.append(Step(0.5 * k, state.copy()))
        state[0], state[1] = state[1] * 0.9 + 0.1, math.tanh(state[0] + state[1])
    total = state[0]
    while stack:
        step = stack.pop()
        total = total * 0.5 + step.at * step.state[0] * step.state[1]
    return total


@dataclass
class Body:
    mass: float
    position: np.ndarray
    speed: float = 0.0

    def move(self, step):
        self.speed -= step * self.mass * self.position[0]
        self.position[0] += step * self.speed


@case(args=lambda: (_normal(3), 0.1, 7), argnums=(0, 1))
def bodies_in_a_list(masses, step, rounds):
    bodies = []
    for m in masses:
        bodies.append(Body(m * m + 0.5, np.full(2, m)))
    for _ in range(rounds):
        for body in bodies:
            body.move(step)
        bodies[0].position[1] += bodies[-1].position[0]
    heaviest = bodies[0]
    for body in bodies[1:]:
        if body.mass > heaviest.mass:
            heaviest = body
    heaviest.speed *= 2.0
    energy = 0.0
    for body in bodies:
        energy += 0.5 * body.mass * body.speed**2 + body.position[1]
    return energy


@case(args=[lambda: (0.3, 7), lambda: (1.9, 7)], argnums=0)
def filled_later(x, n):
    memory = [None] * n
    at = 0
    for k in range(2 * n):
        at = (3 * at + k) % n
        seen = memory[at]
        if seen is None:
            fresh = np.zeros(2)
            fresh[0] = x * k
            memory[at] = fresh
        else:
            seen[1] += seen[0] * math.exp(-x)
    total = 0.0
    for array in memory:
        if array is not None:
            total += array[0] * array[1] + 1.0
    return total


@case(args=lambda: (_normal(5),), argnums=0)
def buckets_of_lists(x):
    buckets = [[], [], []]
    for v in x:
        k = 0 if v < -0.3 else 1 if v < 0.4 else 2
        buckets[k].append(v * (k + 1))
    largest = max(buckets, key=len)
    largest.append(x[0])
    total = 0.0
    for k, bucket in enumerate(buckets):
        for v in bucket:
            total += (k + 1) * v * v
    return total + len(largest)


@case(args=lambda: (0.8, 1.1), argnums=(0, 1))
def slices_and_sums(x, y):
    rows = [[x], [y, x], []]
    rows[1:2] = [[x * y, 1.0], rows[0], [y]]
    rows += [[2.0]]
    rows.insert(1, rows[-1])
    rows[1].append(y)
    rows.reverse()
    more = rows[::2] + [[x + y]]
    more.extend(rows[:1])
    total = 0.0
    for k, row in enumerate(more):
        for v in row:
            total = total * 0.5 + v * (k + 1)
    alike = [rows[k] is more[0] for k in range(len(rows))]
    return total + len(rows) + len(more[-1]) + 10 * alike.index(True)


def push_all(target, arrays):
    for array in arrays:
        target.append(array * 1.0 if isinstance(array, float) else array)
    return target


@case(args=lambda: (_normal(3), _normal(3, seed=63), 3), argnums=(0, 1))
def lists_made_by_helpers(x, y, n):
    kept = push_all([], [x, y])
    other = push_all(kept, (x,))
    picked = kept[1]
    if n > 2:
        picked = other[2]
    picked[1] = y[0] * picked[0]
    arrays = [x, y] if n % 2 else [y, x, x]
    arrays.append(picked)
    total = 0.0
    for a in arrays:
        total += a[1] * a[2]
    return total + len(kept)


@case(args=lambda: (_normal(2, 3), _normal(3, 2, seed=64)), argnums=(0, 1))
def layers_with_a_tape(w, v):
    values = []
    now = np.ones(3)
    for layer in [w, v, w]:
        new = np.zeros(layer.shape[0])
        for i in range(layer.shape[0]):
            for j in range(layer.shape[1]):
                new[i] += layer[i, j] * now[j]
            new[i] = math.tanh(new[i])
        values.append((now, new))
        now = new
    total = 0.0
    for before, after in reversed(values):
        total += before[0] * after[-1]
    return total


@case(args=lambda: (0.6, 3), argnums=0)
def functions_and_complex_numbers(x, n):
    def scaled(factor):
        return lambda v: factor * v * x

    steps = []
    values = [complex(x, 1.0)]
    for k in range(n):
        steps.append(scaled(k + x))
        values.append(values[-1] * complex(0.5, x))
    total = 1.0
    for step in steps:
        total = step(total) + 0.1
    return total + values[-1].real * values[1].imag


@case(args=[lambda: (_normal(3), 4, 0), lambda: (_normal(3), 2, 1)], argnums=0)
def arrays_made_of_rows(x, n, kind):
    history, pairs, table, planes = [x], [], [[1, 2]], []
    for k in range(n):
        now = np.asarray(x)
        now = np.array(now)
        now[k % 3] = math.sin(history[-1][k % 3]) * (k + 1)
        history.append(now)
        pairs.append((k, x[k % 3]))
        table.append([k, k * k])
        planes.append(np.array([[x[0], 1.0], [x[1], k]]))
    total = 0.0
    grid = np.array(history)
    for i in range(grid.shape[0]):
        for j in range(grid.shape[1]):
            total += grid[i, j] * (i + 1) * (j + 2)
    two = np.array(pairs)
    integers = np.array(table)
    three = np.array(planes)
    return total + two[1, 1] * two[0, 1] + integers[1, 1] * three[1, 1, 0] * three[0, 0, 1] + three.shape[2]


def _ragged(x, kind):
    rows = [x, x] if kind else [x]
    rows.append(x[:2])
    return np.array(rows)[0, 0]


@case(args=[lambda: (_normal(3), 0), lambda: (_normal(3), 1), lambda: (_normal(2), 1)], argnums=0)
def rows_of_unequal_length(x, kind):
    try:
        return _ragged(x, kind)
    except ValueError as error:
        return x[1] * len(error.args)


@case(args=[lambda: (0.7, 5), lambda: (2.5, 3)], argnums=0)
def lists_through_recursion(x, n):
    def ordered(values):
        if len(values) < 2:
            return values
        pivot = values[0]
        low = [v for v in values[1:] if v < pivot]
        high = [v for v in values[1:] if v >= pivot]
        return ordered(low) + [pivot] + ordered(high)

    def halves(arrays, depth):
        a = arrays[-1]
        if depth == 0:
            a[0] += x
            return [a[0] * a[1]]
        left = np.full(2, a[1] * 0.5)
        arrays.append(left)
        some = halves(arrays, depth - 1)
        arrays.pop()
        some.append(left[0] * x)
        return some

    sorted_ = ordered([x, 1.5, x * x - 1.0, -x, 0.1 * x])
    arrays = [np.full(2, x)]
    total = 0.0
    for k, v in enumerate(sorted_ + halves(arrays, n)):
        total = total * 0.7 + v * (k + 1)
    return total + arrays[0][0] * len(arrays)


@case(args=[lambda: (0.7, 3), lambda: (1.3, 1)], argnums=0)
def arrays_made_of_planes_and_complex_rows(x, n):
    """np.array of lists three deep, of arrays of two axes, and of complex numbers."""
    cube = np.array([[[x * i + j * k for k in range(2)] for j in range(3)] for i in range(n)])
    fixed = np.array([[[x, 2.0], [n, 4.0]], [[5.0, x * x], [7.0, 8.5]]])
    planes = [np.full((2, 2), x * i) for i in range(n)]
    planes[0][1, 0] = x * x
    stacked = np.array(planes)
    turning = np.array([x * 1j**i for i in range(n)])
    grid = np.array([[i * 1j + j * x for i in range(n)] for j in range(2)])
    total = 0.0
    for i in range(n):
        for j in range(3):
            total += cube[i, j, 1] * cube[i, j, 0] + stacked[i, 1, 0]
        total += abs(turning[i] + 0.1) + (grid[1, i] * turning[0]).real
    return total + fixed[0, 0, 0] * fixed[1, 0, 1] + fixed[1, 1, 1]
