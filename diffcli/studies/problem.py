"""Why there is no derivative at a point, in words, with the place in the expression that causes it."""

from collections.abc import Sequence

from diffcli.graph import ops
from diffcli.graph.program import Graph
from diffcli.graph.text import PRETTY, names_of, write
from diffcli.studies.judge import Cause, Reference, Slope
from diffcli.studies.values import Problem, shortened

NAMES = {"div": "the quotient", "pow": "the power", "abs": "|x|", "max": "max", "min": "min"}
COMPARISONS = frozenset(row.name for row in ops.COMPARISONS)
OPENINGS = {
    "outside": "outside the domain: {op} has no real value where {where}",
    "pole": "outside the domain: {op} has a pole where {where}",
    "tangent": "not differentiable here: {op} has a vertical tangent where {where}",
    "bend": "not differentiable here: the slopes from both sides differ, and {op} has a vertical tangent where {where}",
    "kink": "not differentiable here: {op} has a kink where {where}",
    "jump": "not differentiable here: {op} jumps where {where}",
    "switch": "not differentiable here: the branch of where changes at this point, as {where}",
    "overflow": "overflow: {where}",
    "limit": "cannot be judged: {where}",
}


def problem(graph: Graph, reference: Reference) -> Problem | None:
    """The problem the judge found, or None where the function has a derivative."""
    if reference.status == "differentiable":
        return None
    cause = reference.cause
    place = graph.places[cause.node] if cause and graph.places else None
    return Problem(
        _message(cause, reference, getattr(place, "function", "")),
        _details(graph, reference, cause),
        place.start if place else None,
        place.end if place else None,
    )


def _message(cause: Cause | None, reference: Reference, function: str) -> str:
    """What happens there; `function` is what the user wrote where the operation is a part of it."""
    if cause is None:
        return _without_cause(reference.slopes)
    is_bend = cause.kind == "tangent" and any(slope.status == "kink" for slope in reference.slopes)
    kind = "bend" if is_bend else "switch" if cause.op in COMPARISONS else cause.kind
    opening = OPENINGS.get(kind, "no derivative here: {op}, {where}")
    op = f"{NAMES.get(cause.op, f'the {cause.op}')} in {function}" if function else NAMES.get(cause.op, cause.op)
    return opening.replace("{op}", op).replace("{where}", cause.where)


def _without_cause(slopes: Sequence[Slope]) -> str:
    statuses = {slope.status for slope in slopes}
    if "overflow" in statuses:
        return "overflow: the derivative is too large for double precision"
    if "infinite" in statuses:
        return "not differentiable here: the slope is infinite"
    if "kink" in statuses:
        return "not differentiable here: the slopes from the left and from the right differ"
    return "no derivative could be established here"


def _details(graph: Graph, reference: Reference, cause: Cause | None) -> str:
    parts = []
    if cause is not None and cause.argument and cause.kind not in ("overflow", "limit"):
        node = graph.nodes[cause.node]
        names = names_of(graph, PRETTY)
        arguments = ", ".join(names.get(a) or write(graph, a, names, PRETTY) for a in node.args)
        parts.append(
            f"{arguments} = {signed(cause.argument)}"
            if len(node.args) == 1
            else f"arguments {arguments}: {cause.argument}"
        )
    if reference.value is not None:
        parts.append(f"value {signed(reference.value)}")
    parts += [text for slope in reference.slopes if (text := slope_text(slope))]
    return "; ".join(parts)


def slope_text(slope: Slope) -> str:
    """Such as ∂/∂x: slope −1 from the left, slope 1 from the right; nothing where the slope is an ordinary one."""
    if slope.status in ("smooth", "outside", "undecided") or slope.left is slope.right is None:
        return ""
    if slope.status == "overflow":
        return f"∂/∂{slope.name} = {signed(slope.value or '')}, beyond 1.8e308"
    sides = (("left", slope.left), ("right", slope.right))
    words = [
        f"the {side} side is outside the domain" if value is None else f"slope {signed(value)} from the {side}"
        for side, value in sides
    ]
    return f"∂/∂{slope.name}: {', '.join(words)}"


def signed(number: str) -> str:
    """A long decimal, shortened, with a true minus sign."""
    return f"−{shortened(number[1:])}" if number.startswith("-") else shortened(number)
