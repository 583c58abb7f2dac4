"""The command `ssad`: what verbs print, where, and with which exit code."""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ssad.cli import command
from ssad.cli.colours import emphasised
from ssad.cli.command import main
from ssad.cli.explain import explanations
from ssad.errors import SsadError
from ssad.ir.core import Function, Module, Value
from ssad.ir.types import F64
from ssad.passes import manager

ROOT = Path(__file__).resolve().parent.parent
DEAD = """\
func @f(%x: f64) -> f64 {
^entry:
  %dead = mul %x, 2.0 : f64 @L1
  %y = add %x, 1.0 : f64 @L2
  return %y
}
loc @L1 = "f.py":2:4-2:9 in f
loc @L2 = "f.py":3:4-3:9 in f
"""
ALIVE = """\
func @f(%x: f64) -> f64 {
^entry:
  %y = add %x, 1.0 : f64 @L1
  return %y
}
loc @L1 = "f.py":3:4-3:9 in f
"""


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of IR with an op that nobody needs, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("f.ssa").write_text(DEAD)
    return "f.ssa"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `ssad argv...`."""
    code = main(argv)
    out, err = capsys.readouterr()
    return code, out, err


# Every verb


def test_help_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--help")
    assert code == 0 and err == ""
    for verb in ("dump-ir", "explain", "export", "info", "opt"):
        assert re.search(rf"^ +{verb}  ", out, re.M)


def test_python_with_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ssad", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ssad ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert code == 0 and re.fullmatch(r"ssad \d+\.\d+.*\n", out)


@pytest.mark.parametrize("argv", [(), ("bake",), ("opt", "--bake"), ("opt",), ("opt", "f.ssa", "-p")])
def test_misuse(capsys: pytest.CaptureFixture[str], dead: str, argv: tuple[str, ...]) -> None:
    code, out, err = run(capsys, *argv)
    assert code == 2 and out == "" and "usage: ssad" in err


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("dump-ir", "explain", "export", "info", "opt"):
        code, out, _ = run(capsys, verb, "--help")
        assert code == 0 and out.startswith(f"usage: ssad {verb}")


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the verb `opt` raise `error`."""

    def refuse(*args: object) -> int:
        raise error

    parser = argparse.ArgumentParser("ssad")
    parser.set_defaults(run=refuse)
    monkeypatch.setattr(command, "parser", lambda: parser)


def test_a_bug_in_ssad(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("division by zero"))
    code, out, err = run(capsys)
    assert code == 70 and out == ""
    assert err.startswith("Traceback") and "bug in ssad" in err.splitlines()[-1]


def test_an_interrupt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert run(capsys) == (130, "", "")


def test_an_error_in_the_program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, SsadError("no", cure="yes"))
    assert run(capsys) == (1, "", "error[SSAD0001]: no\n  help: yes\n")


def test_a_reader_that_is_gone(dead: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "ssad.cli", "opt", str(Path(dead).resolve())],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=120,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


# Colours


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ERROR = 'error[SSAD0100]: no\n  --> f.py:1:1 in f\n    1 | x ^ y\n      |   ^\n  help: "error[]"'


def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = emphasised(ERROR, Terminal())
    assert shown.startswith("\x1b[1;31merror[SSAD0100]:\x1b[0m no\n")
    assert "|   \x1b[1;31m^\x1b[0m\n" in shown and "x ^ y" in shown
    assert re.sub(r"\x1b\[[\d;]*m", "", shown) == ERROR


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    assert emphasised(ERROR, Terminal()) == ERROR


def test_no_colours_in_a_file() -> None:
    assert emphasised(ERROR, io.StringIO()) == ERROR


# opt


def test_opt_runs_passes(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    assert run(capsys, "opt", dead, "-p", "dce") == (0, ALIVE, "")
    assert run(capsys, "opt", dead, "-p", "cse,dce", "-p", "fold", "--verify-each") == (0, ALIVE, "")


def test_opt_without_passes_prints(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    assert run(capsys, "opt", dead) == (0, DEAD, "")
    assert run(capsys, "opt", dead, "-p", "dce", "--disable", "dce") == (0, DEAD, "")


def test_opt_without_locations(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    code, out, _ = run(capsys, "opt", dead, "--no-locations")
    assert code == 0 and "@L" not in out and "%dead = mul %x, 2.0 : f64\n" in out


def test_opt_reads_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DEAD.encode())))
    assert run(capsys, "opt", "-", "-p", "dce") == (0, ALIVE, "")


