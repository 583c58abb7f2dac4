"""Views taken and written in loops: slices, rows, reversed, transposed, of any layout."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(7),))
@case(args=lambda: (_normal(14)[::-2],), name="moving_window_reversed")
def moving_window(x):
    s = 0.0
    for i in range(len(x) - 2):
        w = x[i : i + 3]
        w[1] = w[0] * w[2] + w[-1]
        s += w[0] * w[1]
    return s


@case(args=lambda: (_normal(6),))
def views_of_views(x):
    s = 1.0
    for k in range(1, 4):
        v = x[::-1][k:][::2]
        for i in range(len(v)):
            v[i] = v[i] * s + x[i] * 0.5
            s = math.sin(v[i]) + s * 0.3
    return s * x[2] + x[0] * x[5]


def _cumulate(row, factor):
    for i in range(1, len(row)):
        row[i] += factor * row[i - 1]
    return row[-1]


@case(args=lambda: (_normal(3, 4), 0.7), argnums=(0, 1))
@case(args=lambda: (np.asfortranarray(_normal(3, 4)), 0.7), argnums=(0, 1), name="rows_to_helper_fortran")
@case(args=lambda: (_normal(4, 3).T, 0.7), argnums=(0, 1), name="rows_to_helper_transposed")
@case(args=lambda: (_normal(6, 8)[::-2, ::2], 0.7), argnums=(0, 1), name="rows_to_helper_strided")
def rows_to_helper(a, factor):
    s = 0.0
    for i in range(a.shape[0]):
        s += _cumulate(a[i], factor) * (i + 1)
    for j in range(a.shape[1]):
        s += _cumulate(a[:, j], factor * s) * (j + 1)
    return s + a[2, 3]


@case(args=[lambda: (_normal(3, 4), 0), lambda: (_normal(3, 4), 1), lambda: (_normal(3, 4), 3)])
def carried_layouts(a, n):
    v = a[0]
    for k in range(n):
        for i in range(min(len(v), 3)):
            v[i] = v[i] * a[i, 1] + 0.5
        v = a[:, k]
    s = 0.0
    for i in range(len(v)):
        s += v[i] * v[i]
    return s


@case(
    args=lambda: (lambda x: (x, x.T))(_normal(3, 3)),
    argnums=(0, 1),
    tags=("aliased",),
    name="transpose_alias",
)
@case(args=lambda: (_normal(3, 3), _normal(3, 3).T), argnums=(0, 1))
def write_transposed(a, b):
    s = 0.0
    for i in range(3):
        for j in range(3):
            a[i, j] = a[i, j] * b[j, i] + b[i, j]
            s += a[i, j] * (i + 1)
    return s


@case(args=lambda: (_normal(2, 3, 4), _normal(2, 3, 4, seed=43)), argnums=(0, 1))
@case(
    args=lambda: (np.asfortranarray(_normal(2, 3, 4)), _normal(2, 3, 4, seed=43)[::-1, :, ::-1]),
    argnums=(0, 1),
    name="cube_orders",
)
@case(
    args=lambda: (_normal(4, 3, 2).transpose(2, 1, 0), _normal(4, 6, 4)[::2, ::2, ::-1]),
    argnums=(0, 1),
    name="cube_orders2",
)
def cube(a, b):
    s = 0.0
    for i in range(a.shape[0]):
        p = a[i]
        for j in range(a.shape[1]):
            q = p[j]
            r = b[i, j]
            for k in range(a.shape[2]):
                q[k] = q[k] * r[k] + s
                s += math.sin(q[k]) * b[i, 0, k]
        b[i, :, 0][1] = s
    return s * a[1, 2, 3] + b[0, 1, 0]


@case(
    args=[
        lambda: (_normal(5), -1),
        lambda: (_normal(5), 0),
        lambda: (_normal(5), 1),
        lambda: (_normal(5), 7),
        lambda: (_normal(5), -9),
    ]
)
def slices_with_runtime_bounds(x, k):
    s = 0.0
    for a in range(-7, 8, 3):
        for v in x[a:k]:
            s += v * a
        for v in x[k:a:2]:
            s += v * v
        for v in x[a::-1]:
            s = math.sin(s + v)
        for v in x[:k:-2]:
            s += v * 0.5 * s
        y = x[a:]
        if len(y):
            y[0] = y[0] * 0.5 + s
    return s


@case(
    args=[
        lambda: (_normal(3, 4, 2),),
        lambda: (np.asfortranarray(_normal(3, 4, 2)),),
        lambda: (_normal(2, 4, 3).T,),
        lambda: (_normal(6, 8, 4)[::-2, ::2, 1::-1],),
    ]
)
def slices_of_cubes(a):
    s = 0.0
    for i in range(3):
        m = a[i, ::-1]
        n = a[:, i, 1]
        p = a[::2, 1:, 0]
        q = a[i][1:3, ::-1]
        for j in range(2):
            m[j, 1] = m[j, 0] * n[j] + s
            p[j, i] += q[j, 1] * q[1, 0]
            s += math.tanh(m[j, 1] * p[1, 2])
        n[2] = s
    return s * a[0, 0, 0] + a[2, 3, 1] * a[1, 1, 0]


@case(args=lambda: (_normal(3, 4),))
def rows_iterated_and_written(a):
    s = 0.0
    for row in a:
        row[0] = row[1] * row[2] + s
        for i in range(1, 4):
            row[i] *= a[0, i - 1]
        s += row[3]
    for row in a[::-1, 1:]:
        for v in row:
            s = s * 0.9 + v * row[0]
    return s


@case(args=lambda: (_normal(4),))
def iterated_while_written(x):
    s = 0.0
    k = 0
    for v in x:
        x[(k + 1) % 4] = v * x[k] + 0.5
        s += v * x[-1]
        k += 1
    return s


@case(args=lambda: (_normal(4),))
def iterated_and_rebound(x):
    y = x
    s = 0.0
    for v in y:
        y = np.zeros(2)
        y[0] = v * s
        s += y[0] + v
    return s + y[0]


@case(args=lambda: (_normal(4),))
def in_place_on_slices_of_work(x):
    w = np.zeros((3, 8))
    for k in range(3):
        left, right = w[k, :4], w[k, 4:]
        for i in range(4):
            left[i] = x[i] * (k + 1)
            right[3 - i] = left[i] * w[k - 1, i + 2]
        w[k - 1, ::2][1] += right[0]
    s = 0.0
    for r in w:
        for v in r:
            s += v * v
    return s


@case(args=lambda: (_normal(4, 4),))
def rows_rotate(a):
    p, q, r = a[0], a[1], a[2]
    for k in range(5):
        for i in range(4):
            r[i] = p[i] * q[3 - i] + 0.1 * r[i]
            if r[i] > 0.5:
                break
        else:
            q, r = r, q
        p, q, r = q, r, p
    return p[0] * q[1] * r[2] + a[3, 0] * a[2, 2]


@case(args=lambda: (_normal(3, 4), 3))
def copies_of_rows(a, n):
    s = 0.0
    for k in range(n):
        r = a[k].copy()
        c = np.copy(a[:, k])
        for i in range(3):
            r[i] += c[i] * s
            a[k, i] = r[i + 1] * 0.5
        s += r[0] * c[1] + a[0, 0]
    return s


@case(args=[lambda: (_normal(4), 3), lambda: (_normal(4), 0)], array_valued=True)
def returns_view_of_written(x, n):
    y = x[::-1]
    for k in range(n):
        y[k] = x[k] * y[k + 1]
    return y[1:]


@case(
    args=[
        lambda: (_normal(3, 4), 1),
        lambda: (np.asfortranarray(_normal(3, 4)), 2),
        lambda: (_normal(6, 8)[::2, ::-2], 0),
    ],
    array_valued=True,
)
def returns_row_after_loop(a, k):
    for i in range(3):
        r = a[i]
        for j in range(1, 4):
            r[j] = math.sin(r[j - 1]) * r[j]
        if i == k:
            return r
    return a[0]
