"""A program on arrays as the lectures draw a network: every weight, feature, label and bias a node of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.language.limits import DEFAULT, Limits


class Scalars(NamedTuple):
    """A program in numbers, its point, and the inputs to differentiate by."""

    graph: Graph
    point: tuple[float, ...]
    wrt: tuple[int, ...]


def in_scalars(graph: Graph, point: Sequence[Any], wrt: Sequence[int], limits: Limits = DEFAULT) -> Scalars:
    """The program written out in numbers; raises LimitError where these are more than `limits.rows` operations."""
    from diffcli.execute.expansion import expanded
    from diffcli.execute.flat import flattened

    limits.check("rows", graph.operations, f"written out in numbers it has {graph.operations} operations, one row each")
    expansion = expanded(graph, limits.rows)
    return Scalars(expansion.graph, tuple(flattened(point)), expansion.wrt(wrt))
