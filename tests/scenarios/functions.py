"""Calls, recursion, closures, generators, iterators, builtins."""

import functools
import itertools
import math
import operator as op

import numpy as np

from .registry import scenario


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@scenario(lambda: (2.0, 3))
def nested_def(a, n):

    def f(a, n):
        return a * n

    for i in range(n):
        a = f(a, a)
    return a


@scenario(lambda: (3.0, 2.0), argnums=(0, 1))
def swapped_arguments(a, b):
    return a * b if a < b else swapped_arguments(b, a) + a


@scenario(lambda: (_normal(5),))
def recursive_sum(x):
    if len(x) == 0:
        return 0.0
    return x[0] + recursive_sum(x[1:])


@scenario(lambda: (_normal(3), _normal(3, seed=1)), argnums=(0, 1))
def mapped(x, y):
    r = list(map(lambda a, b: math.sin(math.cos(math.exp(a)) + math.exp(b) * math.sin(b)), x, y))
    return r[0] * r[1] + r[2]


def _given(*xs):
    return xs


@scenario(lambda: (1.1,))
def star_arguments(x):
    (a,) = _given(x)
    b, c = _given(x, x * x)
    return a * b * c + len(_given())


@scenario(lambda: (1.1,))
def splatted(x):
    t = (x, 2 * x, 3 * x)
    return _given(*t)[1] * _given(*t[1:])[1]


@scenario(lambda: (1.1, 4))
def generators(x, n):

    def g1(n):
        yield 1.0
        yield x
        for i in range(n):
            yield (i * x)

    def g2(a, b):
        while True:
            yield a
            a, b = (b, a + b)

    s = 0.0
    for v in g1(n):
        s += v * v
    k = 0
    for v in g2(x, 1.0):
        k += 1
        if k > 5:
            break
        s += v
    it = g1(2)
    s += next(it) * next(it)
    return s + sum(v for v in g1(2))


@scenario(lambda: (1.1, 3))
def generator_in_a_generator(x, n):

    def inner(n):
        for i in range(n):
            yield (i * x)

    def outer(n):
        yield x
        yield from inner(n)

    s = 0.0
    for v in outer(n):
        s += v * v
    return s


@scenario(lambda: (1.1, 3))
def generator_returns(x, n):

    def g(n):
        for i in range(n):
            if i == 2:
                return
            yield (x * i)

    s = 0.0
    for v in g(n):
        s += v
    return s


@scenario(lambda: (1.1, 3))
def generators_zipped(x, n):

    def g(n):
        for i in range(n):
            yield (x * i)

    s = 0.0
    for i, (a, b) in enumerate(zip(g(n), g(n + 1))):
        s += i * a * b
    return s


@scenario(lambda: (1.1,))
def closures(x):

    def add(y):

        def inner(z):
            return x + y + z

        return inner

    f = add(2 * x)
    g = lambda k: f(k) * add(1.0)(k)
    return g(x)


@scenario(lambda: (1.1, 3))
def counter(x, n):
    c = 0.0

    def inc():
        nonlocal c
        c += x
        return c

    for _ in range(n):
        inc()
    return c * inc()


@scenario(lambda: (1.1, 7))
def builtins(x, n):
    a, b = divmod(n, 3)
    s = sum(x * i for i in range(n) if i % 2) + abs(-x) + pow(x, 3) + round(x * 10) / 10 + pow(n, 2)
    s += min(x, 2.0, n) + max([x, x * x]) + float(any([x > 1, x > 2])) * x + all((x > 0,)) * x
    s += functools.reduce(lambda p, q: p * q, (x, 2.0, x)) + functools.reduce(op.add, [x, x * x], 0.0)
    s += sum(map(op.mul, [x, 2.0], [3.0, x])) + sum(filter(lambda v: v > 1, [x, 0.5]))
    for i, v in enumerate(reversed([x, 2 * x]), start=1):
        s += i * v
    for p, q, r in zip((1, 2), [x, x * x], range(5)):
        s += p * q * r
    s += len(range(n)) * x + bool(n) * x + int(x) * x
    return s + a + b


@scenario(lambda: (1.1, 4))
def itertools_(x, n):
    s = 0.0
    for a, b in itertools.product(range(n), (x, 2 * x)):
        s += a * b
    for a, b in itertools.combinations([x, 2 * x, 3 * x], 2):
        s += a * b
    for v in itertools.chain([x], (2 * x,), range(2), np.array([x, 3.0])):
        s += v
    for v in itertools.accumulate([x, x, x]):
        s += v
    for a, b in itertools.pairwise([x, 2 * x, 4 * x]):
        s += a * b
    for v in itertools.islice(itertools.count(1), 3):
        s += v * x
    return s


@functools.lru_cache
def cached(x):
    return x * x


@scenario(lambda: (1.1,))
def remembered_calls(x):
    return cached(x) * 2


@scenario(lambda: (1.1, 3))
def even_and_odd(x, n):

    def even(k):
        return x if k == 0 else odd(k - 1) * 1.1

    def odd(k):
        return 1.0 if k == 0 else even(k - 1) * x

    return even(n)


@scenario(lambda: (1.1, 3))
def recursive_with_a_default(x, n):

    def power(k, acc=1.0):
        return acc if k == 0 else power(k - 1, acc * x)

    return power(n)


@scenario(lambda: (1.1,))
def function_by_condition(x):
    fs = [math.sin, math.cos, lambda v: v * v]
    s = 0.0
    for f in fs:
        s += f(x)
    return s * fs[1](x)


@scenario(lambda: (1.1, 2))
def function_by_index(x, i):
    fs = (math.sin, math.cos, math.exp)
    return fs[i](x)


@scenario(lambda: (1.1, 3))
def printed(x, n):
    print("x =", x, f"{n:03d}")
    return x


@scenario(lambda: (1.3, 5), refused="SSAD0114")
def printed_with_a_star(x, n):
    a = [x, 2 * x]
    print(*a)
    return max(*a)


@scenario(lambda: (1.3, 5))
def lambda_default(x, n):
    fs = [lambda y, k=k: y * k for k in range(n)]
    return fs[3](x) + fs[-1](x)


@scenario(lambda: (1.3, 3))
def towers(x, n):

    def hanoi(k, a, b, c):
        if k == 0:
            return 0.0
        return hanoi(k - 1, a, c, b) + a * x + hanoi(k - 1, c, b, a)

    return hanoi(n, 1.0, 2.0, 3.0)


def _ackermann(m, n, x):
    if m == 0:
        return n + x
    if n <= 0:
        return _ackermann(m - 1, 1.0, x)
    return _ackermann(m - 1, _ackermann(m, n - 1, x), x)


@scenario(lambda: (1.0,), argnums=0)
def ackermann(x):
    return _ackermann(1, 3.0, x)
