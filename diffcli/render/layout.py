"""A document as lines of a fixed width: what the terminal prints, before it is coloured."""

from diffcli.render.document import (
    GLUE,
    Block,
    Document,
    Excerpt,
    Flow,
    Heading,
    Lines,
    SideBySide,
    Span,
    Table,
    Text,
    joined,
    text_width,
    width,
)
from diffcli.render.table_layout import ENDLESS, stripped, table_lines
from diffcli.render.wrapping import wrapped

EXCERPT_MARGIN = 4
BESIDE = 5
"""Spaces between two tables beside each other."""
NARROWEST = 20
"""Narrower terminals are left to wrap by themselves."""
WIDEST_PAIR = 240
"""Two tables that are wider than this together stand one above the other even where the width is not limited."""


def lines(document: Document, available: int | None = None) -> list[Text]:
    """The lines of a document, `available` columns wide or as wide as needed."""
    room = ENDLESS if available is None else max(available - document.margin, NARROWEST)
    result: list[Text] = []
    previous: Block | None = None
    for block in document.blocks:
        if previous is not None and not _stands_close(previous, block):
            result.append(())
        indent = Span(" " * (EXCERPT_MARGIN if isinstance(block, Excerpt) else document.margin))
        result.extend((indent, *map(_unglued, line)) if line else () for line in _block(block, room))
        previous = block
    return result


def _stands_close(above: Block, below: Block) -> bool:
    """Whether no blank line separates two blocks."""
    return isinstance(above, Excerpt) or isinstance(below, Excerpt) or (isinstance(below, Lines) and below.is_advice)


def _unglued(span: Span) -> Span:
    return Span(span.text.replace(GLUE, " "), span.role) if GLUE in span.text else span


def _block(block: Block, room: int) -> list[Text]:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            return wrapped(block.text, room, 2)
        case Flow():
            return _flow(block, room)
        case Lines():
            return [line for part in block.lines for line in wrapped(part, room, block.hanging)]
        case Excerpt():
            return _excerpt(block, room)
        case Table():
            return table_lines(block, room)
        case SideBySide():
            return _side_by_side(block, room)
        case _:  # a plot
            from diffcli.render.plot_drawing import plot_lines

            return plot_lines(block, room)


def _flow(flow: Flow, room: int) -> list[Text]:
    parts = [part for part in flow.parts if part]
    for gap in (6, 4):
        line = joined(parts, " " * gap)
        if text_width(line) <= min(room, WIDEST_PAIR):
            return [line]
    return [line for part in parts for line in wrapped(part, room, 4)]


def _excerpt(excerpt: Excerpt, room: int) -> list[Text]:
    before, inside, after = excerpt.pieces
    if width(before) > room - 40:
        before = "…" + before[len(before) - max(room - 50, 0) :] if room < ENDLESS else before
    inside, after = inside[: room - 4], after[: max(room - 4 - width(before) - width(inside), 0)]
    carets = "^" * max(1, width(inside))
    pointer: Text = (Span(" " * width(before)), Span(carets, "bad"), Span(f" {excerpt.remark}".rstrip(), "bad"))
    return [(Span(before, "code"), Span(inside, "code"), Span(after, "code")), pointer]


def _side_by_side(pair: SideBySide, room: int) -> list[Text]:
    left, right = table_lines(pair.left, room), table_lines(pair.right, room)
    left_width = max(map(text_width, left), default=0)
    total = left_width + BESIDE + max(map(text_width, right), default=0)
    if total > min(room, WIDEST_PAIR):
        return [*left, (), *right]
    height = max(len(left), len(right))
    return [
        stripped([*a, Span(" " * (left_width - text_width(a) + BESIDE)), *b])
        for a, b in zip(_filled(left, height), _filled(right, height), strict=True)
    ]


def _filled(rows: list[Text], height: int) -> list[Text]:
    return rows + [()] * (height - len(rows))
