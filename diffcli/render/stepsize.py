"""The screen of `stepsize`: error against step, as best steps with their reasons, as a plot and as a table."""

from collections.abc import Iterator, Sequence

from diffcli.render import numbers
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.derivatives import derivative
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Heading,
    Lines,
    Options,
    Section,
    Span,
    Table,
    Text,
    joined,
    text,
)
from diffcli.render.opening import opening, problem_blocks
from diffcli.render.stepsize_findings import error_at, findings, step
from diffcli.render.stepsize_plot import ON_TERMINAL, plot
from diffcli.studies.stepsize.curve import FIRST, LAST, Curve
from diffcli.studies.stepsize.fit import Fit
from diffcli.studies.stepsize.study import DECK, Derivative, StepsizeStudy

CSV_HEADER = ("output", "variable", "dtype", "scheme", "h", "value", "error", "truncation", "round_off", "moves")
DECADES = tuple(float(f"1e-{k}") for k in range(FIRST, LAST + 1))
BEST = "•"
PREDICTIONS = {
    "centered": Span("cbrt(3e/|f'''|)", latex=r"\sqrt[3]{3e/|f'''|}"),
    "forward": Span("2·sqrt(e/|f''|)", latex=r"2\sqrt{e/|f''|}"),
    "richardson": Span("(360e/|f'''''|)^(1/5)", latex=r"\sqrt[5]{360e/|f^{(5)}|}"),
}


def document(record: StepsizeStudy, options: Options) -> Document:
    """Everything `stepsize` has to say."""
    study = record.study
    blocks: list[Block] = [opening(study, options)]
    for output in study.outputs:
        if output.problem:
            blocks += problem_blocks(output.problem, study.source)
    if not study.elements:
        return Document((*blocks, Lines((text("There is no variable to differentiate by."),))))
    for found in record.derivatives:
        blocks += _derivative_blocks(found, record, options)
    remarks = [text(f"∂{output}/∂{variable} is 0 everywhere: {output} does not depend on {variable}.")
               for output, variable in record.independent]  # fmt: skip
    if record.derivatives:
        remarks += _rules(record)
    remarks += [text(f"note: {note}") for note in study.notes]
    return Document((*blocks, *([Lines(tuple(remarks))] if remarks else [])))


def stepsize_table(record: StepsizeStudy) -> CsvTable:
    """One row for each derivative, scheme and step."""
    return CSV_HEADER, _csv_rows(record)


def _csv_rows(record: StepsizeStudy) -> Iterator[Sequence[CsvCell]]:
    for found in record.derivatives:
        for curve in found.curves:
            for s in curve.samples:
                yield (
                    found.output, found.variable, record.precision.name, curve.scheme, s.h, s.value, s.error,
                    s.truncation, s.round_off, s.moves,
                )  # fmt: skip


def _derivative_blocks(found: Derivative, record: StepsizeStudy, options: Options) -> list[Block]:
    name = derivative(found.output, found.variable)
    title = text(name, Span(" = ", "heading", " = "), numbers.judged(found.value, options.digits))
    has_errors = any(sample.error for curve in found.curves for sample in curve.samples)
    drawn: list[Block] = [plot(found, ON_TERMINAL), _decades(found)]
    return [
        Heading(text(title, Span(f" by the judge; differences in {record.precision.name}", "quiet"))),
        _summary(found),
        Lines(tuple(text(line) for line in findings(found, record))),
        *(drawn if has_errors else ()),
    ]


def _summary(found: Derivative) -> Table:
    """Slopes and best steps of every scheme."""
    headers = (
        "",
        "truncation slope",
        "round-off slope",
        "best h predicted",
        "best h measured",
        "error there",
        "at 1e-8",
    )
    columns = tuple(Column(header, "right" if header else "left") for header in headers)
    return Table(columns, (Section(tuple(_summary_row(curve) for curve in found.curves)),))


def _summary_row(curve: Curve) -> tuple[Text, ...]:
    best, deck = curve.measured, error_at(curve, DECK)
    bound = "≤ " if curve.scheme == "complex-step" and curve.predicted else ""
    return (
        text(curve.scheme, role="name"),
        text(slope(curve.truncation)),
        text(slope(curve.round_off)),
        text(bound, step(curve.predicted)) if curve.predicted else text("—", role="quiet"),
        text(step(best.h)) if best else text("—", role="quiet"),
        (numbers.error(best.error if best else None),),
        (numbers.error(deck),),
    )


def slope(fit: Fit | None) -> str:
    """The slope of a fitted line."""
    return "" if fit is None else numbers.signed(f"{fit.slope + 0.0:.2f}".replace("-0.00", "0.00"))


def _decades(found: Derivative) -> Table:
    """The errors at powers of ten, the least of each scheme marked."""
    curves = [curve for curve in found.curves if curve.samples]
    least = {curve.scheme: _least(curve) for curve in curves}
    columns = (Column("h", "right"), *(Column(curve.scheme, "right") for curve in curves), Column())
    rows = tuple(
        (
            text(step(h)),
            *(_cell(curve, h, least[curve.scheme]) for curve in curves),
            text(_remark(found, h), role="quiet"),
        )
        for h in DECADES
    )
    return Table(
        columns, (Section(rows),), title=f"Error of ∂{found.output}/∂{found.variable} ({BEST} the least)"
    ).trimmed()


def _least(curve: Curve) -> float | None:
    errors = [error for h in DECADES if (error := error_at(curve, h)) is not None]
    return min(errors, default=None)


def _cell(curve: Curve, h: float, least: float | None) -> Text:
    error = error_at(curve, h)
    if error is None:
        return text("—", role="quiet")
    shown = numbers.error(error)
    return (
        text(Span(f"{BEST} ", "good", r"\bullet\ "), Span(shown.text, "good", shown.latex))
        if error == least
        else (shown,)
    )


def _remark(found: Derivative, h: float) -> str:
    remarks = ["the deck's"] if h == DECK else []
    if found.unmoved is not None and h <= found.unmoved:
        remarks.append(f"{found.variable} ± h is {found.variable}")
    return ", ".join(remarks)


def _rules(record: StepsizeStudy) -> Iterator[Text]:
    """How the numbers come about."""
    yield text(
        "Slopes: of log error against log h, where one kind of error is 10 times the other; the judge tells them apart."
    )
    words = joined([text(span, f" {scheme}") for scheme, span in PREDICTIONS.items()], ", ")
    yield text(
        "Predicted: ", words, f", with e the round-off of f in {record.precision.name} beside the point."
        " Measured: the step whose neighbours are as good."
    )  # fmt: skip
