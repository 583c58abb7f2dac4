# ruff: noqa
"""Small functions, one per turn that bytecode can take; each with the arguments to run it with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

PROGRAMS: list[tuple[Callable[..., Any], tuple[tuple[Any, ...], ...]]] = []
SCALE = 3.0


def runs(*args: tuple[Any, ...]) -> Callable[[Any], Any]:
    def enter(fn: Any) -> Any:
        PROGRAMS.append((fn, args))
        return fn

    return enter


class Box:
    """Something with attributes."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and self.value == other.value

    def plus(self, x: float, *, twice: bool = False) -> float:
        return self.value + (2 * x if twice else x)


def helper(a, b=2.0, *, c=1.0):
    return a * b - c


@runs((2.0,), (-1.0,))
def operators(x):
    n = 7
    y = (x + 1) - x * 2 / 3 + x**2 + n // 2 % 3
    k = (n << 2 >> 1) & 13 | 2 ^ 5
    k += ~n
    k -= -n
    k *= +n
    k //= 2
    k %= 5
    k **= 2
    k <<= 1
    k >>= 1
    k &= 7
    k |= 8
    k ^= 3
    y /= 2
    return y, k, not x


@runs((2.0, 3.0), (3.0, 2.0), (2.0, 2.0))
def comparisons(x, y):
    return x < y, x <= y, x > y, x >= y, x == y, x != y, x is y, x is not y, x in (y, 1), x not in (y, 1)


@runs((0.5,), (1.5,), (-1.0,), (0.0,))
def chained(x):
    if 0 < x <= 1:
        return "in"
    return (-2 < x < 0 < 1, 0 == x == 0.0)


@runs((1, 0), (0, 1), (0, 0), (2, 3))
def short_circuit(a, b):
    c = a and b
    d = a or b
    e = not a or (b and not c)
    if (a and b) or not (a or b):
        d = d + 10
    return c, d, e, (a if b else b if a else -1)


@runs((1, 0), (0, 1), (0, 0), (2, 3))
def mixed_short_circuit(a, b):
    c = a and b and 5 or b or 7
    d = (a or b) and (b or a and 3)
    e = (a
         and (b
              or not not a)
         or b)  # fmt: skip
    while (a if b > 1 else c) and b:
        b -= 1
        if not (d if b else a):
            break
    return c, d, e, not not b, not (a > b), b


@runs((3,), (0,))
def walrus(n):
    total = 0
    while (n := n - 1) >= 0:
        total += (m := n * 2) + m
    return total, n


@runs((0,), (3,), (8,))
def for_else(n):
    for i in range(n):
        if i == 5:
            break
        if i % 2:
            continue
        n += i
    else:
        return "else", n
    return n, i


@runs((0,), (4,), (20,))
def while_else(n):
    k = 0
    while k < n:
        k += 1
        if k == 10:
            break
    else:
        k = -k
    return k


@runs((5,), (0,), (1,))
def while_true(n):
    while True:
        n -= 1
        if n < 0:
            return n
        if n == 3:
            continue
        if n == 1:
            break
    return "broken", n


@runs((4,), (0,))
def while_and_or(n):
    k, m = 0, n
    while k < n and m > 1 or not k:
        k += 1
        m -= 1
    return k, m


@runs((3, 4), (0, 2), (2, 0))
def nested_loops(n, m):
    found = []
    total = 0
    for i in range(n):
        for j in range(m):
            if j == i:
                continue
            total += i * j
            if total > 7:
                break
        for j in range(i):
            total -= j
    return total


@runs((3,), (0,), (1,))
def return_from_nested_loops(n):
    for i in range(n):
        for j in range(n):
            for k in range(2):
                if i * j + k == 3:
                    return i, j, k
    return None


@runs((3,))
def loops_in_branches(n):
    total = 0.0
    if n > 2:
        for i in range(n):
            total += i
    else:
        while n > 0:
            n -= 1
    for v in (1.0, 2.0, [3, 4, 5][1]):
        total += v
    return total


@runs((2,), (0,), (-1,))
def unbound(n):
    if n > 0:
        y = n
    for i in range(n + 1):
        z = i
    return y + z


@runs((1,), (0,))
def unbound_in_loop(n):
    for i in range(3):
        if i > n:
            total = total + i
        elif n:
            total = 0
    return total


@runs((1,), (0,))
def deleted(n):
    a = n
    b = n + 1
    del b
    if n:
        del a
    return a


@runs((1, 2, 3, 4))
def swapping(a, b, c, d):
    a, b = b, a
    a, b, c = c, a, b
    a, b, c, d = d, c, b, a
    (a, b), c = (b, a), a
    [a, b] = b, a
    return a, b, c, d


@runs(((1, 2),), ((1, 2, 3),), ((1,),), ([3, 4],))
def unpacking(pair):
    a, b = pair
    return a - b


@runs(([(1, (2.0, 3)), (4, (5.0, 6))],), ([],))
def unpacking_in_loop(items):
    total = 0.0
    for n, (i, (x, y)) in enumerate(items):
        total += n + i * x - y
    return total


