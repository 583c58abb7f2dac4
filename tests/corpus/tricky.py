"""Programs that try the compiler: views written in loops, buffers that take turns, odd exits, aliases."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=42):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


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


@case(
    args=[lambda: (_normal(4), 7), lambda: (_normal(4), 6), lambda: (_normal(4), 1), lambda: (_normal(4), 0)]
)
def three_buffers(x, steps):
    n = len(x)
    a, b, c = np.zeros(n), np.ones(n), np.zeros(n)
    for i in range(n):
        a[i] = x[i]
    for k in range(steps):
        if k % 3 == 2:
            a, b = b, a
        elif x[k % n] > 0.0:
            for i in range(n):
                c[i] = a[i] * b[i] + 0.1 * c[i]
                if c[i] > 0.2:
                    a, b, c = b, c, a
        else:
            a, c = c, a
        for i in range(n):
            b[i] = math.sin(a[i]) + 0.5 * c[n - 1 - i]
    return a[0] * b[1] + c[2] * a[3]


@case(args=[lambda: (_normal(4), 5, True), lambda: (_normal(4), 4, False)])
def alias_in_branch(x, steps, flag):
    a = np.zeros(4)
    b = x
    for k in range(steps):
        if k % 2 == 0:
            a = b
        else:
            a = np.ones(4)
            if flag:
                b = a
        for i in range(4):
            a[i] += b[i] * x[(i + k) % 4] * 0.3
    return a[0] * b[1] + x[2] * a[3]


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


@case(args=[lambda: (_normal(5), 4), lambda: (_normal(5), 0)])
def conditional_allocation(x, n):
    work = x
    s = 0.0
    for k in range(n):
        if x[k] > 0.0:
            work = np.zeros(k + 2)
            work[0] = x[k]
            work[1] = s
        s += work[0] * work[1]
    return s + work[0]


def _fresh(x, n):
    if n == 0:
        return np.ones(3)
    out = np.zeros(3)
    for i in range(3):
        if x[i] > 10.0:
            return out
        out[i] = x[i] * n
    return out


@case(args=[lambda: (_normal(4), 3), lambda: (_normal(4) + 9.3, 3)])
def arrays_from_helper(x, n):
    total = 0.0
    last = np.zeros(3)
    for k in range(n):
        y = _fresh(x, k)
        for i in range(3):
            y[i] += last[i] * y[(i + 1) % 3]
        last = y
        total += y[0] * y[1] * y[2]
    return total + last[2]


@case(
    args=[
        lambda: (_normal(3, 3), 0.5),
        lambda: (_normal(3, 3), 3.0),
        lambda: (_normal(3, 3), -5.0),
        lambda: (_normal(3, 3), 1e9),
    ],
    argnums=(0,),
    smooth=True,
)
def return_from_three_deep(a, limit):
    s = 1.0
    for i in range(3):
        t = 0.0
        j = 0
        while j < 3:
            u = a[i, j] * s
            for k in range(3):
                u = math.sin(u) + a[k, j] * a[i, k]
                t += u * u
                if t > limit:
                    return t * u + s * a[0, 0]
            s = 0.5 * s + u
            j += 1
        s *= t
    return s


@case(args=[lambda: (_positive(6), 3.0), lambda: (_positive(6), 0.5)], argnums=(0, 1))
def while_for_while(x, limit):
    s = limit
    k = 0
    while s < 8.0:
        for i in range(len(x)):
            if i == 3 and k % 2 == 1:
                continue
            t = x[i]
            while True:
                t = t * 1.7 + x[k % 6]
                if t > 4.0:
                    break
                if t < 0.1:
                    continue
                s += 0.05 * t * x[i]
            else:
                s = -1.0
            if s > 7.0 and i > 2:
                break
        else:
            s += x[0] * x[1]
        s += 0.3 * t
        k += 1
    else:
        s = s * s * 0.1
    return s + k


@case(args=[lambda: (_normal(4), 0), lambda: (_normal(4), 3)])
def zero_trips(x, n):
    last = x[0] * 2.0
    i = 7
    for i in range(n):
        last = last * x[i]
        inner = last
        for j in range(i):
            inner = inner * x[j]
        last += inner
    return last * i


@case(args=lambda: (0.5, 3.0), argnums=(0, 1))
def active_header(a, limit):
    x = 1.0
    while math.exp(x * a) + x * x < limit * 20.0:
        x += 0.3 + 0.1 * x * a
    return x * x


@case(args=lambda: (0.5, 3.0), argnums=(0, 1))
def walrus_header(a, limit):
    x = 1.0
    s = 0.0
    while (y := math.exp(x * a)) < limit * 20.0 and (z := y * x) < 100.0:
        s += z * y
        x += 0.3 + 0.1 * y
    return x * x + y * 0.01 + s * 1e-3 + z


@case(args=[lambda: (_normal(6),), lambda: (_normal(1),), lambda: (np.zeros(0),)])
def triangular(x):
    n = len(x)
    s = 0.0
    for i in range(n):
        p = 1.0
        for j in range(i, n, 2):
            p *= x[j] + s
            for k in range(j, -1, -1):
                s = 0.5 * math.sin(s + p * x[k])
        s += p
    return s


@case(args=lambda: (_normal(12), np.array([3, 0, 2, 1, 0, 4])))
def ragged(x, lengths):
    at = 0
    s = 0.0
    for n in lengths:
        p = 1.0
        for i in range(n):
            p = math.cos(p * x[at])
            at += 1
        s += p * p
    return s


@case(args=lambda: (_normal(6),))
def data_dependent_trips(x):
    s = 0.0
    for i in range(len(x)):
        n = int(abs(x[i]) * 5.0)
        p = x[i]
        for j in range(n):
            p = p * x[j % 6] + 0.3
        for j in range(n, -n, -3):
            p += math.sin(p) * j * 0.1
        s += p
    return s


@case(args=lambda: (_normal(5),))
def huge_strides(x):
    s = 0.0
    for i in range(-(2**61), 2**62, 2**60):
        s = math.sin(s + x[(i >> 60) % 5])
    for i in range(0, 10**18, 4 * 10**17):
        s *= x[i // (4 * 10**17)] + 1.0
    for i in range(2**63 - 1, 2**63 - 10, -3):
        s += x[i % 5] * s
    return s


@case(args=lambda: (_normal(6), np.array([5, 0, 0, 3, 5, -1, 2]), np.array([1, 1, 2, 0, -2, 1, 3])))
@case(
    args=lambda: (
        _normal(6),
        np.array([5, 0, 0, 3, 5, -1, 2], dtype=np.int32),
        np.array([1, 1, 2, 0, -2, 1, 3], dtype=np.int8),
    ),
    name="gather_scatter_narrow",
)
def gather_scatter(x, source, target):
    y = np.zeros(4)
    for k in range(len(source)):
        y[target[k]] += x[source[k]] * y[target[k] - 1] + x[k % 6]
        x[source[k]] *= 0.5 + y[0]
    return y[0] * y[1] + y[2] * y[3] + x[5]


@case(args=lambda: (_normal(5), np.array([True, False, True, True, False])))
def masked(x, mask):
    s = 1.0
    n = 0
    for i in range(len(x)):
        if mask[i]:
            s *= x[i]
            n += mask[i]
        mask[i] = x[i] > 0.0 and not mask[i]
        s += mask[i] * x[i]
    for m in mask:
        n += m
    return s * n


@case(args=lambda: (_normal(4).astype(np.float32), 1.5, np.float32(0.3)), argnums=(0, 1), tags=("float32",))
def float32_mixed(x, t, u):
    s = t
    for v in x:
        s += v * u
        s = s * 0.5
    y = x[0] * 2.0 + 1
    return float(s) + float(y * y)


@case(args=lambda: (_normal(6),), tags=("aliased",))
def itself(x):
    return _three(x, x, x)


def _three(x, y, z):
    for i in range(len(x)):
        y[i] = x[i] * z[len(z) - 1 - i]
    return x[0] + y[1] * z[2]


@case(
    args=lambda: (lambda x: (x, x, x))(_normal(6)), argnums=(0, 1, 2), tags=("aliased",), name="same_thrice"
)
@case(
    args=lambda: (lambda x: (x, x[::-1], x[:]))(_normal(6)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="reversed_alias",
)
@case(
    args=lambda: (lambda x: (x[1:], x[:-1], x[::2]))(_normal(7)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="partial_alias",
)
@case(
    args=lambda: (lambda x: (x[0], x[:, 0], x[1]))(_normal(4, 4)),
    argnums=(0, 1, 2),
    tags=("aliased",),
    name="row_and_column",
)
def three_arguments(x, y, z):
    for i in range(min(len(x), len(z))):
        y[i] = x[i] * z[len(z) - 1 - i] + y[i]
    return x[0] + y[1] * z[2]


@case(args=lambda: (lambda x: (x, x))(_normal(6)), argnums=(0, 1), tags=("aliased",), name="read_only_same")
@case(
    args=lambda: (lambda x: (x, x[::-1]))(_normal(6)),
    argnums=(0, 1),
    tags=("aliased",),
    name="read_only_reversed",
)
@case(
    args=lambda: (lambda x: (x[1:], x[:-1]))(_normal(6)),
    argnums=(0,),
    tags=("aliased",),
    name="read_only_shifted",
)
def dot_product(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i] * y[i]
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


# helpers with several returns, tuples with arrays
def _split(x, at):
    if at <= 0:
        return x, 1.0, x[0:0]
    if at >= len(x):
        return x[0:0], 2.0, x
    y = np.zeros(at)
    for i in range(at):
        y[i] = x[i] * x[i]
        if y[i] > 100.0:
            return y, y[i], x[at:]
    return x[:at], y[at - 1], x[at:]


@case(args=lambda: (_normal(5), 7))
def tuples_with_arrays(x, n):
    s = 0.0
    for at in range(n):
        a, f, b = _split(x, at)
        for i in range(len(a)):
            a[i] = a[i] * 0.9 + f * 0.1
            s += a[i] * f
        for v in b:
            s += v * v * f
    return s


@case(args=lambda: (0.7, _normal(4)), argnums=(0, 1))
def captured_active_floats(x, y):
    scale = x * x

    def inner(t, power=2):
        total = 0.0
        for v in y:
            total += scale * v * t
        r = 1.0
        for _ in range(power):
            r *= total + t
        return r

    shift = lambda t: t + scale * y[0]
    s = inner(x)
    s += inner(shift(s), 3)
    return shift(s) + inner(0.5, power=1)


def _twice(f, x):
    return f(f(x))


def _fold(f, start, items):
    acc = start
    for v in items:
        acc = f(acc, v)
    return acc


@case(args=lambda: (0.7, _normal(4)), argnums=(0, 1))
def higher_order(x, y):
    k = math.cos(x)
    g = lambda t: _twice(lambda u: u * k + t, t)
    return _twice(g, x) + _fold(lambda a, v: a * k + v * g(v), 0.0, y)


@case(args=lambda: (1.3, 0.7), argnums=(0, 1))
def nonlocal_free_closures(x, y):
    def make(a):
        def f(b):
            return a * b + y

        return f

    f, g = make(x), make(x * y)
    s = 0.0
    for i in range(3):
        s += f(g(s + i))
    return s


@case(args=[lambda: (1.3, -2.7), lambda: (-1.3, 2.7), lambda: (5.4, 0.5)], argnums=(0, 1))
def augmented_operators(x, y):
    z = x
    z **= 2
    z *= y
    w = z
    w //= 0.7
    q, r = divmod(z, y)
    z %= y
    w += q * r
    n = 7
    n //= -2
    n **= 2
    m = -7 % 3
    z -= -x % 3.0
    z += x % -y * 0.5
    return z * x + w * y + r * n + m * x


@case(
    args=[
        lambda: (0.5, 1.0, 2.0),
        lambda: (1.0, 1.0, 1.0),
        lambda: (3.0, 2.0, 1.0),
        lambda: (0.0, 0.0, -1.0),
    ],
    argnums=(0, 1, 2),
    smooth=False,
)
def ties_and_chains(x, y, z):
    s = max(x, y, z) * 2.0 + min(x, y, z) * 3.0
    s += max(x, y) * min(y, x) + abs(x - y) + abs(x)
    if x < y < z:
        s += x * y
    elif x <= y <= z != 5.0:
        s += y * z * z
    elif not x > y > z:
        s -= x
    s += (x or y) * 2.0 + (x and z) * 3.0 + (x > y or z > y) * y
    t = x and y and z or s
    u = 0.0 or x - y or z
    return s * t + u + (x if x else y)


@case(args=[lambda: (2.0, 3), lambda: (2.0, 0)], argnums=(0,), raises=ValueError)
def only_on_raise(x, n):
    y = x
    for i in range(n):
        y = y * x
    message = y * 3.0
    if x > 1.0:
        if message > 0.0:
            raise ValueError("too large")
        raise KeyError(n)
    return y


@case(
    args=lambda: (_positive(5), np.array([1.0, 1.0, 0.0, 1.0, 1.0])), argnums=(0, 1), raises=ZeroDivisionError
)
def division_at_iteration(x, y):
    s = 1.0
    for i in range(5):
        w = np.zeros(i + 1)
        for j in range(i + 1):
            w[j] = s
            k = 0
            while k < j:
                s += math.sin(w[k] * float(x[j]))
                k += 1
        s = float(s) / float(y[i])
    return s


@case(args=lambda: (_positive(5), 3), raises=UnboundLocalError)
def unbound_in_loop(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += t * x[i]  # noqa: F821 (never bound)
        elif x[i] > 5.0:
            t = x[i]
    return s


@case(args=[lambda: (_positive(5), 3), lambda: (_positive(5), 2)])
def sometimes_unbound(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += t * x[i]  # noqa: F821 (bound in the round before)
        t = x[i] * s + 1.0
        if n > 2:
            w = t * t
    if n > 2:
        s += w
        del w
    return s


@case(args=lambda: (_positive(3), 0), raises=UnboundLocalError)
def unbound_after_zero_trips(x, n):
    for i in range(n):
        y = x[i]
    return y * x[0]


@case(args=lambda: (0.0 * 1.0, _positive(3)), argnums=(0, 1), raises=ValueError)
def math_domain_in_while(x, y):
    s = 1.0
    k = 0
    while s > -10.0:
        s -= y[k % 3]
        x += math.log(s + 2.0)
        k += 1
    return x


@case(args=lambda: (np.zeros(0), np.zeros((0, 3)), 2.0), argnums=(0, 1, 2))
def empty_arrays(x, a, t):
    s = t
    for v in x:
        s *= v
    for row in a:
        for v in row:
            s += v
    y = np.zeros(len(x))
    for i in range(len(y)):
        y[i] = x[i]
    z = np.zeros((3, len(x)))
    for i in range(3):
        for j in range(len(x)):
            z[i, j] = s
    w = x[::-1]
    for v in w:
        s -= v
    return s * t


GLOBAL = np.array([1.0, 2.0, 3.0])
SCALE = 2.5


@case(args=lambda: (_normal(3),), tags=("captured_array",))
def reads_global(x):
    s = 0.0
    for i in range(3):
        s += GLOBAL[i] * x[i] * SCALE
    return s * s


@case(args=lambda: (_normal(3), 3), argnums=(0,))
def twelve_deep(x, n):
    s = 0.1
    for a in range(2):
        for b in range(a, 2):
            for c in range(1):
                d = 0
                while d < 2:
                    d += 1
                    for e in range(b, 2):
                        for f in range(1, n - 1):
                            for g in range(2):
                                if g == 1 and d == 2:
                                    continue
                                for h in range(1):
                                    for i in range(2):
                                        j = i
                                        while s < 50.0 and j < 2:
                                            j += 1
                                            for k in range(e + 1):
                                                for l in range(2):
                                                    s = math.sin(s * x[l]) + x[(k + j) % 3] * s * 0.5
    return s


@case(args=lambda: tuple(0.3 + 0.02 * i for i in range(30)), argnums=tuple(range(30)))
def thirty(
    a0,
    a1,
    a2,
    a3,
    a4,
    a5,
    a6,
    a7,
    a8,
    a9,
    b0,
    b1,
    b2,
    b3,
    b4,
    b5,
    b6,
    b7,
    b8,
    b9,
    c0,
    c1,
    c2,
    c3,
    c4,
    c5,
    c6,
    c7,
    c8,
    c9,
):
    s = 0.0
    for i in range(3):
        s += a0 * a1 + a2 * a3 + a4 * a5 + a6 * a7 + math.tanh(a8 * a9 * s)
        s *= 0.01 * b0 + b1 * b2 + b3 * b4 * b5 + b6 / b7 + b8 * b9
        if s > c0:
            s -= math.sin(c1 * c2 * c3 * s) + c4 * c5 * c6
        s += c7 * c8 * c9
    return s


@case(args=[lambda: (_normal(6), np.zeros(6), True), lambda: (_normal(6), np.ones(6), False)], argnums=(0, 1))
def work_and_result(x, out, flag):
    target = out if flag else x
    other = x if flag else out
    for k in range(2):
        for i in range(1, len(x)):
            target[i] = other[i - 1] * x[i] + target[i] * out[i - 1]
        target, other = other, target
    return target[3] * other[4] + out[5] + x[5]


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


@case(
    args=[lambda: (_normal(5), 0), lambda: (_normal(5), 1), lambda: (_normal(5), 4), lambda: (_normal(5), 9)]
)
def else_and_early_return(x, n):
    s = 1.0
    for i in range(n):
        for v in x:
            if v * s > 3.0:
                return s * v
            if i > 6:
                break
            s += v * v * 0.3
        else:
            s *= 0.9
            continue
        return s * 2.0
    else:
        s -= x[0]
    return s * x[1]


@case(args=lambda: (0.3, 4), argnums=0)
def int_becomes_float(x, n):
    s = 0
    p = 1
    for i in range(n):
        if i == 2:
            s = s + x
        p = p * 2 if i < 2 else p * x
        s = s + p
    return s * p


@case(args=lambda: (np.float64(0.3), np.float64(0.0)), argnums=(0, 1), smooth=False, tags=("nonfinite",))
def numpy_scalars_divide(x, y):
    z = 1.0 / (y + 1.0) + x
    return z * x / (x + y)


@case(args=lambda: (_normal(5),))
def swap_chain(x):
    a, b, c, d = x[0], x[1], x[2], x[3]
    for i in range(7):
        a, b, c, d = b, c * a, d, a + x[4]
        if c > d:
            c, d = d, c
        b, (a, c) = c, (b, a)
    return a * b + c * d


@case(args=lambda: (0.5, 1.5), argnums=(0, 1))
def tuples_carried(x, y):
    p = (x, (y, 1.0), 2)
    for i in range(4):
        a, (b, c), n = p
        p = (a * b, (c + a, b * 0.5), n + 1)
        if n > 3:
            p = (p[0] * p[1][0], (p[1][1], x), 1)
    return p[0] + p[1][0] * p[1][1] * p[2]


# ---- loops & alloc/hoist
@case(args=[lambda: (_normal(4), 5), lambda: (_normal(4), 1)])
def allocated_kept_across(x, n):
    """The previous iteration's array is read in the next: it may not be hoisted."""
    old = np.zeros(4)
    s = 0.0
    for k in range(n):
        new = np.zeros(4)
        for i in range(4):
            new[i] = old[i - 1] * x[i] + x[(i + k) % 4]
        s += new[0] * old[2]
        old = new
    return s + old[1]


