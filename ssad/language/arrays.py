"""Arrays, element by element."""

from __future__ import annotations

import numpy as np


def elements(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Reading elements, from the end too."""
    return x[0] * x[-1] + x[len(x) - 2]


def matrices(a=np.array([[0.3, -1.2], [0.8, 2.0]])) -> float:
    """Several axes, `shape`, rows as views."""
    s = 0.0
    for i in range(a.shape[0]):
        row = a[i]
        for j in range(a.shape[1]):
            s += row[j] * a[j, i]
    return s


def stores(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Writing elements in place."""
    for i in range(1, len(x)):
        x[i] += x[i - 1] * x[i]
    return x[-1]


def allocation(x=np.array([0.3, -1.2, 0.8])) -> float:
    """`np.zeros`, `ones`, `empty`, `full`, their `_like` and `copy`."""
    y = np.zeros(len(x))
    z = np.ones_like(x)
    for i in range(len(x)):
        y[i] = x[i] * z[i]
    w = y.copy()
    w[0] = 3.0
    return w[0] * w[1] + y[0]


def slices(x=np.array([0.3, -1.2, 0.8, 0.1])) -> float:
    """Slices as views."""
    even, back = x[::2], x[::-1]
    even[0] = back[1] * 2.0
    return x[0] * even[1] + back[0]


def aliases(x=np.array([0.3, -1.2, 0.8])) -> float:
    """Two names for one array."""
    y = x
    y[0] = 2.0 * x[1]
    return x[0] * y[2]
