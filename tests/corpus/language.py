"""The examples of what is compiled: `ssad/language`."""

import numpy as np

from ssad.language import Construct, constructs
from tests.corpus.registry import case


def _register(construct: Construct) -> None:
    single = any(getattr(value, "dtype", None) == np.float32 for value in construct.arguments)
    register = case(
        args=lambda: construct.arguments,
        name=f"language_{construct.example.__name__}",
        tags=("float32",) if single else (),
    )
    register(construct.example)


for _construct in constructs():
    if _construct.chapter != "Refused":
        _register(_construct)