@case(args=lambda: (_normal(4), 4))
def allocated_partly_written(x, n):
    s = 0.0
    for k in range(n):
        t = np.zeros(4)
        u = np.ones(4)
        for i in range(k):
            t[i] = x[i] * (s + 1.0)
            u[i + 1] *= t[i]
        for i in range(4):
            s += t[i] * u[3 - i] + u[i] * x[i] * 0.1
    return s


@case(args=lambda: (_normal(4), 6))
def allocated_and_swapped(x, n):
    a, b = np.zeros(4), np.zeros(4)
    s = 1.0
    for k in range(n):
        c = np.zeros(4)
        for i in range(4):
            c[i] = x[i] * s + a[i]
        if k % 2 == 0:
            a, b = c, a
        else:
            b = c
        s = math.sin(a[0] + b[1] * c[2])
    return s + a[3] * b[3]


@case(args=lambda: (_normal(4), 5))
def empty_like_in_loop(x, n):
    s = 0.5
    for k in range(n):
        w = np.empty_like(x)
        v = np.full(3, s)
        for i in range(4):
            w[i] = x[i] * s
        v[0] *= w[1]
        y = x.copy()
        y[0] = v[0] * v[1]
        s = math.tanh(w[0] * w[3] + v[0] + y[0] * y[1])
    return s


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


