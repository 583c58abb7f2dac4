"""Comprehensions and generator expressions, put in place of the code that calls them.

Up to 3.11 a list comprehension is an inner function called with an iterator, a generator expression is one in
every version; from 3.12 on list comprehensions stand inline and save the locals that they use. Here all of
them become loops of the function around, over variables of their own (`x@1`, which nobody else can name):

    [f(x) for x in xs]       a list, appended to
    sum(f(x) for x in xs)    the same, and then `sum` of it: what takes all items need not wait for them
    any(f(x) for x in xs)    a loop that is left where the answer is known; `all` likewise
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import CodeType
from typing import NamedTuple

from ssad.frontend.depths import effect
from ssad.frontend.instruction import Instruction

INLINED = ("<listcomp>", "<dictcomp>", "<genexpr>")
EAGER = ("all", "any", "list", "max", "min", "sorted", "sum", "tuple")
"""Functions that take all items, or those up to an answer, before anything else happens."""
SHORT = {"any": True, "all": False}
"""Function -> the truth of an item that settles its answer."""

_NAMED = frozenset(
    ("load", "store", "delete", "load_cell", "store_cell", "delete_cell", "load_and_clear", "closure")
)
_PLAIN = {"load_cell": "load", "store_cell": "store", "delete_cell": "delete"}


class _Call(NamedTuple):
    """Instructions [start, function] make the inner function, `call` calls it with an iterator."""

    start: int
    function: int
    call: int
    code: CodeType


def inline(
    code: CodeType, out: list[Instruction], decode: Callable[[CodeType], list[Instruction]]
) -> list[Instruction]:
    """The instructions of `code` with what `decode` gives of its comprehensions in their places."""
    _forgo_shortcuts(out)
    _own_variables(out)
    calls = _calls(out)
    if calls:
        out = _spliced(out, calls, decode)
    captured = {at.arg for at in out if at.op == "closure"}
    for at in out:  # a variable that only a comprehension used to capture
        if at.op in _PLAIN and at.arg not in captured and at.arg not in code.co_freevars:
            at.op = _PLAIN[at.op]
    return out


def spelled(name: str) -> str:
    """A variable as the source calls it."""
    return name.partition("@")[0]


def _forgo_shortcuts(out: list[Instruction]) -> None:
    """From 3.14 on `any`, `all` and `tuple` of a generator expression stand inline, too, behind a test that
    they are the builtin functions: take the other way, which calls them.
    """
    for n, at in enumerate(out[:-3]):
        doing = [one.op for one in out[n : n + 4]]
        if doing == ["copy", "refuse", "compare", "branch"] and out[n + 2].arg == "is":
            at.op, at.arg, at.targets = "jump", None, out[n + 3].targets[1:]


# From 3.12 on: inline already


def _own_variables(out: list[Instruction]) -> None:
    """Instead of saving and restoring locals, give comprehensions variables of their own."""
    number = 0
    for start, at in enumerate(out):
        following = [one.op for one in out[start + 1 : start + 3]]
        if at.op in ("list", "map") and following == ["swap", "for_iter"]:
            out[start + 1].op = "start_loop"
        if at.op != "load_and_clear":
            continue
        names = []
        end = start
        while out[end].op == "load_and_clear":
            names.append(out[end].arg)
            end += 1
        head = next(n for n in range(end, len(out)) if out[n].op == "for_iter")
        behind = out[head].targets[1]
        number += 1
        for n in (*range(start, end + 1), *_restoring(out, behind, names)):
            _forget(out[n])
        for n in range(end, behind):
            out[n].handler = at.handler
            if out[n].op in _NAMED and out[n].arg in names:
                _rename(out[n], f"{out[n].arg}@{number}")


def _restoring(out: list[Instruction], behind: int, names: list[str]) -> list[int]:
    """What restores the saved locals behind a comprehension: a swap, and one store for each.

    Where the list goes into a variable at once, or nowhere, the compiler has got rid of the swap. Inside a
    handler what restores them in case of an exception stands before it, and is jumped over.
    """
    while out[behind].op == "jump":
        (behind,) = out[behind].targets
    places = range(behind, behind + len(names) + 1)
    if out[behind].op == "swap":
        return list(places)
    return [n for n in places if out[n].op == "store" and out[n].arg in names]


def _forget(at: Instruction) -> None:
    at.op, at.arg = "nop", None


def _rename(at: Instruction, name: str) -> None:
    if at.op == "closure":  # an inner function knows the variable by its old name
        at.op, at.arg = "refuse", "comprehension"
    else:
        at.arg = name


# Inner functions


def _calls(out: list[Instruction]) -> list[_Call]:
    calls: list[_Call] = []
    made: list[tuple[int, int, CodeType]] = []
    for n, at in enumerate(out):
        inner = out[n - 1].arg if at.op == "function" else None
        if isinstance(inner, CodeType) and inner.co_name in INLINED:
            start = n - 1
            if at.arg & 8:  # a tuple of cells lies below the code
                start -= 1 + out[n - 2].arg
            made.append((start, n, inner))
        elif at.op == "call" and at.arg == (0, ()) and made and out[n - 1].op == "iter":
            start, function, inner = made.pop()
            if inner.co_name == "<genexpr>" and (
                out[n + 1].op in ("iter", "store") or _given_to(out, start, n) not in (None, *EAGER)
            ):
                continue  # an object that somebody will go through
            calls.append(_Call(start, function, n, inner))
    for _, function, inner in made:
        out[function].op = "refuse"
        out[function].arg = "generator_expression" if inner.co_name == "<genexpr>" else "comprehension"
    return sorted(calls, key=lambda call: call.call)


def _given_to(out: list[Instruction], start: int, call: int) -> str | None:
    """What is called with the result of the call: the name of a global function, "" for anything else, None
    where that cannot be seen. `start` is where what makes the result begins.
    """
    above = 0  # what lies on top of the result
    for user in out[call + 1 :]:
        grown = effect(user)
        if grown is None or user.targets:
            return None
        if user.op == "call" and above < user.arg[0]:
            break
        above += grown
        if above < 0:
            return None
    else:
        return None
    before = user.arg[0] - 1 - above  # the arguments that come first
    at = start - 1
    while before > 0 and at >= 0 and not out[at].targets:
        grown = effect(out[at])
        if grown is None:
            return None
        before -= grown
        at -= 1
    at = _callee(out, at)
    if before != 0 or at < 0:
        return None
    return str(out[at].arg) if out[at].op == "global" else ""


def _callee(out: list[Instruction], before: int) -> int:
    """The number of the instruction that puts the function there, where `before` is the one in front of the
    arguments: what marks that it is no method may lie in between, and on 3.14 a way to get there.
    """
    if before < 0 or out[before].op != "null":
        return before
    jumps = [n for n, at in enumerate(out) if at.op == "jump" and at.targets == (before,)]
    return jumps[0] - 1 if jumps else before - 1


def _spliced(
    out: list[Instruction], calls: Iterable[_Call], decode: Callable[[CodeType], list[Instruction]]
) -> list[Instruction]:
    at_call = {call.call: call for call in calls}
    for each in at_call.values():
        for n in range(each.start, each.function + 1):
            _forget(out[n])
    result: list[Instruction] = []
    moved: list[int] = []  # old number -> new number
    pieces: list[tuple[int, int]] = []  # [start, end) of what has its targets already
    skip = -1
    for n, at in enumerate(out):
        moved.append(len(result))
        call = at_call.get(n)
        if call is None:
            if n != skip:
                result.append(at)
            continue
        short = _short(out, call)
        body = _body(call, at, decode, short, len(pieces) + 1)
        start = len(result)
        for instruction in body:
            instruction.targets = tuple(target + start for target in instruction.targets)
        result.extend(body)
        pieces.append((start, len(result)))
        if short is not None:
            skip = n + 1
            result.append(replace(out[n + 1], op="consumed", arg=short))
    inside = {n for start, end in pieces for n in range(start, end)}
    for n, at in enumerate(result):
        if n not in inside:
            at.targets = tuple(moved[target] for target in at.targets)
        if at.handler is not None:
            at.handler = at.handler._replace(target=moved[at.handler.target])
    return result


def _short(out: list[Instruction], call: _Call) -> str | None:
    """`any` or `all` where the generator expression is all that it is called with."""
    if call.code.co_name != "<genexpr>" or call.call + 1 >= len(out):
        return None
    following = out[call.call + 1]
    before = _callee(out, call.start - 1)
    if following.op != "call" or following.arg != (1, ()) or before < 0:
        return None
    name = out[before].arg
    return name if out[before].op == "global" and name in SHORT else None


def _body(
    call: _Call,
    at: Instruction,
    decode: Callable[[CodeType], list[Instruction]],
    short: str | None,
    number: int,
) -> list[Instruction]:
    """What stands in place of the call: the iterator comes from the stack, the result goes there.

    Targets count from the start of the body; that behind its end is where the function around goes on.
    """
    generator = call.code.co_name == "<genexpr>"
    head = [_like(at, "lazy_list", None)] if generator and short is None else []
    inner = decode(call.code)
    body = [*head, *inner]
    for instruction in inner:
        instruction.targets = tuple(target + len(head) for target in instruction.targets)
    loops = [(n, at.targets[1]) for n, at in enumerate(body) if at.op == "for_iter"]
    given = next((n for n, at in enumerate(body) if generator and at.op == "yield"), 0)
    depth = sum(first <= given < behind for first, behind in loops)
    end = len(body) + (depth + 1 if short is not None else 0)
    for n, instruction in enumerate(body):
        instruction.handler = at.handler
        instruction.offset = at.offset
        if instruction.op == "return":
            instruction.op, instruction.targets = "jump", (end,)
            if generator:
                _finish(body, n, short)
        elif generator and instruction.op in ("begin_generator", "yield"):
            _forget(body[n + 1])  # the value that is sent in
            if instruction.op == "begin_generator":
                _forget(instruction)
            elif short is None:
                instruction.op, instruction.arg = "append", depth + 1
            else:
                ways = (len(body), n + 1)
                instruction.op, instruction.arg = "branch", None
                instruction.targets = ways if SHORT[short] else ways[::-1]
        elif instruction.op == "load" and instruction.arg == ".0":
            instruction.op = "nop" if short is not None else "start_loop"
        elif instruction.op in _NAMED and instruction.arg not in call.code.co_freevars:
            _rename(instruction, f"{instruction.arg}@{number}")
    if short is not None:
        body += [_like(at, "pop", None) for _ in range(depth)]  # the iterators of the loops that are left
        body.append(_like(at, "const", SHORT[short]))
    return body


def _finish(body: list[Instruction], n: int, short: str | None) -> None:
    """A generator that is exhausted returns None: in place of it comes the answer."""
    if short is None:
        _forget(body[n - 1])
    else:
        body[n - 1].arg = not SHORT[short]


def _like(at: Instruction, op: str, arg: object) -> Instruction:
    return Instruction(op, arg, at.offset, at.position, (), at.handler)
