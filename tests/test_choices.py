"""What is no pass and can be left out like one: each is seen in the text of a function that it matters to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ssad.analysis.alias import alias_classes
from ssad.analysis.choices import ATTRIBUTE, CHOICES, does, leaving_out
from ssad.analysis.induction import counting
from ssad.errors import UsageError
from ssad.frontend.arguments import abstract_of
from ssad.ir.parser import parse_module
from ssad.passes.manager import run_passes
from ssad.pipeline import Recipe, Step, Trace, stage


def squares(x, out):
    for i in range(len(x)):
        out[i] = x[i] * x[i]
        out[i] += x[i]
    return out[0]


def turned(x, n):
    a = np.zeros(3)
    for i in range(n):
        a[i % 3] += x[i % 2] * a[(i + 1) % 3] + 1.0
    return a[0]


def product(x, n):
    s = 1.0
    for i in range(n):
        s = math.sin(s * x[i])
    return s


def every_third(x, n):
    s = 1.0
    while n > 0:
        s = s * x[n]
        n -= 3
    return s


def powers(x):
    s = 0.0
    for i in range(len(x)):
        s += math.exp(x[i])
    return s


def roots(a, tol, h):
    s, tol, h = 0.0, 2.0 * tol, 0.25 * h
    for i in range(len(a)):
        x = a[i]
        while abs(x * x - a[i]) > tol * a[i]:
            x = h * (x + a[i] / x)
        s += x
    return s


def pairs(x, n):
    s = 0.0
    for i in range(min(n, 1000)):
        s += x[(2 * i + 1) % 7] * (3 * i)
    return s


def bent(x, y):
    s = 1.0
    for i in range(len(x)):
        s = s * (2.0 * x[i] + y)
    return s


def wave(x):
    return x * math.sin(x)


X = np.linspace(1.0, 2.0, 9)
SEEN: list[tuple[str, Callable[..., Any], tuple[Any, ...], str, str, str, int, int]] = [
    # choice, function, arguments, mode, stage, what is counted in its text, how often with it and without
    ("activity", roots, (X, 1e-12, 2.0), "gradient", "refined", "stack_new", 0, 1),
    ("alias", squares, (X, X.copy()), "primal", "refined", "= load %x", 1, 2),
    ("alias_scopes", squares, (X, X.copy()), "primal", "llvm", "!alias.scope", 4, 0),
    ("entry_allocas", turned, (X, 9), "primal", "llvm", "= alloca [", 1, 0),
    ("index_tapes", product, (X, 9), "reverse", "refined", "stack_new", 0, 1),
    ("induction", powers, (X,), "primal", "refined", "= in_range", 0, 1),
    ("invert", every_third, (X, 8), "reverse", "refined", "stack<f64, i64>", 0, 6),
    ("loop_hints", powers, (X,), "gradient", "llvm", ", !llvm.loop", 3, 0),
    ("preaccumulate", roots, (X, 1e-12, 2.0), "gradient", "refined", "stack_new", 0, 1),
    ("ranges", pairs, (X, 9), "primal", "refined", "_overflows", 0, 9),
    ("recompute", bent, (X, 2.0), "reverse", "refined", "tape_set", 1, 2),
    ("tangent", wave, (2.0,), "gradient", "adjoint", " rev of ^entry", 0, 1),
]


def test_each_choice_is_seen_below() -> None:
    assert [row[0] for row in SEEN] == sorted(CHOICES)


@pytest.mark.parametrize("row", SEEN, ids=lambda row: row[0])
def test_it_is_seen(row: Any) -> None:
    choice, fn, args, mode, name, text, with_it, without = row
    arguments = [abstract_of(arg) for arg in args]
    recipe = Recipe(() if mode == "primal" else (Step(mode, (0,)),))
    made = [
        stage(name, fn, arguments, recipe, Trace(disable=left_out, verify=True)).text()
        for left_out in ((), (choice,))
    ]
    assert [one.count(text) for one in made] == [with_it, without]
    assert not any(ATTRIBUTE in one for one in made)


LOOP = """
func @main(%x: f64[?; C], %y: f64[?; C]) -> f64 {
^entry:
  %n = dim %x {axis = 0} : i64
  jump ^loop(0, 0.0)
^loop(%k: i64, %s: f64):
  %more = lt %k, %n : bool
  branch %more, ^body, ^exit
^body:
  %v = load %x, %k : f64
  store %y, 0, %v
  %s.1 = add %s, %v : f64
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %s.1)
^exit:
  return %s
}
"""


def test_left_out_inside_only() -> None:
    module = parse_module(LOOP)
    main = module.main
    loop = main.blocks[1]
    x, y = main.params
    for _ in range(2):  # what was found before is not taken for what is asked now, either way
        assert counting(main)[loop].counter is loop.params[0]
        assert not alias_classes(main).may_alias(x, y)
        with leaving_out(module, ["induction"]):
            assert counting(main)[loop].counter is None
            with leaving_out(module, ["alias"]):
                assert not does(main, "alias") and not does(main, "induction") and does(main, "ranges")
                assert alias_classes(main).may_alias(x, y)
                assert not alias_classes(main, exact=True).may_alias(x, y)
            assert does(main, "alias") and not does(main, "induction")
    assert main.attrs == {}


def test_left_out_no_longer_than_an_error() -> None:
    module = parse_module(LOOP)
    with pytest.raises(ZeroDivisionError), leaving_out(module, ["ranges"]):
        raise ZeroDivisionError
    assert module.main.attrs == {}


def test_passes_run_without() -> None:
    module = parse_module(LOOP)
    seen: list[bool] = []
    run_passes(
        module, ["licm"], disable=["alias"], observer=lambda *_: seen.append(does(module.main, "alias"))
    )
    assert seen == [False] and module.main.attrs == {}


def test_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="ranjes") as caught:
        run_passes(parse_module(LOOP), [], disable=["ranjes"])
    assert "did you mean ranges?" in str(caught.value)
