"""The verifier: what text cannot say, the shape of its errors, and that no invariant goes untested."""

import re
from pathlib import Path

import pytest

import ssad.primitives  # noqa: F401
from ssad.errors import VerifyError
from ssad.ir.builder import Builder
from ssad.ir.core import Block, Edge, Function, Module, Op, Value, f64, i64, jump, return_
from ssad.ir.parser import parse_module
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import F64
from ssad.ir.verify import fits, verify
from tests.golden import ROOT

HERE = Path(__file__)


def one_block() -> tuple[Function, Block, Value]:
    """A function of one f64 that returns it, its entry and its parameter."""
    function = Function("f")
    entry = function.add_block("entry")
    x = entry.add_param(F64, "x")
    entry.term = return_([x])
    function.result_types = [F64]
    return function, entry, x


def broken(function: Function, stage: str | None = None) -> str:
    """The number of the invariant that `function` breaks."""
    with pytest.raises(VerifyError) as caught:
        verify(function, stage)
    return caught.value.invariant


def test_a_function_without_blocks() -> None:
    assert broken(Function("f")) == "V01"


def test_a_block_listed_twice() -> None:
    function, entry, _ = one_block()
    function.blocks.append(entry)
    assert broken(function) == "V01"


def test_an_edge_out_of_the_function() -> None:
    function, entry, _ = one_block()
    entry.term = jump(Block("elsewhere"))
    assert broken(function) == "V01"


def test_a_terminator_with_too_many_edges() -> None:
    function, entry, _ = one_block()
    exit_ = function.add_block("exit")
    entry.term = jump(exit_)
    entry.term.edges.append(Edge(exit_))
    assert broken(function) == "V03"


def test_an_op_listed_twice() -> None:
    function, entry, x = one_block()
    Builder(entry).add(x, 1.0)
    entry.ops.append(entry.ops[0])
    assert broken(function) == "V06"


def test_a_parameter_of_two_blocks() -> None:
    function, entry, x = one_block()
    exit_ = function.add_block("exit")
    exit_.params.append(x)
    entry.term = jump(exit_, [x])
    exit_.term = return_([x])
    assert broken(function) == "V06"


def test_a_result_that_does_not_know_its_op() -> None:
    function, entry, x = one_block()
    Builder(entry).add(x, 1.0).owner = None
    assert broken(function) == "V06"


def test_a_parameter_that_does_not_know_its_block() -> None:
    function, _, x = one_block()
    x.owner = None
    assert broken(function) == "V06"


def test_an_immediate_as_a_parameter() -> None:
    function, entry, _ = one_block()
    entry.params.append(f64(1.0))
    assert broken(function) == "V06"


def test_a_value_of_another_function() -> None:
    function, entry, _ = one_block()
    _, _, other = one_block()
    entry.term = return_([other])
    assert broken(function) == "V07"


@pytest.mark.parametrize("value", [[1], {"a": 1}, object(), 1j, b"x", (1, [2]), F64])
def test_an_attribute_without_text_form(value: object) -> None:
    function, entry, x = one_block()
    entry.ops.append(Op(PRIMITIVES["add"], [x, x], {"extra": value}, F64, None))
    assert broken(function) == "V15"


def test_an_attribute_whose_name_is_none() -> None:
    function, entry, x = one_block()
    entry.ops.append(Op(PRIMITIVES["add"], [x, x], {"not a name": 1}, F64, None))
    assert broken(function) == "V15"


def test_immediates_fit_their_types() -> None:
    assert not fits(F64, 1)
    assert not fits(i64(1).type, 1.0)
    assert not fits(i64(1).type, True)
    assert not fits(i64(1).type, 1 << 63)
    assert fits(i64(1).type, -1 << 63)


LONG = """\
func @f(%x: f64) -> f64 {
^entry:
  %a = add %x, 1.0 : f64
  %b = add %a, 1.0 : f64
  %c = add %b, 1.0 : f64
  %d = add %c, 1.0 : f64
  %e = add %d, 1 : f64
  %g = add %e, 1.0 : f64
  %h = add %g, 1.0 : f64
  %i = add %h, 1.0 : f64
  %j = add %i, 1.0 : f64
  return %j
}
"""

SHOWN = """\
error[SSAD0510]: V12: add: wants 2 operands of one type of kind f or i or u, got (f64, i64)
    func @f(%x: f64) -> f64 {
      ...
      %b = add %a, 1.0 : f64
      %c = add %b, 1.0 : f64
      %d = add %c, 1.0 : f64
  >   %e = add %d, 1 : f64
      %g = add %e, 1.0 : f64
      %h = add %g, 1.0 : f64
      %i = add %h, 1.0 : f64
      ..."""


def test_an_error_shows_the_neighbourhood_of_the_guilty_line_only() -> None:
    with pytest.raises(VerifyError) as caught:
        verify(parse_module(LONG))
    assert str(caught.value) == SHOWN


def test_a_module_is_verified_function_by_function() -> None:
    module = Module()
    for _ in range(3):
        module.add(one_block()[0])
    verify(module)
    assert list(module.functions) == ["f", "f.1", "f.2"]
    module.functions["f.2"].blocks[0].term = return_([])
    with pytest.raises(VerifyError, match="V11"):
        verify(module)


def test_every_invariant_is_documented_and_broken_by_a_test() -> None:
    sources = [HERE.parent.parent / "ssad" / "ir" / name for name in ("verify.py", "verify_adjoint.py")]
    checked = {n for source in sources for n in re.findall(r'"(V\d\d)"', source.read_text("utf-8"))}
    documented = re.findall(
        r"^\| (V\d\d) \|", (HERE.parent.parent / "docs" / "ir.md").read_text("utf-8"), re.M
    )
    goldens = (ROOT / "verify").glob("*.ssa")
    tested = {n for path in goldens for n in re.findall(r"# error: (V\d\d):", path.read_text("utf-8"))}
    tested |= set(re.findall(r'== "(V\d\d)"', HERE.read_text("utf-8")))
    assert sorted(checked) == documented == sorted(tested)
