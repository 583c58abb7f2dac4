"""Every version of Python lifts every test function to the same text; what is missing is skipped."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interpreters import HERE, SUPPORTED, interpreter
from tests.lift_dump import dump

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tests" / "lift_dump.py"


@functools.cache
def here() -> dict[str, str]:
    return dump()


def compare(command: list[str], out: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    there = json.loads(out.read_text())
    assert there.keys() == here().keys()
    different = [name for name, text in here().items() if there[name] != text]
    assert not different, f"{different[0]} is lifted to\n{there[different[0]]}\nhere\n{here()[different[0]]}"


@pytest.mark.parametrize("version", SUPPORTED)
def test_interpreter(version: str, tmp_path: Path) -> None:
    if version == HERE:
        pytest.skip(f"{version} runs these tests")
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no python{version}, neither on the search path nor in ~/.pyenv")
    compare([python, str(SCRIPT), str(ROOT), str(tmp_path / "out.json")], tmp_path / "out.json")


def test_webassembly(tmp_path: Path) -> None:
    """CPython 3.14 as the npm package pyodide has it."""
    node = shutil.which("node")
    places = [ROOT / folder / "node_modules" / "pyodide" for folder in (".venv/node", ".")]
    package = next((place for place in places if place.exists()), None)
    if node is None or package is None:
        pytest.skip("needs node and the package pyodide: npm install --prefix .venv/node pyodide@314")
    run = ROOT / "tests" / "pyodide_run.mjs"
    out = tmp_path / "out.json"
    compare([node, str(run), str(package), str(ROOT), str(SCRIPT), str(out)], out)
