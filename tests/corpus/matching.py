"""`match`: literals, sequences, classes, mappings; guards, captures and alternatives."""

import math

import numpy as np

from .registry import case

SPEED = 3


class Limits:
    LOW = 1
    HIGH = 5.0


def _positive(*shape, seed=71):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(args=[lambda n=n: (1.5, n) for n in range(6)])
def literals(x, n):
    match n:
        case 0:
            return x
        case 1 | 2:
            y = x * x
        case -1:
            y = 0.0
        case 3 if x > 2.0:
            y = x**5
        case 3 | 4 as k:
            y = x * k
        case _:
            y = math.sin(x)
    return y * 2.0


@case(args=[lambda: (1.5, "cubic"), lambda: (1.5, "linear"), lambda: (1.5, "")])
def names_of_a_mode(x, mode):
    match mode:
        case "linear" | "line":
            return x
        case "cubic":
            return x**3
        case str():
            return x * 0.5
        case None:
            return 0.0


@case(args=[lambda: (1.5, 0.5), lambda: (-1.5, 0.5)], argnums=(0, 1))
def tuple_of_numbers(x, y):
    match (x, y):
        case (0.0, t):
            return t * t
        case (s, t) if s < 0.0:
            return s * t * t
        case (s, t):
            return s**3 * t
    return 0.0


def _area(shape):
    match shape:
        case ("circle", r):
            return 3.0 * r * r
        case ("box", w, h) if w > 1.0:
            return w * h
        case ("box", w, _):
            return w * w
        case ("path", first, *rest):
            total = first
            for part in tuple(rest):
                total = total * 0.5 + part
            return total
        case (name, *_, last):
            return last * len(name)
        case ():
            return 1.0
        case float(side) | int(side):
            return side * side
    return 0.0


@case(args=[lambda: (1.5, 0.5), lambda: (0.5, 1.5)], argnums=(0, 1))
def shapes(x, y):
    s = _area(("circle", x)) + _area(("box", x, y)) * _area(("path", x, y, x * y))
    return s + _area(("any", y, y, x)) * _area(()) + _area(x * 2.0) + _area(3) * x


@case(args=[lambda: (1.5, 2), lambda: (0.5, 3)], argnums=0)
def kinds_of_numbers(x, n):
    s = 0.0
    for value in ((x, 1), (x * x, 2)):
        match value:
            case (float() as a, bool(b)):
                s += a * 7.0 if b else a
            case (float(a), int(k)):
                s += a * k * n
    match (x, x > 1.0):
        case (int(), _):
            s = 0.0
        case (float(a), bool(b)):
            s += a * b
    match n:
        case float():
            s = 0.0
        case int(k):
            s += k * x
    return s


@case(args=[lambda: (1.5, 1), lambda: (1.5, 3), lambda: (1.5, 5), lambda: (1.5, 7)])
def nested_patterns(x, n):
    match ((n, x), (x * x, ("deep", 2.0 * x))):
        case ((1, a), (b, _)):
            return a * b
        case ((3 | 5 as k, a), (b, ("deep", c))) if k == 5 or a > 2.0:
            return k * c + b
        case ((_, a), (b, (word, c))) if word == "deep":
            return a + b * c
    return 0.0


@case(args=lambda: (1.5, 2))
def known_parts_decide(x, n):
    match (x, None, True, "s", n):
        case (y, None, True, "s", 0 | 2 as k):
            return y * k
        case _:
            return x


@case(args=[lambda: (1.5, 0.25)], argnums=(0, 1))
def mapping_of_options(x, y):
    def value(options):
        match options:
            case {"scale": s, "shift": t, "kind": "affine"}:
                return s * x + t
            case {"scale": s}:
                return s * x * x
            case {}:
                return y
        return 0.0

    first = value({"kind": "affine", "scale": y, "shift": 2.0})
    return first * value({"scale": x * y, "other": 1.0}) + value({"kind": "none"})


@case(args=[lambda: (_positive(6),)])
def state_machine(x):
    state = 0
    s = 0.0
    for v in x:
        match (state, v > 0.6):
            case (0, True):
                state = 1
                s += v
            case (0, False):
                s += v * v
            case (1, up):
                state = 2 if up else 0
                s = s * v
            case (2, _):
                state = 0
                s += math.exp(v)
    return s


@case(args=[lambda: (1.5, 0.0), lambda: (1.5, 2.0)], argnums=0)
def match_in_a_handler(x, y):
    try:
        z = x / y
    except ZeroDivisionError as error:
        match error.args:
            case (str(text),):
                z = x * len(text)
            case _:
                z = 0.0
    match z:
        case float(v) if v > 3.0:
            return v * v
        case v:
            return v * y
