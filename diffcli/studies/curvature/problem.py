"""Why there is no second derivative at a point, in words."""

from collections.abc import Iterable
from dataclasses import replace

from diffcli.graph.ops import OPS
from diffcli.studies.curvature.elements import JudgedCurvature
from diffcli.studies.problem import NAMES, problem, signed
from diffcli.studies.reference import Reference, ReferenceStatus, Slope
from diffcli.studies.values import Problem

KINDS: dict[str, tuple[ReferenceStatus, str]] = {
    "kink": ("not differentiable", "no second derivative here: the slope has a kink"),
    "infinite": ("not differentiable", "no second derivative here: it is infinite"),
    "outside": ("outside", "no second derivative here: the function has no values beside the point"),
    "overflow": ("overflow", "overflow: a second derivative is too large for double precision"),
    "undecided": ("limit", "cannot be judged: the second difference quotients settle on no limit in time"),
}
"""For each status of an entry the status of the matrix, and the words; the first that occurs counts."""
MOST_SHOWN = 4


def curvature_problem(judged: JudgedCurvature, output: str) -> tuple[Reference, Problem | None]:
    """The reference whose slopes are the judged entries, and what keeps one of them from existing."""
    slopes = tuple(judged.entries.values())
    reference = replace(judged.reference, output=output, slopes=slopes)
    if judged.reference.status != "differentiable":
        return reference, problem(judged.graph, judged.reference)
    for kind, (status, message) in KINDS.items():
        affected = [slope for slope in slopes if slope.status == kind]
        if affected:
            node = next((judged.culprits[s.name] for s in affected if s.name in judged.culprits), None)
            place = judged.graph.places[node] if node is not None and judged.graph.places else None
            words = message if node is None else f"{message} ({_operation(judged, node)})"
            details = "; ".join(_details(output, affected))
            start, end = (place.start, place.end) if place else (None, None)
            return replace(reference, status=status), Problem(words, details, start, end)
    return reference, None


def _operation(judged: JudgedCurvature, node: int) -> str:
    op = judged.graph.nodes[node].op
    return NAMES.get(op, OPS[op].symbol or op)


def _details(output: str, slopes: Iterable[Slope]) -> list[str]:
    """Such as ∂²y/∂x²: −2 on one side, 2 on the other."""
    found = list(slopes)
    parts = []
    for slope in found[:MOST_SHOWN]:
        sides = [signed(side) for side in (slope.left, slope.right) if side is not None]
        known = signed(slope.value) if slope.value is not None else " on one side, ".join(sides)
        ending = " on the other" if len(sides) == 2 and slope.value is None else ""
        parts.append(f"∂²{output}/∂{slope.name}: {known}{ending}" if known else f"∂²{output}/∂{slope.name}")
    return parts + ([f"and {len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else [])
