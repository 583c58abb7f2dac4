"""What is wrong is said in at most six lines, with cause and cure; nothing crashes the process."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ssad
from ssad.errors import SsadError
from tests.outside import log_sum_exp, refused

ROOT = Path(__file__).resolve().parent.parent


def square(x: Any) -> Any:
    return x * x


def generator(x: Any) -> Any:
    yield x


async def coroutine(x: Any) -> Any:
    return x


class Thing:
    def __call__(self, x: Any) -> Any:
        return x

    def method(self, x: Any) -> Any:
        return x


x = np.ones(3)
jit, grad = ssad.jit(log_sum_exp), ssad.grad(log_sum_exp)

Case = tuple[str, Callable[[], Any], str]
"""What is wrong, a call, and words of the message."""

NUMBER_OF_ARGUMENTS: list[Case] = [
    ("too few", lambda: jit(x), "missing a required argument: 't'"),
    ("too many", lambda: jit(x, 1.0, 2.0), "too many positional arguments"),
    ("none", lambda: grad(), "missing a required argument: 'x'"),
    ("unknown keyword", lambda: grad(x, 1.0, z=2.0), "unexpected keyword argument 'z'"),
    ("twice", lambda: grad(x, 1.0, t=2.0), "multiple values for argument 't'"),
    ("jvp", lambda: ssad.jvp(log_sum_exp, (x,), (x,)), "lacks 1 argument: t"),
    ("jvp, tangents", lambda: ssad.jvp(log_sum_exp, (x, 1.0), (x,)), "2 primals and 1 tangents"),
    ("jvp, no tuples", lambda: ssad.jvp(square, 1.0, 1.0), "primals is 1.0"),
    ("vjp", lambda: ssad.vjp(log_sum_exp, x), "lacks 1 argument: t"),
    ("hvp", lambda: ssad.hvp(square, 1.0, 1.0, 1.0), "takes 1 positional argument, but 2"),
    ("hessian", lambda: ssad.hessian(log_sum_exp)(x), "missing a required argument: 't'"),
    ("jacobian", lambda: ssad.jacobian(log_sum_exp)(), "missing a required argument: 'x'"),
    ("check_grads", lambda: ssad.check_grads(log_sum_exp, x), "missing a required argument: 't'"),
]

ARGUMENTS: list[Case] = [
    ("list", lambda: jit([b"a", 2.0], 1.0), "argument 'x' of log_sum_exp: argument [0] is a bytes"),
    ("dict", lambda: jit({1: 2.0}, 1.0), "is a dict whose keys"),
    ("set", lambda: jit(x, {1.0}), "'t' of log_sum_exp: an argument is a set"),
    ("bytes", lambda: jit(b"ab", 1.0), "is a bytes"),
    ("object", lambda: jit(Thing(), 1.0), "Thing"),
    ("None", lambda: jit(None, 1.0), "None has no length"),
    ("string as data", lambda: jit("ab", 1.0), "'ab'"),
    ("string as a number", lambda: jit(x, "ab"), "`*` of np.float64 and 'ab'"),
    ("number for an array", lambda: jit(1.0, 1.0), "float has no length"),
    ("0-d array for an array", lambda: jit(np.array(1.0), 1.0), "has no length"),
    ("matrix for a vector", lambda: jit(np.ones((2, 2)), 1.0), "array expressions"),
    ("big-endian", lambda: jit(np.ones(2, ">f8"), 1.0), "foreign byte order"),
    ("not aligned", lambda: jit(np.ones(3, [("a", "i1"), ("b", float)])["b"], 1.0), "not aligned"),
    ("objects", lambda: jit(np.array([1.0, None], object), 1.0), "Python objects"),
    ("complex array", lambda: jit(np.ones(2, complex), 1.0), "complex128"),
    ("half precision", lambda: jit(np.ones(2, np.float16), 1.0), "float16"),
    ("long double", lambda: jit(np.ones(2, np.longdouble), 1.0), "array of float"),
    ("records", lambda: jit(np.zeros(2, [("a", float)]), 1.0), "records"),
    ("strings", lambda: jit(np.array(["a"]), 1.0), "array of str"),
    ("dates", lambda: jit(np.zeros(2, "datetime64[D]"), 1.0), "datetime64"),
    ("masked", lambda: jit(np.ma.masked_array([1.0]), 1.0), "MaskedArray"),
    ("huge int", lambda: jit(x, 2**64), "does not fit into 64 bits"),
    ("huge negative int", lambda: jit(x, -(2**63) - 1), "does not fit into 64 bits"),
    ("complex", lambda: jit(x, 1j), "complex"),
    ("int subclass", lambda: jit(x, type("Int", (int,), {})(3)), "Int"),
    ("a string to differentiate by", lambda: ssad.grad(square)("a"), "'x': it is str 'a'"),
    ("a list to differentiate by", lambda: ssad.grad(square)([1]), "'x': it is a list without a float"),
    ("a tree's Hessian", lambda: ssad.hessian(square)([1.0]), "argument 'x' is a list"),
    ("a tree's Jacobian", lambda: ssad.jacobian(square)((1.0,)), "argument 'x' is a tuple"),
    ("None to differentiate by", lambda: ssad.grad(square)(None), "'x': it is NoneType"),
    ("ints to differentiate by", lambda: ssad.grad(square)(np.arange(3)), "int64"),
    ("nothing to check", lambda: ssad.check_grads(square, 3), "none of the arguments"),
    ("no order", lambda: ssad.check_grads(square, 3.0, order=5), "order is 5"),
]

FUNCTIONS: list[Case] = [
    ("generator", lambda: ssad.jit(generator)(1.0), "generator function"),
    ("coroutine", lambda: ssad.jit(coroutine)(1.0), "coroutine"),
    ("class", lambda: ssad.jit(Thing), "the class Thing"),
    ("builtin", lambda: ssad.grad(math.sin), "compiled function sin"),
    ("operator", lambda: ssad.grad(operator.add), "compiled function add"),
    ("ufunc", lambda: ssad.jit(np.sin), "compiled function sin"),
    ("cached", lambda: ssad.jit(functools.lru_cache(square)), "_lru_cache_wrapper"),
    ("static method", lambda: ssad.jit(staticmethod(square)), "staticmethod"),
    ("a number", lambda: ssad.grad(3), "value of type int"),  # type: ignore[arg-type]
    ("None", lambda: ssad.hvp(None, 1.0, 1.0), "NoneType"),  # type: ignore[arg-type]
    ("a string", lambda: ssad.jacobian("f"), "value of type str"),  # type: ignore[arg-type]
    ("a rule for a builtin", lambda: ssad.defvjp(math.sin), "compiled function sin"),
    ("a rule that is none", lambda: ssad.defvjp(lambda x: x)(3), "type int"),  # type: ignore[arg-type]
]

DERIVATIVES: list[Case] = [
    ("argnums too large", lambda: ssad.grad(square, argnums=1), "argnums 1 does not fit square"),
    ("argnums of a Hessian", lambda: ssad.hessian(square, argnums=5), "argnums 5 does not fit"),
    ("two argnums of a Hessian", lambda: ssad.hessian(square, argnums=(0, 0)), "by one argument"),  # type: ignore[arg-type]
    ("argnums of a Jacobian", lambda: ssad.jacobian(square, argnums="a"), "'a' does not fit"),  # type: ignore[arg-type]
    ("argnums to check", lambda: ssad.check_grads(square, 1.0, argnums=4), "argnums 4"),
    ("mode", lambda: ssad.jacobian(square, mode="sideways"), "'sideways' is unknown"),
    ("a vector's gradient", lambda: ssad.grad(lambda x: x)(np.ones((2, 3))), "(2, 3)"),
    ("a string's gradient", lambda: ssad.grad(lambda x: "a")(1.0), "'a'"),
    ("a tuple's Jacobian", lambda: ssad.jacobian(lambda x: (x, x))(1.0), "(1.0, 1.0)"),
    ("a string's Jacobian", lambda: ssad.jacobian(lambda x: "a")(1.0), "'a'"),
    ("tangent of wrong shape", lambda: ssad.jvp(log_sum_exp, (x, 1.0), (np.ones(4), None)), "(4,)"),
    ("tangent that is text", lambda: ssad.jvp(square, (1.0,), ("a",)), "tangents[0] is 'a'"),
    ("cotangent that is text", lambda: ssad.vjp(square, 1.0)[1]("a"), "y_bar is 'a'"),
    ("cotangent that is None", lambda: ssad.vjp(square, 1.0)[1](None), "y_bar is None"),
    ("cotangent of wrong shape", lambda: ssad.vjp(square, 1.0)[1](x), "(3,)"),
    ("too few cotangents", lambda: ssad.vjp(lambda x: (x, x), 1.0)[1](1.0), "1 parts, the result 2"),
    ("too many", lambda: ssad.vjp(lambda x: (x, x), 1.0)[1]((1.0,) * 3), "3 parts, the result 2"),
    ("direction of wrong shape", lambda: ssad.hvp(square, 1.0, x), "(3,)"),
    ("option", lambda: ssad.grad(square, fast_math=True), "no option called 'fast_math'"),
    ("option of jit", lambda: ssad.jit(nonsense=3), "no option called 'nonsense'"),  # type: ignore[call-overload]
    ("error model", lambda: ssad.jit(error_model="c")(square), "error_model is 'c'"),
    ("second rule", lambda: [ssad.defvjp(generator)(square), ssad.defvjp(generator)(generator)], "generator"),
]


ALL = NUMBER_OF_ARGUMENTS + ARGUMENTS + FUNCTIONS + DERIVATIVES


@pytest.mark.parametrize(("call", "says"), [pytest.param(*case[1:], id=case[0]) for case in ALL])
def test_messages(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(SsadError) as caught:
        call()
    lines = str(caught.value).splitlines()
    assert len(lines) <= 6
    assert lines[0].startswith("error[SSAD")
    assert says in lines[0]
    assert caught.value.cure and lines[-1] == f"  help: {' '.join(caught.value.cure.split())}"
    place = caught.value.place
    if place is not None and place.column is not None:
        assert set(lines[3].split("|")[1].strip()) == {"^"}


def test_errors_are_of_the_kind_that_python_raises() -> None:
    for _, call, _ in NUMBER_OF_ARGUMENTS + ARGUMENTS:
        with pytest.raises((TypeError, NotImplementedError)):
            call()


def test_a_place_has_file_line_source_and_caret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    def f(x: Any) -> Any:
        return {3.0, x}

    line = f.__code__.co_firstlineno + 1
    lines = refused(NotImplementedError, ssad.jit(f), 1.0).splitlines()
    assert lines[1] == f"  --> {Path(__file__).resolve().relative_to(ROOT)}:{line}:16 in {f.__qualname__}"
    assert lines[2] == f"{line:>5} | return {{3.0, x}}"
    assert lines[3] == "      |        ^^^^^^^^"


def test_a_function_without_source_is_compiled() -> None:
    scope: dict[str, Any] = {}
    exec("def f(x):\n    return x * x\ndef g(x):\n    return {1: x}\n", scope)
    assert ssad.grad(scope["f"])(3.0) == 6.0
    text = refused(NotImplementedError, ssad.jit(scope["g"]), 1.0)
    assert "<string>:4" in text


def test_after_an_error_the_next_call_works() -> None:
    g = ssad.jit_grad(square)
    for _ in range(2):
        with pytest.raises(SsadError):
            g("a")
        with pytest.raises(SsadError):
            g(np.ones(2, ">f8"))
        assert g(3.0) == 6.0


def test_empty_arrays() -> None:
    with pytest.raises(ValueError) as caught:
        grad(np.zeros(0), 1.0)
    assert type(caught.value) is ValueError and caught.value.__notes__
    assert grad(np.zeros(1), 1.0).tolist() == [1.0]

    def total(x: Any) -> Any:
        s = 0.0
        for v in x:
            s += v * v
        return s

    value, bar = ssad.value_and_grad(total)(np.zeros(0, np.float32))
    assert value == 0.0 and bar.shape == (0,) and bar.dtype == np.float32
