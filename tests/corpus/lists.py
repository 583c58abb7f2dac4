"""Lists: grown, shrunk, changed, aliased, sorted; kept in helpers; of numbers and of tuples."""

import bisect
import heapq
import math

import numpy as np

from .registry import case


def _normal(*shape, seed=51):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(6),), argnums=0)
def prefix_sums_by_append(x):
    sums = []
    s = 0.0
    for v in x:
        s += v * v
        sums.append(s)
    total = 0.0
    for k in range(len(sums)):
        total += sums[k] * sums[-1 - k]
    return total


@case(args=[lambda: (0.7,), lambda: (-1.3,)], argnums=0)
def polynomial_by_list(x):
    coefficients = [1, -2.0, 0.5]
    coefficients.append(x)
    value = 0.0
    while coefficients:
        value = value * x + coefficients.pop()
    return value


def push_twice(stack, value):
    stack.append(value)
    stack.append(value * stack[0])
    return len(stack)


@case(args=lambda: (0.9, 1.7), argnums=(0, 1))
def helper_appends(x, y):
    stack = [x]
    n = push_twice(stack, y)
    n += push_twice(stack, x * y)
    return stack[-1] * stack[1] + stack[2] * n


@case(args=lambda: (_normal(5), np.array([0, 1, 2, 0, 3, 1])), argnums=0)
def stack_machine(x, program):
    stack = [x[0], x[1]]
    at = 2
    for op in program:
        if op == 0:
            stack.append(x[at])
            at += 1
        elif op == 1:
            a = stack.pop()
            b = stack.pop()
            stack.append(a * b)
        elif op == 2:
            stack.append(math.sin(stack[-1]))
        else:
            a = stack.pop()
            stack[-1] = stack[-1] + a * a
    return stack[0] * len(stack)


@case(args=lambda: (1.1, 30), argnums=0)
def sieve_and_powers(x, n):
    composite = [False] * (n + 1)
    primes = []
    for k in range(2, n + 1):
        if not composite[k]:
            primes.append(k)
            for m in range(k * k, n + 1, k):
                composite[m] = True
    s = 0.0
    for p in primes:
        s += math.cos(x * p) / p
    return s * len(primes)


@case(args=lambda: (_normal(9), 3), argnums=0)
def moving_average(x, width):
    window = []
    out = 0.0
    for v in x:
        window.append(v)
        if len(window) > width:
            window.pop(0)
        mean = sum(window) / len(window)
        out += mean * mean
    return out


@case(args=lambda: (_normal(11), 0.25), argnums=0)
def trimmed_mean_of_losses(x, share):
    losses = []
    for v in x:
        losses.append(v * v * 0.5)
    losses.sort()
    kept = losses[: len(losses) - int(len(losses) * share)]
    return sum(kept) / len(kept)


@case(args=lambda: (_normal(7),), argnums=0)
def sorted_by_key_and_backwards(x):
    xs = list(x)
    up = sorted(xs, key=abs)
    down = sorted(xs, reverse=True)
    s = 0.0
    for k, (a, b) in enumerate(zip(up, down)):
        s += (k + 1) * a * b
    return s


@case(args=lambda: (1.3, 0.4), argnums=(0, 1))
def aliased_lists(x, y):
    a = [x, y]
    b = a
    c = a.copy()
    pair = (a, c)
    b.append(x * y)
    pair[0][1] = x
    c[0] = y
    a[0] *= 3.0
    return a[0] * a[1] * a[2] + c[0] * c[1] * len(c)


@case(args=[lambda: (1.5, True), lambda: (1.5, False)], argnums=0)
def one_of_two_lists(x, flag):
    a = [x, 2.0]
    b = [1, 2, 3]
    chosen = a if flag else b
    chosen.append(x * x)
    a.append(x)
    return sum(a) * 2.0 + sum(b) * chosen[-1]


@case(args=lambda: (_normal(5),), argnums=0)
def list_of_tuples(x):
    points = []
    for k in range(len(x)):
        points.append((x[k], k, x[k] * x[0]))
    points[1] = (2.0 * x[1], 7, x[2])
    s = 0.0
    for value, number, product in reversed(points):
        s = s * 0.5 + value * number + product
    return s


@case(args=lambda: (1.2,), argnums=0)
def grows_while_iterated(x):
    xs = [x]
    n = 0
    for v in xs:
        n += 1
        if v < 20.0:
            xs.append(v * x + 1)
    return xs[-1] * n


@case(args=lambda: (0.8, 2.5), argnums=(0, 1))
def every_way_to_change(x, y):
    xs = [x] * 3 + [y]
    xs += [1.0, x * y]
    xs.insert(1, y * y)
    xs.insert(-100, x * 5)
    xs.insert(100, y * 7)
    xs.reverse()
    xs.extend(xs[1:-1:2])
    xs.extend(xs)
    a = xs.pop(2)
    xs[-2] = a * xs[0]
    ys = xs[::-3]
    n = xs.count(x) + xs.index(y * 7)
    xs.clear()
    for v in (x, y):
        xs.append(v)
    return a * sum(ys) + n * xs[0] * xs[1] + len(ys)


@case(args=lambda: (_normal(6), 0.3), argnums=(0, 1))
def reductions_of_lists(x, c):
    xs = [c]
    for v in x:
        xs.append(float(v) * c)
    low, high = min(xs), max(xs, key=abs)
    n = any([low > 0.0, high > 0.0]) + all((low < 9.0, high < 9.0))
    return low * high + sum(xs, 2.5) * n + max([], default=c) + max(x) * sum(range(4))


