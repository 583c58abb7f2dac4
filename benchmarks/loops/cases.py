"""What is timed: a function, its signature for the compiler, and its arguments at one size."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.loops import workloads


@dataclass(frozen=True)
class Case:
    """One row of the table; the gradient is with respect to the arguments `argnums`."""

    label: str
    size: str
    function: Callable[..., float]
    signature: str
    argnums: tuple[int, ...]
    arguments: tuple[object, ...]
    goals: tuple[float, ...] = ()
    """Gradient over the primal in C: by default, without vector maths, with reordered sums, and by an adjoint
    where the default is a tangent.
    """

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def types(self) -> list[str]:
        """`["f64[:]", "f64"]` for the signature `f64[:], f64`."""
        return re.findall(r"\w+(?:\[[^]]*\])?", self.signature)


def log_sum_exp(n: int) -> Case:
    x = np.random.default_rng(1).standard_normal(n)
    goals = (0.70, 1.0, 0.60) if n < 100 else (0.35, 1.0, 0.29) if n < 10_000 else (0.40, 1.1, 0.30)
    return Case("W1 log-sum-exp", f"n={n:g}", workloads.log_sum_exp, "f64[:], f64", (0,), (x, 3.0), goals)


def pow_while(n: int) -> Case:
    arguments, goals = (1.0 + 1.0 / n, n), (1.4, 1.4, 1.3, 2.5 if n < 1000 else 2.0)
    return Case("W2 pow while", f"n={n:g}", workloads.pow_while, "f64, i64", (0,), arguments, goals)


def newton_sqrt(n: int) -> Case:
    numbers = 10.0 ** np.random.default_rng(2).uniform(-3.0, 6.0, n)
    goals = (1.2, 1.2, 1.2, 1.4)
    return Case("W2b Newton roots", f"n={n:g}", workloads.newton_sqrt, "f64[:]", (0,), (numbers,), goals)


def lotka_volterra(steps: int) -> Case:
    arguments = (np.array([1.5, 1.0, 3.0, 1.0]), np.array([1.0, 1.0]), 1e-3, steps)
    function, signature = workloads.lotka_volterra, "f64[:], f64[:], f64, i64"
    return Case(
        "W3 Lotka-Volterra", f"n={steps:g}", function, signature, (0, 1), arguments, (2.05, 2.05, 2.0)
    )


def heat(n: int, steps: int = 50) -> Case:
    u0 = np.random.default_rng(4).standard_normal((n, n))
    goals = (1.8, 1.8, 1.65) if n < 500 else (1.65, 1.65, 1.65)
    return Case("W4 heat stencil", f"N={n}", workloads.heat, "f64[:, :], i64", (0,), (u0, steps), goals)


def black_scholes(n: int) -> Case:
    normals = np.random.default_rng(5).standard_normal(n)
    arguments = (normals, 100.0, 105.0, 0.03, 0.2, 1.5)
    signature, argnums, goals = "f64[:], f64, f64, f64, f64, f64", (1, 2, 3, 4, 5), (0.50, 1.3, 0.38)
    return Case("W9 Black-Scholes", f"n={n:g}", workloads.black_scholes, signature, argnums, arguments, goals)


def table() -> list[Case]:
    """The rows of the benchmark, sizes as published."""
    return [
        *(log_sum_exp(n) for n in (10, 1_000, 1_000_000)),
        *(pow_while(n) for n in (100, 100_000)),
        newton_sqrt(10_000),
        lotka_volterra(10_000),
        heat(128),
        heat(512),
        black_scholes(1_000_000),
    ]


def small() -> list[Case]:
    """The same functions, small enough for differences."""
    return [
        log_sum_exp(7),
        pow_while(9),
        newton_sqrt(40),
        lotka_volterra(300),
        heat(7, steps=5),
        black_scholes(50),
    ]
