"""The gradient is checked before it is used: against centered differences, and against the recursion of the lectures.

Differences need nothing but the loss, so they are right whatever backpropagation does; they cost two evaluations for
each parameter, so a sample of the parameters is taken from every array. The recursion gives all derivatives.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from diffcli.learn import recursion
from diffcli.learn.data import Part
from diffcli.learn.network import Network, Parameter
from diffcli.learn.objective import Objective
from diffcli.studies.values import finite

Array = Any
EPSILON = 2.0**-52
STEP = EPSILON ** (1 / 3)
STEPS = (1.0, 1 / 32, 1 / 1024)
"""Times the step: where relu has a kink between x − h and x + h, a smaller h has none; what is wrong stays wrong."""
TOLERANCE, RECURSION_TOLERANCE = 1e-6, 1e-10
"""Times the largest derivative by an element of the same array."""
ROUNDING = 32
"""What rounding makes of a difference in eps·max(|L|, |z|)/h, and of a sum over samples in eps·Σ|terms|."""
ZEROS_MOVE_BY = 0.01
MOST_SAMPLES, PER_ARRAY, MOST_PARAMETERS = 32, 6, 120


class Comparison(NamedTuple):
    """One derivative found in two ways."""

    name: str
    found: float
    """By the engine."""
    expected: float
    error: float
    """The difference relative to the largest derivative by an element of the same array."""
    is_right: bool


class Check(NamedTuple):
    """One of the two checks."""

    against: str
    tolerance: float
    compared: int
    """Derivatives that were compared, …"""
    total: int
    """… of so many."""
    worst: Comparison
    failed: int

    @property
    def is_right(self) -> bool:
        """Whether all agree."""
        return not self.failed

    def to_dict(self) -> dict[str, Any]:
        """The part of the JSON object."""
        worst = {**self.worst._asdict(), "error": finite(self.worst.error), "found": finite(self.worst.found),
                 "expected": finite(self.worst.expected)}  # fmt: skip
        return {"against": self.against, "ok": self.is_right, "tolerance": self.tolerance, "compared": self.compared,
                "parameters": self.total, "failed": self.failed, "worst": worst}  # fmt: skip


def check(objective: Objective, part: Part, masks: Sequence[Array], penalty: float, random: Any) -> tuple[Check, ...]:
    """Both checks on the first samples of a part, in double precision, where the parameters are, but off the kinks."""
    precise = doubled(objective)
    leave_zeros(precise.parameters, random)
    x, y = (array[:MOST_SAMPLES].astype(float) for array in (part.x, part.y))
    kept = [mask[: len(x)].astype(float) for mask in masks]
    precise.gradient(x, y, kept, penalty)
    derivatives = precise.derivatives.copy()
    checks = [by_differences(precise, derivatives, (x, y, kept, penalty), random)]
    if objective.network.architecture is not None:
        checks.append(by_recursion(precise, derivatives, (x, y, kept, penalty)))
    return tuple(checks)


def doubled(objective: Objective) -> Objective:
    """The same network at the same parameters, in double precision."""
    precise = Objective(objective.network)
    precise.parameters[...] = objective.parameters
    return precise


def leave_zeros(parameters: Array, random: Any) -> None:
    """Move what is exactly 0, as biases are at first: a unit of relu without inputs would stand on its kink there."""
    zeros = parameters == 0
    parameters[zeros] = ZEROS_MOVE_BY * random.normal(size=int(zeros.sum()))


def by_differences(objective: Objective, derivatives: Array, batch: tuple[Any, ...], random: Any) -> Check:
    """A sample of the parameters of every array."""
    network = objective.network
    scores = float(abs(objective.evaluate(*batch[:2]).scores).max())  # cross-entropies are differences of such numbers
    rows = [
        _difference(objective, parameter, number, derivatives, batch, scores)
        for parameter in network.parameters
        for number in _sample(parameter, network, random)
    ]
    return _judged("centered differences", TOLERANCE, rows, network)


def by_recursion(objective: Objective, derivatives: Array, batch: tuple[Any, ...]) -> Check:
    """All parameters."""
    network = objective.network
    assert network.architecture is not None
    expected = recursion.gradient(network.architecture, objective.views, *batch)
    sizes = recursion.sizes(network.architecture, objective.views, *batch[:3])
    rows: list[Comparison] = []
    for parameter in network.parameters:
        own = _part(derivatives, parameter)
        wanted = expected[parameter.name].reshape(-1, order="F")
        scale = float(abs(wanted).max(initial=0.0))
        errors = abs(own - wanted) / (scale or 1.0)
        worst = int(errors.argmax())
        noise = ROUNDING * EPSILON * sizes[parameter.name]
        pair = float(own[worst]), float(wanted[worst])
        rows.append(_compared(parameter, worst, *pair, scale, RECURSION_TOLERANCE, noise))
    return _judged("the δ recursion", RECURSION_TOLERANCE, rows, network)._replace(compared=network.size)


def _sample(parameter: Parameter, network: Network, random: Any) -> Iterator[int]:
    """Some elements of an array."""
    count = min(parameter.size, PER_ARRAY, max(1, MOST_PARAMETERS // len(network.parameters)))
    yield from sorted(random.choice(parameter.size, count, replace=False).tolist())


def _difference(
    objective: Objective,
    parameter: Parameter,
    number: int,
    derivatives: Array,
    batch: tuple[Any, ...],
    scores: float,
) -> Comparison:
    """One derivative against the difference of two losses; of several steps the one that agrees best."""
    place = parameter.start + number
    before = float(objective.parameters[place])
    scale = float(abs(_part(derivatives, parameter)).max())
    found = float(derivatives[place])
    rows = []
    for factor in STEPS:
        step = STEP * factor * max(1.0, abs(before))
        losses = []
        for moved in (before + step, before - step):
            objective.parameters[place] = moved
            losses.append(objective.loss(*batch))
        objective.parameters[place] = before
        difference = (losses[0] - losses[1]) / (2 * step)
        noise = ROUNDING * EPSILON * max(scores, *map(abs, losses)) / step
        rows.append(_compared(parameter, number, found, difference, scale, TOLERANCE, noise))
        if rows[-1].is_right:
            return rows[-1]
    return min(rows, key=lambda row: row.error if math.isfinite(row.error) else math.inf)


def _compared(
    parameter: Parameter, number: int, found: float, expected: float, scale: float, tolerance: float, noise: float = 0.0
) -> Comparison:
    size = abs(found - expected)
    noise = noise if math.isfinite(noise) else 0.0
    is_right = size <= tolerance * max(scale, abs(expected)) + noise
    reference = max(scale, abs(expected))
    name = parameter.element(_row_major(parameter, number))
    return Comparison(name, found, expected, size / reference if reference else size, is_right)


def _row_major(parameter: Parameter, number: int) -> int:
    """The number of an element counted row by row, where it is given column by column."""
    import numpy as np

    return (
        int(np.ravel_multi_index(np.unravel_index(number, parameter.shape, order="F"), parameter.shape))
        if (parameter.shape)
        else 0
    )


def _part(elements: Array, parameter: Parameter) -> Array:
    return elements[parameter.start : parameter.start + parameter.size]


def _judged(against: str, tolerance: float, rows: Sequence[Comparison], network: Network) -> Check:
    def badness(row: Comparison) -> tuple[bool, float]:
        return not row.is_right, row.error if math.isfinite(row.error) else math.inf

    failed = sum(not row.is_right for row in rows)
    return Check(against, tolerance, len(rows), network.size, max(rows, key=badness), failed)
