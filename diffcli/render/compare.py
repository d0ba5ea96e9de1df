"""The screen of `compare`: for every expression the methods side by side, then all of them together."""

import math
from collections.abc import Iterable
from statistics import geometric_mean, median

from diffcli.render import numbers
from diffcli.render.document import Block, Column, Document, Lines, Options, Section, Table, Text, joined, text
from diffcli.render.explanations import case_lines
from diffcli.studies.compare import Case, Comparison, MethodSummary, PeerSummary
from diffcli.studies.peers.registry import PEERS
from diffcli.studies.records import Cost
from diffcli.studies.timing import Timing

SHORTEST = 12
"""To how many characters an expression is cut at most."""
COLUMNS = (
    Column(),
    Column("agree", "right"),
    Column("worst error", "right"),
    Column("digits", "right"),
    Column("calls", "right", droppable=2),
    Column("sweeps", "right", droppable=1),
    Column("operations", "right", droppable=4),
    Column("prepare", "right", droppable=5),
    Column("median", "right"),
    Column("±", "right"),
    Column("minimum", "right", droppable=3),
    Column("× f", "right"),
    Column("× fastest", "right"),
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
    points = f"{case.points} point{'s' * (case.points != 1)}"
    facts = points + (f", f takes {numbers.seconds(case.function_seconds)}" if case.function_seconds else "")
    name = _cut(case.name, options, len(facts))
    expression = "" if case.name == case.expression else _cut(case.expression, options, len(facts) + len(name) + 3)
    parts = (text(name, role="title"), text(expression, role="code"), text(facts, role="quiet"))
    rows = tuple(_row(summary) for summary in (*case.methods, *case.peers))
    return Section(rows, joined(filter(None, parts), "   "))


def _cut(words: str, options: Options, taken: int) -> str:
    """The text, cut on a screen to what is left of a line."""
    room = max((options.width or 0) - taken - 7, SHORTEST)
    return words if len(words) <= room or not options.is_interactive else words[:room] + " …"


def _row(summary: MethodSummary) -> tuple[Text, ...]:
    return (
        text(summary.method, role="name"),
        _agreement(summary),
        (numbers.error(summary.worst_relative),),
        (numbers.digits(summary.median_digits),),
        *_counts(summary.cost),
        text(numbers.seconds(summary.prepare_seconds)),
        *_times(summary.timing),
        text(numbers.times(summary.relative_time)),
        text(numbers.times(summary.relative_to_fastest)),
    )


def _counts(cost: Cost | None) -> tuple[Text, ...]:
    if cost is None:
        return (), (), ()
    return tuple(text(str(n) if n else "") for n in (cost.function_evaluations, cost.sweeps, cost.operations))


def _times(timing: Timing | None) -> tuple[Text, ...]:
    if timing is None:
        return (), (), ()
    median, minimum = numbers.seconds(timing.median), numbers.seconds(timing.minimum)
    return text(median), text(numbers.percent(timing.spread)), text(minimum)


def _agreement(summary: MethodSummary) -> Text:
    if isinstance(summary, PeerSummary) and summary.problem:
        return text("n/a" if summary.problem == "not applicable" else summary.problem, role="quiet")
    if summary.gave_up:
        return text("gave up", role="quiet")
    return _share(summary.agreed, summary.judged)


def _share(agreed: int, judged: int) -> Text:
    return text(f"{agreed}/{judged}", role="good" if agreed == judged else "bad")


def _together(comparison: Comparison) -> Table:
    """Each method over all expressions."""
    by_method: dict[str, list[MethodSummary]] = {}
    for case in comparison.cases:
        for summary in (*case.methods, *case.peers):
            by_method.setdefault(summary.method, []).append(summary)
    columns = (
        Column(),
        Column("agree", "right"),
        Column("worst error", "right"),
        Column("digits", "right"),
        Column("× f", "right"),
        Column("× fastest", "right"),
    )
    rows = tuple(_total(method, summaries) for method, summaries in by_method.items())
    return Table(columns, (Section(rows),), "All expressions")


def _total(method: str, summaries: list[MethodSummary]) -> tuple[Text, ...]:
    agreed, judged = sum(s.agreed for s in summaries), sum(s.judged for s in summaries)
    digits = [s.median_digits for s in summaries if s.median_digits is not None]
    return (
        text(method, role="name"),
        _share(agreed, judged),
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
    yield text(
        "agree: points within the tolerance of those where the judge has a derivative; worst error: relative, of any"
        " component; digits: the median over the points; calls: of f, or of its formulas (symbolic).",
        role="quiet",
    )
    runs = f"{comparison.runs} run{'s' * (comparison.runs != 1)}"
    yield text(
        f"Timed with {comparison.executor} for the programs of all methods, so that the ratios show the algorithms"
        f" (and, where f takes less than a microsecond, the loop of finite differences around it): {runs} in turn,"
        f" median ± half the range; random points from seed {comparison.seed}.",
        role="quiet",
    )
    if any(case.peers for case in comparison.cases):
        yield text(_about_peers(comparison), role="quiet")
    for case in comparison.cases:
        for summary in (*case.methods, *case.peers):
            if summary.gave_up:
                what = summary.problem if isinstance(summary, PeerSummary) else "gave up"
                yield text(f"note: {case.name}: {summary.method} {what}: {summary.gave_up}", role="quiet")
        if case.without_derivative:
            yield text(
                f"note: {case.name}: {case.without_derivative} of {case.points} points have no derivative", role="quiet"
            )
        yield from case_lines(case)
        yield from (text(f"note: {case.name}: {note}", role="quiet") for note in case.notes)
    yield from (text(f"note: {note}", role="quiet") for note in comparison.notes)


def _about_peers(comparison: Comparison) -> str:
    peers = [summary for case in comparison.cases for summary in case.peers]
    versions = {PEERS[p.method].package: p.version for p in peers if p.version and p.method in PEERS}
    listed = ", ".join(f"{package} {version}" for package, version in versions.items())
    named = f" ({listed})" if listed else ""
    words = (
        f"Peers{named}: each in a process of its own, from Python's numbers to Python's numbers, timed in the same"
        " turns; prepare: with compiling, without importing. They do not count for the exit code."
    )
    if "diffcli" in versions:
        words += " diffcli: reverse mode as called from Python, with none of what a study does around it."
    if any(peer.method == "diffcli-c" and peer.version for peer in peers):
        words += ' diffcli-c: the same with executor="c".'
    if "numba" in versions:
        words += " numba does not differentiate; it compiles diffcli's derivative program."
    return words
