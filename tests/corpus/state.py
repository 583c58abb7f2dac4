"""Variables that several functions see: nonlocal, late binding, closures with a memory."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=97):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=[lambda: (0.7, 5), lambda: (0.7, 0)], argnums=0)
def accumulator_by_nonlocal(x, n):
    total = 0.0

    def add(value):
        nonlocal total
        total += value * x

    for i in range(n):
        add(math.sin(x * i) + total)
    return total + x


def _make_counter(step):
    count = 0

    def advance():
        nonlocal count
        count += 1
        return count * step

    return advance


@case(args=lambda: (0.7, 1.1), argnums=(0, 1))
def two_counters(x, y):
    a = _make_counter(x)
    b = _make_counter(y * x)
    return a() + a() * b() + a() * b() * b()


@case(args=lambda: (1.3, 0.4), argnums=(0, 1))
def variables_assigned_later(x, y):
    a = y

    def f(t):
        return t * a + x

    s = f(x)
    a = 3.0 * x
    s += f(y)
    g = f
    a = a * y
    return s * g(1.0)


@case(args=[lambda: (1.1, 4), lambda: (1.1, 1)], argnums=0)
def late_binding_in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        scale = x * (i + 1)
        f = lambda t: t * scale + i
        total += f(x)
    scale = x * x
    return total + f(2.0)


@case(args=lambda: (0.8, _normal(4, 2)), argnums=(0, 1))
def rows_captured_in_a_loop(x, m):
    total = 0.0
    for row in m:
        f = lambda t: t * row[0] + row[1]
        total += f(x) * f(total)
    return total


@case(args=lambda: (0.8, _normal(4)), argnums=(0, 1))
def an_older_closure_sees_the_new_value(x, v):
    total = 0.0
    for k in range(len(v)):
        scale = v[k] * x
        f = lambda: scale * (k + 1)
        if k == 0:
            first = f
        total += first() * x
    return total


@case(args=lambda: (1.1, 0.6), argnums=(0, 1))
def closures_in_a_tuple_see_the_last_value(x, y):
    v = x
    first = lambda: v * y
    v = v * x
    second = lambda: v + y
    v = math.exp(v)
    pair = (first, second)
    return pair[0]() * pair[1]()


def _shared(start):
    value = start

    def get():
        return value

    def put(new):
        nonlocal value
        value = new

    return get, put


@case(args=lambda: (0.8, 1.7), argnums=(0, 1))
def two_closures_share_a_cell(x, y):
    get, put = _shared(x)
    other_get, other_put = _shared(y)
    put(get() * x)
    other_put(get() + other_get())
    put(get() * other_get())
    return get() - other_get() * x


def _apply(f, n, x):
    for _ in range(n):
        x = f(x)
    return x


@case(args=[lambda: (0.3, 6), lambda: (0.3, 1)], argnums=0)
def stateful_closure_passed_on(x, n):
    seen = 0.0
    largest = x

    def step(v):
        nonlocal seen, largest
        seen += v
        if v > largest:
            largest = v
        return math.cos(v) * 1.1 + x

    last = _apply(step, n, x)
    return last * seen + largest


@case(args=[lambda: (0.4, 3), lambda: (0.4, 0)], argnums=0)
def an_int_becomes_a_float(x, n):
    s = 0
    t = 1

    def add():
        nonlocal s, t
        s = s + x * t
        t = 2 * t

    for _ in range(n):
        add()
    return s + t * x


@case(args=[lambda: (_normal(6), 1.2), lambda: (np.array([9.0, 1.0]), 0.7)], argnums=(0, 1))
def a_while_loop_with_break(v, x):
    i = 0
    total = x

    def take():
        nonlocal i
        value = v[i]
        i += 1
        return value * x

    while i < len(v):
        t = take()
        if t > 5.0:
            break
        if t < 0.0:
            continue
        total = total * (1.0 + t)

    def result():
        return total * i

    total = total + x
    return result()


@case(args=[lambda: (0.7, True), lambda: (0.7, False)], argnums=0)
def one_of_two_states(x, flag):
    a = _make_counter(x)
    b = _make_counter(x * x)
    a()
    c = a if flag else b
    c()
    return a() * b() + c()


@case(args=lambda: (0.7, _normal(5)), argnums=(0, 1))
def a_counter_of_counters(x, v):
    depth = 0.0

    def make():
        own = x

        def bump(t):
            nonlocal own, depth
            own = own * t + x
            depth += own
            return own

        return bump

    one = make()
    two = make()
    s = 0.0
    for t in v:
        s += one(t) * two(s)
    return s + depth


@case(args=lambda: (0.6, _normal(4)), argnums=(0, 1))
def state_beside_an_array(x, v):
    out = np.zeros(len(v))
    k = 0

    def push(value):
        nonlocal k
        out[k] = value
        k += 1

    for value in v:
        push(value * x * k)
    s = 0.0
    for i in range(k):
        s += out[i] * out[k - 1 - i]
    return s + k * x


@case(args=[lambda: (0.7, 2.0), lambda: (0.7, -2.0)], argnums=(0, 1))
def set_on_one_path(x, y):
    best = x

    def note(value):
        nonlocal best
        if value > best:
            best = value * y

    note(y)
    note(x * x)
    return best * x


@case(args=lambda: (0.7,), argnums=0, raises=NameError)
def read_before_it_is_set(x):
    def f():
        return a * x

    s = f()
    a = 2.0
    return s + a


@case(args=lambda: (0.7,), argnums=0, raises=UnboundLocalError)
def deleted_by_an_inner_function(x):
    a = x

    def forget():
        nonlocal a
        del a

    forget()
    return a


@case(args=lambda: (1.7, 0.3), argnums=(0, 1))
def a_helper_defined_later(x, y):
    buffer = np.zeros(2)

    def outer(t):
        return inner(t) + buffer[0]

    def inner(t):
        return t * x + buffer[1]

    buffer[1] = y
    buffer[0] = x
    return outer(y)


@case(args=lambda: (0.5, 3), argnums=0)
def arguments_that_are_assigned(x, n):
    def grow(by):
        nonlocal x, n
        x = x * by
        n -= 1

    while n > 0:
        grow(1.5 + x)
    return x


@case(args=lambda: (0.9,), argnums=0)
def defaults_bind_now(x):
    a = x
    f = lambda t, a=a: t * a
    g = lambda t: t * a
    a = a * a
    return f(2.0) + g(3.0)


@case(args=lambda: (0.9, _normal(5)), argnums=(0, 1))
def running_mean_and_variance(x, v):
    n = 0
    mean = 0.0
    m2 = 0.0

    def update(value):
        nonlocal n, mean, m2
        n += 1
        d = value - mean
        mean += d / n
        m2 += d * (value - mean)

    for value in v:
        update(value * x)
    return m2 / n + mean


@case(args=[lambda: (0.7, 3), lambda: (0.7, 9)], argnums=0)
def what_a_handler_sees(x, n):
    done = 0
    total = x

    def work(i):
        nonlocal done, total
        total *= x + i
        if i == 5:
            raise ValueError("enough")
        done += 1

    try:
        for i in range(n):
            work(i)
    except ValueError:
        total += done
    return total * x + done


@case(args=[lambda: (0.7, 1.0), lambda: (0.7, -1.0)], argnums=(0, 1))
def a_name_error_is_caught(x, y):
    def f():
        return a * x

    if y > 0.0:
        a = y
    try:
        return f()
    except NameError:
        return x * x
    finally:
        a = 1.0


@case(args=[lambda: (1.1, 5), lambda: (0.9, 0)], argnums=0)
def an_inner_function_that_calls_itself(x, n):
    scale = x * x

    def power(k):
        if k == 0:
            return 1.0
        return scale * power(k - 1) + x

    return power(n) + power(2)


@case(args=[lambda: (1.1, 4)], argnums=0)
def a_recursion_that_counts(x, n):
    calls = 0
    total = 0.0

    def visit(depth, weight):
        nonlocal calls, total
        calls += 1
        total += weight * x
        if depth > 0:
            visit(depth - 1, weight * x)
            visit(depth - 2, weight + x)

    visit(n, 1.0)
    return total * calls
