"""Branches and loops after one another and in one another.

The situations of Tangent's list of functions (overwritten arguments and locals, serial and nested ifs and
fors, powers by iteration, calls in loops, augmented assignment, stacks) and of Numba's tests of flow control
(enumerate over falling ranges, for/else, a range that does not follow its bound, several whiles on one
counter, continue in while, empty branches, a way out without a value) and of loop lifting (loops with many
inputs and outputs).
"""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=73):
    return np.random.default_rng(seed).normal(size=shape)


# Tangent: id_, I_assign, overwrite_arg, overwrite_non_arg, gradname_aliasing
@case(args=lambda: (0.6,))
def named_like_derivatives(x):
    dx = x
    x_bar = dx * 1.5
    x_dot = x_bar
    x_dot = x_dot * dx
    x = x * x_dot
    return x + dx


# Tangent: test_binop_*, saxpy_*
@case(args=lambda: (0.6, -1.3, 2.2), argnums=(0, 1, 2))
def same_operand_twice(a, b, c):
    t = a * b
    t = t + c
    u = t - t + t / t + (t + t)
    return u * 3.0 - 3.0 / t + (3.0 - u) - (u - 3.0) * (b * b)


# Tangent: overwrite_if, nested_if, devilish_nested_if, overwrite_ifelse
@case(args=[lambda x=x: (x,) for x in (0.5, 4.0, -0.5)])
@case(args=lambda: (0.0,), smooth=False, name="nested_overwrites_at_the_kink")
def nested_overwrites(x):
    if x > 0:
        x = x * 2.5
        if x < 6:
            x = x * x
        else:
            x = x / 2.0
    elif 0 > x:
        x = 3.0 * x
    else:
        x = 1.5 * x
    return x * x


# Tangent: multiarg_if, multivar_if
@case(args=[lambda x=x: (x, 0.7) for x in (0.2, 1.4, -0.9, -3.0)], argnums=(0, 1))
def decisions_on_decisions(a, c):
    if a * a / 3.0 > 0.1:
        b = 2.0
    else:
        b = 4.0 * c
    a = a * b
    if a < b - a * b:
        a = a * a
    elif a > b + 0.25 * a:
        if a / 2.0 < 0:
            a = a / b
        else:
            a = a * b * c
    else:
        a = -a
    return a - c


# Tangent: serial_if, serial_for, serial_ifthenfor, serial_forthenif
@case(args=[lambda x=x, n=n: (x, n) for x, n in ((0.8, 0), (0.8, 2), (-0.8, 1), (-0.8, 3))])
def one_after_another(a, n):
    if a > 0:
        a = a * a
    for _ in range(n):
        a = a * a - 0.25
    a = a + a
    if a < 0:
        a = 1.5 * a
    for i in range(n + 1):
        a = a * 1.25 + i
    if a > 1.0:
        a = math.log(a)
    return a * a


# Tangent: third_pow, direct_third_pow, iter_third_pow*, iterpower*, super_iterpower, superfor_iterpower
@case(args=[lambda n=n: (0.9, n) for n in range(4)])
def powers_by_iteration(a, n):
    out = 1
    for _ in range(3):
        out = out * a
    b = a
    for _ in range(3 - 1):
        b = b * a
    for _ in range(2):
        for _ in range(n):
            a = a * a * 1.1
    return out * b + a


# Tangent: cond_iterpower1, cond_iterpower2
@case(args=[lambda x=x: (x,) for x in (0.9, 1.8, 21.0)])
def powers_under_conditions(a):
    b = a
    for _ in range(3):
        if a < 5.0:
            a = a * a
    if b < 5.0:
        for _ in range(3):
            b = b * 1.5 * b
    return a + math.log(b)


# Tangent: while_big; and its mirror image
@case(args=[lambda x=x: (x,) for x in (3.0, -3.0, 0.045)])
def halved_until_small(a):
    n = 0
    while abs(a) > 0.1:
        a = a * 0.5
        n += 1
    while abs(a) < 0.4:
        a = a * (1.5 + 0.1 * a)
        n += 1
    return a * n


# Tangent: augassign, gradgrad_chain_of_mults, gradgrad_chain_of_multcalls, gradgrad_pow
def _mul(a, b):
    return a * b


@case(args=lambda: (0.9, 1.7), argnums=(0, 1))
def chains_of_products(a, p):
    x = a * a
    x *= x
    x -= a
    x /= 1.0 + a * a
    b = a
    b = _mul(a, a)
    c = _mul(b, b)
    d = _mul(c, _mul(c, x))
    return d + a**p


# Tangent: if_mul_with_call, iterpower_with_call, nested_call, iterpower_with_nested_def
def _doubly(a, b):
    return _mul(_mul(a, b), b)


