"""Arguments, results and gradients that are trees: what comes in comes back, whatever it is made of.

Each case is a function, a maker of its arguments from leaves, and the leaves. The tape differentiates the
function of the leaves; tokens in place of the leaves tell which leaf stands where.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import ssad
from ssad.errors import ArgumentError, DifferentiationError
from tests.oracle import tape

Pair = namedtuple("Pair", "first second")


class Bounds(NamedTuple):
    low: Any
    high: Any = 2.0


class Scheme(enum.Enum):
    EULER = 1
    MIDPOINT = 2


@dataclass
class Layer:
    weights: Any
    bias: Any
    name: str = "layer"
    size: int = 3
    scheme: Scheme = Scheme.EULER

    def __post_init__(self):
        self.calls = 0  # an attribute that is no field

    def out(self, v):
        s = self.bias
        for w in self.weights:
            s += w * v
        return s if self.scheme is Scheme.EULER and self.name == "layer" else 2.0 * s


@dataclass(frozen=True, slots=True)
class Frozen:
    a: Any
    inner: Any = field(default=None)


class Plain:
    def __init__(self, a, b):
        self.a = a
        self.b = b
        self.log = None

    def __call__(self, v):
        return self.a * v + self.b


def use_named(p, q):
    low, high = p
    return low * q.first + high * p[0] + q[1] * len(q)


def use_layers(layers, v):
    for layer in layers:
        v = layer.out(v) * layer.size
    return v


def use_dict(d):
    s = d["a"] * d["inner"]["x"][1]
    for value in d["list"]:
        s += value * d["a"]
    return s + (1.0 if d["text"] == "on" else 0.0) + len(d)


def use_objects(f, g):
    return f(g.a) * g.inner.a + f.a


def same_leaf_twice(p):
    return p["x"] * p["x"] + p["y"][0] * p["y"][1]


def unused(d):
    return d["used"] * 3.0


def writes(d):
    d["x"][0] = d["x"][1] * d["k"]
    return d["x"][0] * d["x"][2]


def namespace(n, x):
    return n.k * x * n.rate


@dataclass
class Body:
    x: Any
    v: Any
    at: Any = 0

    def move(self, dt):
        self.v[0] -= dt * self.x
        self.x += dt * self.v[0]
        self.at += 1


def steps(bodies, dt):
    """Objects in a list are changed, one of them gets an attribute more."""
    for _ in range(3):
        for body in bodies:
            body.move(dt)
    bodies[0].energy = bodies[0].x * bodies[0].x + bodies[1].v[0]
    return bodies[0].energy * bodies[1].x


def optimiser(opt, x):
    """Arrays that are assigned anew, objects in objects, a property with a setter."""
    opt.state.m = np.array([opt.state.m[0] * x, x])
    opt.rate = opt.rate * 0.5
    opt.state.k += 2
    return opt.state.m[0] * opt.rate + opt.state.m[1]


class Optimiser:
    def __init__(self, m, rate):
        self.state = SimpleNamespace(m=m, k=0)
        self.log_rate = rate

    @property
    def rate(self):
        return self.log_rate * 3.0

    @rate.setter
    def rate(self, value):
        self.log_rate = value / 3.0


def lists_grow(xs, y):
    xs.append(xs[0] * y)
    xs[1] = xs[-1] * xs[2]
    del xs[0]
    return xs[0] * y


def dict_grows(d, x):
    d["new"] = d["a"] * x
    d["a"] = d["new"] * d["b"][0]
    d.pop("gone")
    return d["a"] * x


def swapped(pair):
    """Which object an attribute leads to changes, and then what they hold."""
    for _ in range(3):
        pair.low, pair.high = pair.high, pair.low
        pair.low.x *= pair.high.x
    return pair.low.x + pair.high.x * pair.low.v[0]


def dicts_in_dicts(d, x):
    d["xs"].append(x)
    d["inner"]["m"] = x * d["a"]
    d["inner"]["new"] = {"deep": x}
    d["inner"]["new"]["deep"] *= d["xs"][0]
    return sum(d["xs"]) * d["inner"]["m"] + d["inner"]["new"]["deep"]


@dataclass
class Walk:
    x: Any
    path: Any

    def go(self, h):
        self.x = self.x + h * self.x * self.x
        self.path.append(self.x)


def objects_with_lists(walks, h):
    for _ in range(2):
        for walk in walks:
            walk.go(h)
    return sum(sum(walk.path) * len(walk.path) for walk in walks)


def changed_on_one_way(body, x):
    if body.x > 0.0:
        body.x = body.x * x
        body.late = x
    return body.x * x


X = np.array([0.3, -1.2, 0.8])
Case = tuple[Callable[..., Any], Callable[..., tuple[Any, ...]], tuple[Any, ...]]
CASES: dict[str, Case] = {
    "named tuples": (use_named, lambda a, b, c, d: (Bounds(a, b), Pair(c, d)), (0.5, 1.5, -0.7, 2.0)),
    "dataclasses in a list": (
        use_layers,
        lambda w, b, u, c, v: ([Layer(w, b, size=2), Layer(u, c)], v),
        (X, 0.5, X[:2], 1.5, 0.9),
    ),
    "dicts": (
        use_dict,
        lambda a, x, p, q: ({"a": a, "inner": {"x": x}, "list": [p, q], "text": "on", "none": None},),
        (0.5, X, 1.5, -2.0),
    ),
    "objects": (
        use_objects,
        lambda a, b, c, d: (Plain(a, b), Frozen(c, Frozen(d))),
        (0.5, 1.5, -0.7, 2.0),
    ),
    "a leaf used twice": (same_leaf_twice, lambda x, y: ({"x": x, "y": y},), (0.5, X)),
    "an entry that is not used": (unused, lambda a, b: ({"used": a, "other": b},), (0.5, X)),
    "an array that is written": (writes, lambda x, k: ({"x": x, "k": k},), (X, 1.5)),
    "a namespace": (namespace, lambda k, x: (SimpleNamespace(k=k, rate=2.0), x), (0.5, 1.5)),
    "objects that move": (
        steps,
        lambda x, v, y, w, dt: ([Body(x, v), Body(y, w)], dt),
        (0.5, X, 1.5, X[:2].copy(), 0.1),
    ),
    "an optimiser": (optimiser, lambda m, r, x: (Optimiser(m, r), x), (X, 0.5, 1.5)),
    "a list that grows": (lists_grow, lambda a, b, c, y: ([a, b, c], y), (0.5, 1.5, 2.5, -0.7)),
    "a dict that grows": (dict_grows, lambda a, b, x: ({"a": a, "gone": 1, "b": b}, x), (0.5, X, 1.5)),
    "swapped objects": (
        swapped,
        lambda x, v, y, w: (SimpleNamespace(low=Body(x, v), high=Body(y, w)),),
        (0.5, X, 1.5, X[:2].copy()),
    ),
    "dicts in dicts": (
        dicts_in_dicts,
        lambda a, p, m, x: ({"a": a, "xs": [p], "inner": {"m": m}}, x),
        (0.5, 1.5, 2.5, -0.7),
    ),
    "objects with lists": (
        objects_with_lists,
        lambda x, y, p, h: ([Walk(x, []), Walk(y, [p])], h),
        (0.5, 1.5, 2.5, 0.1),
    ),
    "an attribute on one way": (changed_on_one_way, lambda a, x: (Body(a, 1, 2), x), (0.5, 1.5)),
    "an attribute on the other": (changed_on_one_way, lambda a, x: (Body(a, 1, 2), x), (-0.5, 1.5)),
    "nested tuples": (
        lambda t: t[0][1] * t[1] + t[0][0][0] * t[0][0][2],
        lambda x, a, b: (((x, a), b),),
        (X, 0.5, 1.5),
    ),
}


class Token:
    """A stand-in for a leaf."""

    def copy(self) -> Token:
        return self


def paired(tokens: Any, values: Any) -> Iterator[tuple[Any, Any]]:
    """Each token of a tree with what stands in its place in another one of the same structure."""
    if isinstance(tokens, Token):
        yield tokens, values
        return
    assert type(tokens) is type(values), (tokens, values)
    if isinstance(tokens, dict):
        assert [*tokens] == [*values]
        parts = [(tokens[key], values[key]) for key in tokens]
    elif isinstance(tokens, list | tuple):
        parts = [*zip(tokens, values, strict=True)]
    elif dataclasses.is_dataclass(tokens):
        names = [f.name for f in dataclasses.fields(tokens)]
        parts = [(getattr(tokens, name), getattr(values, name)) for name in names]
    elif hasattr(tokens, "__dict__"):
        assert vars(tokens).keys() == vars(values).keys()
        parts = [(vars(tokens)[name], vars(values)[name]) for name in vars(tokens)]
    else:
        return
    for token, value in parts:
        if type(token) in (str, int, type(None)) or isinstance(token, Scheme):
            assert value is None, f"{value!r} as the derivative by {token!r}"
            continue
        if type(token) is float:  # a leaf that the maker has put there
            continue
        yield from paired(token, value)


def by_leaf(make: Callable[..., tuple[Any, ...]], trees: Any, leaves: tuple[Any, ...]) -> list[Any]:
    """The parts of `trees` in the order of the leaves that they belong to."""
    tokens = [Token() for _ in leaves]
    found = {id(token): value for token, value in paired(tuple(make(*tokens)), tuple(trees))}
    return [found[id(token)] for token in tokens]


def fresh(leaves: tuple[Any, ...]) -> list[Any]:
    return [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]


def flattened(fn: Callable[..., Any], make: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
    return lambda *leaves: fn(*make(*leaves))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients_come_in_the_same_structure(case: Case) -> None:
    fn, make, leaves = case
    args = make(*fresh(leaves))
    numbers = tuple(range(len(args)))
    value, bars = ssad.value_and_grad(fn, argnums=numbers, vector_math=False)(*args)
    theirs = make(*fresh(leaves))
    assert value == fn(*theirs)
    _, expected = tape.gradient(flattened(fn, make), leaves, tuple(range(len(leaves))))
    for got, bar in zip(by_leaf(make, bars, leaves), expected, strict=True):
        np.testing.assert_allclose(got, bar, rtol=1e-12, atol=1e-12)
    assert content(args) == content(theirs)


def content(value: Any) -> Any:
    """What a tree holds, types and names included, as something that can be compared."""
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.tolist()
    if isinstance(value, dict):
        return {key: content(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [content(item) for item in value]
    if hasattr(value, "__dict__") and not isinstance(value, type | enum.Enum):
        return type(value), content(vars(value))
    if dataclasses.is_dataclass(value):
        return type(value), [content(getattr(value, f.name)) for f in dataclasses.fields(value)]
    return type(value), value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_forward_mode_takes_tangents_of_the_same_structure(case: Case) -> None:
    fn, make, leaves = case
    _, expected = tape.gradient(flattened(fn, make), leaves, tuple(range(len(leaves))))
    rng = np.random.default_rng(0)
    v = [rng.standard_normal(np.shape(leaf)) if np.ndim(leaf) else 0.7 for leaf in leaves]
    args, tangents = make(*fresh(leaves)), make(*v)
    if fn is namespace:
        tangents[0].rate = 0.0
    _, dot = ssad.jvp(fn, args, tangents)
    np.testing.assert_allclose(dot, sum(np.vdot(e, w) for e, w in zip(expected, v, strict=True)), rtol=1e-12)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_all_checks_hold(case: Case) -> None:
    """Differences against forward mode, against reverse mode, and in second order."""
    fn, make, leaves = case
    ssad.check_grads(fn, *make(*fresh(leaves)))


def test_results_are_trees() -> None:
    def f(x):
        return Bounds(x, {"square": x * x, "text": "a"}), [Frozen(x * 2.0), None, 3]

    value, pullback = ssad.vjp(f, 1.5)
    assert value == f(1.5)
    assert type(value[0]) is Bounds and type(value[1]) is list and type(value[1][0]) is Frozen
    y_bar = (Bounds(1.0, {"square": 10.0, "text": None}), [Frozen(100.0), None, None])
    assert pullback(y_bar) == (1.0 + 10.0 * 3.0 + 100.0 * 2.0,)
    _, dot = ssad.jvp(f, (1.5,), (1.0,))
    assert dot == (Bounds(1.0, {"square": 3.0, "text": None}), [Frozen(2.0), None, None])


def test_aliased_leaves() -> None:
    """One array in two places: each place its own partial, or one memory where it is written."""

    def reads(d):
        return d["x"][0] * d["y"][0]

    def writes(d):
        d["x"][0] = 5.0 * d["y"][1]
        return d["y"][0] * d["y"][1]

    x = np.array([2.0, 3.0])
    bars = ssad.grad(reads)({"x": x, "y": x})
    np.testing.assert_array_equal(bars["x"], [2.0, 0.0])
    np.testing.assert_array_equal(bars["y"], [2.0, 0.0])
    x = np.array([2.0, 3.0])
    bars = ssad.grad(writes)({"x": x, "y": x})
    np.testing.assert_array_equal(x, [15.0, 3.0])
    np.testing.assert_array_equal(bars["y"], [0.0, 30.0])
    np.testing.assert_array_equal(bars["x"], [0.0, 30.0])


def test_structures_are_compiled_once() -> None:
    f = ssad.jit_grad(use_dict)
    for k in (1.0, 2.0):
        f({"a": k, "inner": {"x": X}, "list": [k, k], "text": "on", "none": None})
    assert len(f.signatures) == 1
    f({"a": 1.0, "inner": {"x": X}, "list": [1.0], "text": "on", "none": None})
    assert len(f.signatures) == 2


def test_float32_leaves_keep_their_type() -> None:
    bars = ssad.grad(lambda d: float(d["x"][0] * d["k"]))({"x": np.ones(2, np.float32), "k": np.float32(3.0)})
    assert bars["x"].dtype == np.float32 and type(bars["k"]) is np.float32


@dataclass
class Walker:
    x: float
    v: float
    steps: int = 0
    path: Any = None


class Total:
    def __init__(self) -> None:
        self.sum = 0.0

    def add(self, z: Any) -> Any:
        self.sum += z
        return self


def walked(x: Any, v: Any, n: int = 3, *, dt: float = 0.1) -> Any:
    walker = Walker(x, v)
    while walker.steps < n:
        walker.v -= walker.x * dt
        walker.x += walker.v * dt
        walker.steps += 1
        path = np.zeros(walker.steps)
        path[walker.steps - 1] = walker.x
        walker.path = path
    return walker


def test_objects_made_inside_are_results() -> None:
    for args in ((1.0, 0.5), (1.0, 0.5, 0), (1.0, 0.5, 5)):
        got, expected = ssad.jit(walked)(*args), walked(*args)
        assert type(got) is Walker
        assert (got.x, got.v, got.steps) == (expected.x, expected.v, expected.steps)
        assert (got.path is None) is (expected.path is None)
        if got.path is not None:
            np.testing.assert_array_equal(got.path, expected.path)
    value, tangent = ssad.jvp(walked, (1.0, 0.5), (1.0, 0.0))
    moved = walked(1.0 + 1e-6, 0.5)
    assert value.x == walked(1.0, 0.5).x
    assert abs(tangent.x - (moved.x - value.x) / 1e-6) < 1e-6
    total, inside = ssad.jit(lambda x: (Total().add(x).add(x * x), {"k": Total().add(x)}))(2.0)
    assert type(total) is Total and total.sum == 6.0 and inside["k"].sum == 2.0


def collected(x: Any, n: int) -> Any:
    rows = []
    for k in range(n):
        rows.append((x * k, k, k > 1, "text", Bounds(x + k, complex(x, k))))
    return rows, {"last": [x, x * x]}


def test_lists_made_inside_are_results() -> None:
    for n in (0, 1, 4):
        assert content(ssad.jit(collected)(1.5, n)) == content(collected(1.5, n))
    value, pullback = ssad.vjp(collected, 1.5, 3)
    assert content(value) == content(collected(1.5, 3))
    bar = (10.0, None, None, None, Bounds(1.0, 2.0 + 5.0j))
    assert pullback(([None, bar, bar], {"last": [100.0, 1000.0]})) == (33.0 + 3.0 + 100.0 + 3000.0, None)
    with pytest.raises(ArgumentError, match="y_bar"):
        pullback(([bar], {"last": [0.0, 0.0]}))
    dots = ssad.jvp(collected, (1.5, 2), (1.0, None))[1]
    rows = [(float(k), None, None, None, Bounds(1.0, 1.0 + 0.0j)) for k in range(2)]
    assert dots == (rows, {"last": [1.0, 3.0]})
    assert ssad.jit(lambda x: ([], [x]))(2.0) == ([], [2.0])


def trajectory(x: Any, n: int) -> Any:
    state, states = np.array([x, 1.0]), []
    for _ in range(n):
        state[0] = state[0] * state[1] + 0.1
        state[1] *= math.sin(x)
        states.append(state.copy())
    return states


def nested(x: Any, n: int) -> Any:
    triangle = [[[x * k for k in range(i)] for i in range(j)] for j in range(n)]
    labelled = [[(x, k, "t") for k in range(j)] for j in range(n)]
    grids = [np.full((k, 2), x * k) for k in range(n)]
    return triangle, labelled, grids, [[] for _ in range(n)]


def test_lists_of_lists_and_of_arrays_are_results() -> None:
    for n in (0, 1, 4):
        got, expected = ssad.jit(nested)(1.5, n), nested(1.5, n)
        assert got[0] == expected[0] and got[1] == expected[1] and got[3] == expected[3]
        assert [grid.tolist() for grid in got[2]] == [grid.tolist() for grid in expected[2]]
        assert [grid.shape for grid in got[2]] == [grid.shape for grid in expected[2]]
        for a, b in zip(ssad.jit(trajectory)(1.5, n), trajectory(1.5, n), strict=True):
            np.testing.assert_array_equal(a, b)
    dots = ssad.jvp(trajectory, (1.5, 3), (1.0, None))[1]
    differences = zip(trajectory(1.5 + 1e-6, 3), trajectory(1.5 - 1e-6, 3), strict=True)
    for dot, (above, below) in zip(dots, differences, strict=True):
        np.testing.assert_allclose(dot, (above - below) / 2e-6, rtol=1e-8, atol=1e-8)
    _, pullback = ssad.vjp(trajectory, 1.5, 3)
    weights = [np.zeros(2), np.array([1.0, -2.0]), np.array([0.5, 0.25])]
    expected = sum(float(np.dot(w, dot)) for w, dot in zip(weights, dots, strict=True))
    assert pullback(weights)[0] == pytest.approx(expected, rel=1e-13)
    _, pullback = ssad.vjp(lambda x: [[x, 2.0 * x], [], [x * x]], 1.5)
    assert pullback([[1.0, 10.0], [], [100.0]]) == (321.0,)


class Phase(enum.Enum):
    SOLID = "s"
    LIQUID = "l"


def labelled(x: float) -> Any:
    try:
        if x > 2.0:
            raise ValueError("hot")
        word = "cold" if x < 1.0 else "warm"
    except ValueError:
        word = "hot"
    phase = Phase.LIQUID if x > 1.0 else Phase.SOLID
    return word, phase, (phase if x > 1.5 else None), {"first": x, "name": phase.name}


def test_strings_and_members_by_data_are_results() -> None:
    for x in (0.5, 1.2, 1.7, 3.0):
        assert ssad.jit(labelled)(x) == labelled(x)
    value, dot = ssad.jvp(labelled, (1.7,), (1.0,))
    assert value == labelled(1.7) and dot == (None, None, None, {"first": 1.0, "name": None})


def test_an_object_that_is_changed_comes_in_once() -> None:
    def moved(a, b):
        a.move(0.1)
        return a.x * b.x

    body = Body(1.0, np.ones(1))
    with pytest.raises(ArgumentError, match="the Body in argument 0 is changed, and comes in elsewhere, too"):
        ssad.jit(moved)(body, body)
    assert body.x == 1.0
    assert ssad.grad(moved)(body, Body(1.0, np.ones(1))).x == 1.0 - 0.1 * 0.1


def test_a_list_of_the_callers_objects_stays_as_it_is() -> None:
    """Those that are handed back would be others."""

    def added(bodies, x):
        bodies.append(Body(x, x))
        return bodies[-1].x

    with pytest.raises(ssad.errors.UnsupportedError, match="this function changes a list of Body"):
        ssad.jit(added)([Body(1.0, 1.0)], 2.0)


def test_after_an_exception_objects_are_as_before() -> None:
    def failing(body):
        body.x = 5.0
        if body.at == 0:
            raise ValueError("at")
        return body.x

    body = Body(1.0, np.ones(1))
    with pytest.raises(ValueError, match="at"):
        ssad.jit(failing)(body)
    assert body.x == 1.0


def test_every_operator_changes_arguments_as_the_function_does() -> None:
    """Once, and those that call it several times not at all."""

    def scaled(body, x):
        body.x = body.x * x
        return body.x * x

    def left(operator: Callable[..., Any]) -> Any:
        body = Body(1.5, 0.0)
        operator(body)
        return body.x

    assert left(lambda b: ssad.jit(scaled)(b, 2.0)) == 3.0
    assert left(lambda b: ssad.grad(scaled)(b, 2.0)) == 3.0
    assert left(lambda b: ssad.jvp(scaled, (b, 2.0), (None, 1.0))) == 3.0
    assert left(lambda b: ssad.vjp(scaled, b, 2.0)) == 3.0
    assert left(lambda b: ssad.vjp(scaled, b, 2.0)[1](1.0)) == 3.0
    assert left(lambda b: ssad.jacobian(scaled, argnums=1)(b, 2.0)) == 1.5
    assert left(lambda b: ssad.hessian(scaled, argnums=1)(b, 2.0)) == 1.5


def test_a_gradient_wants_one_float() -> None:
    with pytest.raises(DifferentiationError, match="this one returns Walker"):
        ssad.grad(walked)(1.0, 0.5)


def test_refusals() -> None:
    with pytest.raises(DifferentiationError, match="'d': it is a dict without a float in it"):
        ssad.grad(lambda d: 1.0)({"n": 3})
    with pytest.raises(ArgumentError, match="is a dict"):
        ssad.jit(lambda d: 1.0)({1: 2.0})
    with pytest.raises(ArgumentError, match="belongs to a dict"):
        ssad.jvp(lambda d: d["a"], ({"a": 1.0},), ({"b": 1.0},))
    loop: list[Any] = [1.0]
    loop.append(loop)
    with pytest.raises(ArgumentError, match="that contains itself"):
        ssad.jit(lambda d: 1.0)(loop)
    with pytest.raises(ArgumentError, match="1001"):
        ssad.jit(lambda d: 1.0)([0.0] * 1001)
