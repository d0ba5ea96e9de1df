"""A program on arrays as the lectures draw a network: every weight, feature, label and bias a node of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.errors import LimitError
from diffcli.graph.program import Graph

MOST_ROWS = 2000
"""Operations on numbers that a trace writes out, if no other limit is asked for."""


class Scalars(NamedTuple):
    """A program in numbers, its point, and the inputs to differentiate by."""

    graph: Graph
    point: tuple[float, ...]
    wrt: tuple[int, ...]


def in_scalars(graph: Graph, point: Sequence[Any], wrt: Sequence[int], limit: int = MOST_ROWS) -> Scalars:
    """The program written out in numbers; raises LimitError where that takes more than `limit` operations."""
    from diffcli.execute.expansion import expanded
    from diffcli.execute.flat import flattened

    try:
        expansion = expanded(graph, limit)
    except LimitError as error:
        if graph.operations > limit:
            error.hint = error.hint or f"if it is meant, raise it: --limit nodes={graph.operations}"
        raise
    return Scalars(expansion.graph, tuple(flattened(point)), expansion.wrt(wrt))