def test_opt_writes_a_file(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    assert run(capsys, "opt", dead, "-p", "dce", "-o", "out.ssa") == (0, "", "")
    assert Path("out.ssa").read_text() == ALIVE
    code, out, err = run(capsys, "opt", dead, "-o", "no/such/folder/out.ssa")
    assert code == 2 and out == ""
    cause, cure = err.splitlines()
    assert cause == "error[SSAD0600]: no/such/folder/out.ssa cannot be written: No such file or directory"
    assert cure == "  help: give another path"


def test_opt_shows_what_passes_do(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    code, out, err = run(capsys, "opt", dead, "-p", "dce,licm", "--print-after-all", "--time")
    assert code == 0 and out == ALIVE
    assert "# after dce: changed\nfunc @f(%x: f64)" in err and "# after licm: nothing changed\n" in err
    assert re.findall(r"^ +\d+\.\d\d ms  (\S+)$", err, re.M) == ["(parse)", "(verify)", "dce", "licm"]


def test_opt_lists_the_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "opt", "--list")
    assert code == 0 and re.search(r"^dce +remove ", out, re.M)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("opt", "missing.ssa"), "there is no file missing.ssa"),
        (("opt", "."), ". cannot be read: Is a directory"),
        (("opt", "binary.ssa"), "binary.ssa is no text: byte 1 is not UTF-8"),
        (("opt", "f.ssa", "-p", "dze"), "did you mean dce?"),
        (("opt", "f.ssa", "--disable", "dze"), "did you mean dce?"),
    ],
)
def test_opt_cannot(capsys: pytest.CaptureFixture[str], dead: str, argv: tuple[str, ...], says: str) -> None:
    Path("binary.ssa").write_bytes(b"a\xff")
    code, out, err = run(capsys, *argv)
    assert code == 2 and out == "" and says in err and err.startswith("error[SSAD0600]: ")


def test_opt_refuses_malformed_text(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    Path(dead).write_text(DEAD.replace("mul %x", "mul x"))
    code, out, err = run(capsys, "opt", dead)
    assert (code, out) == (1, "")
    assert err.splitlines()[1:] == [
        "  --> f.ssa:3:15",
        "    3 | %dead = mul x, 2.0 : f64 @L1",
        "      |             ^",
    ]


def test_opt_refuses_invalid_text(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    Path(dead).write_text(DEAD.replace("mul %x, 2.0", "mul %x, 2"))
    code, out, err = run(capsys, "opt", dead)
    assert (code, out) == (1, "")
    assert err.startswith("error[SSAD0510]: V12: mul: ")
    assert "\n  --> f.ssa:3\n" in err and "\n  >   %dead = mul %x, 2 : f64\n" in err


def test_opt_verifies_what_holds_at_a_stage(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    Path(dead).write_text("func @f(%x: object) -> object {\n^entry:\n  return %x\n}\n")
    assert run(capsys, "opt", dead)[0] == 0
    code, _, err = run(capsys, "opt", dead, "--stage", "typed")
    assert code == 1 and "V14" in err


@pytest.mark.parametrize("each", [(), ("--verify-each",)])
def test_a_pass_that_breaks_the_ir_is_a_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dead: str, each: tuple[str, ...]
) -> None:
    def run_pass(function: Function, module: Module) -> bool:
        function.entry.term.operands[0] = Value(F64, "nowhere")
        function.touch()
        return True

    monkeypatch.setitem(manager.PASSES, "breaks", manager.Pass("breaks", "breaks", run_pass))
    code, out, err = run(capsys, "opt", dead, "-p", "breaks", *each)
    assert code == 70 and out == "" and "V07: %nowhere is not defined" in err and "bug in ssad" in err
    assert ("after pass breaks" in err) == bool(each)


# Files that hold functions


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero", "m.py:2:5 in <module>"),
        ("def f():\n    return [][0]\n\nf()\n", "IndexError: list index out of range", "m.py:2:12 in f"),
        ("import json\njson.loads('[')\n", "JSONDecodeError: ", "m.py:2:1 in <module>"),
        ("import no_such_module\n", "ModuleNotFoundError: No module", "m.py:1:1 in <module>"),
        ("def f(x):\n    return x +\n", "SyntaxError: invalid syntax", "m.py:2:15"),
        ("import sys\nsys.exit('no')\n", "SystemExit: no", "m.py:2:1 in <module>"),
    ],
)
@pytest.mark.parametrize("verb", [("dump-ir",), ("export", "-o", "m.so")])
def test_a_file_that_cannot_be_run(
    capsys: pytest.CaptureFixture[str], dead: str, text: str, says: str, place: str, verb: tuple[str, ...]
) -> None:
    """The program is at fault, and the line of it that has to do with the exception is shown."""
    Path("m.py").write_text(text)
    code, out, err = run(capsys, verb[0], "m.py:f", *verb[1:])
    first, second, *rest = err.splitlines()
    assert (code, out) == (1, "") and len(rest) <= 4
    assert first.startswith(f"error[SSAD0610]: running m.py raised {says}")
    assert second.startswith(f"  --> {place}") and rest[-1] == "  help: try `python m.py` first"


