"""Loop-simplify form: the shape of loops that differentiation starts from.

Each loop gets a preheader (the only block outside with an edge to the header, and with no other edge), a
single latch, and dedicated exits (blocks outside that only blocks of the loop lead to); the function gets a
single return block.

    ^a: branch %c, ^h(0), ^x          ^a: branch %c, ^h.pre, ^x
    ^h(%k: i64): ...                  ^h.pre: jump ^h(0)
                                      ^h(%k: i64): ...
"""

from __future__ import annotations

from collections.abc import Iterator

from ssad.analysis.memo import loop_forest
from ssad.ir.core import Block, Edge, Function, Module, Value, jump, return_
from ssad.ir.edit import same_value
from ssad.ir.graph import Loop
from ssad.passes.manager import function_pass

Source = tuple[Block, Edge]


@function_pass("loop_simplify", "preheaders, single latches, dedicated exits, one return")
def run(function: Function, module: Module) -> bool:
    changed = unify_returns(function)
    if not loop_forest(function).loops:
        return changed
    work = _Simplifier(function)
    work.simplify_headers()
    work.dedicate_exits()
    return work.apply() or changed


def unify_returns(function: Function) -> bool:
    """Give `function` a single return block with the results as parameters; says whether it had several."""
    returns = [block for block in function.blocks if block.term.kind == "return"]
    if len(returns) < 2:
        return False
    last = function.add_block("return")
    last.sweep = returns[-1].sweep
    results = [last.add_param(type, "result") for type in function.result_types]
    last.term = return_(list(results), returns[-1].term.loc)
    for block in returns:
        block.term = jump(last, list(block.term.operands), block.term.loc)
    function.touch()
    return True


class _Simplifier:
    """Inserts blocks onto groups of edges; block order is mended once, at the end."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.forest = loop_forest(function)
        self.innermost: dict[Block, Loop | None] = {b: self.forest.innermost.get(b) for b in function.blocks}
        self.before: dict[Block, list[Block]] = {}
        self.after: dict[Block, list[Block]] = {}

    def simplify_headers(self) -> None:
        into: dict[Block, list[Source]] = {loop.header: [] for loop in self.forest.loops}
        for block in self.function.blocks:
            for edge in block.term.edges:
                if edge.target in into:
                    into[edge.target].append((block, edge))
        for loop in self.forest.loops:
            header = loop.header
            entering = [(b, e) for b, e in into[header] if b not in loop.blocks]
            back = [(b, e) for b, e in into[header] if b in loop.blocks]
            if len(entering) > 1 or len(entering[0][0].term.edges) > 1:
                made = merge_edges(entering, f"{header.name}.pre")
                self.innermost[made] = loop.parent
                self.before.setdefault(header, []).append(made)
            if len(back) > 1:
                made = merge_edges(back, f"{header.name}.latch")
                self.innermost[made] = loop
                self.after.setdefault(back[-1][0], []).append(made)

    def dedicate_exits(self) -> None:
        """Part the edges into each block that loops exit to by the innermost loop they come from.

        An edge may leave several loops at once; its group is then dedicated to all of them.
        """
        into: dict[Block, dict[Loop | None, list[Source]]] = {}
        for block, loop in self.innermost.items():
            for edge in block.term.edges:
                into.setdefault(edge.target, {}).setdefault(loop, []).append((block, edge))
        for target, groups in into.items():
            if len(groups) < 2:
                continue
            around = set(self._around(target))
            for loop, sources in groups.items():
                if loop is not None and loop not in around:
                    made = merge_edges(sources, f"{target.name}.exit")
                    self.before.setdefault(target, []).append(made)

    def apply(self) -> bool:
        """Put the new blocks where they are to stand; says whether there are any."""
        if not self.before and not self.after:
            return False
        blocks: list[Block] = []
        waiting = self.function.blocks[::-1]
        while waiting:
            block = waiting.pop()
            front = self.before.pop(block, None)
            if front is not None:  # what stands in front may itself have blocks around it
                waiting.append(block)
                waiting.extend(reversed(front))
                continue
            blocks.append(block)
            waiting.extend(reversed(self.after.pop(block, [])))
        self.function.blocks = blocks
        self.function.touch()
        return True

    def _around(self, block: Block) -> Iterator[Loop]:
        loop = self.innermost[block]
        while loop is not None:
            yield loop
            loop = loop.parent


def merge_edges(sources: list[Source], name: str) -> Block:
    """A new block that takes over these edges, all to one target, and jumps there.

    It has a parameter for each position where the edges differ.
    """
    first, edge = sources[0]
    target = edge.target
    made = Block(name)
    made.sweep = first.sweep
    args: list[Value] = []
    differing: list[int] = []
    for at, param in enumerate(target.params):
        if all(same_value(e.args[at], edge.args[at]) for _, e in sources):
            args.append(edge.args[at])
        else:
            differing.append(at)
            args.append(made.add_param(param.type, param.name))
    made.term = jump(target, args, first.term.loc)
    for _, one in sources:
        one.args = [one.args[at] for at in differing]
        one.target = made
    return made
