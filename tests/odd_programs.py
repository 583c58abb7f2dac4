"""Small functions as scientists write them, compiled or not: each is right, or refused with a cure.

A docstring gives the arguments as Python text; the names of this module are in scope.
"""

# ruff: noqa: B007, B009, B023, B905, E731, F821, F841, RUF005, RUF059, UP031

from __future__ import annotations

import cmath
import collections
import functools
import itertools
import math
import operator
import random
from dataclasses import dataclass

import numpy as np

A = np.array([[1.0, 2.0], [3.0, 4.0]])
X = np.array([0.5, -1.5, 2.5])
Y = np.array([1.0, 2.0, 3.0])
SCALE = 2.0
TABLE = {"a": 1.0, "b": 2.0}
NAMES = ["a", "b"]
WEIGHTS = [0.25, 0.5, 0.25]
COEFFICIENTS = (1.0, -2.0, 3.0)
COUNTER = 0


@dataclass
class Point:
    x: float
    y: float

    def norm(self):
        return math.hypot(self.x, self.y)


class Model:
    rate = 0.5

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return self.scale * x

    def predict(self, x):
        return self.scale * x + self.rate

    @staticmethod
    def squared(x):
        return x * x

    @classmethod
    def rated(cls, x):
        return cls.rate * x

    @property
    def doubled(self):
        return 2.0 * self.scale


MODEL = Model(3.0)
POINT = Point(3.0, 4.0)

# Strings and printing


def string_length(x):
    """3.0"""
    return x * len("abc")


def string_choice(x, kind="square"):
    """3.0"""
    if kind == "square":
        return x * x
    return x


def string_argument(x, kind):
    """3.0, 'cube'"""
    if kind == "cube":
        return x**3
    elif kind == "square":
        return x**2
    raise ValueError(f"unknown kind {kind}")


def string_added(x, s):
    """3.0, 'cube'"""
    return x + s


def string_concatenated(s):
    """'ab'"""
    return s + "c"


def string_indexed(s):
    """'ab'"""
    return s[0]


def string_of_number(x):
    """3.0"""
    return str(x)


def float_of_string(x):
    """3.0"""
    return x * float("1.5")


def float_of_argument(s):
    """'1.5'"""
    return float(s) * 2.0


def f_string(x):
    """3.0"""
    label = f"{x:.2f}"
    return x * x


def f_string_returned(x):
    """3.0"""
    return f"{x:.2f}"


def percent_format(x):
    """3.0"""
    label = "%g" % x
    return x


def printing(x):
    """3.0"""
    print(x)
    return x * 2.0


def docstring_only(x):
    """3.0"""


def joined(x):
    """3.0"""
    return len(",".join(["a", "b"])) * x


def iterate_string(x):
    """2.0"""
    for c in "abc":
        x = x * 2.0
    return x


# Lists, dicts, sets, comprehensions


def list_display(x):
    """3.0"""
    values = [x, x * x, x**3]
    return values[0] + values[2]


def list_loop(x):
    """3.0"""
    total = 0.0
    for v in [1.0, 2.0, x]:
        total += v * x
    return total


def list_append(x):
    """3.0"""
    values = []
    for i in range(3):
        values.append(x * i)
    return values[2]


def list_sum(x):
    """3.0"""
    return sum([x, 2.0 * x])


def list_times(x):
    """3.0"""
    values = [0.0] * 3
    values[1] = x
    return values[1]


def list_argument(values):
    """[1.0, 2.0]"""
    return values[0] * values[1]


def list_comprehension(x):
    """X"""
    return sum([v * v for v in x])


def generator_sum(x):
    """X"""
    return sum(v * v for v in x)


def nested_comprehension(x):
    """X"""
    return sum([a * b for a in x for b in x])


def conditional_comprehension(x):
    """X"""
    return sum([v for v in x if v > 0])


def dict_global(x):
    """3.0"""
    return TABLE["b"] * x


def dict_local(x):
    """3.0"""
    d = {"a": x, "b": 2.0}
    return d["a"] * d["b"]


def dict_argument(p):
    """{'a': 2.0}"""
    return p["a"] ** 2


def dict_items(x):
    """3.0"""
    for name, value in TABLE.items():
        x += value
    return x


def dict_get(x):
    """3.0"""
    return x * TABLE.get("z", 1.5)


def set_membership(n):
    """3"""
    return 1.0 if n in {1, 2, 3} else 0.0


def tuple_membership(n):
    """3"""
    return 1.0 if n in (1, 2, 3) else 0.0


