"""Small programs from statistics: sums of exponentials, filters, likelihoods, Monte Carlo, learning."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=5):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=lambda: (_normal(6), 0.7), argnums=(0, 1))
def log_sum_exp(x, t):
    r = 0.0
    for i in range(len(x)):
        r += math.exp(x[i] * t)
    return math.log(r)


@case(args=lambda: (_normal(5),))
def stable_log_sum_exp(x):
    top = x[0]
    for v in x:
        top = max(top, v)
    r = 0.0
    for v in x:
        r += math.exp(v - top)
    return top + math.log(r)


@case(args=lambda: (100.0, 95.0, 0.02, 0.3, 1.5, _normal(16)), argnums=(0, 1, 2, 3, 4), smooth=False)
def black_scholes_monte_carlo(spot, strike, rate, sigma, years, normals):
    total = 0.0
    drift = (rate - 0.5 * sigma * sigma) * years
    for z in normals:
        price = spot * math.exp(drift + sigma * math.sqrt(years) * z)
        total += max(price - strike, 0.0)
    return math.exp(-rate * years) * total / len(normals)


@case(args=lambda: (1.0, 0.1, 0.2, _normal(20)), argnums=(0, 1, 2, 3))
def euler_maruyama(x, mu, sigma, noise):
    dt = 0.05
    for i in range(len(noise)):
        x += mu * x * dt + sigma * x * math.sqrt(dt) * noise[i]
    return x * x


@case(
    args=lambda: (_normal(3), _normal(4, 3, seed=6), _normal(4, seed=7), _normal(4, seed=8)),
    argnums=(0, 1, 2, 3),
)
def perceptron(x, w, b, v):
    y = 0.0
    for i in range(w.shape[0]):
        h = b[i]
        for j in range(w.shape[1]):
            h += w[i, j] * x[j]
        y += v[i] * math.tanh(h)
    return 1.0 / (1.0 + math.exp(-y))


@case(args=lambda: (_normal(7) + 1e3,))
def welford(x):
    mean = 0.0
    m2 = 0.0
    count = 0
    for v in x:
        count += 1
        delta = v - mean
        mean += delta / count
        m2 += delta * (v - mean)
    return m2 / (count - 1)


@case(args=lambda: (_normal(3, 3), _normal(5, 3, seed=6)), argnums=(0, 1), smooth=False)
def viterbi(transition, emission):
    steps, states = emission.shape
    score = np.zeros(states)
    fresh = np.zeros(states)
    for t in range(steps):
        for j in range(states):
            best = -1e30
            for i in range(states):
                best = max(best, score[i] + transition[i, j])
            fresh[j] = best + emission[t, j]
        score, fresh = fresh, score
    top = score[0]
    for j in range(1, states):
        if score[j] > top:
            top = score[j]
    return top


@case(args=lambda: (0.1, 0.15, 0.8, _normal(25)), argnums=(0, 1, 2, 3))
def garch_likelihood(omega, alpha, beta, returns):
    variance = omega / (1.0 - alpha - beta)
    total = 0.0
    for r in returns:
        total -= 0.5 * (math.log(2.0 * math.pi * variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return total


@case(args=lambda: (_normal(12), 0.1, 0.5), argnums=(0, 1, 2))
def kalman_scalar(y, q, r):
    mean, var, loss = 0.0, 1.0, 0.0
    for i in range(len(y)):
        var += q
        gain = var / (var + r)
        residual = y[i] - mean
        loss += math.log(var + r) + residual * residual / (var + r)
        mean += gain * residual
        var *= 1.0 - gain
    return loss


@case(args=lambda: (np.array([0.2, 0.5, 0.3]), np.array([0, 1, 1, 2, 0, 1])))
def categorical_log_likelihood(p, draws):
    total = 0.0
    for v in p:
        total += v
    loss = 0.0
    for k in draws:
        loss -= math.log(p[k] / total)
    return loss


@case(
    args=lambda: (_normal(5, 2), np.array([1.0, 0.0, 1.0, 1.0, 0.0]), _normal(2, seed=6), 0.1), argnums=(2, 3)
)
def logistic_regression(x, label, w, penalty):
    loss = 0.0
    for i in range(len(label)):
        z = 0.0
        for j in range(len(w)):
            z += x[i, j] * w[j]
        loss += (math.log1p(math.exp(-z)) if z > 0.0 else math.log1p(math.exp(z)) - z) + (1.0 - label[i]) * z
    for j in range(len(w)):
        loss += penalty * w[j] * w[j]
    return loss
