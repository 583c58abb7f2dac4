"""The text that random programs are made of: frame, leaves, and forms with holes for operands."""

HEADER = """\
class Pair(NamedTuple):
    first: float
    second: float


@dataclass(frozen=True)
class Spring:
    k: float
    rest: float = 0.5

    def force(self, z):
        return -self.k * math.tanh(z - self.rest)

    def __add__(self, other):
        return Spring(self.k + other.k, self.rest * other.rest)


class Line:
    def __init__(self, slope):
        self.slope = slope

    def force(self, z):
        self.slope = 0.5 * self.slope
        return self.slope * math.sin(z)


@dataclass
class Meter:
    total: float = 0.0
    count: int = 0

    def add(self, z):
        self.total = 0.9 * self.total + z
        self.count += 1

    def mean(self):
        return self.total / (1 + self.count)


class TooLarge(Exception):
    pass


def tower(z, d):
    if d <= 0:
        return z
    return math.tanh(z + 0.5 * tower(0.7 * z, d - 1))


def rising(z, d):
    return z if d <= 0 else 0.5 * z + falling(math.sin(z), d - 1)


def falling(z, d):
    return z * z if d <= 0 else rising(math.cos(z), d - 2)


def filled(z, r):
    if r >= len(z):
        return 0.0
    z[r] *= 0.5
    return math.sin(z[r]) + 0.5 * filled(z, r + 1)


def risky(z):
    if z > 0.8:
        raise TooLarge("more than 0.8")
    return math.log(0.5 + z)


def fading(z, m):
    while m > 0:
        m -= 1
        yield z
        z *= 0.5
        if z > 0.2:
            yield -z


def careful(z, d):
    if d <= 0:
        if z > 0.9:
            raise TooLarge("more than 0.9")
        return 0.5 * z
    try:
        return careful(1.3 * z, d - 1) + 0.1 * z
    except TooLarge:
        return careful(0.4 * z, d - 2) * z


def delegating(z, m):
    try:
        w = 1.0 / (m - 2)
    except ZeroDivisionError:
        w = z
    else:
        w *= z
    yield w
    yield from fading(z, m)
    yield from (e * w for e in (z, 2.0))


class Shelf:
    def __init__(self, z):
        self.front, self.back = z.copy(), None
        self.closed = 0

    def turn(self, z):
        if self.back is None:
            self.back = np.zeros(len(self.front))
        for r in range(len(self.front)):
            self.back[r] = math.tanh(0.5 * self.front[r - 1] + z)
        self.front, self.back = self.back, self.front

    def __enter__(self):
        return 0.5 * self.front[0]

    def __exit__(self, kind, error, traceback):
        self.closed += 1
        return kind is not None and issubclass(kind, (TooLarge, ValueError))


def weighted(*values, scale=1.0):
    total = 0.0
    for value in values:
        total += scale * value
    return total


def helper(z, k=0.5):
    if z > k:
        return math.tanh(z - k)
    return k * z * z / (1.0 + z * z)


def nudge(z, amount):
    for r in range(len(z)):
        z[r] += 0.1 * amount * z[r - 1]


def program(x, y, a, b):
    n = len(x)
    m = y.shape[0]
    i, j, k, p, q = 0, 1, 2, 3, -2
    u, v, w, acc = a, b * 0.5, x[0], 0
    s, t = np.zeros(n), np.ones(n)
    bend = lambda z: math.sin(z * a) + 0.25 * b
    for r in range(n):
        s[r] = x[r] * b
"""
INITIAL = {
    "named_tuple": "pair_of = Pair(a, b)",
    "record": "spring = Spring(a)",
    "object": "meter = Meter()",
    "append": "items = [a, b]",
    "arrays": "arrays = [x, s]",
    "perhaps": "kept = None",
    "bag": "bag = None",
    "either": "pulled = Spring(b)",
    "rows": "rows = [[a, b], [b]]",
    "objects": "shelves = [Shelf(x), Shelf(y)]",
    "rebound": "shelf = Shelf(x)",
    "with": "shelf = Shelf(x)",
    "nonlocal": "total = 0.0\n\ndef bump(z):\n    nonlocal total\n    total = math.tanh(total + z)",
}
"""What a program begins with if it has statements of that kind."""

FOOTER = """\
    for e in y:
        acc += e * w
    for r in range(n):
        acc += s[r] * (t[r] + x[r])
    return u - v * w + 0.25 * acc
"""

FLOATS, INTS, LOOP_VARIABLES = ("u", "v", "w"), ("p", "q"), ("i", "j", "k")
LENGTH = {"x": "n", "s": "n", "t": "n", "y": "m"}
CONSTANTS = ("0.5", "1.5", "-0.75", "0.3", "2.0")
RANGES = (
    "range(2)",
    "range(n)",
    "range(0)",
    "range(1, n)",
    "range(n - 1, -1, -1)",
    "range(4, 0, -2)",
    "range(p % 4)",
    "range(q % 3, 4, 1 + p % 2)",
    "range(len(y))",
)
DAMPED = (
    "math.tanh({0})",
    "1.5 * math.sin({0})",
    "min(max({0}, -2.0), 2.0)",
    "({0}) % 1.75",
    "math.atan({0})",
)
UNARY = (
    "math.sin({0})",
    "math.cos({0})",
    "math.tanh({0})",
    "math.atan({0})",
    "abs({0})",
    "-({0})",
    "math.exp(-abs({0}))",
    "math.exp(math.sin({0}))",
    "math.sqrt(1.0 + ({0}) * ({0}))",
    "np.sqrt(0.5 + abs({0}))",
    "math.log(1.0 + ({0}) * ({0}))",
    "math.log1p(abs({0}))",
    "math.asinh({0})",
    "(1.0 + ({0}) * ({0})) ** 0.4",
    "pow(math.tanh({0}), 3)",
    "({0}) % 1.25",
    "({0}) // 0.75",
    "bend({0})",
    "helper({0})",
    "helper({0}, k=0.2)",
)
BINARY = (
    "({0} + {1})",
    "({0} - {1})",
    "({0} * {1})",
    "{0} / (1.0 + ({1}) * ({1}))",
    "min({0}, {1})",
    "max({0}, {1}, 0.1)",
    "math.atan2({0}, 1.0 + ({1}) * ({1}))",
    "(0.5 + abs(math.sin({0}))) ** math.tanh({1})",
    "({0} if {1} > 0.2 else 0.5 * {0})",
)
INT_FORMS = (
    "({0} + {1})",
    "({0} - {1})",
    "({0} * {1})",
    "({0} // 3)",
    "({0} // -2)",
    "({0} % 4)",
    "({0} % -5)",
    "({0} & {1})",
    "({0} ^ {1} | 1)",
    "({0} << 1)",
    "({0} >> 1)",
    "min({0}, {1})",
    "abs({0})",
    "int(3.0 * math.sin({2}))",
    "round(2.5 * math.tanh({2}))",
    "math.floor(math.atan({2}))",
)
