"""The tables of `descend` that compare: methods beside each other, random restarts, and what follows from them."""

from collections.abc import Iterator, Sequence

from diffcli.learn.descent import Descent, MethodDescent, Restart
from diffcli.learn.path_comparison import numbers as numbers_in
from diffcli.render import numbers
from diffcli.render.document import Block, Column, Lines, Options, Section, Span, Table, Text, text
from diffcli.render.grad import counted
from diffcli.render.opening import EQUALS, found, name_span, point_text
from diffcli.studies.values import tidied

FEW_DIGITS = 6
"""Digits of the numbers in the tables."""
MOST_COORDINATES = 6
"""Coordinates of a point that are shown."""
MOST_RESTARTS = 20
ENDINGS = {
    "gradient": "gradient norm", "value": "change of value", "point": "change of point", "target": "target",
    "steps": "steps used up", "time": "time used up", "unbounded": "no minimum", "not differentiable": "no derivative",
}  # fmt: skip
"""Short names of why a descent ended; others are named as they are."""


def shortened_number(value: float, digits: int) -> Text:
    """The number in significant digits; a large one as a power of ten."""
    shown = tidied(f"{value:.{digits}g}")
    return (Span(numbers.signed(shown), "value", numbers.latex(shown)),)


def methods_table(record: Descent) -> Table:
    """What each method took, counted while it ran, and how far its path is from the first."""
    columns = (
        Column(), Column("steps", "right"), Column("stopped by", droppable=4),
        Column(record.output, "decimal", droppable=3), Column("what it took", flexible=True),
        Column("a gradient", "right", droppable=1), Column("all", "right", droppable=2), Column("apart", "right"),
        Column(),
    )  # fmt: skip
    return Table(columns, (Section(tuple(_method_row(run) for run in record.runs)),)).trimmed()


def _method_row(run: MethodDescent) -> tuple[Text, ...]:
    if run.ending.kind == "gave up":
        return (text(run.method, role="name"), (), (), (), text(f"gave up: {run.ending.message}"), (), (), (), ())
    mark = {True: text("same", role="good"), False: text("another path", role="bad"), None: ()}[run.is_same_path]
    return (
        text(run.method, role="name"),
        text(str(run.taken)),
        text(ENDINGS.get(run.ending.kind, run.ending.kind)),
        shortened_number(run.last.value, FEW_DIGITS) if run.steps else (),
        text(_work(run)),
        text(numbers.seconds(run.gradient_seconds)),
        text(numbers.seconds(run.seconds)),
        (numbers.error(run.distance),) if run.distance is not None else (),
        mark,
    )


def _work(run: MethodDescent) -> str:
    cost = run.cost
    parts = (
        counted(cost.function_evaluations, "call", "calls"),
        counted(cost.sweeps, "sweep", "sweeps"),
        counted(cost.operations, "operation", "operations"),
    )
    return ", ".join(part for part in parts if part)


def restart_blocks(record: Descent, options: Options) -> list[Block]:
    """The given start first, then the random ones; the lowest is marked, and said in full."""
    digits, best = options.digits or FEW_DIGITS, record.best
    rows = record.restarts if not options.is_interactive else record.restarts[:MOST_RESTARTS]
    if best and best not in rows:
        rows = (*rows, best)
    columns = (
        Column("from", flexible=True), Column("to", flexible=True), Column(record.output, "decimal"),
        Column("steps", "right", droppable=1), Column("stopped by", droppable=2), Column(),
    )  # fmt: skip
    title = f"{len(record.restarts) - 1} random restarts (seed {record.seed})"
    body = Section(tuple(_restart_row(one, digits, is_best=one is best) for one in rows))
    table = Table(columns, (body,), title)
    if best is None or best.value is None:
        return [table, Lines((text("No descent ended at a lowest point.", role="bad"),))]
    place = point_text(dict(zip(record.variables, best.end, strict=True)), options)
    value = text(name_span(record.output), EQUALS, found(best.value, options))
    return [table, Lines((text("Lowest of all: ", value, " ", place, "."),))]


def _restart_row(one: Restart, digits: int, *, is_best: bool) -> tuple[Text, ...]:
    return (
        _place(one.start, digits),
        _place(one.end, digits),
        shortened_number(one.value, digits) if one.value is not None else text("—", role="quiet"),
        text(str(one.taken)),
        text(ENDINGS.get(one.kind, one.kind)),
        text("lowest", role="good") if is_best else (),
    )


def _place(values: Sequence[object], digits: int) -> Text:
    """A point without names: (1.5, -2); of many numbers only how many."""
    flat = list(numbers_in(list(values)))
    if len(flat) > MOST_COORDINATES:
        return text(f"{len(flat)} numbers", role="quiet")
    return text(f"({', '.join(span.text for x in flat for span in shortened_number(x, digits))})")


def _rules(compared: Sequence[MethodDescent]) -> str:
    """Such as 1e-10·max(1, |x|) (forward, symbolic), 1e-6·max(1, |x|) (finite)."""
    by_tolerance: dict[float, list[str]] = {}
    for run in compared:
        by_tolerance.setdefault(run.tolerance or 0.0, []).append(run.method)
    return ", ".join(
        f"{numbers.tolerance(tolerance)}·max(1, |x|) ({', '.join(methods)})"
        for tolerance, methods in by_tolerance.items()
    )


def verdict_lines(record: Descent) -> Iterator[Text]:
    """Whether the paths are the same, by which rule, and the notes."""
    compared = [run for run in record.runs if run.is_same_path is not None]
    if compared and all(run.is_same_path for run in compared):
        yield text(
            Span("The same path by all methods", "good"), ": at no step are two points further apart than shown."
        )
    elif compared:
        others = ", ".join(run.method for run in compared if not run.is_same_path)
        yield text(Span(f"Another path by {others}", "bad"), ": rounding, or the error of finite differences, grew.")
    if compared:
        yield text(f"Rule: after every step |x − x by {record.first.method}| ≤ {_rules(compared)}.", role="quiet")
    if any(run.method == "finite" for run in record.runs):
        yield text("Calls are those of the gradients; the value at each step is one more.", role="quiet")
    yield from (text(f"note: {note}", role="quiet") for note in record.notes)
