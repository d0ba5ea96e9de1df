"""How a screen begins: the expression as read, the point, the value; and what to say where there is no derivative."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.document import GLUE, Block, Excerpt, Flow, Lines, Options, Span, Text, joined, text
from diffcli.studies.values import Problem, Value

if TYPE_CHECKING:
    from diffcli.studies.records import Study

LONGEST = 600
"""Characters of an expression shown on a screen."""
MOST_NAMES = 12
"""Values of a point shown on a screen."""
EQUALS = Span(f"{GLUE}={GLUE}", latex=" = ")


def opening(study: "Study", options: Options) -> Flow:
    """Expression, point and value: y = ln(x1) + …, at x1 = 2, x2 = 5, y = 11.652."""
    names = tuple(output.name for output in study.outputs)
    title = title_text(study.pretty, study.latex, names, options)
    values = [(output.name, output.value) for output in study.outputs if len(study.outputs) == 1]
    return Flow((title, point_text(study.point, options), *values_text(values, options)))


def title_text(pretty: str, latex: str, names: Sequence[str], options: Options) -> Text:
    """The function as read, cut on a screen when it is very long."""
    shown = pretty if len(pretty) <= LONGEST or not options.is_interactive else pretty[:LONGEST] + " …"
    if ";" in pretty:
        return (Span(shown, "title", latex),)
    return (Span(f"{names[0]} = {shown}", "title", f"{latex_name(names[0])} = {latex}"),)


def point_text(point: Mapping[str, Value], options: Options) -> Text:
    """At x1 = 2, x2 = 5."""
    if not point:
        return ()
    shown = list(point.items())[: MOST_NAMES if options.is_interactive else None]
    parts = [text(name_span(name), EQUALS, numbers.value(value)) for name, value in shown]
    hidden = len(point) - len(shown)
    return text("at ", joined(parts, ", "), f" and {hidden} more" if hidden else "")


def name_span(name: str) -> Span:
    """A user's name."""
    return Span(name, "name", latex_name(name))


def values_text(values: Sequence[tuple[str, float | None]], options: Options) -> list[Text]:
    """One text for each output: y = 11.652."""
    return [text(name_span(name), EQUALS, numbers.value(value, options.digits)) for name, value in values]


def problem_blocks(problem: Problem, source: str) -> list[Block]:
    """Why there is no derivative here, with the place in the user's text that causes it."""
    blocks: list[Block] = [Lines((text(problem.message, role="bad"),))]
    if problem.start is not None and problem.end is not None and source:
        blocks.append(Excerpt(source, problem.start, problem.end))
    blocks.append(Lines((text(problem.details),)))
    return blocks
