"""Every method and operator of lists, comprehensions, and what is made of them."""

import math
from itertools import product

import numpy as np

from .registry import scenario

INDICES = (0, 1, 3, -1, -2, -6, -5, 7)
FIVE = [lambda: ([1, 2, 3, 4, 5],)]
_LIMIT = 4


@scenario(FIVE, argnums=())
def by_conditions(xs):
    return [i for i in range(1, len(xs) - 1)], [y for y in xs if y < 2], [y if y < 2 else -1 for y in xs]


@scenario(FIVE, argnums=())
def with_inner_functions(xs):
    shift = 3
    shifted = [z + 1 for z in xs]

    def next_one(x):
        return x + 1

    def later(x):
        return x + shift + shifted[0]

    def all_of(x):
        return [y + x[0] for y in x]

    return [next_one(z) for z in xs], [later(z) for z in xs], all_of(shifted)


@scenario(FIVE, argnums=())
def of_numbers_made(xs):
    return [np.float64(z) for z in xs], [float(z) for z in xs], np.array([float(z) for z in xs])


@scenario(FIVE, argnums=())
def of_triples(xs):
    return [(a, b, c) for a in xs for b in xs for c in xs if math.sqrt(a**2 + b**2) == c]


@scenario(FIVE, argnums=())
def of_what_is_outside(xs):
    kept = []
    for i in xs:
        if i < _LIMIT:
            kept.append(i)
    return kept, [i for i in xs if i < _LIMIT], [i for i in xs if i == -1000]


@scenario(FIVE, argnums=())
def of_lists_made_before(xs):
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    a = [y - 1 for y in xs]
    b = [y + 1 for y in xs]
    a.append(1)
    return [x for x in a for y in b if x == y], a, [fib(i) for i in xs]


@scenario(lambda: (10,), argnums=())
def of_what_is_not_in_an_array(n):
    included = np.array([1, 2, 6, 8])
    return [i for i in range(n) if i not in list(included)]


@scenario(lambda: (1.3, 5))
def as_arrays(x, n):
    m = x * 2
    line = np.array([i + m for i in range(n)])
    grid = np.array([[i * j * x for j in range(n)] for i in range(n) if i % 2 == 1])
    stacked = np.array([np.array([x + k for k in range(n)]) for j in range(n)])
    numbers = [1, 2, 3, 4]
    kept = np.array(numbers)
    numbers.append(5)
    return line[2] * grid[1, 3] + stacked[2, 3] * kept[3] + len(kept)


@scenario([lambda: (5,), lambda: (0,)], argnums=())
def rows_of_different_lengths(n):
    return [[x for x in range(y)] for y in range(n)], [[n, n], [n, 2]]


@scenario(lambda: (5,), argnums=())
def no_array_of_rows_of_different_lengths(n):
    return np.array([[1] * i for i in range(n)])


@scenario([lambda n=n: (n,) for n in (0, 3, 16, 70)], argnums=())
def grown_and_emptied(n):
    xs = list(range(n))
    total = 0
    while len(xs) > 0:
        total += len(xs) * xs.pop()
    xs.extend(range(n))
    xs.extend(xs[:-1])
    xs.extend(range(n, 0, -1))
    ys = list()
    return total, xs, ys.append(n)


@scenario([lambda n=n, i=i: (n, i) for n, i in [*product((5,), INDICES), (0, 5), (1, 5)]], argnums=())
def popped_by_index(n, i):
    xs = list(range(n))
    return xs.pop(i), xs


@scenario([lambda n=n: (n,) for n in (0, 3, 16)], argnums=())
def from_the_front_and_the_back(n):
    xs = list(range(n))
    total = 0
    for i in range(len(xs)):
        total += i * xs[i]
        xs[i] = i * xs[i]
    for i in range(-len(xs), 0):
        total -= i * xs[i]
        xs[i] = i * xs[i]
    return total, xs


@scenario([lambda a=a, b=b: (a, b) for a, b in product(INDICES, (0, 2, -6, 9))], argnums=())
def sliced(a, b):
    xs = list(range(10))
    ys = xs[a:b]
    xs[a:b] = list(range(100, 103))
    zs = list(range(10))
    del zs[a:b]
    return ys, xs, zs


@scenario(
    [lambda abc=abc: abc for abc in product((0, 3, -2, -11), (2, -1, 12), (4, 1, -1, 2, -3))], argnums=()
)
def sliced_by_steps(a, b, step):
    xs = list(range(10))
    ys = xs[a:b:step]
    for i in range(len(ys)):
        ys[i] += 100
    xs[a:b:step] = ys
    zs = list(range(10))
    del zs[a:b:step]
    return ys, xs, zs


@scenario([lambda: (5, 2), lambda: (5, 1), lambda: (5, 0)], argnums=())
def too_many_for_a_step(n, step):
    xs = list(range(n))
    xs[0:3:step] = list(range(100, 200))
    return xs


@scenario([lambda v=v, a=a: (v, a) for v, a in product((0, 1, 5, 99), INDICES)], argnums=())
def looked_for(v, a):
    xs = list(range(16, 0, -1))
    found = v in xs, v not in xs, xs.count(v)
    xs.insert(a, v)
    xs.remove(v)
    return found, xs, xs.index(v), xs.index(v, a), xs.index(v, a, -2)


@scenario([lambda: (3, 2), lambda: (0, 1)], argnums=())
def added_and_multiplied(m, n):
    a, b = list(range(m)), list(range(100, 100 + n))
    c = a + b
    c.append(42)
    d, e = a * n, n * b
    a += b
    b *= m
    c.reverse()
    return a, b, c, d, e, bool(a), (True if b else False), a.copy() == a, a < c, a >= c, a != b


@scenario(lambda: (5,), argnums=())
def ints_and_floats_become_floats(n):
    """The one deviation from CPython: a list has one type of number."""
    a, b = [1.0], [2.0]
    a += b
    b += a
    return a, b, [float(y) if y > 3 else float(y) for y in range(n)]


@scenario(lambda: (5,), argnums=())
def the_same_or_alike(n):
    a = list(range(n))
    b = a
    c = a[:]
    flags = [False]
    flags[0] = True
    odd = False
    for flag in flags:
        odd = odd ^ flag
    return a is b, a is not b, a is c, a is not c, flags, odd


@scenario([lambda: ([1.0, 2.0, 3.0, 4.0], [0.0]), lambda: ([1.0, 2.0, 3.0, 4.0], [5.0])])
def lists_of_the_caller(xs, ys):
    if ys[0]:
        xs = [11.0, 22.0, 33.0, xs[0]]
    a = xs.pop()
    b = xs.pop()
    xs[0] = 42.0
    xs.extend(ys)
    return a * b + xs[0] + xs[2]


@scenario(lambda: ([1.0, 2.0],), argnums=())
def changed_before_it_raises(xs):
    xs.append(42.0)
    raise ZeroDivisionError


def _one_twice():
    xs = [1.0, 2.0]
    return xs, xs


@scenario(_one_twice, refused="SSAD0400")
def one_list_twice(xs, ys):
    xs.append(ys.pop())
    return xs[0]


@scenario(lambda: ((5.0, [(1.0, 2.0), (3.0, 4.0)]),))
def a_number_and_tuples(t):
    a, b = t
    total = a
    for v in b:
        total += len(v) * v[0] * v[1]
    return total
