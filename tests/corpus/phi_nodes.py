"""Where paths meet: variables that join, cross, are born on one path only, or change what they stand for.

The situations of Mooncake's test resources (constant and boolean joins, a value defined on one side, joins
that read one another, one value used many times, a path that throws) and of Numba's tests of SSA (reused
parameters, redefinitions in branches, two running variables, joins that carry through inner loops,
first-iteration definitions, needless joins).
"""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=71):
    return np.random.default_rng(seed).normal(size=shape)


# Mooncake: phi_const_bool_tester
@case(args=[lambda: (0.8,), lambda: (-0.8,)])
def boolean_join(x):
    flag = x > 0.5
    if flag:
        side = True
    else:
        side = False
    return math.cos(side + x) * (2.0 if side else x)


# Mooncake: phi_node_with_undefined_value
@case(args=[lambda: (True, 0.4), lambda: (False, 0.4)], argnums=1)
def born_on_one_side(flag, y):
    if flag:
        extra = math.exp(-y)
    z = y * y
    if flag:
        z -= 3.0 * extra
    return z


# The same, but the second test is another expression of the same fact
@case(args=[lambda: (0.4, 3), lambda: (0.4, -2)])
def born_on_one_side_of_a_number(y, n):
    if n > 0:
        extra = y * n
    z = math.sin(y)
    if not n <= 0:
        z = z * extra
    return z


@case(args=lambda: (0.4, 0), raises=UnboundLocalError)
def used_where_it_was_not_born(y, n):
    if n > 0:
        extra = y * n
    return y * extra


# Mooncake: test_multiple_phinode_block; joins that must be taken all at once
@case(args=[lambda: (0.7, n) for n in (0, 1, 2, 5)])
def swapping_joins(x, n):
    a, b = 1.0, x
    i = 0
    while i < n:
        held = a
        a = b
        b = 2.0 * held
        i += 1
    return a * 3.0 + b * b


@case(args=[lambda: (0.7, 0.2, -1.1, n) for n in (0, 1, 4, 6)], argnums=(0, 1, 2))
def rotating_joins(a, b, c, n):
    for _ in range(n):
        a, b, c = b, c, a
    for k in range(n):
        a, b, c = math.sin(c), a * b, b + k * c
    return a - 2.0 * b + 3.0 * c * a


@case(args=lambda: (0.9, 0.3, 5), argnums=(0, 1))
def chain_of_joins(x, y, n):
    """Each variable takes the value that its neighbour had one round before."""
    p = q = r = 0.0
    s = x
    for k in range(n):
        p = q
        q = r
        r = s
        s = s * y + k
    return p * q + r * s


# Mooncake: goto_tester
@case(args=[lambda: (0.2,), lambda: (0.9,)])
def jump_past_an_update(x):
    while True:
        if x > math.cos(x):
            break
        x = math.sin(x) + 0.3
        break
    return math.cos(x) * x


# Mooncake: isbits_multiple_usage
@case(args=[lambda: (0.6,), lambda: (-0.6,)])
def one_value_many_uses(x):
    y = math.cos(x) if x > 0.0 else math.sin(x)
    z = y * y
    w = z * z * y
    return math.exp(w) + z * y if w > 0.0 else math.sin(w) - z * y


@case(args=[lambda: (True, 0.6), lambda: (False, 0.6)], argnums=1)
def join_with_a_constant(flag, y):
    z = y if flag else 1.0
    return z * y * z


# Mooncake: avoid_throwing_path_tester
@case(args=[lambda: (_normal(4), 2), lambda: (_normal(4), 0)])
def path_that_throws(x, k):
    if k < 0:
        raise IndexError("below")
    elif k > 3:
        raise IndexError("above", k)
    return math.sin(x[k]) * x[3 - k]


# Mooncake: test_union_of_types, small_union; Numba: issue 3094
@case(args=[lambda: (1.2, 0), lambda: (1.2, 1), lambda: (1.2, 2)])
def int_or_float_or_bool(x, which):
    if which == 0:
        v = 3
    elif which == 1:
        v = x * 0.5
    else:
        v = x > 1.0
    return v * x + v


# Numba: argument_name_reused, if_else_redefine
@case(args=[lambda: (0.3, 0.5), lambda: (0.5, 0.3)], argnums=(0, 1))
def parameters_reassigned(x, y):
    x += 1.0
    z = x * y
    if x < y + 1.0:
        z = x
        y = z * y
    else:
        x = y
        z = y * 1.0
    y *= 2.0
    return z * x + y


# Numba: sum_loop_2vars, sum_2d_loop
@case(args=[lambda: (_normal(3, 4), 0.6), lambda: (np.zeros((0, 2)), 0.6)], argnums=(0, 1))
def two_running_sums(a, t):
    c = t
    d = t * t
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            c += a[i, j] * d
        d += c * 0.1
        c += i
    return c * d


# Numba: phi_propagation
@case(args=lambda: (0.5, np.array([2, 0, 3, 1])), argnums=0)
def joins_through_inner_loops(x, actions):
    n = 1
    i = 0
    total = 0.0
    while n > 0 and i < len(actions):
        n -= 1
        while actions[i]:
            if actions[i]:
                if actions[i] % 2:
                    n += 2
                    x = x * 1.1
                actions[i] -= 1
            else:
                x = x - 1000.0
            total += n * x
        total += x
        i += 1
    return total


# Numba: issue5482_missing_variable_init
@case(args=[lambda: (0.7, 9, 5), lambda: (0.7, 3, 5), lambda: (0.7, 1, 2)])
def defined_in_the_first_round(v, hole, n):
    for i in range(n):
        if i == 0:
            if i == hole:
                pass
            else:
                kept = v
        elif i == hole:
            pass
        else:
            kept = kept * v + i
    return kept * v


@case(args=lambda: (0.7, 0, 3), raises=UnboundLocalError)
def not_defined_in_the_first_round(v, hole, n):
    for i in range(n):
        if i != hole:
            kept = kept * v if i > 0 else v  # noqa: F821
    return kept


# Numba: issue5493_unneeded_phi
@case(args=[lambda: (_normal(3), 3, 4), lambda: (_normal(3), 2, 1 + 1)])
def loop_variable_rebound(x, m, n):
    v = x[0]
    if len(x) != 1:
        for _ in range(1, len(x)):
            v += x[1]
    for t in range(1, m):
        for k in range(n):
            t = x[2]
            if k == 0:
                if k != n - 1:
                    last = t * v
            elif k != n - 1:
                last = last + t
    return last * v


# Numba: issue3979; the variable outlives its loop, which may run over nothing else
@case(args=lambda: (_normal(3), np.array([0.5])), argnums=(0, 1))
def loop_variables_outlive_loops(x, y):
    u = x[0]
    w = y[0]
    for v in x:
        u = v
    for v in y:
        w = v * u
    return u * w + v


# Numba: test_undefined_var
@case(args=[lambda: (0.7, 2), lambda: (0.7, 0)])
def unbound_on_a_path_not_taken(x, n):
    if n:
        if n > 0:
            c = x * x
        return c
    else:
        c = x
        c += 1.0
        return c * x


@case(args=lambda: (0.7, -1), raises=UnboundLocalError)
def deleted_then_read(x, n):
    y = x * 2.0
    if n < 0:
        del y
    return y


@case(args=[lambda: (0.7, 0), lambda: (0.7, 3)])
def deleted_and_born_again(x, n):
    y = x
    for k in range(n):
        z = y * x
        del y
        y = z + k
    return y * x
