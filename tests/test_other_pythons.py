"""What runs on other interpreters: pins, file patterns, and a word about everything that is missing."""

from __future__ import annotations

import pytest

from tests import other_pythons
from tests.interpreters import HERE, SUPPORTED
from tests.other_pythons import BACKEND, CORPUS, PROJECT, ROOT, Run, oldest, runs


def test_oldest_is_the_lower_end() -> None:
    assert oldest("numpy>=2") == "numpy==2"
    assert oldest("llvmlite>=0.45,<0.51") == "llvmlite==0.45"
    with pytest.raises(AssertionError, match="no lower end"):
        oldest("numpy<3")
    assert all(map(oldest, PROJECT["dependencies"]))


@pytest.mark.parametrize("pattern", sorted({*CORPUS, *BACKEND}))
def test_patterns_name_files(pattern: str) -> None:
    assert list((ROOT / "tests").glob(pattern))


def test_everything_runs_or_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one other Python: that one, the oldest packages on it, and a sentence for each of the rest."""
    has = next(v for v in SUPPORTED if v not in (HERE, "3.14"))
    monkeypatch.setattr(other_pythons, "interpreter", lambda v: f"/bin/python{v}" if v == has else None)
    found = list(runs())
    assert [run.name for run in found if isinstance(run, Run)] == [has, f"{has}-oldest"]
    missing = [text for text in found if isinstance(text, str)]
    assert len(missing) == len(SUPPORTED) - 2
    assert all("3." in text and "search path" in text for text in missing)


def test_versions_are_those_of_the_package() -> None:
    classifiers = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c]
    assert tuple(classifiers) == SUPPORTED
