"""Subscripts: Python's negative indices and the test that stands before every access."""

from __future__ import annotations

from ssad.ir.primitive import define
from ssad.ir.types import BOOL, I64
from ssad.primitives.lowering import Template
from ssad.primitives.rules import DISCRETE, exactly

_WRAP = "{r}.c = icmp slt i64 {0}, 0\n{r}.n = add i64 {0}, {1}\n{r} = select i1 {r}.c, i64 {r}.n, i64 {0}"
define(
    "wrap_index",
    type_rule=exactly((I64, I64), I64),
    eval=lambda i, n: i + n if i < 0 else i,
    nondifferentiable=DISCRETE,
    llvm=Template(_WRAP),
    python="{0} + {1} if {0} < 0 else {0}",
    points=((2, 5), (-2, 5), (-7, 5)),
)
define(
    "in_range",
    type_rule=exactly((I64, I64), BOOL),
    eval=lambda i, n: 0 <= i < n,
    nondifferentiable=DISCRETE,
    llvm=Template("{r} = icmp ult i64 {0}, {1}"),  # a negative index is a huge unsigned one; n >= 0
    python="0 <= {0} < {1}",
    points=((2, 5), (-2, 5), (5, 5), (0, 0)),
)
