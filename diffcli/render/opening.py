"""How a screen begins: the expression as read, the point, the value; and what to say where there is no derivative."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.document import GLUE, Block, Excerpt, Flow, Lines, Options, Span, Text, joined, text
from diffcli.studies.values import Problem, shape_of

if TYPE_CHECKING:
    from diffcli.studies.records import Study

LONGEST = 600
"""Characters of an expression shown on a screen."""
MOST_NAMES = 12
"""Values of a point shown on a screen."""
SHORT_ARRAY, ARRAY_DIGITS = 9, 6
"""Elements of an array of the point that is shown in full on a screen, and their digits."""
ROOM = 12
"""Columns of a line that a result leaves to its name."""
EQUALS = Span(f"{GLUE}={GLUE}", latex=" = ")


def opening(study: "Study", options: Options) -> Flow:
    """Expression, point and value: y = ln(x1) + …, at x1 = 2, x2 = 5, y = 11.652."""
    names = tuple(dict.fromkeys(output.name.partition("[")[0] for output in study.outputs))  # y, not y[0], y[1]
    title = title_text(study.pretty, study.latex, names, options)
    values = [(output.name, output.value) for output in study.outputs if len(study.outputs) == 1]
    return Flow((title, point_text(study.point, options), *values_text(values, options)))


def title_text(pretty: str, latex: str, names: Sequence[str], options: Options) -> Text:
    """The function as read, cut on a screen when it is very long."""
    shown = pretty if len(pretty) <= LONGEST or not options.is_interactive else pretty[:LONGEST] + " …"
    if ";" in pretty:
        return (Span(shown, "title", latex),)
    return (Span(f"{names[0]} = {shown}", "title", f"{latex_name(names[0])} = {latex}"),)


def point_text(point: Mapping[str, Any], options: Options) -> Text:
    """At x1 = 2, x2 = 5; the values are floats, arrays or nested lists."""
    if not point:
        return ()
    shown = list(point.items())[: MOST_NAMES if options.is_interactive else None]
    parts = [text(name_span(name), EQUALS, _short(value, options)) for name, value in shown]
    hidden = len(point) - len(shown)
    return text("at ", joined(parts, ", "), f" and {hidden} more" if hidden else "")


def _short(value: Any, options: Options) -> Span:
    """A value of the point: on a screen arrays with few digits, larger ones by shape, range and norm."""
    if isinstance(value, float) or not options.is_interactive:
        return numbers.value(value)
    size = value.size if hasattr(value, "size") else prod(shape_of(value))
    if size <= SHORT_ARRAY:
        return numbers.value(value, ARRAY_DIGITS)
    summary = numbers.summary(value)
    return Span(f"({summary.text})", summary.role, rf"\left({summary.latex}\right)")


def found(value: Any, options: Options) -> Span:
    """A result: on a screen arrays with as many digits as fit a line."""
    if options.width is None or options.digits is not None or value is None or isinstance(value, float):
        return numbers.value(value, options.digits)
    shown = (numbers.value(value, digits) for digits in (None, 12, 9))
    fitting = (span for span in shown if span.width <= options.width - ROOM)
    return next(fitting, numbers.value(value, ARRAY_DIGITS))


def name_span(name: str) -> Span:
    """A user's name."""
    return Span(name, "name", latex_name(name))


def values_text(values: Sequence[tuple[str, Any]], options: Options) -> list[Text]:
    """One text for each output: y = 11.652."""
    return [text(name_span(name), EQUALS, found(value, options)) for name, value in values]


def problem_blocks(problem: Problem, source: str) -> list[Block]:
    """Why there is no derivative here, with the place in the user's text that causes it."""
    blocks: list[Block] = [Lines((text(problem.message, role="bad"),))]
    if problem.start is not None and problem.end is not None and source:
        blocks.append(Excerpt(source, problem.start, problem.end))
    return [*blocks, Lines((text(problem.details),))] if problem.details else blocks
