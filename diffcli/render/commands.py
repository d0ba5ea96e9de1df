"""The next command worth trying."""

import math
from collections.abc import Iterator

from diffcli.render.document import Span, Text, text
from diffcli.render.numbers import plain
from diffcli.render.shell import quoted
from diffcli.studies.records import Study

LONGEST, LONGEST_POINT = 60, 200
"""Characters of an expression and of a point that are worth repeating."""
MOST_ELEMENTS = 60
LIMITED = 13.0
"""Digits that all methods but finite differences reach at ordinary points."""
FEW = 2
"""Derivatives whose step sizes fit on a few screens."""


def next_commands(study: Study) -> tuple[Text, ...]:
    """One or two commands that answer the question this result raises."""
    if not study.input or not study.variables or len(study.input) > LONGEST or "\n" in study.input:
        return ()
    sizes = sum(math.prod(shape) for shape in study.shapes.values())
    if sizes > MOST_ELEMENTS or (sizes and len(_point(study)) > LONGEST_POINT):
        return ()
    off = {method.method for output in study.outputs for method in output.methods if method.status == "off"}
    if off == {"finite"}:
        causes = [one.reason for one in study.explanations if "finite" in one.methods and one.is_error]
        steps = {reason.better_step for reason in causes}
        if len(steps) == 1 and (step := steps.pop()) is not None:
            suggestion = _command("grad", study, f" --h {plain(step)}")
            return (text("Next: ", Span(suggestion, "code"), " takes a better step"),)
        if all(reason.cause == "step too large" for reason in causes):
            suggestion = _command("grad", study, " --scheme richardson")
            return (text("Next: ", Span(suggestion, "code"), " takes better differences"),)
    if study.trace or study.verdict in ("no derivative", "not judged"):
        return (
            (text("Next: ", Span(_command("compare", study), "code"), " measures at other points"),)
            if study.trace
            else ()
        )
    return (text("Next: ", Span(_command("trace", study), "code"), " shows every step"), *_why_finite_stops(study))


def _why_finite_stops(study: Study) -> Iterator[Text]:
    """`stepsize` where all is right but finite differences have few digits, of the derivative with the fewest."""
    worst: dict[str, float] = {}
    fewest = (LIMITED, "")
    for output in study.outputs:
        for method in output.methods:
            if method.status != "ok" or method.worst is None:
                return
            worst[method.method] = min(worst.get(method.method, math.inf), method.worst.digits)
            known = [(c.error.digits, c.variable) for c in method.components if c.error and method.method == "finite"]
            fewest = min([fewest, *known])
    if not fewest[1] or any(digits < LIMITED for method, digits in worst.items() if method != "finite"):
        return
    chosen = f" --wrt {quoted(fewest[1])}" if len(study.elements) * len(study.outputs) > FEW else ""
    yield text(
        "Then: ",
        Span(_command("stepsize", study, chosen), "code"),
        f" shows why finite stops at {fewest[0]:.0f} digits",
    )


def grad_command(study: Study, expression: str) -> str | None:
    """`grad` with another expression at the same point; None where that would be too long to be typed."""
    if len(expression) > LONGEST_POINT or len(_point(study)) > LONGEST_POINT:
        return None
    return f"diffcli grad {quoted(expression)} --at {quoted(_point(study))}"


def _command(name: str, study: Study, options: str = "") -> str:
    expression = quoted(study.input)
    if name == "compare":
        return f"diffcli {name} {expression} --points 20{options}"
    precision = f" --dtype {study.dtype}" if study.dtype != "float64" else ""
    return f"diffcli {name} {expression} --at {quoted(_point(study))}{precision}{options}"


def _point(study: Study) -> str:
    return ",".join(f"{variable}={plain(value)}" for variable, value in study.point.items() if " " not in variable)
