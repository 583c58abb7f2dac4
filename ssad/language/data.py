"""Data."""

from __future__ import annotations

import bisect
import dataclasses
import enum
import heapq
import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class _Halved:
    def __init__(self, value):
        self.value = value

    def __iter__(self):
        return self

    def __next__(self):
        if self.value < 0.1:
            raise StopIteration
        self.value *= 0.5
        return self.value


class _Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class _Spring:
    k: float
    rest: float = 1.0

    def force(self, length: float) -> float:
        return -self.k * (length - self.rest)

    def __add__(self, other: _Spring) -> _Spring:
        return _Spring(self.k + other.k, self.rest)


@dataclass
class _Momentum:
    rate: float
    velocity: float = 0.0

    def step(self, gradient: float) -> float:
        self.velocity = 0.9 * self.velocity - self.rate * gradient
        return self.velocity


class _Buffers:
    def __init__(self, x) -> None:
        self.now, self.next = x.copy(), np.zeros(len(x))

    def step(self) -> None:
        self.next[1] = self.now[0] + self.now[1] * self.now[2]
        self.now, self.next = self.next, self.now


class _Damped(_Momentum):
    def step(self, gradient: float) -> float:
        self.velocity *= 0.5
        return super().step(gradient)


class _Scheme(enum.Enum):
    EULER = 1
    MIDPOINT = 2


_scheme = _Scheme.MIDPOINT


def tuples(x: float = 0.7) -> float:
    """Tuples: packing, unpacking, nesting, slices, swapping."""
    a, (b, *c) = x, (2.0 * x, 3.0, x)
    a, b = b, a
    t = (a, b, *c)
    return t[0] * t[-1] + len(t[1:]) * b


def named_tuples(x: float = 0.7) -> float:
    """`NamedTuple`."""
    p = _Point(x, y=x * x)
    q = p._replace(x=2.0)
    a, b = q
    return p.x * q.x + a * b + p[1]


def frozen_dataclasses(x: float = 0.7) -> float:
    """`dataclass(frozen=True)` with methods and operators."""
    s = _Spring(x) + _Spring(2.0, 0.5)
    s = dataclasses.replace(s, rest=x * s.rest)
    return s.force(2.0)


def mutable_dataclasses(x: float = 0.7, n: int = 3) -> float:
    """`dataclass` whose attributes are assigned."""
    momentum = _Momentum(0.1)
    w = x
    for _ in range(n):
        w += momentum.step(2.0 * w)
    return w * momentum.velocity


