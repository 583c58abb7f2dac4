"""The examples of what is compiled: `ssad/language`."""

from ssad.language import Construct, constructs
from tests.corpus.registry import case


def _register(construct: Construct) -> None:
    case(args=lambda: construct.arguments, name=f"language_{construct.example.__name__}")(construct.example)


for _construct in constructs():
    if _construct.chapter != "Refused":
        _register(_construct)
