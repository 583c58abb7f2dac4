"""Every file below tests/golden says what comes out of it (see golden.py)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden import ROOT, run_file


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.ssa")), ids=lambda path: str(path.relative_to(ROOT)))
def test_golden(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path, run_file(path))
