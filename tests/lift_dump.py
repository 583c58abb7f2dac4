"""What the lifter makes of every test function, as text: for comparison between versions of Python.

Needs nothing but the interpreter: NumPy is only mentioned by the functions, never called. Run as
`python tests/lift_dump.py ROOT OUT`, it writes a JSON object: name -> lifted IR or error.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock


def dump() -> dict[str, str]:
    from ssad.errors import UnsupportedError
    from ssad.frontend.lift import lift
    from ssad.ir.printer import print_module
    from tests.corpus import registry
    from tests.lift_programs import PROGRAMS
    from tests.refused_programs import refused_programs

    cases = registry.cases() + registry.array_valued() + registry.raising()
    texts = {case.name: print_module(lift(case.fn).module, locations=False) for case in cases}
    for fn, _ in PROGRAMS:
        texts[fn.__name__] = print_module(lift(fn).module, locations=False)
    for fn in refused_programs():
        try:
            lift(fn)
        except UnsupportedError as error:
            texts[fn.__name__] = f"{error.code} {error.cause}"
    return texts


def main(root: str, out: str) -> None:
    """Dump in an interpreter without packages: whatever is not there is a name that may be mentioned."""
    sys.path.insert(0, root)
    for name in ("numpy", "scipy"):
        sys.modules[name] = MagicMock()
    for name in ("ssad", "ssad.primitives"):  # packages without what their __init__ imports
        package: Any = types.ModuleType(name)
        package.__path__ = [str(Path(root, *name.split(".")))]
        sys.modules[name] = package
    import ssad.primitives.python  # noqa: F401

    Path(out).write_text(json.dumps(dump()))


if __name__ == "__main__":
    main(*sys.argv[1:])
