"""What ssad runs on: versions, the CPU, the vector library, the C compiler."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import shutil
import sys
from typing import Any

from ssad.cli.command import OK
from ssad.cli.files import write_text

_VECTOR_FUNCTIONS = ("exp", "log", "sin", "cos", "pow", "tanh", "erf", "atan2")


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser("info", help="versions, CPU and libraries", description=__doc__)
    parser.add_argument("-o", "--output", metavar="OUT", help="write to this file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the verb out."""
    rows = [*_versions(), *_machine()]
    width = max(len(name) for name, _ in rows)
    write_text("".join(f"{name:<{width}}  {value}\n" for name, value in rows), args.output)
    return OK


def version(package: str) -> str:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return str(sys.modules["ssad"].__version__) if package == "ssad" else "not installed"


def _versions() -> list[tuple[str, str]]:
    import llvmlite.binding

    llvm = ".".join(map(str, llvmlite.binding.llvm_version_info))
    return [
        ("ssad", version("ssad")),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("llvmlite", f"{version('llvmlite')} (LLVM {llvm})"),
        *((package, version(package)) for package in ("numpy", "networkx", "lark")),
    ]


def _machine() -> list[tuple[str, str]]:
    from ssad.backend import jit, vectormath
    from ssad.ir.types import F64

    engine = jit.engine()
    widest = [name for name in ("avx512f", "avx2", "avx", "sse4.2", "neon") if name in vectormath.features()]
    library = vectormath.library()
    vector = "none: loops call scalar functions"
    if library is not None:
        arity = {"pow": 2, "atan2": 2}
        found = [n for n in _VECTOR_FUNCTIONS if vectormath.variants(n, n, F64, arity.get(n, 1)).attribute]
        vector = f"{library._name}: {' '.join(found) or 'nothing for this CPU'}"
    return [
        ("system", f"{platform.system()} {platform.release()}, {engine.triple}"),
        ("CPU", f"{engine.cpu} ({widest[0] if widest else 'no known vector extension'})"),
        ("vector math", vector),
        ("C compiler", shutil.which("cc") or "none: `ssad export` needs one"),
    ]
