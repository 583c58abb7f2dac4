"""Library functions written in plain Python, lifted and inlined like user code.

`LIBRARY` finds them by the original, `LOOPS` by name; no derivative goes through `constant`.
"""

import math
from collections.abc import Callable
from typing import Any

from ssad.library import (
    cmath_functions,
    complex_cores,
    complex_powers,
    counting,
    functional,
    iterators,
    managers,
    rounding,
    scalars,
    sorted_lists,
)
from ssad.library.lists import LOOPS, constant, exact_total

LIBRARY: dict[Any, Callable[..., Any]] = {
    math.fsum: exact_total,
    **counting.LIBRARY,
    **functional.LIBRARY,
    **iterators.LIBRARY,
    **scalars.LIBRARY,
    **cmath_functions.LIBRARY,
    **complex_powers.LIBRARY,
    **managers.LIBRARY,
    **rounding.LIBRARY,
    **sorted_lists.LIBRARY,
    **{("parts", function): core for function, core in complex_cores.CORES.items()},
}

__all__ = ["LIBRARY", "LOOPS", "constant"]
