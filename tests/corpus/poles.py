"""Where slopes are infinite: what was left out, by a branch, a loop or in memory, contributes nothing."""

import math

import numpy as np

from .registry import case

X = (1.0, 2.0, 3.0)


def _inputs(*d):
    return lambda: (np.array(X[: len(d)] + (0.5,) * (len(d) - 3)), np.array(d))


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def quotient_taken_where_it_is_finite(x, d):
    s = 0.0
    for i in range(len(x)):
        q = x[i] / d[i]
        s += q if d[i] != 0.0 else 0.0
    return s


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def several_uses_behind_one_flag(x, d):
    s = 0.0
    for i in range(len(x)):
        fine = d[i] > 0.0
        q = np.sqrt(d[i]) * x[i]
        log = np.log(d[i])
        if fine:
            s += q + log
        if x[i] > 0.0:
            s += 0.5 * log if fine else 0.0
    return s


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def products_of_an_infinity(x, d):
    s = 0.0
    for i in range(len(x)):
        far = x[i] * x[i] / d[i]
        weight = far * x[i] * np.sin(x[i])
        if d[i] > 0.5:
            s += weight
        else:
            s += x[i]
    return s


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def roots_kept_and_not_looked_at(x, d):
    r = np.zeros_like(x)
    for i in range(len(x)):
        r[i] = np.sqrt(d[i])
    s = 0.0
    for i in range(len(x)):
        if d[i] > 0.0:
            s += x[i] / r[i]
    return s


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def roots_in_a_list(x, d):
    r = [math.sqrt(v) for v in d]
    return sum(a / q for a, q in zip(x, r) if q > 0.0)


@case(args=[_inputs(0.0, 1.0, 4.0), _inputs(9.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def root_for_a_loop_that_breaks(x, d):
    t = np.sqrt(d[0])
    for i in range(3):
        if t > x[i]:
            break
    else:
        return x[0]
    return x[1] * t


@case(args=[lambda: (np.array(X), 0.0), lambda: (np.array(X), 1.5)], argnums=(0, 1), smooth=False)
def root_used_in_some_iterations(x, y):
    t = math.sqrt(y)
    s = 0.0
    for i in range(len(x)):
        if y > i:
            s += x[i] / t
        else:
            s += x[i]
    return s


@case(args=[lambda: (2.0, 0.0, 0), lambda: (2.0, 1.5, 2)], argnums=(0, 1), smooth=False)
def invariant_root_of_a_loop_that_may_not_run(x, y, n):
    s = x
    for _ in range(n):
        s = s * x + y**0.25 + math.asin(1.0 - y)
    return s


def _safe(y):
    root = math.sqrt(y)
    return (root, root * 0.5)


@case(args=[lambda: (2.0, 0.0), lambda: (2.0, 1.5)], argnums=(0, 1), smooth=False)
def tuple_that_is_dropped(x, y):
    pair = _safe(y)
    if x * y == 0.0:
        pair = (x, 1.0)
    return pair[0] * pair[1] + x


@case(args=[lambda: (2.0, 0.0, 3), lambda: (2.0, 1.5, 3)], argnums=(0, 1), smooth=False)
def newest_of_several(x, y, n):
    last = math.sqrt(y)
    for i in range(n):
        last = x * math.sqrt(last) if i != 1 else x
    return last


def _deeper(y, n):
    if n == 0:
        return math.sqrt(y), y
    a, b = _deeper(y, n - 1)
    return a * 2.0, b


@case(args=[lambda: (2.0, 0.0, 3), lambda: (2.0, 1.5, 3)], argnums=(0, 1), smooth=False)
def half_of_what_recursion_gives(x, y, n):
    a, b = _deeper(y, n)
    return x * (b + 1.0) if y == 0.0 else x * a


@case(args=[_inputs(0.0, 1.0, 4.0)], argnums=(0, 1), smooth=False)
def overwritten_before_it_is_read(x, d):
    r = np.empty_like(x)
    for i in range(len(x)):
        r[i] = np.log(d[i])
        if not np.isfinite(r[i]):
            r[i] = x[i]
    return r[0] * r[1] + r[2]
