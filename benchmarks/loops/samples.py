"""Times of contenders, and the ratios that the table shows."""

import math
import statistics
from dataclasses import dataclass, field

# Column: contender above, contender below.
RATIOS = {
    "ssad grad / ssad primal": ("native gradient", "native primal"),
    "ssad grad / C grad": ("native gradient", "C gradient"),
    "ssad grad / C primal": ("native gradient", "C primal"),
    "C grad / C primal": ("C gradient", "C primal"),
    "ssad primal / C primal": ("native primal", "C primal"),
    "call grad / C primal": ("call gradient", "C primal"),
    "no vector / C primal": ("native gradient, no vector maths", "C primal"),
    "fastmath / C primal": ("native gradient, fastmath", "C primal"),
    "reverse / C primal": ("native gradient, reverse mode", "C primal"),
    "C fast grad / C primal": ("C gradient, -ffast-math", "C primal"),
    "Enzyme grad / C primal": ("Enzyme gradient", "C primal"),
    "JAX grad / C primal": ("JAX gradient", "C primal"),
    "numba primal / C primal": ("numba primal", "C primal"),
}
ALWAYS = 6
"""The first columns are timed whatever is asked for."""


@dataclass
class Samples:
    """Nanoseconds per call of each contender, one number per round."""

    times: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, above: str, below: str) -> tuple[float, float, float] | None:
        """Median, lower and upper quartile of the ratios of the rounds."""
        if above not in self.times or below not in self.times:
            return None
        ratios = [a / b for a, b in zip(self.times[above], self.times[below], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return middle, low, high

    def nanoseconds(self, contender: str) -> float:
        return statistics.median(self.times.get(contender, [math.nan]))


def readable(nanoseconds: float) -> str:
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"
