"""Dominators and the loop forest of random control-flow graphs, judged by networkx."""

from __future__ import annotations

import random

import networkx as nx
import pytest

import ssad.primitives  # noqa: F401  (fills the tables)
from ssad.ir.core import Block, Edge, Function, Terminator, bool_, branch, jump
from ssad.ir.graph import Dominators, LoopForest, predecessors, reached, reverse_postorder
from tests.ir_programs import random_module


def random_function(seed: int) -> Function:
    """Blocks with edges to anywhere but the entry: reducible or not, some unreachable."""
    rng = random.Random(seed)
    function = Function("f")
    blocks = [function.add_block(f"b{n}") for n in range(rng.randrange(1, 14))]
    for block in blocks:
        targets = (
            [rng.choice(blocks[1:]) for _ in range(rng.choice((0, 1, 1, 2, 2, 2)))] if len(blocks) > 1 else []
        )
        if not targets:
            block.term = Terminator("return")
        elif len(targets) == 1:
            block.term = jump(targets[0])
        else:
            block.term = branch(bool_(True), Edge(targets[0]), Edge(targets[1]))
    return function


def graph_of(function: Function) -> nx.DiGraph[Block]:
    graph: nx.DiGraph[Block] = nx.DiGraph()
    graph.add_nodes_from(function.blocks)
    graph.add_edges_from((b, s) for b in function.blocks for s in b.successors)
    return graph.subgraph({function.entry} | nx.descendants(graph, function.entry)).copy()


FUNCTIONS = [random_function(seed) for seed in range(300)]
STRUCTURED = [random_module(seed).main for seed in range(100)]


@pytest.mark.parametrize("functions", [FUNCTIONS, STRUCTURED], ids=["anything", "structured"])
def test_iterated_frontiers_are_those_of_networkx(functions: list[Function]) -> None:
    for function in functions:
        graph = graph_of(function)
        frontier = nx.dominance_frontiers(graph, function.entry)
        dom = Dominators(function)
        for block in graph:
            expected, last = set(frontier[block]), -1
            while len(expected) > last:
                last = len(expected)
                expected |= {join for b in expected for join in frontier[b]}
            assert dom.iterated_frontier([block]) == expected


@pytest.mark.parametrize("functions", [FUNCTIONS, STRUCTURED], ids=["anything", "structured"])
def test_dominators_are_those_of_networkx(functions: list[Function]) -> None:
    for function in functions:
        graph = graph_of(function)
        dom = Dominators(function)
        expected = nx.immediate_dominators(graph, function.entry)
        assert {b: d for b, d in dom.idom.items() if b is not function.entry} == {
            b: d for b, d in expected.items() if b is not function.entry
        }
        for a in graph:
            without = graph.copy()
            without.remove_node(a)
            reached = (
                {function.entry} | nx.descendants(without, function.entry)
                if function.entry in without
                else set()
            )
            for b in graph:
                assert dom.dominates(a, b) == (b not in reached)


def test_reverse_postorder_reverses_a_depth_first_search() -> None:
    for function in FUNCTIONS:
        graph = graph_of(function)
        order = reverse_postorder(function)
        assert set(order) == set(graph)
        assert order[0] is function.entry
        place = {block: n for n, block in enumerate(order)}
        # without the edges that go back, the order is topological: what remains has no cycle
        forward = nx.DiGraph((a, b) for a, b in graph.edges if place[a] < place[b])
        assert nx.is_directed_acyclic_graph(forward)
        back = [(a, b) for a, b in graph.edges if place[a] >= place[b]]
        assert all(nx.has_path(graph, b, a) for a, b in back)


@pytest.mark.parametrize("functions", [FUNCTIONS, STRUCTURED], ids=["anything", "structured"])
def test_loops_are_what_reaches_the_latch(functions: list[Function]) -> None:
    for function in functions:
        graph = graph_of(function)
        forest = LoopForest(function)
        idom = nx.immediate_dominators(graph, function.entry)
        expected: dict[Block, set[Block]] = {}
        for latch, header in graph.edges:
            if header in _dominators_of(latch, idom, function.entry):
                without = graph.copy()
                without.remove_node(header)
                body = {header, latch}
                if latch is not header:
                    body |= nx.ancestors(without, latch)
                expected.setdefault(header, set()).update(body)
        assert {loop.header: set(loop.blocks) for loop in forest.loops} == expected
        for loop in forest.loops:
            outer = [o for o in forest.loops if o is not loop and loop.header in o.blocks]
            assert loop.parent is min(outer, key=lambda o: len(o.blocks), default=None)
            assert loop.depth == len(outer) + 1
            assert set(loop.latches) == {p for p in graph.predecessors(loop.header) if p in loop.blocks}
        for block in graph:
            inside = [loop for loop in forest.loops if block in loop.blocks]
            assert forest.innermost.get(block) is min(inside, key=lambda o: len(o.blocks), default=None)


def test_irreducible_is_what_has_cycles_without_back_edges() -> None:
    found = 0
    for function in FUNCTIONS:
        graph = graph_of(function)
        idom = nx.immediate_dominators(graph, function.entry)
        rest = nx.DiGraph((a, b) for a, b in graph.edges if b not in _dominators_of(a, idom, function.entry))
        irreducible = not nx.is_directed_acyclic_graph(rest)
        found += irreducible
        assert bool(LoopForest(function).irreducible) == irreducible
    assert found > 20
    assert not any(LoopForest(function).irreducible for function in STRUCTURED)


def test_reached_is_what_networkx_descends_to() -> None:
    """Without a block as if that were not there."""
    for seed in range(60):
        function = random_function(seed)
        graph = graph_of(function)
        for block in graph.nodes:
            for until in (None, function.blocks[-1], block):
                less = graph.subgraph([b for b in graph.nodes if b is not until])
                starts = {one for one in block.successors if one is not until}
                want = starts | {b for one in starts for b in nx.descendants(less, one)}
                assert reached(block, until) == want


def test_predecessors_count_edges() -> None:
    for function in FUNCTIONS:
        preds = predecessors(function)
        for block in function.blocks:
            assert len(preds[block]) == sum(b.successors.count(block) for b in function.blocks)


def _dominators_of(block: Block, idom: dict[Block, Block], entry: Block) -> set[Block]:
    above = {block}
    while block is not entry:
        block = idom[block]
        above.add(block)
    return above
