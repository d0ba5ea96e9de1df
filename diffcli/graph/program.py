"""The program as data: a flat tuple of nodes in which arguments stand before their users.

A node's arguments are positions in the same tuple, so every loop over `graph.nodes` is a sweep in evaluation
order and every loop over its reverse is a sweep backwards. Identical subexpressions are one node.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

from diffcli.errors import Place, ShapeError
from diffcli.graph.shapes import Shape

if TYPE_CHECKING:
    from diffcli.graph.primitive import Primitive

INPUT = "input"
CONSTANT = "constant"
Parameters = tuple[tuple[str, Any], ...]
"""What an operation on arrays needs beside its arguments, by name: (("axes", (0,)), ("keepdims", False))."""


class Node(NamedTuple):
    """One operation: its name in the table of primitives, its arguments, and the shape of its result."""

    op: str
    args: tuple[int, ...] = ()
    literal: str = ""
    """The name of an input; the decimal text of a constant ("0.1", "pi", "e"), kept exactly as written."""
    shape: Shape = ()
    params: Parameters = ()


@cache
def _rows() -> "dict[str, Primitive]":
    """The table of primitives, which itself is written in terms of this module."""
    from diffcli.graph.ops import OPS

    return OPS


@cache
def _elementwise() -> frozenset[str]:
    """The primitives whose result on numbers is a number."""
    return frozenset(op for op, row in _rows().items() if not row.is_structural)


@dataclass(frozen=True)
class Graph:
    """A program with named inputs and outputs; immutable, acyclic by construction."""

    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    """Positions of the input nodes, in the order of the user's variables."""
    outputs: tuple[int, ...]
    output_names: tuple[str, ...]
    names: dict[int, str] = field(default_factory=dict)
    """Intermediates the user named by an assignment."""
    places: tuple[Place | None, ...] = ()
    """Where in the text each node comes from (its first occurrence)."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return tuple(self.nodes[position].literal for position in self.inputs)

    @property
    def operations(self) -> int:
        """How many operations on numbers the outputs need (inputs, constants and mere copies are none)."""
        if self.is_scalar:
            return sum(needed and bool(node.args) for node, needed in zip(self.nodes, self.needed, strict=True))
        rows, nodes = _rows(), self.nodes
        counted = (node for node, needed in zip(nodes, self.needed, strict=True) if needed and node.args)
        return sum(rows[node.op].work(node.shape, *[nodes[arg].shape for arg in node.args]) for node in counted)

    @cached_property
    def is_scalar(self) -> bool:
        """Whether every node is a number, so that programs for numbers can run it."""
        return not any(node.shape or node.params for node in self.nodes)

    @cached_property
    def needed(self) -> tuple[bool, ...]:
        """For every node, whether some output depends on it."""
        needed = [False] * len(self.nodes)
        for position in self.outputs:
            needed[position] = True
        nodes = self.nodes
        for position in range(len(nodes) - 1, -1, -1):
            if needed[position]:
                for argument in nodes[position].args:
                    needed[argument] = True
        return tuple(needed)

    def active(self, wrt: Iterable[int]) -> tuple[bool, ...]:
        """For every node, whether it depends on one of the inputs at the positions `wrt`."""
        active = [False] * len(self.nodes)
        for position in wrt:
            active[position] = True
        for position, node in enumerate(self.nodes):
            for argument in node.args:
                if active[argument]:
                    active[position] = True
                    break
        return tuple(active)

    def pruned(self) -> "Graph":
        """The same program without the nodes that no output needs; inputs always stay."""
        kept = [p for p, needed in enumerate(self.needed) if needed or self.nodes[p].op == INPUT]
        new = {old: position for position, old in enumerate(kept)}
        nodes = (self.nodes[old] for old in kept)
        return replace(
            self,
            nodes=tuple(node._replace(args=tuple([new[a] for a in node.args])) for node in nodes),
            inputs=tuple(new[p] for p in self.inputs),
            outputs=tuple(new[p] for p in self.outputs),
            names={new[p]: name for p, name in self.names.items() if p in new},
            places=tuple(self.places[old] for old in kept) if self.places else (),
        )

    def check(self) -> None:
        """Raise AssertionError if the promises of this class do not hold (used by tests and after translations)."""
        for position, node in enumerate(self.nodes):
            assert all(0 <= argument < position for argument in node.args), f"node {position} uses a later node"
            assert node.args or node.literal, f"node {position} is neither an operation nor a leaf"
        assert all(self.nodes[p].op == INPUT for p in self.inputs)
        assert len(set(self.variables)) == len(self.inputs), "two inputs share a name"
        assert len(self.outputs) == len(self.output_names)
        assert len(set(self.nodes)) == len(self.nodes), "two nodes are identical"


class Builder:
    """Collects nodes into a graph; asking twice for the same node gives the same position (hash-consing)."""

    def __init__(self, start: Graph | None = None) -> None:
        """Begin empty, or with the nodes of `start`, whose positions stay valid."""
        self.nodes: list[Node] = list(start.nodes) if start else []
        self.places: list[Place | None] = list(start.places or [None] * len(start.nodes)) if start else []
        self.place: Place | None = None
        """Where nodes come from that are added without a place of their own."""
        self._shapeless = frozenset() if any(node.shape for node in self.nodes) else _elementwise()
        """The operations whose shapes need not be inferred: as long as there are no arrays, those of numbers."""
        self._positions = {node: position for position, node in enumerate(self.nodes)}

    def input(self, name: str, place: Place | None = None, shape: Shape = ()) -> int:
        """The input called `name`."""
        return self._add(Node(INPUT, (), name, shape), place)

    def constant(self, literal: str, place: Place | None = None) -> int:
        """A constant by its decimal text, or "pi" or "e"."""
        return self._add(Node(CONSTANT, literal=literal), place)

    def apply(self, op: str, *args: int, place: Place | None = None, **params: Any) -> int:
        """The operation `op` on nodes that are already there; nothing is simplified.

        Raises ShapeError, at `place`, where the shapes of the arguments do not fit.
        """
        if op in self._shapeless:
            return self._add(Node(op, args), place)
        try:
            shape = _rows()[op].result_shape(*[self.nodes[argument].shape for argument in args], **params)
        except ShapeError as error:
            error.place = error.place or place or self.place
            raise
        settled = tuple(sorted((name, _settled(value)) for name, value in params.items())) if params else ()
        return self._add(Node(op, args, "", shape, settled), place)

    def shape(self, position: int) -> Shape:
        """The shape of a node."""
        return self.nodes[position].shape

    def _add(self, node: Node, place: Place | None) -> int:
        new = len(self.nodes)
        for argument in node.args:
            if argument >= new:
                raise IndexError(f"there is no node {argument} yet")
        position = self._positions.setdefault(node, new)
        if position == new:
            self.nodes.append(node)
            self.places.append(place or self.place)
            if node.shape:
                self._shapeless = frozenset()
        return position

    def graph(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        output_names: Sequence[str] = ("y",),
        names: dict[int, str] | None = None,
    ) -> Graph:
        """The finished program."""
        return Graph(
            tuple(self.nodes), tuple(inputs), tuple(outputs), tuple(output_names), dict(names or {}), tuple(self.places)
        )


def _settled(value: Any) -> Any:
    """A parameter in Python's own types: whole numbers of other libraries must not get into generated text."""
    if type(value) is tuple:
        return tuple(map(_settled, value))
    return index(value) if hasattr(value, "__index__") and not isinstance(value, bool) else value