def list_global(x):
    """3.0"""
    return x * WEIGHTS[1]


def list_global_loop(x):
    """3.0"""
    total = 0.0
    for w in WEIGHTS:
        total += w * x
    return total


def tuple_global_loop(x):
    """3.0"""
    total = 0.0
    for c in COEFFICIENTS:
        total = total * x + c
    return total


def tuple_index_runtime(x, i):
    """3.0, 1"""
    return x * COEFFICIENTS[i]


def star_unpacking(x):
    """3.0"""
    first, *rest = (x, 2.0, 3.0)
    return first * rest[0]


def named_tuple(x):
    """3.0"""
    p = collections.namedtuple("P", "a b")(x, 2.0)
    return p.a * p.b


def namedtuple_argument(p):
    """collections.namedtuple('P', 'a b')(2.0, 3.0)"""
    return p.a * p.b


def tuple_argument(p):
    """(2.0, 3.0)"""
    a, b = p
    return a * a * b


def tuple_result(x):
    """3.0"""
    return x, x * x


def list_result(x):
    """3.0"""
    return [x, x * x]


def dict_result(x):
    """3.0"""
    return {"value": x}


def none_result(x):
    """3.0"""
    return None


def bool_result(x):
    """3.0"""
    return x > 1.0


def int_result(x):
    """3.7"""
    return int(x)


def none_or_float(x):
    """3.0"""
    if x > 0.0:
        return x


# Iteration helpers


def enumerated(x):
    """X"""
    total = 0.0
    for i, v in enumerate(x):
        total += i * v
    return total


def enumerated_from(x):
    """X"""
    total = 0.0
    for i, v in enumerate(x, 1):
        total += i * v
    return total


def zipped(x, y):
    """X, Y"""
    total = 0.0
    for a, b in zip(x, y):
        total += a * b
    return total


def reversed_array(x):
    """X"""
    r = 0.0
    for v in reversed(x):
        r = r * 0.5 + v
    return r


def reversed_range(x):
    """X"""
    r = 0.0
    for i in reversed(range(len(x))):
        r = r * 0.5 + x[i]
    return r


def mapped(x):
    """X"""
    return sum(map(math.exp, x))


def product_loop(x):
    """X"""
    total = 0.0
    for i, j in itertools.product(range(3), range(3)):
        total += x[i] * x[j]
    return total


def reduced(x):
    """X"""
    return functools.reduce(operator.mul, x, 1.0)


def sorted_values(x):
    """X"""
    return sorted(x)[0]


def any_positive(x):
    """X"""
    return 1.0 if any(v > 0 for v in x) else 0.0


def max_of_array(x):
    """X"""
    return max(x)


def min_of_three(x, y):
    """1.0, 2.0"""
    return min(x, y, x * y) + max(x, y)


def loop_2d(a):
    """A"""
    total = 0.0
    for row in a:
        for v in row:
            total += v * v
    return total


def loop_float_range(x):
    """3.0"""
    for i in range(x):
        x += 1.0
    return x


def range_with_float_step(x):
    """3.0"""
    t = 0.0
    while t < x:
        t += 0.25
    return t * x


# Array expressions


def array_sum(x):
    """X"""
    return np.sum(x)


def array_method_sum(x):
    """X"""
    return x.sum()


def builtin_sum(x):
    """X"""
    return sum(x)


def array_mean(x):
    """X"""
    return x.mean()


def array_dot(x, y):
    """X, Y"""
    return np.dot(x, y)


def array_at(x, y):
    """X, Y"""
    return x @ y


def array_times_scalar(x):
    """X"""
    y = 2.0 * x
    return y[0]


def array_plus_array(x, y):
    """X, Y"""
    return (x + y)[1]


def array_inplace(x):
    """X.copy()"""
    x *= 2.0
    return x[1]


def array_power(x):
    """X"""
    return (x**2).sum()


def array_exp(x):
    """X"""
    return np.exp(x).sum()


def array_compare(x):
    """X"""
    return (x > 0)[0]


def array_mask(x):
    """X"""
    return x[x > 0].sum()


def array_fancy(x):
    """X"""
    return x[[0, 2]].sum()


def array_slice(x):
    """X"""
    return x[1:][0] * x[:-1][1]


def array_slice_loop(x):
    """X"""
    total = 0.0
    for v in x[::-1]:
        total = total * 0.5 + v
    return total


def array_slice_store(x):
    """X.copy()"""
    x[1:] = 1.0
    return x[0] + x[1] * x[2]


