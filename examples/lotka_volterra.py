"""Fit the Lotka-Volterra model to the Hudson Bay hare and lynx pelt counts of 1900-1920.

    du/dt = (alpha - beta v) u        hares, thousands of pelts
    dv/dt = (delta u - gamma) v       lynxes, thousands of pelts

The model is integrated by a Runge-Kutta loop that overwrites its state buffer, the misfit is the sum of
squared differences of logarithms, and the six unknowns (four rates, two initial values) are found by BFGS
with the gradient that ssad compiles from the loop. Nothing below is written for automatic differentiation.

Run: python examples/lotka_volterra.py
"""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import ssad

DATA = Path(__file__).parent / "data" / "hudson_bay_lynx_hare.csv"
NAMES = ("alpha", "beta", "gamma", "delta", "u0", "v0")
MEANING = ("hare growth", "predation", "lynx decline", "lynx growth", "hares in 1900", "lynxes in 1900")
SUBSTEPS = 25  # Runge-Kutta steps a year; the misfit has then converged to 8 digits


def velocity(state, rates, slope):
    """Rates of change of hares and lynxes, written into `slope`."""
    slope[0] = (rates[0] - rates[1] * state[1]) * state[0]
    slope[1] = (rates[3] * state[0] - rates[2]) * state[1]


def advance(state, probe, slope, total, rates, h):
    """One classical Runge-Kutta step of length `h` years, in place."""
    velocity(state, rates, slope)
    for j in range(2):
        total[j] = slope[j]
        probe[j] = state[j] + 0.5 * h * slope[j]
    velocity(probe, rates, slope)
    for j in range(2):
        total[j] += 2.0 * slope[j]
        probe[j] = state[j] + 0.5 * h * slope[j]
    velocity(probe, rates, slope)
    for j in range(2):
        total[j] += 2.0 * slope[j]
        probe[j] = state[j] + h * slope[j]
    velocity(probe, rates, slope)
    for j in range(2):
        state[j] += h / 6.0 * (total[j] + slope[j])


@ssad.jit_grad
def loss(theta, hare, lynx):
    """Sum of squared log residuals; `theta` holds the logarithms of the six unknowns."""
    rates = np.zeros(4)
    for i in range(4):
        rates[i] = math.exp(theta[i])
    state = np.zeros(2)
    state[0] = math.exp(theta[4])
    state[1] = math.exp(theta[5])
    probe = np.zeros(2)
    slope = np.zeros(2)
    total = np.zeros(2)
    misfit = 0.0
    for year in range(len(hare)):
        if year > 0:
            for _ in range(SUBSTEPS):
                advance(state, probe, slope, total, rates, 1.0 / SUBSTEPS)
        misfit += math.log(state[0] / hare[year]) ** 2
        misfit += math.log(state[1] / lynx[year]) ** 2
    return misfit


def differences(f: Callable[..., float], theta: np.ndarray, *args: np.ndarray) -> np.ndarray:
    """Gradient of `f` by central differences with one Richardson extrapolation: 4 evaluations per unknown."""
    gradient, step = np.zeros_like(theta), 1e-3
    for i in range(theta.size):
        e = np.zeros_like(theta)
        e[i] = step
        wide = (f(theta + e, *args) - f(theta - e, *args)) / (2 * step)
        narrow = (f(theta + e / 2, *args) - f(theta - e / 2, *args)) / step
        gradient[i] = (4 * narrow - wide) / 3
    return gradient


def first_guess(hare: np.ndarray, lynx: np.ndarray) -> np.ndarray:
    """Logarithms of rough values: a cycle of ten years about the mean counts, from the first row."""
    frequency = 2 * math.pi / 10
    beta, delta = frequency / lynx.mean(), frequency / hare.mean()
    return np.log([frequency, beta, frequency, delta, hare[0], lynx[0]])


def microseconds(f: Callable[..., object], *args: np.ndarray, seconds: float = 0.3) -> float:
    """Best time of one call over about `seconds` of trying."""
    best, end = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        f(*args)
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def main() -> None:
    _, hare, lynx = np.loadtxt(DATA, delimiter=",", skiprows=2).T.copy()
    theta = first_guess(hare, lynx)
    start = time.perf_counter()
    before = loss.value(theta, hare, lynx)
    loss(theta, hare, lynx)
    compile_ms = 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    fit = minimize(loss.value_and_grad, theta, args=(hare, lynx), jac=True, method="BFGS")
    fit_ms = 1e3 * (time.perf_counter() - start)

    print("Lotka-Volterra fitted to the Hudson Bay pelt counts, 1900-1920")
    print(f"\n  {'':6}{'first guess':>12}{'fitted':>10}")
    for name, guess, value, meaning in zip(NAMES, np.exp(theta), np.exp(fit.x), MEANING, strict=True):
        print(f"  {name:6}{guess:12.4f}{value:10.4f}  {meaning}")
    effort = f"{fit.nit} iterations, {fit.nfev} gradients, {fit_ms:.1f} ms"
    print(f"  {'misfit':6}{before:12.4f}{fit.fun:10.4f}  {effort}")
    print(f"  noise: a count is off by a factor of {math.exp(math.sqrt(fit.fun / 42)):.2f} (one sigma)")

    exact = loss(theta, hare, lynx)
    rough = differences(loss.py_func, theta, hare, lynx)
    print("\nGradient at the first guess, against extrapolated differences in CPython")
    for name, a, b in zip(NAMES, exact, rough, strict=True):
        print(f"  {name:6}{a:18.10f}{b:18.10f}")
    error = np.max(np.abs(exact - rough)) / np.max(np.abs(rough))
    print(f"  largest difference {error:.1e} of the gradient's scale: {'ok' if error < 1e-7 else 'WRONG'}")

    native = microseconds(loss.value_and_grad, theta, hare, lynx)
    steps = SUBSTEPS * (len(hare) - 1)
    print(f"\nTime of one call ({steps} Runge-Kutta steps; compiled in {compile_ms:.0f} ms)")
    print(f"  {'native value and gradient':40}{native:12.1f} us")
    for label, us in (
        ("native value", microseconds(loss.value, theta, hare, lynx)),
        ("CPython value", microseconds(loss.py_func, theta, hare, lynx)),
        ("CPython gradient by plain differences", microseconds(forward_differences, theta, hare, lynx)),
    ):
        print(f"  {label:40}{us:12.1f} us  {us / native:8.2f} x")

    print("\nThe adjoint, readable:")
    signature = "f64[:], f64[:], f64[:]"
    print(f'  ssad dump-ir examples/lotka_volterra.py:loss --signature "{signature}" --stage adjoint')
    if error >= 1e-7 or not fit.success:
        raise SystemExit("the fit or the gradient check failed")


def forward_differences(theta: np.ndarray, hare: np.ndarray, lynx: np.ndarray) -> np.ndarray:
    """The cheapest gradient without automatic differentiation: 7 evaluations of the Python function."""
    value = loss.py_func(theta, hare, lynx)
    shifted = theta + 1e-7 * np.eye(theta.size)
    return np.array([(loss.py_func(row, hare, lynx) - value) / 1e-7 for row in shifted])


if __name__ == "__main__":
    main()
