"""Running lists of passes: by name, timed, observed, verified, switched off."""

from __future__ import annotations

import pytest

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.errors import UnsupportedError, UsageError, VerifyError
from ssad.ir.core import Function, Module, Value
from ssad.ir.parser import parse_module
from ssad.ir.types import F64
from ssad.passes import manager
from ssad.passes.manager import all_passes, find, run_passes

DEAD = """
func @f(%x: f64) -> f64 {
^entry:
  %a = sin %x : f64
  %b = mul %x, 1.0 : f64
  return %b
}
"""


def ops(module: Module) -> list[str]:
    return [op.name for op in module.main.ops()]


def test_every_pass_is_a_file_of_its_name_and_says_what_it_does() -> None:
    for one in all_passes():
        assert one.run.__module__.rpartition(".")[2] == one.name
        assert one.summary
        assert find(one.name) is one


def test_passes_run_in_order_and_tell_what_changed() -> None:
    module, seen, seconds = parse_module(DEAD), [], {}
    changed = run_passes(
        module,
        ["fold", "dce", "dce"],
        observer=lambda name, _, done: seen.append((name, done)),
        timings=seconds,
    )
    assert changed
    assert seen == [("fold", True), ("dce", True), ("dce", False)]
    assert ops(module) == []
    assert set(seconds) == {"fold", "dce"}
    assert all(t > 0 for t in seconds.values())
    assert not run_passes(module, ["fold", "dce"])


def test_disabled_passes_are_left_out() -> None:
    module = parse_module(DEAD)
    run_passes(module, ["fold", "dce"], disable=["dce"])
    assert ops(module) == ["sin"]


def test_an_unknown_pass_is_refused_with_the_nearest_name() -> None:
    module = parse_module(DEAD)
    with pytest.raises(UsageError, match="did you mean licm"):
        run_passes(module, ["lcim"])
    with pytest.raises(UsageError, match="dce"):
        run_passes(module, [], disable=["nothing-like-it"])


def test_verification_names_the_guilty_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(function: Function, module: Module) -> bool:
        function.entry.term.operands = [Value(F64, "stranger")]
        return True

    monkeypatch.setitem(manager.PASSES, "spoil", manager.Pass("spoil", "break it", spoil))
    with pytest.raises(VerifyError) as caught:
        run_passes(parse_module(DEAD), ["fold", "spoil"], verify=True)
    assert caught.value.__notes__ == ["after pass spoil"]


def test_functions_that_call_themselves_stay() -> None:
    module = parse_module("""
    func @main(%x: f64) -> f64 {
    ^entry:
      %y = call %x {callee = "helper", type = "f64"} : f64
      return %y
    }
    func @helper(%x: f64) -> f64 {
    ^entry:
      %y = call %x {callee = "f", type = "f64"} : f64
      return %y
    }
    func @f(%x: f64) -> f64 {
    ^entry:
      %y = call %x {callee = "g", type = "f64"} : f64
      return %y
    }
    func @g(%x: f64) -> f64 {
    ^entry:
      %y = call %x {callee = "f", type = "f64"} : f64
      return %y
    }""")
    run_passes(module, ["inline"])
    assert list(module.functions) == ["main", "f", "g"]
    assert [op.attrs["callee"] for op in module.main.ops()] == ["f"]


@pytest.mark.parametrize("depth", [64, 65])
def test_calls_are_inlined_64_deep(depth: int) -> None:
    call = """
    func @f{0}(%x: f64) -> f64 {{
    ^entry:
      %y = call %x {{callee = "f{1}", type = "f64"}} : f64
      return %y
    }}"""
    leaf = "func @f{0}(%x: f64) -> f64 {{\n^entry:\n%y = exp %x : f64\nreturn %y\n}}"
    module = parse_module("\n".join([call.format(n, n + 1) for n in range(depth)] + [leaf.format(depth)]))
    if depth > 64:
        with pytest.raises(UnsupportedError, match="deeper than 64"):
            run_passes(module, ["inline"])
    else:
        run_passes(module, ["inline"])
        assert ops(module) == ["exp"]
        assert list(module.functions) == ["f0"]
