"""What a function finds outside: callables at the doors, objects whose change is noticed at the next call."""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ssad
from tests.outside import refused


class Model:
    slope = 2.0

    def __init__(self) -> None:
        self.offset = 0.5
        self.weights = np.array([1.0, -2.0])
        self.layers = [np.array([0.5]), 3.0]
        self.table = {"f": math.sin, "k": 1.5}
        self.space = SimpleNamespace(inner=SimpleNamespace(depth=2))

    @property
    def doubled(self) -> float:
        return 2.0 * self.offset

    def term(self, x: float) -> float:
        return self.slope * x + self.doubled

    def __call__(self, x: float, *more: float, scale: float = 1.0) -> Any:
        y = self.table["f"](x) * self.table["k"] + self.layers[0][0] * self.layers[1]
        for m in more:
            y = y * m
        return scale * y + self.term(x) + self.weights[1] * x + self.space.inner.depth * x


def slope_of(f: Callable[..., Any], x: float, h: float = 1e-6) -> float:
    return float((f(x + h) - f(x - h)) / (2.0 * h))


def check(f: Any, g: Any, x: float = 0.75) -> None:
    assert g.value(x) == pytest.approx(f(x), rel=1e-15)
    assert g(x) == pytest.approx(slope_of(f, x), rel=1e-7)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m, "offset", 1.25),
        lambda m: setattr(m, "offset", 2),
        lambda m: setattr(m, "weights", np.array([3.0, 4.0])),
        lambda m: m.weights.__setitem__(1, 7.0),
        lambda m: m.layers.__setitem__(0, np.array([-3.0])),
        lambda m: m.layers[0].__setitem__(0, -3.0),
        lambda m: m.layers.__setitem__(1, -1),
        lambda m: m.table.update(k=-4.0),
        lambda m: m.table.update(f=math.exp),
        lambda m: setattr(m.space.inner, "depth", 5),
        lambda m: setattr(m, "space", SimpleNamespace(inner=SimpleNamespace(depth=-1))),
        lambda m: setattr(m, "term", lambda x: x * x),
        lambda m: setattr(m, "slope", -1.0),
        lambda m: setattr(type(m), "slope", 9.0),
        lambda m: setattr(type(m), "doubled", property(lambda self: 7.0 * self.offset)),
        lambda m: setattr(type(m), "term", lambda self, x: x * self.offset),
        lambda m: setattr(type(m), "__call__", lambda self, x, *more, scale=1.0: x * x * self.offset),
    ],
)
def test_a_change_is_noticed(change: Callable[[Any], None]) -> None:
    class Own(Model):
        slope = 2.0
        doubled = Model.doubled
        term = Model.term
        __call__ = Model.__call__

    model = Own()
    by_global = eval("lambda x: model(x)", {"model": model})
    doors = [ssad.grad(model), ssad.grad(by_global), ssad.grad(functools.partial(model))]
    for door in doors:
        check(model, door)
    change(model)
    for door in doors:
        check(model, door)


def test_the_content_of_containers_is_noticed() -> None:
    rates, table, functions = [1.0, 2.0], {"a": 1.0}, [math.sin]
    scope = {"rates": rates, "table": table, "functions": functions}
    f = eval(
        "lambda x: x * sum_of(rates, x) + len(table) + len(rates) + functions[-1](x)"
        " + (table['b'] * x if 'b' in table else 0.0)",
        scope | {"sum_of": _sum_of},
    )
    g = ssad.grad(f)
    check(f, g)
    for change in (
        lambda: rates.append(3.5),
        lambda: rates.__setitem__(0, -1.0),
        lambda: table.update(b=4.0),
        lambda: table.update(b=-4.0),
        lambda: table.pop("a"),
        lambda: functions.append(math.cos),
        rates.clear,
    ):
        change()
        check(f, g)


def _sum_of(items: Any, x: float) -> float:
    s = 1.0
    for item in items:
        s += item * x
    return s


