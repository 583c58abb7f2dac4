"""Writing arrays: stores, augmented stores, allocation, work buffers, overwritten inputs, aliases."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(6),))
def zeros_then_fill(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = math.sin(x[i]) * x[-1]
    s = 0.0
    for v in y:
        s += v * v
    return s


@case(args=lambda: (_normal(6), 0.5), argnums=(0, 1))
def ones_and_empty(x, t):
    n = len(x)
    a = np.ones(n)
    b = np.empty(n)
    for i in range(n):
        a[i] *= x[i]
        b[i] = a[i] + t
        a[i] -= t * b[i]
    return a[0] * b[1] + a[n - 1] * b[-1]


@case(args=[lambda: (_normal(5),), lambda: (_normal(10)[::-2],)])
def likes(x):
    a = np.zeros_like(x)
    b = np.ones_like(x)
    c = np.empty_like(x)
    for i in range(x.shape[0]):
        a[i] += x[i]
        b[i] += a[i] * x[i]
        c[i] = b[i] / (1.0 + x[i] * x[i])
    return a[1] * b[2] + c[3] * c[0]


@case(args=lambda: (_normal(3, 4),))
def two_dimensional_buffer(x):
    n, m = x.shape
    y = np.zeros((m, n))
    for i in range(n):
        for j in range(m):
            y[j, i] = x[i, j] * (i + 1)
    y[-1, -1] += y[0, 0] * y[1, 2]
    s = 0.0
    for j in range(m):
        for i in range(n):
            s += y[j, i] ** 2
    return s


@case(args=[lambda: (_normal(5),), lambda: (_normal(10)[::2],)])
def overwritten_input(x):
    x[0] = x[1] * x[2]
    x[1] = x[0] * x[0]
    x[2] = 3.0
    s = 0.0
    for v in x:
        s += v * v
    return s


@case(args=lambda: (_normal(6),))
def input_updated_in_loop(x):
    for k in range(3):
        for i in range(1, len(x)):
            x[i] = math.sin(x[i - 1]) * x[i]
    return x[-1] + x[2] * x[3]


@case(args=lambda: (_normal(5), np.zeros(5)))
@case(args=lambda: (_normal(5), np.zeros(5)), argnums=(0, 1), name="work_buffer_in_argnums")
@case(args=lambda: (lambda x: (x, x))(_normal(5)), tags=("aliased",), name="work_buffer_is_the_input")
@case(
    args=lambda: (lambda x: (x[:5], x[1:]))(_normal(6)),
    argnums=(0, 1),
    tags=("aliased",),
    name="shifted_alias",
)
def work_buffer(x, work):
    for i in range(len(x)):
        work[i] = x[i] * x[i]
    s = 0.0
    for i in range(len(x)):
        s += work[i] * x[len(x) - 1 - i]
    return s


@case(args=lambda: (_normal(5), _normal(3)), argnums=(0, 1))
def stale_buffer_contents(x, work):
    s = work[0] * x[0]
    work[0] = x[1]
    s += work[0] * work[1] * x[2]
    work[1] += x[3]
    return s + work[1] * work[2]


@case(args=[lambda: (_normal(6), 5), lambda: (_normal(6), 4), lambda: (_normal(6), 0)])
def double_buffer(x, steps):
    n = len(x)
    old = np.zeros(n)
    new = np.zeros(n)
    for i in range(n):
        old[i] = x[i]
    for k in range(steps):
        for i in range(n):
            new[i] = 0.5 * old[i] + 0.25 * old[i - 1] + 0.1 * old[(i + 1) % n] ** 2
        old, new = new, old
    return old[0] * old[1] + new[2]


@case(args=lambda: (_normal(5), np.array([0, 2, 2, 1, 0])), tags=("scatter",))
def scatter_add(x, bins):
    count = np.zeros(3)
    for i in range(len(x)):
        count[bins[i]] += x[i]
    return count[0] * count[1] + math.exp(count[2])


@case(args=[lambda: (_normal(6),), lambda: (np.array([3.0, 2.0, 1.0]),)], smooth=True)
def insertion_sort(x):
    for i in range(1, len(x)):
        v = x[i]
        j = i - 1
        while j >= 0 and x[j] > v:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = v
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i] * (i + 1)
    return s


@case(args=lambda: (_normal(6),))
def reverse_in_place(x):
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i], x[i]
    return x[0] * 3.0 + x[1] * x[n - 2]


@case(args=lambda: (_normal(6),))
def running_sum(x):
    y = np.zeros(len(x) + 1)
    for i in range(len(x)):
        y[i + 1] = y[i] + x[i]
    return y[-1] * y[3]


@case(args=lambda: (_normal(5),))
def store_constants(x):
    y = np.empty(3)
    y[0] = 1
    y[1] = x[0]
    y[2] = 2.5
    y[1] = 4.0
    x[1] = 0
    return y[0] * x[2] + y[1] * x[3] + y[2] * x[1]


@case(args=lambda: (_normal(4),))
def alias_of_input(x):
    y = x
    y[0] = x[1] * 2.0
    z = y
    z[1] += x[0]
    return x[0] * y[1] + z[2]


@case(args=[lambda: (_normal(4), 1), lambda: (_normal(4), 0)])
def buffer_chosen_by_branch(x, which):
    a = np.zeros(2)
    b = np.ones(2)
    if which > 0:
        c = a
    else:
        c = b
    c[0] = x[0] * x[1]
    c[1] += x[2]
    return a[0] + b[0] * 2.0 + a[1] * b[1] * x[3]


@case(args=lambda: (_normal(3, 3),), tags=("rows",))
def row_is_a_view(x):
    row = x[1]
    row[0] = x[0, 0] * x[2, 2]
    x[1, 1] = row[0] * row[2]
    row[2] *= 2.0
    return x[1, 0] + x[1, 1] * x[1, 2]


@case(args=lambda: (_normal(4), 3))
def allocation_in_loop(x, n):
    s = 0.0
    for k in range(n):
        t = np.zeros(len(x))
        for i in range(len(x)):
            t[i] = x[i] * (k + 1) + s
        s = math.tanh(t[0] * t[1] - t[2])
    return s * t[3]


@case(args=lambda: (_normal(4).astype(np.float32),), tags=("float32",))
def float32_store_rounds(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = math.exp(float(x[i])) * 0.1
    return float(y[0]) * float(y[1]) + float(y[2] * y[3])


@case(args=lambda: (_normal(4), np.zeros(4, dtype=np.int64)))
def int_work_buffer(x, count):
    for i in range(len(x)):
        if x[i] > 0.0:
            count[i % 2] += 1
    return x[0] * count[0] + x[1] * count[1] * count[0]


@case(args=lambda: (_normal(4), 3), raises=IndexError)
def store_out_of_range(x, n):
    y = np.zeros(n)
    for i in range(len(x)):
        y[i] = x[i]
    return y[0]
