"""The paths of a computation graph: counted by dynamic programming, and followed one by one where they are few.

An edge leads from an argument to the node that uses it and carries the local partial, as deck 004 draws it. A path's
product of local partials is what the input does to the output along this path; the derivative is the sum over all
paths. The number of paths can grow exponentially with the graph, that of edges does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

from diffcli.graph.numbering import numbering
from diffcli.graph.program import Graph
from diffcli.methods.reverse import AdjointProgram, adjoint_program
from diffcli.studies.node_values import node_values
from diffcli.studies.values import exact_sum

MOST_EDGES = 200_000
"""Edges of all the paths that are followed from one input."""


class Edge(NamedTuple):
    """From an argument to a node that uses it."""

    target: int
    """The position of the argument."""
    source: int
    """The position of the node that uses it; its adjoint is what the sweep hands on along this edge."""
    argument: int
    local: float
    """The local partial ∂v_source/∂v_target."""
    is_open: bool = True
    """False into the branch of a `where` that is not taken: nothing passes, whatever the partials beyond are."""


@dataclass(frozen=True)
class Edges:
    """All edges on the way to one output."""

    output: int
    onwards: dict[int, tuple[Edge, ...]]
    """For every node its edges to users, in the order of their numbers."""
    count: int

    def paths(self) -> dict[int, int]:
        """For every node how many paths lead from it to the output: an edge is looked at once."""
        counts = {self.output: 1}
        for position in sorted(self.onwards, reverse=True):
            counts[position] = sum(counts[edge.source] for edge in self.onwards[position]) + counts.get(position, 0)
        return counts

    def totals(self, *, of_sizes: bool = False) -> dict[int, float]:
        """For every node the sum over all its paths of the products of their local partials: again an edge at a time.

        Of sizes: the sum of the absolute values of these products, beside which rounding is small.
        """
        totals = {self.output: 1.0}
        for position in sorted(self.onwards, reverse=True):
            terms = [totals.get(position, 0.0)]
            for edge in self.onwards[position]:
                local = abs(edge.local) if of_sizes else edge.local
                terms.append(local * totals[edge.source] if edge.is_open else 0.0)
            totals[position] = exact_sum(terms)
        return totals

    def follow(self, start: int) -> Iterator[tuple[Edge, ...]]:
        """Every path from a node to the output, those through users with lower numbers first."""
        if start == self.output:
            yield ()
        waiting = [iter(self.onwards.get(start, ()))]
        path: list[Edge] = []
        while waiting:
            edge = next(waiting[-1], None)
            if edge is None:
                waiting.pop()
                del path[-1:]
                continue
            path.append(edge)
            if edge.source == self.output:
                yield tuple(path)
            waiting.append(iter(self.onwards.get(edge.source, ())))


def product(path: Sequence[Edge]) -> float:
    """The product of the local partials along a path; an exact 0 where a branch is not taken."""
    return prod((edge.local for edge in path), start=1.0) if all(edge.is_open for edge in path) else 0.0


def is_undefined(path: Sequence[Edge]) -> bool:
    """Whether the product is none because a partial of 0 meets an infinite one."""
    return product(path) != product(path) and all(edge.local == edge.local for edge in path)


def edges(graph: Graph, output: int, wrt: Sequence[int], point: Sequence[float]) -> Edges:
    """The edges from the inputs at the positions `wrt` to an output, with their local partials at `point`."""
    program = adjoint_program(graph, output, wrt)
    values, order = node_values(program.graph, point), numbering(graph).order
    place = {position: number for number, position in enumerate(order)}
    onwards: dict[int, list[Edge]] = {}
    for edge in _edges(graph, program, values):
        onwards.setdefault(edge.target, []).append(edge)
    sorted_edges = {
        target: tuple(sorted(found, key=lambda edge: (place[edge.source], edge.argument)))
        for target, found in onwards.items()
    }
    return Edges(output, sorted_edges, len(program.steps))


def _edges(graph: Graph, program: AdjointProgram, values: Sequence[float]) -> Iterator[Edge]:
    """The steps of the reverse sweep are the edges: it touches each of them once."""
    for step in program.steps:
        assert step.local is not None, "programs in numbers have local partials"
        is_branch = graph.nodes[step.source].op == "where" and step.argument > 0
        local = float(values[step.local])
        yield Edge(step.target, step.source, step.argument, local, not is_branch or local != 0)


def nodes_of(start: int, path: Sequence[Edge]) -> tuple[int, ...]:
    """The positions along a path, its ends included."""
    assert all(edge.source == following.target for edge, following in pairwise(path))
    return (start, *(edge.source for edge in path))
