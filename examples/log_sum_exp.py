"""The gradient of a log-sum-exp loop: a plain `for` over an array.

Run: python examples/log_sum_exp.py
"""

import math

import numpy as np

import ssad


@ssad.jit_grad
def f(x, t):
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


def main() -> None:
    x, t = np.linspace(-1.0, 1.0, 5), 3.0
    value, x_bar = f.value_and_grad(x, t)
    softmax = np.exp(t * x) / np.sum(np.exp(t * x))
    print("value   ", value)
    print("gradient", x_bar)
    print("by hand ", t * softmax)
    np.testing.assert_allclose(x_bar, t * softmax, rtol=1e-12)


if __name__ == "__main__":
    main()
