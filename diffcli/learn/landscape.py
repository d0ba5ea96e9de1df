"""A function of two variables on a grid around the path of a descent, for a contour plot."""

from collections.abc import Sequence
from typing import Any

from diffcli.errors import LimitError
from diffcli.execute.expansion import expanded
from diffcli.execute.flat import flattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.learn.descent import Landscape, MethodDescent, Step
from diffcli.learn.path_comparison import numbers

POINTS = 121
"""Of the grid, in each direction."""
MARGIN = 0.2
"""Room around the path, as a part of its extent."""
MOST_OPERATIONS = 20_000


def landscape(graph: Graph, start: Sequence[Any], wrt: Sequence[int], run: MethodDescent) -> Landscape | None:
    """The function around the path; None where it has not two variables in all, or is too large to be drawn."""
    parts = components(graph, wrt)
    path = [_coordinates(step) for step in run.steps if step.point is not None] if len(parts) == 2 else []
    if not path:
        return None
    try:
        program = expanded(graph, MOST_OPERATIONS).graph
    except LimitError:
        return None
    import numpy as np

    from diffcli.execute.blocks import Batch

    x, y = (_range([point[k] for point in path]) for k in (0, 1))
    x, y = _less_narrow(x, y)
    grid = np.meshgrid(np.linspace(*x, POINTS), np.linspace(*y, POINTS))
    values: list[Any] = list(flattened(start))
    for part, coordinate in zip(parts, grid, strict=True):
        values[part.number] = np.ascontiguousarray(coordinate)
    with np.errstate(all="ignore"):
        (found,) = Batch(program)(values)
    return Landscape(
        (parts[0].name, parts[1].name),
        tuple(grid[0][0].tolist()),
        tuple(grid[1][:, 0].tolist()),
        tuple(map(tuple, found.tolist())),
        tuple(path),
    )


def _coordinates(step: Step) -> tuple[float, float]:
    x, y = numbers(step.point)
    return x, y


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * MARGIN or max(abs(low), 1.0) / 2
    return low - room, high + room


def _less_narrow(x: tuple[float, float], y: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of which none is less than a third of the other, so that a path along an axis has a landscape too."""
    least = max(x[1] - x[0], y[1] - y[0]) / 3
    widened = []
    for low, high in (x, y):
        room = max(least - (high - low), 0.0) / 2
        widened.append((low - room, high + room))
    return widened[0], widened[1]
