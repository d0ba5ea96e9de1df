"""What a command works on, as plain data."""

from typing import Any, NamedTuple

from diffcli.language.reading import Reading


class Request(NamedTuple):
    """What a command works on."""

    text: str
    reading: Reading
    point: tuple[Any, ...]
    """One float for each input, or arrays of one library."""
    wrt: tuple[int, ...]
    """Positions of the inputs to differentiate by."""
    notes: tuple[str, ...]
