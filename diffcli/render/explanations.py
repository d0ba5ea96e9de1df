"""Causes on the screen: one line each below the verdict, and the rewrite as a command."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from diffcli.render.commands import grad_command
from diffcli.render.document import Span, Text, text
from diffcli.studies.explanation.record import VALUE, Explanation
from diffcli.studies.records import Study
from diffcli.studies.values import rounded

if TYPE_CHECKING:
    from diffcli.studies.compare import Case

NUMBERS = ("none", "one", "two", "three", "four", "five", "six")
MOST = 6
"""Causes that are shown."""
MOST_OF_A_CASE = 3
"""The same for one expression of many."""
MOST_VARIABLES = 4


def explanation_lines(study: Study) -> Iterator[Text]:
    """Why methods are off, what would be better, and what else is special here."""
    errors = [one for one in study.explanations if one.is_error]
    for one in errors[:MOST]:
        yield text(f"{_subject(study, one)}: ", Span(one.reason.sentence))
        yield from _rewrite(study, one)
    if len(errors) > MOST:
        yield text(f"… and {len(errors) - MOST} more causes: --format json has them", role="quiet")
    for one in study.explanations:
        if not one.is_error:
            yield text(f"note: {_topic(study, one)}{one.reason.sentence}", role="quiet")


def case_lines(case: "Case") -> Iterator[Text]:
    """The same for one expression of a comparison, at several points."""
    for one, points in case.explanations[:MOST_OF_A_CASE]:
        methods = [f"value of {one.output}" if method == VALUE else method for method in one.methods]
        where = f" at {points} of {case.points} points" if case.points > 1 else ""
        better = f"; better: {one.rewrite.after} for {one.rewrite.before}" if one.rewrite else ""
        yield text(f"{case.name}: {', '.join(methods)} off{where}: {one.reason.sentence}{better}")
    if (rest := len(case.explanations) - MOST_OF_A_CASE) > 0:
        yield text(f"… and {rest} more causes for {case.name}: --format json has them", role="quiet")


def _subject(study: Study, one: Explanation) -> str:
    """Value of y, all four (∂y/∂a, ∂y/∂b)."""
    methods = [method for method in one.methods if method != VALUE]
    known = study.outputs[0].methods
    if len(methods) == len(known) > 2:
        methods = [f"all {NUMBERS[len(methods)]}" if len(methods) < len(NUMBERS) else "all"]
    if VALUE in one.methods:
        methods.insert(0, f"value of {one.output}")
    variables = one.variables if len(study.elements) > 1 else ()
    shown = [f"∂{one.output}/∂{variable}" for variable in variables[:MOST_VARIABLES]]
    more = ", …" if len(variables) > MOST_VARIABLES else ""
    where = f" ({', '.join(shown)}{more})" if shown else ""
    return ", ".join(methods) + where


def _topic(study: Study, one: Explanation) -> str:
    if one.methods:
        return f"{_subject(study, one)}: "
    return "ill-conditioned point: " if one.reason.cause == "ill-conditioned point" else ""


def _rewrite(study: Study, one: Explanation) -> Iterator[Text]:
    if one.rewrite is None:
        return
    before = _size(one.rewrite.error_before)
    yield text(
        "  better: ",
        Span(one.rewrite.after, "code"),
        " for ",
        Span(one.rewrite.before, "code"),
        f" (worst error {_size(one.rewrite.error_after)} instead of {before})",
    )
    if command := grad_command(study, one.rewrite.expression):
        yield text("  ", Span(command, "code"))


def _size(error: float) -> str:
    return rounded(error, 2) if math.isfinite(error) else "infinite"
