"""Operators at their corners: signs, ties, powers, bools, single precision, narrow integers."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=41):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=42):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


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


@case(args=lambda: (_normal(4).astype(np.float32), 1.5, np.float32(0.3)), argnums=(0, 1), tags=("float32",))
def float32_mixed(x, t, u):
    s = t
    for v in x:
        s += v * u
        s = s * 0.5
    y = x[0] * 2.0 + 1
    return float(s) + float(y * y)


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


@case(args=lambda: (_positive(4),))
def unpack_array_ok(x):
    a, b, c, d = x
    (e, f), g = x[:2], x[3]
    return a * b + c * d * e + f * g
