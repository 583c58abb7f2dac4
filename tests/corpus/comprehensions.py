"""Comprehensions and generator expressions: conditional, nested, with tuples, left early, raising."""

import functools
import itertools

import numpy as np

from .registry import case


def _normal(*shape, seed=61):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(6),), argnums=0)
def squares(x):
    ys = [v * v for v in x]
    return ys[0] * ys[-1] + sum(ys)


@case(args=lambda: (_normal(8),), argnums=0)
def conditional(x):
    ups = [v for v in x if v > 0 if v < 2.0]
    signs = [v if v > 0 else -2.0 * v for v in x]
    return sum(ups) * sum(signs) + len(ups)


@case(args=lambda: (_normal(3), _normal(4, seed=62)), argnums=(0, 1))
def two_loops(x, y):
    products = [a * b * (i + 1) for i, a in enumerate(x) for b in y if a + b > -1.0]
    return sum(products) * len(products)


@case(args=lambda: (_normal(4),), argnums=0)
def nested(x):
    rows = [sum([a * b * (k + 1) for k, b in enumerate(x)]) for a in x]
    return max(rows) * rows[0] + [v for v in [w + 1.0 for w in rows] if v > rows[1]][0]


@case(args=lambda: (_normal(5), _normal(5, seed=63)), argnums=(0, 1))
def tuples_in_and_out(x, y):
    pairs = [(a * b, k) for k, (a, b) in enumerate(zip(x, y))]
    return sum(v * k for v, k in pairs) + sum([a - b for a, b in zip(x, y[::-1])])


@case(args=lambda: (_normal(5), 0.7), argnums=(0, 1))
def sums_of_generators(x, scale):
    mean = sum(v for v in x) / len(x)
    variance = sum((v - mean) ** 2 for v in x) / (len(x) - 1)
    return variance * scale + max(abs(v) * scale for v in x) - min((v * scale for v in x), default=0.0)


@case(args=lambda: (_normal(5),), argnums=0)
def sorted_and_listed(x):
    low, *_, high = sorted(v * v for v in x)
    ys = list(v + 1.0 for v in reversed(x))
    return low * high + ys[0] * ys[1]


@case(args=[lambda: (_normal(5), 0.5), lambda: (_normal(5), 100.0)], argnums=0)
def any_and_all(x, limit):
    s = 0.0
    if any(v > limit for v in x):
        s += x[0]
    if all(v < limit for v in x):
        s += x[1] * 3
    if not any(v == limit for v in x) and all(v * v >= 0 for v in x if v > 0):
        s += x[2] * 5
    return s * (any(v for v in ()) + 2)


@case(args=lambda: (1.5,), argnums=0)
def stops_where_the_answer_is_known(x):
    found = any(1 / (3 - i) > 0.4 for i in range(9))
    failed = all(1 / (i - 2) < 0 for i in range(1, 9, 2))
    return x * (found + 2 * failed)


@case(args=lambda: (_normal(6),), argnums=0)
def walrus(x):
    ys = [t * last for v in x if (t := v * v) > 0.1 and (last := v)]
    return ys[0] * t + last


@case(args=lambda: (_normal(3), 2.0), argnums=(0, 1))
def variables_of_its_own(x, v):
    k = 3
    ys = [v * k for v in x for k in range(2)]
    zs = [k * v for y in ys]
    return ys[1] * v * k + zs[0]


@case(args=lambda: (_normal(4),), argnums=0)
def in_loops_and_calls(x):
    total = 0.0
    for n in range(1, 4):
        row = [v / n for v in x]
        total += weighted(row, n) + weighted([v * n for v in x[:n]], n)
    return total


def weighted(values, n):
    values.append(float(n))
    return sum([float(v) * (k + n) for k, v in enumerate(values)])


@case(args=lambda: (_normal(4),), argnums=0)
def captured_by_a_comprehension(x):
    scale = x[0]
    scale *= 2.0
    ys = [scale * v for v in x]
    scale += 1.0
    f = lambda t: [t * scale + v for v in x][1]
    return sum(ys) * scale + f(x[2])


@case(args=[lambda: (np.array([2.0, 4.0]), 0), lambda: (np.array([2.0, 4.0]), 3)], argnums=0)
def caught_outside(x, n):
    try:
        ys = [v / (n - k) for k, v in enumerate([float(v) for v in x])]
        s = ys[0] * ys[1]
    except ZeroDivisionError:
        s = sum(v * v for v in x)
    return s


@case(args=lambda: (np.ones(3), 2), argnums=0, raises=ZeroDivisionError)
def raises_inside(x, n):
    return sum([float(v) / (k - n) for k, v in enumerate(x)])


@case(args=lambda: (np.ones(3),), argnums=0, raises=IndexError)
def raises_before_the_answer(x):
    return x[0] * all(x[k] > 0 for k in range(4))


@case(args=lambda: (_normal(3),), argnums=0)
def every_way_to_end(x):
    v = x[0]
    [v + w for v, w in zip(x, x)]
    x2 = [v + w for v, w in zip(x, x)]
    v = [v * 2.0 for v in x2]
    (y, *z), s = [v for v in v], [w for v in v for w in (v, v)]
    return v[0] * x2[1] + y * z[0] + s[3]


@case(args=[lambda: (1.3, 3), lambda: (-0.4, 4), lambda: (0.2, 0)], argnums=0)
def nested_generator_expressions(x, n):
    rows = [[x * i + j for j in range(3)] for i in range(n)]
    total = sum(v * v for row in rows for v in row if v > 0.0)
    if any(v > 3.0 for row in rows for v in row):
        total *= x
    if all(i + j * k < 9 for i in range(n) for j in range(i) for k in range(2)):
        total += x
    total += max((x * i - j * j for i in range(n) for j in range(2) if i != j), default=x * x)
    ordered = sorted(x * i - j * k for i in range(n) for j in range(2) for k in range(j + 1))
    return total + (ordered[-2] if ordered else 0.0)


def _weighted(values, weight=1.0):
    return weight * sum(values)


@case(args=[lambda: (1.3, 3), lambda: (-0.4, 4)], argnums=0)
def generator_expressions_as_arguments(x, n):
    total = functools.reduce(lambda a, b: a * b, (x + k for k in range(n)), 1.0)
    for a, b in zip((x, 2.0 * x), (y * x for y in (1.0, 2.0))):
        total += a * b
    for v in itertools.chain([x], (y * x for y in range(n)), (x for _ in range(2))):
        total += v * v
    for v in itertools.accumulate(x * k for k in range(n)):
        total += v
    total += _weighted((x * k for k in range(n)), 2.0) + _weighted(weight=x, values=(x for _ in range(2)))
    inner = min(sum(v for v in pair) for pair in ((x, 1.0), (2.0, x)))
    return total * inner + sum(sorted((v * x for v in (3.0, 1.0)), reverse=True)[:1])


@case(args=[lambda: (1.3, 3), lambda: (0.7, 4)], argnums=0)
def in_handlers(x, n):
    total = 0.0
    for i in range(n):
        try:
            total += [v / i for v in (x, x * x)][1]
        except ZeroDivisionError:
            ys = [v * v for v in (1.0, x)]
            weights = {k: x * v for k, v in zip(("a", "b"), ys)}
            total += [[v * w for v in (1.0, x)][1] for w in (weights["b"], x)][1]
            for w in [2.0 * u for u in ys if u > 0.6]:
                total += w
            continue
        finally:
            total += sum([q * x for q in (x, 2.0)])
        total *= x
    try:
        return ys[n] * total
    except IndexError:
        return sum([y * total for y in ys])
