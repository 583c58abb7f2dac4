"""Small programs from numerical practice: linear algebra, solvers, integrators, dynamic programs."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=5):
    return np.random.default_rng(seed).normal(size=shape)


def _spd(n):
    a = _normal(n, n)
    return a @ a.T + n * np.eye(n)


@case(args=lambda: (_normal(6), 0.8), argnums=(0, 1))
def horner(c, x):
    y = 0.0
    for i in range(len(c) - 1, -1, -1):
        y = y * x + c[i]
    return y


@case(args=lambda: (_normal(3, 4), _normal(4, 2, seed=6)), argnums=(0, 1))
def matrix_multiply(a, b):
    c = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return c[0, 0] * c[1, 1] + c[2, 0] ** 2 - c[0, 1]


@case(args=lambda: (_spd(4),))
def cholesky_log_det(a):
    n = a.shape[0]
    log_det = 0.0
    for j in range(n):
        for k in range(j):
            a[j, j] -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(a[j, j])
        log_det += 2.0 * math.log(a[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                a[i, j] -= a[i, k] * a[j, k]
            a[i, j] /= a[j, j]
    return log_det


@case(args=lambda: (_normal(4, 4), _normal(4, seed=6)), argnums=(0, 1))
def lu_solve(a, b):
    """Partial pivoting, in place."""
    n = len(b)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= factor * a[k, j]
            b[i] -= factor * b[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            b[i] -= a[i, j] * b[j]
        b[i] /= a[i, i]
    return b[0] * b[1] + b[2] - b[3] ** 2


def _lotka_volterra(state, rates, slope):
    slope[0] = rates[0] * state[0] - rates[1] * state[0] * state[1]
    slope[1] = rates[2] * state[0] * state[1] - rates[3] * state[1]


@case(args=lambda: (np.array([1.1, 0.4, 0.1, 0.4]), np.array([3.0, 1.0]), 12), argnums=(0, 1))
def rk4_lotka_volterra(rates, state, steps):
    dt = 0.1
    k1, k2, k3, k4 = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)
    probe = np.zeros(2)
    for step in range(steps):
        _lotka_volterra(state, rates, k1)
        for i in range(2):
            probe[i] = state[i] + 0.5 * dt * k1[i]
        _lotka_volterra(probe, rates, k2)
        for i in range(2):
            probe[i] = state[i] + 0.5 * dt * k2[i]
        _lotka_volterra(probe, rates, k3)
        for i in range(2):
            probe[i] = state[i] + dt * k3[i]
        _lotka_volterra(probe, rates, k4)
        for i in range(2):
            state[i] += dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
    return math.log(state[0]) ** 2 + math.log(state[1]) ** 2


@case(args=lambda: (_normal(8), 0.2, 7), argnums=(0, 1))
def heat_stencil(u, alpha, steps):
    n = len(u)
    v = np.zeros(n)
    for k in range(steps):
        for i in range(1, n - 1):
            v[i] = u[i] + alpha * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, v = v, u
    s = 0.0
    for i in range(n):
        s += u[i] * u[i]
    return s


@case(args=lambda: (0.3, 3.2), argnums=(0, 1))
def logistic_map(x, r):
    for i in range(10):
        x = r * x * (1.0 - x)
    return x


@case(args=lambda: (0.3, 2.1, 40), argnums=(0, 1))
def trapezoid_rule(a, b, n):
    h = (b - a) / n
    s = 0.5 * (math.exp(-a * a) + math.exp(-b * b))
    for i in range(1, n):
        t = a + i * h
        s += math.exp(-t * t)
    return s * h


@case(args=lambda: (_normal(9), _normal(3, seed=6)), argnums=(0, 1))
def convolution(x, kernel):
    n = len(x) - len(kernel) + 1
    out = np.zeros(n)
    for i in range(n):
        for k in range(len(kernel)):
            out[i] += x[i + k] * kernel[len(kernel) - 1 - k]
    s = 0.0
    for i in range(n):
        s += math.tanh(out[i]) ** 2
    return s


@case(args=lambda: (np.array([-1.2, 1.0, 0.8, 0.5]),))
def rosenbrock(x):
    s = 0.0
    for i in range(len(x) - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


@case(args=lambda: (_normal(4, 2), 0.5), argnums=(0, 1))
def pairwise_energy(positions, width):
    energy = 0.0
    for i in range(len(positions)):
        for j in range(i):
            d2 = 0.1
            for k in range(positions.shape[1]):
                d2 += (positions[i, k] - positions[j, k]) ** 2
            energy += width / d2 - math.exp(-d2)
    return energy


@case(args=lambda: (0.3, 1.2, 30), argnums=(0, 1))
def verlet_pendulum(angle, length, steps):
    dt = 0.05
    speed = 0.0
    for i in range(steps):
        speed -= 0.5 * dt * 9.81 / length * math.sin(angle)
        angle += dt * speed
        speed -= 0.5 * dt * 9.81 / length * math.sin(angle)
    return 0.5 * (length * speed) ** 2 + 9.81 * length * (1.0 - math.cos(angle))


@case(args=lambda: (_normal(6), 0.0), argnums=(0,))
def edit_distance_like(x, gap):
    n = len(x)
    table = np.zeros((n + 1, n + 1))
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            a = table[i - 1, j] + 0.5
            b = table[i, j - 1] + 0.7 + gap
            c = table[i - 1, j - 1] + (x[i - 1] - x[n - j]) ** 2
            table[i, j] = -math.log(math.exp(-a) + math.exp(-b) + math.exp(-c))
    return table[n, n]
