"""Random restarts: the same descent from other starts, as the lectures do where there are several minima (deck 002)."""

import random
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.program import Graph
from diffcli.learn.descent import MethodDescent, Restart
from diffcli.learn.following import follow, values_of
from diffcli.learn.gradients import Gradients
from diffcli.studies.sampling import intervals

if TYPE_CHECKING:
    from diffcli.learn.descend import Settings

SPREAD = 2.0
"""Random starts lie at most this times max(1, |x|) from the given one, in every direction."""
DRAWS = 100
"""Starts that are drawn for each that is wanted: some have no value."""


def restarted(
    graph: Graph, start: Sequence[Any], wrt: Sequence[int], first: MethodDescent, settings: "Settings"
) -> tuple[list[Restart], list[str]]:
    """The given start and the random ones, in one line each, and what there is to note."""
    places = [graph.inputs.index(position) for position in wrt]
    given = [start[place] for place in places]
    domain = [intervals(graph)[place] for place in places]
    gradients = Gradients(first.method, graph, wrt, start, settings.options.get(first.method, {}))
    rows = [Restart(values_of(given), first.end, _value(first), first.taken, first.ending.kind)]
    began = perf_counter()
    for drawn in _starts(given, domain, settings):
        if len(rows) > settings.restarts or perf_counter() - began > settings.criteria.seconds:
            break
        steps, ending, end, _ = follow(gradients, drawn, settings.optimizer, settings.criteria)
        if steps:  # else there is no value or no gradient at this start
            kind = "left the domain" if ending.kind == "no number" else ending.kind
            value = steps[-1].value if kind not in ("diverged", "unbounded") else None
            rows.append(Restart(values_of(drawn), values_of(end), value, len(steps) - 1, kind))
    missing = settings.restarts + 1 - len(rows)
    return rows, [
        f"{missing} of {settings.restarts} restarts were not made: no start or no time left"
    ] if missing else []


def _value(run: MethodDescent) -> float | None:
    return None if run.ending.kind in ("diverged", "unbounded") else run.last.value


def _starts(
    given: Sequence[Any], domain: Sequence[tuple[float, float]], settings: "Settings"
) -> Iterator[Sequence[Any]]:
    """Points around the given one, inside the domains of the primitives that take the variables directly."""
    generator = random.Random(settings.seed)  # noqa: S311 - reproducible, not secret
    ranges = [_range(x, interval) for value, interval in zip(given, domain, strict=True) for x in flattened([value])]
    for _ in range(DRAWS * settings.restarts):
        elements = [generator.uniform(*one) for one in ranges]
        yield elements if all(type(value) is float for value in given) else unflattened(elements, given)


def _range(x: float, interval: tuple[float, float]) -> tuple[float, float]:
    room = SPREAD * max(1.0, abs(x))
    low, high = x - room, x + room
    if interval[0] <= x <= interval[1]:
        return max(low, interval[0]), min(high, interval[1])
    return low, high
