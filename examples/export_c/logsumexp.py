"""The function that `make` in this folder exports to C."""

import math


def logsumexp(x, t):
    """log(sum(exp(t x))), unlike NumPy's an error for an empty `x`."""
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)