def array_slice_copy(x):
    """X.copy()"""
    x[:2] = x[1:]
    return x[0] + x[1] * x[2]


def array_fill(x):
    """X"""
    y = np.zeros(3)
    y[:] = x
    return y[0] * y[1]


def array_row(a):
    """A"""
    row = a[1]
    return row[0] * row[1]


def array_column(a):
    """A"""
    column = a[:, 1]
    return column[0] * column[1]


def array_transpose(a):
    """A"""
    return a.T[0, 1]


def array_ellipsis(a):
    """A"""
    return a[..., 0][1]


def array_newaxis(x):
    """X"""
    return x[None, :][0, 1]


def array_reshape(a):
    """A"""
    return a.reshape(4)[2]


def array_ravel(a):
    """A"""
    return a.ravel()[2]


def array_copy(x):
    """X"""
    y = x.copy()
    y[0] = 5.0
    return y[0] * x[0] + y[1]


def array_of_list(x):
    """3.0"""
    y = np.array([x, 2.0 * x])
    return y[0] * y[1]


def array_linspace(x):
    """3.0"""
    t = np.linspace(0.0, 1.0, 5)
    return x * t[1]


def array_arange(x):
    """3.0"""
    t = np.arange(4)
    return x * t[2]


def array_stack(x):
    """X"""
    return np.concatenate((x, x))[4]


def array_where(x):
    """X"""
    return np.where(x > 0, x, 0.0).sum()


def array_shape(a):
    """A"""
    n, m = a.shape
    return a[n - 1, m - 1] * a.ndim * a.size


def array_dtype(x):
    """X"""
    return x[0] if x.dtype == np.float64 else x[1]


def array_norm(x):
    """X"""
    return np.linalg.norm(x)


def array_solve(a):
    """A"""
    return np.linalg.solve(a, np.ones(2))[0]


def array_matrix_vector(a, x):
    """A, X[:2]"""
    return (a @ x)[0]


def array_outer(x):
    """X"""
    return np.outer(x, x)[0, 1]


def array_argmax(x):
    """X"""
    return x[np.argmax(x)]


def array_cumsum(x):
    """X"""
    return np.cumsum(x)[2]


def array_truth(x):
    """X"""
    return 1.0 if x else 0.0


def array_in(x):
    """X"""
    return 1.0 if 0.5 in x else 0.0


def array_double_index(a):
    """A"""
    return a[0][1]


def array_index_float(x):
    """X"""
    return x[1.0]


def array_index_tuple(a):
    """A"""
    i = (0, 1)
    return a[i]


def array_too_many_indices(x):
    """X"""
    return x[0, 0]


def array_augmented_2d(a):
    """A.copy()"""
    a[0, 1] *= a[1, 0]
    return a[0, 1] ** 2


def array_attribute(x):
    """X"""
    return x.nonsense


def random_array(x):
    """X"""
    return x[0] * np.random.rand()


def random_number(x):
    """3.0"""
    return x * random.random()


# Objects


def point_argument(p):
    """POINT"""
    return p.x * p.y


def point_method(p):
    """POINT"""
    return p.norm()


def point_global(x):
    """2.0"""
    return POINT.x * x


def point_local(x):
    """2.0"""
    p = Point(x, 2.0)
    return p.x * p.y


def model_method(x):
    """2.0"""
    return MODEL.predict(x)


def model_call(x):
    """2.0"""
    return MODEL(x)


def model_property(x):
    """2.0"""
    return MODEL.doubled * x


def model_static(x):
    """2.0"""
    return Model.squared(x)


def model_classmethod(x):
    """2.0"""
    return Model.rated(x)


def model_attribute_store(x):
    """2.0"""
    MODEL.scale = 3.0
    return x


def isinstance_test(x):
    """2.0"""
    return x * 2.0 if isinstance(x, float) else x


def type_test(x):
    """2.0"""
    return x * 2.0 if type(x) is float else x


def hasattr_test(x):
    """X"""
    return x[0] if hasattr(x, "shape") else 0.0


def getattr_test(x):
    """X"""
    return getattr(x, "size") * x[0]


# Functions


def recursion(n, x):
    """3, 2.0"""
    return 1.0 if n == 0 else x * recursion(n - 1, x)


def mutual_a(n):
    """4"""
    return 0.0 if n == 0 else mutual_b(n - 1)


def mutual_b(n):
    """4"""
    return 1.0 if n == 0 else mutual_a(n - 1)


def deep_recursion(n):
    """100000"""
    return 0 if n == 0 else 1 + deep_recursion(n - 1)


