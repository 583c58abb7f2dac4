"""Each function of a number by itself, at several points, alone and in a loop over elements.

The situations of HIPS autograd's scalar and systematic tests (every unary function on its interval, every
binary one and operator with each operand of either kind, negative divisors, the same number twice) and of
Tangent's list of NumPy calls. What those suites do with whole arrays is done here by a loop.
"""

import builtins
import math
import operator

import numpy as np

from .registry import case

UNARY = [
    (math, "sin cos sinh cosh tanh asinh exp exp2 erf erfc degrees", 0.3, -2.1),
    (math, "tan asin acos atan atanh expm1 log1p", 0.3, -0.8),
    (math, "log log2 log10 sqrt", 0.2, 20.0),
    (math, "acosh", 1.1, 4.0),
    (math, "cbrt fabs radians", 0.2, -20.0),
    (builtins, "abs float", 0.4, -0.4),
    (operator, "neg", 0.4, -0.4),
    (np, "sin cos sinh cosh tanh arcsinh exp exp2 square degrees rad2deg reciprocal negative", 0.3, -2.1),
    (np, "tan arcsin arccos arctan arctanh expm1 log1p", 0.3, -0.8),
    (np, "log log2 log10 sqrt", 0.2, 20.0),
    (np, "arccosh", 1.1, 4.0),
    (np, "cbrt fabs abs radians deg2rad", 0.2, -20.0),
    (np, "sign floor ceil", 1.4, -1.4),
]
BINARY = [
    (operator, "add sub mul truediv", 0.6, -1.3),
    (operator, "mod", 2.6, -0.7),
    (operator, "mod pow", 0.7, 1.9),
    (operator, "truediv mod", -2.6, 0.7),
    (builtins, "max min", 0.6, -1.3),
    (math, "atan2 hypot copysign", 0.6, -1.3),
    (math, "pow fmod remainder", 2.6, 0.7),
    (np, "add subtract multiply divide true_divide arctan2 hypot logaddexp", 0.6, -1.3),
    (np, "maximum minimum fmax fmin", 0.6, -1.3),
    (np, "remainder mod fmod", 2.6, -0.7),
    (np, "mod divide", -2.6, 0.7),
    (np, "power maximum minimum", 0.7, 1.9),
]


def _called(module):
    return "numpy" if module is np else module.__name__


def _unary(fn):
    def alone_and_over_elements(x, scale):
        y = np.zeros(len(x))
        for i in range(len(x)):
            y[i] = fn(x[i]) * scale
        s = 0.0
        for i in range(len(x)):
            s += y[i] * y[len(x) - 1 - i]
        return s * x[0] + fn(float(x[0]))

    return alone_and_over_elements


def _binary(fn, a, b):
    def all_operands(x, y):
        z = fn(x, y)
        return z * z + z * x + fn(a, y) * fn(x, b)

    return all_operands


for _module, _names, _a, _b in UNARY:
    for _name in _names.split():
        _case = case(
            args=lambda a=_a, b=_b: (np.array([a, b, b]), 0.8),
            argnums=(0, 1),
            name=f"{_called(_module)}_{_name}",
        )
        _case(_unary(getattr(_module, _name)))

for _module, _names, _a, _b in BINARY:
    for _name in _names.split():
        _case = case(
            args=lambda a=_a, b=_b: (a, b), argnums=(0, 1), name=f"{_called(_module)}_{_name}_{_a}_{_b}"
        )
        _case(_binary(getattr(_module, _name), _a, _b))


# autograd: test_abs at both signs, test_*_arg0/arg1 of operators with the same operand twice
@case(args=[lambda: (0.7,), lambda: (1.9,)])
def the_same_operand(x):
    return x**x + x / x + x % (x + 1.0) + x - x + abs(x) * x


@case(args=[lambda: (0.7, n) for n in (-3, -1, 0, 1, 2, 5)])
def integer_power(x, n):
    return x**n + n**x if n > 0 else x**n