@case(args=lambda: (_normal(4),), argnums=0)
def array_of_a_list(x):
    xs = []
    for v in x:
        xs.append(v * v)
        if v > 0:
            xs.append(v)
    y = np.array(xs)
    y[0] *= 3.0
    xs[0] = 100.0
    first, *rest = y[0], y[1], 2.0
    rest.append(first)
    s = 0.0
    for k in range(len(y)):
        s += y[k] * y[k] + rest[-1]
    return s


@case(args=lambda: (_normal(5), _normal(5, seed=52)), argnums=(0, 1))
def mapped(x, y):
    s = 0.0
    for k, v in enumerate(map(lambda a, b: a * b + s0(a), x, y), 2):
        s += k * v
    return s + sum(map(abs, x))


def s0(a):
    return a * a


@case(args=lambda: (0.1, 7.0), argnums=(0, 1))
def compensated_sum(x, big):
    xs = [big, x, -big, 3.0 * x]
    return sum(xs) + sum((x, big, x, -big)) + sum([1, x, big, 2, -big])


@case(args=lambda: (2.0, 3), argnums=0)
def lists_in_a_loop(x, n):
    total = 0.0
    for k in range(n):
        row = [x]
        for j in range(k + 1):
            row.append(row[-1] * x / (j + 1))
        total += row[k] * len(row)
    return total


@case(args=lambda: (0.5,), argnums=0)
def emptied_and_filled_again(x):
    xs = [x, x * x]
    s = 0.0
    for k in range(4):
        while len(xs) > 1:
            s += xs.pop() * (k + 1)
        xs.append(s * x)
        xs.append(x + k)
    return s + xs[0]


@case(args=lambda: (1.0,), argnums=0, raises=IndexError)
def popped_too_often(x):
    xs = [x]
    return xs.pop() + xs.pop()


@case(args=lambda: (1.0, 5), argnums=0, raises=IndexError)
def stored_behind_the_end(x, n):
    xs = [x, x]
    xs[n] = 2.0
    return xs[0]


@case(args=[lambda: (1.0, 2), lambda: (1.0, -3)], argnums=0, raises=IndexError)
def read_behind_the_end(x, n):
    xs = [x, x]
    return xs[n]


@case(args=lambda: (1.0,), argnums=0, raises=ValueError)
def least_of_nothing(x):
    xs = [x]
    xs.clear()
    return min(xs)


@case(args=lambda: (1.5,), argnums=0, raises=ValueError)
def index_of_what_is_not_there(x):
    xs = [x]
    xs.append(2.0)
    return x * xs.index(x * 3.0)


@case(args=lambda: (_normal(7),))
def shortest_waits(x):
    """A queue by priority: who waits for the shortest time comes first, and may come again."""
    queue = [(v * v, v) for v in x]
    heapq.heapify(queue)
    clock = 0.0
    for k in range(9):
        wait, v = heapq.heappop(queue)
        clock += wait
        heapq.heappush(queue, (clock + math.sin(v) ** 2, v))
        if k % 3 == 0:
            wait, v = heapq.heapreplace(queue, (0.5 * clock, 0.1 * v))
            clock *= 1.0 + 0.01 * v * wait
    last = heapq.heappushpop(queue, (0.25, x[0]))
    three = heapq.nlargest(3, [first for first, _ in queue])
    return clock + last[0] * last[1] + three[0] * three[2] - heapq.nsmallest(2, x)[1]


@case(args=lambda: (np.sort(_normal(6)), 0.3), argnums=(0, 1))
def piecewise_linear(knots, t):
    """Interpolation between knots, found by bisection, with knots put in on the way."""
    items = [float(v) for v in knots]
    bisect.insort(items, 0.5 * t)
    bisect.insort_left(items, t * t)
    total = 0.0
    for k in range(5):
        z = t + 0.2 * k
        i = min(max(bisect.bisect(items, z), 1), len(items) - 1)
        left, right = items[i - 1], items[i]
        total += (z - left) / (right - left) * math.cos(right) + bisect.bisect_left(items, z, 1)
    return total + bisect.bisect_right(knots, 2.0 * t, key=lambda v: 2.0 * v)


@case(args=[lambda: (_normal(8), 3), lambda: (_normal(8), 1), lambda: (_normal(8), 2)], argnums=0)
def slices_of_any_step(x, k):
    """Steps that are known when it runs: slices of lists and arrays, assigned to, deleted."""
    xs = [v * v for v in x]
    picked, backwards = xs[::k], xs[6:0:-k]
    xs[1::k] = [v * x[0] for v in xs[1::k]]
    del xs[k::k]
    rest = list(xs)
    del rest[::-2]
    total = sum(xs) + sum(picked) * sum(backwards)
    for v in rest:
        total = total * 0.7 + v
    work = np.zeros(8)
    work[::k] = x[::k]
    work[7:1:-k] = x[2]
    for v in work[::-k]:
        total = total * 0.5 + v
    return (
        total
        + xs.index(float(xs[-1]), -1)
        + (1.0, 2.0, 1.0).index(1.0, 1)
        + picked.index(float(picked[0]), -8, 8)
    )


@case(args=lambda: (_normal(8), 2), raises=ValueError)
def too_few_for_a_step(x, k):
    xs = list(x)
    xs[::k] = [x[0]]
    return xs[0]


@case(args=lambda: (_normal(8), 0), raises=ValueError)
def a_step_of_nothing(x, k):
    return list(x)[::k][0]
