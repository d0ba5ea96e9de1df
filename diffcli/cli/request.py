"""What a command works on, as plain data."""

from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.language.limits import DEFAULT, Limits
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
    limits: Limits = DEFAULT

    @property
    def task(self) -> tuple[Graph, tuple[Any, ...], tuple[int, ...]]:
        """Program, point and positions to differentiate by: what every study begins with."""
        return self.reading.graph, self.point, self.wrt

    @property
    def words(self) -> dict[str, Any]:
        """What a record says of its input."""
        return {"text": self.reading.text, "typed": self.text, "notes": self.notes}

    @property
    def values(self) -> dict[str, Any]:
        """The values of the variables to differentiate by, by name."""
        graph = self.reading.graph
        by_input = dict(zip(graph.inputs, self.point, strict=True))
        return {graph.nodes[position].literal: by_input[position] for position in self.wrt}
