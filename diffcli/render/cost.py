"""The screen of `cost`: finite differences against reverse mode for more and more parameters."""

from collections.abc import Iterator

from diffcli.learn.cost import ROWS, SAMPLE, TEXT, CostStudy, Step
from diffcli.render import numbers
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.document import GLUE, Block, Column, Document, Lines, Options, Section, Span, Table, Text, text
from diffcli.render.plot import Axis, Plot, Series

HEADER = (
    "parameters", "function_seconds", "evaluations", "finite_seconds", "extrapolated", "sweeps", "reverse_seconds",
    "ratio", "error",
)  # fmt: skip
ABOUT = "≈"
HEIGHT = 14
PLOTTED = 2
"""Numbers of parameters that make a curve."""


def document(record: CostStudy, _options: Options) -> Document:
    """The table, the verdict on the counts, how the times grow, the plot."""
    program = text(Span(TEXT.replace("\n", "; "), "code"), f"   {ROWS} samples, 10 parameters for each hidden unit")
    blocks: list[Block] = [
        Lines((text("One step of training: the gradient by all parameters of"), program)),
        _table(record),
    ]
    blocks.append(Lines(tuple(_findings(record))))
    if len(record.steps) >= PLOTTED:
        blocks.append(times(record))
    return Document(tuple(blocks))


def _table(record: CostStudy) -> Table:
    columns = (
        Column("parameters", "right"), Column("one f", "right", droppable=3), Column("finite", "right"),
        Column("time", "right"), Column("reverse", "right"), Column("time", "right"),
        Column("× f", "right", droppable=2), Column("finite/reverse", "right"),
        Column("differ by", "right", droppable=1),
    )  # fmt: skip
    return Table(columns, (Section(tuple(map(_row, record.steps))),), gap=2)


def _row(step: Step) -> tuple[Text, ...]:
    about = f"{ABOUT} " if step.is_extrapolated else ""
    return (
        text(numbers.grouped(step.parameters)),
        text(numbers.seconds(step.seconds)),
        text(numbers.grouped(step.all_evaluations), " f"),
        text(about + numbers.seconds(step.all_seconds), role="quiet" if about else "plain"),
        text(f"{step.sweeps} sweep{'s' if step.sweeps != 1 else ''}"),
        text(numbers.seconds(step.sweep_seconds)),
        text(numbers.times(step.sweep_seconds / step.seconds)),
        text(about, numbers.grouped(round(step.ratio))),
        (numbers.error(step.error),),
    )


def _findings(record: CostStudy) -> Iterator[Text]:
    last = record.steps[-1]
    if record.holds:
        most = f"{numbers.grouped(last.all_evaluations)} at {numbers.grouped(last.parameters)}".replace(
            " 0", f"{GLUE}0"
        )
        rule = f"finite differences take 2 evaluations of f for each parameter, {most}; reverse mode takes one sweep."
        yield text(Span("Counted: ", "good"), rule)
    else:
        yield text(
            "The counts are not those of the lectures: 2 evaluations for each parameter, and one sweep.", role="bad"
        )
    finite, reverse = (record.growth(lambda s: s.all_seconds), record.growth(lambda s: s.sweep_seconds))
    if finite is not None and reverse is not None:
        yield text(
            f"Times grow like dim^{finite:.1f} (finite) and dim^{reverse:.1f} (reverse) among the larger networks."
        )
    if any(step.is_extrapolated for step in record.steps):
        yield text(f"{ABOUT} from a sample of {SAMPLE} parameters: counted and timed, times dim / {SAMPLE}; "
                   "--whole runs all", role="quiet")  # fmt: skip
    yield text("note: deck 004 writes dim(θ) evaluations; the centered form it prefers takes 2·dim(θ)", role="quiet")


def plots(record: CostStudy) -> list[Plot]:
    """Times and counts."""
    return [times(record), counts(record)]


def times(record: CostStudy) -> Plot:
    """The time of one gradient, and of one evaluation."""
    whole = tuple((float(s.parameters), s.all_seconds) for s in record.steps if not s.is_extrapolated)
    about = tuple((float(s.parameters), s.all_seconds) for s in record.steps if s.is_extrapolated)
    series = (
        Series("finite differences", whole, "o", "solid", 0),
        Series("finite, extrapolated", whole[-1:] + about, "x", "dotted", 0),
        Series("reverse mode", tuple((float(s.parameters), s.sweep_seconds) for s in record.steps), "+", "solid", 1),
        Series("one evaluation of f", tuple((float(s.parameters), s.seconds) for s in record.steps), "*", "dotted", 2),
    )
    shown = tuple(one for one in series if len(one.points) > 1 or one.marker != "x" or about)
    axes = Axis("parameters", is_log=True), Axis("seconds", is_log=True)
    return Plot(*axes, shown, title="Time of one step", height=HEIGHT)


def counts(record: CostStudy) -> Plot:
    """Evaluations against sweeps."""
    series = (
        Series("finite: evaluations of f", tuple((float(s.parameters), float(s.all_evaluations)) for s in record.steps),
               "o", "solid", 0),
        Series("reverse: sweeps", tuple((float(s.parameters), float(s.sweeps)) for s in record.steps), "+", "solid", 1),
    )  # fmt: skip
    return Plot(
        Axis("parameters", is_log=True), Axis("runs", is_log=True), series, title="Runs of one step", height=HEIGHT
    )


def cost_table(record: CostStudy) -> CsvTable:
    """One row for each number of parameters."""
    return HEADER, _csv_rows(record)


def _csv_rows(record: CostStudy) -> Iterator[tuple[CsvCell, ...]]:
    for s in record.steps:
        finite = s.all_evaluations, s.all_seconds, int(s.is_extrapolated)
        yield s.parameters, s.seconds, *finite, s.sweeps, s.sweep_seconds, s.ratio, s.error
