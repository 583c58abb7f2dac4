"""The functions that are timed, in plain Python; `c/NAME.c` holds each again in C, with its adjoint."""

import math

import numpy as np


def log_sum_exp(x, t):
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


def pow_while(x, n):
    r = 1
    while n > 0:
        n -= 1
        r *= x
    return r


def newton_sqrt(numbers):
    """Sum of the square roots by Newton's iteration, halving first where the start is far too large."""
    total = 0.0
    for i in range(len(numbers)):
        a = numbers[i]
        x = a
        while abs(x * x - a) > 1e-12 * a:
            x = 0.5 * x if x * x > 4.0 * a else 0.5 * (x + a / x)
        total += x
    return total


def velocity(y, p, k):
    k[0] = (p[0] - p[1] * y[1]) * y[0]
    k[1] = (p[3] * y[0] - p[2]) * y[1]


def lotka_volterra(p, y0, h, steps):
    """Sum of the two populations after `steps` Runge-Kutta steps; the state is overwritten."""
    y = np.zeros(2)
    z = np.zeros(2)
    k1 = np.zeros(2)
    k2 = np.zeros(2)
    k3 = np.zeros(2)
    k4 = np.zeros(2)
    for j in range(2):
        y[j] = y0[j]
    for _ in range(steps):
        velocity(y, p, k1)
        for j in range(2):
            z[j] = y[j] + 0.5 * h * k1[j]
        velocity(z, p, k2)
        for j in range(2):
            z[j] = y[j] + 0.5 * h * k2[j]
        velocity(z, p, k3)
        for j in range(2):
            z[j] = y[j] + h * k3[j]
        velocity(z, p, k4)
        for j in range(2):
            y[j] += h / 6.0 * (k1[j] + 2.0 * k2[j] + 2.0 * k3[j] + k4[j])
    return y[0] + y[1]


def heat(u0, steps):
    """Sum of squares after `steps` five-point steps between two buffers; the rim stays as it is."""
    n, m = u0.shape
    u = np.zeros((n, m))
    v = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            u[i, j] = u0[i, j]
            v[i, j] = u0[i, j]
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + 0.2 * (
                    u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j]
                )
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def black_scholes(normals, spot, strike, rate, volatility, maturity):
    """Price of a European call by Monte Carlo: the mean discounted payoff for these normal numbers."""
    drift = (rate - 0.5 * volatility * volatility) * maturity
    spread = volatility * math.sqrt(maturity)
    total = 0.0
    for k in range(len(normals)):
        price = spot * math.exp(drift + spread * normals[k])
        if price > strike:
            total += price - strike
    return math.exp(-rate * maturity) * total / len(normals)
