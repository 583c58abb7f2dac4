"""Calls that end in an exception: at an iteration, of dead code, after stores."""

import math

import numpy as np

from .registry import case


def _positive(*shape, seed=52):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


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


@case(args=lambda: (_positive(3), 5), raises=IndexError)
def index_before_division(x, n):
    return x[n] / float(n - 5)


@case(args=lambda: (_positive(3), 0.0), argnums=(0, 1), raises=ZeroDivisionError)
def dead_division(x, y):
    z = 1.0 / y
    return x[0]


@case(args=lambda: (_positive(3), -1.0), argnums=(0, 1), raises=ValueError)
def dead_sqrt_in_loop(x, y):
    for i in range(3):
        z = math.sqrt(y + 1.0 - i * 0.5)
    return x[0] * y


@case(args=lambda: (_positive(3), 4), raises=IndexError)
def dead_load(x, n):
    for i in range(n):
        x[i]
    return x[0]


@case(args=lambda: (1000.0, _positive(2)), argnums=(0, 1), raises=OverflowError)
def exp_overflows_at(x, y):
    s = 0.0
    for i in range(3):
        s += float(y[i % 2]) * math.exp(x * i)
    return s


@case(args=lambda: (_positive(3), -1), raises=ValueError)
def negative_size(x, n):
    y = np.zeros(n)
    return x[0]


@case(args=lambda: (_positive(3), 0), raises=ValueError)
def zero_step(x, n):
    s = 0.0
    for i in range(0, 3, n):
        s += x[i]
    return s


@case(args=lambda: (_positive(3), 0), raises=ZeroDivisionError)
def modulo_zero(x, n):
    s = 0.0
    for i in range(3):
        s += x[i % (n + 2 - i)]
    return s


@case(args=lambda: (_positive(3), 2), raises=AssertionError)
def assert_in_loop(x, n):
    s = 1.0
    for i in range(3):
        s *= x[i]
        assert i < n, "i is too large"
    return s


@case(args=lambda: (0.0, -1.5), argnums=(0, 1), raises=ZeroDivisionError)
def zero_to_negative(x, y):
    return x**y


@case(args=lambda: (float("nan"),), argnums=(0,), raises=ValueError)
def int_of_nan(x):
    return x * int(x)


@case(args=lambda: (float("inf"),), argnums=(0,), raises=OverflowError)
def int_of_inf(x):
    return x * int(x)


@case(args=lambda: (1.0, 0.0), argnums=(0, 1), raises=ZeroDivisionError)
def mod_float(x, y):
    return x % y


@case(args=lambda: (1.0, 0.0), argnums=(0, 1), raises=ZeroDivisionError)
def floordiv_float(x, y):
    return x // y


@case(args=lambda: (1.0, 0.0), argnums=(0, 1), raises=ZeroDivisionError)
def divmod_float(x, y):
    a, b = divmod(x, y)
    return a


@case(args=lambda: (_positive(3), 1), raises=ValueError)
def unpack_array(x, n):
    a, b = x
    return a


@case(args=lambda: (_positive(4), 3), raises=IndexError)
def store_then_raise(x, n):
    y = np.zeros(4)
    for i in range(9):
        j = i
        while j < i + 2:
            y[j] = x[j % 4] * y[j - 1]
            j += 1
    return y[0]


class Diverged(ArithmeticError):
    """Carries what went wrong; its text is made by its constructor."""

    def __init__(self, value, steps=0):
        super().__init__(f"at {value!r} after {steps}")
        self.value = value


PREPARED = LookupError("prepared", 3)


@case(args=[lambda: (1.5, 0), lambda: (1.5, 2)], argnums=(), raises=KeyError)
def key_error_keeps_its_key(x, n):
    if n == 0:
        raise KeyError(n)
    raise KeyError(f"{x:.2f}")


@case(args=[lambda n=n: (1.5, n) for n in range(5)], raises=ValueError)
def several_arguments(x, n):
    if n == 0:
        raise ValueError("text {0}", n, x)
    if n == 1:
        raise ValueError(np.float64(x), None)
    if n == 2:
        raise ValueError(x > 1.0)
    if n == 3:
        raise ValueError(x * 2.0, f"{n} of {x}", n)
    raise ValueError


@case(args=[lambda: (1.5, 2), lambda: (2.5, 0)], raises=Diverged)
def own_constructor(x, n):
    if n > 1:
        raise Diverged(x, n)
    raise Diverged(x * x)


@case(args=lambda: (1.5,), raises=LookupError)
def made_outside(x):
    if x > 1.0:
        raise PREPARED
    return x * x
