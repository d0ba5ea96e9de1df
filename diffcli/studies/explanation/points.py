"""The causes of errors at several points of one expression, each once."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from diffcli.studies.explanation.record import Explanation
from diffcli.studies.records import Study

MOST_STUDIES = 20
"""Points of one expression at which causes are searched."""


class AtPoints(NamedTuple):
    """A cause, in the words of the first point at which it arises."""

    explanation: Explanation
    points: int
    """At how many points the same methods or others are off for it."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """For JSON."""
        return [{**entry, "points": self.points} for entry in self.explanation.to_dicts()]


def over_points(studies: Iterable[Study]) -> tuple[AtPoints, ...]:
    """Same cause in the same row: one entry with all methods; the most frequent first."""
    found: dict[tuple[Any, ...], AtPoints] = {}
    for record in studies:
        seen = set()
        for one in record.explanations:
            key = (one.output, one.reason.cause, one.reason.row, one.reason.operation)
            if not one.is_error:
                continue
            known = found.get(key, AtPoints(one, 0))
            methods = tuple(dict.fromkeys((*known.explanation.methods, *one.methods)))
            found[key] = AtPoints(replace(known.explanation, methods=methods), known.points + (key not in seen))
            seen.add(key)
    return tuple(sorted(found.values(), key=lambda entry: -entry.points))