def test_partials_methods_and_callable_objects_are_differentiated() -> None:
    model = Model()
    check(model, ssad.grad(model))
    check(model.term, ssad.grad(model.term))
    check(functools.partial(model, scale=3.0), ssad.grad(functools.partial(model, scale=3.0)))
    by_second = functools.partial(math_free_product, 2.5)
    check(by_second, ssad.jit_grad(by_second))
    assert ssad.grad(model, argnums=(0, 1))(0.5, 2.0) == pytest.approx(
        (slope_of(lambda x: model(x, 2.0), 0.5), slope_of(lambda m: model(0.5, m), 2.0)), rel=1e-7
    )
    assert ssad.jit(model)(0.5, scale=2.0) == model(0.5, scale=2.0)
    assert ssad.jvp(model.term, (0.5,), (1.0,)) == (model.term(0.5), 2.0)
    assert ssad.hessian(by_second)(0.5) == 5.0
    ssad.check_grads(model, 0.5, 2.0, 3.0)


def math_free_product(a: float, x: float) -> float:
    return a * x * x


def test_the_same_object_is_compiled_once() -> None:
    model = Model()
    first, second = ssad.grad(model.term), ssad.grad(model.term)
    assert first.py_func is second.py_func
    assert ssad.grad(Model().term).py_func is not first.py_func


def test_arguments_in_any_number() -> None:
    def f(a: float, *rest: float, scale: float = 1.0, **named: float) -> float:
        s = a * scale
        for r in rest:
            s = s * r + a
        return s + named.get("shift", 0.5) * a

    g = ssad.grad(f, argnums=(0, 2))
    assert g(2.0, 3.0, 4.0) == (17.5, 8.0) and g.value(2.0, 3.0) == f(2.0, 3.0)
    assert ssad.grad(f, argnums=-1)(2.0, shift=3.0) == 2.0
    assert ssad.jit(f)(2.0, scale=3.0, shift=1.0) == f(2.0, scale=3.0, shift=1.0)
    assert ssad.jacobian(f)(2.0, 3.0) == 4.5 and ssad.hvp(f, 2.0, 1.0, 3.0) == 0.0
    assert "lacks" in refused(TypeError, g) or "missing" in refused(TypeError, g)
    assert "argnums" in refused(TypeError, g, 2.0)
    assert len(g.signatures) == 2


class Odd:
    def __getattr__(self, name: str) -> float:
        return 1.0

    def __eq__(self, other: object) -> bool:
        return True


class Sneaky:
    def __getattribute__(self, name: str) -> float:
        return 1.0


class Cached:
    @functools.cached_property
    def value(self) -> float:
        return 1.0


class Level(enum.IntEnum):
    LOW = 1


ODD, SNEAKY, CACHED, LONG = Odd(), Sneaky(), Cached(), list(range(100))


def test_numbers_of_a_class_of_their_own() -> None:
    f = eval(
        "lambda x: x ** L.LOW * L.LOW + (x if L.LOW == 1 and L.LOW else 0.0) + T[L.LOW]",
        {"L": Level, "T": (1.0, 2.0)},
    )
    check(f, ssad.grad(f))


REFUSED = [
    ("ODD.rate * x", "__getattr__"),
    ("SNEAKY.rate * x", "in its own way"),
    ("CACHED.value * x", "cached_property"),
    ("(x if ODD == 1.0 else 0.0)", "=="),
    ("LONG.append(x)", "attribute append of a list"),
    ("sum(LONG) * x", "list of 100 items"),
    ("(lambda: setattr(ODD, 'rate', x))()", "assignment to attribute rate"),
]


@pytest.mark.parametrize(("text", "part"), REFUSED, ids=[text for text, _ in REFUSED])
def test_what_may_change_unseen_is_refused(text: str, part: str) -> None:
    assert part in refused((TypeError, NotImplementedError), ssad.jit(eval(f"lambda x: {text}")), 1.0)
