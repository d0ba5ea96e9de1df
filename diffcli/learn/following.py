"""The loop of a descent: gradient, step, and the question whether to go on."""

import math
from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened
from diffcli.graph.program import Graph
from diffcli.learn.descent import Ending, Step
from diffcli.learn.gradients import Found, Gradients
from diffcli.learn.optimizers import Optimizer
from diffcli.learn.termination import Criteria, diverged, has_risen, runaway, unbounded
from diffcli.studies.judge_elements import judge_elements
from diffcli.studies.problem import problem
from diffcli.studies.values import Value

MOST_NUMBERS = 2_000_000
"""Coordinates of all points that are kept."""
DIGITS = 20
"""With so many the judge looks for the reason why there is no number."""


class Followed(NamedTuple):
    """A path and its end."""

    steps: list[Step]
    ending: Ending
    end: list[Any]
    """The last point at which value and gradient are finite."""
    is_broken: bool = False
    """Whether the next point has no finite value or gradient."""


def follow(gradients: Gradients, start: Sequence[Any], optimizer: Optimizer, criteria: Criteria) -> Followed:
    """Descend until a criterion fires or it goes no further."""
    began, state = perf_counter(), optimizer.start(start)
    steps: list[Step] = []
    parameters, end, flat = list(start), list(start), flattened(start)
    first_size, before = math.hypot(*flat), None
    is_kept = len(flat) * (criteria.steps + 1) <= MOST_NUMBERS
    while True:
        found = gradients(parameters)
        moved, flat = flat, flattened(parameters)
        if not (math.isfinite(found.value) and math.isfinite(found.norm)):
            return Followed(steps, _broken(steps, found, flat), end, is_broken=True)
        length = math.dist(flat, moved)
        curvature = math.dist(found.flat, before.flat) / length if before and length else None
        kept = values_of(parameters) if is_kept else None
        rate = optimizer.rate_at(len(steps) + 1)
        steps.append(Step(len(steps), found.value, found.norm, rate, length, curvature, kept))
        before, end, size = found, parameters, math.hypot(*flat)
        ending = runaway(steps, size, first_size) or criteria.ending(steps, size, perf_counter() - began)
        if ending:
            late = ending.kind in ("steps", "time") and has_risen(steps)
            return Followed(steps, diverged(steps) if late else ending, end)
        parameters, state = optimizer.step(parameters, found.gradient, state)


def _broken(steps: Sequence[Step], found: Found, flat: Sequence[float]) -> Ending:
    """The ending at a point without a finite value or gradient, as far as the numbers tell."""
    number = len(steps)
    beyond = f"beyond the range of doubles at step {number}"
    if steps and found.value == -math.inf:
        return unbounded(steps, beyond)
    if steps and (found.value == math.inf or not all(map(math.isfinite, flat))):
        return diverged(steps, beyond)
    what = "value" if not math.isfinite(found.value) else "gradient"
    return Ending("no number", f"at step {number} the {what} is no number in floating point")


def explained(ending: Ending, graph: Graph, point: Sequence[Any], wrt: Sequence[int], steps: Sequence[Step]) -> Ending:
    """The same ending with the judge's reason: `point` is the one without a number."""
    if not all(map(math.isfinite, flattened(point))):
        return ending
    judged = judge_elements(graph, point, wrt, DIGITS)
    reference = judged.references[0]
    found = problem(judged.graph, reference)
    where = f"step {len(steps)}" if steps else "the start"
    if found is None or reference.status == "limit":
        return ending
    if reference.status == "outside":
        return Ending("left the domain", f"{where} lies outside the domain", found)
    if reference.status == "overflow":
        return ending._replace(problem=found) if steps else Ending("overflow", "the start is too large", found)
    return Ending("not differentiable", f"there is no derivative at {where}", found)


def values_of(parameters: Sequence[Any]) -> tuple[Value, ...]:
    """Numbers as floats, arrays as nested lists."""
    return tuple(x if type(x) is float else x.tolist() for x in parameters)
