"""Joins, loops, handlers, conversions, views."""

import math

import numpy as np

from .registry import scenario


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@scenario(lambda: (1.5, 3))
def loops_in_a_row(a, n):
    for i in range(n):
        a = a * a
    a = 2.0 * a
    for i in range(n + 1):
        a = a * 3.0
    if a > 0:
        a = math.log(a)
    return a


@scenario(lambda: (3.0,))
def halved(a):
    while np.abs(a) > 0.1:
        a = a * 0.5
    return a


@scenario(lambda: (_normal(4),))
def rows_assigned(x):
    h = np.zeros((len(x), 3))
    for t in range(len(h)):
        h[t] = x[t]
    s = 0.0
    for r in h:
        for v in r:
            s += v
    return s


@scenario(lambda: (1.3, True))
def bound_on_one_path(y, x):
    if x:
        v = math.sin(y)
    z = math.cos(y)
    if x:
        z += v
    return z


@scenario(lambda: (1.3,))
def bool_by_condition(x):
    a = True if x > 0 else False
    return math.cos(a) * x


@scenario(lambda: (0.5, 7))
def pairs_rotate(x, n):
    a = 1.0
    b = x
    i = 1
    while i < n:
        a, b = (b, 2 * a)
        i += 1
    return a * b


@scenario(lambda: (_normal(5),))
def int_becomes_float(x):
    z = 0
    for i in range(len(x)):
        z += x[i]
    return z


@scenario(lambda: (_normal(3),))
def written_by_an_inner_function(x):

    def go(v):
        for i in range(len(v)):
            v[i] = math.cos(v[i])

    go(x)
    return x[0] * x[1]


@scenario(lambda: (1.1, 10))
def for_else(x, n):
    s = 0.0
    for i in range(n):
        if i * x > 5:
            break
        s += i * x
    else:
        s = -1.0 * x
    return s


@scenario(lambda: (1.1, 10))
def while_else(x, n):
    i = 0
    s = x
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        if s > 100:
            break
        s *= 1.3
    else:
        s += 100 * x
    return s


@scenario(lambda: (1.1, 5))
def chained(x, n):
    s = 0.0
    for i in range(n):
        if 0 < i <= 3 < n:
            s += x * i
    return s


@scenario(lambda: (1.1, 4))
def nested_ranges(x, n):
    s = 0.0
    for i in range(n, 0, -1):
        for j in range(i):
            if j == 2:
                continue
            for k in range(j, n, 2):
                if k > 3:
                    break
                s += x * i * j + k
    return s


class Mine(Exception):
    pass


@scenario(lambda: (1.1, 2))
def handlers_in_a_loop(x, n):
    s = 0.0
    for i in range(n + 2):
        try:
            if i == 1:
                raise ValueError(i)
            if i == 2:
                raise Mine
            if i == 3:
                s += 1 / (i - 3)
            s += x
        except ValueError as e:
            s += e.args[0] * x
        except (Mine, ZeroDivisionError):
            s *= x
        else:
            s += 0.5 * x
        finally:
            s += 0.1 * x
    return s


@scenario(lambda: (1.1, 4))
def imports_inside(x, n):
    import math as m
    from math import sin

    s = 0.0
    for v in range(n):
        s += sin(x * v) * m.cos(x)
    return s


@scenario(lambda: (1.1, 3))
def named_expressions(x, n):
    s = 0.0
    while (n := (n - 1)) >= 0:
        if (y := (x * n)) > 1:
            s += y
    return s


@scenario(lambda: (1.1, -2))
def asserted(x, n):
    assert x > 0, "positive"
    return x * n


@scenario(lambda: (1.1,))
def ternaries(x):
    f = math.sin if x > 2 else math.cos
    return f(x)


@scenario(lambda: (1.1, 3))
def str_config(x, n, mode="sum"):
    s = 0.0
    for i in range(n):
        if mode == "sum":
            s += x * i
        elif mode in ("prod", "mul"):
            s *= x
    return s


@scenario(lambda: (_normal(3, 3),), refused="SSAD0153")
def transposes(a):
    b = a.T
    s = 0.0
    for i in range(3):
        row = b[i]
        for j in range(3):
            s += row[j] * a[j, i] * (i + 1)
    return s


@scenario(lambda: (_normal(4),))
def slice_assign(x):
    y = np.zeros(8)
    y[::2] = x
    y[1::2] = x[::-1]
    y[2:4] = 1.0
    s = 0.0
    for v in y:
        s += v * v
    return s


@scenario(lambda: (_normal(4),), refused="SSAD0153")
def views(x):
    y = x[1:3]
    y[0] = x[3] * 2
    z = x.reshape(2, 2)
    z[0, 0] = x[1]
    return x[0] * x[1] + z[1, 1]


