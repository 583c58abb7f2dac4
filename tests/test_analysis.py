"""Analyses: liveness against its definition on random programs, the others on small programs read by eye."""

from __future__ import annotations

import networkx as nx

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.analysis.activity import activity
from ssad.analysis.alias import alias_classes
from ssad.analysis.induction import counter, counting, trip_count
from ssad.analysis.liveness import liveness, uses
from ssad.analysis.memo import loop_forest, memoised
from ssad.backend.interp import defined
from ssad.ir.core import Block, Function, Value
from ssad.ir.parser import parse_module
from tests.ir_programs import random_module


def function(text: str) -> Function:
    return parse_module(text).main


def values(f: Function) -> dict[str, Value]:
    return {v.name: v for block in f.blocks for v in defined(block)}


def names(found: object) -> str:
    assert isinstance(found, dict | tuple | list)
    return " ".join(v.name for v in found)


# memo


def test_facts_are_kept_until_the_function_is_touched() -> None:
    calls: list[int] = []

    @memoised
    def analysis(f: Function, size: int = 0) -> object:
        calls.append(size)
        return object()

    f = Function("f")
    first = analysis(f)
    assert analysis(f) is first
    assert analysis(f, 1) is not first
    assert analysis(f, size=1) is not first
    f.touch()
    assert analysis(f) is not first
    assert calls == [0, 1, 1, 0]


# liveness


def test_liveness_is_a_way_to_a_use() -> None:
    for seed in range(60):
        f = random_module(seed).main
        live = liveness(f)
        graph: nx.DiGraph[Block] = nx.DiGraph()
        graph.add_nodes_from(f.blocks)
        graph.add_edges_from((b, s) for b in f.blocks for s in b.successors)
        used = {b: set(uses(b)) for b in f.blocks}
        for home in f.blocks:
            others = graph.copy()
            others.remove_node(home)
            for value in defined(home):
                at = {b for b in others if value in used[b]}
                needed = at.union(*(nx.ancestors(others, b) for b in at))
                assert {b for b in f.blocks if value in live.live_in[b]} == needed
                sources = {b for b in f.blocks if needed & set(b.successors)}
                assert {b for b in f.blocks if value in live.live_out[b]} == sources


def test_arguments_of_edges_are_not_live_behind_them() -> None:
    f = function("""
    func @f(%x: f64, %y: f64, %c: bool) -> f64 {
    ^entry:
      branch %c, ^a(%x), ^a(%y)
    ^a(%p: f64):
      %q = add %p, %y : f64
      return %q
    }""")
    assert names(liveness(f).live_out[f.entry]) == "y"
    assert names(liveness(f).live_in[f.blocks[1]]) == "y"


# aliases

ALIASES = """
func @f(%x: f64[?; C], %y: f64[?; C], %c: bool, %n: i64) -> f64[?] {
^entry:
  %a = alloc %n {type = "f64[?; C]"} : f64[?; C]
  %b = alloc %n {type = "f64[?; C]"} : f64[?; C]
  %v = view %x, 0, 2, 1 {pattern = "s"} : f64[?]
  branch %c, ^join(%a), ^other
^other:
  jump ^join(%b)
^join(%p: f64[?; C]):
  store %p, 0, 1.0
  %s = load %v, 0 : f64
  store %v, 0, 1.0
  %w = view %y, 0, 1, 1 {pattern = "s"} : f64[?]
  return %w
}"""


def test_alias_classes() -> None:
    f = function(ALIASES)
    alias, v = alias_classes(f), values(f)
    assert {names(one.members) for one in alias.classes} == {"x v", "y w", "a b p"}
    assert alias.may_alias(v["a"], v["b"])  # through %p
    assert not alias.may_alias(v["x"], v["y"])
    flags = {names(c.params) or "-": (c.written, c.read, c.returned, c.escapes) for c in alias.classes}
    assert flags == {
        "x": (True, True, False, True),
        "y": (False, False, True, True),
        "-": (True, False, False, False),
    }
    assert alias.is_read_only(v["w"])
    assert alias.written_after_entry(v["v"])


def test_overlapping_arguments_are_one_class() -> None:
    f = function(ALIASES)
    f.attrs["overlap"] = True
    f.touch()
    v = values(f)
    assert len(alias_classes(f).classes) == 2
    assert alias_classes(f).may_alias(v["x"], v["y"])
    assert not alias_classes(f).is_read_only(v["y"])


def test_a_call_may_return_and_write_what_it_is_given() -> None:
    f = function("""
    func @f(%x: f64[?; C], %y: f64[?; C]) -> f64[?; C] {
    ^entry:
      %t = call %x {callee = "g", type = "tuple<f64[?; C], f64>"} : tuple<f64[?; C], f64>
      %z = extract %t {index = 0} : f64[?; C]
      return %z
    }
    func @g(%x: f64[?; C]) -> (f64[?; C], f64) {
    ^entry:
      store %x, 0, 1.0
      return %x, 1.0
    }""")
    alias, v = alias_classes(f), values(f)
    assert {names(one.members) for one in alias.classes} == {"x t z", "y"}
    assert alias.of[v["z"]].written
    assert alias.of[v["z"]].passed
    assert not alias.of[v["y"]].passed


# loops that count


