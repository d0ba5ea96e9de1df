"""The screen of `descend`: the steps, why it ended, a plot of value and gradient, and the methods side by side."""

from collections.abc import Iterator, Sequence

from diffcli.graph.layout import element_names
from diffcli.learn.descent import Descent, Divergence, Step
from diffcli.learn.path_comparison import numbers as numbers_in
from diffcli.learn.specification import written
from diffcli.render import numbers
from diffcli.render.csv import Cell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.descend_plots import curves
from diffcli.render.descend_tables import (
    FEW_DIGITS,
    MOST_COORDINATES,
    methods_table,
    restart_blocks,
    shortened_number,
    verdict_lines,
)
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Flow,
    Lines,
    Options,
    Role,
    Section,
    Span,
    Table,
    Text,
    text,
)
from diffcli.render.grad import counted
from diffcli.render.opening import EQUALS, found, name_span, point_text, problem_blocks, title_text
from diffcli.render.shell import quoted
from diffcli.studies.values import Value, rounded, shape_of

LONGEST_COMMAND = 400
HEADER = ("method", "step", "value", "gradient_norm", "rate", "length", "curvature")


def document(record: Descent, options: Options) -> Document:
    """Everything `descend` has to say."""
    first = record.first
    blocks: list[Block] = [_opening(record, options), _rule(record)]
    if first.steps:
        blocks.append(_steps(record, options))
    blocks += _ending(record, options)
    if len(first.steps) > 1:
        blocks.append(curves(record, has_markers=True))
    blocks.append(methods_table(record))
    if record.restarts:
        blocks += restart_blocks(record, options)
    blocks.append(Lines(tuple(verdict_lines(record))))
    if options.is_interactive:
        blocks.append(Lines(tuple(_advice(record)), is_advice=True))
    return Document(tuple(blocks))


def descent_table(record: Descent) -> CsvTable:
    """One row for each step of each method; the coordinates where there are not too many to be kept."""
    has_points = any(step.point is not None for run in record.runs for step in run.steps[:1])
    names = elements(record) if has_points else []
    return (*HEADER, *names), _rows(record)


def elements(record: Descent) -> list[str]:
    """The names of all coordinates."""
    pairs = zip(record.variables, record.start, strict=True)
    return [element for name, value in pairs for element in element_names(name, shape_of(value))]


def _rows(record: Descent) -> Iterator[Sequence[Cell]]:
    for run in record.runs:
        for step in run.steps:
            point = numbers_in(step.point) if step.point is not None else ()
            yield (run.method, step.number, step.value, step.gradient_norm, step.rate, step.length, step.curvature,
                   *point)  # fmt: skip


def _opening(record: Descent, options: Options) -> Flow:
    title = title_text(record.pretty, record.latex, (record.output,), options)
    start = point_text(dict(zip(record.variables, record.start, strict=True)), options)
    fixed = point_text(record.fixed, options)
    return Flow((title, text("from ", start[1:]), text("with ", fixed[1:]) if fixed else ()))


def _rule(record: Descent) -> Lines:
    """The optimizer with its numbers, its formula, and the method that gives the gradients."""
    chosen, schedule = record.optimizer, record.optimizer.schedule
    known = {"η": chosen.rate, **chosen.hyperparameters}
    values = ", ".join(f"{name} = {numbers.plain(value)}" for name, value in known.items())
    lines = [
        text(Span(chosen.name, "name"), f" with {values}; gradients by ", Span(_method_name(record), "name")),
        text(f"{chosen.row.formula} x ← x − η d.", role="quiet"),
    ]
    if schedule.name != "constant":
        own = ", ".join(f"{name} = {numbers.plain(value)}" for name, value in schedule.numbers.items())
        lines.append(text(Span(schedule.name, "name"), f" schedule with {own}: ", Span(schedule.formula, "quiet")))
    return Lines(tuple(lines))


def _method_name(record: Descent) -> str:
    kind = {"finite": "finite differences", "symbolic": "symbolic derivatives"}
    return kind.get(record.first.method, f"{record.first.method} mode")


def _steps(record: Descent, options: Options) -> Table:
    """Some of the steps: those numbered 1, 2, 5, 10, 20, …, the first and the last."""
    names = elements(record)
    has_points = len(names) <= MOST_COORDINATES and record.first.steps[0].point is not None
    columns = [Column("step", "right"), Column(record.output, "decimal"), Column("|gradient|", "decimal")]
    if record.optimizer.schedule.name != "constant":
        columns.append(Column("rate", "decimal", droppable=1))
    columns.append(Column("step length", "decimal", droppable=20))
    if has_points:
        columns += [Column(name, "decimal", droppable=2 + k) for k, name in enumerate(names)]
    shown = [step for step in record.first.steps if _is_shown(step.number, record.first.taken)]
    rows = tuple(_step_row(step, record, options, has_points=has_points) for step in shown)
    return Table(tuple(columns), (Section(rows),))


