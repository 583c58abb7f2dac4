"""Every example runs alone, and what it claims holds (each ends with an error if not)."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
ENTRY = "import sys; from ssad.cli import main; sys.exit(main())"


def run(command: list[str], cwd: Path) -> str:
    """Standard output of a command that must succeed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    assert run([sys.executable, str(example)], tmp_path)


def test_demo_finds_the_fit(tmp_path: Path) -> None:
    lines = run([sys.executable, str(ROOT / "examples" / "lotka_volterra.py")], tmp_path).splitlines()
    fitted = {words[0]: float(words[2]) for words in map(str.split, lines[3:10])}
    # The same fit with differences in CPython.
    expected = {"alpha": 0.5402, "beta": 0.0272, "gamma": 0.7964, "delta": 0.0237, "u0": 34.602, "v0": 5.8445}
    assert {name: fitted[name] for name in expected} == pytest.approx(expected, rel=1e-2)
    assert fitted["misfit"] == pytest.approx(2.0187, abs=1e-4)


@pytest.mark.skipif(shutil.which("cc") is None or shutil.which("make") is None, reason="needs cc and make")
def test_exported_gradient_is_called_from_c(tmp_path: Path) -> None:
    folder = tmp_path / "export_c"
    shutil.copytree(
        ROOT / "examples" / "export_c", folder, ignore=shutil.ignore_patterns("*.so", "*.h", "main")
    )
    output = run(["make", f"SSAD={shlex.join([sys.executable, '-c', ENTRY])}"], folder)
    assert "value 3.251929" in output
    assert "d/dt  0.857775" in output
    assert "empty array: " in output
    needed = run(["ldd", "liblogsumexp.so"], folder) if shutil.which("ldd") else ""
    assert "python" not in needed and "llvm" not in needed.lower()
