"""Adjoints of stencils gather what they would scatter.

    for i:                                     for p where all three are: x.bar[p] += a * y.bar[p + 1]
      b = y.bar[i]; y.bar[i] = 0                                            + c * y.bar[p]
      x.bar[i - 1] += a * b              ->                                 + a * y.bar[p - 1]
      x.bar[i]     += c * b                    for i near the ends: the others, one by one
      x.bar[i + 1] += a * b                    for i: y.bar[i] = 0

What is read at several places makes the reverse sweep add to several places of each iteration, and each waits
for the one before. Where the indices are counters plus constants, every element can fetch its summands: one
store for each, which LLVM vectorises. Sums change their order, as adjoints' may. The arrays that are read and
set to zero must lie apart from those that are added to: if that is not known, it is asked when the loop
begins, and the loop as it was is the other way.

Source: Hückelheim, Hascoët and Müller 2017, "Algorithmic differentiation of code with multiple
context-specific activities" (TF-MAD: gather instead of scatter), for any rank.
"""

from __future__ import annotations

from ssad.analysis.memo import loop_forest
from ssad.analysis.shape import preheaders
from ssad.ir.core import Function, Module
from ssad.passes.gather.finding import find
from ssad.passes.gather.turning import Turning, turn_of
from ssad.passes.gather.writing import Gathering
from ssad.passes.manager import function_pass


@function_pass("gather", "let each element fetch what is added to it")
def run(function: Function, module: Module) -> bool:
    if not any(op.name == "accumulate" for op in function.ops()):
        return False
    before = preheaders(function, loop_forest(function))
    found = find(function, before)
    for nest, stencil in found:
        turn = turn_of(nest, stencil, before)
        if turn is None:
            Gathering(function, nest, stencil).write()
        else:
            Turning(function, nest, stencil, turn).write()
    if found:
        function.touch()
    return bool(found)
