"""Reading arrays: ranks, layouts, dtypes, negative and computed indices, attributes."""

import itertools
import math

import numpy as np

from .registry import case


def _normal(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=[lambda: (_normal(6),), lambda: (_normal(12)[::2],), lambda: (_normal(6)[::-1],)])
def sum_of_squares(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@case(args=lambda: (_normal(6), _normal(6, seed=2)), argnums=(0, 1))
@case(args=lambda: (lambda x: (x, x))(_normal(5)), argnums=(0, 1), tags=("aliased",), name="dot_with_itself")
def dot(x, y):
    s = 0.0
    for i in range(x.size):
        s += x[i] * y[i]
    return s


@case(args=lambda: (_normal(5),))
def negative_indices(x):
    return x[-1] * x[0] + x[-2] ** 2 - x[-len(x)] * x[len(x) - 1]


@case(
    args=[
        lambda: (_normal(3, 4),),
        lambda: (np.asfortranarray(_normal(3, 4)),),
        lambda: (_normal(4, 3).T,),
        lambda: (_normal(6, 8)[::2, ::-2],),
    ]
)
def two_dimensional(x):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += x[i, j] * math.cos(x[i, -1 - j]) + x[-1, j] * x[i, 0]
    return s


@case(args=[lambda: (_normal(2, 3, 4),), lambda: (_normal(4, 2, 3).transpose(1, 2, 0),)])
def three_dimensional(x):
    s = 0.0
    a, b, c = x.shape
    for i in range(a):
        for j in range(b):
            for k in range(c):
                s += x[i, j, k] * x[-1 - i, j, c - 1 - k] * (i + j * k)
    return s


@case(args=lambda: (_normal(3, 4), _normal(4, seed=2)), argnums=(0, 1), tags=("rows",))
def rows(x, y):
    s = 0.0
    for i in range(len(x)):
        row = x[i]
        for j in range(len(row)):
            s += row[j] * y[j] + x[i][j] ** 2
    return s


@case(args=lambda: (_normal(3, 4),))
def attributes(x):
    n = x.shape[0] * x.shape[1]
    s = 0.0
    if x.ndim == 2 and n == x.size and len(x.shape) == 2:
        s += x[0, 0] * n
    return s * x.size + x[1, 1] / len(x)


@case(args=lambda: (_normal(5), np.array([3, 0, 0, 4, -1])), tags=("gather",))
def gather(x, index):
    s = 0.0
    for k in range(len(index)):
        s += x[index[k]] * (k + 1) * x[index[k]]
    return s


@case(args=lambda: (_normal(5), np.array([1, 0, 0, 2, 1], dtype=np.int32)))
def int32_array(x, labels):
    s = 0.0
    for k in range(len(labels)):
        if labels[k] == 0:
            s += x[k] * x[k]
        else:
            s -= x[k] * labels[k]
    return s


@case(args=lambda: (_normal(5), np.array([True, False, True, True, False])))
def bool_array(x, mask):
    s = 1.0
    for k in range(len(x)):
        if mask[k]:
            s *= x[k]
    return s


@case(args=lambda: (_normal(6).astype(np.float32),), tags=("float32",))
def float32_sum(x):
    s = 0.0
    for i in range(len(x)):
        s += float(x[i]) * float(x[i])
    return s


@case(args=lambda: (_normal(6).astype(np.float32), 0.5), argnums=(0, 1), tags=("float32",))
def float32_weak_promotion(x, t):
    y = x[0] * x[1] + 2.0 * x[2]
    z = y / x[3]
    return float(z) * t + float(x[4] * 0.5)


@case(args=lambda: (_normal(4), 0.0), argnums=(0, 1), smooth=False, tags=("nonfinite",))
def numpy_division_by_zero(x, t):
    s = 0.0
    zero = np.zeros(1)
    for i in range(len(x)):
        q = x[i] / zero[0]
        if q > 1e300:
            s += x[i]
    return s + t


@case(args=lambda: (_normal(7),), smooth=False)
def maximum_of_array(x):
    best = x[0]
    where = 0
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
            where = i
    return best * best + where


@case(args=lambda: (_normal(7),), smooth=False)
def spread(x):
    low = x[0]
    high = x[0]
    for v in x:
        low = min(low, v)
        high = max(high, v)
    return high - low + abs(low) * high


@case(args=lambda: (_normal(6),))
def mean_and_variance(x):
    n = len(x)
    mean = 0.0
    for v in x:
        mean += v / n
    var = 0.0
    for v in x:
        var += (v - mean) ** 2
    return var / (n - 1) + mean


@case(args=lambda: (np.array(_normal(5)), 2.5), argnums=(0, 1))
def index_from_float(x, t):
    i = int(t)
    w = t - i
    return x[i] * (1.0 - w) + x[i + 1] * w


@case(args=lambda: (np.broadcast_to(np.array(1.5), (4,)),), tags=("stride0",))
def broadcast_argument(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2 * (i + 1)
    return s


@case(args=lambda: (lambda x: (x, x[1:]))(_normal(6)), argnums=(0, 1), tags=("aliased",))
def overlapping_views_read(x, y):
    s = 0.0
    for i in range(len(y)):
        s += x[i] * y[i]
    return s


@case(args=[lambda: (_normal(4), 4), lambda: (_normal(4), -5)], raises=IndexError)
def index_out_of_range(x, i):
    return x[0] + x[i]


@case(args=lambda: (_normal(3, 2), 1, 2), raises=IndexError)
def column_out_of_range(x, i, j):
    return x[i, j]


def _read_only(x):
    x.flags.writeable = False
    return x


@case(args=lambda: (_read_only(_normal(4)),), tags=("read_only",))
def read_only_argument(x):
    return x[0] * x[1] + math.exp(x[2] * x[3])


@case(args=lambda: (_normal(2, 3, 2), _normal(4, seed=7)), argnums=(0, 1))
def every_index(x, y):
    s = 0.0
    for i, j, k in np.ndindex(x.shape):
        s += x[i, j, k] * math.sin(i + 2.0 * j - k)
    for index in np.ndindex(2, 3):
        s *= 1.0 + 0.1 * x[index][1] * (index[0] - index[1])
    for (i, j, k), v in np.ndenumerate(x):
        s += v * v * (i + j * k)
    for (k,), v in np.ndenumerate(y):
        s += k * v
    for a, b in zip(x.flat, y):
        s += a * b
    rows = x.tolist()
    for a, b in itertools.zip_longest(y, rows[1][2], fillvalue=2.0):
        s += a * b
    return s
