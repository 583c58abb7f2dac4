"""The gradient and the curvature of a power written as a `while` loop (Innes 2018, arXiv:1810.07951).

Run: python examples/pow_while.py
"""

import ssad


def power(x, n):
    r = 1
    while n > 0:
        n -= 1
        r *= x
    return r


def cube(x):
    return power(x, 3)


def main() -> None:
    gradient = ssad.jit_grad(power)
    for n in (0, 1, 3, 10):
        x_bar, by_hand = gradient(2.0, n), n * 2.0 ** (n - 1)
        print(f"d/dx x**{n:<2} at 2 = {x_bar:7.1f}, by hand {by_hand:7.1f}")
        assert x_bar == by_hand
    curvature = float(ssad.hessian(cube)(2.0))
    print(f"second derivative of x**3 at 2 = {curvature}, by hand 12.0")
    assert abs(curvature - 12.0) < 1e-12


if __name__ == "__main__":
    main()
