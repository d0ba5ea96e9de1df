"""Whether a number is right: each method's tolerance, and the comparison with the judge."""

import math
from collections.abc import Sequence
from math import prod

from diffcli.graph.program import Graph
from diffcli.methods.registry import METHODS
from diffcli.studies.accuracy import error, within
from diffcli.studies.judge import Reference, Slope
from diffcli.studies.records import Component, Status, Tolerance

JUDGED = ("smooth", "one-sided")


def tolerance(method: str, slope: Slope, *, largest: float = 0.0, is_single: bool = False) -> Tolerance:
    """Relative to the judge's number; where that is exactly 0 the same number holds absolutely.

    `largest` is the largest derivative by any element of the same array: rounding errors of one element are as large as
    those of its neighbours, so that the tolerance is relative to that as well.
    """
    relative = METHODS[method].single_tolerance if is_single else METHODS[method].tolerance
    absolute = relative * largest if largest else relative if slope.value == "0" else 0.0
    return Tolerance(absolute, relative)


def largest_in_array(graph: Graph, wrt: Sequence[int], reference: Reference) -> list[float]:
    """For each derivative the largest one by any element of the same array; 0 for those by numbers."""
    result, start = list[float](), 0
    for position in wrt:
        shape = graph.nodes[position].shape
        end = start + prod(shape)
        known = [abs(slope.nearest) for slope in reference.slopes[start:end] if slope.nearest is not None]
        result += [max(known, default=0.0) if shape else 0.0] * (end - start)
        start = end
    return result


def component(method: str, slope: Slope, value: float, *, largest: float = 0.0, is_single: bool = False) -> Component:
    """One derivative by one method, compared with the judge's slope where it has one; `largest` as in `tolerance`."""
    number = value if math.isfinite(value) else None
    if slope.status not in JUDGED or slope.value is None:
        return Component(slope.name, number, None, None, None, is_sampled=slope.status != "not sampled")
    limits = tolerance(method, slope, largest=largest, is_single=is_single)
    if number is None:
        return Component(slope.name, None, None, limits, within=False)
    is_within = within(number, slope.value, limits.absolute, limits.relative, is_single=is_single)
    return Component(slope.name, number, error(number, slope.value, is_single=is_single), limits, is_within)


def status(components: Sequence[Component]) -> Status:
    """The status of a method from its components."""
    if any(c.tolerance is not None and c.value is None for c in components):
        return "no number"
    if any(c.within is False for c in components):
        return "off"
    judged = [c.within for c in components if c.is_sampled]
    return "ok" if judged and all(judged) else "unjudged"
