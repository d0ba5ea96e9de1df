"""What all records have in common."""

import math
from typing import NamedTuple

SCHEMA = "diffcli/1"


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


class Problem(NamedTuple):
    """What keeps the function from having a derivative at the point, in words."""

    message: str
    details: str
    """One-sided slopes, arguments at the point."""
    start: int | None
    end: int | None
    """Where in the text the cause stands."""