def rebound_arrays(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Attributes and captured variables that hold one array first, another one later."""
    buffers = _Buffers(x)
    for _ in range(3):
        buffers.step()
    return buffers.now[1] * buffers.next[1]


def objects_of_several_classes(x: float = 0.7, n: int = 3) -> float:
    """Objects of several classes, chosen at run time."""
    movers = []
    for k in range(n):
        movers.append(_Damped(x) if k % 2 else _Momentum(0.5 * x))
    total = 0.0
    for mover in movers:
        total += mover.step(x) * mover.step(1.0)
    return total if isinstance(movers[0], _Momentum) else 0.0


def values_or_none(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Values that are None on some paths."""
    best = None
    for v in x:
        if best is None or v > best:
            best = v
    return best if best is not None else 0.0


def dictionaries(x: float = 0.7) -> float:
    """Dictionaries with constant string keys."""
    p = {"a": x, "b": {"c": x * x}}
    s = 0.0
    for value in (p["a"], p["b"]["c"], p.get("d", 2.0)):
        s += value
    return s * len(p)


def changed_dictionaries(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Dictionaries whose items are assigned: keys are constant strings."""
    p = {"w": x[0]}
    for v in x:
        p["w"] = 0.5 * p["w"] + v
    p["b"] = p["w"] * x[1]
    return p["b"] + p.get("c", 1.0)


def lists(x: float = 0.7, n: int = 4) -> float:
    """Lists: `append`, `pop`, indexing, assignment to items."""
    values = [x]
    for k in range(n):
        values.append(values[-1] * x + k)
    values[0] = 2.0 * x
    last = values.pop()
    return last * values[0] + len(values)


def lists_of_arrays_and_lists(x: float = 0.7, n: int = 4) -> float:
    """Lists of arrays, of lists, of objects; assignment to slices; `np.array` of rows."""
    history, grid = [], [[0.0] * n for _ in range(n)]
    for k in range(n):
        history.append(np.full(2, x * k))
        grid[k][-1] = history[-1][0] * x
    grid[1:2] = [[x] * n, [1.0] * n]
    rows = np.array(grid)
    return history[2][1] * rows[1, 0] + rows[-1, n - 1]


def list_comprehension(x: float = 0.7) -> float:
    """List comprehensions."""
    powers = [x**k for k in range(4) if k != 2]
    return powers[0] + powers[-1] * powers[1]


def generator_expression(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Generator expressions in `sum`, `any`, `all`, `max`, `min`."""
    s = max(v * v for v in x)
    if any(v > 0.5 for v in x) and all(v < 5.0 for v in x):
        s += sum(v * w for v, w in zip(x, x[1:]))
    return s


def generator_functions(x: float = 0.7, n: int = 4) -> float:
    """Generator functions, `next`."""

    def powers(n: int):
        p = 1.0
        for _ in range(n):
            yield p
            p *= x

    s = 0.0
    for p in powers(n):
        s += p
    return s * next(powers(2))


def delegating_generators(x: float = 0.7, n: int = 4) -> float:
    """`yield from`, `try` around `yield`, and `return` in generators."""

    def inverses(n: int):
        for k in range(n):
            try:
                yield x / k
            except ZeroDivisionError:
                yield x
        return x * x

    def outer():
        last = yield from inverses(n)
        yield last

    s = 0.0
    for y in outer():
        s = s * y + 1.0
    return s


def filtering(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`filter`; `accumulate`, `chain`, `islice`, `pairwise`, ... of `itertools`."""
    s = 0.0
    for v in filter(lambda a: a > 0.0, itertools.accumulate(x)):
        s += v
    return s


def all_elements(x=np.array([[0.3, -1.2], [0.8, 0.1]])) -> float:
    """`np.ndindex`, `np.ndenumerate`, `flat`, `tolist`."""
    s = 0.0
    for i, j in np.ndindex(x.shape):
        s += x[i, j] * (i + 2 * j)
    for (i, _), v in np.ndenumerate(x):
        s += i * v * v
    for v in x.flat:
        s *= 1.0 + 0.1 * v
    return s * x.tolist()[1][0]


def heaps_and_sorted_lists(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`heapq` and `bisect`: lists that are heaps, or sorted."""
    heap = []
    for k, v in enumerate(x):
        heapq.heappush(heap, (v * v, k))
    least, k = heapq.heappop(heap)
    grid = sorted(x)
    return least * k + grid[bisect.bisect_left(grid, 0.5)]


def attributes_by_name(x: float = 0.7) -> float:
    """`getattr`, `hasattr`, `setattr` with names known at compile time; `type`, `slice`."""
    held = _Halved(x)
    setattr(held, "weight", 2.0 * x)
    weight = getattr(held, "weight", 1.0) + getattr(held, "bias", 0.5)
    return weight * held.value if hasattr(held, "value") and type(held) is _Halved else 0.0


def names_of_states(x: float = 0.7, n: int = 4) -> float:
    """Strings and members of enumerations that depend on the data: compared, taken as keys, returned."""
    state = "warm"
    total = 0.0
    for _ in range(n):
        total += x if state == "warm" else x * x
        state = "cold" if total > 1.0 else "warm"
    return total * {"warm": 1.0, "cold": x}[state]


def strings_of_a_mode(x: float = 0.7, mode: str = "Mean square") -> float:
    """Methods of strings that are known at compile time."""
    first, second = mode.lower().split()
    return x * x if first.startswith("mean") and second == "square" else x


def iterator_objects(x: float = 0.7) -> float:
    """Objects with `__next__`, which raise `StopIteration`."""
    s = 0.0
    for v in _Halved(x):
        s += v * v
    return s


def iteration_tools(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`enumerate`, `zip`, also `strict`, `reversed`, `iter`."""
    s = 0.0
    for k, (a, b) in enumerate(zip(x, reversed(x), strict=True), 1):
        s += k * a * b
    ends = iter((s, 2.0))
    return next(ends) * next(ends)


def map_and_sorted(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`map`, `sorted`."""
    s = 0.0
    for v in map(lambda a: a * a, x):
        s += v
    return s + sorted(x)[0] * 2.0


def enumerations(x: float = 0.7) -> float:
    """Enums, strings and None as configuration."""
    name, nothing = "mid", None
    if _scheme is _Scheme.MIDPOINT and name == "mid" and nothing is None:
        return x * _scheme.value
    return x
