"""Generators: functions, methods, inner functions, expressions; gone through by loops, reductions, `next`."""

import itertools
import math
import operator

import numpy as np

from .registry import case


def _normal(*shape, seed=227):
    return np.random.default_rng(seed).normal(size=shape)


def powers(a, n=4, *, scale=1.0):
    p = scale
    for _ in range(n):
        yield p
        p *= a


def newton(a):
    x = a
    while True:
        yield x
        x = 0.5 * (x + a / x)


def pairs(x, t):
    """Several yields, in nested loops, with conditions, and an early end."""
    for i in range(len(x)):
        if x[i] > t * 5.0:
            return
        for j in range(i):
            if x[i] * x[j] > 0.0:
                yield x[i], x[j]
            elif j == 1:
                continue
        yield x[i], t


def nested(a, n):
    for k, p in enumerate(powers(a, n)):
        for q in powers(p, 2, scale=0.5):
            yield k * p * q


class Series:
    def __init__(self, x):
        self.x = x
        self.asked = 0

    def terms(self, t):
        for e in self.x:
            self.asked += 1
            yield e * t**self.asked


@case(args=lambda: (0.7, 1.3), argnums=(0, 1))
def gone_through_by_loops(a, t):
    total = 0.0
    for p in powers(a):
        total += p * t
    for x in newton(t + 2.0):
        if abs(x * x - t - 2.0) < 1e-9:
            break
        total += 0.01 * x
    else:
        total += 100.0
    for v in nested(a, 3):
        total = 0.5 * total + math.sin(v)
    return total * x


@case(args=[lambda: (_normal(5), 0.4), lambda: (_normal(5) + 3.0, 0.4)], argnums=(0, 1))
def several_yields(x, t):
    total = 0.0
    for a, b in pairs(x, t):
        total += a * b * t
        if total > 50.0:
            break
    return total


@case(args=lambda: (_normal(4), 0.6), argnums=(0, 1))
def of_methods_and_inner_functions(x, t):
    series = Series(x)

    def scaled(n):
        for k in range(n):
            yield x[k] * t
            x[k] *= 2.0  # between the one and the next

    total = 0.0
    for v in scaled(3):
        total += v * x[0]
    for n, v in enumerate(series.terms(t), 1):
        total += v / n
    return total + series.asked


@case(args=lambda: (_normal(6), 0.6), argnums=(0, 1))
def expressions(x, t):
    total = 0.0
    for v in (e * t for e in x if e > -0.5):
        total += v * v
    squares = (e * e for e in x)
    first = next(squares)
    for k, v in enumerate(squares):
        total += k * v * first
        if k == 2:
            break
    return total + sum(squares)


@case(args=lambda: (0.8, 1.2), argnums=(0, 1))
def reductions_and_next(a, t):
    rest = powers(a, 5)
    total = next(rest) + 2.0 * next(rest)
    listed = list(rest)
    total += listed[0] * len(listed) + next(rest, t)
    if any(p > t for p in powers(t)) and all(p > 0.0 for p in powers(a)):
        total += sum(powers(t, 3)) + max(powers(t, 3, scale=a)) - min(powers(a))
    return total + sum(map(lambda p: p * p, powers(a, 3)))


@case(args=lambda: (_normal(5) + 1.0, 0.9), argnums=(0, 1))
def iterators_of_the_library(x, t):
    total = 0.0
    for v in filter(lambda e: e > t, x):
        total += v * v
    for v in itertools.accumulate(x, operator.mul, initial=t):
        total += v
    for a, b in itertools.pairwise(itertools.accumulate(x)):
        total += a * b
    for v in itertools.chain(x, x[::2]):
        total *= 1.0 + 0.01 * v
    for k, v in enumerate(itertools.repeat(t, 3)):
        total += k * v
    for k, e in zip(itertools.count(1, 2), x):
        total += k * e
    for v in itertools.takewhile(lambda e: e < 2.0, itertools.dropwhile(lambda e: e < 1.0, x)):
        total += v * t
    for v in itertools.islice(newton(t + 1.0), 1, 6, 2):
        total += v
    return total


@case(args=lambda: (_normal(3), 0.4), argnums=(0, 1))
def zipped_and_ended(x, t):
    total = 0.0
    for (k, p), e in zip(enumerate(powers(t, 9)), x):
        total += k * p * e
    rest = powers(t, 1)
    total += next(rest)
    try:
        total += next(rest) * 100.0
    except StopIteration:
        total *= t
    return total


def asking(t):
    rest = powers(t, 2)
    while True:
        yield next(rest)


@case(args=lambda: (0.4,), raises=RuntimeError)
def asked_once_too_often(t):
    total = 0.0
    for p in asking(t):
        total += p
    return total


def failing(x):
    for e in x:
        yield math.sqrt(e)


@case(args=lambda: (np.array([1.0, -1.0]),), raises=ValueError)
def raises_while_it_goes_on(x):
    total = 0.0
    for v in failing(x):
        total += v
    return total


