"""A check for programs that the judge cannot take on: derivatives along random directions by centered differences.

It is no verdict: differences have about ten digits, and a direction shows that something is wrong, not what.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.execute.flat import Elements, flat
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.methods.finite import CENTERED, resolution
from diffcli.methods.method import Jacobian

DIRECTIONS, SEED = 3, 0


def along_random_directions(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    function: Callable[[Sequence[Any]], Sequence[Any]],
    found: Sequence[tuple[str, Jacobian]],
) -> list[str]:
    """For each method how many digits of the derivatives of the first output centered differences confirm."""
    program, elements = flat(function), Elements(point)
    numbers = [component.number for component in components(graph, wrt)]
    generator = random.Random(SEED)  # noqa: S311 - reproducible, not secret
    spread = math.sqrt(len(numbers)) or 1.0  # together the steps are as long as one step along an axis
    step = CENTERED.at_resolution(resolution(point)).scale
    worst = {method: math.inf for method, _ in found}
    for _ in range(DIRECTIONS):
        direction = [generator.uniform(-1, 1) * max(1.0, abs(elements[number])) / spread for number in numbers]
        above, below = (program(_moved(point, numbers, direction, sign * step))[0] for sign in (1, -1))
        slope = (above - below) / (2 * step)
        for method, jacobian in found:
            terms = [x * d for x, d in zip(jacobian.rows[0], direction, strict=True)]
            scale = max(abs(slope), math.sqrt(sum(term * term for term in terms)), 1e-300)
            error = abs(math.fsum(terms) - slope) / scale
            worst[method] = min(worst[method], -math.log10(error) if error else 17.0)
    return [
        f"{method}: along {DIRECTIONS} random directions centered differences confirm {digits:.1f} digits"
        for method, digits in worst.items()
    ]


def _moved(point: Sequence[Any], numbers: Sequence[int], direction: Sequence[float], step: float) -> Elements:
    moved = Elements(point)
    for number, part in zip(numbers, direction, strict=True):
        moved[number] += step * part
    return moved