@scenario(lambda: (_normal(4), _normal(4, seed=3)), argnums=(0, 1))
def buffers_swapped(a, b):
    for _ in range(3):
        a, b = (b, a)
        for i in range(4):
            a[i] = 0.5 * b[i] + a[i - 1] * 0.1
    return a[0] * b[1]


@scenario(lambda: (1.3, 4))
def complex_loop(x, n):
    z = complex(x, 0.5)
    c = z
    for _ in range(n):
        z = z * z * 0.1 + c
    return abs(z) + z.real * z.imag


@scenario(lambda: (1.3, 4))
def bool_ops(x, n):
    a = (x > 1 and n) or 2
    b = x < 1 or n
    c = not n
    return x * a + b + c


@scenario(lambda: (1.3, 4))
def int_operators(x, n):
    k = n * 7 % 5
    k <<= 2
    k |= 1
    k ^= 3
    k //= 2
    k -= ~n
    return x**k / k


@scenario(lambda: (1.3, 4))
def loop_with_two_ends(x, n):
    i = 0
    while True:
        i += 1
        x = x * 0.9 if i % 2 else x + 0.1
        if i >= n and x < 1.5:
            break
        if i > 50:
            return -1.0
    return x * i


@scenario(lambda: (1.3, 4))
def return_through_finally(x, n):
    s = 0.0
    try:
        for i in range(n):
            if i == 2:
                return s * x
            s += x
    finally:
        s += 100
    return s


@scenario(lambda: (1.3, 4))
def nested_try(x, n):
    try:
        try:
            y = 1 / (n - 4)
        except ZeroDivisionError:
            raise ValueError("inner") from None
        finally:
            x = x * 2
    except ValueError:
        y = x
    return y * x


@scenario(lambda: (1.3, "mul"))
def matching(x, op):
    match (op, x):
        case ["add", v]:
            return v + 1
        case ["mul", v] if v > 1:
            return v * 3
        case _:
            return x


@scenario(lambda: (1.3, 5))
def message_with_numbers(x, n):
    if n > 100:
        raise ValueError(f"too large {n:3d} {x:.2f}")
    return x * n


@scenario(lambda: (1.3, 5))
def strings_in_a_loop(x, n):
    names = ["a", "b", "c"]
    s = 0.0
    for i, nm in enumerate(names):
        if nm == "b":
            s += x
        if nm in ("a", "c"):
            s += 2 * x * i
        s += len(nm) * x
    return s


@scenario(lambda: (1.3, 5))
def math_functions(x, n):
    return (
        math.prod([x, 2.0])
        + math.fsum([x, x * x])
        + math.ldexp(x, 3)
        + math.frexp(x)[0]
        + math.modf(x)[0]
        + math.gcd(n, 10) * x
        + math.isqrt(n) * x
    )


@scenario(lambda: (1.3, 5))
def numpy_scalars(x, n):
    a = np.float64(x)
    b = np.int64(n)
    return float(a * b) + np.sin(a) + np.maximum(a, b) + np.sign(a) * np.pi


@scenario(lambda: (_normal(3), 2))
def numpy_indices(x, n):
    return x[np.int64(n)] * x[-1] + x.shape[0] + x.size + x.ndim + len(x)


@scenario(lambda: (_normal(2, 2),))
def array_enumerated(x):
    s = 0.0
    for i, row in enumerate(x):
        for j, v in enumerate(row):
            s += v * (i + 2 * j)
    return s


@scenario(lambda: (_normal(3), _normal(3, seed=5)))
def arrays_zipped(x, y):
    return sum((a * b for a, b in zip(x, y))) + max((abs(a - b) for a, b in zip(x, y)))


@scenario(lambda: (1.3, 6))
def type_changes(x, n):
    y = n
    y = y * x
    z = 1
    for i in range(n):
        z = z * 2 if i < 2 else z * x
    return y + z


@scenario(lambda: (1.3, 6), refused="SSAD0205")
def import_that_fails(x, n):
    try:
        import nonexistent_module_xyz as m
    except ImportError:
        m = None
    return x * 2 if m is None else x


@scenario(lambda: (1.3, 6))
def assert_msg(x, n):
    assert n != 6 or x > 1, f"bad {n}"
    return x


@scenario(lambda: (1.3, "Weighted Mean"))
def words_of_a_mode(x, mode):
    first, second = mode.split()
    if mode.lower().startswith(("sum", "weighted")) and second.upper() == "MEAN" and not first.isdigit():
        return x * len(first.strip()) ** 2
    return x


@scenario(lambda: (1.3, 3))
def in_a_display(x, n):
    total = 0.0
    for k in range(n + 2):
        if k in {1, 3}:
            total += k * x * x
    return total
