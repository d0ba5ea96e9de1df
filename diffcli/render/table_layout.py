"""A table as lines: columns measured, aligned, and made to fit."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from diffcli.render.document import Column, Span, Table, Text, text_width, width
from diffcli.render.wrapping import longest_piece, wrapped

TIGHT = 2
"""Spaces between the columns of a table that does not fit otherwise."""
NARROWEST = 16
"""A flexible column is not made narrower than this."""
HANGING = 2
RULE = "─"
ENDLESS = 10**9
"""Room without a limit."""


def table_lines(table: Table, room: int = ENDLESS) -> list[Text]:
    """The lines of a table: columns are dropped, then headers and flexible cells wrapped, until it fits."""
    table, widths = _fitted(_aligned(table), room)
    total = _total(table, widths)
    result = _titled_header(table, widths)
    if result:
        result.append((Span(RULE * max(total, width(table.title)), "quiet"),))
    for index, section in enumerate(table.sections):
        result += _separator(table, total) if index else []
        result += wrapped(section.title, room, HANGING) if section.title else []
        for row in section.rows:
            result += _row(row, table, widths)
    return result


def natural_width(table: Table) -> int:
    """How wide the table is if nothing is dropped and nothing wrapped."""
    return max(map(text_width, table_lines(table)), default=0)


def _separator(table: Table, total: int) -> list[Text]:
    rule: dict[str, list[Text]] = {"rule": [(Span(RULE * total, "quiet"),)], "blank": [()], "none": []}
    return rule[table.separator]


def _gap(column: Column, table: Table) -> int:
    """The space in front of a column that is not the first: "= …" stands close to what it follows."""
    return 1 if column.lead or column.is_close else table.gap


def _total(table: Table, widths: Sequence[int]) -> int:
    return sum(widths) + sum(_gap(column, table) for column in table.columns[1:])


def _fitted(table: Table, room: int) -> tuple[Table, list[int]]:
    """The table and the widths of its columns: wrapped headers and tight gaps first, then without some columns."""
    while True:
        for candidate, header_width in (
            (table, width),
            (table, _longest_word),
            (replace(table, gap=TIGHT), _longest_word),
        ):
            widths = _widths(candidate, header_width)
            if _total(candidate, widths) <= room:
                return candidate, widths
        worst = max(range(len(table.columns)), key=lambda k: table.columns[k].droppable)
        if not table.columns[worst].droppable:
            return _squeezed(table, room)
        table = table.without(worst)


def _squeezed(table: Table, room: int) -> tuple[Table, list[int]]:
    """The widest flexible columns made narrower, all to the same width; what still does not fit is left to wrap.

    No name and no number is broken as long as another column can become narrower.
    """
    table = replace(table, gap=TIGHT)
    widths = _widths(table, _longest_word)
    for floors in (_floors(table, widths), [NARROWEST] * len(widths)):
        _narrow(table, widths, floors, room)
    return table, widths


def _floors(table: Table, widths: Sequence[int]) -> list[int]:
    """How narrow each column can be without a break within a name or a number."""
    longest = [max((longest_piece(row[k]) for row in table.rows), default=0) for k in range(len(widths))]
    return [
        min(size, max(NARROWEST, piece + HANGING)) if column.flexible else size
        for size, piece, column in zip(widths, longest, table.columns, strict=True)
    ]


def _narrow(table: Table, widths: list[int], floors: Sequence[int], room: int) -> None:
    flexible = [k for k, column in enumerate(table.columns) if column.flexible]
    while (excess := _total(table, widths) - room) > 0:
        spare = [k for k in flexible if widths[k] > floors[k]]
        if not spare:
            return
        largest = max(widths[k] for k in spare)
        widest = [k for k in spare if widths[k] == largest]
        below = max([widths[k] for k in spare if widths[k] < largest], default=0)
        target = max(below, largest - -(-excess // len(widest)))
        for k in widest:
            widths[k] = max(target, floors[k])


def fits(table: Table, room: int) -> bool:
    """Whether the table can be that narrow with every column in it, and no name and no number broken."""
    tight = replace(_aligned(table), gap=TIGHT)
    return _total(tight, _floors(tight, _widths(tight, _longest_word))) <= room


def _longest_word(header: str) -> int:
    return max(map(width, header.split()), default=0)


def _widths(table: Table, header_width: Callable[[str], int]) -> list[int]:
    bodies = [max((text_width(row[k]) for row in table.rows), default=0) for k in range(len(table.columns))]
    return [max(body, header_width(column.header)) for body, column in zip(bodies, table.columns, strict=True)]


def _aligned(table: Table) -> Table:
    """Leads written out, and numbers in decimal columns padded until their points stand below each other."""
    columns = []
    for k, column in enumerate(table.columns):
        cells = [row[k] for row in table.rows]
        padding = _decimal_padding(cells) if column.align == "decimal" else [0] * len(cells)
        lead = (Span(column.lead, "quiet"),) if column.lead else ()
        columns.append(
            [(*lead, Span(" " * pad), *cell) if cell else () for cell, pad in zip(cells, padding, strict=True)]
        )
    rows = iter(zip(*columns, strict=True))
    sections = tuple(replace(section, rows=tuple(next(rows) for _ in section.rows)) for section in table.sections)
    return replace(table, sections=sections)


def _decimal_padding(cells: Sequence[Text]) -> list[int]:
    before = [width("".join(span.text for span in cell).partition("e")[0].partition(".")[0]) for cell in cells]
    widest = max(before, default=0)
    return [widest - size for size in before]


def _titled_header(table: Table, widths: Sequence[int]) -> list[Text]:
    """The title and the headers; the title of equations stands on the line of their headers where it fits."""
    title: Text = (Span(table.title, "heading"),) if table.title else ()
    columns = [
        replace(column, header="") if table.is_equations and column.lead == "= " else column for column in table.columns
    ]
    columns[:1] = [replace(columns[0], header="")] if table.is_equations else columns[:1]
    header = _header(table, columns, widths)
    if not title or not header:
        return [title, *header] if title else header
    indent = header[-1][0].width if header[-1] and not header[-1][0].text.strip() else 0
    if table.is_equations and len(header) == 1 and indent > width(table.title):
        first, *rest = header[0]
        return [(*title, Span(" " * (first.width - width(table.title))), *rest)]
    return [title, *header]


def _header(table: Table, columns: Sequence[Column], widths: Sequence[int]) -> list[Text]:
    if not any(column.header for column in columns):
        return []
    cells = [_header_lines(column, size) for column, size in zip(columns, widths, strict=True)]
    height = max(map(len, cells))
    padded = [[()] * (height - len(cell)) + cell for cell in cells]
    return [_line([cell[k] for cell in padded], table, columns, widths) for k in range(height)]


def _header_lines(column: Column, size: int) -> list[Text]:
    """The header, broken behind its comma where that is enough: "tangent," above "ẋ2 = 1"."""
    before, comma, behind = column.header.partition(", ")
    if comma and width(column.header) > size >= max(width(before) + 1, width(behind)):
        return [(Span(f"{before},", column.role),), (Span(behind, column.role),)]
    return wrapped((Span(column.header, column.role),), size)


def _row(row: Sequence[Text], table: Table, widths: Sequence[int]) -> list[Text]:
    cells = [
        wrapped(cell, size, 2) if column.flexible else [cell]
        for cell, column, size in zip(row, table.columns, widths, strict=True)
    ]
    height = max(map(len, cells), default=0)
    return [
        _line([cell[k] if k < len(cell) else () for cell in cells], table, table.columns, widths) for k in range(height)
    ]


def _line(cells: Sequence[Text], table: Table, columns: Sequence[Column], widths: Sequence[int]) -> Text:
    spans: list[Span] = []
    for k, (cell, column, size) in enumerate(zip(cells, columns, widths, strict=True)):
        padding = Span(" " * (size - text_width(cell)))
        spans.append(Span(" " * (_gap(column, table) if k else 0)))
        spans.extend([padding, *cell] if column.align == "right" else [*cell, padding])
    return stripped(spans)


def stripped(spans: list[Span]) -> Text:
    """Without the spaces at its end; spaces at its beginning are one span."""
    blank = next((k for k, span in enumerate(spans) if span.text.strip()), len(spans))
    spans = [Span("".join(span.text for span in spans[:blank])), *spans[blank:]]
    while spans and not spans[-1].text.strip():
        spans.pop()
    return tuple(span for span in spans if span.text)
