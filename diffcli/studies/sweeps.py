"""The forward sweeps of a trace: one for each element of the inputs, or one for all where these are many."""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from diffcli.graph.layout import components
from diffcli.studies.node_values import in_full, unit
from diffcli.studies.rows import Row, directional_rows, tangent_rows
from diffcli.studies.writer import Writer, tangent_operations

MOST_SEEDS = 6
"""Elements of arrays that have a sweep each."""
MOST_NAMES = 3
ONES, GIVEN = "ones", "given"
"""Sweeps along a direction: of all ones, or one's own."""


class Sweep(NamedTuple):
    """What one forward sweep starts from."""

    name: str
    """The input or its element whose tangent is 1; ONES or GIVEN for a direction."""
    title: str
    """The same as an equation: ẋ1 = 1."""
    tangents: tuple[Any, ...]
    """The tangent of every input."""


Sweeps = list[tuple[Sweep, tuple[Row, ...]]]


def forward_sweeps(
    writer: Writer, wrt: Sequence[int], point: Sequence[Any], tangents: Sequence[Any] | None = None
) -> Sweeps:
    """The sweeps with their rows; `tangents` is a direction of one's own, a tangent for each input at `wrt`."""
    graph, tangent_of = writer.graph, writer.notation.tangent_of
    if tangents is not None:
        return _along(writer, wrt, point, [tangents], [(GIVEN, "the given direction")])
    if graph.is_scalar:
        operations = tangent_operations(writer, wrt)
        return [(_seeded(writer, p), tangent_rows(writer, p, operations, point)) for p in wrt]
    shapes = [graph.nodes[p].shape for p in wrt]
    if sum(map(prod, shapes)) > MOST_SEEDS:
        seeds = [f"{tangent_of(graph.nodes[p].literal)} = 1" for p in wrt]
        title = ", ".join(seeds) if len(seeds) <= MOST_NAMES else "all tangents = 1"
        return _along(writer, wrt, point, [[unit(shape, point) for shape in shapes]], [(ONES, title)])
    from diffcli.execute.flat import unit_vectors

    directions = [list(map(_copy, vectors)) for vectors in unit_vectors([unit(shape, point) for shape in shapes])]
    names = [component.name for component in components(graph, wrt)]
    return _along(writer, wrt, point, directions, [(name, f"{tangent_of(name)} = 1") for name in names])


def _seeded(writer: Writer, position: int) -> Sweep:
    """The sweep of one input of a program on numbers."""
    name = writer.graph.nodes[position].literal
    starts = tuple(float(other == position) for other in writer.graph.inputs)
    return Sweep(name, f"{writer.notation.tangent_of(name)} = 1", starts)


def _copy(vector: Any) -> Any:
    return vector if isinstance(vector, float) else vector + 0.0


def _along(
    writer: Writer,
    wrt: Sequence[int],
    point: Sequence[Any],
    directions: Sequence[Sequence[Any]],
    titles: Sequence[tuple[str, str]],
) -> Sweeps:
    graph = writer.graph
    found = directional_rows(writer, wrt, tangent_operations(writer, wrt), point, directions)
    result = []
    for (name, title), tangents, rows in zip(titles, directions, found, strict=True):
        known = dict(zip(wrt, tangents, strict=True))
        starts = tuple(in_full(known.get(p, 0.0), graph.nodes[p].shape) for p in graph.inputs)
        result.append((Sweep(name, title, starts), rows))
    return result
