"""Every code block of README.md and docs/ runs, and prints what the page says it prints.

- ```python blocks of a page run from top to bottom in one namespace, in an empty working directory that
  holds `examples/`.
- An ```output block right after another block is that block's standard output.
- ```console blocks: lines starting with `$ ` run (`ssad` and `python` are the ones under test); the lines
  that follow are the output, errors included, and a command without such lines may print anything.
- In expected output a line `...` stands for any number of lines, `...` within a line for any text.
- An HTML comment right before a block says more about it: `<!-- no-run: reason -->` skips it,
  `<!-- file: NAME -->` writes it to a file first, `<!-- exit: N -->` is the exit status of the last command
  of a console block.
- Other languages (text, sh, c, ...) are not run; ```ssa is written to its file if it has one.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*([\w+-]*)")
COMMENT = re.compile(r"^\s*<!--\s*(no-run|file|exit)\s*:\s*(.*?)\s*-->\s*$")
ENTRY = "import sys; from ssad.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: `line` is where its text starts, `output` what it is said to print."""

    language: str
    text: str
    line: int
    no_run: str | None = None
    file: str | None = None
    exit: int = 0
    output: str | None = None


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a Markdown page, with the comments right above and the output right below."""
    found: list[Block] = []
    options: dict[str, str] = {}
    after_block = False
    lines = page.splitlines()
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        if comment := COMMENT.match(line):
            options[comment[1]] = comment[2]
        elif fence := FENCE.match(line):
            indent, ticks, language = fence.groups()
            start = at
            while at < len(lines) and not re.fullmatch(rf" *{ticks[0]}{{{len(ticks)},}} *", lines[at]):
                at += 1
            if at == len(lines):
                raise ValueError(f"line {start}: the block is never closed")
            text = "".join(row.removeprefix(indent) + "\n" for row in lines[start:at])
            at += 1
            if language == "output":
                if not after_block:
                    raise ValueError(f"line {start}: an output block must follow the block that prints it")
                found[-1] = replace(found[-1], output=text)
            else:
                no_run, file, status = options.get("no-run"), options.get("file"), int(options.get("exit", 0))
                found.append(Block(language, text, start + 1, no_run, file, status))
            options, after_block = {}, language != "output"
        elif line.strip():
            options, after_block = {}, False
    return found


def matches(expected: str, actual: str) -> bool:
    """Whether the output is the expected one, trailing blanks aside."""
    pattern = ""
    for line in expected.rstrip().splitlines():
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("...")) + "\n"
    text = "".join(line.rstrip() + "\n" for line in actual.rstrip().splitlines())
    return re.fullmatch(pattern, text) is not None


def compare(expected: str, actual: str, where: str) -> None:
    if not matches(expected, actual):
        pytest.fail(f"{where}: the page says\n\n{expected}\nbut the output is\n\n{actual}", pytrace=False)


def commands(text: str) -> list[tuple[int, str, str]]:
    """Line offset, command and expected output of each `$ ` line of a console block."""
    found: list[tuple[int, str, str]] = []
    for offset, line in enumerate(text.splitlines()):
        if line.startswith("$ "):
            found.append((offset, line[2:], ""))
        elif not found:
            raise ValueError("a console block starts with a `$ ` line")
        else:
            start, command, output = found[-1]
            if command.endswith("\\"):
                found[-1] = (start, command[:-1] + line.removeprefix(">").strip(), "")
            else:
                found[-1] = (start, command, output + line + "\n")
    return found


def run_command(command: str, cwd: Path) -> tuple[int, str]:
    """Exit status and output of a shell command in which `ssad` and `python` are the ones under test."""
    bin_folder = cwd / ".bin"
    bin_folder.mkdir(exist_ok=True)
    for name, arguments in (("ssad", ["-c", ENTRY]), ("python", []), ("python3", [])):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n')
        script.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        command,
        shell=True,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    """Runs the block as lines of its page, so that tracebacks and carets point into the page."""
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code, namespace)
    if block.output is not None:
        compare(block.output, printed.getvalue(), f"{page}:{block.line}")


def run_console(block: Block, page: Path, cwd: Path) -> None:
    """Runs the block's commands in order and compares what each prints."""
    steps = commands(block.text)
    for number, (offset, command, expected) in enumerate(steps, 1):
        where = f"{page}:{block.line + offset}: $ {command}"
        status, printed = run_command(command, cwd)
        wanted = block.exit if number == len(steps) else 0
        if status != wanted:
            pytest.fail(f"{where}: exit status {status} instead of {wanted}\n\n{printed}", pytrace=False)
        if expected.strip():
            compare(expected, printed, where)
    if block.output is not None:
        raise ValueError(f"{page}:{block.line}: write the output of a console block into the block")


def run_page(page: Path, cwd: Path) -> int:
    """Runs all blocks of a page; returns how many ran."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    ran = 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file is not None:
            (cwd / block.file).write_text(block.text, encoding="utf-8")
        if block.no_run is not None or block.language not in ("python", "console"):
            continue
        ran += 1
        if block.language == "python":
            run_python(block, page, namespace)
        else:
            run_console(block, page, cwd)
    return ran


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the examples in it."""
    if (ROOT / "examples").exists():
        (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_runs(page: Path, folder: Path) -> None:
    known = set(sys.modules)
    try:
        run_page(page, folder)
    finally:
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).is_relative_to(folder):
                del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_headings_and_file_names_are_there_once(page: Path) -> None:
    text = page.read_text()
    fenced = re.sub(r"(?ms)^ *(`{3,}).*?^ *\1", "", text)
    names = re.findall(r"^#+ .*", fenced, re.M) + re.findall(r"^<!-- file: .*", text, re.M)
    assert names and sorted(names) == sorted(set(names))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^( *)(`{3,}).*?^\1\2`*$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)", re.sub(r"`[^`\n]*`", "", prose))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing, f"{page.name} links to {missing}"


PAGE = """\
text
<!-- file: one.py -->
```python
a = 1
print("a is", a)
```

```output
a ...
```
<!-- no-run: shows a mistake -->
```python
raise ValueError
```
```console
$ python one.py
a is 1
$ printf 'x\\ny\\n' | sort -r \\
>   | head -n 2
y
...
```
```python
assert a == 1
```
"""


def write_page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_runner_runs_every_kind_of_block(folder: Path) -> None:
    assert run_page(write_page(folder, PAGE), folder) == 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (PAGE.replace("a ...", "b ..."), "page.md:4: the page says"),
        (PAGE.replace("a is 1\n$", "a is 2\n$"), r"page.md:16: \$ python one.py: the page says"),
        (PAGE.replace("one.py\na is", "two.py\na is"), "exit status 2 instead of 0"),
        ("```console\n$ python -c 'raise SystemExit(3)'\n```\n", "exit status 3 instead of 0"),
    ],
    ids=["output", "console output", "console status", "no output"],
)
def test_runner_reports_what_differs(wrong: str, message: str, folder: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=message):
        run_page(write_page(folder, wrong), folder)


def test_runner_accepts_an_announced_exit_status(folder: Path) -> None:
    page = write_page(folder, "<!-- exit: 3 -->\n```console\n$ python -c 'raise SystemExit(3)'\n```\n")
    assert run_page(page, folder) == 1