@runs(([1.0, 2.0, 3.0, 4.0],))
def subscripts(x):
    x[0] = x[-1] + x[1]
    x[1] += 2.0
    x[0] -= x[1] * x[2]
    x[1:3] = x[0:2]
    y = x[::2], x[1:], x[:-1], x[:], x[3:0:-1]
    return x, y


@runs((Box(1.0),))
def attributes(box):
    box.value = box.value + 1.0
    box.value *= 3.0
    return box.plus(2.0) + box.plus(1.0, twice=True) + box.value


@runs((0.5,), (-0.5,))
def calls(x):
    f = math.sin
    y = f(x) + math.cos(x) + helper(x) + helper(x, 3.0) + helper(x, c=x) + helper(b=x, a=SCALE, c=2.0)
    return y + max(x, 1.0, -x) + float(len((1, x)))


@runs((0.5,))
def calls_nested(x):
    return helper(x, helper(x), c=math.sin(x) if x else 1.0) + helper(x and 2.0, c=helper(b=1.0, a=x))


@runs((0.5,), (0.5, 2.0))
def parameters(x, y=1.0, /, z=2.0, *, k=3.0, m=SCALE):
    return x + 2 * y + 3 * z + 4 * k + 5 * m


@runs((0.5,), (-0.5,))
def assertion(x):
    assert x > 0
    assert x < 10, "large"
    assert x < 10, f"large {x}"
    return x


@runs((0.5,), (-0.5,), (-2.0,), (7,))
def raising(x):
    if x < -1:
        raise ValueError
    if x < 0:
        raise ValueError(f"negative: {x}")
    if x == 7:
        raise KeyError("seven") from None
    return x


@runs((0.5, 7), (-12.25, 3))
def strings(x, width):
    a = f"{x} and {x!r} and {x!s:>8} and {x:.3f}|{x:{width}}|{x!r:>{width}} {{braces}} {'}'}"
    b = f"{x}" + f"{x:8.2e}" + f"{'yes' if x > 0 else 'no'}{width}"
    return a + b + f"{width!a}" + f""


@runs((2.0,), (None,))
def nothing(x):
    y = None
    if x is None:
        y = 1.0
    if y is not None and x is None:
        return y
    while y is None:
        y = x
    return x if x is not None else y


@runs((0.5,))
def lambdas(x):
    square = lambda t: t * t
    shifted = lambda t, s=2.0, *, r=x: square(t) + s * x - r
    return square(x) + shifted(x) + shifted(x, r=1.0) + shifted(1.0, 3.0) + (lambda: x)()


@runs((0.5, 3))
def inner_functions(x, n):
    def add(t, *, by=x):
        def twice():
            return 2 * t + by

        return twice() + x

    total = 0.0
    for i in range(n):
        total += add(i) + add(total, by=i)
    return total


@runs((0.5,))
def captured_later(x):
    def f(t):
        return t * a + x

    a = 2.0
    y = f(x)
    a = 3.0
    x = y
    g = f
    return f(y) + g(1.0)


@runs((4,), (0,))
def captured_loop_variable(n):
    total = 0.0
    for i in range(n):
        scaled = lambda t: t * i
        total += scaled(2.0) + scaled(i)
    return total


def make_closure():
    a, b = 2.0, 3.0

    def closure(x):
        inner = lambda t: t * a
        return inner(x) + b

    return closure


closure = runs((0.5,))(make_closure())


@runs((1.0,), (-1.0,))
def conditional_stack(x):
    return helper(x if x > 0 else -x, (x or 1.0) if x < 5 else 2.0, c=1.0 if x > 0 else 2.0) + (x and 2.0)


@runs((2,), (3,), (5,))
def match_values(n):
    match n:
        case 2:
            return "two"
        case 3 | 4:
            return "three or four"
        case m if m > 4:
            return m
    return None


@runs(())
def constants():
    return (
        1,
        2.5,
        -0.0,
        0.0,
        True,
        None,
        "text",
        1j,
        b"bytes",
        ...,
        10**30,
        (1, (2, (3,))),
        [1, 2, 3],
        [1, 2],
    )


@runs((3,))
def dead_code(n):
    return n
    try:
        yield_ = 1
    except ValueError:
        pass


@runs((3,), (0,))
def loop_first(n):
    while n > 0:
        n -= 1
    return n


@runs((3,))
def loop_at_entry(n):
    while True:
        if n < 0:
            return n
        n -= 1


@runs((3,), (0,))
def pass_loops(n):
    for i in range(n):
        pass
    while n > 0:
        n -= 1
    else:
        pass
    if n:
        pass
    return n


@runs((2, 3.0), (0, 1.0))
def variable_types(n, x):
    y = 0
    for i in range(n):
        y = y + x if i % 2 else y - x
        x, y = y, x
    return x, y


@runs((1.0,), (2.0,))
def several_returns(x):
    if x > 1.5:
        y = x
    else:
        y = -x
    return y * 2


@runs((6,))
def deep_nesting(n):
    s = 0
    for a in range(n):
        for b in range(a):
            for c in range(b):
                if c == 1:
                    break
                for d in range(c):
                    s += 1
                    if s > 30:
                        break
                else:
                    s += 2
                    continue
                break
            else:
                s += 3
    return s
