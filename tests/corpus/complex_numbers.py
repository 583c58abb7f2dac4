"""Complex numbers: iterations, roots, transfer functions, spectra, rotations, chains of cmath."""

import cmath
import math

import numpy as np

from .registry import case


def _normal(*shape, seed=71):
    return np.random.default_rng(seed).normal(size=shape)


@case(args=[lambda: (0.31, 0.52), lambda: (-0.74, 0.113), lambda: (0.5, 0.6)], argnums=(0, 1), smooth=False)
def smooth_escape(x, y):
    c = complex(x, y)
    z = 0
    n = 0
    while abs(z) < 100.0 and n < 30:
        z = z * z + c
        n += 1
    return n + 1.0 - math.log(math.log(2.0 + abs(z))) / math.log(2.0)


@case(args=lambda: (0.7, -1.3, 2.0), argnums=(0, 1, 2))
def newton_root(a, b, c):
    z = 0.4 + 0.9j
    for _ in range(25):
        p = ((z + a) * z + b) * z + c
        d = (3.0 * z + 2.0 * a) * z + b
        step = p / d
        z -= step
        if abs(step) < 1e-13:
            break
    return z.real + 2.0 * z.imag + abs(z)


@case(args=lambda: (np.array([0.5, -1.2, 2.0]),))
def durand_kerner(a):
    u, v, w = 1.0 + 0j, 0.4 + 0.9j, (0.4 + 0.9j) ** 2
    for _ in range(30):
        u, v, w = (
            u - _cubic(a, u) / ((u - v) * (u - w)),
            v - _cubic(a, v) / ((v - u) * (v - w)),
            w - _cubic(a, w) / ((w - u) * (w - v)),
        )
    return abs(u) + 2.0 * abs(v) + 3.0 * abs(w)


def _cubic(a, z):
    return ((z + a[0]) * z + a[1]) * z + a[2]


@case(args=lambda: (_normal(4), _normal(3, seed=5), 0.7), argnums=(0, 1, 2))
def transfer_magnitude(num, den, omega):
    s = 1j * omega
    top = 0j
    for k in range(len(num)):
        top = top * s + num[k]
    bottom = 1.0 + 0j
    for k in range(len(den)):
        bottom = bottom * s + den[k]
    return 20.0 * math.log10(abs(top / bottom))


@case(args=lambda: (_normal(6, seed=8), 0.3), argnums=(0, 1))
def unwrapped_phase(x, step):
    total = 0.0
    previous = 0.0
    for k in range(len(x)):
        z = cmath.rect(1.0 + x[k] * x[k], step * k * k) + 0.1j * x[k]
        turn = cmath.phase(z) - previous
        while turn > math.pi:
            turn -= 2.0 * math.pi
        while turn < -math.pi:
            turn += 2.0 * math.pi
        previous = cmath.phase(z)
        total += turn * (k + 1)
    return total


@case(args=lambda: (50.0, 0.2, 1.5, 0.04), argnums=(0, 1, 2, 3))
def ladder_impedance(r, inductance, omega, capacitance):
    z = complex(r)
    for k in range(5):
        series = z + 1j * omega * inductance * (k + 1)
        z = 1.0 / (1.0 / series + 1j * omega * capacitance)
    reflected = (z - 50) / (z + 50)
    return reflected.real**2 + reflected.imag * reflected.imag + abs(reflected)


@case(args=lambda: (_normal(7, seed=3),))
def spectrum(x):
    n = len(x)
    total = 0.0
    for k in range(n):
        s = 0j
        for t in range(n):
            s += x[t] * cmath.exp(-2j * math.pi * k * t / n)
        total += abs(s) ** 2 * (k + 1)
    return total


@case(args=lambda: (0.3, 1.2, -0.7), argnums=(0, 1, 2))
def rotations(angle, x, y):
    p = complex(x, y)
    turn = cmath.rect(1.0, angle)
    path = 0.0
    for k in range(6):
        q = p * turn + (0.1 - 0.2j) * p.conjugate()
        path += abs(q - p)
        p = q
    return path + p.imag


@case(args=[lambda: (0.4 + 0.3j,), lambda: (-1.2 + 0.8j,), lambda: (2.0 - 1.5j,)])
def cmath_chain(z):
    w = cmath.exp(1j * z) * (1.0 + 2.0j)
    v = cmath.sqrt(w) + cmath.log(z) * cmath.sin(z) - cmath.tanh(w / 3.0)
    return abs(w) + (w * w.conjugate()).real + w.imag + (v * v).real


@case(args=[lambda: (0.4 + 0.3j,), lambda: (-0.2 + 0.8j,)])
def inverse_functions(z):
    w = cmath.asin(z) + 2.0 * cmath.acos(z / 2.0) + cmath.atan(z) * cmath.acosh(z + 2.0)
    w = w + cmath.asinh(z) * cmath.atanh(z / 3.0) - cmath.log10(z + 3.0) + cmath.cosh(z) / cmath.cos(z)
    size, angle = cmath.polar(w)
    return size * angle + cmath.tan(z).real - cmath.sinh(z).imag


@case(args=lambda: (1.3 - 0.4j, 2.5 + 0.5j, 1.5), argnums=(0, 1, 2))
def powers_of_all_kinds(z, w, x):
    total = z**2 + z**-3 + 2.0 * z**0 - z**7
    total += z**w + x**w + z**x + w**2.5
    for k in range(-2, 4):
        total += z**k / (k + 5)
    total += pow(z, 3) * x
    return total.real * total.imag


