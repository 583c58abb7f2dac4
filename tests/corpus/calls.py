"""Helpers, lambdas, closures, globals, default and keyword arguments."""

import math
from math import exp as exponential

import numpy as np

from .registry import case

GRAVITY = 9.81
LIMIT = 3
WEIGHTS = np.array([0.5, -0.25, 0.125])


def square(x):
    return x * x


def scaled(x, factor=2.0, *, shift=0.0):
    return factor * x + shift


def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


def polar(x, y):
    return math.hypot(x, y), math.atan2(y, x)


def fill_with(buffer, value):
    for i in range(len(buffer)):
        buffer[i] = value * (i + 1)


def weighted_sum(x, weights):
    s = 0.0
    for i in range(len(weights)):
        s += x[i] * weights[i]
    return s


def apply_twice(g, x):
    return g(g(x))


@case(args=lambda: (0.7,))
def helper(x):
    return square(x) + square(math.sin(square(x)))


@case(args=lambda: (0.7, 0.2), argnums=(0, 1))
def default_and_keyword(x, y=0.5):
    return (
        scaled(x)
        + scaled(y, 3.0) * scaled(x, factor=y)
        + scaled(x, shift=y)
        + scaled(shift=x, x=y, factor=1.5)
    )


@case(args=lambda: (0.7,))
def default_of_the_function_itself(x, y=0.5, n=3):
    for i in range(n):
        x = x * y + i
    return x


@case(args=[lambda: (0.7,), lambda: (-1.7,), lambda: (2.3,)])
def early_return_in_callee(x):
    return clamp(x, -1.0, 1.0) * x + clamp(3.0 * x, x, 2.5)


@case(args=lambda: (0.7, 0.4), argnums=(0, 1))
def tuple_from_callee(x, y):
    r, phi = polar(x, y)
    s, psi = polar(r, phi)
    return r * phi + s - psi


@case(args=lambda: (0.7,), tags=("captured_array",))
def global_constants(x):
    y = GRAVITY * x
    for i in range(LIMIT):
        y += x * WEIGHTS[i]
    return y * math.pi + exponential(x)


@case(args=lambda: (np.array([1.0, -2.0, 0.5]),), tags=("captured_array",))
def global_array_argument(x):
    return weighted_sum(x, WEIGHTS) * weighted_sum(x, x)


@case(args=lambda: (0.7,))
def lambdas(x):
    cube = lambda t: t * t * t
    mix = lambda a, b=2.0: a * b + x
    return cube(x) + mix(x) + mix(x, x) + (lambda t: math.cos(t))(x)


@case(args=lambda: (0.7, 0.4), argnums=(0, 1), tags=("inner_function",))
def inner_function(x, y):
    def step(t):
        return t * y + offset

    offset = x * x
    return step(x) + step(step(y))


@case(args=lambda: (0.7,), tags=("higher_order",))
def function_as_argument(x):
    return apply_twice(square, x) + apply_twice(lambda t: t + 0.5 * x, x) + apply_twice(math.sin, x)


@case(args=lambda: (0.7,))
def helper_in_loop(x):
    y = 0.0
    for i in range(4):
        y += scaled(square(x + i), factor=0.1)
        y = clamp(y, -5.0, 2.0 + x)
    return y


@case(args=lambda: (np.array([1.0, -2.0, 0.5]), 0.3), argnums=(0, 1))
def callee_writes_array(x, t):
    work = np.empty(3)
    fill_with(work, t)
    s = weighted_sum(x, work)
    fill_with(work, s)
    return weighted_sum(work, x) + s


@case(args=lambda: (0.7,), tags=("inner_function",))
def three_levels(x):
    def outer(t):
        return helper(t) + early_return_in_callee(t)

    return outer(x) * default_of_the_function_itself(x, n=2)


@case(args=lambda: (-0.5,), raises=ValueError)
def raises_in_callee(x):
    return square(x) + apply_twice(math.sqrt, x)


def _family(scale, power):
    def member(x):
        y = 1.0
        for i in range(power):
            y *= scale * x
        return y + power

    return member


for _name, _scale, _power in (("closure_a", 1.5, 2), ("closure_b", -0.5, 5), ("closure_c", 2, 0)):
    case(args=lambda: (0.9,), name=_name)(_family(_scale, _power))


def _captured_buffer(weights):
    def member(x):
        s = 0.0
        for i in range(len(x)):
            s += x[i] * weights[i]
        return math.tanh(s)

    return member


case(args=lambda: (np.array([0.1, 0.2, -0.3]),), name="closure_array", tags=("captured_array",))(
    _captured_buffer(np.array([1.0, -1.0, 0.5]))
)
