"""The gradient through Newton's iteration: a `while` that runs until it has converged, with a branch inside.

Run: python examples/newton_sqrt.py
"""

import math

import ssad


@ssad.jit_grad
def newton_sqrt(a):
    x = a
    while abs(x * x - a) > 1e-12 * a:
        if x * x > 4.0 * a:
            x = 0.5 * x
        else:
            x = 0.5 * (x + a / x)
    return x


def main() -> None:
    for a in (1e-3, 0.5, 2.0, 1e6):
        value, a_bar = newton_sqrt.value_and_grad(a)
        print(f"sqrt({a:g}) = {value:.12g}, derivative {a_bar:.12g}, by hand {0.5 / math.sqrt(a):.12g}")
        assert math.isclose(a_bar, 0.5 / math.sqrt(a), rel_tol=1e-5)


if __name__ == "__main__":
    main()
