"""Linear algebra of the textbooks, in place."""

import math

import numpy as np

from .registry import case


def _normal(*shape, seed=21):
    return np.random.default_rng(seed).normal(size=shape)


def _positive(*shape, seed=22):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


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


def _dominant(n, seed=23):
    return _normal(n, n, seed=seed) * 0.3 + n * np.eye(n)