@case(args=lambda: (_normal(3), 4))
def shapes_grow(x, n):
    s = 0.0
    for k in range(1, n):
        m = np.zeros((k, k + 1))
        for i in range(k):
            for j in range(k + 1):
                m[i, j] = x[(i + j) % 3] * (s + 1.0)
        for i in range(k):
            s += m[i, i] * m[i, i + 1]
        row = m[k - 1]
        s += row[-1] * row[0]
    return s


# -- exits
@case(
    args=[
        lambda: (_positive(5), 0.1),
        lambda: (_positive(5), 1.0),
        lambda: (_positive(5), 3.0),
        lambda: (_positive(5), 1e6),
    ],
    argnums=(0, 1),
)
def many_exits(x, limit):
    s = limit * 0.1
    best = 0.0
    for i in range(5):
        s += x[i]
        if s > 2.0 * limit:
            return s * best
        w = np.zeros(3)
        for j in range(5):
            w[j % 3] += x[j] * s
            if w[j % 3] > limit:
                best = w[j % 3]
                break
            if w[0] * s > limit:
                return w[0] * w[1]
            k = 0
            while True:
                k += 1
                s = s * 0.9 + 0.1 * x[k] * w[0]
                if k == 4:
                    break
                if s < 0.05:
                    return s
                if k == 2 and j % 2:
                    continue
                s += 0.01
        else:
            best += s * w[2]
            continue
        s *= best
    return s + best * limit


