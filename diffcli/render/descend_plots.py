"""The plots of `descend`: value and gradient norm over the steps, and the path on contour lines."""

import math
from collections.abc import Sequence

from diffcli.learn.descent import Descent, Landscape, Step
from diffcli.render.plot import Axis, Plot, Series, Surface

MOST_POINTS = 500
"""Of a curve; more steps are thinned out."""
LEVELS = 18
HEIGHT = 14
"""Lines of the curves on a terminal."""


def curves(record: Descent, *, has_markers: bool = False) -> Plot:
    """Value and gradient norm; the value above the lowest one where it is not positive everywhere.

    On a terminal each curve is drawn with a character of its own, which tells them apart without colour.
    """
    steps = _thinned(record.first.steps)
    lowest = min(step.value for step in record.first.steps)
    origin = 0.0 if lowest > 0 else lowest
    name = record.output if lowest > 0 else f"{record.output} above its lowest value"
    value = tuple((float(step.number), step.value - origin) for step in steps)
    norm = tuple((float(step.number), step.gradient_norm) for step in steps)
    series = (
        Series(name, _positive(value), "o" if has_markers else "", "solid", 0),
        Series("|gradient|", _positive(norm), "x" if has_markers else "", "dotted", 1),
    )
    return Plot(Axis("step"), Axis("", is_log=True), series, height=HEIGHT)


def plots(record: Descent) -> list[Plot]:
    """What a picture shows: the path on contour lines where there are two variables, and the curves."""
    first = [contours(record.landscape, record)] if record.landscape else []
    return [*first, curves(record)] if record.first.steps else first


def contours(known: Landscape, record: Descent) -> Plot:
    """The path on the contour lines of the function."""
    surface = Surface(known.x, known.y, known.values, _levels(known))
    path = known.path
    series = (
        Series(
            f"{record.optimizer.name}, {record.first.taken} steps", path, "o" if len(path) <= 60 else "", "solid", 1
        ),
        Series("start", path[:1], "s", "none", 0),
        Series("end", path[-1:], "*", "none", 2),
    )
    x, y = (
        Axis(name, limits=(values[0], values[-1])) for name, values in zip(known.names, (known.x, known.y), strict=True)
    )
    title = f"{record.pretty}: {record.first.ending.message}"
    return Plot(x, y, series, surface=surface, title=title if len(title) < 100 else record.first.ending.message)


def _thinned(steps: Sequence[Step]) -> Sequence[Step]:
    stride = max(1, len(steps) // MOST_POINTS)
    return [*steps[:-1:stride], steps[-1]]


def _positive(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The points that a logarithmic axis has a place for."""
    return tuple(point for point in points if point[1] > 0)


def _levels(known: Landscape) -> tuple[float, ...]:
    """Values that lie closer together towards the lowest one, where the path goes."""
    finite = sorted(value for row in known.values for value in row if math.isfinite(value))
    if not finite or finite[0] == finite[-1]:
        return ()
    low, high = finite[0], finite[int(0.98 * (len(finite) - 1))]
    levels = (low + (high - low) * (k / LEVELS) ** 3 for k in range(1, LEVELS + 1))
    return tuple(sorted({level for level in levels if math.isfinite(level)}))