@case(args=lambda: (_normal(4), 0.7))
def iterators_of_what_has_items(x, t):
    its = iter(x)
    first = next(its)
    total = first * t
    for e in its:
        total += e * e
    grown = [t, t * t]
    entries = iter(grown)
    total += next(entries)
    grown.append(total * 0.5)
    for g in entries:
        total += math.sin(g)
    pair = iter((t, t + 1.0))
    a = next(pair)
    b = next(pair)
    return total * a + b + next(pair, 2.0) + next(iter(range(3, 5))) + next(iter(()), t)


@case(args=lambda: (_normal(3), _normal(3, seed=5), 0.7))
def zipped_strictly(x, y, t):
    total = 0.0
    for a, b, k in zip(x, y, (1.0, 2.0, 3.0), strict=True):
        total += a * b * k
    for n, (a, b) in enumerate(zip(powers(t, 3), x, strict=True)):
        total += a * b * n
    return total


@case(args=lambda: (_normal(3), _normal(3), np.ones(2)), raises=ValueError)
def zipped_with_one_too_few(x, y, z):
    total = 0.0
    for a, b, c in zip(x, y, z, strict=True):
        total += a * b * c
    return total


@case(args=lambda: (_normal(2), _normal(3)), raises=ValueError)
def zipped_with_one_too_many(x, y):
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


def _parts(x, n):
    yield x
    count = yield from _multiples(x, n)
    yield from [x * count, 2.0 * x]
    yield from (x * q for q in range(3))
    s = 0.0
    for k in range(2):
        s += yield from _multiples(x * k, 2)
    return s


def _multiples(x, n):
    for k in range(n):
        yield math.sin(x * k)
        if k == 3:
            return x
    return n * x


@case(args=[lambda: (1.3, 3), lambda: (0.7, 6)])
def delegated(x, n):
    """`yield from` generators, lists and expressions, and what a generator returns."""

    def everything():
        total = yield from _parts(x, n)
        yield total

    s = 1.0
    for v in everything():
        s = s * 0.9 + v
    return s


class _Doubling:
    def __init__(self, x):
        self.x = x

    def __enter__(self):
        return 2.0 * self.x

    def __exit__(self, kind, error, traceback):
        return kind is not None and issubclass(kind, ZeroDivisionError)


def _careful(xs):
    for k, x in enumerate(xs):
        try:
            y = math.log(x)
        except ValueError as error:
            y = -1.0 * len(error.args)
        else:
            y *= 2.0
        finally:
            z = y + 1.0
        yield y * z
        with _Doubling(x) as twice:
            y = twice / (k - 1)
        yield y


@case(args=[lambda: (1.3,), lambda: (-0.4,)])
def careful_between_the_yields(x):
    """`try` and `with` in a generator; the values go on from one `yield` to the next."""
    s = 0.0
    for v in _careful((x, -x, 2.0 * x)):
        s = s * 0.5 + v
    return s


@case(args=lambda: (1.3, 3))
def captured_further_in(x, n):
    """A generator hands on to an expression, and to a lambda, variables of the function around it."""
    scale = 0.5

    def walk(k):
        if k > 0:
            yield x * k
            yield from (x**j * scale for j in range(k))
            twice = lambda v: v * x * scale
            yield twice(k)

    def rescale():
        nonlocal scale
        scale *= 3.0

    s = 0.0
    for v in walk(n):
        s += v
        rescale()
    return s


@case(args=[lambda: (_normal(7), 1.3), lambda: (_normal(6), 0.4)], argnums=(0, 1))
def in_groups(x, t):
    """An iterator that is zipped with itself gives pairs, and triples; a rest is taken and lost."""

    def powers(n):
        for k in range(n):
            yield t**k

    values, growing = iter(x), powers(8)
    total = sum(a * b for a, b in zip(values, values))
    for a, b, c in zip(growing, growing, growing):
        total += a - b * c
    for a, b in zip(powers(4), powers(3)):
        total += a * b
    return total + next(growing, 10.0) + next(values, 20.0)


@case(args=[lambda: (1.3, 5), lambda: (0.4, 3)], argnums=0)
def yields_in_attempts(x, n):
    """Handlers around `yield` get what the generator raises, not what the loop does that goes through it."""

    def quotients():
        for k in range(n):
            try:
                yield x / (k - 2)
            except ZeroDivisionError:
                yield x * 10.0

    def careful():
        k = 0
        while k < n:
            try:
                y = x * k
                yield y
                if k == 3:
                    raise ValueError("three")
                yield y * y
            except (ValueError, KeyError) as error:
                yield -y
                if k > 10:
                    raise KeyError("late") from error
            else:
                yield 1.0
            k += 1

    def handed_on():
        try:
            yield from careful()
            yield x / (n - 5)
        except ZeroDivisionError:
            yield 3.0 * x

    total = 0.0
    for v in quotients():
        total = total * 0.5 + v * v
    for v in handed_on():
        total = total * 0.3 + v * v
    try:
        for v in careful():
            if v > 1.0:
                raise ValueError("outside")
            total += v
    except ValueError:
        total *= x
    return total


@case(args=lambda: (_normal(4),))
def one_name_for_items_and_indices(x):
    """A variable of a generator that is a float in one loop and an index in the next."""

    def halves():
        for i in x:
            yield 0.5 * i
        for i in range(len(x)):
            yield x[i] * i

    total = 1.0
    for v in halves():
        total += v * total
    return total