@case(args=[lambda: (1.2, 5), lambda: (1.2, 0), lambda: (0.9, 40)], argnums=0)
def infinite_loop_with_returns(x, n):
    s = x
    k = 0
    while True:
        if k >= n:
            return s * x
        k += 1
        y = s * s
        if y > 50.0:
            return y + x * k
        if k % 3 == 0:
            s = 0.5 * y
            continue
        s = y * x


@case(args=lambda: (_normal(6),))
def value_leaves_by_different_exits(x):
    total = 0.0
    for start in range(6):
        p = x[start]
        q = 1.0
        for j in range(start, 6):
            p *= 1.5
            if p > 1.0:
                r = p * x[j]
                break
            q = q * p
            if q < -0.3:
                r = q * 3.0
                p = q
                break
        else:
            r = p - q
        total += r * p + q
    return total


@case(args=lambda: (_normal(5), 0.4), argnums=(0, 1))
def header_reads_memory(x, t):
    i = 0
    while i < 5 and x[i] * t < 0.3 and abs(x[i]) < 2.5:
        x[i] = x[i] * t + 1.0
        t = t + 0.1 * x[i]
        i += 1
    return t * x[0] + i


@case(args=lambda: (np.array([3.0, 1.0, 2.0, 0.0]), _normal(4)), argnums=(1,))
def linked_list(following, x):
    """Indices made from floats stored in an array, which changes meanwhile."""
    at = 0
    s = 1.0
    for k in range(9):
        at = int(following[at])
        s = s * 0.5 + x[at] * s
        following[at] = (following[at] + 1.0) % 4.0
    return s


