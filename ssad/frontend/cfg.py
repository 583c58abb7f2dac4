"""Basic blocks of the canonical instructions that can be reached, and what cannot be compiled of them."""

from __future__ import annotations

from collections.abc import Sequence

from ssad.frontend.bytecode import Instruction


class CodeBlock:
    """Instructions `first` to `last` of the decoded list, run one after the other.

    `successors` are blocks in the order of the last instruction's targets. Blocks that a single jump connects are one
    block; jumps that lead to jumps lead to the final target.
    """

    __slots__ = ("first", "instructions", "loop", "predecessors", "successors")

    def __init__(self, first: int) -> None:
        self.first = first
        self.instructions: list[Instruction] = []
        self.successors: list[CodeBlock] = []
        self.predecessors = 0
        self.loop = False

    def __repr__(self) -> str:
        return f"<block at {self.first}>"


_LAST = frozenset(("return", "raise", "refuse"))


def blocks_of(code: Sequence[Instruction]) -> list[CodeBlock]:
    """The reachable blocks in reverse postorder, the entry first, a loop's body before what follows the loop.

    Exception handlers are not entered. The entry has no predecessor: where the code begins with a loop an empty
    block stands before it. `predecessors` counts edges, `loop` says that an edge leads back to the block.
    """
    final = _Threaded(code)
    leaders = _leaders(code, final)
    blocks: dict[int, CodeBlock] = {}
    entry = CodeBlock(-1)
    start = final(0)
    if start in leaders:
        _link(entry, [start], blocks)
    else:
        _fill(entry, start, code, final, leaders, blocks)
    order: list[CodeBlock] = []
    state: dict[CodeBlock, int] = {entry: 0}  # successors still to be visited from the last to the first
    stack = [entry]
    open_blocks = {entry}
    while stack:
        block = stack[-1]
        if state[block] == len(block.successors):
            order.append(stack.pop())
            open_blocks.discard(block)
            continue
        state[block] += 1
        successor = block.successors[-state[block]]
        if successor in open_blocks:
            successor.loop = True
        elif successor not in state:
            state[successor] = 0
            _fill(successor, successor.first, code, final, leaders, blocks)
            stack.append(successor)
            open_blocks.add(successor)
    order.reverse()
    return order


class _Threaded:
    """Where control really arrives that goes to an instruction: jumps and nops are passed over."""

    def __init__(self, code: Sequence[Instruction]) -> None:
        self.code = code
        self.known: dict[int, int] = {}

    def __call__(self, at: int) -> int:
        start, passed = at, {at}
        while start not in self.known:
            instruction = self.code[at]
            if instruction.op == "nop":
                at += 1
            elif instruction.op == "jump":
                at = instruction.targets[0]
            else:
                break
            if at in passed:  # a loop of nothing but jumps
                at = min(passed)
                break
            passed.add(at)
        return self.known.setdefault(start, at)


def _leaders(code: Sequence[Instruction], final: _Threaded) -> set[int]:
    """The reachable instructions at which a block begins: after a branch, and where several ways meet."""
    leaders: set[int] = set()
    reached: set[int] = set()
    work = [final(0)]
    while work:
        at = work.pop()
        while at not in reached:
            reached.add(at)
            instruction = code[at]
            if len(instruction.targets) == 2:
                ways = [final(target) for target in instruction.targets]
                leaders.update(ways)
                work.extend(way for way in ways if way not in reached)
                break
            if instruction.op in _LAST:
                break
            at = final(instruction.targets[0] if instruction.targets else at + 1)
        else:
            leaders.add(at)
    return leaders


def _link(block: CodeBlock, targets: Sequence[int], blocks: dict[int, CodeBlock]) -> None:
    for target in targets:
        successor = blocks.setdefault(target, CodeBlock(target))
        successor.predecessors += 1
        block.successors.append(successor)


def _fill(
    block: CodeBlock,
    at: int,
    code: Sequence[Instruction],
    final: _Threaded,
    leaders: set[int],
    blocks: dict[int, CodeBlock],
) -> None:
    """Give `block` the instructions from `at` on up to where control may split or join."""
    while True:
        instruction = code[at]
        if instruction.op != "jump":
            block.instructions.append(instruction)
        if len(instruction.targets) == 2:
            _link(block, [final(target) for target in instruction.targets], blocks)
            return
        if instruction.op in _LAST:
            return
        at = final(instruction.targets[0] if instruction.targets else at + 1)
        if at in leaders:
            _link(block, [at], blocks)
            return
