"""Matrices of derivatives: rows and columns by name, one section for each method, in blocks that fit the terminal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from diffcli.render.document import Block, Column, Lines, Options, Section, Span, Table, Text, text, text_width

IN_FULL = 12
"""Entries of a matrix that is shown on a screen by every method, …"""
IN_BLOCKS = 36
"""… and by the judge and one method, all columns in blocks; of larger ones a corner with few digits, …"""
CORNER, FEW_DIGITS = 8, 5
MOST_CELLS = 10_000
"""… and elsewhere a corner of those with more cells."""
GAP = 3
Cell = Callable[[int, int], Text]


class Matrix(NamedTuple):
    """One matrix: what it is called, and its cells."""

    title: Text
    cell: Cell


def is_large(entries: int, options: Options) -> bool:
    """Whether only a corner of the matrix is shown, on a screen."""
    return options.is_interactive and entries > IN_BLOCKS


def for_entries(entries: int, options: Options) -> Options:
    """The options with fewer digits where only a corner is shown."""
    return replace(options, digits=options.digits or FEW_DIGITS) if is_large(entries, options) else options


def matrix_blocks(
    rows: Sequence[Span], columns: Sequence[Span], matrices: Sequence[Matrix], options: Options
) -> list[Block]:
    """The matrices below each other; what is too wide is broken into blocks of columns, or cut where it is large."""
    height, width = _shown(len(rows), len(columns), options)
    cells = {
        (k, i, j): matrix.cell(i, j) for k, matrix in enumerate(matrices) for i in range(height) for j in range(width)
    }
    sizes = [
        max([columns[j].width, *(text_width(cells[k, i, j]) for k in range(len(matrices)) for i in range(height))])
        for j in range(width)
    ]
    blocks: list[Block] = []
    ranges = _ranges(sizes, max((row.width for row in rows[:height]), default=0), options)
    if is_large(len(rows) * len(columns), options):
        ranges = ranges[:1]
        width = ranges[0][1]
    for first, last in ranges:
        head = (Column(), *[Column(columns[j].text, latex=columns[j].latex) for j in range(first, last)])
        sections = tuple(
            Section(tuple(((rows[i],), *[cells[k, i, j] for j in range(first, last)]) for i in range(height)), m.title)
            for k, m in enumerate(matrices)
        )
        blocks.append(Table(head, sections, separator="blank", is_matrix=True))
    if (height, width) != (len(rows), len(columns)):
        blocks.append(Lines((text(_rest(len(rows), len(columns), height, width, options), role="quiet"),)))
    return blocks


def _shown(height: int, width: int, options: Options) -> tuple[int, int]:
    if is_large(height * width, options):
        return min(height, CORNER), min(width, CORNER)
    if height * width <= MOST_CELLS:
        return height, width
    side = int(MOST_CELLS**0.5)
    return min(height, side), min(width, side)


def _rest(height: int, width: int, rows: int, columns: int, options: Options) -> str:
    has_all = options.is_interactive and height * width <= MOST_CELLS
    remedy = "-o FILE or a pipe shows all" if has_all else "--format json has all of them"
    return f"… the first {rows}×{columns} of {height}×{width} entries; {remedy}"


def _ranges(sizes: Sequence[int], label: int, options: Options) -> list[tuple[int, int]]:
    """Columns that stand beside each other: as many as fit the terminal."""
    if options.width is None:
        return [(0, len(sizes))]
    ranges, first, used = [], 0, label
    for index, size in enumerate(sizes):
        if index > first and used + GAP + size > options.width - 4:
            ranges.append((first, index))
            first, used = index, label
        used += GAP + size
    return [*ranges, (first, len(sizes))]
