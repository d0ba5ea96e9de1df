"""A check for programs that the judge cannot take on: derivatives along random directions by centered differences.

It is no verdict: differences have about ten digits, and a direction shows that something is wrong, not what.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.methods.finite import CENTERED, resolution
from diffcli.methods.method import Jacobian

DIRECTIONS, SEED = 3, 0
TINY, MOST_DIGITS = 1e-300, 17.0


def along_random_directions(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    function: Callable[[Sequence[Any]], Sequence[Any]],
    found: Sequence[tuple[str, Jacobian]],
) -> list[str]:
    """For each method how many digits of the derivatives of the first output centered differences confirm."""
    numbers = [component.number for component in components(graph, wrt)]
    elements, generator = flattened(point), random.Random(SEED)  # noqa: S311 - reproducible, not secret
    spread = math.sqrt(len(numbers)) or 1.0  # together the steps are as long as one step along an axis
    step = CENTERED.at_resolution(resolution(point)).scale
    worst = {method: math.inf for method, _ in found}
    for _ in range(DIRECTIONS):
        direction = [generator.uniform(-1, 1) * max(1.0, abs(elements[number])) / spread for number in numbers]
        moved = (_moved(elements, numbers, direction, sign * step) for sign in (1, -1))
        above, below = (flattened(function(unflattened(there, point)))[0] for there in moved)
        slope = (above - below) / (2 * step)
        for method, jacobian in found:
            worst[method] = min(worst[method], _digits(jacobian.rows[0], direction, slope))
    return [
        f"{method}: along {DIRECTIONS} random directions centered differences confirm {digits:.1f} digits"
        for method, digits in worst.items()
    ]


def _digits(row: Sequence[float], direction: Sequence[float], slope: float) -> float:
    """To how many digits the derivatives in `row` give the slope along the direction; 0 where it is not finite."""
    terms = [x * d for x, d in zip(row, direction, strict=True)]
    total, length = sum(terms), math.sqrt(sum(term * term for term in terms))
    if not math.isfinite(slope) or not math.isfinite(total):
        return 0.0
    error = abs(math.fsum(terms) - slope) / max(abs(slope), length, TINY)
    return -math.log10(error) if error else MOST_DIGITS


def _moved(elements: list[float], numbers: Sequence[int], direction: Sequence[float], step: float) -> list[float]:
    moved = elements.copy()
    for number, part in zip(numbers, direction, strict=True):
        moved[number] += step * part
    return moved