def _is_shown(number: int, last: int) -> bool:
    digits = str(number).rstrip("0")
    return number in (0, last) or digits in ("1", "2", "5")


def _step_row(step: Step, record: Descent, options: Options, *, has_points: bool) -> tuple[Text, ...]:
    digits = options.digits or FEW_DIGITS
    cells = [text(str(step.number)), shortened_number(step.value, digits), shortened_number(step.gradient_norm, digits)]
    if record.optimizer.schedule.name != "constant":
        cells.append(shortened_number(step.rate, digits))
    cells.append(shortened_number(step.length, digits) if step.number else ())
    if has_points and step.point is not None:
        cells += [shortened_number(x, digits) for x in numbers_in(step.point)]
    return tuple(cells)


def _ending(record: Descent, options: Options) -> list[Block]:
    """Why it ended, where, and what may be wrong."""
    run = record.first
    ending = run.ending
    role: Role = "good" if ending.converged else "plain" if ending.kind in ("steps", "time") else "bad"
    if ending.kind == "gave up":
        return [Lines((text(f"{run.method} gave up: {ending.message}", role="bad"),))]
    after = f"Stopped after {counted(run.taken, 'step', 'steps') or '0 steps'}: "
    blocks: list[Block] = [Lines((text(after, Span(ending.message, role), "."),))]
    if ending.problem:
        blocks += problem_blocks(ending.problem, record.source)
    if run.steps:
        blocks.append(Lines(tuple(_result(record, options))))
    if run.divergence:
        blocks.append(Lines(tuple(_likely_cause(record, run.divergence))))
    return blocks


def _result(record: Descent, options: Options) -> Iterator[Text]:
    """The last point, and the lowest one where that is another."""
    run = record.first
    value = text(name_span(record.output), EQUALS, found(run.last.value, options))
    place = point_text(dict(zip(record.variables, run.end, strict=True)), options)
    yield text(value, " ", place, "; gradient norm ", shortened_number(run.last.gradient_norm, 3), ".")
    lowest = min(run.steps, key=lambda step: step.value)
    if lowest.value < run.last.value:
        low = text(name_span(record.output), EQUALS, found(lowest.value, options))
        yield text("The value was lower before: ", low, f" after step {lowest.number}.")


def _likely_cause(record: Descent, known: Divergence) -> Iterator[Text]:
    if known.exceeds and known.bound is not None and known.curvature is not None:
        most = known.bound / known.curvature
        name = f"{numbers.plain(round(known.bound, 4))}/L"
        yield text(
            f"Likely cause: the learning rate {numbers.plain(known.rate)} is more than {name} = {rounded(most)}, beyond"
            f" which {record.optimizer.name} diverges on a quadratic; L ≈ {rounded(known.curvature)} is the curvature"
            f" |Δg|/|Δx| seen on the path.",
        )
    else:
        yield text(f"Likely cause: the learning rate {numbers.plain(known.rate)} is too large here.")
    if known.suggestion is not None:
        yield text("Tried, and goes down: ", Span(command(record, known.suggestion), "code"))


def command(record: Descent, rate: float) -> str:
    """The same descent with another learning rate, as one would type it; only the option where that is too long."""
    chosen = record.optimizer
    usual, schedule = chosen.row.defaults, chosen.schedule
    own = {key: value for key, value in chosen.hyperparameters.items() if value != usual[key]}
    words = ["diffcli", "descend", quoted(record.input), "--from", quoted(_point(record.variables, record.start))]
    if record.fixed:
        words += ["--at", quoted(_point(tuple(record.fixed), tuple(record.fixed.values())))]
    if chosen.name != "gradient-descent":
        words += ["--optimizer", quoted(written(chosen.name, own))]
    if schedule.name != "constant":
        words += ["--schedule", quoted(written(schedule.name, dict(schedule.numbers)))]
    words += ["--rate", numbers.plain(rate)]
    line = " ".join(words)
    return line if len(line) <= LONGEST_COMMAND and "\n" not in record.input else f"--rate {numbers.plain(rate)}"


def _point(names: Sequence[str], values: Sequence[Value]) -> str:
    return ",".join(f"{name}={numbers.plain(value)}" for name, value in zip(names, values, strict=True))


def _advice(record: Descent) -> Iterator[Text]:
    """What to try next."""
    if record.first.ending.kind == "steps":
        yield text("Next: more --steps, another --rate, or --optimizer adam")
    elif len(elements(record)) == 2 and record.first.ending.converged:
        yield text("Next: ", Span("-o path.png", "code"), " draws the path on contour lines")
