"""One memory under several names; contributions that meet.

The situations of Mooncake's test resources (mutation, mat-mul into an argument, arrays joined by a branch,
aliased arguments) of HIPS autograd's graph tests (fan-out, diamonds, accumulated cotangents that must not be
shared, indexing that feeds the same sum twice, enclosing scopes, constant functions), and of Numba's tests of
arrays that are held by several owners.
"""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=79):
    return np.random.default_rng(seed).normal(size=shape)


# autograd: test_grad_fanout, test_third_derivative
@case(args=lambda: (0.8,))
def fan_out(x):
    y = math.sin(x)
    return math.sin(y + y) + math.sin(math.sin(x) + math.sin(x))


# autograd: test_grad_const, test_grad_identity
@case(args=lambda: (0.8,))
def nothing_of_the_argument(x):
    y = x * 3.0
    y = 2.0
    return y * y


@case(args=lambda: (0.8,))
def the_argument_itself(x):
    return x


# autograd: test_mutating_outgrad*; the cotangent of b is added to while it is being read
@case(args=lambda: (_normal(5),))
def cotangents_are_not_shared(a):
    n = len(a)
    b = np.empty(n)
    d = np.empty(n)
    for i in range(n):
        b[i] = a[i] + 1.0
    c = b[0] + 1.5
    for i in range(n):
        d[i] = a[i] + b[i]
    s = 0.0
    for i in range(n):
        s += (d[i] + c) * b[i]
    return s


# autograd's list of wishes: diamonds
@case(args=lambda: (0.8, 0.3), argnums=(0, 1))
def diamonds(x, y):
    a = x * y
    for k in range(4):
        b = math.sin(a)
        c = a * a
        a = b * c + b - c + k
    return a * x


# autograd: test_enclosing_scope_ref
@case(args=lambda: (1.1, 0.4), argnums=(0, 1))
def enclosing_scopes(x, y):
    inner = lambda v: x * v + y
    outer = lambda v: inner(inner(v)) * x
    return x * outer(2.0) + inner(y)


# Mooncake: test_mutation!
@case(args=lambda: (_normal(3),))
def element_from_its_neighbour(x):
    x[0] = math.sin(x[1])
    x[1] = x[0] * x[0]
    return x[0] * x[1] + x[2]


# Mooncake: test_naive_mat_mul!; also with the product written over a factor's memory
@case(args=lambda: (np.zeros((2, 3)), _normal(2, 4), _normal(4, 3)), argnums=(0, 1, 2))
@case(
    args=lambda: (lambda a: (a, a, a.T))(_normal(3, 3)),
    argnums=(0,),
    tags=("aliased",),
    name="product_over_its_factor",
)
def product_into(c, a, b):
    for p in range(c.shape[0]):
        for q in range(c.shape[1]):
            c[p, q] = 0.0
            for r in range(a.shape[1]):
                c[p, q] += a[p, r] * b[r, q]
    s = 0.0
    for p in range(c.shape[0]):
        for q in range(c.shape[1]):
            s += c[p, q] * (p + 2 * q + 1)
    return s


# Mooncake: test_union_of_arrays
@case(args=[lambda: (_normal(4), True), lambda: (_normal(4), False)])
def one_of_two_arrays(x, flag):
    other = np.full(4, 0.5)
    z = x if flag else other
    z[1] = z[0] * x[2]
    s = 0.0
    for i in range(4):
        s += z[i] * x[i] + other[i]
    return s


# Mooncake: aliased arguments
@case(
    args=lambda: (lambda x: (x, x))(_normal(4)),
    argnums=(0, 1),
    tags=("aliased",),
    name="written_twice_over_itself",
)
@case(args=lambda: (_normal(4), _normal(4, seed=80)), argnums=(0, 1))
@case(
    args=lambda: (lambda x: (x[::-1], x))(_normal(4)),
    argnums=(0, 1),
    tags=("aliased",),
    name="written_twice_backwards",
)
def written_twice(x, y):
    for i in range(len(x)):
        y[i] = x[i] * x[i]
        x[i] = y[i] + 0.5 * x[i]
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[len(x) - 1 - i]
    return s


@case(args=lambda: (_normal(5),))
def names_of_one_array(x):
    y = x
    z = y[1:]
    w = z[::-1]
    y[1] = x[0] * x[4]
    w[0] = z[0] * 2.0
    x = np.zeros(5)
    x[0] = y[4]
    return z[0] * y[4] + w[-1] + x[0] * x[1] + w[1] * y[3]


@case(args=lambda: (_normal(5), 3), argnums=0)
def tuple_of_one_array(x, n):
    pair = (x, x[1:])
    for k in range(n):
        pair[0][k] = pair[1][k] * x[k]
        pair = (pair[0], pair[0][1:])
    first, second = pair
    return first[0] * second[3] + x[1] * second[0]


@case(args=[lambda: (_normal(5), n) for n in (0, 1, 2, 3)], argnums=0)
def names_swapped_in_a_loop(x, n):
    a = x
    b = np.zeros(5)
    for k in range(n):
        for i in range(5):
            b[i] = math.sin(a[i]) + b[4 - i] * 0.5
        a, b = b, a
    return a[0] * b[1] + x[2] * a[3]


def _store_and_return(target, i, value):
    target[i] = value * target[i - 1]
    return target


@case(args=lambda: (_normal(4), 0.7), argnums=(0, 1))
def returned_under_another_name(x, t):
    y = _store_and_return(x, 1, t)
    z = _store_and_return(y, 2, y[1])
    z[3] = x[2] * t
    return x[3] * y[2] + z[1]


@case(args=lambda: (_normal(4), 0.7), argnums=(0, 1))
def written_through_a_closure(x, t):
    work = np.zeros(4)

    def put(i, v):
        work[i] = v * x[i]
        x[i] = v

    for i in range(4):
        put(i, t + i)
        put(3 - i, work[i])
    return work[0] * work[3] + x[1] * x[2]


# Numba: an array that owner after owner lets go, in a loop
@case(args=[lambda: (_normal(4), n) for n in (0, 1, 5)], argnums=0)
def replaced_in_a_loop(x, n):
    held = x
    for k in range(n):
        fresh = np.empty(len(x))
        for i in range(len(x)):
            fresh[i] = held[i] * held[(i + 1) % len(x)] + k
        held = fresh
    s = 0.0
    for v in held:
        s += v * x[0]
    return s


@case(args=lambda: (lambda a: (a, a.T))(_normal(4, 4)), argnums=(0, 1), tags=("aliased",))
@case(args=lambda: (_normal(4, 4), _normal(4, 4, seed=80).T), argnums=(0, 1), name="transposed_written")
def transposed_view_written(a, t):
    for i in range(4):
        for j in range(i):
            t[i, j] = a[i, j] * t[i, j]
    diagonal = 1.0
    for i in range(4):
        diagonal *= a[i, i] + t[0, i]
    return diagonal
