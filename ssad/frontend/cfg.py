"""Basic blocks of the canonical instructions that can be reached.

CPython compiles some source twice: the test of a `while` stands before the loop and again behind its body (up
to 3.13), what follows a branch and returns is copied into its arms (from 3.12 on). Copies that go on alike
are merged here; and where `and` within `or` tests a value whose truth the way there has told (all but 3.11
test it again), control passes over the test. So every version gives the same graph: a loop's header tests,
its latches jump.

Where an exception would go to a handler, a block is cut so that the locals do not change between its start
and any instruction that may raise: what writes locals stands in blocks of its own. Handlers that only clean
up and raise again are passed over (`protected.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ssad.frontend.depths import depths_of
from ssad.frontend.instruction import Handler, Instruction
from ssad.frontend.protected import WRITING, effective_handlers, ends_quietly, may_raise


class CodeBlock:
    """Instructions run one after the other; `successors` in the order of the last one's targets.

    `predecessors` counts edges into the block, `loop` says that one of them leads back. Exceptions go to the
    block `caught_by`, which finds the stack as `handler` says. `ends_quietly` is false where a `yield` stands
    in a `try` that does something when the generator is dropped there.
    """

    __slots__ = (
        "caught_by",
        "ends_quietly",
        "first",
        "handler",
        "instructions",
        "loop",
        "predecessors",
        "successors",
    )

    def __init__(self, first: int) -> None:
        self.first = first
        self.instructions: list[Instruction] = []
        self.successors: list[CodeBlock] = []
        self.predecessors = 0
        self.loop = False
        self.ends_quietly = True
        self.handler: Handler | None = None
        self.caught_by: CodeBlock | None = None

    @property
    def ways(self) -> list[CodeBlock]:
        """The successors, and the block to which exceptions go."""
        return self.successors if self.caught_by is None else [*self.successors, self.caught_by]

    def __repr__(self) -> str:
        return f"<block at {self.first}>"


def blocks_of(code: Sequence[Instruction]) -> list[CodeBlock]:
    """The reachable blocks in reverse postorder, the entry first, a loop's body before what follows the loop.

    A handler is entered where something may raise. The entry has no predecessor: where the code begins with
    a loop an empty block stands before it.
    """
    flow = _Flow(code)
    flow.pass_over_tests()
    flow.merge_copies()
    leaders = flow.leaders()
    blocks: dict[int, CodeBlock] = {}
    if flow.start in leaders:
        entry = CodeBlock(-1)
        _link(entry, [flow.start], blocks)
    else:
        entry = CodeBlock(flow.start)
        _fill(entry, flow, leaders, blocks)
    order: list[CodeBlock] = []
    visited = {entry: 0}  # how many successors, the last one first
    path = [entry]
    on_path = {entry}
    while path:
        block = path[-1]
        ways = block.ways
        if visited[block] == len(ways):
            order.append(path.pop())
            on_path.discard(block)
            continue
        visited[block] += 1
        successor = ways[-visited[block]]
        if successor in on_path:
            successor.loop = True
        elif successor not in visited:
            visited[successor] = 0
            _fill(successor, flow, leaders, blocks)
            path.append(successor)
            on_path.add(successor)
    order.reverse()
    return order


class _Flow:
    """Where control goes from each reachable instruction; jumps and nops are passed over."""

    def __init__(self, code: Sequence[Instruction]) -> None:
        self.code = code
        self._final: dict[int, int] = {}
        self.handlers = effective_handlers(code)
        self.depths: dict[int, int] = {}
        self.start = self._arrive(0)
        self.after: dict[int, list[int]] = {}
        self._keep_reachable(lambda at: [self._arrive(target) for target in self._targets(at)])

    def _keep_reachable(self, ways_from: Callable[[int], list[int]]) -> None:
        """Set `after` to the ways from each instruction that can be reached."""
        after: dict[int, list[int]] = {}
        work = [self.start]
        while work:
            at = work.pop()
            if at not in after:
                after[at] = ways_from(at)
                work.extend(after[at])
                if at in self.handlers:
                    work.append(self.handlers[at].target)
        self.after = after
        self.handlers = {at: handler for at, handler in self.handlers.items() if at in after}

    def _targets(self, at: int) -> Sequence[int]:
        instruction = self.code[at]
        if instruction.op in ("return", "raise", "reraise", "refuse"):
            return ()
        return instruction.targets or (at + 1,)

    def _arrive(self, start: int) -> int:
        """Where control really arrives that goes to instruction `start`."""
        if start in self._final:
            return self._final[start]
        at, passed = start, {start}
        while self.code[at].op in ("jump", "nop"):
            (at,) = self._targets(at)
            if at in passed:  # a loop of nothing but jumps: any of them will do
                at = min(passed)
                break
            passed.add(at)
        self._final[start] = at
        return at

    def pass_over_tests(self) -> None:
        """Lead what has tested the value on top of the stack past further tests of that value.

        Where the value is dropped on both ways, the test takes it off the stack in the first place.
        """
        tests = {at: ways[0] for at, ways in self.after.items() if self._is_test(at)}
        ends = {
            branch: [self._known(way, side, tests) for side, way in enumerate(self.after[branch])]
            for branch in tests.values()
        }
        needless: dict[int, int] = {}  # a copy that both ways drop -> its branch
        for at, branch in tests.items():
            if all(self.code[end].op == "pop" for end in ends[branch]):
                needless[at] = branch
                ends[branch] = [self.after[end][0] for end in ends[branch]]
        after = self.after | ends
        self._keep_reachable(lambda at: [needless.get(way, way) for way in after[at]])

    def _is_test(self, at: int) -> bool:
        """Whether this copies the value on top of the stack for a branch that follows."""
        instruction = self.code[at]
        return (
            instruction.op == "copy" and instruction.arg == 1 and self.code[self.after[at][0]].op == "branch"
        )

    def _known(self, way: int, side: int, tests: Mapping[int, int]) -> int:
        """Where control gets from `way` when the value on top is true (side 0) or false (side 1)."""
        passed = set()
        while way in tests and way not in passed:
            passed.add(way)
            way = self.after[tests[way]][side]
        return way

    def merge_copies(self) -> None:
        """Let one instruction stand for all that do the same at the same place and go on alike.

        A branch needs the same tests before it, too: 3.11 gives those of `if (a if c else b)` one place.
        """
        before: dict[int, list[int]] = {at: [] for at in self.after}
        for at, ways in self.after.items():
            for way in ways:
                before[way].append(at)
        caught: dict[int, list[int]] = {}
        for at, handler in self.handlers.items():
            caught.setdefault(handler.target, []).append(at)
        if caught:
            self.depths = depths_of(self.code, self.start, self.after, self.handlers)
        known: dict[tuple[object, ...], int] = {}
        merged: dict[int, int] = {}
        work = sorted(self.after)
        while work:
            at = work.pop()
            if at in merged:
                continue
            tests = frozenset(map(self._doing, before[at])) if self.code[at].op == "branch" else None
            key = (*self._doing(at), tests, *self.after[at])
            twin = known.setdefault(key, at)
            if twin == at:
                continue
            kept, gone = (twin, at) if twin < at else (at, twin)
            known[key] = kept
            merged[gone] = kept
            for source in before[gone]:
                self.after[source] = [kept if way == gone else way for way in self.after[source]]
                if source not in merged:
                    work.append(source)
            for source in caught.pop(gone, ()):
                self.handlers[source] = self.handlers[source]._replace(target=kept)
                caught.setdefault(kept, []).append(source)
                if source not in merged:
                    work.append(source)
            before[kept].extend(before.pop(gone))
            if self.start == gone:
                self.start = kept
        for gone in merged:
            del self.after[gone]

    def _doing(self, at: int) -> tuple[object, ...]:
        """What is done at an instruction, and where; of two locals loaded at once 3.13 says one place."""
        instruction = self.code[at]
        place = None if instruction.op == "load" else instruction.position
        argument = id(instruction.arg) if instruction.op == "const" else instruction.arg
        depth = self.depths.get(at, -at) if self.depths else 0
        return instruction.op, argument, place, self.handlers.get(at), depth

    def leaders(self) -> set[int]:
        """The instructions at which a block begins: after a branch, where several ways meet, handlers."""
        count = {self.start: 1}
        count.update((self.handlers[at].target, 2) for at in self.after if at in self.handlers)
        for at, ways in self.after.items():
            here = self.code[at].op == "yield"  # where a generator goes on a block begins
            for way in ways:
                count[way] = count.get(way, 0) + (1 if len(ways) == 1 and not here else 2)
        return {at for at, ways in count.items() if ways > 1}


def _link(block: CodeBlock, targets: Sequence[int], blocks: dict[int, CodeBlock]) -> None:
    for target in targets:
        successor = blocks.setdefault(target, CodeBlock(target))
        successor.predecessors += 1
        block.successors.append(successor)


def _fill(block: CodeBlock, flow: _Flow, leaders: set[int], blocks: dict[int, CodeBlock]) -> None:
    """Give `block` its instructions up to where control splits, joins or ends, or exceptions go elsewhere."""
    at = block.first
    written = False
    raising: int | None = None
    while True:
        op, handler = flow.code[at].op, flow.handlers.get(at)
        if op == "yield":
            block.ends_quietly = ends_quietly(flow.code, at)
        if may_raise(op) and (raising is not None or handler is not None):
            known = flow.handlers.get(raising) if raising is not None else handler
            if known != handler or (written and handler is not None):
                _link(block, [at], blocks)
                break
        if op in WRITING and block.handler is not None:
            _link(block, [at], blocks)
            break
        if may_raise(op):
            raising, block.handler = at, handler
        written |= op in WRITING
        if op != "jump":
            block.instructions.append(flow.code[at])
        ways = flow.after[at]
        if len(ways) != 1 or ways[0] in leaders:
            _link(block, ways, blocks)
            break
        (at,) = ways
    if block.handler is not None:
        block.caught_by = blocks.setdefault(block.handler.target, CodeBlock(block.handler.target))
        block.caught_by.predecessors += 1
