"""The nodes that all recordings of one function share.

Recording a function a second time mostly asks for the nodes of the first time. They are found by one look-up, and two
recordings that end at the same nodes are the same program: its compiled derivatives are found by another one.
"""

from typing import Any

from diffcli.errors import Place
from diffcli.graph.program import INPUT, Builder, Graph

MAX_PROGRAMS = 256
"""A function that is another program at every call gets fresh nodes after so many of them."""
MAX_NODES = 200_000
VARIED = 8
"""After so many different programs it is supposed that they differ in numbers such as a step size."""
Key = tuple[tuple[int, ...], tuple[int, ...]]
"""The positions of the inputs and of the outputs, which among hash-consed nodes tell a program from all others."""


class Nodes(Builder):
    """A builder that remembers by what it was asked, so that shapes are inferred only once."""

    def __init__(self, *, captures_floats: bool = False) -> None:
        """Begin empty; with `captures_floats` floats are inputs, and programs that differ in them are the same."""
        super().__init__()
        self.captures_floats = captures_floats
        self.numbers: dict[float, int] = {}
        """The constants by their values."""
        self._asked: dict[tuple[Any, ...], int] = {}
        self._graphs: dict[Key, Graph] = {}
        self.programs: dict[Any, Any] = {}
        """What was made of the recorded programs."""

    def apply(self, op: str, *args: int, place: Place | None = None, **params: Any) -> int:
        """The operation `op` on nodes that are already there."""
        asked = (op, args, *params.items()) if params else (op, args)
        position = self._asked.get(asked)
        if position is None:
            position = self._asked[asked] = super().apply(op, *args, place=place, **params)
        return position

    def asked(self, op: str, args: tuple[int, ...]) -> int:
        """The same for an operation without parameters, by the quickest way."""
        position = self._asked.get((op, args))
        return self.apply(op, *args) if position is None else position

    def successor(self) -> "Nodes":
        """These nodes again, unless it is time to begin afresh."""
        count = len(self.programs)
        is_varied = count > VARIED and not self.captures_floats
        if is_varied or count > MAX_PROGRAMS or (len(self.nodes) > MAX_NODES and count > VARIED):
            return Nodes(captures_floats=is_varied or self.captures_floats)
        return self

    def program(self, key: Key) -> Graph:
        """The program with these inputs and outputs, without the nodes of other recordings."""
        if key not in self._graphs:
            self._graphs[key] = self._extracted(*key)
        return self._graphs[key]

    def _extracted(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
        needed, waiting = set(inputs), list(outputs)
        while waiting:
            position = waiting.pop()
            if position not in needed:
                needed.add(position)
                waiting.extend(self.nodes[position].args)
        kept = sorted(needed)
        new = {old: position for position, old in enumerate(kept)}
        nodes = (self.nodes[old] for old in kept)
        return Graph(
            tuple(node._replace(args=tuple([new[argument] for argument in node.args])) for node in nodes),
            tuple(new[position] for position in inputs),
            tuple(new[position] for position in outputs),
            self._output_names(len(outputs)),
        )

    def _output_names(self, count: int) -> tuple[str, ...]:
        """The names y, or y1, y2, …; f or output where an argument is called so."""
        taken = {node.literal for node in self.nodes if node.op == INPUT}
        for letter in ("y", "f", "output"):
            names = [letter] if count == 1 else [f"{letter}{number}" for number in range(1, count + 1)]
            if taken.isdisjoint(names):
                return tuple(names)
        return tuple(f"output {number}" for number in range(1, count + 1))  # no name of the user has a space
