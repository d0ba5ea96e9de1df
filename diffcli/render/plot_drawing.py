"""A plot in the characters of a terminal.

plotext was tried for this. Version 5 writes the ticks of an axis from 1e-16 to 1 as 0.0000000000, has no labels on
marks and no ASCII form, and keeps its plot in global state; version 6 is another interface over a compiled kernel
(1.7 MB, 0.12 s to load). Two hundred lines draw what is needed here as spans, which every format already colours.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from diffcli.render.document import Role, Span, Text, text_width
from diffcli.render.plot import Plot, Point, Region, Series, Surface
from diffcli.render.plot_axes import Scale, scales
from diffcli.render.wrapping import wrapped

TONES: tuple[Role, ...] = ("first", "second", "third", "fourth", "fifth")
WIDEST, USUAL, NARROWEST = 112, 76, 40
"""Columns of a plot: at most, where the width is not limited, and at least."""
TICK_WIDTH, TICK_HEIGHT = 10, 3
"""Columns that a tick of the x axis needs, and lines that one of the y axis does."""
Cell = tuple[str, Role]


class Pen:
    """The characters that lines are drawn with."""

    def __init__(self, *, is_ascii: bool) -> None:
        """Box drawing, or what ASCII has."""
        self.vertical, self.horizontal, self.corner = ("|", "-", "+") if is_ascii else ("│", "─", "└")
        self.tick_left, self.tick_below = ("+", "+") if is_ascii else ("┤", "┬")
        self.start, self.end, self.mark = ("|", "|", ":") if is_ascii else ("├", "┤", "┊")
        self.dot, self.contour = (".", "'") if is_ascii else ("·", "˙")


class Canvas:
    """The drawing area: one character for each place, the later over the earlier."""

    def __init__(self, columns: int, rows: int, x: Scale, y: Scale) -> None:
        """An empty one."""
        self.columns, self.rows, self.x, self.y = columns, rows, x, y
        self.cells: dict[tuple[int, int], Cell] = {}

    def column(self, value: float) -> int:
        """The column of a value of x."""
        return round(self.x.place(value) * (self.columns - 1))

    def row(self, value: float) -> int:
        """The row of a value of y, from the top."""
        return self.rows - 1 - round(self.y.place(value) * (self.rows - 1))

    def put(self, column: int, row: int, cell: Cell) -> None:
        """Draw a character if it lies inside."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self.cells[row, column] = cell

    def joined(self, points: Sequence[Point]) -> Iterator[tuple[int, int]]:
        """The places on the straight lines between the points."""
        places = [(self.column(x), self.row(y)) for x, y in points]
        for (a, b), (c, d) in pairwise(places):
            count = min(max(abs(c - a), abs(d - b), 1), self.columns + self.rows)
            yield from ((round(a + (c - a) * k / count), round(b + (d - b) * k / count)) for k in range(count + 1))

    def text(self, row: int) -> Text:
        """A row as spans."""
        return _spans(self.cells.get((row, column), (" ", "plain")) for column in range(self.columns))