def inner_function(x):
    """2.0"""

    def square(v):
        return v * v

    return square(x) + square(2.0 * x)


def inner_closure(x):
    """2.0"""

    def shifted(v):
        return v * x

    return shifted(x)


def returned_function(x):
    """2.0"""
    return lambda v: v * x


def higher_order(x):
    """2.0"""

    def twice(f, v):
        return f(f(v))

    return twice(lambda v: v * v, x)


def function_argument(f, x):
    """math.sin, 2.0"""
    return f(x)


def lambda_argument(f, x):
    """(lambda v: v * v), 2.0"""
    return f(x) + f(1.0)


def var_positional(*args):
    """1.0, 2.0"""
    return args[0] * args[1]


def var_keyword(x, **options):
    """1.0"""
    return x


def star_call(x):
    """2.0"""
    pair = (x, 3.0)
    return math.hypot(*pair)


def keyword_call(x):
    """2.0"""
    return string_choice(x, kind="cube")


def keyword_only(x, *, power=2.0):
    """3.0"""
    return x**power


def default_none(x, y=None):
    """3.0"""
    if y is None:
        y = 1.0
    return x * y


def default_array(x, w=X):
    """3.0"""
    return x * w[0]


def partial_inside(x):
    """3.0"""
    return functools.partial(math.hypot, 4.0)(x)


def lru_cached_callee(x):
    """3.0"""
    return _cached(x) * x


@functools.lru_cache
def _cached(x):
    return x * x


def decorated_callee(x):
    """3.0"""
    return _wrapped(x)


def _decorator(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)

    return wrapper


@_decorator
def _wrapped(x):
    return x * x


def sum_of_calls(x):
    """X"""
    return integrate(lambda t: t * t, 0.0, x[2], 10)


def integrate(f, a, b, n):
    """math.exp, 0.0, 1.0, 10"""
    h = (b - a) / n
    total = 0.5 * (f(a) + f(b))
    for i in range(1, n):
        total += f(a + i * h)
    return total * h


# Statements


def try_statement(x):
    """3.0"""
    try:
        return math.log(x)
    except ValueError:
        return 0.0


def with_statement(x):
    """X"""
    with np.errstate(all="ignore"):
        return x[0]


def global_statement(x):
    """3.0"""
    global COUNTER
    COUNTER += 1
    return x


def nonlocal_statement(x):
    """3.0"""
    total = 0.0

    def add(v):
        nonlocal total
        total += v

    add(x)
    return total


def del_statement(x):
    """3.0"""
    y = x * 2.0
    del x
    return y


def del_then_used(x):
    """3.0"""
    del x
    return x


def match_statement(n):
    """2"""
    match n:
        case 1:
            return 1.0
        case 2 | 3:
            return 2.0
        case _:
            return 0.0


def match_sequence(x):
    """(1.0, 2.0)"""
    match x:
        case (a, b):
            return a * b


def yielding(x):
    """3.0"""
    yield x


async def asynchronous(x):
    """3.0"""
    return x


def importing(x):
    """3.0"""
    import math as m

    return m.sin(x)


def undefined_name(x):
    """3.0"""
    return x * undefined_constant


def maybe_unbound(x):
    """-3.0"""
    if x > 0:
        y = 1.0
    return y * x


def assertion(x):
    """-3.0"""
    assert x > 0, "x must be positive"
    return math.sqrt(x)


def raising_custom(x):
    """-3.0"""
    if x < 0:
        raise ArithmeticError("negative", x)
    return x


def raising_from(x):
    """-3.0"""
    if x < 0:
        raise ValueError("negative") from None
    return x


def walrus(x):
    """3.0"""
    while (y := x * 0.5) > 0.1:
        x = y
    return x * y


def chained_comparison(x):
    """3.0"""
    return x * 2.0 if 0.0 < x < 5.0 else 0.0


def while_else(x):
    """3.0"""
    while x > 1.0:
        x -= 0.75
        if x == 1.5:
            break
    else:
        x *= 3.0
    return x


def swap(x, y):
    """3.0, 4.0"""
    x, y = y, x
    return x - 2.0 * y


def infinite_then_return(x):
    """3.0"""
    while True:
        x *= 0.5
        if x < 0.1:
            return x


# Numbers


def complex_number(x):
    """3.0"""
    return abs(complex(x, 1.0))


def complex_literal(x):
    """3.0"""
    return (x + 1j).real


def complex_argument(z):
    """1 + 2j"""
    return z * z


