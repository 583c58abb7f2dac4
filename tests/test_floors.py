"""The house: imports go downwards only, rooms of one floor are strangers, one file knows the Python version.

The floors are read from docs/architecture.md, so that the page and the house cannot disagree.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ssad"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("llvmlite", "lark", "networkx", "scipy")
"""What is loaded when it is first needed: `import ssad` must not pay for it."""


def read_floors(page: str) -> dict[str, int]:
    """The number of every room's floor, from the block under the heading Floors."""
    block = re.search(r"^## Floors.*?^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert block, "docs/architecture.md has no block of floors"
    floors = {}
    for line in block[1].splitlines():
        number, names = re.match(r"(\d+)((?: +\w+(?:/|\.py))+)", line).groups()  # type: ignore[union-attr]
        floors |= {name.removesuffix("/").removesuffix(".py"): int(number) for name in names.split()}
    return floors


FLOORS = read_floors((ROOT / "docs" / "architecture.md").read_text())


def imported(tree: ast.AST, package: list[str]) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of what a module of `package` imports, in functions and under `if` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def wrong_imports(path: Path, source: str, floors: dict[str, int]) -> list[str]:
    """A line about each import that does not go downwards; `path` is relative to the package."""
    room = path.parts[0].removesuffix(".py")
    if room == "__init__":
        return []  # the roof
    wrong = []
    for line, name in imported(ast.parse(source), ["ssad", *path.parts[:-1]]):
        house, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if house == "ssad" and other != room and floors.get(other, 99) >= floors[room]:
            wrong.append(f"ssad/{path}:{line}: {room} (floor {floors[room]}) imports {name}")
    return wrong


def test_every_room_has_a_floor() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES} - {"__init__"}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    wrong = wrong_imports(path.relative_to(PACKAGE), path.read_text(), FLOORS)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("from ssad.ir.core import Op\nimport ssad.errors\nimport numpy", []),
        ("from ssad.passes.manager import run_passes", ["ssad.passes.manager.run_passes"]),
        ("def f():\n    from ssad.backend import jit", ["ssad.backend.jit"]),
        ("import ssad", ["ssad"]),
        ("from ssad import pipeline", ["ssad.pipeline"]),
        ("from . import mirror\nfrom .mirror import Mirror\nfrom ..analysis import alias", []),
        ("from ..library import scalars", ["ssad.library.scalars"]),
        ("if TYPE_CHECKING:\n    from ssad.frontend import abstract", ["ssad.frontend.abstract"]),
    ],
)
def test_a_wrong_import_is_found(source: str, wrong: list[str]) -> None:
    found = wrong_imports(Path("ad/reverse.py"), source, FLOORS)
    assert [line.rpartition(" ")[2] for line in found] == wrong


def test_one_file_knows_the_python_version() -> None:
    words = re.compile(r"\b(version_info|hexversion|python_version_tuple)\b")
    knows = {str(path.relative_to(PACKAGE)) for path in FILES if words.search(without_llvm(path.read_text()))}
    assert knows == {"frontend/bytecode.py"}


def without_llvm(source: str) -> str:
    """The source without LLVM's version, which is none of Python's."""
    return source.replace("llvm_version_info", "")


@pytest.fixture(scope="module")
def startup() -> dict[str, float]:
    """Seconds until each module was loaded with what it imports, in the quickest of three starts."""
    command = [sys.executable, "-X", "importtime", "-c", "import ssad"]
    runs = []
    for _ in range(3):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        rows = re.findall(r"^import time: +\d+ \| +(\d+) \| +([\w.]+)$", done.stderr, re.MULTILINE)
        runs.append({name: int(microseconds) / 1e6 for microseconds, name in rows})
    return min(runs, key=lambda run: run["ssad"])


@pytest.mark.parametrize("package", HEAVY)
def test_import_leaves_out(package: str, startup: dict[str, float]) -> None:
    loaded = [name for name in startup if name.partition(".")[0] == package]
    assert "ssad" in startup
    assert not loaded


def test_import_is_quick(startup: dict[str, float]) -> None:
    """Half a second of processor time: the clock on the wall also counts what else the machine does."""
    spent = []
    for _ in range(3):
        program = "import time; t = time.process_time(); import ssad; print(time.process_time() - t)"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        )
        spent.append(float(done.stdout))
    assert min(spent) < 0.5, sorted(((t, n) for n, t in startup.items()), reverse=True)[:15]