def counted(
    header: str, exit_test: str = "%more = lt %k, %n : bool", body: str = "", start: str = "0"
) -> Function:
    return function(f"""
    func @f(%n: i64, %c: bool) -> i64 {{
    ^entry:
      jump ^loop({start}, 7)
    ^loop(%k: i64, %m: i64):
      {header}
      {exit_test}
      branch %more, ^body, ^exit
    ^body:
      %m.1 = add %m, 2 : i64
      %k.1 = add 1, %k : i64
      {body or "jump ^loop(%k.1, %m.1)"}
    ^exit:
      return %k
    }}""")


def counts(f: Function) -> tuple[str | None, str | None, str | None]:
    (facts,) = counting(f).values()
    found = (facts.counter, facts.max_trips, facts.trip_count)
    a, b, c = (v if v is None else v.name or repr(v) for v in found)
    return a, b, c


def test_counted_loops() -> None:
    assert counts(counted("")) == ("k", "n", "n")
    assert counts(counted("", "%more = gt %n, %k : bool")) == ("k", "n", "n")
    assert counts(counted("", "%more = lt %k, 10 : bool")) == ("k", "10: i64", "10: i64")
    f = counted("")
    (loop,) = loop_forest(f).loops
    assert counter(f, loop) is values(f)["k"]
    assert trip_count(f, loop) is values(f)["n"]


def test_loops_that_do_not_count() -> None:
    assert counts(counted("", start="1")) == (None, None, None)
    assert counts(counted("", "%more = le %k, %n : bool")) == ("k", None, None)  # n + 1 times
    assert counts(counted("", "%more = lt %m, %n : bool")) == ("k", None, None)  # %m is no counter
    inside = counted("%l = add %n, %m : i64", "%more = lt %k, %l : bool")  # the bound changes
    assert counts(inside) == ("k", None, None)


def test_a_break_leaves_a_bound_and_a_raise_leaves_the_count() -> None:
    assert counts(counted("", body="branch %c, ^loop(%k.1, %m.1), ^exit")) == ("k", "n", None)
    leaving = (
        'branch %c, ^loop(%k.1, %m.1), ^bad\n    ^bad:\n      raise {exc = "ValueError", message = "no"}'
    )
    assert counts(counted("", body=leaving)) == ("k", "n", "n")


# activity


def active(text: str, *wrt: str) -> str:
    f = function(text)
    v = values(f)
    facts = activity(f, [v[name] for name in wrt], alias_classes(f))
    return " ".join(name for name, value in v.items() if facts.active(value))


STRAIGHT = """
func @f(%x: f64, %t: f64, %n: i64) -> f64 {
^entry:
  %a = mul %x, %t : f64
  %unused = sin %x : f64
  %c = gt %a, 0.0 : bool
  %p = select %c, %a, %t : f64
  %i = cast %p {to = "i64"} : i64
  %d = cast %i {to = "f64"} : f64
  %s = stop_gradient %p : f64
  %e = add %d, %s : f64
  %g = add %e, %p : f64
  return %g
}"""


def test_activity_of_scalars_ends_at_integers_and_stop_gradient() -> None:
    assert active(STRAIGHT, "x") == "x a p g"
    assert active(STRAIGHT, "t") == "t a p g"
    assert active(STRAIGHT, "n") == ""


MEMORY = """
func @f(%x: f64[?; C], %y: f64[?; C], %out: f64[?; C], %t: f64, %n: i64) -> f64 {
^entry:
  %work = alloc %n {type = "f64[?; C]"} : f64[?; C]
  %idle = alloc %n {type = "f64[?; C]"} : f64[?; C]
  fill %idle, 0.0
  %a = load %x, 0 : f64
  store %work, 0, %a
  %w = load %work, 0 : f64
  %b = load %y, 0 : f64
  store %idle, 0, %b
  store %out, 0, %w
  %c = load %idle, 0 : f64
  %d = mul %b, %t : f64
  %e = mul %c, %d : f64
  return %e
}"""


def test_activity_goes_through_memory_by_class() -> None:
    # %out is an argument that is written: the caller gives the cotangent of its final content
    assert active(MEMORY, "x") == "x out work a w"
    assert active(MEMORY, "y") == "y idle b c d e"
    assert active(MEMORY, "t") == "t d e"


def test_an_active_array_is_useful_even_if_nothing_comes_of_it() -> None:
    text = """
    func @f(%x: f64[?; C], %k: i64[?; C], %t: f64) -> f64 {
    ^entry:
      %a = load %x, 0 : f64
      return %t
    }"""
    assert active(text, "x", "k") == "x"


def test_activity_round_a_loop_and_through_a_call_with_a_rule() -> None:
    text = """
    func @f(%x: f64, %n: i64) -> f64 {
    ^entry:
      jump ^loop(0, 1.0, 0.0)
    ^loop(%k: i64, %u: f64, %idle: f64):
      %more = lt %k, %n : bool
      branch %more, ^body, ^exit
    ^body:
      %v = mul %u, 2.0 : f64
      %w = call %x {callee = "g", type = "f64", vjp = "g.rule"} : f64
      %z = add %v, %w : f64
      %idle.1 = add %idle, 1.0 : f64
      %k.1 = add %k, 1 : i64
      jump ^loop(%k.1, %z, %idle.1)
    ^exit:
      %r = mul %u, %idle : f64
      return %r
    }
    func @g(%x: f64) -> f64 {
    ^entry:
      return %x
    }
    func @g.rule(%x: f64, %bar: f64) -> f64 {
    ^entry:
      return %bar
    }"""
    assert active(text, "x") == "x u v w z r"
