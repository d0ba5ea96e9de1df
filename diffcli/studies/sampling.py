"""Points to study a program at: drawn at random from its domain, or proposed to someone who gave none."""

import math
import random
from collections.abc import Iterator, Sequence

from diffcli.execute.python_source import compiled
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.methods.reverse import PreparedReverse

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


def random_points(graph: Graph, count: int, seed: int) -> list[tuple[float, ...]]:
    """Up to `count` points at which values and derivatives are finite; fewer where such points are rare."""
    generator = random.Random(seed)  # noqa: S311 - reproducible, not secret
    bounds = intervals(graph)
    drawn = (tuple(generator.uniform(*interval) for interval in bounds) for _ in range(TRIES * count))
    gradient = PreparedReverse(graph, graph.inputs, lambda program, _: compiled(program))
    points: list[tuple[float, ...]] = []
    for point in drawn:
        if len(points) == count:
            break
        if is_regular(gradient, point):
            points.append(point)
    return points


def is_regular(gradient: PreparedReverse, point: Sequence[float]) -> bool:
    """Whether all values and derivatives are finite in floating point."""
    values, rows = gradient(point)
    return all(math.isfinite(number) for number in (*values, *(number for row in rows for number in row)))


def propose(graph: Graph) -> dict[str, str] | None:
    """A point of short numbers at which the program has a gradient, by variable; None where none is found."""
    gradient = PreparedReverse(graph, graph.inputs, lambda program, _: compiled(program))
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
