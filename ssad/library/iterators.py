"""`filter` and iterators of `itertools` and NumPy, as generators in plain Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np


def filter_(function: Any, iterable: Any) -> Any:
    for item in iterable:
        if item if function is None else function(item):
            yield item


def accumulate(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
    total, begun = initial, initial is not None
    if begun:
        yield total
    for item in iterable:
        if not begun:
            total, begun = item, True
        elif func is None:
            total = total + item
        else:
            total = func(total, item)
        yield total


def chained(first: Any, second: Any) -> Any:
    yield from first
    yield from second


def count(start: Any = 0, step: Any = 1) -> Any:
    while True:
        yield start
        start = start + step


def dropwhile(predicate: Any, iterable: Any) -> Any:
    dropping = True
    for item in iterable:
        if dropping:
            dropping = bool(predicate(item))
        if not dropping:
            yield item


def islice(iterable: Any, *bounds: Any) -> Any:
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if start is None:
        start = 0
    if step is None:
        step = 1
    if start < 0 or step < 1 or (stop is not None and stop < 0):
        raise ValueError("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
    k = 0
    if stop is None or stop > 0:
        for item in iterable:
            if k >= start and (k - start) % step == 0:
                yield item
            k += 1
            if stop is not None and k >= stop:
                break


def pairwise(iterable: Any) -> Any:
    before, begun = None, False
    for item in iterable:
        if begun:
            yield before, item
        before, begun = item, True


def combinations(iterable: Any, r: int) -> Any:
    pool = list(iterable)
    n = len(pool)
    if r == 1:
        for i in range(n):
            yield (pool[i],)
    elif r == 2:
        for i in range(n):
            for j in range(i + 1, n):
                yield pool[i], pool[j]
    elif r == 3:
        for i in range(n):
            for j in range(i + 1, n):
                for k in range(j + 1, n):
                    yield pool[i], pool[j], pool[k]
    else:
        raise NotImplementedError("compiled combinations are of 1, 2 or 3 items")


def product(*iterables: Any) -> Any:
    if len(iterables) == 1:
        for a in iterables[0]:
            yield (a,)
    elif len(iterables) == 2:
        second = list(iterables[1])
        for a in iterables[0]:
            for b in second:
                yield a, b
    elif len(iterables) == 3:
        second, third = list(iterables[1]), list(iterables[2])
        for a in iterables[0]:
            for b in second:
                for c in third:
                    yield a, b, c
    else:
        raise NotImplementedError("compiled products are of 1, 2 or 3 iterables")


def zip_longest(*iterables: Any, fillvalue: Any = None) -> Any:
    if len(iterables) == 1:
        for a in iterables[0]:
            yield (a,)
    elif len(iterables) == 2:
        first, second = list(iterables[0]), list(iterables[1])
        for k in range(max(len(first), len(second))):
            a = first[k] if k < len(first) else fillvalue
            b = second[k] if k < len(second) else fillvalue
            yield a, b
    else:
        raise NotImplementedError("compiled zip_longest takes 1 or 2 iterables")


def ndindex(*shape: Any) -> Any:
    if len(shape) == 1 and isinstance(shape[0], tuple):
        sides = shape[0]
    else:
        sides = shape
    for side in sides:
        if side < 0:
            raise ValueError("negative dimensions are not allowed")
    if len(sides) == 1:
        for i in range(sides[0]):
            yield (i,)
    elif len(sides) == 2:
        for i in range(sides[0]):
            for j in range(sides[1]):
                yield i, j
    elif len(sides) == 3:
        for i in range(sides[0]):
            for j in range(sides[1]):
                for k in range(sides[2]):
                    yield i, j, k
    elif len(sides) == 4:
        for i in range(sides[0]):
            for j in range(sides[1]):
                for k in range(sides[2]):
                    for m in range(sides[3]):
                        yield i, j, k, m
    else:
        raise NotImplementedError("compiled ndindex is of 1 to 4 axes")


def ndenumerate(arr: Any) -> Any:
    for index in ndindex(arr.shape):
        yield index, arr[index]


def flat(array: Any) -> Any:
    for index in ndindex(array.shape):
        yield array[index]


def together(first: Any, second: Any) -> Any:
    """`zip` of generators that may be one: they are asked in turn."""
    for a in first:
        for b in second:
            yield a, b
            break
        else:
            break


def three_together(first: Any, second: Any, third: Any) -> Any:
    for a, b in together(first, second):
        for c in third:
            yield a, b, c
            break
        else:
            break


def present(rows: Any) -> Any:
    for there, item in rows:
        if there:
            yield item


def stepped(iterator: Any) -> Any:
    """What an object with `__next__` gives until it raises StopIteration."""
    going = True
    while going:
        item = None
        try:
            item = iterator.__next__()
        except StopIteration:
            going = False
        if going:
            yield item


def repeat(object: Any, times: Any = None) -> Any:
    k = 0
    while times is None or k < times:
        yield object
        k += 1


def takewhile(predicate: Any, iterable: Any) -> Any:
    for item in iterable:
        if not predicate(item):
            break
        yield item


LIBRARY: dict[Any, Callable[..., Any]] = {
    filter: filter_,
    itertools.accumulate: accumulate,
    itertools.combinations: combinations,
    itertools.count: count,
    itertools.dropwhile: dropwhile,
    itertools.islice: islice,
    itertools.pairwise: pairwise,
    itertools.product: product,
    itertools.repeat: repeat,
    itertools.takewhile: takewhile,
    itertools.zip_longest: zip_longest,
    np.ndenumerate: ndenumerate,
    np.ndindex: ndindex,
}
