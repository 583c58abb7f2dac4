"""Compile time against the size of straight-line code: the first gradient call, less a second one.

Run: python -m benchmarks.compile_time [500 1000 2000]
"""

import argparse
import linecache
import math
import sys
import time
from collections.abc import Callable, Sequence

import ssad

STATEMENTS = (
    "v{i} = v{a} * y",
    "v{i} = v{a} + v{b}",
    "v{i} = v{a} - x",
    "v{i} = 0.5 * v{a}",
    "v{i} = v{a} * v{b}",
    "v{i} = math.sin(v{a})",
)


def straight_line(operations: int) -> Callable[[float, float], float]:
    """A function of two floats with this many operations in one block, each needed for the result."""
    lines = ["def f(x, y):", "    v0 = x * y", "    v1 = x + y"]
    for i in range(2, operations):
        statement = STATEMENTS[i % len(STATEMENTS)]
        lines.append("    " + statement.format(i=i, a=i - 1, b=i - 2))
    lines.append(f"    return v{operations - 1}")
    source = "\n".join(lines) + "\n"
    name = f"<straight line of {operations} operations>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, object] = {"math": math}
    exec(compile(source, name, "exec"), namespace)
    return namespace["f"]  # type: ignore[return-value]


def compile_ms(operations: int) -> float:
    """Milliseconds from a new function to its first gradient."""
    gradient = ssad.jit_grad(argnums=(0, 1))(straight_line(operations))
    start = time.perf_counter()
    gradient(0.3, 0.7)
    first = time.perf_counter() - start
    start = time.perf_counter()
    gradient(0.3, 0.7)
    return 1e3 * (first - (time.perf_counter() - start))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.compile_time", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("sizes", nargs="*", type=int, default=[500, 1000, 2000])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    compile_ms(20)  # imports and tables
    print(f"{'operations':>10}{'compile':>12}{'per op':>12}{'ratio':>8}")
    previous = math.nan
    for size in options.sizes:
        best = min(compile_ms(size) for _ in range(options.repeats))
        print(f"{size:10}{best:9.0f} ms{1e3 * best / size:9.1f} us{best / previous:8.2f}", flush=True)
        previous = best
    return 0


if __name__ == "__main__":
    sys.exit(main())
