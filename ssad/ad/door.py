"""The function whose derivative is asked for, as one that nobody else calls."""

from __future__ import annotations

from ssad.analysis.alias import alias_classes
from ssad.analysis.callgraph import recursive
from ssad.analysis.effects import refers
from ssad.ir.builder import Builder
from ssad.ir.core import Function, Module, Terminator, return_
from ssad.ir.sweeps import result_type

_SUFFIX = ".door"


def door(function: Function, module: Module) -> Function:
    """`function`, or where it calls itself a new main function of `module` that does nothing but call it."""
    if function.name not in recursive(module):
        return function
    outer = Function(f"{function.name}{_SUFFIX}", function.loc)
    entry = outer.add_block("entry")
    args = [entry.add_param(p.type, p.name) for p in function.params]
    types = outer.result_types = list(function.result_types)
    aliases = alias_classes(function)
    written = (n for n, p in enumerate(function.params) if refers(p.type) and aliases.of[p].written)
    b = Builder(entry, function.loc)
    result = b.call(*args, callee=function.name, type=str(result_type(types)), writes=tuple(written))
    results = [result] if len(types) == 1 else [b.extract(result, index=n) for n in range(len(types))]
    entry.term = return_(results, function.loc)
    if not any(block.term.kind == "return" for block in function.blocks):
        entry.term = Terminator("raise", [], [], {"exc": "SystemError"}, function.loc)
    module.functions = {outer.name: outer, **module.functions}
    return outer


def adjoint_name(name: str) -> str:
    """What the adjoint of the function `name` is called: that of a door like that of what is behind it."""
    return f"{name.removesuffix(_SUFFIX)}.adjoint"
