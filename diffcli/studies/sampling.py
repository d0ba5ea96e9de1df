"""Points to study a program at: drawn at random from its domain, or proposed to someone who gave none."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape
from diffcli.methods.method import Prepared
from diffcli.methods.registry import prepare
from diffcli.studies.running import executor_for

TRIES = 200
EVERYWHERE = (-3.0, 3.0)
PROPOSALS = ("2", "3", "1", "0.5", "5", "0.25", "1.5", "-1")


def intervals(graph: Graph) -> list[tuple[float, float]]:
    """For each input the interval in which all primitives that use it directly are at home."""
    result = dict.fromkeys(graph.inputs, EVERYWHERE)
    for node in graph.nodes:
        for argument, own in zip(node.args, OPS[node.op].domain if node.args else (), strict=False):
            if argument in result:
                low, high = result[argument]
                narrowed = max(low, own[0]), min(high, own[1])
                result[argument] = narrowed if narrowed[0] < narrowed[1] else (low, high)
    return list(result.values())


def random_points(graph: Graph, count: int, seed: int) -> list[tuple[Any, ...]]:
    """Up to `count` points at which values and derivatives are finite; fewer where such points are rare.

    Arrays are NumPy's, of the shapes in the graph.
    """
    generator = random.Random(seed)  # noqa: S311 - reproducible, not secret
    places = list(zip(intervals(graph), [graph.nodes[position].shape for position in graph.inputs], strict=True))
    drawn = (tuple(_drawn(generator, *place) for place in places) for _ in range(TRIES * count))
    gradient = _gradient(graph)
    points: list[tuple[Any, ...]] = []
    for point in drawn:
        if len(points) == count:
            break
        if is_regular(gradient, point):
            points.append(point)
    return points


def _drawn(generator: random.Random, interval: tuple[float, float], shape: Shape) -> Any:
    """A number, or an array of numbers, from an interval."""
    if not shape:
        return generator.uniform(*interval)
    import numpy as np

    return np.array([generator.uniform(*interval) for _ in range(math.prod(shape))]).reshape(shape)


def _gradient(graph: Graph) -> Prepared:
    return prepare("reverse", graph, graph.inputs, executor_for(graph).compiler)


def is_regular(gradient: Prepared, point: Sequence[Any]) -> bool:
    """Whether all values and derivatives are finite in floating point."""
    values, rows = gradient(point)
    return all(math.isfinite(number) for number in (*values, *(number for row in rows for number in row)))


def propose(graph: Graph) -> dict[str, str] | None:
    """A point of short numbers at which the program has a gradient, by variable; None where none is found."""
    gradient = _gradient(graph)
    for texts in _short_points(len(graph.inputs)):
        if is_regular(gradient, [float(text) for text in texts]):
            return dict(zip(graph.variables, texts, strict=True))
    return None


def _short_points(size: int) -> Iterator[tuple[str, ...]]:
    """Points of short numbers: first different small ones, then equal ones, then larger ones at random."""
    choices = len(PROPOSALS)
    for stride in (1, 0):
        for shift in range(choices):
            yield tuple(PROPOSALS[(shift + stride * k) % choices] for k in range(size))
    generator = random.Random(0)  # noqa: S311 - reproducible, not secret
    for scale in (10, 100, 1000):
        for _ in range(TRIES):
            yield tuple(str(generator.randint(-scale, scale)) for _ in range(size))
