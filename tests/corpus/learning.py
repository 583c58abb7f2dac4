"""Statistics and learning: filters, hidden states, clusters, networks."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=21):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=22):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


@case(args=lambda: (_normal(8, 2), np.array([[1.0, 1.0], [-1.0, -0.5]]), 3), argnums=(0, 1))
def k_means(points, centres, rounds):
    n, k = len(points), len(centres)
    label = np.zeros(n, dtype=np.int64)
    cost = 0.0
    for r in range(rounds):
        cost = 0.0
        for i in range(n):
            best = math.inf
            for c in range(k):
                d = 0.0
                for j in range(2):
                    d += (points[i, j] - centres[c, j]) ** 2
                if d < best:
                    best = d
                    label[i] = c
            cost += best
        total = np.zeros((k, 2))
        count = np.zeros(k)
        for i in range(n):
            count[label[i]] += 1
            for j in range(2):
                total[label[i], j] += points[i, j]
        for c in range(k):
            if count[c] > 0:
                for j in range(2):
                    centres[c, j] = total[c, j] / count[c]
    return cost


@case(
    args=lambda: (_positive(3, 4), np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.2, 0.3, 0.4])),
    argnums=(0, 1, 2),
)
def sinkhorn(cost, p, q):
    n, m = cost.shape
    kernel = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            kernel[i, j] = math.exp(-cost[i, j] / 0.3)
    u, v = np.ones(n), np.ones(m)
    for r in range(6):
        for i in range(n):
            s = 0.0
            for j in range(m):
                s += kernel[i, j] * v[j]
            u[i] = p[i] / s
        for j in range(m):
            s = 0.0
            for i in range(n):
                s += kernel[i, j] * u[i]
            v[j] = q[j] / s
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i] * kernel[i, j] * v[j] * cost[i, j]
    return total


def _multiply(a, b, out, transposed):
    for i in range(a.shape[0]):
        for j in range(len(b)):
            out[i, j] = 0.0
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * (b[j, k] if transposed else b[k, j])


@case(args=lambda: (_normal(5), np.array([0.9, 0.2, -0.1, 0.8]), 0.3, 0.5), argnums=(0, 1, 2, 3))
def kalman_filter(observed, dynamics, q, r):
    """Two states, one observation; small matrices are passed to helpers that write them."""
    f = np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            f[i, j] = dynamics[2 * i + j]
    x, moved = np.zeros(2), np.zeros(2)
    p, work = np.zeros((2, 2)), np.zeros((2, 2))
    p[0, 0] = p[1, 1] = 1.0
    likelihood = 0.0
    for z in observed:
        for i in range(2):
            moved[i] = f[i, 0] * x[0] + f[i, 1] * x[1]
        x, moved = moved, x
        _multiply(f, p, work, False)
        _multiply(work, f, p, True)
        p[0, 0] += q
        p[1, 1] += q
        s = p[0, 0] + r
        residual = z - x[0]
        g0, g1 = p[0, 0] / s, p[1, 0] / s
        x[0] += g0 * residual
        x[1] += g1 * residual
        p00, p01 = p[0, 0], p[0, 1]
        p[0, 0] -= g0 * p00
        p[0, 1] -= g0 * p01
        p[1, 0] -= g1 * p00
        p[1, 1] -= g1 * p01
        likelihood -= 0.5 * (math.log(s) + residual * residual / s)
    return likelihood


@case(
    args=lambda: (_normal(3), _normal(3, 3, seed=30), _normal(3, 2, seed=31), np.array([0, 1, 1, 0])),
    argnums=(0, 1, 2),
)
def hmm_forward(start, transition, emission, symbols):
    """In log space, with log-sum-exp by hand."""
    n = len(start)
    alpha, following = np.empty(n), np.empty(n)
    for s in range(n):
        alpha[s] = start[s] + emission[s, symbols[0]]
    for t in range(1, len(symbols)):
        for s in range(n):
            top = -1e300
            for r in range(n):
                v = alpha[r] + transition[r, s]
                if v > top:
                    top = v
            total = 0.0
            for r in range(n):
                total += math.exp(alpha[r] + transition[r, s] - top)
            following[s] = top + math.log(total) + emission[s, symbols[t]]
        alpha, following = following, alpha
    total = 0.0
    for s in range(n):
        total += math.exp(alpha[s])
    return math.log(total)


def _sigmoid(x):
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@case(args=lambda: (_normal(4, 2, 3), _normal(5, seed=33), np.zeros(2), np.zeros(2)), argnums=(0, 1, 2, 3))
@case(
    args=lambda: (np.asfortranarray(_normal(4, 2, 3)), _normal(10, seed=33)[::-2], np.zeros(2), np.zeros(2)),
    argnums=(0, 1),
    name="lstm_fortran_order",
)
def lstm(weights, inputs, hidden, cell):
    """Gates by units by (input, two hidden): a 3-D array of weights."""
    gate = np.zeros((4, 2))
    for x in inputs:
        for g in range(4):
            w = weights[g]
            for u in range(2):
                s = w[u, 0] * x
                for k in range(2):
                    s += w[u, 1 + k] * hidden[k]
                gate[g, u] = math.tanh(s) if g == 3 else _sigmoid(s)
        for u in range(2):
            cell[u] = gate[0, u] * cell[u] + gate[1, u] * gate[3, u]
            hidden[u] = gate[2, u] * math.tanh(cell[u])
    return hidden[0] * 2.0 + hidden[1] * cell[0]


@case(args=lambda: (1.0, 1.05, _normal(6, 4) * 0.1), argnums=(0, 1, 2), smooth=False)
def longstaff_schwartz(spot, strike, noise):
    """An American put: cash flows are regressed on the price and its square, backwards in time."""
    paths, steps = noise.shape
    price = np.zeros((paths, steps))
    for p in range(paths):
        s = spot
        for t in range(steps):
            s *= math.exp(noise[p, t])
            price[p, t] = s
    cash = np.zeros(paths)
    for p in range(paths):
        cash[p] = max(strike - price[p, steps - 1], 0.0)
    for t in range(steps - 2, -1, -1):
        n, sx, sxx, sy, sxy = 0, 0.0, 0.0, 0.0, 0.0
        for p in range(paths):
            cash[p] *= 0.98
            if price[p, t] < strike:
                n += 1
                x = price[p, t]
                sx += x
                sxx += x * x
                sy += cash[p]
                sxy += x * cash[p]
        if n < 3:
            continue
        det = n * sxx - sx * sx
        slope = (n * sxy - sx * sy) / det
        level = (sy - slope * sx) / n
        for p in range(paths):
            exercise = strike - price[p, t]
            if exercise > 0.0 and exercise > level + slope * price[p, t]:
                cash[p] = exercise
    total = 0.0
    for c in cash:
        total += c
    return total / paths


@case(args=lambda: (_normal(3, 2), _normal(2, 3, seed=37), _normal(4, 2, seed=38), 0.1), argnums=(0, 1, 3))
def train_network(w1, w2, data, rate):
    """Backpropagation by hand, differentiated again: gradient of the loss after two epochs."""
    hidden, delta = np.zeros(3), np.zeros(2)
    loss = 0.0
    for epoch in range(2):
        loss = 0.0
        for row in data:
            for h in range(3):
                hidden[h] = math.tanh(w1[h, 0] * row[0] + w1[h, 1] * row[1])
            for o in range(2):
                s = -row[o]
                for h in range(3):
                    s += w2[o, h] * hidden[h]
                delta[o] = s
                loss += 0.5 * s * s
            for h in range(3):
                back = 0.0
                for o in range(2):
                    back += w2[o, h] * delta[o]
                    w2[o, h] -= rate * delta[o] * hidden[h]
                back *= 1.0 - hidden[h] * hidden[h]
                for k in range(2):
                    w1[h, k] -= rate * back * row[k]
    return loss


@case(
    args=lambda: (np.array([0, 2, 3, 5, 6]), np.array([1, 2, 2, 0, 3, 0]), 0.85, _positive(4)), argnums=(2, 3)
)
def page_rank(offsets, targets, damping, rank):
    """Ragged rows: an int array holds the bounds of the inner loop."""
    n = len(rank)
    following = np.zeros(n)
    for step in range(20):
        for i in range(n):
            following[i] = (1.0 - damping) / n
        for i in range(n):
            out = offsets[i + 1] - offsets[i]
            for e in range(offsets[i], offsets[i + 1]):
                following[targets[e]] += damping * rank[i] / out
        change = 0.0
        for i in range(n):
            change += abs(following[i] - rank[i])
        rank, following = following, rank
        if change < 1e-2:
            break
    return rank[0] * rank[2] + rank[3]
