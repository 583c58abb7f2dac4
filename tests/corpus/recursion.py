"""Functions that call themselves, directly and through others."""

import math

import numpy as np

from .registry import case

SCALES = np.array([0.5, -0.25, 1.5, 0.75])


@case(args=[lambda: (1.1, 0), lambda: (1.1, 1), lambda: (-0.7, 12)])
def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@case(args=[lambda: (1.3, 13), lambda: (0.9, 64)])
def power_by_squaring(x, n):
    if n == 0:
        return 1.0
    half = power_by_squaring(x, n // 2)
    return half * half * x if n % 2 else half * half


@case(args=lambda: (1.1,))
def power_of_a_constant(x):
    """The exponent is known; it must not be unrolled."""
    return power(x, 30) + power(x, 3)


@case(args=lambda: (1.001, 500), smooth=False)
def deep(x, n):
    """500 frames."""
    return power(x, n)


@case(args=lambda: (0.4, 6))
def rising_product(x, n):
    """x (x + 1) ... (x + n): the argument changes, too."""
    if n < 0:
        return 1.0
    return x * rising_product(x + 1.0, n - 1)


@case(args=lambda: (0.8, 7))
def tree(x, n):
    """Like Fibonacci: two calls, both needed."""
    if n < 2:
        return x + n
    return math.sin(tree(x, n - 1)) * tree(0.9 * x, n - 2)


def _even(x, n):
    return 1.0 if n == 0 else x * _odd(x, n - 1)


def _odd(x, n):
    return 2.0 if n == 0 else math.sin(x) + _even(x, n - 1)


@case(args=[lambda: (1.2, 9), lambda: (1.2, 10)])
def mutual(x, n):
    return _even(x, n) + _odd(x * x, n)


@case(args=lambda: (0.3, 4))
def recursion_in_a_loop(x, n):
    """Each frame has a loop with calls in it: residuals on a tape."""
    s = 0.0
    for k in range(n):
        s += x * math.cos(s) * math.sin(recursion_in_a_loop(x + k, n - 1))
    return s + x


@case(args=lambda: (0.3, 5))
def recursion_in_a_while(x, n):
    """The number of calls depends on the data: residuals on a stack."""
    s = x
    k = 0
    while s < 3.0 and k < n:
        s += 0.5 + 0.1 * math.sin(x * recursion_in_a_while(s * x, n - k - 1))
        k += 1
    return s


@case(args=lambda: (np.array([0.3, 0.7, -0.2, 1.4]), 3))
def loop_in_a_recursion(x, n):
    """A tape of exact size for each frame."""
    if n == 0:
        return 1.0
    s = 0.0
    for k in range(len(x)):
        s += math.tanh(x[k] * s + n)
    return s * loop_in_a_recursion(x, n - 1)


def _simpson(f, a, b):
    return (b - a) / 6.0 * (f(a) + 4.0 * f(0.5 * (a + b)) + f(b))


def _adaptive(f, a, b, whole, eps, depth):
    m = 0.5 * (a + b)
    left = _simpson(f, a, m)
    right = _simpson(f, m, b)
    delta = left + right - whole
    if depth <= 0 or abs(delta) <= 15.0 * eps:
        return left + right + delta / 15.0
    return _adaptive(f, a, m, left, eps / 2.0, depth - 1) + _adaptive(f, m, b, right, eps / 2.0, depth - 1)


@case(args=lambda: (0.7, 2.0), argnums=(0, 1))
def adaptive_simpson(t, b):
    """A closure travels through the recursion."""

    def f(x):
        return math.exp(-t * x) * math.sin(10.0 * x * t)

    return _adaptive(f, 0.0, b, _simpson(f, 0.0, b), 1e-6, 12)


@case(args=lambda: (np.array([0.5, -1.5, 2.0, 0.25, 1.0]),))
def sum_of_halves(x):
    """Recursion over slices."""
    if len(x) == 1:
        return x[0] * x[0]
    m = len(x) // 2
    return sum_of_halves(x[:m]) * 0.5 + sum_of_halves(x[m:]) * x[0]


def _scan(x, low, high):
    if high - low < 2:
        return
    m = (low + high) // 2
    _scan(x, low, m)
    _scan(x, m, high)
    t = x[m - 1]
    for k in range(m, high):
        x[k] = x[k] * math.sin(t) + t


@case(args=lambda: (np.array([0.3, 0.7, -0.2, 1.4, 0.9]),))
def scan_in_place(x):
    """No result: everything happens in the array."""
    y = np.copy(x)
    _scan(y, 0, len(y))
    s = 0.0
    for v in y:
        s += v * v
    return s


def _sort(x, low, high):
    if high - low < 2:
        return
    pivot = x[high - 1]
    at = low
    for k in range(low, high - 1):
        if x[k] < pivot:
            x[k], x[at] = x[at], x[k]
            at += 1
    x[high - 1], x[at] = x[at], x[high - 1]
    _sort(x, low, at)
    _sort(x, at + 1, high)


@case(args=lambda: (np.array([0.3, 0.7, -0.2, 1.4, 0.9, -1.1]),))
def quicksort(x):
    y = np.copy(x)
    _sort(y, 0, len(y))
    s = 0.0
    for k in range(len(y)):
        s += y[k] * y[k] * (k + 1)
    return s


def _merge_sort(x, work):
    """`work` is scratch memory of the caller's."""
    n = len(x)
    if n < 2:
        return
    m = n // 2
    _merge_sort(x[:m], work[:m])
    _merge_sort(x[m:], work[m:])
    i = 0
    j = m
    for k in range(n):
        if j >= n or (i < m and x[i] <= x[j]):
            work[k] = x[i]
            i += 1
        else:
            work[k] = x[j]
            j += 1
    for k in range(n):
        x[k] = work[k]


@case(args=lambda: (np.array([0.3, 0.7, -0.2, 1.4, 0.9, -1.1, 0.1]),))
def merge_sort(x):
    y = np.copy(x)
    _merge_sort(y, np.zeros(len(y)))
    s = 0.0
    for k in range(len(y)):
        s += math.sin(y[k] * (k + 1))
    return s


def _layers(x, n):
    if n == 0:
        return np.copy(x)
    y = _layers(x, n - 1)
    z = np.zeros(len(y))
    for k in range(len(y)):
        z[k] = y[k] * math.sin(x[k]) + y[0]
    return z


@case(args=lambda: (np.array([0.3, 0.7, -0.2]), 3))
def returns_an_array(x, n):
    y = _layers(x, n)
    s = 0.0
    for v in y:
        s += v * v
    return s


@case(args=lambda: (np.array([0.3, 0.7, -0.2]), 2), array_valued=True)
def layers(x, n):
    return _layers(x, n)


def _same(x, n):
    if n == 0:
        return x
    x[n] = x[n] * x[n - 1]
    return _same(x, n - 1)


@case(args=lambda: (np.array([0.3, 0.7, -0.2]),))
def returns_its_argument(x):
    """The result is the argument, written through both names afterwards."""
    y = np.copy(x)
    z = _same(y, 2)
    z[0] = z[0] * y[1]
    return y[0] * z[1] + y[2]


@case(args=lambda: (0.4, 5))
def pair(x, n):
    a, b = _pair(x, n)
    return a * b


def _pair(x, n):
    """A tuple is returned, of which one half is used in one place."""
    if n == 0:
        return x, 1.0
    a, b = _pair(x * 1.1, n - 1)
    if n == 2:
        return a + x, b
    return a * b, math.cos(a)


def _counted(x, n):
    if n == 0:
        return x, 0
    y, count = _counted(x * x, n - 1)
    return math.sin(y) + count, count + 2


@case(args=lambda: (0.9, 4))
def number_and_count(x, n):
    y, count = _counted(x, n)
    return y * count


@case(args=[lambda: (0.5, 8), lambda: (2.5, 8), lambda: (-0.5, 8)])
def early_returns(x, n):
    if n == 0:
        return x
    if x > 2.0:
        return x * x
    if x < 0.0:
        return -early_returns(-x, n - 1)
    y = early_returns(1.4 * x, n - 1)
    if y > 3.0:
        return math.sqrt(y)
    return y * x


def _ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return _ackermann(m - 1, 1)
    return _ackermann(m - 1, _ackermann(m, n - 1))


@case(args=lambda: (0.7,))
def ackermann(x):
    """A recursion on integers, inactive."""
    return x * x * _ackermann(2, 3)


def _hanoi(n, a, b, c, moved):
    if n == 0:
        return 0
    count = _hanoi(n - 1, a, c, b, moved)
    moved[n - 1] = moved[n - 1] * 1.5 + (a - b)
    return count + 1 + _hanoi(n - 1, c, b, a, moved)


@case(args=lambda: (np.array([0.1, 0.2, 0.3]),))
def hanoi(x):
    """An integer comes back, the floats go into an array."""
    moved = np.copy(x)
    count = _hanoi(3, 0, 1, 2, moved)
    return moved[0] * moved[1] * moved[2] + count


@case(args=lambda: (0.3, 3), tags=["captured_array"])
def captured_array(x, n):
    """The array found outside goes through every call."""
    if n < 0:
        return x
    return SCALES[n] * math.sin(x) + captured_array(x * SCALES[0], n - 1)


@case(args=lambda: (np.array([0.3, 0.7, -0.2, 0.5]), 3))
def overwritten_between(x, n):
    """What a call has read is overwritten before its reverse sweep would read it."""
    y = np.copy(x)
    s = _product(y, n)
    y[0] = 3.0
    return s * y[0] * y[1]


def _product(y, n):
    if n == 0:
        return y[0] * y[0]
    return y[n] * y[n] * _product(y, n - 1)


@case(args=lambda: (0.7, 0.3, 4), argnums=(0, 1))
def takes_turns(x, y, n):
    """Arguments change places: what is active differs from call to call."""
    if n == 0:
        return x * y
    return x + takes_turns(y, x * y, n - 1) * math.cos(x)


@case(args=lambda: (0.7, 5))
def partly_active(x, n):
    """One call has no active argument."""
    return _mixed(x, 1.0, n) + _mixed(0.3, 0.4, n) * x


def _mixed(a, b, n):
    if n == 0:
        return a * b
    return a * _mixed(b, a, n - 1)


@case(args=lambda: (np.array([0.3, 0.7]), np.array([0.2, 0.9]), 3), argnums=0)
def swapped_buffers(x, w, n):
    """Two arrays change places; one of them is not asked for."""
    a = np.copy(x)
    b = np.copy(w)
    _swap(a, b, n)
    return a[0] * b[1] + a[1]


def _swap(a, b, n):
    if n == 0:
        return
    for k in range(len(a)):
        a[k] = a[k] * b[k] + 0.1
    _swap(b, a, n - 1)


@case(args=lambda: (np.array([0.3, 0.7, 0.4]), 2))
def one_array_twice(x, n):
    """The same memory comes in by two names."""
    y = np.copy(x)
    _twice(y, y, n)
    return y[0] + y[1] * y[2]


def _twice(a, b, n):
    if n < 0:
        return
    t = b[n]
    a[n] = a[n] * 2.0
    a[0] = a[0] + t * b[n]
    _twice(b, a, n - 1)


@case(args=lambda: (0.4, 3))
def three_in_a_circle(x, n):
    return _first(x, n)


def _first(x, n):
    return x if n == 0 else _second(math.sin(x), n)


def _second(x, n):
    s = 0.0
    for k in range(2):
        s += _third(x + k, n) * x
    return s


def _third(x, n):
    return _first(x, n - 1) * _first(x * x, n - 1)


@case(args=lambda: (0.4, 4))
def recursive_argument(x, n):
    """A call within the argument of a call (McCarthy's 91)."""
    if n > 9:
        return x * n
    return recursive_argument(recursive_argument(x * 0.9, n + 3), n + 2)


@case(args=lambda: (0.4, 3.0))
def counted_by_floats(x, n):
    if n < 1.0:
        return x
    return math.sin(counted_by_floats(x, n / 2.0)) * n


@case(args=lambda: (1.5, 5), raises=ZeroDivisionError)
def raises_at_the_bottom(x, n):
    if n == 0:
        return x / (x - x)
    return raises_at_the_bottom(x, n - 1) * x


@case(args=lambda: (0.3, 3))
def part_of_a_result_used_twice(x, n):
    """One part of what a call gives is tested, and used behind the test."""
    low, _ = _low_and_high(min(x, 0.4), n)
    rest = math.atan(1.2 ** math.tanh(low))
    if rest > 9.0:
        raise ValueError("too large")
    return low + 0.25 * rest


def _low_and_high(x, n):
    if n == 0:
        return x, 2.0 * x
    low, high = _low_and_high(math.sin(x), n - 1)
    return low * high, low + high


@case(args=[lambda: (1.2, 3), lambda: (0.4, 3), lambda: (2.5, 1)])
def tries_again(x, n):
    """A call of itself inside `try`: the handler calls itself, too."""
    if n == 0:
        if x > 2.0:
            raise ValueError("too large", x)
        return x * x
    try:
        return tries_again(x * 1.5, n - 1)
    except ValueError as error:
        if n == 2:
            raise
        return tries_again(x * 0.5, n - 1) + 0.1 * error.args[1]


@case(args=[lambda: (np.array([0.5, 1.5, 0.7]), 0), lambda: (np.array([0.5, -1.5, 0.7]), 0)])
def undone(x, k):
    """What has been done is undone where the rest fails; arrays and a list are handed back through `try`."""
    total, rows = _placed(np.copy(x), k, [])
    s = total[0] * total[1] + total[2]
    for row in rows:
        s += row * row
    return s


def _placed(y, k, rows):
    if k == len(y):
        return y, rows
    before = y[k]
    y[k] = math.sqrt(y[k] * 2.0) if y[k] > -1.0 else math.log(y[k])
    rows.append(y[k])
    try:
        return _placed(y, k + 1, rows)
    except (ValueError, ZeroDivisionError):
        y[k] = before * 3.0
        return _placed(y, k + 2 if k + 2 < len(y) else len(y), rows)
    finally:
        y[0] *= 1.5


@case(args=[lambda: (0.7, 4), lambda: (1.7, 4)])
def between_two(x, n):
    """Two that call each other, one of them in `try`, and a class of exceptions of its own."""
    try:
        return _down(x, n)
    except _TooDeep as error:
        return error.args[0] * x


class _TooDeep(Exception):
    pass


def _down(x, n):
    if n == 0:
        raise _TooDeep(x * 3.0, n)
    try:
        return _up(x, n - 1) * 2.0
    except ZeroDivisionError:
        return x * n


def _up(x, n):
    if x > 1.0 and n == 1:
        return 1.0 / (n - 1)
    return _down(x * 1.1, n) + x
