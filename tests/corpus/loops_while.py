"""Loops with no known bound: while, while True, while-else, data-dependent ends."""

import math

import numpy as np

from .registry import case


def _line(n):
    return np.linspace(0.25, 1.0, n)


@case(args=[lambda: (0.9, 3), lambda: (1.1, 0), lambda: (-0.9, 10)])
def power(x, n):
    """Innes 2018."""
    r = 1
    while n > 0:
        n -= 1
        r *= x
    return r


@case(args=[lambda: (2.0,), lambda: (17.0,)], smooth=False)
def newton_sqrt(a):
    x = a
    while abs(x * x - a) > 1e-10:
        x = 0.5 * (x + a / x)
    return x


@case(args=[lambda: (1.0, 0.1), lambda: (0.2, 0.5)], argnums=(0, 1))
def grow_until(x, rate):
    while x < 10.0:
        x = x * (1.0 + rate) + 0.01
    return x


@case(args=[lambda: (0.9,), lambda: (0.1,)])
def while_true(x):
    y = x
    k = 0
    while True:
        y = math.sin(y) + 0.2 * x
        k += 1
        if y < 0.3 or k > 20:
            break
    return y * k


@case(args=[lambda: (0.5, 5), lambda: (3.0, 5)])
def while_else(x, n):
    i = 0
    y = x
    while i < n:
        y *= 1.0 + 0.1 * x
        if y > 4.0:
            y = y - 4.0
            break
        i += 1
    else:
        y = math.exp(-y)
    return y + i


@case(args=[lambda: (0.3, 9), lambda: (-0.3, 9)])
def continue_in_while(x, n):
    i = 0
    y = 1.0
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        y += x * i * y
        if y > 50.0:
            continue
        y -= 0.1
    return y


@case(args=[lambda: (0.9,), lambda: (5.3,)])
def while_with_and(x):
    k = 0
    y = x
    while k < 15 and y > 0.05:
        y = y * y / (1.0 + y)
        k = k + 1
    return y + k * x


@case(args=[lambda: (27,), lambda: (6,)], argnums=())
def collatz_ints(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
    return float(steps)


@case(args=[lambda: (1.3, 27), lambda: (0.7, 6)])
def collatz_weighted(x, n):
    y = x
    while n > 1:
        if n & 1:
            n = 3 * n + 1
            y = math.tanh(y) + x
        else:
            n >>= 1
            y *= 0.9
    return y


@case(args=[lambda: (0.2, 0.3), lambda: (-0.5, 0.5), lambda: (0.6, 0.6)], argnums=(0, 1))
def escape_time(cr, ci):
    """Mandelbrot-like orbit with a smooth potential."""
    zr = 0.0
    zi = 0.0
    k = 0
    while zr * zr + zi * zi < 4.0:
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
        k += 1
        if k == 12:
            break
    return math.log(1.0 + zr * zr + zi * zi) + k


@case(args=[lambda: (0.5, 3.0), lambda: (0.9, 2.0)], argnums=(0, 1))
def nested_whiles(x, y):
    total = 0.0
    while y > 0.5:
        inner = x
        while inner < y:
            inner = inner * 1.5 + 0.1
            total += inner * x
        y = y * 0.6
    return total + y


@case(args=[lambda: (0.4, 4), lambda: (1.7, 4)])
def three_deep_with_breaks(x, n):
    total = 0.0
    i = 0
    while True:
        i += 1
        if i > n:
            break
        for j in range(i):
            k = 0
            while k < n:
                k += 1
                total += math.sin(x * k + total)
                if total > 2.0:
                    total -= x
                    break
            if j == 2:
                break
        else:
            total *= 0.75
    return total


@case(args=lambda: (np.array([0.5, 1.5, -0.5, 2.0]), 1.0), argnums=(0, 1))
def first_sign_change(x, scale):
    i = 0
    while i + 1 < len(x) and x[i] * x[i + 1] > 0.0:
        i += 1
    return scale * (x[i] * x[i + 1] - x[i])


@case(args=[lambda: (2.0,), lambda: (0.7,)], smooth=False)
def bisection(a):
    """Root of t**3 = a; the branch pattern carries the answer, the last step its slope."""
    low = 0.0
    high = 1.0 + a
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        if middle * middle * middle < a:
            low = middle
        else:
            high = middle
    x = 0.5 * (low + high)
    return x - (x * x * x - a) / (3.0 * x * x)


@case(args=[lambda: (0.8,), lambda: (2.9,)])
def series_until_small(x):
    term = 1.0
    total = 1.0
    n = 0
    while abs(term) > 1e-12:
        n += 1
        term = term * x / n
        total += term
    return total


@case(args=[lambda: (3.0, 2.0), lambda: (1.0, 0.5)], argnums=(0, 1), smooth=False)
def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-9:
        a, b = 0.5 * (a + b), math.sqrt(a * b)
    return a


@case(args=[lambda: (0.3, 0.8), lambda: (1.3, 0.1)], argnums=(0, 1))
def kepler(mean_anomaly, e):
    angle = mean_anomaly
    for k in range(50):
        step = (angle - e * math.sin(angle) - mean_anomaly) / (1.0 - e * math.cos(angle))
        angle -= step
        if abs(step) < 1e-12:
            return angle
    raise RuntimeError("no convergence")


@case(args=[lambda: (48.0, 18.0), lambda: (7.5, 2.0)], argnums=(0, 1), smooth=False)
def euclid_on_floats(a, b):
    while b > 1e-6:
        a, b = b, a % b
    return a * 2.0


@case(args=[lambda: (0.5,), lambda: (3.0,)])
def walrus_condition(x):
    y = x
    total = 0.0
    while (y := y * 0.5) > 0.1:
        total += y * y
    return total - y


@case(args=[lambda: (0.5,), lambda: (1.5,)])
def never_entered(x):
    while x > 100.0:
        x = 1.0 / 0.0
    return x * x


@case(args=[lambda: (_line(9), 1), lambda: (_line(9), 3), lambda: (_line(1), 1)])
def two_ends_that_meet(x, step):
    i, j = 0, len(x) - 1
    s = 0.5
    while i < j:
        s += x[i] * x[j] * s + x[j]
        i += 2
        j -= step
        if s > 100.0:
            break
    return s


@case(args=[lambda: (0.7, 9), lambda: (0.7, -2)], argnums=0)
def counted_down_by_threes(x, n):
    k = n
    s = 1.0
    while k > 0:
        k -= 3
        s *= x + k
    return s


@case(args=[lambda: (_line(7), 3), lambda: (_line(7), 0)])
def steps_inside_of_steps(x, n):
    s, at = 0.25, 1
    while n > 0:
        back, m = at, 2 * n
        while m > 0:
            s = s * x[back % len(x)] + math.sin(s) * x[m % len(x)]
            m -= n
            back = 5 + back
        at += back
        n -= 1
    return s


@case(args=[lambda: (_line(5), 0), lambda: (_line(5), 5), lambda: (_line(5), 7)])
def three_and_four_in_turn(x, n):
    a, b, c = x.copy(), x.copy(), x.copy()
    p, q, r, t = 0.5, x[0], x[1], 2.0
    for k in range(n):
        for i in range(len(x)):
            c[i] = math.sin(a[i] * b[i] + p) + 0.5 * c[i] * q
        a, b, c = b, c, a
        p, q, r, t = q, r, t, p
    return a[0] * b[1] + c[2] + p * q