def complex_sqrt(x):
    """-1.0"""
    return cmath.sqrt(x).imag


def big_integer(x):
    """3.0"""
    return x * (10**30)


def big_argument(n):
    """2**70"""
    return n + 1


def integer_overflow(n):
    """2**40"""
    return n * n


def bit_operations(n):
    """12"""
    return (n << 2) | (n >> 1) ^ (n & 5)


def shift_by_negative(n):
    """-1"""
    return 1 << n


def floor_division(x, y):
    """-7.5, 2.0"""
    return x // y + x % y


def integer_division(n, m):
    """-7, 2"""
    return n // m * 100 + n % m


def division_by_zero(x, y):
    """1.0, 0.0"""
    return x / y


def power_of_negative(x, y):
    """-8.0, 0.5"""
    return x**y


def integer_power(n, m):
    """2, 10"""
    return n**m


def integer_negative_power(n, m):
    """2, -1"""
    return n**m


def round_digits(x):
    """2.34567"""
    return round(x, 2)


def round_plain(x):
    """2.5"""
    return round(x)


def divmod_numbers(x):
    """7.5"""
    q, r = divmod(x, 2.0)
    return q + r


def bool_arithmetic(x):
    """3.0"""
    return (x > 1.0) + (x > 2.0) * x


def int_of_huge(x):
    """1e30"""
    return int(x)


def int_of_nan(x):
    """math.nan"""
    return int(x)


def float_methods(x):
    """3.0"""
    return 1.0 if x.is_integer() else 0.0


def factorial(n):
    """5"""
    return math.factorial(n)


def binomial(n):
    """5"""
    return math.comb(n, 2)


def greatest_divisor(n):
    """12"""
    return math.gcd(n, 18)


def float_sum(x):
    """X"""
    return math.fsum(x)


def distance(x, y):
    """X, Y"""
    return math.dist(x, y)


def constants(x):
    """3.0"""
    return math.pi * math.e * x + math.inf * 0 if x < 0 else math.tau * x


def hash_of(x):
    """3.0"""
    return hash(x)


def format_call(x):
    """3.0"""
    return format(x, ".2f")


def evaluated(x):
    """3.0"""
    return eval("x * 2.0")


def opened(x):
    """3.0"""
    with open("/dev/null") as file:
        return x


def inputted(x):
    """3.0"""
    return float(input()) * x


def slices_of_slices(x):
    """X"""
    return x[0:3][1:][1]


def numpy_scalar_argument(x):
    """np.float64(3.0)"""
    return x * 2


def numpy_float32_argument(x):
    """np.float32(3.0)"""
    return x * 2


def numpy_int_argument(n):
    """np.int32(3)"""
    return n * 2.0


def numpy_bool_argument(b):
    """np.bool_(True)"""
    return 1.0 if b else 0.0


def zero_dimensional(x):
    """np.array(3.0)"""
    return x * 2.0


def zero_dimensional_index(x):
    """np.array(3.0)"""
    return x[()] * 2.0


# Hostile details


def dtype_attribute(x):
    """X"""
    return x.dtype.nonsense


def dtype_kind(x):
    """X"""
    return 1.0 if x.dtype.kind == "f" else 0.0


def finfo_eps(x):
    """3.0"""
    return x * np.finfo(np.float64).eps


def finfo_nonsense(x):
    """3.0"""
    return np.finfo(np.float64).nonsense


def module_nonsense(x):
    """3.0"""
    return math.nonsense(x)


def unpack_array(x):
    """X"""
    a, b, c = x
    return a * b - c


def unpack_array_wrong(x):
    """X"""
    a, b = x
    return a * b


def unpack_tuple_wrong(x):
    """3.0"""
    a, b = (x, x, x)
    return a


def unpack_number(x):
    """3.0"""
    a, b = x
    return a


def nested_unpacking(x, y):
    """X, Y"""
    total = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        total += i * a * b
    return total


def chained_assignment(x):
    """3.0"""
    a = b = x * 2.0
    return a * b


def swap_elements(x):
    """X.copy()"""
    x[0], x[2] = x[2], x[0]
    return x[0] - 2.0 * x[2]


def slice_augmented(x):
    """X.copy()"""
    x[0:2] += 1.0
    return x[0]


def and_or(x, y):
    """0.0, 4.0"""
    return (x or y) * (y and 3.0) + (1.0 if not x else 0.0)


def truth_of_string(x):
    """3.0"""
    return x if "abc" else 0.0


def truth_of_tuple(x):
    """3.0"""
    return x if () else 0.0


