"""The screen of `methods`: the approaches with what the lectures say of them, or with what was measured."""

from collections.abc import Iterator

from diffcli.render import numbers
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Lines,
    Options,
    Role,
    Section,
    Span,
    Table,
    Text,
    joined,
    text,
)
from diffcli.studies.methods.record import Cell, Measurement, Part, Unit
from diffcli.studies.methods.study import APPROACHES, Approach, Methods

FEW = 3
"""Digits of measured numbers."""
NEXT = "diffcli methods --measure"


def document(record: Methods, _options: Options) -> Document:
    """The approaches, then the measurements in full."""
    blocks: list[Block] = []
    if not record.is_selection:
        sections = tuple(_approach(record, approach) for approach in APPROACHES)
        blocks.append(Table((Column(), Column(flexible=True)), sections, separator="blank"))
    for one in record.measured:
        blocks += _measurement(one)
    if not record.measured:
        return Document(
            (
                *blocks,
                Lines((text("Next: ", Span(NEXT, "code"), " measures each claim on this machine"),), is_advice=True),
            )
        )
    wrong = [one.name for one in record.measured if not one.holds]
    verdict = (
        text(Span("Every count is as the lectures claim", "good"), "; times are those of this machine, just now.")
        if not wrong
        else text(Span(f"Not as the lectures claim: {', '.join(wrong)}.", "bad"))
    )
    return Document((*blocks, Lines((verdict,))))


def _approach(record: Methods, approach: Approach) -> Section:
    rows = []
    previous = ""
    for statement in approach.statements:
        finding = record.finding(approach.name, statement)
        shown = text(Span("measured: ", "good"), finding) if finding else text(statement.text)
        rows.append((text(statement.kind if statement.kind != previous else "", role="quiet"), shown))
        previous = statement.kind
    commands = joined((text(command, role="code") for command in approach.see), ", ")
    title = text(Span(approach.title, "heading"), f" ({approach.name})")
    return Section((*rows, (text("see it", role="quiet"), commands)), title)


def _measurement(one: Measurement) -> list[Block]:
    titles = [part.title for part in one.parts]
    heading = text(Span(one.title, "heading"), f" — {one.name}")
    blocks: list[Block] = [Lines((heading, text(one.subject, role="quiet")))]
    blocks += [_part(part, part.title if len(titles) > 1 else "") for part in one.parts]
    role: Role = "good" if one.holds else "bad"
    findings = [
        text(Span(f"{approach}: " if approach else "measured: ", role), finding)
        for approach, finding in one.findings.items()
    ]
    return [*blocks, Lines((*findings, *(text(f"note: {note}", role="quiet") for note in one.notes)))]


def _part(part: Part, title: str) -> Table:
    columns = tuple(Column(name.strip(), "left" if unit == "text" else "right") for name, unit in part.columns)
    units = [unit for _, unit in part.columns]
    rows = tuple(tuple(_cell(cell, unit) for cell, unit in zip(row, units, strict=True)) for row in part.rows)
    return Table(columns, (Section(rows),), title, gap=2 if len(columns) > FEW * 2 else 3)


def _cell(cell: Cell, unit: Unit) -> Text:
    if cell is None:
        return text("gave up", role="quiet")
    if isinstance(cell, str):
        return text(cell)
    if unit == "count":
        return text(numbers.grouped(int(cell)))
    if unit == "seconds":
        return text(numbers.seconds(float(cell)))
    if unit == "ratio":
        return text(f"{cell:.2f}")
    return text(numbers.signed(numbers.rounded(float(cell), FEW)))


def methods_table(record: Methods) -> CsvTable:
    """One row for each statement, or for each number that was measured."""
    if record.measured:
        return ("measurement", "table", "row", "column", "value"), _numbers(record)
    return ("approach", "kind", "text", "measured_by"), _statements()


def _statements() -> Iterator[tuple[CsvCell, ...]]:
    for approach in APPROACHES:
        for one in approach.statements:
            yield approach.name, one.kind, one.text, one.measured or None
        for command in approach.see:
            yield approach.name, "see", command, None


def _numbers(record: Methods) -> Iterator[tuple[CsvCell, ...]]:
    for one in record.measured:
        for part in one.parts:
            for number, row in enumerate(part.rows, start=1):
                for (name, _), cell in zip(part.columns, row, strict=True):
                    yield one.name, part.title, number, name.strip(), cell
