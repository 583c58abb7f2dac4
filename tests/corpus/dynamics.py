"""Solvers and simulations: time steps, grids, iterations until it is good enough."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=21):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=22):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(args=[lambda: (2.0, 1e-9), lambda: (0.5, 1e-9)], smooth=False)
def bisection(a, tolerance):
    low = 0.0
    high = 3.0 + a
    while high - low > tolerance:
        middle = 0.5 * (low + high)
        if middle * middle - a > 0.0:
            high = middle
        elif middle * middle - a < 0.0:
            low = middle
        else:
            return middle
    return 0.5 * (low + high)


@case(args=lambda: (0.3, 1.7), argnums=(0, 1), smooth=False)
def golden_section(shift, scale):
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    low, high = -2.0, 2.0
    c = high - ratio * (high - low)
    d = low + ratio * (high - low)
    fc = scale * (c - shift) * (c - shift)
    fd = scale * (d - shift) * (d - shift)
    while abs(high - low) > 1e-3:
        if fc < fd:
            high, d, fd = d, c, fc
            c = high - ratio * (high - low)
            fc = scale * (c - shift) * (c - shift)
        else:
            low, c, fc = c, d, fd
            d = low + ratio * (high - low)
            fd = scale * (d - shift) * (d - shift)
    return fc + fd + low


def _oscillator(y, stiffness, out):
    out[0] = y[1]
    out[1] = -stiffness * math.sin(y[0])


@case(args=lambda: (np.array([1.0, 0.2]), 2.5, 1e-5), argnums=(0, 1))
def adaptive_heun_euler(y, stiffness, tolerance):
    """Steps are rejected and the step width is itself a function of the state."""
    t = 0.0
    h = 0.1
    k1, k2, trial = np.zeros(2), np.zeros(2), np.zeros(2)
    rejected = 0
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        _oscillator(y, stiffness, k1)
        for i in range(2):
            trial[i] = y[i] + h * k1[i]
        _oscillator(trial, stiffness, k2)
        error = 0.0
        for i in range(2):
            error = max(error, abs(0.5 * h * (k2[i] - k1[i])))
        if error > tolerance * 100.0:
            h *= 0.5
            rejected += 1
            continue
        for i in range(2):
            y[i] += 0.5 * h * (k1[i] + k2[i])
        t += h
        h *= min(2.0, max(0.3, 0.9 * math.sqrt(tolerance * 100.0 / (error + 1e-12))))
    return y[0] * y[1] + 0.0 * rejected


@case(args=lambda: (np.array([0.5, 1.2]), 1.3), argnums=(0, 1), smooth=False)
def runge_kutta_fehlberg(y, mu):
    """Van der Pol with the embedded pair of orders 4 and 5; six slopes as rows of one array."""
    k = np.zeros((6, 2))
    a = np.array(
        [
            [0.0, 0.0, 0.0, 0.0, 0.0],
            [0.25, 0.0, 0.0, 0.0, 0.0],
            [3.0 / 32.0, 9.0 / 32.0, 0.0, 0.0, 0.0],
            [1932.0 / 2197.0, -7200.0 / 2197.0, 7296.0 / 2197.0, 0.0, 0.0],
            [439.0 / 216.0, -8.0, 3680.0 / 513.0, -845.0 / 4104.0, 0.0],
            [-8.0 / 27.0, 2.0, -3544.0 / 2565.0, 1859.0 / 4104.0, -11.0 / 40.0],
        ]
    )
    t, h, steps = 0.0, 0.3, 0
    while t < 1.0 and steps < 50:
        steps += 1
        h = min(h, 1.0 - t)
        for s in range(6):
            u0, u1 = y[0], y[1]
            for r in range(s):
                u0 += h * a[s, r] * k[r, 0]
                u1 += h * a[s, r] * k[r, 1]
            k[s, 0] = u1
            k[s, 1] = mu * (1.0 - u0 * u0) * u1 - u0
        error = 0.0
        for i in range(2):
            e = k[0, i] / 360.0 - 128.0 / 4275.0 * k[2, i] - 2197.0 / 75240.0 * k[3, i]
            e += k[4, i] / 50.0 + 2.0 / 55.0 * k[5, i]
            error = max(error, abs(e))
        if error <= 1e-4:
            t += h
            for i in range(2):
                fourth = 25.0 / 216.0 * k[0, i] + 1408.0 / 2565.0 * k[2, i]
                y[i] += h * (fourth + 2197.0 / 4104.0 * k[3, i] - 0.2 * k[4, i])
        h *= 0.84 * math.sqrt(math.sqrt(1e-4 / (error + 1e-15)))
    return y[0] + y[1] * y[1]


@case(args=lambda: (_normal(3, 2), np.zeros((3, 2)), _positive(3), 4), argnums=(0, 1, 2))
@case(
    args=lambda: (_normal(2, 3).T, np.zeros((3, 2), order="F"), _positive(6)[::-2], 3),
    argnums=(0, 1, 2),
    name="n_body_of_transposed_arrays",
)
def n_body(position, velocity, mass, steps):
    n = len(mass)
    for step in range(steps):
        for i in range(n):
            p = position[i]
            for j in range(n):
                if i == j:
                    continue
                q = position[j]
                dx, dy = q[0] - p[0], q[1] - p[1]
                d = dx * dx + dy * dy + 0.05
                pull = 0.01 * mass[j] / (d * math.sqrt(d))
                velocity[i, 0] += pull * dx
                velocity[i, 1] += pull * dy
        for i in range(n):
            v = velocity[i]
            p = position[i]
            for k in range(2):
                p[k] += 0.1 * v[k]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * mass[i] * (velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
    return energy + position[0, 0] * position[1, 1]


@case(args=lambda: (_positive(4, 5), 2))
def soft_life(cells, generations):
    """Neighbours on a torus, by negative and wrapped indices, two grids taking turns."""
    n, m = cells.shape
    following = np.zeros_like(cells)
    for g in range(generations):
        for i in range(n):
            for j in range(m):
                around = 0.0
                for di in range(-1, 2):
                    for dj in (-1, 0, 1):
                        if di != 0 or dj != 0:
                            around += cells[(i + di) % n, (j + dj) % m - m]
                alive = cells[i, j]
                following[i, j] = alive * math.exp(-((around - 2.5) ** 2)) + (1.0 - alive) * 0.1 * around
        cells, following = following, cells
    return cells[0, 0] * cells[n - 1, m - 1] + cells[2, 3]


@case(args=lambda: (_positive(5, 5), 1.1, 3), argnums=(0, 1))
def gauss_seidel(u, omega, sweeps):
    n, m = u.shape
    change = 0.0
    for sweep in range(sweeps):
        change = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                old = u[i, j]
                mean = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
                u[i, j] = (1.0 - omega) * old + omega * mean * mean
                change += (u[i, j] - old) ** 2
        if change < 1e-20:
            break
    else:
        change *= 2.0
    return u[2, 2] + change


@case(args=lambda: (1.3, 0.7), argnums=(0, 1))
def newton_system(a, b):
    """x*x + y*y = a, x*y = b/4, by Newton's method until the residual is small."""
    x, y = 1.2, 0.1
    while (r := (x * x + y * y - a) ** 2 + (x * y - 0.25 * b) ** 2) > 1e-26:
        f, g = x * x + y * y - a, x * y - 0.25 * b
        det = 2.0 * x * x - 2.0 * y * y
        x, y = x - (f * x - 2.0 * g * y) / det, y - (2.0 * g * x - f * y) / det
    return x + 10.0 * y + r


