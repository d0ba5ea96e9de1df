"""Whether there is anything to explain: ordinary studies need not load what searches for causes."""

from collections.abc import Sequence
from typing import NamedTuple

from diffcli.graph.program import Graph
from diffcli.studies.accuracy import error
from diffcli.studies.explanation.record import Explanation
from diffcli.studies.records import MethodResult, OutputStudy
from diffcli.studies.running import Run

FIXED_STEP = 1e-5
"""A step that is often written down without regard to x."""
ALARMING = 1e9
"""Condition numbers that are shown although nothing is off."""
BRANCHING = frozenset(
    (("sqrt", "pow"), ("sqrt", "mul"), ("ln", "pow"), ("ln", "mul"), ("asin", "sin"), ("acos", "cos"), ("atan", "tan"),
     ("acosh", "cosh"), ("pow", "pow"), ("pow", "mul"))
)  # fmt: skip
"""Pairs of operations, the outer one first, of formulas that are often simplified to what they are not everywhere."""


class Explained(NamedTuple):
    """What was found, and what was not searched."""

    explanations: tuple[Explanation, ...] = ()
    notes: tuple[str, ...] = ()


def is_off(result: MethodResult) -> bool:
    """Whether a method gives a wrong number or none."""
    return result.status in ("off", "no number")


def is_value_wrong(output: OutputStudy, *, is_single: bool = False) -> bool:
    """Whether the value itself is wrong in floating point: cancellation, overflow of an intermediate."""
    if output.reference.value is None or output.value is None or output.problem:
        return False
    off = error(output.value, output.reference.value)
    return off.absolute != 0 and (off.relative is None or off.relative > (1e-3 if is_single else 1e-9))


def is_wrong(output: OutputStudy) -> bool:
    """Whether the value or a method's number is off where there is a derivative."""
    return not output.problem and (is_value_wrong(output) or any(map(is_off, output.methods)))


def is_remarkable(graph: Graph, point: Sequence[float], outputs: Sequence[OutputStudy], runs: Sequence[Run]) -> bool:
    """Whether something is off, or worth a note though nothing is."""
    return (
        any(map(is_wrong, outputs))
        or any(x + FIXED_STEP == x for x in point)
        or any(getattr(run.prepared, "mended", None) for run in runs)
        or has_branches(graph)
        or any(_is_ill_conditioned(graph, point, output) for output in outputs)
    )


def has_branches(graph: Graph) -> bool:
    """Whether some formula in it tempts one to simplify."""
    nodes = graph.nodes
    return any((node.op, nodes[a].op) in BRANCHING for node in nodes if node.op in _OUTER for a in node.args[:1])


_OUTER = frozenset(outer for outer, _ in BRANCHING)


def _is_ill_conditioned(graph: Graph, point: Sequence[float], output: OutputStudy) -> bool:
    value = abs(output.reference.nearest_value or 0.0)
    if not value:
        return False
    at = {graph.nodes[position].literal: x for position, x in zip(graph.inputs, point, strict=True)}
    known = ((at[slope.name], slope.nearest) for slope in output.reference.slopes if slope.nearest)
    return any(abs(x) * (abs(slope) / value) >= ALARMING for x, slope in known)