def compare_tuples(x):
    """3.0"""
    return 1.0 if (1, 2) < (1, 3) else x


def compare_strings(x, s):
    """3.0, 'abc'"""
    return x if s < "b" else 0.0


def compare_none(x):
    """3.0"""
    return x if x == None else 1.0  # noqa: E711


def none_plus(x):
    """3.0"""
    return None + x


def call_number(x):
    """3.0"""
    return x(1.0)


def call_none(x):
    """3.0"""
    return NOTHING(x)


def sine_of_nothing(x):
    """3.0"""
    return math.sin()


def sine_of_two(x):
    """3.0"""
    return math.sin(x, x)


def sine_of_string(x):
    """3.0"""
    return math.sin("a")


def sine_of_none(x):
    """3.0"""
    return np.sin(None) * x


def sine_of_tuple(x):
    """3.0"""
    return np.sin((x, x))[0]


def sine_keyword(x):
    """3.0"""
    return math.sin(x=x)


def log_with_base(x):
    """3.0"""
    return math.log(x, 10)


def length_of_number(x):
    """3.0"""
    return len(x)


def abs_of_string(x):
    """3.0"""
    return abs("a")


def min_of_nothing(x):
    """3.0"""
    return min()


def min_of_one(x):
    """3.0"""
    return min(x)


def min_of_tuple(x):
    """3.0"""
    return min((x, 2.0, 5.0))


def sum_of_tuple(x):
    """3.0"""
    return sum((x, 2.0, 5.0)) + sum((x, x), 1.0)


def sum_of_number(x):
    """3.0"""
    return sum(x)


def int_of_text(x):
    """3.0"""
    return x * int("12")


def int_base(x):
    """3.0"""
    return int("ff", 16) * x


def float_of_nonsense(x):
    """3.0"""
    return float("abc")


def float_of_nan(x):
    """3.0"""
    return float("nan")


def zeros_matrix(n):
    """3"""
    a = np.zeros((n, 2))
    a[n - 1, 1] = 4.0
    return a[2, 1] + a.shape[0]


def zeros_float(n):
    """3.0"""
    return np.zeros(n)[0]


def zeros_text(x):
    """3.0"""
    return np.zeros("a")[0]


def zeros_dtype(n):
    """3"""
    a = np.zeros(n, dtype=np.int64)
    a[0] = 2
    return a[0] * 3


def zeros_dtype_text(n):
    """3"""
    return np.zeros(n, "float32")[0]


def zeros_dtype_bad(n):
    """3"""
    return np.zeros(n, "nonsense")[0]


def zeros_like_float(x):
    """3.0"""
    return np.zeros_like(x)


def ones_and_empty(x):
    """X"""
    a, b = np.ones_like(x), np.empty_like(x)
    for i in range(len(x)):
        b[i] = a[i] * x[i]
    return b[0] + b[2]


def full_array(x):
    """3.0"""
    return np.full(3, x)[1]


def identity_matrix(x):
    """3.0"""
    return np.eye(3)[1, 1] * x


def huge_range(x):
    """3.0"""
    for i in range(10**20):
        if i > 3:
            return x * i
    return x


def range_of_string(x):
    """3.0"""
    for i in range("a"):
        x += 1.0
    return x


def range_of_four(x):
    """3.0"""
    for i in range(1, 2, 3, 4):
        x += 1.0
    return x


def range_member(n):
    """3"""
    return 1.0 if n in range(5) else 0.0


def range_index(x):
    """3.0"""
    return range(3, 10, 2)[1] * x


def step_zero(x):
    """3.0"""
    for i in range(0, 5, 0):
        x += 1.0
    return x


def loop_over_number(x):
    """3.0"""
    for i in x:
        pass
    return x


def loop_changes_counter(x):
    """3.0"""
    for i in range(3):
        i = i * 2
        x += i
    return x + i


def loop_over_none(x):
    """3.0"""
    for i in None:
        pass
    return x


def raise_number(x):
    """3.0"""
    raise x


def raise_class(x):
    """3.0"""
    raise ValueError


def raise_key_error(x):
    """3.0"""
    raise KeyError("missing")


def raise_formatted(x, n):
    """3.0, 7"""
    raise ValueError(f"got {x} and {n:d}")


def raise_nothing(x):
    """3.0"""
    raise


def raise_stop(x):
    """3.0"""
    raise StopIteration


def raise_exit(x):
    """3.0"""
    raise SystemExit(3)


def assert_message(x):
    """-3.0"""
    assert x > 0, f"x is {x}"
    return x


