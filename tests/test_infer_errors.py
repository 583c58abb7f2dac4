"""What cannot be typed is refused in at most six lines that say where, why and what to do instead."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ssad.errors import ArgumentError, SignatureError, SsadError
from ssad.frontend.abstract import Number
from ssad.frontend.arguments import abstract_of, parse_signature, signature_of_annotations
from ssad.frontend.codes import CODES
from ssad.frontend.infer import infer
from ssad.pipeline import Recipe, stage
from tests.untypable_programs import (
    CASES,
    generator,
    generator_as_result,
    generator_with_cell,
    unknown_name,
)


@pytest.mark.parametrize(("fn", "signature", "code", "part"), CASES, ids=[case[0].__name__ for case in CASES])
def test_refusals(fn: Callable[..., Any], signature: str, code: str, part: str) -> None:
    with pytest.raises(SsadError) as caught:
        stage("optimised", fn, parse_signature(signature), Recipe())
    text = str(caught.value)
    assert text.startswith(f"error[{code}]: ") and part in text
    assert len(text.splitlines()) <= 6
    assert "untypable_programs.py:" in text and "^" in text


@pytest.mark.parametrize(
    ("fn", "part"),
    [
        (generator, "none is compiled by itself"),
        (generator_with_cell, "shares a changing variable"),
    ],
)
def test_generators_that_are_refused(fn: Callable[..., Any], part: str) -> None:
    with pytest.raises(SsadError) as caught:
        infer(fn, parse_signature("f64"))
    assert caught.value.code == "SSAD0107" and part in str(caught.value)


def test_unknown_name() -> None:
    with pytest.raises(SsadError, match="the name undefined_name is not defined"):
        infer(unknown_name, parse_signature("f64"))


def test_codes_are_unique() -> None:
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({1.0}, "set"),
        (np.zeros(3, np.complex64), "complex64"),
        (np.zeros(3, ">f8"), "byte order"),
        (np.zeros(3, "f2"), "float16"),
        (np.float16(1), "float16"),
        (np.longdouble(1), "longdouble"),
        (2**70, "64 bits"),
        (np.complex64(1j), "complex64"),
        (np.ma.array([1.0]), "MaskedArray"),
        (np.zeros(3, object), "Python objects"),
        (np.zeros(3, [("a", float)]), "records"),
        ({1: 2.0}, "dict"),
        (functools.partial(abs), "partial"),
    ],
)
def test_arguments_are_refused_by_name(value: object, part: str) -> None:
    with pytest.raises(ArgumentError, match="argument weights ") as caught:
        abstract_of(value, "weights")
    assert part in str(caught.value)


def test_arguments() -> None:
    assert str(abstract_of(1.0)) == "float"
    assert str(abstract_of(np.float32(1.0))) == "np.float32"
    assert abstract_of(np.array(1.0)) == Number(abstract_of(np.float64(1)).parts[0], "numpy")  # type: ignore[arg-type]
    layouts = [np.zeros((2, 3)), np.zeros((2, 3), order="F"), np.zeros((4, 3))[::2], np.zeros((1, 1))]
    assert [str(abstract_of(x).parts[0])[7:] for x in layouts] == ["?; C]", "?; F]", "?]", "?; C]"]


def test_signatures() -> None:
    text = (
        "f64, np.f64, i8, float, f64[:], f64[::1], f64[::], f64[:, ::1], f32[::1, :], i64[:, :], (f64, i64)"
    )
    parts = [" ".join(map(str, a.parts)) for a in parse_signature(text)]
    assert parts[:7] == ["f64", "f64", "i8", "f64", "f64[?; C]", "f64[?; C]", "f64[?]"]
    assert parts[7:] == ["f64[?, ?; C]", "f32[?, ?; F]", "i64[?, ?]", "f64 i64"]
    assert parse_signature("") == []


@pytest.mark.parametrize("text", ["f64[:", "f64,,f64", "foo", "f64[1]", "f64[::1, ::1]", "f64[:, ::1, :]"])
def test_malformed_signatures(text: str) -> None:
    with pytest.raises(SignatureError, match="signature"):
        parse_signature(text)


def test_annotations() -> None:
    def annotated(x: "f64[:]", n: int, t: np.float32) -> float:  # type: ignore[name-defined, misc] # noqa: F821, UP037
        return t

    annotated.__annotations__ = {"x": "f64[:]", "n": int, "t": np.float32}
    assert [str(a) for a in signature_of_annotations(annotated)] == ["float64 array", "int", "np.float32"]
    with pytest.raises(SignatureError, match="has no annotation"):
        signature_of_annotations(lambda x: x)


@pytest.mark.parametrize(
    "fn",
    [
        generator_as_result,
        lambda x: {"a": range(int(x))},
        lambda x: (x, f"{x}"),
        lambda x: lambda: x,
        lambda x: range(int(x)),
    ],
)
def test_results_that_have_no_way_out_are_refused(fn: Callable[..., Any]) -> None:
    with pytest.raises(SsadError) as caught:
        infer(fn, parse_signature("f64"))
    assert "return" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 6


def test_calls_nested_deeper_than_64_are_refused() -> None:
    source = "def f0(x):\n    return x * 2.0\n"
    for n in range(1, 71):
        source += f"def f{n}(x):\n    return f{n - 1}(x) + 1.0\n"
    scope: dict[str, Any] = {}
    exec(compile(source, "<chain>", "exec"), scope)
    infer(scope["f63"], parse_signature("f64"))
    with pytest.raises(SsadError, match="nested deeper than 64"):
        infer(scope["f70"], parse_signature("f64"))
