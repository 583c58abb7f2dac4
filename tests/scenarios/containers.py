"""Tuples, lists, dicts: as arguments, made inside, changed."""

import bisect
import heapq
import math
import operator as op
from typing import NamedTuple

import numpy as np

import ssad

from .registry import scenario


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@scenario(lambda: ({"b": _normal(3), "a": _normal(2), "z": 1.5},))
def keys_sorted(d):
    s = 0.0
    for i, k in enumerate(sorted(d)):
        v = d[k]
        if k == "z":
            s += v * v
        else:
            for w in v:
                s += math.sin(w) * (i + 1.0)
    return s


@scenario(lambda: ({"b": 1.0, "a": 2.0},))
def items_sorted(d):
    s = 0.0
    for i, (k, v) in enumerate(sorted(d.items(), key=op.itemgetter(0))):
        s += v * v * (i + 1)
    for v in d.values():
        s += math.sin(v)
    for k in sorted(d.keys()):
        s += d[k] ** 3
    return s


@scenario(lambda: ({"b": 1.0, "a": 2.0}, 2.0), argnums=(0, 1))
def dict_get(d, x):
    return d.get("a", x) ** 2 + d.get("q", x) ** 3


@scenario(lambda: (1.3,))
def dict_made(x):
    d = dict([("a", x)], b=x * x)
    e = dict({"a": x}, c=2 * x)
    f = dict()
    f.update(d)
    return d["a"] * d["b"] + e["c"] * len(f)


@scenario(lambda: ({"x": 1.0},))
def dict_asserted(d):
    assert isinstance(d, dict)
    return d["x"] * 2


@scenario(lambda: ((1.0, 2.0, 3.0),))
def tuple_asserted(t):
    assert isinstance(t, tuple)
    return t[0] * t[-1]


@scenario(lambda: (5.0,))
def gradient_inside(x):

    def inner(y):
        return y[0] * y[1]

    g = ssad.grad(inner)((x, x))
    return math.sin(g[0]) + g[1]


@scenario(lambda: ([_normal(3), _normal(2), _normal(4)],))
def lists_sliced(xs):
    a = xs[1:]
    b = xs[::-1]
    s = 0.0
    for v in a:
        s += v[0]
    for v in b + a:
        s += v[1] ** 2
    return s


@scenario(lambda: ([1.0, 2.0, 3.0],), refused="SSAD0154")
def lists_made(xs):
    ys = [2 * v for v in xs] + xs
    t = tuple(ys[:2])
    return t[0] * ys[-1]


@scenario(lambda: ((1.0, (2.0, [3.0, 4.0]), {"k": 5.0}),))
def nested_tree(t):
    a, (b, (c, d)), e = t
    return a * b + c * d * e["k"]


@scenario(lambda: (1.2,), refused="SSAD0150")
def sum_of_a_display(a):
    b = [1, a * a, 2]
    return np.sum(b)


@scenario(lambda: (_normal(3),), refused="SSAD0150")
def sum_of_a_comprehension(a):
    return np.sum([i * 3 for i in a])


@scenario(lambda: (1.2, 2.0, 3.0, 2))
def tuple_by_index(a, b, c, i):
    x = (a, b, c)
    return x[i]


@scenario(lambda: ((1.0, 2.0, 3.0),))
def dict_of_names(t):
    a, b, c = t

    def sax(d):
        return d["a"] * d["b"] + d["c"]

    return sax(dict(a=a, b=b, c=c))


@scenario(lambda: (1.1, False))
def number_or_constant(x, b):
    t = (x if b else 5, None)
    return t[0] * x


@scenario(lambda: (1.1,))
def nested_tuples(x):
    t = ((((x,),), x), x)
    return t[0][0][0][0] * t[1]


@scenario(lambda: (tuple(float(i) for i in range(60)),))
def sixty_items(t):
    return sum(math.cos(v) for v in t)


OUTSIDE = [5.0, 2.0]


@scenario(lambda: (1.1, True))
def list_outside(x, use):
    v = OUTSIDE[0] if use else 1
    return math.sin(v * x)


