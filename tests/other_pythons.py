"""The corpus on the other Pythons of this machine, and the backend on the oldest packages that are allowed.

`python -m tests.other_pythons` makes a virtual environment for each beside `.venv`, installs once, and runs
there what depends on the version of Python or of the packages. It ends by saying what ran and what this
machine lacks.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interpreters import HERE, SUPPORTED, interpreter

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINTERS = ("ruff", "mypy")

CORPUS = (
    "test_bytecode.py",
    "test_infer*.py",
    "test_lift*.py",
    "test_scenarios.py",
    "test_sweeps.py",
    "test_trees.py",
)
"""What depends on the version of Python."""

BETWEEN = tuple(name for name in CORPUS if name not in ("test_scenarios.py", "test_trees.py"))
"""The same of a version in between, which lifts to the same text, says `test_lift.py`."""

BACKEND = ("test_aot.py", "test_jit.py", "test_llvm.py", "test_sweeps.py")
"""What depends on the versions of the packages."""

IN_BOTH_MODES = "not (second_order or hessian or jacobian or other_options or adjoint_runs or all_checks)"
"""Of the sweeps values, exceptions, gradients and tangents; the rest starts from the same lifted text."""

IN_REVERSE_MODE = IN_BOTH_MODES.replace("(", "(forward_agrees or ")
"""For the oldest packages, which have no part in how tangents are made, and for a version in between."""

NEWEST_FOR_OLDEST = "3.13"
"""There are no wheels of the oldest packages for later Pythons."""


@dataclass(frozen=True)
class Run:
    """Test files, and the virtual environment in which they run."""

    name: str
    python: str
    requirements: tuple[str, ...]
    files: tuple[str, ...]
    chosen: str = ""

    @property
    def home(self) -> Path:
        return ROOT / f".venv-{self.name}"

    def install(self) -> None:
        """Make the environment, unless what it would have been made from is what it was made from."""
        wanted = repr((self.python, self.requirements, PROJECT["dependencies"]))
        stamp = self.home / f".installed-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
        if stamp.exists():
            return
        say(f"installing into {self.home.name}")
        subprocess.run([self.python, "-m", "venv", "--clear", str(self.home)], check=True)
        pip = [str(self.home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        options = ["--disable-pip-version-check", "--editable", str(ROOT)]
        subprocess.run([*pip, *options, *self.requirements], check=True)
        stamp.touch()

    def test(self, workers: int) -> bool:
        """Whether the tests pass; their output goes to the terminal."""
        files = [str(path) for pattern in self.files for path in sorted((ROOT / "tests").glob(pattern))]
        python = str(self.home / "bin" / "python")
        pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(workers)]
        chosen = ["-k", self.chosen] if self.chosen else []
        return subprocess.run([*pytest, *chosen, *files], cwd=ROOT, check=False).returncode == 0


def say(text: str) -> None:
    print(f"other pythons: {text}", flush=True)


def needed_by_tests() -> tuple[str, ...]:
    """What the tests need besides the package; the linters run once, on the main interpreter."""
    return tuple(r for r in PROJECT["optional-dependencies"]["test"] if not r.startswith(LINTERS))


def oldest(requirement: str) -> str:
    """`numpy>=2,<3` -> `numpy==2`: the lower end of the range."""
    found = re.fullmatch(r"([\w-]+)>=([\d.]+)(,.*)?", requirement)
    assert found, f"{requirement} has no lower end"
    return f"{found[1]}=={found[2]}"


def runs() -> Iterator[Run | str]:
    """What there is to run, and a sentence about each thing that this machine lacks."""
    here = {version: interpreter(version) for version in SUPPORTED if version != HERE}
    newest = max((version for version, python in here.items() if python), key=key, default=None)
    for version, python in here.items():
        if python is None:
            yield f"no Python {version}, neither on the search path nor in ~/.pyenv"
        elif version == newest:
            yield Run(version, python, needed_by_tests(), CORPUS, IN_BOTH_MODES)
        else:
            yield Run(version, python, needed_by_tests(), BETWEEN, IN_REVERSE_MODE)
    old = [
        (v, p) for v, p in [*here.items(), (HERE, sys.executable)] if p and key(v) <= key(NEWEST_FOR_OLDEST)
    ]
    if not old:
        yield f"no Python up to {NEWEST_FOR_OLDEST} for the oldest packages"
    else:
        pins = tuple(map(oldest, PROJECT["dependencies"]))
        yield Run(f"{old[0][0]}-oldest", old[0][1], (*pins, *needed_by_tests()), BACKEND, IN_REVERSE_MODE)


def key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything that can be run; 1 if something failed."""
    parser = argparse.ArgumentParser(description="test on the other Pythons of this machine")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    workers = parser.parse_args(arguments).workers
    report, failed = [], False
    for run in runs():
        if isinstance(run, str):
            report.append(f"skipped: {run}")
            continue
        start = time.perf_counter()
        run.install()
        say(f"testing in {run.home.name}")
        passed = run.test(workers)
        failed |= not passed
        verdict = "passed" if passed else "FAILED"
        report.append(f"{verdict}: {run.name}, {run.python}, {time.perf_counter() - start:.0f} s")
    for line in report:
        say(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