def test_a_file_called_like_a_module(capsys: pytest.CaptureFixture[str], dead: str) -> None:
    """It is run, and nobody else gets it who wants the module."""
    Path("json.py").write_text("def f(x: float) -> float:\n    return x * x\n")
    code, out, _ = run(capsys, "dump-ir", "json.py:f", "--stage", "typed")
    assert code == 0 and "func @f(%x: f64) -> f64" in out
    assert sys.modules["json"].__name__ == "json"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("json.py", "'json.py' names no function"),
        ("m.py:x.real.nothing", "m.py has no function 'x.real.nothing'"),
        ("m.py:g", "it has f"),
    ],
)
def test_no_such_function(capsys: pytest.CaptureFixture[str], dead: str, target: str, says: str) -> None:
    Path("m.py").write_text("x = 1.5\n\ndef f(x):\n    return x\n")
    code, out, err = run(capsys, "dump-ir", target)
    assert (code, out) == (2, "") and says in err


# explain


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("SSAD0201", "ssad0201", "error[SSAD0201]".removeprefix("error"), "201"):
        code, out, err = run(capsys, "explain", name)
        assert code == 0 and out.startswith("SSAD0201: ") and "```python" in out and err == ""


def test_explain_lists_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain")
    codes = [line[:8] for line in out.splitlines()]
    assert code == 0 and codes == sorted(explanations())


def test_explain_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", "SSAD9999")
    assert code == 2 and out == "" and "there is no error code SSAD9999" in err


def test_every_code_is_explained() -> None:
    sources = (ROOT / "ssad").rglob("*.py")
    used = {code for path in sources for code in re.findall(r'"(SSAD\d{4})"', path.read_text("utf-8"))}
    assert sorted(used) == sorted(explanations())


def example(code: str) -> str | None:
    """The first block of code of an explanation."""
    found = re.search(r"^```python\n(.*?)^```", explanations()[code][1], re.S | re.M)
    return found and found[1]


@pytest.mark.parametrize("code", [code for code in explanations() if example(code)])
def test_an_example_runs_into_its_error(code: str) -> None:
    source = example(code)
    assert source is not None
    with pytest.raises(SsadError) as caught:
        exec(compile(source, f"<{code}>", "exec"), {})
    assert caught.value.code == code


# info


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "info")
    assert code == 0 and err == ""
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert re.fullmatch(r"\d+\.\d+.*", rows["ssad"])
    assert sys.version.split()[0].rstrip("+") in rows["Python"]
    assert re.fullmatch(r"\S+ \(LLVM \d+\.\d+\.\d+\)", rows["llvmlite"])
    assert {"numpy", "networkx", "lark", "system", "CPU", "vector math", "C compiler"} < rows.keys()