@scenario(lambda: (1.1, 6))
def list_methods(x, n):
    l = list(range(n))
    l.insert(2, 7)
    l.remove(3)
    l.reverse()
    l.extend([1, 2])
    l.pop(0)
    del l[0]
    return x * sum(l) + l.index(1) * x + l.count(1)


@scenario(lambda: (1.1, 6))
def list_del_slice(x, n):
    l = [x * i for i in range(n)]
    del l[1:3]
    l[1:2] = [x, x]
    return l[0] + l[2] * len(l)


@scenario(lambda: (1.1, 6))
def lists_compared(x, n):
    a = [x, 1.0]
    b = [x, 2.0]
    s = 0.0
    if a < b:
        s += x
    if a != b:
        s += 2 * x
    if a <= [x, 1.0]:
        s += 3 * x
    return s


@scenario(lambda: (1.1, 6))
def list_multiplied(x, n):
    l = [x]
    l *= 3
    l += [2 * x]
    m = l
    m.append(x)
    return sum(l) * len(l)


@scenario(lambda: (1.1, 6))
def lists_sorted(x, n):
    l = [(x * (7 * i % 5), i) for i in range(n)]
    l.sort()
    m = sorted(l, key=lambda t: -t[1])
    m.sort(key=lambda t: t[0], reverse=True)
    return l[0][0] + l[1][0] * m[0][0]


class Point(NamedTuple):
    x: float
    y: float = 2.0


@scenario(lambda: (1.1, 1))
def tuples(x, i):
    t = (x, 2 * x, 3 * x)
    u = t[1:] + t[:1]
    p = Point(x)
    q = p._replace(y=x * x)
    return u[i] * q.y + p[1] + t.index(2 * x) + t.count(x) + len(q) + max(t) * min(u)


@scenario(lambda: (1.1,))
def tuples_compared(x):
    return x if (x, 1) < (x, 2) and (1, x) == (1, x) and ((x,) in ((x,), (2,))) else 2 * x


@scenario(lambda: (1.1, 3))
def dict_comprehension(x, n):
    d = {k: x * i for i, k in enumerate(("a", "b", "c"))}
    return sum(d.values()) + d["b"]


@scenario(lambda: (1.1, 3), refused="SSAD0156")
def int_keys(x, n):
    d = {}
    for i in range(n):
        d[i] = x * i
    return d[1]


@scenario(lambda: (_normal(4),))
def starred_targets(x):
    a, *m, b = x
    c, *r = (a, b, 1.0)
    return a * b + sum(m) * len(r)


@scenario(lambda: (1.1,))
def multi_return(x):

    def f(a):
        if a > 1:
            return (a, a * a)
        return (0.0, a)

    p, q = f(x)
    return p * q


@scenario(lambda: ({"w": [_normal(2), _normal(3)], "b": (1.0, 2.0)},))
def tree_of_weights(p):
    s = p["b"][0] * p["b"][1]
    for w in p["w"]:
        for v in w:
            s += v * v
    return s


@scenario(lambda: (1.3, 5))
def dict_outside(x, n):
    return x * len(TABLE) + TABLE["k"]


TABLE = {"k": 2.0}


@scenario(lambda: (1.3, 5))
def sorted_reverse(x, n):
    v = [math.sin(x * i) for i in range(n)]
    v.sort(reverse=True)
    w = sorted(v, key=abs)
    return v[0] * w[-1] + max(v, key=lambda q: -q)


@scenario(lambda: (1.3, 5))
def min_default(x, n):
    e = []
    return min(e, default=x) + max([], default=2 * x) + sum([], x)


@scenario(lambda: (1.3, 5))
def zip_dict(x, n):
    d = dict(zip(("a", "b"), (x, x * x)))
    return d["a"] * d["b"]


@scenario(lambda: (1.3, 5))
def dict_loop(x, n):
    d = {"a": x, "b": 2 * x}
    for k in d:
        d[k] *= x
    for k, v in d.items():
        d[k] = v + 1
    return d["a"] * d["b"]


