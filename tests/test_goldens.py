"""Every file below tests/golden that names a command says what comes out of it (see golden.py)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden import ROOT, run_file

FILES = sorted(path for path in ROOT.rglob("*.ssa") if path.read_text("utf-8").startswith("# run:"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_golden(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path, run_file(path))