# closures and flow
@case(args=[lambda: (0.7, 1.1, 2), lambda: (0.7, 1.1, 0)], argnums=(0, 1))
def closure_in_loop(x, y, n):
    s = 0.0
    for i in range(n + 2):
        scale = x * (i + 1) + s

        def f(t, c=scale):
            return t * c + y

        s += f(x) * 0.1
        g = lambda t: f(t) * scale
        s += g(0.3)
    return s


def _newton(f, df, x, tol):
    for _ in range(50):
        step = f(x) / df(x)
        x -= step
        if abs(step) < tol:
            return x, True
    return x, False


@case(args=lambda: (2.0, 0.5), argnums=(0, 1))
def newton_with_closures(a, b):
    root, found = _newton(lambda t: t * t * t - a * t - b, lambda t: 3.0 * t * t - a, 2.0, 1e-13)
    if not found:
        return 0.0
    again, _ = _newton(lambda t: math.exp(t) - root, lambda t: math.exp(t), 0.0, 1e-13)
    return root * again


def _integrate(f, a, b, n):
    h = (b - a) / n
    s = 0.5 * (f(a) + f(b))
    for i in range(1, n):
        s += f(a + i * h)
    return s * h


@case(args=lambda: (0.5, 1.5), argnums=(0, 1))
def double_integral(a, b):
    return _integrate(lambda u: _integrate(lambda v: math.sin(a * u * v) * b, 0.0, u, 4), a, b, 5)


