"""The limits on what is read: documented, checked before anything is evaluated, and raised by `--limit`."""

from collections.abc import Sequence
from typing import NamedTuple

from diffcli.errors import LimitError, Place, UsageError


class Limits(NamedTuple):
    """How large an expression may be. Every text within them is read in about a second, every file in some seconds."""

    length: int = 200_000
    """Characters of the text."""
    nesting: int = 1_000
    """Brackets, calls, signs and powers that wait for each other."""
    nodes: int = 100_000
    """Nodes of the graph."""
    digits: int = 1_000
    """Digits of one number."""
    exponent: int = 10_000
    """Size of the exponent in a number such as 1e-300."""
    name: int = 100
    """Characters of one name."""
    elements: int = 10_000_000
    """Elements of one array, and a tenth of those of all arrays of a program together."""
    rows: int = 2_000
    """Operations on numbers that `trace --scalars` writes out, one row each."""

    def check(self, name: str, amount: int, what: str, place: Place | None = None) -> None:
        """Raise a LimitError when `amount` is above the limit called `name`."""
        limit: int = getattr(self, name)
        if amount > limit:
            enough = 10 * limit if name == "nesting" else amount
            raise LimitError(
                f"{what}; the limit is {limit}", place=place, hint=f"if it is meant, raise it: --limit {name}={enough}"
            )


DEFAULT = Limits()


def parse_limits(texts: Sequence[str]) -> Limits:
    """The default limits, changed by texts such as "nodes=500000"."""
    names = Limits._fields
    limits = DEFAULT
    for text in texts:
        name, _, amount = (part.strip() for part in text.partition("="))
        if name not in names:
            raise UsageError(f"no limit is called '{_shown(name)}'", hint=f"the limits are {', '.join(names)}")
        if not (amount.isascii() and amount.isdigit() and len(amount) <= 15 and int(amount) > 0):
            raise UsageError(f"the limit '{name}' needs a positive whole number", hint=f"--limit {name}=1000000")
        limits = limits._replace(**{name: int(amount)})
    return limits


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name[:40])
