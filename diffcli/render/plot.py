"""What a plot shows, without saying how it is drawn: the terminal and pictures draw the same plot.

It needs no other module, so that it can be a block of the neutral document.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
LARGEST = 1e300
"""Larger numbers have no place: differences of those shown must not overflow."""


@dataclass(frozen=True)
class Axis:
    """One direction of a plot."""

    label: str = ""
    is_log: bool = False
    limits: tuple[float, float] | None = None
    """The range shown; None: whatever holds all points."""

    def shows(self, value: float) -> bool:
        """Whether there is a place for the value: a logarithmic axis has one for 0, its lower edge."""
        return abs(value) <= LARGEST and not (self.is_log and value < 0)


@dataclass(frozen=True)
class Series:
    """Points of one kind, in the order in which a line joins them."""

    name: str
    points: tuple[Point, ...]
    marker: str = "o"
    """One ASCII character, by which the series is known where there is no colour; empty: the line alone."""
    line: Literal["none", "solid", "dotted"] = "none"
    tone: int = 0
    """Which of the colours; series that belong together share one."""
    is_listed: bool = True
    """Whether the legend names it."""


@dataclass(frozen=True)
class Mark:
    """A vertical line at a place of the x axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Region:
    """A range of the x axis in which something holds for one of the series."""

    start: float
    end: float
    labels: tuple[str, ...]
    """What holds there, the longest form first: the first that fits is written."""
    marker: str = ""
    """The series that it is about."""
    tone: int = 0


@dataclass(frozen=True)
class Surface:
    """A function of x and y by its values on a grid, shown by contour lines."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    """One row for each y, in the order of `y`."""
    levels: tuple[float, ...]
    """The values whose contour lines are drawn, ascending."""


@dataclass(frozen=True)
class Plot:
    """Series over two axes, with marks, regions and a surface behind them."""

    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()
    regions: tuple[Region, ...] = ()
    title: str = ""
    surface: Surface | None = None
    height: int | None = None
    """Lines of the drawing area on a terminal; None: by its width."""
    is_ascii: bool = False

    @property
    def points(self) -> Iterator[Point]:
        """The points of all series that have a place."""
        return (p for s in self.series for p in s.points if self.x.shows(p[0]) and self.y.shows(p[1]))
