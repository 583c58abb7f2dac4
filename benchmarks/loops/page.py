"""The page of the documentation: the table with its goals, and a chart of it."""

import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.loops.cases import Case
from benchmarks.loops.samples import RATIOS, Samples, readable

Rows = Sequence[tuple[Case, Samples]]

SHOWN = {
    "C by hand": "C grad / C primal",
    "C, -ffast-math": "C fast grad / C primal",
    "Enzyme": "Enzyme grad / C primal",
    "JAX": "JAX grad / C primal",
    "ssad": "ssad grad / C primal",
    "ssad, no vector maths": "no vector / C primal",
    "ssad, fastmath": "fastmath / C primal",
    "ssad, reverse mode": "reverse / C primal",
}
"""Column of the page -> ratio."""


def write_page(page: Path, rows: Rows, rounds: int) -> None:
    """The table as Markdown, and a bar chart of it beside the page."""
    chart = page.with_suffix(".svg")
    page.write_text(f"{table(rows, rounds)}\n![Gradient over C primal](./{chart.name})\n")
    draw(chart, rows)


def table(rows: Rows, rounds: int) -> str:
    """The page without its chart, goals in brackets."""
    lines = [
        "# Benchmarks",
        "",
        "Time of value and gradient over the time of the *primal* in C (`cc -O3 -march=native`), float64,",
        f"medians of {rounds} paired rounds in one process on one thread. ssad checks indices and domains as",
        "CPython does. In brackets: the goal. Enzyme is called through JAX; a call of either takes about",
        '8 us. A dash: refused; for `mode="reverse"` of ssad, what the default does anyway.',
        "",
        "Written by `make bench`; the programs are in `benchmarks/loops`.",
        "",
        "| workload | C primal | " + " | ".join(SHOWN) + " |",
        "|---" * (len(SHOWN) + 2) + "|",
    ]
    for case, samples in rows:
        goals = dict(zip([name for name in SHOWN if name.startswith("ssad")], case.goals, strict=False))
        cells = [f"{case.label}, {case.size}", readable(samples.nanoseconds("C primal"))]
        for name, column in SHOWN.items():
            ratio = samples.ratio(*RATIOS[column])
            goal = f" ({goals[name]:.2f})" if name in goals else ""
            cells.append("-" if ratio is None else f"{ratio[0]:.2f}{goal}")
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("| W10 MLP 784-128-10, batch 128 |" + " - |" * (len(SHOWN) + 1))
    lines += ["", "W10 waits for expressions of whole arrays, which are not compiled yet.", ""]
    return "\n".join([*lines, ""])


def draw(chart: Path, rows: Rows) -> None:
    """A group of bars for each row, on a log axis."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    names = [name for name in SHOWN if not name.startswith("ssad,")]
    figure, axes = pyplot.subplots(figsize=(11, 5), layout="constrained")
    width = 0.8 / len(names)
    for n, name in enumerate(names):
        ratios = [samples.ratio(*RATIOS[SHOWN[name]]) for _, samples in rows]
        heights = [math.nan if ratio is None else ratio[0] for ratio in ratios]
        axes.bar([k + n * width for k in range(len(rows))], heights, width, label=name)
    axes.set_yscale("log")
    axes.axhline(1.0, color="black", linewidth=0.5)
    ticks = [k + 0.4 - width / 2 for k in range(len(rows))]
    axes.set_xticks(ticks, [f"{case.label}\n{case.size}" for case, _ in rows], fontsize=7)
    axes.set_ylabel("gradient / primal in C")
    axes.legend()
    figure.savefig(chart, metadata={"Date": None})
