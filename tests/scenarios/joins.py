"""What a variable may be after several paths: situations of tests that transform a compiler's own form."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .registry import scenario


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@scenario(lambda: (1.3,))
def a_constant(x):
    return math.cos(5.0)


@scenario([lambda: (1.3, 0), lambda: (1.3, 1)])
def a_type_by_its_number(x, n):
    return (float, int)[n](x) * x


@dataclass
class Labelled:
    value: float
    label: str


@scenario(lambda: (1.3, "hello"))
def an_object_with_a_string(x, label):
    made = Labelled(x, label)
    return made.value * 2.0 if made.label == "hello" else made.value


@scenario(lambda: (1.3, "hello"), argnums=())
def an_object_with_a_string_is_returned(x, label):
    return Labelled(x, label)


@scenario([lambda: (math.sin, 5.0), lambda: (abs, -2.0)], argnums=1)
def a_function_that_is_given(f, x):
    return f(x)


_GLOBAL = 5.0


@scenario([lambda: (1.2, True), lambda: (1.2, False)])
def a_global_float_or_an_int(x, use):
    v = _GLOBAL if use else 1
    return math.sin(v) * x


@scenario([lambda: (False, 1.5), lambda: (True, 1.5), lambda: (3, 1.5)], argnums=1)
def only_if_it_is_a_bool(flag, x):
    kept = flag if isinstance(flag, bool) else False
    return x * (1.0 if kept else 2.0)


@scenario([lambda: (1.2, None), lambda: (1.2, 3.0)])
def nothing_or_a_number(x, y):
    if y is None:
        return x * x
    return 5 * x * y


@scenario(lambda: (1.2,), argnums=())
def nothing_in_any_case(x):
    y = None
    if y is None:
        return None
    return 5 * x


@dataclass
class Pair:
    first: Any
    second: Any


@scenario(lambda: (Pair(5.0, np.ones(3)), 4.0), argnums=(0, 1))
def a_number_of_an_argument_is_set(pair, v):
    pair.first = v
    return v * pair.second[0]


@scenario(lambda: (Pair(5.0, np.ones(3)), np.arange(5.0)), argnums=(0, 1))
def an_array_of_an_argument_is_set(pair, v):
    pair.second = v
    return pair.first * pair.second[4] + v[1]


def _ordered(a, b):
    return a * b if a < b else _ordered(b, a) + a


@scenario([lambda: (1.1, 1.5), lambda: (1.5, 1.1)], argnums=(0, 1))
def it_calls_itself_the_other_way_round(a, b):
    return _ordered(a, b)


@scenario(lambda: (3.1,))
def a_list_of_objects(a):
    pairs = [Pair(a, 2.0 * a), Pair(3.0 * a, 4.0 * a)]
    total = 0.0
    for pair in pairs:
        total += pair.first * pair.second
    pairs[0].first = 5.0
    return total * pairs[0].first


@scenario(lambda: (3.1,), argnums=())
def a_list_of_objects_is_returned(a):
    return [Pair(a, 2.0 * a), Pair(3.0 * a, 4.0 * a)]


@scenario(lambda: (np.arange(5.0), True), refused="SSAD0201")
def arrays_of_two_dtypes(x, use):
    y = np.ones(5, dtype=np.float32)
    z = x if use else y
    total = 0.0
    for i in range(len(z)):
        total += 2 * float(z[i])
    return total


@scenario([lambda: (5.0,), lambda: (np.array([5.0, 2.0]),)])
def a_number_or_an_array(v):
    return v if isinstance(v, float) else float(v[0])


def _weight(v):
    if isinstance(v, bool):
        return 10
    if isinstance(v, float):
        return 5 * v
    return 5.0


@scenario(lambda: (5.0, 1.5), argnums=(0, 1))
def dispatched_by_type(x, y):
    return sum([_weight(v) for v in (x, False, y, "text")])


@scenario([lambda: (1.2, True), lambda: (1.2, False)])
def tuples_of_one_or_another(x, use):
    t = (x if use else 5, x if use else None)
    return x * 2.0 if t[1] is None else t[0] * t[1]


@scenario(lambda: (1.2,), argnums=())
def tuples_in_tuples_are_returned(x):
    return ((((x,),), x), x)


@scenario(lambda: (_normal(4),))
def a_slice_for_nobody(t):
    d = [0.0, 0.0]
    x = t[0:2]
    return d[0] + t[1]


@scenario([lambda: (0.0,), lambda: (0.7,)])
def a_gap_that_is_filled(t):
    return 1.0 if t == 0 else math.sin(t) / t


class Node:
    def __init__(self, value, other):
        self.value = value
        self.other = other


def _linked(count):
    first = Node(1.0, None)
    last = first
    for k in range(1, count):
        last = Node(1.0 + k, last)
    first.other = last
    return first


@scenario([lambda: (_linked(1), 2.0), lambda: (_linked(2), 2.0)], argnums=1, refused="SSAD0400")
def an_object_that_leads_to_itself(node, x):
    return node.value * x


@dataclass
class Perhaps:
    one: float | None
    none: float | None
    array: np.ndarray | None
    no_array: np.ndarray | None


@scenario(lambda: (Perhaps(1.0, None, np.ones(2), None),))
def attributes_that_may_be_none(p):
    total = 0.0
    if p.one is not None:
        total += p.one * 2
    if p.none is not None:
        total += p.none
    if p.array is not None:
        total += p.array[0] ** 2
    if p.no_array is not None:
        total += p.no_array[0]
    return total


@scenario(lambda: ([(0.0, 0.0), (0.0, 0.0)], [(1.0, 2.0), (3.0, 4.0)]), argnums=(0, 1))
def pairs_are_copied(to, source):
    for i in range(len(source)):
        to[i] = source[i]
    return to[0][0] + to[1][1] * source[1][1]


class Base:
    def scaled(self, x):
        return 5 * x

    def total(self, *xs):
        return sum(xs)


class Derived(Base):
    def scaled(self, x):
        return super().scaled(x) + Base.scaled(self, x) * x

    def total(self, n, *xs):
        return Base.total(self, *xs) + n[0]


@scenario(lambda: (1.3,))
def methods_of_the_class_above(x):
    d = Derived()
    return d.scaled(x) + d.total((2, 2), x, x, 3.0) + Base.scaled(d, x)


@scenario([lambda: (1.3, 5), lambda: (1.3, 1)])
def born_on_the_path_that_is_taken(v, n):
    for i in range(n):
        if i == 0:
            if i == 7:
                pass
            else:
                kept = v
        elif i == 7:
            pass
        else:
            kept = kept + v
    return kept * v


@scenario(lambda: (np.array([1, 2]),), argnums=())
def counters_that_meet(actions):
    n, i, count = 1, 0, 0
    while n > 0 and i < len(actions):
        n -= 1
        while actions[i]:
            if actions[i]:
                if actions[i]:
                    n += 10
                actions[i] -= 1
            else:
                if actions[i]:
                    n += 20
                actions[i] += 1
            count += n
        count += n
    return count, n


@scenario(lambda: ((1, 2), ("a", "b")), argnums=())
def the_last_of_each(numbers, words):
    x, y = numbers[0], words[0]
    for i in numbers:
        x = i
    for i in words:
        y = i
    return x, y


@scenario([lambda a=a, b=b: (a, b) for a in (0.0, 1.0, -1.0) for b in (0.0, 1.0, -1.0)], argnums=())
def and_or_or(a, b):
    return 5 + (a - 1 and b + 1) or (a + 1 and b - 1)


@scenario([lambda n=n: (n,) for n in range(4)], argnums=())
def a_loop_variable_that_was_there(x):
    i = 2
    c = 1
    if i == x:
        for i in range(3):
            c = i
    return i + c


@scenario(lambda: (1.0, 2.0, 3.0, 4.0, 5.0), argnums=(0, 1, 2, 3, 4))
def names_change_places(a, b, c, d, e):
    a, b = b, a
    c, d, e = e, c, d
    a, b, c, d = b, c, d, a
    return a + 2 * b + 3 * c * c + 4 * d + 5 * e


@scenario([lambda: (1.5, 1.5), lambda: (1.5, 2.5)], argnums=())
def returns_or_ends(x, y):
    if x == y:
        return 1


@scenario([lambda: (3,), lambda: (0,)], argnums=())
def a_bound_that_is_set_to_nothing(x):
    for _ in range(x):
        x = 0
        for _ in range(x):
            return 1
        else:
            pass
    return 0


@scenario([lambda x=x, y=y: (x, y) for x in (0, 1, 2) for y in (0, 1)], argnums=())
def true_false_or_none(x, y):
    z = False if y else None
    if x == 2:
        return True
    elif x == 1:
        return z
    return None


@scenario([lambda: (np.arange(5.0), True), lambda: (np.arange(5.0), False)], argnums=())
def the_shape_of_an_array_or_none(a, there):
    found = None
    if there:
        found = a
    return found.shape[0]


@scenario([lambda: ((1, 2),), lambda: (None,)], argnums=())
def a_pair_or_none(x):
    if x is None:
        return None
    a, b = x
    return a, b


@scenario([lambda v=v: (v,) for v in (3, 3.5, "a", 2j, (1, 2), [1, 2], np.ones(2))], argnums=())
def which_kind_it_is(a):
    if isinstance(a, (int, float)):
        if isinstance(a, int):
            return a + 1, "int"
        if isinstance(a, float):
            return a + 2.0, "float"
    elif isinstance(a, str):
        return a + ", world!", "str"
    elif isinstance(a, complex):
        return a.imag, "complex"
    elif isinstance(a, (tuple, list)):
        if isinstance(a, tuple):
            return "tuple"
        return "list"
    elif isinstance(a, set):
        return "set"
    return "no match"
