"""Straight lines through errors on logarithmic scales, and where theory expects the best step."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

FEWEST = 8
"""Points that a line is fitted through; with 16 in a decade, half of one."""
DOMINANT = 10.0
"""Truncation governs the error where it is so many times the round-off, and the other way round."""
PURE = 0.25
"""How far the truncation error may be from its leading term where the slope is fitted."""
REACH = 3 ** (1 / 3)
"""|h³ f'''| > ε|f| at the largest step is the same as a best step below REACH times the largest."""


class Fit(NamedTuple):
    """error ≈ 10^level · h^slope for h between start and end."""

    slope: float
    level: float
    start: float
    end: float

    def at(self, h: float) -> float:
        """The error on the line."""
        return math.pow(10, min(max(self.level + self.slope * math.log10(h), -307), 307))


class Truncation(NamedTuple):
    """The leading term of the truncation error: coefficient · h^order."""

    coefficient: float
    order: int

    def at(self, h: float) -> float:
        """Its size."""
        return self.coefficient * math.pow(h, self.order)


class Theory(NamedTuple):
    """How the error of a scheme depends on the derivatives of f."""

    terms: tuple[tuple[int, int, float], ...]
    """(order in h, which derivative, its factor) of the terms of the truncation error."""
    amplification: float
    """Round-off is about so many times that of f, over h; 0 where no difference is taken."""

    def truncation(self, derivatives: Sequence[float], largest: float) -> Truncation | None:
        """The term that leads for small steps; None where there is none at all."""
        found = [(order, abs(derivatives[of - 1] * factor)) for order, of, factor in self.terms]
        most = max(c * math.pow(largest, order) for order, c in found)
        leading = ((order, c) for order, c in found if c * math.pow(largest, order) > NOTHING * most)
        return next((Truncation(c, order) for order, c in leading if math.isfinite(c)), None)

    def best(self, truncation: Truncation, round_off: float) -> float:
        """The step at which truncation and round-off together are least, where f is off by `round_off`."""
        order = truncation.order
        return math.pow(self.amplification * round_off / (order * truncation.coefficient), 1 / (order + 1))


NOTHING = 1e-25
"""A term that is so many times smaller than another is rounding error of the derivatives."""
THEORIES = {
    "forward": Theory(((1, 2, 1 / 2), (2, 3, 1 / 6), (3, 4, 1 / 24), (4, 5, 1 / 120)), 2.0),
    "centered": Theory(((2, 3, 1 / 6), (4, 5, 1 / 120), (6, 7, 1 / 5040)), 1.0),
    "complex-step": Theory(((2, 3, 1 / 6), (4, 5, 1 / 120), (6, 7, 1 / 5040)), 0.0),
    "richardson": Theory(((4, 5, 1 / 480), (6, 7, 1 / 16128)), 3.0),
}
"""Forward: 2·sqrt(ε|f| / |f''|); centered: cbrt(3ε|f| / |f'''|)."""


def fitted(points: Sequence[tuple[float, float]]) -> Fit | None:
    """The line through (h, error) by the median of the slopes of all pairs, which a lucky digit does not disturb."""
    known = [(math.log10(h), math.log10(error)) for h, error in points if 0 < error < math.inf]
    if len(known) < FEWEST:
        return None
    slope = median((b - d) / (a - c) for k, (a, b) in enumerate(known) for c, d in known[:k])
    level = median(b - slope * a for a, b in known)
    steps = [h for h, _ in points]
    return Fit(slope, level, min(steps), max(steps))


def longest_run(steps: Sequence[float], chosen: Sequence[bool]) -> list[float]:
    """The longest run of neighbouring steps that are chosen."""
    best: list[float] = []
    run: list[float] = []
    for h, is_chosen in zip(steps, chosen, strict=True):
        run = [*run, h] if is_chosen else []
        best = run if len(run) > len(best) else best
    return best