def plot_lines(plot: Plot, room: int) -> list[Text]:
    """The lines of a plot that fits into `room` columns."""
    width = max(min(room, WIDEST) if room < 10**6 else USUAL, NARROWEST)
    x, y = scales(plot)
    rows = plot.height or max(12, min(24, width // 4))
    y_ticks = y.ticks(rows // TICK_HEIGHT)
    gutter = max([len(label) for _, label in y_ticks], default=0) + 1
    canvas, pen = Canvas(width - gutter - 1, rows, x, y), Pen(is_ascii=plot.is_ascii)
    _fill(canvas, plot, pen)
    indent = Span(" " * (gutter + 1))
    return [
        *([(Span(plot.title, "heading"),)] if plot.title else []),
        *wrapped(_legend(plot, pen), width, 2),
        *((indent, *line) for line in _mark_labels(canvas, plot)),
        *([(Span(plot.y.label, "quiet"),)] if plot.y.label else []),
        *_framed(canvas, y_ticks, gutter, pen),
        *_below(canvas, plot, gutter, pen),
        *_region_lines(canvas, plot, gutter, pen),
    ]


def _fill(canvas: Canvas, plot: Plot, pen: Pen) -> None:
    if plot.surface:
        _contours(canvas, plot.surface, pen)
    for mark in plot.marks:
        for row in range(canvas.rows):
            canvas.put(canvas.column(mark.at), row, (pen.mark, "quiet"))
    for series in sorted(plot.series, key=lambda s: bool(s.marker)):  # lines below markers
        _draw(canvas, series, plot, pen)


def _draw(canvas: Canvas, series: Series, plot: Plot, pen: Pen) -> None:
    role = TONES[series.tone % len(TONES)]
    points = [p for p in series.points if plot.x.shows(p[0]) and plot.y.shows(p[1])]
    if series.line != "none":
        for column, row in canvas.joined(points):
            canvas.put(column, row, (pen.dot, role))
    for x, y in points if series.marker else ():
        canvas.put(canvas.column(x), canvas.row(y), (series.marker, role))


def _contours(canvas: Canvas, surface: Surface, pen: Pen) -> None:
    """A dot wherever the next place to the right or below lies between other levels."""
    bands = [[_band(canvas, surface, c, r) for c in range(canvas.columns + 1)] for r in range(canvas.rows + 1)]
    for row in range(canvas.rows):
        for column in range(canvas.columns):
            if len({bands[row][column], bands[row][column + 1], bands[row + 1][column]}) > 1:
                canvas.put(column, row, (pen.contour, "quiet"))


def _band(canvas: Canvas, surface: Surface, column: int, row: int) -> int:
    """Between which levels the surface lies at a place."""
    x = canvas.x.value(column / (canvas.columns - 1))
    y = canvas.y.value(1 - row / (canvas.rows - 1))
    (i, s), (j, t) = _between(surface.x, x), _between(surface.y, y)
    below, above = ((1 - s) * row[i] + s * row[i + 1] for row in surface.values[j : j + 2])
    return sum((1 - t) * below + t * above >= level for level in surface.levels)


def _between(grid: Sequence[float], value: float) -> tuple[int, float]:
    """Before which value of the ascending grid it lies, and at which part of the way to the next."""
    k = min(max(bisect_right(grid, value) - 1, 0), len(grid) - 2)
    return k, min(max((value - grid[k]) / (grid[k + 1] - grid[k]), 0.0), 1.0)


def _legend(plot: Plot, pen: Pen) -> Text:
    spans: list[Span] = []
    for series in plot.series:
        if series.is_listed:
            sign = series.marker or pen.dot
            spans += [Span("   ")] if spans else []
            spans += [Span(f"{sign} ", TONES[series.tone % len(TONES)]), Span(series.name)]
    return tuple(spans)


def _mark_labels(canvas: Canvas, plot: Plot) -> list[Text]:
    """The labels of the marks above their lines, in as many rows as they need side by side."""
    rows: list[str] = []
    for mark in sorted(plot.marks, key=lambda m: m.at):
        label = mark.label[: canvas.columns]
        start = min(max(canvas.column(mark.at) - len(label) // 2, 0), canvas.columns - len(label))
        free = (k for k, row in enumerate(rows) if len(row) < start or not row)
        index = next(free, len(rows))
        rows += [""] if index == len(rows) else []
        rows[index] = rows[index].ljust(start) + label
    return [(Span(row, "quiet"),) for row in reversed(rows)]


def _framed(canvas: Canvas, ticks: Sequence[tuple[float, str]], gutter: int, pen: Pen) -> list[Text]:
    labels = {canvas.row(value): label for value, label in ticks}
    result = []
    for row in range(canvas.rows):
        edge = pen.tick_left if row in labels else pen.vertical
        side = Span(f"{labels.get(row, ''):>{gutter - 1}} {edge}", "quiet")
        result.append((side, *canvas.text(row)))
    return result


def _below(canvas: Canvas, plot: Plot, gutter: int, pen: Pen) -> list[Text]:
    """The x axis with its ticks, and its label at the end."""
    ticks = [(canvas.column(v), label) for v, label in canvas.x.ticks(canvas.columns // TICK_WIDTH)]
    at = {column for column, _ in ticks}
    axis = "".join(pen.tick_below if c in at else pen.horizontal for c in range(canvas.columns))
    labels = ""
    for column, label in ticks:
        start = min(max(column - len(label) // 2, 0), canvas.columns - len(label))
        if start > len(labels) or not labels:
            labels = labels.ljust(start) + label
    side = " " * gutter
    lines: list[Text] = [(Span(f"{side}{pen.corner}{axis}", "quiet"),), (Span(f"{side} {labels}", "quiet"),)]
    if plot.x.label:
        lines.append((Span(f"{side} {plot.x.label:^{canvas.columns}}".rstrip(), "quiet"),))
    return lines


def _region_lines(canvas: Canvas, plot: Plot, gutter: int, pen: Pen) -> list[Text]:
    """One line for each series that has regions: its marker, and a bracket over every region."""
    lines = []
    for marker in dict.fromkeys(region.marker for region in plot.regions):
        regions = sorted((r for r in plot.regions if r.marker == marker), key=lambda r: r.start)
        line: list[Span] = [Span(f"{marker:>{gutter - 1}}  ", TONES[regions[0].tone % len(TONES)])]
        for region in regions:
            start, end = (min(max(canvas.column(v), 0), canvas.columns - 1) for v in (region.start, region.end))
            start = max(start, text_width(line) - gutter - 1)
            line.append(Span(" " * (start - text_width(line) + gutter + 1)))
            line.append(Span(_bracket(region, end - start + 1, pen), TONES[region.tone % len(TONES)]))
        lines.append(tuple(line))
    return lines


def _bracket(region: Region, width: int, pen: Pen) -> str:
    """Such as ├─ round-off, slope −1.00 ─┤, with the longest label that fits."""
    if width < 2:
        return pen.start * max(width, 0)
    label = next((label for label in region.labels if len(label) + 2 <= width), "")
    label = f" {label} " if label and len(label) + 4 <= width else label
    return f"{pen.start}{label:{pen.horizontal}^{width - 2}}{pen.end}"


def _spans(cells: Iterable[Cell]) -> Text:
    """Neighbouring characters of one kind as one span."""
    spans: list[tuple[str, Role]] = []
    for character, role in cells:
        if spans and spans[-1][1] == role:
            spans[-1] = (spans[-1][0] + character, role)
        else:
            spans.append((character, role))
    return tuple(Span(text, role) for text, role in spans)
