"""Goldens: files of small cases whose whole text is the expected result; `pytest --bless` rewrites them.

A file `tests/golden/<area>/<name>.ssa` starts with the command that its cases run and holds cases between
lines `# -----`; a case is one line of prose, a module and, behind a line `# --->`, what comes out:

    # run: opt -p dce
    # An op that nobody needs goes.
    func @f() -> () {
    ...
    # --->
    func @f() -> () {
    ...

Commands (a `# run:` line of its own may stand above any case):

* `parse`: the module, parsed and printed (which parses and prints to the same text again), or the error.
* `verify [--stage NAME]`: no output; `# error: V07 ...` stands behind the line that breaks an invariant.
* `opt -p NAME,NAME`: the module after these passes, each of which leaves it valid.
* `reverse N,N` and `forward N,N`: the adjoint, or the tangent, by these parameters, before any refinement
  but for what nobody asked for.
* `preaccumulate N,N`: the primal, with the loops whose slopes are computed where their values are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import ssad.primitives  # noqa: F401  (registers the primitives)
from ssad.errors import IRSyntaxError, VerifyError
from ssad.ir.equal import difference
from ssad.ir.parser import parse_module, parse_with_lines
from ssad.ir.printer import print_module
from ssad.ir.verify import verify

ROOT = Path(__file__).parent / "golden"
BETWEEN = "# -----"
ARROW = "# --->"
_ERROR = re.compile(r"\s*# error: .*$", re.M)


def compare(path: Path, actual: str, bless: bool) -> None:
    """Fail with a diff where `actual` is not the text of the file; with `bless`, rewrite the file instead."""
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    if actual == expected:
        return
    if bless:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
        return
    lines = expected.splitlines(), actual.splitlines()
    diff = "\n".join(difflib.unified_diff(*lines, "expected", "actual", lineterm=""))
    pytest.fail(f"{path.relative_to(ROOT.parent)} (pytest --bless rewrites it)\n{diff}", pytrace=False)


def run_file(path: Path) -> str:
    """The text of a golden file with every result computed anew."""
    command = ""
    done = []
    for case in path.read_text(encoding="utf-8").split(f"{BETWEEN}\n"):
        given, _, _ = case.partition(f"{ARROW}\n")
        prose = given.lstrip("\n").splitlines()
        for line in prose:
            if line.startswith("# run:"):
                command = line.removeprefix("# run:").strip()
        if not any(line.startswith("# ") and not line.startswith("# run:") for line in prose):
            pytest.fail(f"{path.name}: a case has no line of prose:\n{given}", pytrace=False)
        verb, *arguments = command.split()
        done.append(COMMANDS[verb](given, arguments))
    return f"{BETWEEN}\n".join(done)


def _parse(given: str, arguments: list[str]) -> str:
    try:
        module = parse_module(given)
    except IRSyntaxError as error:
        return f"{given}{ARROW}\n{_commented(str(error))}\n"
    printed = print_module(module)
    again = parse_module(printed)
    assert difference(module, again) is None
    assert print_module(again) == printed
    return f"{given}{ARROW}\n{printed}"


def _verify(given: str, arguments: list[str]) -> str:
    clean = _ERROR.sub("", given)
    module, line_of = parse_with_lines(clean)
    stage = arguments[1] if arguments[:1] == ["--stage"] else None
    try:
        verify(module, stage)
    except VerifyError as error:
        lines = clean.splitlines()
        lines[line_of[error.guilty] - 1] += f"  # error: {error.cause}"
        return "\n".join(lines) + "\n"
    return clean


def _opt(given: str, arguments: list[str]) -> str:
    from ssad.passes.manager import run_passes

    module = parse_module(given)
    verify(module)
    run_passes(module, arguments[1].split(","), verify=True)
    return f"{given}{ARROW}\n{print_module(module)}"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.splitlines())


def _reverse(given: str, arguments: list[str]) -> str:
    return _derivative("reverse", given, arguments)


def _forward(given: str, arguments: list[str]) -> str:
    return _derivative("forward", given, arguments)


def _preaccumulate(given: str, arguments: list[str]) -> str:
    from ssad.ad.preaccumulate import preaccumulate
    from ssad.passes.manager import run_passes

    module = parse_module(given)
    verify(module)
    run_passes(module, ["loop_simplify", "lcssa"], verify=True)
    preaccumulate(module.main, module, [int(n) for n in arguments[0].split(",")])
    verify(module)
    return f"{given}{ARROW}\n{print_module(module)}"


def _derivative(mode: str, given: str, arguments: list[str]) -> str:
    from ssad.ad.forward import forward
    from ssad.ad.reverse import reverse
    from ssad.ad.signature import primal_signature
    from ssad.passes.manager import run_passes

    module = parse_module(given)
    verify(module)
    run_passes(module, ["loop_simplify", "lcssa"], verify=True)
    active = [int(n) for n in arguments[0].split(",")]
    if mode == "reverse":
        derivative = reverse(module.main, module, active, fp="")
    else:
        derivative = forward(primal_signature(module.main), module, active, fp="")
    module.functions = {derivative.function.name: derivative.function}
    run_passes(module, ["dce"], verify=True)
    verify(module, "adjoint")
    return f"{given}{ARROW}\n{print_module(module)}"


COMMANDS: dict[str, Callable[[str, list[str]], str]] = {
    "parse": _parse,
    "verify": _verify,
    "opt": _opt,
    "reverse": _reverse,
    "forward": _forward,
    "preaccumulate": _preaccumulate,
}
