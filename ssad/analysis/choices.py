"""What is no pass and can be left out like one: analyses, ways to keep values, what LLVM is told.

Without an analysis its users are told what holds for every program. That shows what it is good for, and the
other way round that nothing is right only because of it. Effects are missing on purpose: they are what an op
does (`ir/primitive.py`), which its record says and nothing finds out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from ssad.ir.core import Function, Module

CHOICES = {
    "activity": "whatever may have a derivative has one",
    "alias": "arrays are not told apart",
    "alias_scopes": "LLVM is told of arguments only that they do not overlap",
    "entry_allocas": "arrays of constant size are allocated like others",
    "index_tapes": "counted loops keep what they keep on stacks, too",
    "induction": "no loop counts",
    "invert": "what steps or takes turns is kept, not computed from the counter",
    "loop_hints": "LLVM is told nothing of loops",
    "preaccumulate": "loops of few numbers are differentiated backwards, too",
    "ranges": "an integer may be any of its type",
    "recompute": "what the reverse sweep reads is kept, not computed again",
    "tangent": "a gradient by one number is an adjoint, too",
}
"""What there is, and what is so without it."""

ATTRIBUTE = "without"
"""Of a function: the choices that are left out while something works on it."""


def does(function: Function, choice: str) -> bool:
    """Whether `choice` is not left out."""
    return choice not in function.attrs.get(ATTRIBUTE, ())


@contextmanager
def leaving_out(module: Module, choices: Collection[str]) -> Iterator[None]:
    """Inside of it the functions of `module` are worked on without these choices."""
    before = {name: function.attrs.get(ATTRIBUTE) for name, function in module.functions.items()}
    for function in module.functions.values():
        if choices:
            function.attrs[ATTRIBUTE] = tuple(sorted({*function.attrs.get(ATTRIBUTE, ()), *choices}))
    try:
        yield
    finally:
        for name, function in module.functions.items():
            function.attrs.pop(ATTRIBUTE, None)
            if before.get(name) is not None:
                function.attrs[ATTRIBUTE] = before[name]
