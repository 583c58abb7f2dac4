"""Arrays that take turns, are allocated on the way, or are one memory under several names."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=42):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(
    args=[lambda: (_normal(4), 7), lambda: (_normal(4), 6), lambda: (_normal(4), 1), lambda: (_normal(4), 0)]
)
def three_buffers(x, steps):
    n = len(x)
    a, b, c = np.zeros(n), np.ones(n), np.zeros(n)
    for i in range(n):
        a[i] = x[i]
    for k in range(steps):
        if k % 3 == 2:
            a, b = b, a
        elif x[k % n] > 0.0:
            for i in range(n):
                c[i] = a[i] * b[i] + 0.1 * c[i]
                if c[i] > 0.2:
                    a, b, c = b, c, a
        else:
            a, c = c, a
        for i in range(n):
            b[i] = math.sin(a[i]) + 0.5 * c[n - 1 - i]
    return a[0] * b[1] + c[2] * a[3]


@case(args=[lambda: (_normal(4), 5, True), lambda: (_normal(4), 4, False)])
def alias_in_branch(x, steps, flag):
    a = np.zeros(4)
    b = x
    for k in range(steps):
        if k % 2 == 0:
            a = b
        else:
            a = np.ones(4)
            if flag:
                b = a
        for i in range(4):
            a[i] += b[i] * x[(i + k) % 4] * 0.3
    return a[0] * b[1] + x[2] * a[3]


@case(args=[lambda: (_normal(5), 4), lambda: (_normal(5), 0)])
def conditional_allocation(x, n):
    work = x
    s = 0.0
    for k in range(n):
        if x[k] > 0.0:
            work = np.zeros(k + 2)
            work[0] = x[k]
            work[1] = s
        s += work[0] * work[1]
    return s + work[0]


def _fresh(x, n):
    if n == 0:
        return np.ones(3)
    out = np.zeros(3)
    for i in range(3):
        if x[i] > 10.0:
            return out
        out[i] = x[i] * n
    return out


@case(args=[lambda: (_normal(4), 3), lambda: (_normal(4) + 9.3, 3)])
def arrays_from_helper(x, n):
    total = 0.0
    last = np.zeros(3)
    for k in range(n):
        y = _fresh(x, k)
        for i in range(3):
            y[i] += last[i] * y[(i + 1) % 3]
        last = y
        total += y[0] * y[1] * y[2]
    return total + last[2]


@case(args=lambda: (_normal(6),), tags=("aliased",))
def itself(x):
    return _three(x, x, x)


def _three(x, y, z):
    for i in range(len(x)):
        y[i] = x[i] * z[len(z) - 1 - i]
    return x[0] + y[1] * z[2]


@case(
    args=lambda: (lambda x: (x, x, x))(_normal(6)), argnums=(0, 1, 2), tags=("aliased",), name="same_thrice"
)
@case(
    args=lambda: (lambda x: (x, x[::-1], x[:]))(_normal(6)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="reversed_alias",
)
@case(
    args=lambda: (lambda x: (x[1:], x[:-1], x[::2]))(_normal(7)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="partial_alias",
)
@case(
    args=lambda: (lambda x: (x[0], x[:, 0], x[1]))(_normal(4, 4)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="row_and_column",
)
def three_arguments(x, y, z):
    for i in range(min(len(x), len(z))):
        y[i] = x[i] * z[len(z) - 1 - i] + y[i]
    return x[0] + y[1] * z[2]


@case(args=lambda: (lambda x: (x, x))(_normal(6)), argnums=(0, 1), tags=("aliased",), name="read_only_same")
@case(
    args=lambda: (lambda x: (x, x[::-1]))(_normal(6)),
    argnums=(0, 1),
    tags=("aliased",),
    name="read_only_reversed",
)
@case(
    args=lambda: (lambda x: (x[1:], x[:-1]))(_normal(6)),
    argnums=(0,),
    tags=("aliased",),
    name="read_only_shifted",
)
def dot_product(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i] * y[i]
    return s


def _split(x, at):
    if at <= 0:
        return x, 1.0, x[0:0]
    if at >= len(x):
        return x[0:0], 2.0, x
    y = np.zeros(at)
    for i in range(at):
        y[i] = x[i] * x[i]
        if y[i] > 100.0:
            return y, y[i], x[at:]
    return x[:at], y[at - 1], x[at:]


@case(args=lambda: (_normal(5), 7))
def tuples_with_arrays(x, n):
    s = 0.0
    for at in range(n):
        a, f, b = _split(x, at)
        for i in range(len(a)):
            a[i] = a[i] * 0.9 + f * 0.1
            s += a[i] * f
        for v in b:
            s += v * v * f
    return s


@case(args=[lambda: (_normal(6), np.zeros(6), True), lambda: (_normal(6), np.ones(6), False)], argnums=(0, 1))
def work_and_result(x, out, flag):
    target = out if flag else x
    other = x if flag else out
    for k in range(2):
        for i in range(1, len(x)):
            target[i] = other[i - 1] * x[i] + target[i] * out[i - 1]
        target, other = other, target
    return target[3] * other[4] + out[5] + x[5]


@case(args=[lambda: (_normal(4), 5), lambda: (_normal(4), 1)])
def allocated_kept_across(x, n):
    """The previous iteration's array is read in the next: it may not be hoisted."""
    old = np.zeros(4)
    s = 0.0
    for k in range(n):
        new = np.zeros(4)
        for i in range(4):
            new[i] = old[i - 1] * x[i] + x[(i + k) % 4]
        s += new[0] * old[2]
        old = new
    return s + old[1]


