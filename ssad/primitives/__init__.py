"""The tables: importing this package enters every primitive into `ssad.ir.primitive.PRIMITIVES`.

One file per family; `lowering` says how to read the `llvm` column, `ieee` holds what `eval` computes,
`rounding` the table of derivatives at kinks, `check` the domain checks that CPython's callables make.
"""

from ssad.primitives import (  # noqa: F401  (imported for what they define)
    arithmetic,
    array,
    call,
    cast,
    cell,
    check,
    comparison,
    external,
    gamma,
    index,
    list,
    locking,
    math,
    printing,
    python,
    rounding,
    tape,
)
