"""Loops left in many ways, or never entered; headers that compute; nests of any depth."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=42):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(
    args=[
        lambda: (_normal(3, 3), 0.5),
        lambda: (_normal(3, 3), 3.0),
        lambda: (_normal(3, 3), -5.0),
        lambda: (_normal(3, 3), 1e9),
    ],
    argnums=(0,),
    smooth=True,
)
def return_from_three_deep(a, limit):
    s = 1.0
    for i in range(3):
        t = 0.0
        j = 0
        while j < 3:
            u = a[i, j] * s
            for k in range(3):
                u = math.sin(u) + a[k, j] * a[i, k]
                t += u * u
                if t > limit:
                    return t * u + s * a[0, 0]
            s = 0.5 * s + u
            j += 1
        s *= t
    return s


@case(args=[lambda: (_positive(6), 3.0), lambda: (_positive(6), 0.5)], argnums=(0, 1))
def while_for_while(x, limit):
    s = limit
    k = 0
    while s < 8.0:
        for i in range(len(x)):
            if i == 3 and k % 2 == 1:
                continue
            t = x[i]
            while True:
                t = t * 1.7 + x[k % 6]
                if t > 4.0:
                    break
                if t < 0.1:
                    continue
                s += 0.05 * t * x[i]
            else:
                s = -1.0
            if s > 7.0 and i > 2:
                break
        else:
            s += x[0] * x[1]
        s += 0.3 * t
        k += 1
    else:
        s = s * s * 0.1
    return s + k


@case(args=[lambda: (_normal(4), 0), lambda: (_normal(4), 3)])
def zero_trips(x, n):
    last = x[0] * 2.0
    i = 7
    for i in range(n):
        last = last * x[i]
        inner = last
        for j in range(i):
            inner = inner * x[j]
        last += inner
    return last * i


@case(args=lambda: (0.5, 3.0), argnums=(0, 1))
def active_header(a, limit):
    x = 1.0
    while math.exp(x * a) + x * x < limit * 20.0:
        x += 0.3 + 0.1 * x * a
    return x * x


@case(args=lambda: (0.5, 3.0), argnums=(0, 1))
def walrus_header(a, limit):
    x = 1.0
    s = 0.0
    while (y := math.exp(x * a)) < limit * 20.0 and (z := y * x) < 100.0:
        s += z * y
        x += 0.3 + 0.1 * y
    return x * x + y * 0.01 + s * 1e-3 + z


@case(args=[lambda: (_normal(6),), lambda: (_normal(1),), lambda: (np.zeros(0),)])
def triangular(x):
    n = len(x)
    s = 0.0
    for i in range(n):
        p = 1.0
        for j in range(i, n, 2):
            p *= x[j] + s
            for k in range(j, -1, -1):
                s = 0.5 * math.sin(s + p * x[k])
        s += p
    return s


@case(args=lambda: (_normal(6),))
def data_dependent_trips(x):
    s = 0.0
    for i in range(len(x)):
        n = int(abs(x[i]) * 5.0)
        p = x[i]
        for j in range(n):
            p = p * x[j % 6] + 0.3
        for j in range(n, -n, -3):
            p += math.sin(p) * j * 0.1
        s += p
    return s


@case(args=lambda: (_normal(5),))
def huge_strides(x):
    s = 0.0
    for i in range(-(2**61), 2**62, 2**60):
        s = math.sin(s + x[(i >> 60) % 5])
    for i in range(0, 10**18, 4 * 10**17):
        s *= x[i // (4 * 10**17)] + 1.0
    for i in range(2**63 - 1, 2**63 - 10, -3):
        s += x[i % 5] * s
    return s


@case(
    args=[lambda: (_normal(3), 2, -(2**63)), lambda: (_normal(3), 2, -1), lambda: (_normal(3), -1, 2**63 - 1)]
)
def steps_of_any_size(x, n, step):
    s = 1.0
    for i in range(n, 1 - n, step):
        s = s * x[i] + 0.5
    return s


@case(
    args=[lambda: (_normal(5), 0), lambda: (_normal(5), 1), lambda: (_normal(5), 4), lambda: (_normal(5), 9)]
)
def else_and_early_return(x, n):
    s = 1.0
    for i in range(n):
        for v in x:
            if v * s > 3.0:
                return s * v
            if i > 6:
                break
            s += v * v * 0.3
        else:
            s *= 0.9
            continue
        return s * 2.0
    else:
        s -= x[0]
    return s * x[1]


@case(
    args=[
        lambda: (_positive(5), 0.1),
        lambda: (_positive(5), 1.0),
        lambda: (_positive(5), 3.0),
        lambda: (_positive(5), 1e6),
    ],
    argnums=(0, 1),
)
def many_exits(x, limit):
    s = limit * 0.1
    best = 0.0
    for i in range(5):
        s += x[i]
        if s > 2.0 * limit:
            return s * best
        w = np.zeros(3)
        for j in range(5):
            w[j % 3] += x[j] * s
            if w[j % 3] > limit:
                best = w[j % 3]
                break
            if w[0] * s > limit:
                return w[0] * w[1]
            k = 0
            while True:
                k += 1
                s = s * 0.9 + 0.1 * x[k] * w[0]
                if k == 4:
                    break
                if s < 0.05:
                    return s
                if k == 2 and j % 2:
                    continue
                s += 0.01
        else:
            best += s * w[2]
            continue
        s *= best
    return s + best * limit


@case(args=[lambda: (1.2, 5), lambda: (1.2, 0), lambda: (0.9, 40)], argnums=0)
def infinite_loop_with_returns(x, n):
    s = x
    k = 0
    while True:
        if k >= n:
            return s * x
        k += 1
        y = s * s
        if y > 50.0:
            return y + x * k
        if k % 3 == 0:
            s = 0.5 * y
            continue
        s = y * x


@case(args=lambda: (_normal(6),))
def value_leaves_by_different_exits(x):
    total = 0.0
    for start in range(6):
        p = x[start]
        q = 1.0
        for j in range(start, 6):
            p *= 1.5
            if p > 1.0:
                r = p * x[j]
                break
            q = q * p
            if q < -0.3:
                r = q * 3.0
                p = q
                break
        else:
            r = p - q
        total += r * p + q
    return total


@case(args=lambda: (_normal(5), 0.4), argnums=(0, 1))
def header_reads_memory(x, t):
    i = 0
    while i < 5 and x[i] * t < 0.3 and abs(x[i]) < 2.5:
        x[i] = x[i] * t + 1.0
        t = t + 0.1 * x[i]
        i += 1
    return t * x[0] + i


@case(args=lambda: (_normal(3), 3), argnums=(0,))
def twelve_deep(x, n):
    s = 0.1
    for a in range(2):
        for b in range(a, 2):
            for c in range(1):
                d = 0
                while d < 2:
                    d += 1
                    for e in range(b, 2):
                        for f in range(1, n - 1):
                            for g in range(2):
                                if g == 1 and d == 2:
                                    continue
                                for h in range(1):
                                    for i in range(2):
                                        j = i
                                        while s < 50.0 and j < 2:
                                            j += 1
                                            for k in range(e + 1):
                                                for l in range(2):
                                                    s = math.sin(s * x[l]) + x[(k + j) % 3] * s * 0.5
    return s


@case(args=[lambda: (_positive(5), 3), lambda: (_positive(5), 2)])
def sometimes_unbound(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += t * x[i]  # noqa: F821 (bound in the round before)
        t = x[i] * s + 1.0
        if n > 2:
            w = t * t
    if n > 2:
        s += w
        del w
    return s


@case(args=lambda: (0.3, 1.2), argnums=(0, 1))
def constant_tuple_loops(x, y):
    s = 0.0
    for w in (0.5, -1.0, x, y * x):
        for c, d in ((1, 0.5), (2, y), (3, x * w)):
            s += w * c * d
            if s > 3.0:
                break
        else:
            s *= x
    return s


@case(args=lambda: (_normal(4), _normal(4, seed=83)), argnums=(0, 1))
def zipped(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        x[i] = a * b
        s += a * i + b * x[-1]
    for i, v in enumerate(x[::-1], 3):
        s += v * i
    for a, b, c in zip(x, y[1:], range(9)):
        s *= 1.0 + 0.1 * a * b * c
    for v in reversed(x):
        s = math.sin(s) * v + s
    return s