@case(args=lambda: (_normal(4), 4))
def allocated_partly_written(x, n):
    s = 0.0
    for k in range(n):
        t = np.zeros(4)
        u = np.ones(4)
        for i in range(k):
            t[i] = x[i] * (s + 1.0)
            u[i + 1] *= t[i]
        for i in range(4):
            s += t[i] * u[3 - i] + u[i] * x[i] * 0.1
    return s


@case(args=lambda: (_normal(4), 6))
def allocated_and_swapped(x, n):
    a, b = np.zeros(4), np.zeros(4)
    s = 1.0
    for k in range(n):
        c = np.zeros(4)
        for i in range(4):
            c[i] = x[i] * s + a[i]
        if k % 2 == 0:
            a, b = c, a
        else:
            b = c
        s = math.sin(a[0] + b[1] * c[2])
    return s + a[3] * b[3]


@case(args=lambda: (_normal(4), 5))
def empty_like_in_loop(x, n):
    s = 0.5
    for k in range(n):
        w = np.empty_like(x)
        v = np.full(3, s)
        for i in range(4):
            w[i] = x[i] * s
        v[0] *= w[1]
        y = x.copy()
        y[0] = v[0] * v[1]
        s = math.tanh(w[0] * w[3] + v[0] + y[0] * y[1])
    return s


@case(args=lambda: (_normal(3), 4))
def shapes_grow(x, n):
    s = 0.0
    for k in range(1, n):
        m = np.zeros((k, k + 1))
        for i in range(k):
            for j in range(k + 1):
                m[i, j] = x[(i + j) % 3] * (s + 1.0)
        for i in range(k):
            s += m[i, i] * m[i, i + 1]
        row = m[k - 1]
        s += row[-1] * row[0]
    return s


@case(args=[lambda: (_normal(5), 1), lambda: (_normal(5), 2)], array_valued=True)
def returns_argument_or_fresh(x, k):
    if k == 1:
        x[0] *= x[1]
        return x
    y = x.copy()
    y[0] *= x[1] * x[2]
    x[2] = 0.0
    return y


@case(args=lambda: (_normal(4), 0.3), argnums=(0, 1), array_valued=True)
def state_after_steps(x, t):
    y, z = np.zeros(4), x
    for k in range(5):
        for i in range(4):
            y[i] = z[i] + t * (z[i - 1] - z[i] * z[i])
        y, z = z, y
    return z


@case(args=[lambda: (_normal(4), 2), lambda: (_normal(4), 0)], array_valued=True)
def filter_positive(x, start):
    out = np.zeros(len(x))
    n = 0
    for v in x[start:]:
        if v > 0.0:
            out[n] = v * v
            n += 1
    return out[: n + 1]


@case(args=lambda: (np.zeros(0), np.zeros((0, 3)), 2.0), argnums=(0, 1, 2))
def empty_arrays(x, a, t):
    s = t
    for v in x:
        s *= v
    for row in a:
        for v in row:
            s += v
    y = np.zeros(len(x))
    for i in range(len(y)):
        y[i] = x[i]
    z = np.zeros((3, len(x)))
    for i in range(3):
        for j in range(len(x)):
            z[i, j] = s
    w = x[::-1]
    for v in w:
        s -= v
    return s * t
