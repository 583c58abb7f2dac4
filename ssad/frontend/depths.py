"""How deep the operand stack is before each instruction.

Copies of a `finally` body run at different depths (a value to return may lie below, or an exception), so that
what they do alike is not the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ssad.frontend.instruction import Handler, Instruction

_FIXED = {
    **dict.fromkeys(("null", "copy", "const", "load", "load_cell", "global", "closure", "assertion"), 1),
    **dict.fromkeys(("lazy_list", "next_item", "push_handled", "get_length", "match_kind", "match_keys"), 1),
    **dict.fromkeys(("enter", "special", "with_except", "begin_generator", "delegate"), 1),
    **dict.fromkeys(("nop", "jump", "swap", "delete", "delete_cell", "attr", "truth", "unary", "convert"), 0),
    **dict.fromkeys(("delegated",), 0),
    **dict.fromkeys(("yield", "format", "iter", "for_iter", "start_loop", "matches", "list_to_tuple"), 0),
    **dict.fromkeys(("pop", "store", "store_cell", "store_global", "binary", "compare", "subscript"), -1),
    **dict.fromkeys(("append", "extend", "merge", "format_spec", "branch", "branch_none", "pop_handled"), -1),
    **dict.fromkeys(("return", "raise", "reraise", "refuse"), 0),
    **dict.fromkeys(("store_attr", "match_class", "consumed", "super"), -2),
    **dict.fromkeys(("delete_subscript", "map_add"), -2),
    **dict.fromkeys(("import_name", "update_map"), -1),
    **dict.fromkeys(("store_subscript", "call_star"), -3),
}
_BY_ARGUMENT: dict[str, Callable[[Any], int]] = {
    "slice": lambda count: 1 - count,
    "tuple": lambda count: 1 - count,
    "list": lambda count: 1 - count,
    "string": lambda count: 1 - count,
    "map": lambda count: 1 - 2 * count,
    "const_map": lambda count: -count,
    "unpack": lambda count: count - 1,
    "unpack_star": lambda counts: (counts & 0xFF) + (counts >> 8),
    "call": lambda arg: -1 - arg[0],
    "function": lambda flags: -int.bit_count(flags),
}


def effect(instruction: Instruction) -> int | None:
    """By how much the stack grows; None for an operation that is not known here."""
    by_argument = _BY_ARGUMENT.get(instruction.op)
    return _FIXED.get(instruction.op) if by_argument is None else by_argument(instruction.arg)


def depths_of(
    code: Sequence[Instruction],
    start: int,
    after: Mapping[int, Sequence[int]],
    handlers: Mapping[int, Handler],
) -> dict[int, int]:
    """The depth before each instruction that is reached through known operations only."""
    depths = {start: 0}
    work = [start]
    while work:
        at = work.pop()
        if at in handlers and handlers[at].target not in depths:
            target, depth, lasti = handlers[at]
            depths[target] = depth + lasti + 1
            work.append(target)
        grown = effect(code[at])
        if grown is None:
            continue
        for number, way in enumerate(after[at]):
            leaves = code[at].op == "for_iter" and number == 1
            if way not in depths:
                depths[way] = depths[at] + grown - leaves
                work.append(way)
    return depths
