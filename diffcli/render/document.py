"""The neutral document: what a screen says, without saying how it is drawn.

Records become documents, and every format draws the same document. All text in it is data: whatever a user typed
is never read as markup by any format, and control characters are gone from the moment a `Span` exists.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Union

if TYPE_CHECKING:
    from diffcli.render.plot import Plot

Role = Literal[
    "plain", "title", "heading", "name", "value", "agreeing", "disagreeing", "good", "bad", "quiet", "code", "mark",
    "first", "second", "third", "fourth", "fifth",
]  # fmt: skip
"""What a piece of text is; a format that has colours gives each role its own. Five are for series."""
Align = Literal["left", "right", "decimal"]
WIDE = frozenset("WF")
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


GLUE = "\u00a0"
"""A space at which no line is broken."""


def printable(text: str) -> str:
    """The text with control characters, line breaks and invisible marks written as visible escapes."""
    if text.isprintable():
        return text
    return "".join(
        c if c in (" ", GLUE) else _escaped(c) if unicodedata.category(c) in UNPRINTABLE else c for c in text
    )


def _escaped(character: str) -> str:
    if character.isspace():
        return " "
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me") else 1 + (unicodedata.east_asian_width(c) in WIDE) for c in text
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text of one kind."""

    text: str
    role: Role = "plain"
    latex: str = ""
    """The same as mathematics in LaTeX, where it is mathematics."""

    def __post_init__(self) -> None:
        """Nothing unprintable gets past this point."""
        object.__setattr__(self, "text", printable(self.text))

    @property
    def width(self) -> int:
        """Its width in columns."""
        return width(self.text)


Text = tuple[Span, ...]


def text(*parts: str | Span | Text, role: Role = "plain") -> Text:
    """A line of text from strings (which get `role`), spans and other texts."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, tuple):
            spans.extend(part)
        else:
            spans.append(part if isinstance(part, Span) else Span(part, role))
    return tuple(span for span in spans if span.text)


def text_width(spans: Iterable[Span]) -> int:
    """The width of a text in columns."""
    return sum(span.width for span in spans)


def joined(parts: Iterable[Text], separator: str) -> Text:
    """Several texts as one."""
    result: list[Span] = []
    for part in parts:
        result.extend([Span(separator), *part] if result else part)
    return tuple(result)


@dataclass(frozen=True)
class Heading:
    """A title above the blocks that follow."""

    text: Text


@dataclass(frozen=True)
class Flow:
    """Parts that stand beside each other on one line if they fit, else each on its own."""

    parts: tuple[Text, ...]


@dataclass(frozen=True)
class Lines:
    """Running text: each line is wrapped, continuations are indented by `hanging`."""

    lines: tuple[Text, ...]
    hanging: int = 2
    is_advice: bool = False
    """Whether it only helps a person at a terminal: what to do next; it follows without a blank line."""


@dataclass(frozen=True)
class Excerpt:
    """A line of the user's text with the range [start, end) pointed at."""

    source: str
    start: int
    end: int
    remark: str = ""

    def __post_init__(self) -> None:
        """The remark is cleaned here, the source line by line."""
        object.__setattr__(self, "remark", printable(self.remark))

    @property
    def pieces(self) -> tuple[str, str, str]:
        """The line that contains the start: what stands before the range, the range, and what follows."""
        start = min(max(self.start, 0), len(self.source))
        end = min(max(self.end, start), len(self.source))
        first = self.source.rfind("\n", 0, start) + 1
        last = self.source.find("\n", start)
        last = len(self.source) if last < 0 else last
        before, inside, after = (
            self.source[first:start],
            self.source[start : min(end, last)],
            self.source[min(end, last) : last],
        )
        return printable(before), printable(inside), printable(after)


@dataclass(frozen=True)
class Column:
    """How a column of a table behaves."""

    header: str = ""
    align: Align = "left"
    role: Role = "quiet"
    """Of its header."""
    latex: str = ""
    """The header as mathematics in LaTeX."""
    lead: str = ""
    """Written before every cell, such as "= "."""
    droppable: int = 0
    """Left out when the table is too wide, the highest first; 0: never."""
    flexible: bool = False
    """Wraps when the table is too wide."""
    is_close: bool = False
    """Whether it stands close to the column before it."""

    def __post_init__(self) -> None:
        """Nothing unprintable gets past this point."""
        object.__setattr__(self, "header", printable(self.header))


@dataclass(frozen=True)
class Section:
    """Rows that belong together."""

    rows: tuple[tuple[Text, ...], ...]
    title: Text = ()


@dataclass(frozen=True)
class Table:
    """Rows and columns; sections are kept apart by a thin rule, a blank line or nothing."""

    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    title: str = ""
    separator: Literal["rule", "blank", "none"] = "none"
    gap: int = 3
    """Spaces between its columns."""
    is_equations: bool = False
    """Whether its rows read name = operation = value, as in the traces."""
    is_matrix: bool = False
    """Whether every section is a matrix: header and first column name its columns and rows."""

    def __post_init__(self) -> None:
        """Nothing unprintable gets past this point."""
        object.__setattr__(self, "title", printable(self.title))

    def without(self, index: int) -> "Table":
        """The table without one column."""
        sections = (
            replace(section, rows=tuple(row[:index] + row[index + 1 :] for row in section.rows))
            for section in self.sections
        )
        return replace(self, columns=self.columns[:index] + self.columns[index + 1 :], sections=tuple(sections))

    def trimmed(self) -> "Table":
        """The table without the columns that are empty in every row."""
        table = self
        for index in reversed(range(len(self.columns))):
            if not any(row[index] for row in self.rows):
                table = table.without(index)
        return table

    @property
    def rows(self) -> tuple[tuple[Text, ...], ...]:
        """All rows."""
        return tuple(row for section in self.sections for row in section.rows)


@dataclass(frozen=True)
class SideBySide:
    """Two tables beside each other where the width allows it, else one above the other."""

    left: Table
    right: Table


Block = Union[Heading, Flow, Lines, Excerpt, Table, SideBySide, "Plot"]
"""Plots are loaded only where there are some."""


@dataclass(frozen=True)
class Document:
    """What a screen says, from top to bottom."""

    blocks: tuple[Block, ...]
    margin: int = 2
    """Spaces in front of every line on a terminal."""


@dataclass(frozen=True)
class Options:
    """How a person wants a record written."""

    digits: int | None = None
    """Digits of values; None: as many as are needed to tell the number from its neighbours."""
    width: int | None = None
    """Columns of the terminal; None: as wide as needed, with nothing summarised."""
    color: bool = False
    ascii: bool = False
    order: Literal["computation", "deck"] = "computation"
    """Of the rows of an adjoint trace; deck: bottom to top, as deck 001 prints it."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person reads this on a screen of limited size."""
        return self.width is not None