@case(args=[lambda: (0.7, True, False), lambda: (0.7, False, True)], argnums=0)
def bools_as_numbers(x, p, q):
    s = x * p + q
    s += (x > 0.5) * x * 2 + (p and q) + (p or x) + (not p) * x
    s += p + q * 3 - (p ^ q) * x + (p | q) + (p & (x > 1.0)) + True
    n = p + p + q
    return s * n + x**n


@case(args=[lambda: (2.0, 3), lambda: (2.0, 0), lambda: (2.0, -2), lambda: (-2.0, 3)], argnums=0)
def integer_powers(x, n):
    s = x**n + x ** (n + 1) * x**2 + x**-1 + x**3 + (x * x) ** 0.5 + 2.0**x
    for k in range(-2, 4):
        s += x**k * 0.5**k
    return s + pow(x, n) * pow(x * x, 1.5)


@case(
    args=[lambda: (7.3, 2.0), lambda: (-7.3, 2.0), lambda: (7.3, -2.0), lambda: (-7.3, -2.0)],
    argnums=(0, 1),
    smooth=False,
)
def remainders(x, y):
    q, r = divmod(x, y)
    n = int(x) // 2
    m = int(x) % 3 + (-5) // 3 + divmod(int(x), -4)[1]
    s = x % y + q * x + r * y + math.fmod(x, y) + (x // y) * y + n * x + m * y
    for k in range(3):
        s += (x + k * 0.37) % y + (x - k) // 1.5
    return s + math.floor(x) * y + math.trunc(y) * x + math.ceil(x) + round(x) * y + int(x) * y


@case(args=lambda: (0.9,), argnums=0)
def many_lines_reassigned(x):
    a = x
    a += a * a
    a -= 1 / a
    a *= a - x
    a /= 1 + a * a
    a = -a
    a = +a
    b = a, x
    (c, d), e = b, a
    f = [c, d, e]
    g, *h = f
    return g * h[0] + h[1] * sum_of(f)


def sum_of(values):
    s = 0.0
    for v in values:
        s += v
    return s


# dtype stuff
@case(args=lambda: (_normal(4).astype(np.float32), _normal(4)), argnums=0, smooth=True, tags=("float32",))
def float32_and_float64_arrays(x, y):
    s = 0.0
    for i in range(4):
        y[i] = y[i] * float(x[i])
        x[i] = y[i]
        s += float(x[i]) * y[3 - i]
    return s


@case(args=lambda: (np.float32(0.3), 1.5), argnums=1, tags=("float32",))
def float32_scalar_loop(u, t):
    s = u
    for i in range(4):
        s = s * u + 1
        t = t * float(s)
    return t


@case(
    args=lambda: (
        _normal(4),
        np.array([2, -1, 3, 1], dtype=np.int32),
        np.array([250, 3, 4, 255], dtype=np.uint8),
    )
)
def narrow_integers(x, a, b):
    s = 0.0
    for i in range(4):
        a[i] *= 3
        b[i] += 1 if b[i] < 255 else 0
        n = int(a[i]) * 1000 + int(b[i])
        s += x[i] * n * 0.001 + x[i] * a[i] + float(b[i])
        s = s * x[n % 4]
    return s


@case(args=lambda: (0.3, np.int32(7), np.int64(3), np.bool_(True)), argnums=0)
def numpy_integers(x, i, j, flag):
    s = x * i + j
    if flag:
        s *= i // j + i % j
    for k in range(j):
        s += x * k * i
    return s * (i > j)


# nan/inf in branches not taken
@case(args=[lambda: (0.0, 1.0), lambda: (1.0, 0.0), lambda: (-1.0, 2.0)], argnums=(0, 1), smooth=False)
def guarded(x, y):
    a = math.log(x) if x > 0.0 else 0.0
    b = math.sqrt(x) * y if x > 0.0 else y
    c = 1.0 / y if y != 0.0 else x
    d = x**0.5 if x > 0 else x
    return a * y + b + c * d


@case(args=lambda: (0.0, 0.0), argnums=(0, 1), smooth=False)
def kinks(x, y):
    return abs(x) + max(x, y) * 2.0 + min(x, y) * 3.0 + math.copysign(1.5, x) * y + abs(-y)


@case(args=lambda: (_normal(5), 2), smooth=True)
def stop_then_rewind(x, k):
    i = 0
    steps = 0
    s = 1.0
    while i < len(x):
        s = math.cos(s * x[i]) + 0.2 * s
        steps += 1
        if s < 0.4 and steps < 20:
            i = max(0, i - k)
            x[i] = x[i] * 0.7 + 0.1 * s
        else:
            i += 1
    return s * steps + x[0]


# array valued / vjp with tuples, views etc.
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


@case(args=[lambda: (_normal(5), 1), lambda: (_normal(5), 2)], array_valued=True)
def returns_argument_or_fresh(x, k):
    if k == 1:
        x[0] *= x[1]
        return x
    y = x.copy()
    y[0] *= x[1] * x[2]
    x[2] = 0.0
    return y


@case(args=lambda: (_normal(4), 0.3), argnums=(0, 1), array_valued=True)
def state_after_steps(x, t):
    y, z = np.zeros(4), x
    for k in range(5):
        for i in range(4):
            y[i] = z[i] + t * (z[i - 1] - z[i] * z[i])
        y, z = z, y
    return z


@case(args=[lambda: (_normal(4), 2), lambda: (_normal(4), 0)], array_valued=True)
def filter_positive(x, start):
    out = np.zeros(len(x))
    n = 0
    for v in x[start:]:
        if v > 0.0:
            out[n] = v * v
            n += 1
    return out[: n + 1]
