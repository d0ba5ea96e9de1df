"""The screen of `compare`: for every expression the methods side by side, then all of them together."""

import math
from collections.abc import Iterable
from statistics import geometric_mean, median

from diffcli.render import numbers
from diffcli.render.document import Block, Column, Document, Lines, Options, Section, Span, Table, Text, text
from diffcli.study.compare import Case, Comparison, MethodSummary

LONGEST = 60
"""Characters of an expression shown beside its name on a screen."""
COLUMNS = (
    Column(role="quiet"),
    Column("agree", "right", role="quiet"),
    Column("worst error", "right", role="quiet"),
    Column("digits", "right", role="quiet"),
    Column("calls of f", "right", role="quiet", droppable=2),
    Column("sweeps", "right", role="quiet", droppable=1),
    Column("operations", "right", role="quiet", droppable=4),
    Column("prepare", "right", role="quiet", droppable=5),
    Column("median", "right", role="quiet"),
    Column("±", "right", role="quiet"),
    Column("minimum", "right", role="quiet", droppable=3),
    Column("× f", "right", role="quiet"),
    Column("× fastest", "right", role="quiet"),
)


def document(comparison: Comparison, options: Options) -> Document:
    """Everything `compare` has to say."""
    sections = tuple(_section(case, options) for case in comparison.cases)
    blocks: list[Block] = [Table(COLUMNS, sections, separator="blank")]
    if len(comparison.cases) > 1:
        blocks.append(_together(comparison))
    blocks.append(Lines(tuple(_footer(comparison))))
    return Document(tuple(blocks))


def _section(case: Case, options: Options) -> Section:
    shown = case.expression if len(case.expression) <= LONGEST or not options.is_interactive else case.expression[:LONGEST] + " …"
    points = f"{case.points} point{'s' * (case.points != 1)}"
    title = text(Span(case.name, "title"), *([] if case.name == case.expression else ["   ", Span(shown, "code")]))
    facts = f"   {points}" + (f", f takes {numbers.seconds(case.function_seconds)}" if case.function_seconds else "")
    return Section(tuple(_row(method) for method in case.methods), (*title, Span(facts, "quiet")))


def _row(summary: MethodSummary) -> tuple[Text, ...]:
    timing, cost = summary.timing, summary.cost
    return (
        text(Span(summary.method, "name")),
        _agreement(summary),
        (numbers.error(summary.worst_relative),),
        (numbers.digits(summary.median_digits),),
        _count(cost and cost.function_evaluations),
        _count(cost and cost.sweeps),
        _count(cost and cost.operations),
        text(numbers.seconds(summary.prepare_seconds)),
        text(numbers.seconds(timing and timing.median)),
        text(numbers.percent(timing and timing.spread)),
        text(numbers.seconds(timing and timing.minimum)),
        text(numbers.times(summary.relative_time)),
        text(numbers.times(summary.relative_to_fastest)),
    )


def _agreement(summary: MethodSummary) -> Text:
    if summary.gave_up:
        return text("gave up", role="quiet")
    role = "good" if summary.agreed == summary.judged else "bad"
    return text(f"{summary.agreed}/{summary.judged}", role=role)


def _count(number: int | None) -> Text:
    return text(str(number) if number else "")


def _together(comparison: Comparison) -> Table:
    """Each method over all expressions."""
    by_method: dict[str, list[MethodSummary]] = {}
    for case in comparison.cases:
        for summary in case.methods:
            by_method.setdefault(summary.method, []).append(summary)
    columns = (
        Column(),
        Column("points that agree", "right", role="quiet"),
        Column("worst error", "right", role="quiet"),
        Column("median digits", "right", role="quiet"),
        Column("mean × f", "right", role="quiet"),
        Column("mean × fastest", "right", role="quiet"),
    )
    rows = tuple(_total(method, summaries) for method, summaries in by_method.items())
    return Table(columns, (Section(rows),), "All expressions")


def _total(method: str, summaries: list[MethodSummary]) -> tuple[Text, ...]:
    agreed, judged = sum(s.agreed for s in summaries), sum(s.judged for s in summaries)
    digits = [s.median_digits for s in summaries if s.median_digits is not None]
    return (
        text(method, role="name"),
        text(f"{agreed}/{judged}", role="good" if agreed == judged else "bad"),
        (numbers.error(max((s.worst_relative for s in summaries if s.worst_relative is not None), default=None)),),
        (numbers.digits(median(digits) if digits else None),),
        text(numbers.times(_mean(s.relative_time for s in summaries))),
        text(numbers.times(_mean(s.relative_to_fastest for s in summaries))),
    )


def _mean(ratios: Iterable[float | None]) -> float | None:
    """The geometric mean, the only one that does not depend on what is taken as 1."""
    known = [ratio for ratio in ratios if ratio and math.isfinite(ratio)]
    return geometric_mean(known) if known else None


def _footer(comparison: Comparison) -> Iterable[Text]:
    yield text("agree: points within the tolerance of those where the judge has a derivative; worst error: relative.", role="quiet")
    yield text(
        f"Timed on {comparison.executor} for all methods, so that the ratios show the algorithms: {comparison.runs} runs in"
        f" turn, median ± half the range; random points from seed {comparison.seed}.",
        role="quiet",
    )
    for case in comparison.cases:
        for summary in case.methods:
            if summary.gave_up:
                yield text(f"note: {case.name}: {summary.method} gave up: {summary.gave_up}", role="quiet")
        if case.without_derivative:
            yield text(f"note: {case.name}: {case.without_derivative} of {case.points} points have no derivative", role="quiet")
        yield from (text(f"note: {case.name}: {note}", role="quiet") for note in case.notes)
    yield from (text(f"note: {note}", role="quiet") for note in comparison.notes)
