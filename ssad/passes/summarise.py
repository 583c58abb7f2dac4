"""What a caller must know of functions that are not inlined: which arguments they write, which may overlap.

    call %x, %w {callee = "g", type = "none"}  ->  call %x, %w {callee = "g", type = "none", writes = (1)}

A function whose array arguments come from one memory somewhere gets the attribute `overlap`. Both facts are
found for the whole module at once, by fixpoint, starting from the best.
"""

from __future__ import annotations

from ssad.analysis.alias import alias_classes
from ssad.analysis.callgraph import calls_in
from ssad.analysis.effects import refers
from ssad.ir.core import Function, Module, Op
from ssad.passes.manager import function_pass


@function_pass("summarise", "say which arguments the remaining calls write and which functions' overlap")
def run(function: Function, module: Module) -> bool:
    calls = [(f, op) for f in module.functions.values() for op in calls_in(f)]
    if function is not module.main or not calls:
        return False
    writes: dict[str, tuple[int, ...]] = dict.fromkeys(module.functions, ())
    changed = True
    while changed:
        changed = False
        for f, op in calls:
            op.attrs["writes"] = writes[op.attrs["callee"]]
            f.touch()
        for f, op in calls:
            callee = module.functions[op.attrs["callee"]]
            if not callee.attrs.get("overlap") and _overlapping(f, op):
                callee.attrs["overlap"] = changed = True
                callee.touch()
        found = {f.name: _written(f) for f in module.functions.values()}
        changed |= found != writes
        writes = found
    return True


def _overlapping(function: Function, op: Op) -> bool:
    """Whether two arguments of a call may share memory."""
    aliases = alias_classes(function, exact=True)
    arrays = [aliases.of[v] for v in op.operands if refers(v.type)]
    return len(set(arrays)) < len(arrays)


def _written(function: Function) -> tuple[int, ...]:
    """The numbers of the parameters whose memory `function` may write."""
    aliases = alias_classes(function, exact=True)
    return tuple(n for n, p in enumerate(function.params) if refers(p.type) and aliases.of[p].written)