def assert_number(x):
    """0.0"""
    assert x
    return x


def shadowed_builtin(x):
    """3.0"""
    len = 3.0
    return len * x


def unicode_names(x):
    """3.0"""
    λ, été = x, 2.0
    return λ**été


def no_arguments():
    """"""
    return 3.0


def constant_result(x):
    """3.0"""
    return 2.0


def argument_itself(x):
    """3.0"""
    return x


def string_returned(x):
    """3.0"""
    return "text"


def module_returned(x):
    """3.0"""
    return math


def ellipsis_returned(x):
    """3.0"""
    return ...


def range_returned(x):
    """3.0"""
    return range(3)


def slice_object(x):
    """X"""
    s = slice(0, 2)
    return x[s][1]


def step_slices(x):
    """X"""
    return x[::2][1] + x[-1:0:-1][0]


def slice_out_of_range(x):
    """X"""
    return len(x[5:10]) + len(x[-100:2])


def slice_zero_step(x):
    """X"""
    return x[::0][0]


def slice_float(x):
    """X"""
    return x[0.0:2.0][0]


def index_string(x):
    """X"""
    return x["a"]


def index_none(x):
    """X"""
    return x[None][0, 1]


def index_bool(x):
    """X"""
    return x[True][0, 0]


def index_numpy_int(x):
    """X"""
    return x[np.int64(1)]


def index_huge(x):
    """X"""
    return x[2**70]


def index_negative(x):
    """X"""
    return x[-1] * x[-3]


def index_too_negative(x):
    """X"""
    return x[-4]


def store_string(x):
    """X.copy()"""
    x[0] = "a"
    return x[0]


def store_none(x):
    """X.copy()"""
    x[0] = None
    return x[0]


def store_array(x):
    """X.copy()"""
    x[0] = x
    return x[0]


def store_wrong_shape(x):
    """X.copy()"""
    x[0:2] = x
    return x[0]


def store_into_tuple(x):
    """3.0"""
    t = (x, x)
    t[0] = 1.0
    return x


def store_into_number(x):
    """3.0"""
    x[0] = 1.0
    return x


def store_float_into_int(n):
    """np.arange(3)"""
    n[0] = 2.7
    return n[0]


def tuple_concatenation(x):
    """3.0"""
    t = (x, 1.0) + (2.0,)
    return t[0] * t[2] + len(t)


def tuple_times(x):
    """3.0"""
    return ((x,) * 3)[2]


def tuple_slice(x):
    """3.0"""
    return (x, 1.0, 2.0)[1:][1]


def tuple_negative_index(x):
    """3.0"""
    return (1.0, 2.0, x)[-1]


def tuple_index_out_of_range(x):
    """3.0"""
    return (1.0, x)[2]


def tuple_mixed_index(x, i):
    """3.0, 1"""
    return (1, x, "a")[i]


def tuple_join(x):
    """3.0"""
    t = (x,)
    if x > 1.0:
        t = (x, x)
    return t[0]


def int_or_float(x):
    """3.0"""
    y = 1
    if x > 5.0:
        y = x
    return y * 2


def int_becomes_float(x):
    """3.0"""
    y = 0
    for i in range(3):
        y += x
    return y


def array_or_float(x):
    """X"""
    y = x
    if x[0] > 100.0:
        y = 1.0
    return y[0]


def none_then_value(x):
    """X"""
    best = None
    for v in x:
        if best is None or v > best:
            best = v
    return best


def string_or_float(x):
    """3.0"""
    y = "a"
    if x > 1.0:
        y = x
    return y


def rebinding_types(x):
    """3.0"""
    y = 1
    y = "a"
    y = (x, x)
    y = y[0] * 2.0
    return y


def isinstance_tuple(x):
    """3.0"""
    return x if isinstance(x, (int, float)) else 0.0


def isinstance_array(x):
    """X"""
    return x[0] if isinstance(x, np.ndarray) else 0.0


def callable_test(x):
    """3.0"""
    return x if callable(x) else 0.0


def identity_test(x):
    """3.0"""
    return 1.0 if x is x else 0.0


def global_none(x):
    """3.0"""
    return x if NOTHING is None else 0.0


NOTHING = None


def deep_expression(x):
    """1.0"""
    return (
        (
            (
                (
                    (
                        ((((((((((((((x + 1) * 2) - 3) * x) + 4) * 5) - x) * 2) + 1) * x) - 2) * 3) + x) * 2)
                        - 1
                    )
                    * x
                )
                + 6
            )
            * 2
        )
        - 7
    ) * x