@case(args=lambda: (1.3 - 0.4j, 3.0), argnums=(0, 1))
def a_float_exponent_that_is_whole(z, x):
    return (z**x).real + abs(z ** (x - 4.0))


@case(args=lambda: (0.6 + 0.2j, np.complex128(-0.3 + 1.1j), np.float64(1.7)), argnums=(0, 1, 2))
def numpy_scalars_mix(z, w, x):
    a = z * w + x / w - 2
    b = np.exp(a / 4.0) + np.sqrt(w) * np.conj(z) - x * 1j
    a = a * np.complex128(1.0, x) + np.complex128(z)
    c = np.real(b) * np.imag(a) + np.abs(b) + np.angle(a)
    return c + np.log(w).imag + np.tanh(z).real + np.sin(w * z).imag


@case(args=lambda: (0.6 + 0.2j, 2.0), argnums=(0, 1))
def parts_and_tests(z, x):
    total = 0.0
    if z:
        total += z.real * x.real - x.imag
    if z == z.conjugate():
        total += 100.0
    if z != 1 and not z == 0.5j:
        total += abs(z.imag) + abs(-z)
    pair = (z, complex(x, z.imag))
    for w in pair:
        total += (+w * 2).imag
    return total * abs(complex(total, x))


@case(args=[lambda: (1.0 + 2.0j, 1), lambda: (1.0 + 2.0j, 0)])
def complex_on_one_path(z, n):
    if n:
        w = z * z
    else:
        w = abs(z)
    s = w + z + 2.0
    return abs(s) + s.imag


@case(args=lambda: (2.0 + 1.0j, 0.3), argnums=(0, 1))
def closures_over_complex_numbers(z, x):
    def rotate(w, by=1j):
        return w * by * z

    scale = lambda w: w / (x + z)  # noqa: E731
    return abs(scale(rotate(x + 0j)) + rotate(z, by=2.0)) + abs(scale(1j))


@case(args=lambda: (1.0, 0.0), argnums=0, raises=ZeroDivisionError)
def divides_by_complex_zero(x, y):
    return abs(x / complex(y, 0.0))


@case(args=lambda: (0.0,), raises=ValueError)
def logarithm_of_complex_zero(x):
    return cmath.log(x).real


@case(args=lambda: (1000.0,), raises=OverflowError)
def exponential_out_of_range(x):
    return cmath.exp(complex(x, 1.0)).real


@case(args=lambda: (0.0, 1.0), argnums=0, raises=ZeroDivisionError)
def zero_to_a_complex_power(x, y):
    return abs(complex(x, 0.0) ** complex(-1.0, y))


@case(args=lambda: (1e200,), raises=OverflowError)
def square_out_of_range(x):
    return (complex(x, 1.0) ** 2).real


@case(args=lambda: (1.7e308,), raises=OverflowError)
def modulus_out_of_range(x):
    return abs(complex(x, x))


def _complex(*shape, seed=17):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@case(args=lambda: (_complex(8),))
def butterflies(z):
    """A transform of 8 points in place, from bit-reversed order."""
    size = 1
    while size < len(z):
        for start in range(0, len(z), 2 * size):
            for k in range(size):
                turn = cmath.exp(-1j * math.pi * k / size)
                a, b = z[start + k], turn * z[start + k + size]
                z[start + k] = a + b
                z[start + k + size] = a - b
        size *= 2
    total = 0.0
    for k, w in enumerate(z):
        total += abs(w) ** 2 * (k + 1)
    return total


@case(args=lambda: (_complex(3, 4, seed=2), _normal(4, seed=4)), argnums=(0, 1))
def matrix_times_vector(m, x):
    y = np.zeros(m.shape[0], dtype=complex)
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            y[i] += m[i, j] * x[j]
    norm = 0.0
    for w in reversed(y):
        norm = norm + w.real * w.real + w.imag * w.imag
    return norm * (1.0 + m[-1][0].imag)


@case(args=lambda: (_complex(7, seed=3), 0.8), argnums=(0, 1))
def views_of_complex_arrays(z, x):
    even = z[::2]
    even[1:] = even[0] * x
    w = z.copy()
    w[:3] = z[2:5]
    w[1] = complex(x, 0.5 * x)
    u = np.full(2, w[1] * 1j)
    v = np.array([z[1], x, 2.0])
    v[-1] = 1
    return abs(z[2] * w[0]) + (u[0] * v[1]).real + v[0].imag * v[2].real + z.size * w.ndim


@case(args=lambda: (_complex(5, seed=6)[::-2],))
def strided_complex_argument(z):
    s = 1.0 + 0j
    for k in range(len(z)):
        s = s * z[k] - np.conj(z[-1 - k])
    return s.real + 2.0 * s.imag


@case(args=lambda: (np.asfortranarray(_complex(2, 3, seed=9)), _complex(2, seed=10)), argnums=(0, 1))
def fortran_order_and_swaps(m, z):
    a, b = z, z.copy()
    for j in range(m.shape[1]):
        for i in range(len(z)):
            b[i] = a[i] * m[i, j]
        a, b = b, a
    m[0, :] = a[0]
    return abs(a[0] + a[1]) + m[0, 2].real * m[1, 1].imag


@case(args=lambda: (_complex(3, seed=12), 1.0), argnums=1, array_valued=True)
def parts_of_a_spectrum(z, x):
    out = np.zeros(2 * len(z))
    for k in range(len(z)):
        w = cmath.exp(x * z[k])
        out[2 * k] = w.real
        out[2 * k + 1] = w.imag
    return out


@case(args=lambda: (_complex(3, seed=12), 3), argnums=0, raises=IndexError)
def index_out_of_a_complex_array(z, i):
    return abs(z[i])
