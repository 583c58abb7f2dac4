"""Generators, iterators, enumerations of enumerations: made, handed on, ended, asked for more."""

import functools
import operator

import numpy as np

from .registry import scenario


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _and_the_next(n):
    for i in range(n):
        yield i
        for j in range(1, 3):
            yield i + j


def _of_several_types(x):
    yield x
    yield x + 1.5
    yield x + 1j


def _ends_early(x, y, z):
    for _ in range(3):
        yield z
        yield y + z
    return
    yield x


def _of_nothing():
    if 0:
        yield 1


def _without_end(a, b):
    x = a + 1
    while True:
        y = b + 2
        yield x + y


def _with_defaults(x=1, y=2, flag=False):
    other = not flag
    yield x
    if other:
        yield y
    if flag:
        yield x + y


@scenario(lambda: (5,), argnums=())
def made_into_lists(n):
    return list(_and_the_next(n)), list(_ends_early(n, 6, 7)), list(_of_nothing())


@scenario(lambda: (5,), argnums=())
def numbers_of_several_types(n):
    total = 0.0
    for v in _of_several_types(n):
        total += v
    return total


@scenario(lambda: (5,), argnums=())
def asked_for_nothing(n):
    return next(_of_nothing()) + n


@scenario(lambda: (5,), argnums=())
def asked_without_end(n):
    g = _without_end(5, 6)
    found = []
    for _ in range(n):
        found.append(next(g))
    return found


@scenario(lambda: (4,), argnums=())
def called_by_names(n):
    a, b = list(_with_defaults(2, 3)), list(_with_defaults(n))
    return a, b, list(_with_defaults(y=5)), list(_with_defaults(x=6, flag=True))


@scenario(lambda: (_normal(2, 3),))
def indices_and_elements(a):
    def elements(a):
        for v in a.flat:
            yield v

    def all_indices(shape):
        for index in np.ndindex(shape):
            yield index

    total = 0.0
    for v in elements(a):
        total += v * v
    for i, j in all_indices((2, 3)):
        total += a[i, j] * (i + 10 * j)
    return total


@scenario(lambda: (1.3,))
def none_among_them(x):
    def some():
        yield None
        yield x

    total = 0.0
    for v in some():
        if v is not None:
            total += v
    return total


@scenario(lambda: (5,), argnums=())
def pairs_as_items(n):
    def pairs():
        yield 1, n
        yield 3, 4

    return list(pairs())


@scenario(lambda: (_normal(4), _normal(4, seed=1)), argnums=(0, 1))
def two_arrays_in_turns(a, b):
    def in_turns(a, b):
        for x, y in zip(a, b):
            yield x
            yield y

    total = 1.0
    for v in in_turns(a, b):
        total += v * total
    return float(total)


@scenario(lambda: (_normal(4),))
def one_array_again_and_again(a):
    def repeated(a):
        for _ in range(a.size):
            yield a

    out = np.zeros_like(a)
    for x in repeated(a):
        for i in range(4):
            out[i] += x[i] * x[0] + x[1]
    return out[0] * out[2]


@scenario(lambda: (_normal(4),))
def three_that_hand_on(a):
    def changing(a, n):
        for i in range(n):
            yield a[i]
            a[i] += i

    def doubled(n):
        for i in changing(a, n):
            yield i * 2
        for i in range(a.size):
            yield a[i]

    def twice(n):
        for i in doubled(n):
            yield i + i

    total = 1.0
    for v in twice(4):
        total += v * total
    return float(total)


@scenario(lambda: (1.3, 5))
def arrays_made_one_by_one(x, n):
    def directions(n):
        for _ in range(n):
            v = np.empty(3)
            v[:] = 12 * x
            yield v

    made = list(directions(n))
    return made[0][1] * made[4][2]


@scenario([lambda: (10.0,), lambda: (0.0,)], argnums=())
def waits_in_an_attempt(x):
    def once(x):
        if x > 0:
            try:
                yield 7.0
                raise ValueError("behind it")
            except Exception:
                yield 9.0

    return next(once(x), 1.0), list(once(x))


@scenario(lambda: (1.3, 5), refused="SSAD0107")
def ended_by_the_loop(x, n):
    ended = [0.0]

    def counted():
        try:
            for i in range(n):
                yield x * i
        finally:
            ended[0] += x

    total = 0.0
    for v in counted():
        total += v
        if v > 3:
            break
    return total * ended[0]


@scenario(lambda: ((1, "a", 3.0, np.ones(4)), 1.2), argnums=1)
def items_of_every_kind(items, x):
    total = 0.0
    for item in items:
        if isinstance(item, str):
            total += x
        elif isinstance(item, np.ndarray):
            total += item[0] * x
        else:
            total += item * x
    return total


@scenario(lambda: ((1, 2, 3),), argnums=())
def loops_over_tuples(items):
    total = 0
    for i in items:
        total += i
        for j in items + (4, 5, 6):
            total += 1 - j
            if j > 5:
                break
        else:
            total -= 2
    for i in items:
        total -= i % 2
    return total


@scenario(lambda: (1.3,))
def enumerated_twice(x):
    total = 0.0
    for i, (j, pair) in enumerate(enumerate(((1.5, x), (99.3, 3.4)), 42)):
        for v in pair:
            total += i * j * v * x
        total *= 2
    return total


@scenario(lambda: (1.3,), refused="SSAD0202")
def enumerated_from_a_float(x):
    total = 0.0
    for i, v in enumerate((x, 2.5), 3.14):
        total += i * v
    return total


@scenario(lambda: (5,), argnums=())
def zipped(n):
    total = 0.0
    for _ in zip():
        total += 1
    for (i,) in zip((1, 2)):
        total += i
    for i, j, k in zip((1, n), (3, 4, 5), (6.7, 8.9)):
        total += i * j * k
    rest = iter(range(7))
    return total, list(zip(range(3), rest)), list(rest)


@scenario(lambda: ([0, 1, 2, 3, 4],), argnums=())
def filtered_and_folded(xs):
    return list(filter(lambda v: v % 2, xs)), functools.reduce(operator.add, xs)


@scenario([lambda x=x, y=y: (x, y) for x in (-1, 0, None) for y in (-1, 0, None)], argnums=())
def any_or_all(x, y):
    if x is None and y is None:
        return all([]), any([])
    elif x is None:
        return all([y]), any([y])
    elif y is None:
        return all([x]), any([x])
    return all([x, y]), any([x, y])


@scenario(lambda: ((1.5, 2.5, 0.5), 3.0), argnums=(0, 1))
def extremes(t, x):
    return max(t) * min(t) + max([x, 1.0]) * min((x, 2.0, 1.5))


@scenario(lambda: (5,), argnums=())
def the_greatest_of_nothing(n):
    return max(())


@scenario(lambda: (5,), argnums=())
def summed_from_a_start(n):
    def both(xs, start=0):
        first = sum(xs, start)
        return sum(xs, start=start), first

    return both([1, 2]), both([1, 2], 3), both((1.0, 2.0), n)
