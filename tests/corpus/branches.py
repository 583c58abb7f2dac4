"""Branches: if chains, conditional expressions, short circuits, comparisons, early returns, raise."""

import math

from .registry import case


@case(args=[lambda: (-2.0,), lambda: (0.5,), lambda: (1.5,), lambda: (4.0,)])
def if_chain(x):
    if x < 0.0:
        y = x * x
    elif x < 1.0:
        y = math.sin(x)
    elif x < 2.0:
        y = math.exp(x)
    else:
        y = 1.0 / x
    return y * x


@case(args=[lambda: (-2.0, 1.0), lambda: (2.0, 1.0)], argnums=(0, 1))
def if_without_else(x, y):
    if x > 0.0:
        y = y * x
        x = math.log(x)
    return x + y


@case(args=[lambda: (-2.0, 1.0), lambda: (0.5, 3.0), lambda: (2.0, 1.0)], argnums=(0, 1))
def early_returns(x, y):
    if x < 0.0:
        return x * y
    z = math.sqrt(x) * y
    if z > 1.5:
        return z * z
    return z - x


@case(args=[lambda: (-0.5,), lambda: (0.5,), lambda: (7.0,)], smooth=False)
def conditional_expressions(x):
    y = x if x > 0.0 else -0.1 * x
    return (y * y if y < 5.0 else 10.0 * y - 25.0) + (1.0 if x > 6.0 else 0.0)


@case(
    args=[lambda: (0.3, 0.7), lambda: (-0.3, 0.7), lambda: (0.3, -0.7), lambda: (-0.3, -0.7)], argnums=(0, 1)
)
def short_circuits(x, y):
    r = x * y
    if x > 0.0 and y > 0.0:
        r += math.log(x) * math.log(y)
    if x < 0.0 or y > 0.5:
        r -= x * x
    if not (x > 0.0 or y > 0.0):
        r *= 3.0
    if not x > 0.0 and (y > 0.0 or r > 1.0):
        r += y
    return r


@case(args=[lambda: (0.0, 0.7), lambda: (0.4, 0.0), lambda: (0.4, 0.7)], argnums=(0, 1), smooth=False)
def and_or_values(x, y):
    a = x or 2.0 * y
    b = x and y
    return a * a + 3.0 * b + a * y


@case(args=[lambda: (0.5, 0.9), lambda: (1.5, 0.9), lambda: (-0.5, 1.0), lambda: (0.5, 0.2)], argnums=(0, 1))
def chained_comparison(x, y):
    if 0.0 < x < y <= 1.0:
        return x * y
    if -1.0 <= x != y < 2.0:
        return x - y * y
    return x + y


@case(args=[lambda: (0.9,), lambda: (-0.9,)])
def walrus(x):
    if (y := math.sin(x)) > 0.5:
        return y * y
    return (z := y * 3.0) + z * x


@case(args=[lambda: (0.5, 0), lambda: (0.5, 1), lambda: (0.5, 2), lambda: (0.5, -7)])
def int_selector(x, mode):
    if mode == 0:
        f = math.sin(x)
    elif mode == 1 or mode == 5:
        f = math.cos(x)
    elif 2 <= mode <= 3:
        f = x**3
    else:
        f = float(mode) * x
    return f


@case(args=[lambda: (0.5, True, False), lambda: (0.5, False, False), lambda: (0.5, True, True)])
def flags(x, a, b):
    c = a and not b
    d = x > 0.25
    if c and d:
        return x * x
    if a == b:
        return math.exp(x)
    return x


@case(args=[lambda: (1.0, 2.0, 3.0), lambda: (3.0, 1.0, 2.0), lambda: (2.0, 3.0, 1.0)], argnums=(0, 1, 2))
def median_of_three(a, b, c):
    if a > b:
        a, b = b, a
    if b > c:
        b, c = c, b
    if a > b:
        a, b = b, a
    return a * 0.25 + b * b + c * 0.125


@case(args=[lambda: (2.0, 1), lambda: (2.0, 0)])
def int_joins_float(x, n):
    if n > 0:
        y = 1
    else:
        y = x
    return y * x + y / 2


@case(args=[lambda: (2.0,), lambda: (0.5,)])
@case(args=lambda: (-1.0,), raises=ValueError, name="raise_taken")
def raise_not_taken(x):
    if x <= 0.0:
        raise ValueError("x must be positive")
    return math.log(x)


@case(args=lambda: (2.0,))
@case(args=lambda: (-2.0,), raises=AssertionError, name="assert_fails")
def assertion(x):
    assert x > 0.0, "a positive x is wanted"
    return x * math.sqrt(x)


@case(args=[lambda: (2.0, 1.0), lambda: (1.0, 2.0), lambda: (1.5, 1.5)], argnums=(0, 1), smooth=False)
def nested_decisions(x, y):
    if x > y:
        if x > 1.5:
            r = x * y
        else:
            r = x
    else:
        if y > 1.75:
            r = y * y * x
        elif x == y:
            r = 7.0 * x - y
        else:
            r = y
    return r + x


@case(args=[lambda: (0.3,), lambda: (0.0,)], smooth=False, tags=("kink",))
def guarded_singularity(x):
    if x == 0.0:
        return x * 0.5 + 1.0
    return math.sin(x) / x


@case(args=[lambda: (0.7, 1), lambda: (0.7, 3)])
@case(args=lambda: (0.7, 4), raises=UnboundLocalError, name="unbound_local_is_read")
def maybe_unbound(x, n):
    if n < 4:
        y = x * n
    return y * x


@case(args=[lambda: (0.7, 1.0), lambda: (1.7, 1.0)])
def returns_none_never(x, y):
    while True:
        if x > y:
            return x * x
        x = x + 0.5


@case(args=(lambda: (-1.0, 3), lambda: (0.0, 3), lambda: (0.7, 3)), smooth=False)
def guarded_root_that_no_loop_changes(x, n):
    s = x
    for i in range(n):
        if x > 0.0:
            s += math.sqrt(x) + math.log(x)
        s += i * x
    return s


@case(args=(lambda: (0.0, 0), lambda: (0.7, 2), lambda: (1000.0, 0)), smooth=False)
def singular_in_a_loop_that_does_not_run(x, n):
    s = 0.0
    for _ in range(n):
        s += 1.0 / x + math.exp(x) + x**0.5
    return s + x
