"""The scale of an axis: where a value stands between the edges, and which values get a tick."""

import math
from collections.abc import Iterable, Sequence

from diffcli.render.plot import Axis, Plot

NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
"""A step of a linear axis is one of these times a power of ten."""
MARGIN = 0.04
"""Room beside the outermost points of a linear axis, as a part of the range."""

SLACK = 1e-6
"""A number so near to a power of ten is one: 0.1 in single precision is a little more than 0.1."""


class Scale:
    """An axis with its range settled."""

    def __init__(self, axis: Axis, values: Iterable[float]) -> None:
        """The range holds all `values`, or is the one that the axis asks for."""
        self.axis = axis
        shown = [value for value in values if axis.shows(value)]
        positive = [value for value in shown if value > 0]
        self.has_zero = axis.is_log and len(positive) < len(shown)
        """Whether a zero stands at the lower edge of a logarithmic axis."""
        self.low, self.high = axis.limits or (_decades(positive) if axis.is_log else _range(shown))

    def place(self, value: float) -> float:
        """Where a value stands: 0 at the lower edge, 1 at the upper; a zero on a logarithmic axis is at the edge."""
        if self.axis.is_log:
            if value <= 0:
                return 0.0
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def value(self, place: float) -> float:
        """The value that stands there."""
        if self.axis.is_log:
            return math.exp(math.log(self.low) * (1 - place) + math.log(self.high) * place)
        return self.low + (self.high - self.low) * place

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most about `most` round values with their labels."""
        if self.axis.is_log:
            return self._decade_ticks(max(most, 2))
        step = _nice((self.high - self.low) / max(most - 1, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(k * step, f"{k * step:.6g}") for k in range(first, last + 1)]

    def _decade_ticks(self, most: int) -> list[tuple[float, str]]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        step = max(1, -(-(last - first) // most))
        decades = range(first - first % -step if step > 1 else first, last + 1, step)
        zero = [(0.0, "0")] if self.has_zero else []
        return zero + [(10.0**k, f"1e{k}") for k in decades if not zero or 10.0**k > self.low * 1.001]


def scales(plot: Plot) -> tuple[Scale, Scale]:
    """The scales of both axes."""
    points, surface = list(plot.points), plot.surface
    x = [p[0] for p in points] + [mark.at for mark in plot.marks] + list(surface.x if surface else ())
    y = [p[1] for p in points] + list(surface.y if surface else ())
    return Scale(plot.x, x), Scale(plot.y, y)


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """From a power of ten to another."""
    if not values:
        return 1e-1, 1.0
    low, high = math.floor(math.log10(min(values)) + SLACK), math.ceil(math.log10(max(values)) - SLACK)
    return 10.0 ** max(low, -300), 10.0 ** min(max(high, low + 1), 300)


def _range(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * MARGIN or abs(low) / 2 or 1.0
    return low - room, high + room


def _nice(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next(nice * size for nice in NICE if nice * size >= step * 0.999)
