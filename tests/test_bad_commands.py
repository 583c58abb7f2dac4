"""What is wrong on the command line or in the files it names is said in at most six lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ssad.cli import main

PROGRAM = """
import math

def f(x, t):
    return x[0] * t

def bad(x):
    return {x, 1.0}

def generator(x):
    yield x

def whole(n: int) -> float:
    return n * 2.0

number = 3.0

class Model:
    def energy(self, x: float) -> float:
        return x
"""

COMMANDS: list[tuple[str, Sequence[str], int, str]] = [
    ("no file", ["dump-ir", "nosuch.py:f"], 2, "there is no file nosuch.py"),
    ("no function", ["dump-ir", "program.py:nosuch"], 2, "has no function 'nosuch'"),
    ("no name", ["dump-ir", "program.py"], 2, "names no function"),
    ("empty name", ["dump-ir", "program.py:"], 2, "names no function"),
    ("a folder", ["dump-ir", "folder:f"], 2, "there is no file folder"),
    ("no Python", ["dump-ir", "text.txt:f"], 2, "is no Python file"),
    ("no function but a number", ["dump-ir", "program.py:number"], 1, "a value of type float"),
    ("no function but a class", ["dump-ir", "program.py:Model"], 1, "the class Model"),
    ("a method", ["dump-ir", "program.py:Model.energy"], 2, "parameter self of energy has no annotation"),
    ("no signature", ["dump-ir", "program.py:f"], 2, "parameter x of f has no annotation"),
    ("bad type", ["dump-ir", "program.py:f", "--signature", "f64[:], f6"], 2, "'f6' is no argument type"),
    ("open bracket", ["dump-ir", "program.py:f", "--signature", "f64[:"], 2, "'f64[:' is no argument type"),
    (
        "too few types",
        ["dump-ir", "program.py:f", "--signature", "f64[:]"],
        2,
        "types for 1 of the 2 arguments",
    ),
    (
        "too many",
        ["dump-ir", "program.py:bad", "--signature", "f64, f64"],
        2,
        "types for 2 of the 1 arguments",
    ),
    (
        "argnums",
        ["dump-ir", "program.py:f", "--signature", "f64[:], f64", "--argnums", "7"],
        2,
        "--argnums 7",
    ),
    ("no argnums", ["dump-ir", "program.py:whole", "--argnums", "x"], 2, "'x' is no list of numbers"),
    ("by an int", ["dump-ir", "program.py:whole", "--argnums", "0"], 2, "int has no derivative"),
    ("a set", ["dump-ir", "program.py:bad", "--signature", "f64"], 1, "sets are not compiled"),
    ("a generator", ["dump-ir", "program.py:generator", "--signature", "f64"], 1, "generator function"),
    (
        "pass",
        ["dump-ir", "program.py:whole", "--stage", "optimised", "--disable", "x"],
        2,
        "no pass called 'x'",
    ),
    ("output", ["dump-ir", "program.py:whole", "--stage", "typed", "-o", "folder"], 2, "cannot be written"),
    ("a file that fails", ["dump-ir", "fails.py:f"], 1, "raised RuntimeError: on purpose"),
    ("a file that exits", ["dump-ir", "exits.py:f"], 1, "raised SystemExit: 3"),
    ("bad syntax", ["dump-ir", "syntax.py:f"], 1, "raised SyntaxError"),
    ("opt without file", ["opt", "nosuch.ssa"], 2, "there is no file nosuch.ssa"),
    ("opt of a folder", ["opt", "folder"], 2, "folder cannot be read"),
    ("opt of no text", ["opt", "binary.ssa"], 2, "is no text"),
    ("malformed", ["opt", "malformed.ssa"], 1, "expected `)` or a value"),
    ("undefined value", ["opt", "undefined.ssa"], 1, "value `%y` is not defined"),
    ("unknown primitive", ["opt", "primitive.ssa"], 1, "no primitive called `nonsense`"),
    ("Python as IR", ["opt", "program.py"], 1, "expected `func`"),
    ("unknown pass", ["opt", "good.ssa", "-p", "dce,nosuch"], 2, "no pass called 'nosuch'"),
    ("unknown code", ["explain", "SSAD9999"], 2, "no error code SSAD9999"),
    ("unknown word", ["explain", "word"], 2, "no error code word"),
]

FILES = {
    "program.py": PROGRAM,
    "text.txt": "hello",
    "fails.py": 'def f(x):\n    return x\nraise RuntimeError("on purpose")\n',
    "exits.py": "import sys\nsys.exit(3)\n",
    "syntax.py": "def f(x:\n",
    "malformed.ssa": "func @f(\n",
    "undefined.ssa": "func @f(%x: f64) -> f64 {\n^entry:\n  return %y\n}\n",
    "primitive.ssa": "func @f(%x: f64) -> f64 {\n^entry:\n  %y = nonsense %x : f64\n  return %y\n}\n",
    "good.ssa": "func @f(%x: f64) -> f64 {\n^entry:\n  return %x\n}\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.ssa").write_bytes(b"\xff\xfe\x00")
    yield tmp_path
    for name in ("program", "fails", "exits", "syntax"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("argv", "code", "says"), [pytest.param(*case[1:], id=case[0]) for case in COMMANDS])
def test_commands(
    folder: Path, capsys: pytest.CaptureFixture[str], argv: Sequence[str], code: int, says: str
) -> None:
    assert main(argv) == code
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and len(lines) <= 6
    assert lines[0].startswith("error[SSAD") and says in lines[0]
    if argv[0] != "opt" or code == 2:
        assert lines[-1].startswith("  help: ")
    else:
        assert lines[1].startswith(f"  --> {argv[1]}:") and "^" in lines[3]


@pytest.mark.parametrize(
    "argv",
    [
        ["dump-ir", "program.py:whole", "--stage", "nosuch"],
        ["dump-ir", "program.py:whole", "--nonsense"],
        ["dump-ir"],
        ["opt"],
        ["opt", "good.ssa", "--nonsense"],
        ["nosuch"],
        [],
    ],
)
def test_misuse(folder: Path, capsys: pytest.CaptureFixture[str], argv: Sequence[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("usage: ssad")
