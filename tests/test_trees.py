"""Arguments, results and gradients that are trees: what comes in comes back, whatever it is made of.

Each case is a function, a maker of its arguments from leaves, and the leaves. The tape differentiates the
function of the leaves; tokens in place of the leaves tell which leaf stands where.
"""

from __future__ import annotations

import dataclasses
import enum
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
    for (_, ours), (_, left) in zip(_arrays(args), _arrays(theirs), strict=True):
        np.testing.assert_array_equal(ours, left)


def _arrays(args: tuple[Any, ...]) -> list[tuple[int, Any]]:
    from ssad.trees import flat

    return [(n, leaf) for n, leaf in enumerate(flat(args)) if isinstance(leaf, np.ndarray)]


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