@scenario(lambda: (1.3, 5))
def dict_pop(x, n):
    d = {"a": x, "b": 2 * x}
    y = d.pop("a")
    d.setdefault("c", 3 * x)
    d |= {"e": x}
    return y * d["c"] + len(d)


@scenario(lambda: (1.3, 5), refused="SSAD0113")
def set_of_constants(x, n):
    s = {1, 2, 3}
    return x * 2 if n in s else x


@scenario(lambda: (1.3, 5), refused="SSAD0157")
def loop_over_a_set(x, n):
    s = 0.0
    for k in {1, 2, 3}:
        s += k * x
    return s


@scenario(lambda: (1.3, 6))
def tuple_extended(x, n):
    t = (x,)
    t += (2 * x,)
    t = t * 2
    return t[-1] * len(t)


@scenario(lambda: (1.3, 6))
def list_of_nothing(x, n):
    unused = [object() for _ in ()]
    return x


@scenario(lambda: (1.3, True))
def dict_filled_in_branches(x, flag):
    d = {}
    if flag:
        d["a"] = x
        d["b"] = x * x
    else:
        d["a"] = 2 * x
    total = 0.0
    for i, v in enumerate(d.values()):
        total += (i + 1) * v
    return total * max(d.values()) + len(d.values())


@scenario(lambda: (1.3,))
def dict_filled_later(x):
    d = {}
    d["a"] = x
    d["b"] = (x, 2 * x)
    total = 0.0
    for k, v in d.items():
        if k == "a":
            total += v
        else:
            total += v[0] * v[1]
    return total + sum(1 for _ in d) + (x if "b" in d.keys() else 0.0)


@scenario(lambda: (1.3, _normal(3)), argnums=(0, 1))
def dict_of_number_and_array(x, a):
    d = {"n": x, "a": a}
    d["n"] = 2 * x
    d["z"] = x
    total = 0.0
    for i, (k, v) in enumerate(d.items()):
        if k == "a":
            total += (i + 1) * v[0]
        else:
            total += (i + 1) * v
    return total


@scenario(lambda: (1.3,))
def dict_key_taken_out(x):
    d = {"a": x, "b": x * x}
    del d["a"]
    return sum(d.values()) * len(d)


@scenario(lambda: (_normal(2, 3),))
def all_indices(x):
    total = 0.0
    for index in np.ndindex(*x.shape):
        total += x[index] ** 2 * (index[0] + 1)
    for (i, j), v in np.ndenumerate(x):
        total += v * (i - j)
    for k, v in enumerate(x.flat):
        total += k * v
    rows = x.tolist()
    return total * rows[1][0] + rows[0][2]


@scenario(lambda: (_normal(5),))
def heaps(x):
    h = []
    for v in x:
        heapq.heappush(h, (v * v, v))
    size, v = heapq.heappop(h)
    items = [3.0 * x[0], x[1], -x[2], x[3]]
    heapq.heapify(items)
    least = heapq.heapreplace(items, 9.0 * x[0])
    return size * v + least * heapq.heappushpop(items, -5.0) + heapq.nlargest(2, items)[1] * len(h)


@scenario(lambda: (_normal(5),))
def sorted_lists(x):
    items = sorted(x)
    bisect.insort(items, 1.5 * x[0])
    i = bisect.bisect(items, 0.0)
    return items[i] * items[i - 1] + bisect.bisect_left(items, x[0])


@scenario(lambda: (1.3, {"p": 2.0, "q": 0.5}), argnums=(0, 1))
def dicts_unpacked(x, given):
    merged = {**given, "q": 2 * x, **{"r": x}, "p": given["p"] * x}
    total = 0.0
    for i, v in enumerate(merged.values()):
        total += (i + 1) * v
    return total * len({**merged, "s": x})


@scenario(lambda: (tuple(0.01 * k for k in range(450)),))
def many_numbers(t):
    total = 0.0
    for v in t:
        total += math.cos(v)
    return total
