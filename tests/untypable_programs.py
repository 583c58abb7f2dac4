"""Programs that the typing half of the frontend refuses: signature, code, part of the text."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


class Box:
    def __getattr__(self, name):
        return 1.0


BOX = Box()


def class_of_a_joined_number(x, n):
    value = 0
    for _ in range(n):
        value = value + x
    return isinstance(value, float)


def class_of_a_chosen_bool(n):
    value = True if n > 0 else 2
    match value:
        case bool():
            return 1.0
    return 2.0


def negative_of_real_or_complex(x, n):
    value = complex(x, 1.0) if n > 0 else x
    return (-value).imag


def product_of_real_or_complex(x, n):
    value = x
    if n > 0:
        value = 1j
    value = value + x
    return (value * value).imag


def number_or_tuple_in_a_cell(x):
    v = x

    def change():
        nonlocal v
        v = (x, x)

    change()
    return v[0]


def mutual_inner_recursion(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    first = even(0)  # there is no `odd` yet

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n) or first


def _remembering():
    calls = 0

    def remembering(x):
        nonlocal calls
        calls += 1
        return x * calls

    return remembering


remembering = _remembering()


class Holder:
    def __init__(self, n):
        self.values = np.zeros(n)


def equal_objects(x):
    box = Box()
    box.size = x
    other = box
    return x if box == other else 0.0


def object_from_outside(x):
    BOX.size = x
    return x


def library_call(x):
    return np.linalg.norm(x)


def array_expression(x):
    return x + 1.0


def tuples_of_two_lengths(t):
    pair = (t, 1.0) if t > 0 else (t,)
    return pair[0]


def float_index(x, t):
    return x[t]


def growing_argument(n):
    return _wrapped(1.0, n)


def _wrapped(x, n):
    return 0.0 if n == 0 else _wrapped((x, 1.0), n - 1)


def growing_result(n):
    return 1.0 if n < 2 else (growing_result(n - 1), 1.0)


def missing_return_in_recursion(n):
    if n > 0:
        return 1.0 + missing_return_in_recursion(n - 1)


def attribute(t):
    return t.mantissa


def object_attribute(t):
    return BOX.size * t


def side_effect(t):
    print(t)
    return t


def loop_over_int(n):
    for _ in n:
        pass


def wrong_arity(t):
    return attribute(t, 1)


def unknown_keyword(t):
    return math.exp(attribute(s=t))


def digits(t):
    return round(t[0], 2)


def unknown_name(t):
    return undefined_name(t)  # noqa: F821


def unknown_function(t):
    return math.sinn(t)


def bits_of_float(t):
    return t & 1


def raise_number(t):
    raise t


def big_integer(n):
    return n + 10**30


def list_item(t):
    d = [t, t]
    d[0] = 1.0
    return d[1]


def too_many_indices(x):
    return x[0, 0]


def fancy_index(x):
    return x[x]


def two_precisions(x, t):
    s = np.float32(0.0)
    for v in x:
        s = v
    return s


def array_or_number(x, t):
    if t:
        x = t
    return x


def truth_of_array(x):
    return 1.0 if x else 2.0


def call_number(t):
    return t(1.0)


def unpack_wrong(t):
    a, b = t, t, t  # noqa: F841
    return a


def unpack_three(x):
    a, b, c = x.shape  # noqa: RUF059
    return a


def generator(x):
    yield x


def generator_as_result(x):
    return generator(x)


def generator_with_try(x):
    def inner():
        try:
            yield x
        finally:
            x[0] = 1.0

    for v in inner():
        x += v
    return x


def generator_with_cell(x):
    def inner(n):
        def f():
            return n * x

        n += 1
        yield f()

    for v in inner(1):
        x += v
    return x


def generator_of_itself(x):
    def tree(d):
        yield x
        if d > 0:
            yield from tree(d - 1)

    return sum(tree(2))


def generator_behind_another(x):
    total = 0.0
    for _, v in zip(range(1), generator(x), strict=True):
        total += v
    return total


def generator_as_tuple(x):
    return (*generator(x), 1.0)


CASES: list[tuple[Callable[..., Any], str, str, str]] = [
    (generator_with_try, "f64", "SSAD0107", "`yield` inside `with`, or a `try` with `finally`"),
    (generator_of_itself, "f64", "SSAD0133", "the generator tree calls itself"),
    (generator_behind_another, "f64", "SSAD0157", "put the generator first"),
    (generator_as_tuple, "f64", "SSAD0157", "make a list of it"),
    (equal_objects, "f64", "SSAD0154", "`==` of Box and Box is not compiled"),
    (object_from_outside, "f64", "SSAD0161", "assignment to attribute size"),
    (
        class_of_a_joined_number,
        "f64, i64",
        "SSAD0154",
        "isinstance of a number that is int or float by its path",
    ),
    (class_of_a_chosen_bool, "i64", "SSAD0154", "isinstance of a number that is bool or int by its path"),
    (negative_of_real_or_complex, "f64, i64", "SSAD0154", "`-` of a number that is complex on one path"),
    (product_of_real_or_complex, "f64, i64", "SSAD0154", "`*` of a number that is complex on one path"),
    (number_or_tuple_in_a_cell, "f64", "SSAD0201", "v holds float and is given tuple"),
    (mutual_inner_recursion, "i64", "SSAD0151", "odd leads to itself"),
    (remembering, "f64", "SSAD0112", "variable of an enclosing function"),
    (library_call, "f64[:]", "SSAD0150", "np.norm"),
    (array_expression, "f64[:]", "SSAD0155", "write a loop over the elements"),
    (tuples_of_two_lengths, "f64", "SSAD0201", "tuples of one length"),
    (float_index, "f64[:], f64", "SSAD0206", "write x[int(i)]"),
    (
        growing_argument,
        "i64",
        "SSAD0151",
        "_wrapped calls itself with arguments or results of ever new types",
    ),
    (growing_result, "i64", "SSAD0201", "tuple of float, float"),
    (missing_return_in_recursion, "i64", "SSAD0202", "float 1.0 and None"),
    (attribute, "f64", "SSAD0205", "float has no attribute mantissa"),
    (
        object_attribute,
        "f64",
        "SSAD0153",
        "attribute size of a Box is not compiled: Box makes it up",
    ),
    (side_effect, "f64[:]", "SSAD0161", "print of float64 array is not compiled"),
    (loop_over_int, "i64", "SSAD0202", "write range(...)"),
    (wrong_arity, "f64", "SSAD0204", "takes 1 positional argument, but 2 were given"),
    (unknown_keyword, "f64", "SSAD0204", "no parameter called s"),
    (digits, "i32[:]", "SSAD0150", "to digits is not compiled"),
    (unknown_function, "f64", "SSAD0205", "module math has no attribute sinn"),
    (bits_of_float, "f64", "SSAD0202", "use integers"),
    (raise_number, "f64", "SSAD0158", "raise an exception class"),
    (big_integer, "i64", "SSAD0208", "does not fit into 64 bits"),
    (list_item, "f64[:]", "SSAD0201", "list of float64 array, and now float"),
    (too_many_indices, "f64[:]", "SSAD0206", "2 indices for an array of 1 dimension"),
    (fancy_index, "i64[:]", "SSAD0156", "loop over the indices"),
    (two_precisions, "f64[:], f64", "SSAD0201", "np.float32"),
    (array_or_number, "f64[:], f64", "SSAD0201", "x is float64 array"),
    (truth_of_array, "f64[:]", "SSAD0209", "ambiguous"),
    (call_number, "f64", "SSAD0202", "float cannot be called"),
    (unpack_wrong, "f64", "SSAD0203", "too many values to unpack"),
    (unpack_three, "f64[:]", "SSAD0203", "not enough values to unpack"),
]
