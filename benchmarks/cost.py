"""What a gradient costs as its loop grows: time over the primal's, ops of the adjoint, bytes of the tape.

The time is a constant multiple, the adjoint's code has one size, and the tape grows with the trip count where
something must be kept. Prints a table; with `--page FILE.md` also writes it, and a chart on log axes.

Run: python -m benchmarks.cost [--most 1e7] [--page docs/cost.md]
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.loops import cases, native
from benchmarks.loops.cases import Case
from benchmarks.loops.native import Native
from benchmarks.loops.run import exported_library, measure
from ssad.backend.abi import Context
from ssad.backend.native import POOL
from ssad.backend.runtime import TOTAL
from ssad.dispatch import Specialisation
from ssad.frontend.arguments import abstract_of
from ssad.pipeline import Recipe, Step, compile_function, stage

FAMILIES: dict[str, Callable[[int], Case]] = {
    "log-sum-exp": cases.log_sum_exp,
    "pow while": cases.pow_while,
    "Newton roots": cases.newton_sqrt,
    "Lotka-Volterra": cases.lotka_volterra,
    "Black-Scholes": cases.black_scholes,
}
ROUNDS = 5


@dataclass(frozen=True)
class Cost:
    """One loop at one trip count; `tape` is what the arena of a call has grown to, nan if it is not kept."""

    family: str
    trips: int
    ratio: float
    ops: int
    tape: float


def ratio(case: Case, library: Path, folder: Path) -> float:
    """Time of value and gradient over that of the value, both native."""
    one = Native(library, case, native.timer_library(case, folder))
    kinds = ("primal", "value_and_gradient")
    samples = measure({kind: partial(one.nanoseconds, kind) for kind in kinds}, ROUNDS)
    found = samples.ratio(*reversed(kinds))
    return math.nan if found is None else found[0]


def adjoint_ops(case: Case) -> int:
    """Ops of the refined adjoint, and of what it calls."""
    recipe = Recipe((Step("gradient", case.argnums),))
    module = stage("refined", case.function, [abstract_of(a) for a in case.arguments], recipe).value
    return sum(1 for function in module.functions.values() for _ in function.ops())


def tape_bytes(case: Case) -> float:
    """What the arena of a new context holds after one call."""
    recipe = Recipe((Step("gradient", case.argnums),))
    abstracts = [abstract_of(a) for a in case.arguments]
    found = Specialisation(compile_function(case.function, abstracts, recipe), abstracts, recipe)
    waiting = [POOL.take(64) for _ in range(16)]
    context = Context()
    POOL.give(context, lambda _: None)
    found.call(found.prepare(case.arguments))
    used = context.words[TOTAL]
    for each in waiting:
        POOL.give(each, lambda _: None)
    return float(used) if used else math.nan


def costs(most: float) -> list[Cost]:
    found: list[Cost] = []
    for family, make in FAMILIES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            library = exported_library(make(100), folder, [])
            trips = 100
            while trips <= most:
                case = make(trips)
                one = Cost(family, trips, ratio(case, library, folder), adjoint_ops(case), tape_bytes(case))
                print(f"{family:16}{trips:>10}{one.ratio:8.2f}{one.ops:8}{one.tape:14.0f}", flush=True)
                found.append(one)
                trips *= 10
    return found


def write_page(page: Path, found: Sequence[Cost]) -> None:
    """The table as Markdown and a chart beside it."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    lines = [
        "# What a gradient costs",
        "",
        "As the loop grows: time of value and gradient over the time of the value, both native; ops of the",
        "adjoint; bytes that the arena of a call has grown to (by doubling; a dash: too large to be kept).",
        "",
        "Written by `make bench-cost`.",
        "",
        "| loop | trips | time / primal | ops | bytes |",
        "|---|--:|--:|--:|--:|",
    ]
    for one in found:
        tape = "-" if math.isnan(one.tape) else f"{one.tape:.0f}"
        lines.append(f"| {one.family} | {one.trips} | {one.ratio:.2f} | {one.ops} | {tape} |")
    lines += ["", f"![Cost by trip count](./{page.stem}.svg)", ""]
    page.write_text("\n".join(lines))
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 4), layout="constrained")
    for panel, title in zip(axes, ("time / primal", "ops", "bytes"), strict=True):
        for family in FAMILIES:
            mine = [one for one in found if one.family == family]
            heights = [{"time / primal": one.ratio, "ops": one.ops, "bytes": one.tape}[title] for one in mine]
            panel.plot([one.trips for one in mine], heights, marker="o", label=family)
        panel.set(xscale="log", yscale="log", xlabel="trips", title=title)
    axes[0].legend()
    figure.savefig(page.with_suffix(".svg"), metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.cost", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=float, default=1e7, help="trips of the largest loop (%(default)g)")
    parser.add_argument("--page", type=Path, metavar="FILE.md", help="write this page and a chart")
    options = parser.parse_args(arguments)
    print(f"{'loop':16}{'trips':>10}{'ratio':>8}{'ops':>8}{'bytes':>14}")
    found = costs(options.most)
    if options.page is not None:
        write_page(options.page, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
