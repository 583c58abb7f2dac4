"""What happens when a tape cannot grow: MemoryError naming the loop, and the next call works."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import ssad

PROGRAM = """
import math, resource, sys
import ssad

@ssad.jit_grad(mode="reverse")
def stacked(x, n):
    while n > 0:
        n -= 1
        x = math.sin(x)
    return x

@ssad.jit_grad(mode="reverse")
def indexed(x, n):
    for i in range(n):
        x = math.sin(x)
    return x

f, trips = {"stacked": stacked, "indexed": indexed}[sys.argv[1]], int(sys.argv[2])
before = f(0.5, 1000)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
for _ in range(3):
    try:
        f(0.5, trips)
    except MemoryError as error:
        print(error)
assert f(0.5, 1000) == before
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a limit on address space and /proc")
@pytest.mark.parametrize(("name", "line"), [("stacked", 7), ("indexed", 14)])
def test_a_tape_that_cannot_grow_names_its_loop(name: str, line: int, tmp_path: object) -> None:
    file = f"{tmp_path}/program.py"
    with open(file, "w") as out:
        out.write(textwrap.dedent(PROGRAM).lstrip("\n"))
    command = [sys.executable, file, name, str(10**9)]
    path = os.pathsep.join([str(Path(ssad.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(text == f"out of memory for the tape of the loop at {file}:{line - 1}" for text in lines)
