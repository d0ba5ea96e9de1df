"""How sensitive the function and its gradient are at the point: condition numbers |x ∂f/∂x / f|."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from diffcli.execute.magnitudes import Undefined
from diffcli.graph.program import Graph
from diffcli.studies.accuracy import exactly
from diffcli.studies.explanation.need import ALARMING
from diffcli.studies.explanation.origin import Comparison
from diffcli.studies.explanation.record import Reason
from diffcli.studies.records import OutputStudy
from diffcli.studies.values import rounded

NOTABLE = 1e5
"""Condition numbers that are shown where something is off."""
MOST = 3
"""Condition numbers in one line."""
SIZE = 40
"""log10 of 1/h with which the exact gradient is differenced."""


def conditions(
    graph: Graph, point: Sequence[float], output: OutputStudy, adjoint: Comparison | None, *, is_wrong: bool
) -> Iterator[Reason]:
    """Whether the point is ill-conditioned for f, and for the gradient if `adjoint` is its program."""
    at = {graph.nodes[position].literal: value for position, value in zip(graph.inputs, point, strict=True)}
    least = NOTABLE if is_wrong else ALARMING
    found = _of_value(at, output)
    if found and max(found.values()) >= least:
        yield _reason(output.name, "∂{f}/∂{x}", found)
    if adjoint is not None:
        names = [slope.name for slope in output.reference.slopes[:MOST]]
        slopes = {x: _of_derivative(graph, at, adjoint, adjoint.graph.outputs[1 + k]) for k, x in enumerate(names)}
        worst = max(slopes, key=lambda x: max(slopes[x].values(), default=0.0))
        if max(slopes[worst].values(), default=0.0) >= least:
            yield _reason(f"∂{output.name}/∂{worst}", "∂({f})/∂{x}", slopes[worst])


def _reason(name: str, slope: str, found: dict[str, float]) -> Reason:
    largest = sorted(found, key=lambda x: -found[x])[:MOST]
    words = [
        f"|{x} · {slope.replace('{f}', name).replace('{x}', x)} / {_bracketed(name)}| = {rounded(found[x])}"
        for x in largest
        if found[x] >= 1
    ]
    lost = min(16.0, math.log10(found[largest[0]]))
    text = f"{', '.join(words)}: rounding {largest[0]} alone can cost {lost:.0f} digits of {name}"
    return Reason("ill-conditioned point", text, digits_lost=lost)


def _bracketed(name: str) -> str:
    return f"({name})" if "/" in name else name


def _of_value(at: dict[str, float], output: OutputStudy) -> dict[str, float]:
    """|x ∂f/∂x / f| by variable; none where f is 0."""
    value = exactly(output.reference.value) if output.reference.value else Fraction(0)
    if not value:
        return {}
    found = {}
    for slope in output.reference.slopes:
        if slope.value is not None:
            found[slope.name] = _float(abs(Fraction(at[slope.name]) * exactly(slope.value) / value))
    return found


def _of_derivative(graph: Graph, at: dict[str, float], adjoint: Comparison, node: int) -> dict[str, float]:
    """The same for one derivative, whose program is differenced in many digits."""
    here: Any = adjoint.exact[node]
    if type(here) is Undefined or not here:
        return {}
    found = {}
    for position in graph.inputs[:MOST]:
        slope = adjoint.probe.node_slopes(position, SIZE)[node]
        if slope is not None and type(slope) is not Undefined:
            name = graph.nodes[position].literal
            found[name] = float(abs(slope * at[name] / here))
    return {name: number for name, number in found.items() if math.isfinite(number)}


def _float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf
