"""Algorithms of the textbooks, as one writes them in plain Python: loops, in place, leaving early."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=21):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=22):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


def _dominant(n, seed=23):
    return _normal(n, n, seed=seed) * 0.3 + n * np.eye(n)


@case(args=lambda: (_positive(9),))
@case(args=lambda: (_positive(18)[::-2],), name="kahan_sum_of_a_reversed_view")
def kahan_sum(x):
    s = 0.0
    lost = 0.0
    for v in x:
        y = v * v - lost
        t = s + y
        lost = (t - s) - y
        s = t
    return s * s


@case(args=lambda: (_dominant(4),))
def lu_in_place(a):
    """Doolittle without pivoting; the product of the diagonal is the determinant."""
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    det = 1.0
    for k in range(n):
        det *= a[k, k]
    return det + a[n - 1, 0]


@case(args=lambda: (_normal(4, 3), np.zeros((3, 3))))
@case(args=lambda: (np.asfortranarray(_normal(4, 3)), np.zeros((3, 3))), name="gram_schmidt_fortran_order")
def gram_schmidt(a, r):
    """Modified Gram-Schmidt, the columns of `a` become those of Q."""
    m, n = a.shape
    for j in range(n):
        s = 0.0
        for i in range(m):
            s += a[i, j] * a[i, j]
        r[j, j] = math.sqrt(s)
        for i in range(m):
            a[i, j] /= r[j, j]
        for k in range(j + 1, n):
            s = 0.0
            for i in range(m):
                s += a[i, j] * a[i, k]
            r[j, k] = s
            for i in range(m):
                a[i, k] -= s * a[i, j]
    return r[0, 0] * r[1, 1] * r[2, 2] + a[0, 1] * r[0, 2] + a[3, 2]


@case(args=lambda: (_normal(4, 3),))
def householder_qr(a):
    m, n = a.shape
    v = np.zeros(m)
    for k in range(n):
        norm = 0.0
        for i in range(k, m):
            norm += a[i, k] * a[i, k]
        alpha = -math.copysign(math.sqrt(norm), a[k, k])
        vv = 0.0
        for i in range(k, m):
            v[i] = a[i, k]
            if i == k:
                v[i] -= alpha
            vv += v[i] * v[i]
        if vv == 0.0:
            continue
        for j in range(k, n):
            dot = 0.0
            for i in range(k, m):
                dot += v[i] * a[i, j]
            for i in range(k, m):
                a[i, j] -= 2.0 * dot / vv * v[i]
    return a[0, 0] * a[1, 2] + a[1, 1] * a[0, 2] + a[2, 2]


@case(args=lambda: (_normal(8), _normal(8, seed=24)), argnums=(0, 1))
@case(args=lambda: (_normal(16)[::-2], _normal(8, seed=24)), argnums=(0, 1), name="fft_of_a_view")
def fft_radix_2(re, im):
    """Iterative, in place, with bit reversal; power of one bin times phase of another."""
    n = len(re)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j ^= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
            im[i], im[j] = im[j], im[i]
    length = 2
    while length <= n:
        angle = -2.0 * math.pi / length
        for start in range(0, n, length):
            for k in range(length // 2):
                c = math.cos(angle * k)
                s = math.sin(angle * k)
                a = start + k
                b = a + length // 2
                ur = re[a]
                ui = im[a]
                vr = re[b] * c - im[b] * s
                vi = re[b] * s + im[b] * c
                re[a], im[a] = ur + vr, ui + vi
                re[b], im[b] = ur - vr, ui - vi
        length *= 2
    return (re[1] * re[1] + im[1] * im[1]) * math.atan2(im[3], re[3])


@case(
    args=lambda: (_normal(5) * 0.3, _positive(5) + 3.0, _normal(5, seed=25) * 0.3, _normal(5, seed=26)),
    argnums=(0, 1, 2, 3),
)
def thomas(lower, diagonal, upper, rhs):
    """The tridiagonal solver, overwriting its arguments."""
    n = len(rhs)
    upper[0] /= diagonal[0]
    rhs[0] /= diagonal[0]
    for i in range(1, n):
        m = 1.0 / (diagonal[i] - lower[i] * upper[i - 1])
        upper[i] *= m
        rhs[i] = (rhs[i] - lower[i] * rhs[i - 1]) * m
    for i in range(n - 2, -1, -1):
        rhs[i] -= upper[i] * rhs[i + 1]
    return rhs[0] * rhs[2] + rhs[-1]


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


@case(args=lambda: (_normal(3), _spd(3), 0.05), argnums=(0, 1, 2))
def gradient_descent(x, a, rate):
    n = len(x)
    g = np.zeros(n)
    for step in range(8):
        for i in range(n):
            g[i] = 0.1 * x[i] * x[i] * x[i]
            for j in range(n):
                g[i] += a[i, j] * x[j]
        for i in range(n):
            x[i] -= rate * g[i]
    s = 0.0
    for v in x:
        s += v * v
    return s


def _spd(n):
    a = _normal(n, n, seed=27)
    return a @ a.T + np.eye(n)


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


@case(args=lambda: (_normal(3, 3), _normal(3, 4, seed=28), np.array([0, 3, 1, 1, 2])), argnums=(0, 1))
def viterbi(transition, emission, symbols):
    """The score of the best path, read off along back pointers kept in an int table."""
    states, n = len(transition), len(symbols)
    score = np.zeros((n, states))
    back = np.zeros((n, states), dtype=np.int64)
    for s in range(states):
        score[0, s] = emission[s, symbols[0]]
    for t in range(1, n):
        for s in range(states):
            best, which = -math.inf, 0
            for r in range(states):
                v = score[t - 1, r] + transition[r, s]
                if v > best:
                    best, which = v, r
            score[t, s] = best + emission[s, symbols[t]]
            back[t, s] = which
    last = 0
    for s in range(states):
        if score[n - 1, s] > score[n - 1, last]:
            last = s
    path = emission[last, symbols[n - 1]]
    for t in range(n - 1, 0, -1):
        path += 0.5 * transition[back[t, last], last] ** 2
        last = back[t, last]
    return score[n - 1, 0] + path


@case(args=lambda: (_normal(5), _normal(4, seed=29), 0.6), argnums=(0, 1, 2))
def edit_distance(x, y, gap):
    """Two rows that take turns; ties cannot happen with these numbers."""
    m = len(y)
    row = np.zeros(m + 1)
    above = np.zeros(m + 1)
    for j in range(m + 1):
        above[j] = j * gap
    for i in range(1, len(x) + 1):
        row[0] = i * gap
        for j in range(1, m + 1):
            change = above[j - 1] + abs(x[i - 1] - y[j - 1])
            row[j] = min(change, above[j] + gap, row[j - 1] + gap)
        above, row = row, above
    return above[m] * above[m - 1]


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


@case(args=lambda: (np.array([2.0, 0.7, 0.4, -0.1, 0.2]),))
def levinson(r):
    """Yule-Walker by Levinson and Durbin: triangular, updating symmetrically in place."""
    n = len(r) - 1
    a = np.zeros(n)
    error = r[0]
    for k in range(n):
        s = r[k + 1]
        for j in range(k):
            s -= a[j] * r[k - j]
        reflection = s / error
        for j in range(k // 2):
            low, high = a[j], a[k - 1 - j]
            a[j] = low - reflection * high
            a[k - 1 - j] = high - reflection * low
        if k % 2 == 1:
            a[k // 2] -= reflection * a[k // 2]
        a[k] = reflection
        error *= 1.0 - reflection * reflection
    return error + a[0] * a[n - 1]


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


@case(args=lambda: (_normal(4, 4), 0.4, 0.1), argnums=(0, 1, 2))
def ising_energy(spins, coupling, field):
    n, m = spins.shape
    energy = 0.0
    for i in range(n):
        for j in range(m):
            energy -= coupling * spins[i, j] * (spins[i - 1, j] + spins[i, j - 1]) + field * spins[i, j]
    return math.exp(-energy / (n * m))


@case(args=lambda: (_normal(12) * 0.1, 0.2, 0.1, 0.8), argnums=(0, 1, 2, 3))
def garch(returns, omega, alpha, beta):
    variance = omega / (1.0 - alpha - beta)
    total = 0.0
    for r in returns:
        total += math.log(variance) + r * r / variance
        variance = omega + alpha * r * r + beta * variance
    return 0.5 * total


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


@case(args=lambda: (_normal(4, 3), _normal(3, seed=34), 3), argnums=(0, 1))
def power_iteration(a, v, rounds):
    """On A^T A, through rows and columns."""
    w = np.zeros(len(a))
    norm = 0.0
    for r in range(rounds):
        for i in range(len(a)):
            w[i] = 0.0
            for j in range(len(v)):
                w[i] += a[i, j] * v[j]
        norm = 0.0
        for i in range(len(v)):
            v[i] = 0.0
            for j in range(len(w)):
                v[i] += a[:, i][j] * w[j]
            norm += v[i] * v[i]
        norm = math.sqrt(norm)
        for i in range(len(v)):
            v[i] /= norm
    return norm


@case(args=lambda: (_spd(4), _normal(4, seed=35)), argnums=(0, 1))
def conjugate_gradients(a, b):
    n = len(b)
    x, r, p, ap = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    rr = 0.0
    for i in range(n):
        r[i] = p[i] = b[i]
        rr += b[i] * b[i]
    for k in range(3):
        pap = 0.0
        for i in range(n):
            ap[i] = 0.0
            for j in range(n):
                ap[i] += a[i, j] * p[j]
            pap += p[i] * ap[i]
        step = rr / pap
        fresh = 0.0
        for i in range(n):
            x[i] += step * p[i]
            r[i] -= step * ap[i]
            fresh += r[i] * r[i]
        if fresh < 1e-16:
            break
        for i in range(n):
            p[i] = r[i] + fresh / rr * p[i]
        rr = fresh
    return x[0] + x[1] * x[3] + rr


@case(args=lambda: (_spd(3),))
def jacobi_eigenvalues(a):
    """Cyclic rotations."""
    n = a.shape[0]
    for sweep in range(3):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p, q]) < 1e-14:
                    continue
                theta = 0.5 * (a[q, q] - a[p, p]) / a[p, q]
                t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1.0))
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    a[k, p], a[k, q] = c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]
                for k in range(n):
                    a[p, k], a[q, k] = c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]
    return a[0, 0] * 1.0 + a[1, 1] * 2.0 + a[2, 2] * 4.0


@case(args=lambda: (_normal(7),), smooth=True)
@case(args=lambda: (_normal(14)[::2],), name="quicksort_of_a_view")
def quicksort(x):
    """Without recursion: an int array is the stack."""
    stack = np.zeros(32, dtype=np.int64)
    stack[0], stack[1] = 0, len(x) - 1
    top = 2
    while top > 0:
        top -= 2
        low, high = stack[top], stack[top + 1]
        if low >= high:
            continue
        pivot = x[high]
        i = low
        for j in range(low, high):
            if x[j] < pivot:
                x[i], x[j] = x[j], x[i]
                i += 1
        x[i], x[high] = x[high], x[i]
        stack[top], stack[top + 1] = low, i - 1
        stack[top + 2], stack[top + 3] = i + 1, high
        top += 4
    s = 0.0
    for k in range(len(x)):
        s += (k + 1) * x[k] ** 3
    return s


@case(args=lambda: (_positive(5, 5),), smooth=False)
def floyd_warshall(d):
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])
    s = 0.0
    for i in range(n):
        for j in range(i):
            s += d[i, j] * (i + 2 * j)
    return s


@case(args=lambda: (_positive(8), 0.6), argnums=(0, 1))
def cubic_spline(y, where):
    """Natural spline on 0, 1, 2, ...; the interval is found by bisection of ints."""
    n = len(y)
    m, c = np.zeros(n), np.zeros(n)
    for i in range(1, n - 1):
        w = 4.0 - c[i - 1]
        c[i] = 1.0 / w
        m[i] = (6.0 * (y[i + 1] - 2.0 * y[i] + y[i - 1]) - m[i - 1]) / w
    for i in range(n - 2, 0, -1):
        m[i] -= c[i] * m[i + 1]
    t = where * (n - 1)
    low, high = 0, n - 1
    while high - low > 1:
        mid = (low + high) // 2
        if t < mid:
            high = mid
        else:
            low = mid
    a, b = high - t, t - low
    return a * y[low] + b * y[high] + ((a**3 - a) * m[low] + (b**3 - b) * m[high]) / 6.0


@case(args=lambda: (_normal(6), _normal(6, seed=36), 0.7), argnums=(0, 1, 2))
def soft_dynamic_time_warping(x, y, gamma):
    n, m = len(x), len(y)
    table = np.full((n + 1, m + 1), 1e10)
    table[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - 2), min(m, i + 2) + 1):
            a, b, c = table[i - 1, j], table[i, j - 1], table[i - 1, j - 1]
            low = min(a, b, c)
            z = math.exp((low - a) / gamma) + math.exp((low - b) / gamma) + math.exp((low - c) / gamma)
            table[i, j] = (x[i - 1] - y[j - 1]) ** 2 + low - gamma * math.log(z)
    return table[n, m]


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
