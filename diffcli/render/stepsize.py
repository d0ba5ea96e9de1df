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
from diffcli.render.stepsize_plot import ON_TERMINAL, plot
from diffcli.render.verdict import listed
from diffcli.studies.stepsize.curve import FIRST, LAST, Curve
from diffcli.studies.stepsize.fit import Fit
from diffcli.studies.stepsize.study import DECK, Derivative, StepsizeStudy

CSV_HEADER = ("output", "variable", "dtype", "scheme", "h", "value", "error", "truncation", "round_off", "moves")
DECADES = tuple(float(f"1e-{k}") for k in range(FIRST, LAST + 1))
BEST = "•"
FINDINGS = {
    "no truncation": "no truncation error here: the larger h the better",
    "no round-off": "truncation is above round-off at every step: the smaller h the better",
    "no prediction": "no prediction, as the higher derivatives of f do not exist at this point, or are too large",
    "lost": "every difference is 0: f is computed to be the same number on both sides of the point",
    "no step": "no step gives a finite number: f as computed is not finite on both sides of the point",
}
PREDICTIONS = {
    "centered": Span("cbrt(3e/|f'''|)", latex=r"\sqrt[3]{3e/|f'''|}"),
    "forward": Span("2·sqrt(e/|f''|)", latex=r"2\sqrt{e/|f''|}"),
    "richardson": Span("(360e/|f'''''|)^(1/5)", latex=r"\sqrt[5]{360e/|f^{(5)}|}"),
}
LOSS = 1e4
"""Units in the last place that the complex step loses only where f itself is computed badly."""
NOTABLE = 2.0
"""The deck's step is mentioned where its error is so many times that of the best one."""


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
        Lines(tuple(text(line) for line in _explanations(found, record))),
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
    best, deck = curve.measured, _error_at(curve, DECK)
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


def step(h: float | None) -> str:
    """A step, of which only the size matters."""
    return "" if h is None else numbers.tolerance(h)


def _error_at(curve: Curve, h: float) -> float | None:
    near = min(curve.samples, key=lambda s: abs(s.h - h), default=None)
    return near.error if near else None


def _explanations(found: Derivative, record: StepsizeStudy) -> Iterator[str]:
    """What the numbers mean, a line for each finding."""
    for finding, words in FINDINGS.items():
        curves = [c for c in found.curves if c.finding == finding and c.scheme != "complex-step"]
        if schemes := [c.scheme for c in curves if c.straight_up_to is None]:
            yield f"{listed(schemes)}: {words}."
        yield from _ends(found, [c for c in curves if c.straight_up_to is not None])
    if not any(sample.error for curve in found.curves for sample in curve.samples):
        yield "No quotient has any error, so there is nothing to draw."
    yield from _deck(found)
    yield from _complex(found.curve("complex-step"), LOSS * record.precision.epsilon * abs(float(found.value)))
    yield from _left_out(found)
    if found.unmoved is not None:
        x = found.variable
        yield f"h ≤ {step(found.unmoved)}: {x} + h or {x} − h is {x} itself, so nothing is left of the derivative."


def _ends(found: Derivative, curves: Sequence[Curve]) -> Iterator[str]:
    """How far those reach that have no truncation error near x."""
    for curve in curves:
        worst = max((s for s in curve.samples if s.error is not None), key=lambda s: s.truncation or 0.0)
        yield (
            f"{curve.scheme}: no truncation error up to h = {step(curve.straight_up_to)}; larger steps reach where"
            f" {found.output} behaves otherwise, as beyond a kink or a jump"
            f" (error {numbers.error(worst.error).text} at h = {step(worst.h)})."
        )


def _deck(found: Derivative) -> Iterator[str]:
    """What the deck's step costs."""
    centered = found.curve("centered")
    best, deck = centered.measured, _error_at(centered, DECK)
    if best is None or deck is None or deck <= NOTABLE * best.error or best.h <= DECK:
        return
    if found.unmoved is not None and found.unmoved >= DECK:
        of_best = f"the error of h = {step(best.h)} is {numbers.error(best.error).text}"
        yield f"centered: at h = 1e-8, the deck's, {found.variable} + h is {found.variable}; {of_best}."
        return
    ratio = deck / best.error if best.error else 0.0
    times = (
        f"{float(f'{ratio:.2g}'):.0f} times"
        if 0 < ratio < 1e5
        else f"{step(float(f'{ratio:.0e}'))} times"
        if ratio
        else "all of"
    )
    yield (
        f"centered: at h = 1e-8, the deck's, round-off costs {times} the accuracy of h = {step(best.h)}"
        f" (error {numbers.error(deck).text} against {numbers.error(best.error).text})."
    )


def _complex(curve: Curve, large: float) -> Iterator[str]:
    """What there is to say of the complex step; `large` is an error that is none of the step's."""
    if curve.measured and curve.measured.error > large:
        least = numbers.error(curve.measured.error).text
        yield f"complex-step: no step errs by less than {least}: f itself loses the digits in its own operations."
    elif curve.finding == "not applicable":
        yield f"complex-step: not applicable, as {curve.why}."
    elif curve.finding == "no truncation":
        yield "complex-step: nothing is subtracted, so nothing cancels, and there is no truncation: any h will do."
    elif curve.finding == "no step":
        yield "complex-step: no step gives a finite number."
    elif curve.predicted:
        yield f"complex-step: nothing is subtracted, so nothing cancels: any h up to {step(curve.predicted)} will do."


def _left_out(found: Derivative) -> Iterator[str]:
    """The steps that leave the domain, or end at a pole."""
    ranges: dict[str, list[str]] = {}
    for curve in found.curves:
        missing = [s.h for s in curve.samples if s.value is None]
        if missing and curve.finding != "no step":
            ranges.setdefault(_range(missing, curve.samples[0].h), []).append(curve.scheme)
    for steps, schemes in ranges.items():
        yield f"left out {steps}: f is not finite at a point that is needed ({listed(schemes)})."


def _range(missing: Sequence[float], largest: float) -> str:
    """Which steps these are."""
    if max(missing) == largest:
        return f"from h = {step(min(missing))} on"
    return (
        f"at h = {step(missing[0])}" if len(missing) == 1 else f"from h = {step(min(missing))} to {step(max(missing))}"
    )


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
    errors = [error for h in DECADES if (error := _error_at(curve, h)) is not None]
    return min(errors, default=None)


def _cell(curve: Curve, h: float, least: float | None) -> Text:
    error = _error_at(curve, h)
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