def deep_loops(x):
    """1.0"""
    for a in range(2):
        for b in range(2):
            for c in range(2):
                for d in range(2):
                    for e in range(2):
                        for f in range(2):
                            for g in range(2):
                                x = x * 1.01 + 0.001 * (a + b + c + d + e + f + g)
    return x


def default_lambda(x, f=lambda v: v * v):
    """3.0"""
    return f(x)


def lambda_star(x):
    """3.0"""
    return (lambda *a: a[0])(x)


def closure_loop(x):
    """3.0"""
    total = 0.0
    for i in range(3):
        g = lambda v: v * i
        total += g(x)
    return total


def immediately_called(x):
    """3.0"""
    return (lambda a, b=2.0: a * b)(x)


def bytes_argument(b):
    """b'ab'"""
    return len(b)


def string_length_argument(s):
    """'abc'"""
    return len(s) * 2.0


def none_argument(x, y):
    """3.0, None"""
    return x if y is None else y


def range_argument(r):
    """range(3)"""
    total = 0.0
    for i in r:
        total += i
    return total


def nested_tuple_argument(t):
    """((1.0, 2.0), 3)"""
    (a, b), n = t
    return a * b * n


def type_argument(t, x):
    """float, 3.0"""
    return t(x)


def module_argument(m, x):
    """math, 3.0"""
    return m.sin(x)


def class_argument(c):
    """Model"""
    return c.rate


def decimal_argument(d):
    """__import__('decimal').Decimal('1.5')"""
    return d * 2


def fraction_argument(d):
    """__import__('fractions').Fraction(1, 3)"""
    return d * 2


def string_array(s):
    """np.array(['a', 'b'])"""
    return len(s)


def object_array(s):
    """np.array([1.0, None], dtype=object)"""
    return len(s)


def complex_array(z):
    """np.array([1j])"""
    return z[0]


def half_array(x):
    """np.ones(2, np.float16)"""
    return x[0]


def long_double(x):
    """np.longdouble(1.5)"""
    return x * 2


def date_array(x):
    """np.array(['2020-01-01'], 'datetime64[D]')"""
    return x[0]


def record_array(x):
    """np.zeros(2, [('a', float), ('b', int)])"""
    return x[0]


def big_endian(x):
    """np.ones(2, '>f8')"""
    return x[0]


def masked_array(x):
    """np.ma.array([1.0, 2.0], mask=[True, False])"""
    return x[0]


def matrix(x):
    """np.matrix([[1.0, 2.0]])"""
    return x[0, 1]


def bool_array(b):
    """np.array([True, False])"""
    return 1.0 if b[0] and not b[1] else 0.0


def small_integers(n):
    """np.array([100, 100], np.int8)"""
    return n[0] + n[1]


def unsigned_integers(n):
    """np.array([1, 2], np.uint64)"""
    return n[0] - n[1]


def memory_view(x):
    """memoryview(np.ones(2))"""
    return x[0]


def list_of_lists(x):
    """[[1.0, 2.0]]"""
    return x[0][1]


def infinite_integer(x):
    """3.0"""
    return x * 10**400


def literal_overflow(x):
    """3.0"""
    return x + 123456789012345678901234567890


def annotated(x: float, n: int = 2) -> float:
    """3.0"""
    y: float = x * n
    return y


def global_in_default(x, table=TABLE):
    """3.0"""
    return x * table["a"]


def print_in_loop(x):
    """X"""
    for v in x:
        print("v =", v)
    return x[0]


def docstring_and_pass(x):
    """3.0"""
    pass


def unreachable_code(x):
    """3.0"""
    return x
    x = undefined_thing(x)
    return x


def condition_constant(x):
    """3.0"""
    if False:
        return undefined_thing(x)
    while 0:
        x = None
    return x


def np_scalar_functions(x):
    """0.5"""
    return np.maximum(x, 0.25) + np.clip(x, 0.0, 0.4) + np.sign(x) + np.where(x > 0, x, -x)


def np_constants(x):
    """0.5"""
    return np.pi * x + np.e


def np_isnan(x):
    """0.5"""
    return x if not np.isnan(x) and math.isfinite(x) else 0.0


def np_int_of(x):
    """2.7"""
    return np.int64(x) + np.float32(x) + np.float64(1)


def np_vectorize(x):
    """X"""
    return np.vectorize(math.sin)(x)[0]


def scipy_like(x):
    """2.5"""
    return math.erf(x) + math.gamma(x) + math.lgamma(x)
