"""Whether a number is right: each method's tolerance, and the comparison with the judge."""

import math
from collections.abc import Sequence

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.program import Graph
from diffcli.methods.reverse import adjoint_program
from diffcli.study.accuracy import error, within
from diffcli.study.judge import Slope
from diffcli.study.records import Component, Status, Tolerance

RELATIVE = {"finite": 1e-6, "symbolic": 1e-12, "forward": 1e-12, "reverse": 1e-12}
"""How far a method may be off relative to the judge: what it can be expected to reach in double precision."""
CANCELLATION = 1e-8
"""A derivative is a sum of contributions. Where they cancel below this fraction of their size, their size counts."""
JUDGED = ("smooth", "one-sided")


def tolerance(method: str, slope: Slope, size: float) -> Tolerance:
    """The tolerance of one derivative; where the judge says exactly 0, the relative tolerance holds absolutely."""
    relative = RELATIVE[method]
    is_zero = slope.nearest == 0 and not float(slope.value or 0)
    return Tolerance(relative if is_zero else relative * CANCELLATION * size, relative)


def component(method: str, slope: Slope, value: float, size: float) -> Component:
    """One derivative by one method, compared with the judge's slope where it has one."""
    number = value if math.isfinite(value) else None
    if slope.status not in JUDGED or slope.value is None:
        return Component(slope.name, number, None, None, None)
    limits = tolerance(method, slope, size)
    if number is None:
        return Component(slope.name, None, None, limits, within=False)
    is_within = within(number, slope.value, limits.absolute, limits.relative)
    return Component(slope.name, number, error(number, slope.value), limits, is_within)


def status(components: Sequence[Component]) -> Status:
    """The status of a method from its components."""
    if any(c.tolerance is not None and c.value is None for c in components):
        return "no number"
    if any(c.within is False for c in components):
        return "off"
    return "ok" if all(c.within for c in components) else "unjudged"


def contribution_sizes(graph: Graph, output: int, wrt: Sequence[int], point: Sequence[float]) -> tuple[float, ...]:
    """For each input the sum of the absolute contributions to its adjoint, in floats; 0 where that is not finite."""
    program = adjoint_program(graph, output, wrt)
    values = evaluate(program.graph, FLOATS, point)
    sizes = dict.fromkeys(wrt, 0.0)
    for step in program.steps:
        if step.target in sizes:
            sizes[step.target] += abs(values[step.contribution])
    return tuple(size if math.isfinite(size) else 0.0 for size in sizes.values())