@case(args=lambda: (_normal(4, 4), 0.4, 0.1), argnums=(0, 1, 2))
def ising_energy(spins, coupling, field):
    n, m = spins.shape
    energy = 0.0
    for i in range(n):
        for j in range(m):
            energy -= coupling * spins[i, j] * (spins[i - 1, j] + spins[i, j - 1]) + field * spins[i, j]
    return math.exp(-energy / (n * m))


@case(args=lambda: (0.4, 0.3, 12), argnums=(0, 1))
def mandelbrot(cr, ci, n):
    zr, zi = 0.0, 0.0
    k = 0
    while k < n and zr * zr + zi * zi < 4.0:
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
        k += 1
    return zr * zi + k


@case(args=[lambda: (_normal(4), 1e-3), lambda: (_normal(4), 10.0)], argnums=0)
def fixed_point_arrays(x, tol):
    old = x
    for it in range(30):
        new = np.empty(4)
        diff = 0.0
        for i in range(4):
            new[i] = 0.5 * math.cos(old[i - 1]) + 0.1 * x[i]
            diff = max(diff, abs(new[i] - old[i]))
        old = new
        if diff < tol:
            break
    else:
        return old[0]
    return old[0] * old[1] * it + diff


@case(
    args=lambda: (100.0, 0.04, 2.0, 0.05, 0.3, -0.6, _normal(2, 3, 5)),
    argnums=(0, 1, 2, 3, 4, 5),
    smooth=False,
)
def heston_call(spot, v0, kappa, theta, xi, rho, noise):
    """Full truncation Euler: the variance is cut at zero before it is used."""
    paths, steps = noise.shape[1], noise.shape[2]
    dt = 1.0 / steps
    payoff = 0.0
    for p in range(paths):
        s, v = math.log(spot), v0
        for t in range(steps):
            positive = max(v, 0.0)
            z1 = noise[0, p, t]
            z2 = rho * z1 + math.sqrt(1.0 - rho * rho) * noise[1, p, t]
            s += (0.01 - 0.5 * positive) * dt + math.sqrt(positive * dt) * z1
            v += kappa * (theta - positive) * dt + xi * math.sqrt(positive * dt) * z2
        payoff += max(math.exp(s) - 95.0, 0.0)
    return payoff / paths


@case(args=lambda: (_normal(12) * 0.1, 0.2, 0.1, 0.8), argnums=(0, 1, 2, 3))
def garch(returns, omega, alpha, beta):
    variance = omega / (1.0 - alpha - beta)
    total = 0.0
    for r in returns:
        total += math.log(variance) + r * r / variance
        variance = omega + alpha * r * r + beta * variance
    return 0.5 * total
