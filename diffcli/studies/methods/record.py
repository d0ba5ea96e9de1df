"""What a measurement of `methods --measure` is: tables, and for each claim what came out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from diffcli.studies.values import finite

Unit = Literal["text", "count", "number", "seconds", "ratio"]
"""What a column holds: words, a whole number, any number, a time, how many times another."""
Cell = str | int | float | None


class Part(NamedTuple):
    """One table of a measurement."""

    title: str
    columns: tuple[tuple[str, Unit], ...]
    rows: tuple[tuple[Cell, ...], ...]

    def column(self, name: str) -> list[Any]:
        """The cells of one column."""
        index = [header for header, _ in self.columns].index(name)
        return [row[index] for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Each row as an object."""
        names = [name for name, _ in self.columns]
        return {"title": self.title, "rows": [dict(zip(names, map(_plain, row), strict=True)) for row in self.rows]}


@dataclass(frozen=True)
class Measurement:
    """One claim of the lectures put to the test on this machine."""

    name: str
    """What it is asked for by."""
    title: str
    subject: str
    """What it was measured on."""
    parts: tuple[Part, ...]
    findings: Mapping[str, str]
    """What came out: for each approach it says something about, and "" for what it shows of none in particular."""
    holds: bool
    """Whether the deterministic counts are what the lectures claim."""
    notes: tuple[str, ...] = field(default=())
    """What a time showed that is not as the counts say, or what could not be measured here."""

    def part(self, title: str) -> Part:
        """The table of that title."""
        return next(part for part in self.parts if part.title == title)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.title,
            "subject": self.subject,
            "parts": [part.to_dict() for part in self.parts],
            "findings": {approach or "all": text for approach, text in self.findings.items()},
            "holds": self.holds,
            "notes": list(self.notes),
        }


def _plain(cell: Cell) -> Cell:
    return finite(cell) if isinstance(cell, float) else cell
