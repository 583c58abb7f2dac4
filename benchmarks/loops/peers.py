"""The same gradients by JAX and by Enzyme, each in the fastest form that was found, one thread, float64.

A case that a tool refuses has no entry: JAX has no reverse mode through a `while` whose end depends on data.
Enzyme differentiates C++ (PyPI `enzyme-ad`); its calls go through JAX, which takes some microseconds.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loops.cases import Case

SOURCES = Path(__file__).parent / "enzyme"

Gradient = Callable[[], tuple[float, list[np.ndarray]]]
"""Value and gradients for the arguments of a case."""


def jax_gradient(case: Case) -> tuple[Callable[[], Any], Gradient] | None:
    """What to time, and what it gives; None where JAX has no gradient of it."""
    jax = _jax()
    make = {
        "log_sum_exp": _log_sum_exp,
        "pow_while": _pow_while,
        "lotka_volterra": _lotka_volterra,
        "heat": _heat,
        "black_scholes": _black_scholes,
    }.get(case.name)
    if make is None:
        return None
    return _compiled(jax, make(jax, case), case)


def enzyme_gradient(case: Case) -> tuple[Callable[[], Any], Gradient]:
    """What to time, and what it gives."""
    jax = _jax()
    from enzyme_ad.jax import cpp_call

    cpu = _target_cpu()
    source = "".join((SOURCES / name).read_text() for name in ("head.hpp", f"{case.name}.cpp"))
    for n, argument in enumerate(case.arguments):
        if isinstance(argument, int):  # sizes are part of the program, as the shapes are
            source = source.replace(f"ARGUMENT_{n}", str(argument))

    def value(*arguments: Any) -> Any:
        given = [jax.numpy.reshape(a, (1,)) if a.ndim == 0 else a for a in arguments if a.dtype == float]
        out = [jax.core.ShapedArray([1], np.float64)]
        (result,) = cpp_call(*given, out_shapes=out, source=source, fn="f", argv=("-O3", "-target-cpu", cpu))
        return result[0]

    return _compiled(jax, value, case)


def _target_cpu() -> str:
    import llvmlite.binding as llvm

    return {"znver4": "znver3", "znver5": "znver3"}.get(str(llvm.get_host_cpu_name()), "x86-64-v3")


def _jax() -> Any:
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return jax


def _compiled(jax: Any, function: Callable[..., Any], case: Case) -> tuple[Callable[[], Any], Gradient]:
    arguments = [jax.numpy.asarray(a) for a in case.arguments]
    gradient = jax.jit(jax.value_and_grad(function, argnums=case.argnums))
    compiled = gradient.lower(*arguments).compile()

    def run() -> Any:
        return jax.block_until_ready(compiled(*arguments))

    def result() -> tuple[float, list[np.ndarray]]:
        value, gradients = run()
        return float(value), [np.asarray(g) for g in gradients]

    return run, result


def _log_sum_exp(jax: Any, case: Case) -> Callable[..., Any]:
    return lambda x, t: jax.scipy.special.logsumexp(x * t)


def _pow_while(jax: Any, case: Case) -> Callable[..., Any]:
    n = case.arguments[1]

    def power(x: Any, _: Any) -> Any:
        return jax.lax.scan(lambda r, _: (r * x, None), jax.numpy.ones(()), None, length=n)[0]

    return power


def _lotka_volterra(jax: Any, case: Case) -> Callable[..., Any]:
    steps = case.arguments[3]

    def loss(p: Any, y0: Any, h: Any, _: Any) -> Any:
        def velocity(y: Any) -> Any:
            return jax.numpy.stack([(p[0] - p[1] * y[1]) * y[0], (p[3] * y[0] - p[2]) * y[1]])

        def step(y: Any, _: Any) -> Any:
            k1 = velocity(y)
            k2 = velocity(y + 0.5 * h * k1)
            k3 = velocity(y + 0.5 * h * k2)
            k4 = velocity(y + h * k3)
            return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        return jax.lax.scan(step, y0, None, length=steps)[0].sum()

    return loss


def _heat(jax: Any, case: Case) -> Callable[..., Any]:
    steps = case.arguments[1]

    def loss(u0: Any, _: Any) -> Any:
        def step(u: Any, _: Any) -> Any:
            middle = u[1:-1, 1:-1]
            around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
            return u.at[1:-1, 1:-1].set(middle + 0.2 * (around - 4.0 * middle)), None

        return (jax.lax.scan(step, u0, None, length=steps)[0] ** 2).sum()

    return loss


def _black_scholes(jax: Any, case: Case) -> Callable[..., Any]:
    def price(z: Any, spot: Any, strike: Any, rate: Any, volatility: Any, maturity: Any) -> Any:
        np_ = jax.numpy
        drift = (rate - 0.5 * volatility * volatility) * maturity
        prices = spot * np_.exp(drift + volatility * np_.sqrt(maturity) * z)
        return np_.exp(-rate * maturity) * np_.maximum(prices - strike, 0.0).mean()

    return price
