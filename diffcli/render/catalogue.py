"""The screens of `examples`, `ops` and `doctor`: lists, and one thing described field by field."""

from diffcli.render.document import Block, Column, Document, Lines, Options, Section, Span, Table, text
from diffcli.studies.catalogue import Entry, Listing


def listing(record: Listing, _options: Options) -> Document:
    """A table of entries; the last columns wrap or go where the screen is narrow."""
    last = len(record.columns) - 1
    columns = tuple(
        Column(name, flexible=k > 0, droppable=k if k == last > 2 else 0) for k, name in enumerate(record.columns)
    )
    rows = tuple((text(row[0], role="name"), *(text(cell) for cell in row[1:])) for row in record.rows)
    blocks: list[Block] = [Lines((text(record.title, role="title"),)), Table(columns, (Section(rows),)).trimmed()]
    if record.notes:
        blocks.append(Lines(tuple(text(note, role="quiet") for note in record.notes)))
    return Document(tuple(blocks))


def entry(record: Entry, _options: Options) -> Document:
    """Name and value of every field that has one."""
    rows = []
    for name, value in record.fields.items():
        for index, line in enumerate(value.strip().splitlines()):
            rows.append((text(name if index == 0 else "", role="quiet"), text(line)))
    columns = (Column(), Column(flexible=True))
    blocks: list[Block] = [Lines((text(record.title, role="title"),)), Table(columns, (Section(tuple(rows)),))]
    if record.notes:
        blocks.append(Lines(tuple(text(Span(note, "code")) for note in record.notes)))
    return Document(tuple(blocks))