@case(args=[lambda: (0.9, 0.4, 3), lambda: (0.4, 0.9, 0)], argnums=(0, 1))
def calls_in_loops_and_branches(a, b, n):
    def inner(a, n):
        return a * n + b

    if a > b:
        o = _mul(a, b)
    else:
        o = _doubly(b, a)
    for _ in range(n):
        o = _mul(o, o) + inner(o, a)
    return o + inner(a, n)


# Tangent: stack_pushing; a stack by hand, as arrays allow
@case(args=[lambda: (0.8, 4), lambda: (0.8, 0)])
def stack_by_hand(a, n):
    stack = np.empty(n + 1)
    top = 0
    y = a
    for k in range(n):
        stack[top] = y
        top += 1
        y = math.sin(y) + k
    z = y * y
    while top > 0:
        top -= 1
        z = z * 0.5 + stack[top] * y
    return z


# Tangent: test_subscript1..3, active_subscript, implicit_indexing, init_array_grad_maybe_active
@case(args=lambda: (_normal(5),))
def subscripts_read_and_overwritten(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] ** 2.0
    x[0] = y[1] * y[2]
    a = x[0]
    b = x[1]
    x[1] = a * b
    res = 0.0
    for v in x:
        res += v
    for i in range(len(x)):
        res += x[i] * y[i]
    return res


@case(args=lambda: (_normal(4, 3),))
def rows_stored_one_by_one(x):
    h = np.zeros((len(x), 3))
    for t in range(len(h)):
        for j in range(3):
            h[t, j] = x[t, j] * (h[t - 1, j] + t)
    s = 0.0
    for row in h:
        for v in row:
            s += v * v
    return s


# Numba: for_loop_usecase2
@case(args=[lambda: (0.7, 8, 2), lambda: (0.7, 2, 8), lambda: (0.7, 3, 3)])
def falling_range_enumerated(x, high, low):
    s = 0.0
    for i, j in enumerate(range(high, low, -1)):
        s = s * x + i * j
    return s + x


# Numba: for_loop_usecase5, 6, 7
@case(args=[lambda n=n, m=m: (0.7, n, m) for n, m in ((10, 4), (3, 9), (0, 0))])
def bound_changed_in_the_loop(x, n, m):
    total = x
    for i in range(n):
        n = 0
        if i > m:
            continue
        for j in range(n):
            return -1.0 * j
        else:
            total = total * x + i
        m -= 1
    else:
        total += n
    return total


@case(args=[lambda m=m: (_normal(9), m) for m in (0, 3, 20)])
def left_or_run_through(x, m):
    found = 0.0
    for i, v in enumerate(x):
        if i > m:
            found = v * v
            break
        if v < 0.0:
            continue
        found += v
    else:
        found *= 2.0
    return found


# Numba: while_loop_usecase3, 4, 5
@case(args=[lambda n=n, m=m: (0.8, n, m) for n, m in ((10, 4), (4, 10), (0, 1))])
def two_whiles_on_one_counter(x, n, m):
    i = j = 0
    s = x
    while i < n:
        while j < m:
            s = s * x + i + j
            i += 1
            j += 1
        i += 1
        if s > 6.0:
            s -= 3.0
            continue
        s *= 1.1
    while True:
        s = s * 0.9 + 0.01
        if s < 1.0:
            break
    return s


# Numba: ifelse_usecase1, 2, 3
@case(args=[lambda x=x, y=y: (x, y) for x in (-1.0, 2.0) for y in (-0.5, 0.25, 3.0)], argnums=(0, 1))
@case(
    args=[lambda x=x, y=y: (x, y) for x in (-1.0, 0.0) for y in (0.0, 1.0)],
    argnums=(0, 1),
    smooth=False,
    name="branches_that_do_nothing_at_zero",
)
def branches_that_do_nothing(x, y):
    if x > 0:
        pass
    elif y > 0:
        pass
    else:
        pass
    if x > y:
        return x * y * y
    elif x == 0 or y == 0:
        return x + y * 3.0
    else:
        if x < 0:
            if y > 0:
                return x
            elif y < 0:
                return y * x
    return 7.0 * x


# Numba: loop lifting; a loop that needs and leaves many variables, with another loop that reads what it left
@case(args=[lambda: (_normal(6), 0.3), lambda: (_normal(1), 0.3), lambda: (np.zeros(0), 0.3)], argnums=(0, 1))
def loops_with_many_ends(x, t):
    a = b = c = t
    n = 0
    last = -1
    for i in range(len(x)):
        a += x[i]
        if x[i] > 0.0:
            b = a * x[i]
            last = i
        else:
            c -= b
            n += 1
        if n > 3:
            break
    d = a * b
    for i in range(last, -1, -1):
        d = d * c + x[i] * n
    return d + a * c
