"""The elements of arrays one after the other: how a program on arrays looks as a function of many numbers.

`W` of shape 2×3 has the elements W[0,0], W[0,1], …, W[1,2], the last index counting fastest; a number is one element
under its own name.
"""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape


def element_names(name: str, shape: Shape) -> list[str]:
    """What the elements of an array are called, in order."""
    if not shape:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in product(*map(range, shape))]


class Component(NamedTuple):
    """One element of one input."""

    number: int
    """Where it lies among the elements of all inputs."""
    name: str


def components(graph: Graph, wrt: Sequence[int]) -> list[Component]:
    """The elements of the inputs at the positions `wrt`."""
    starts, start = {}, 0
    for position in graph.inputs:
        starts[position] = start
        start += prod(graph.nodes[position].shape)
    return [
        Component(starts[position] + offset, name)
        for position in wrt
        for offset, name in enumerate(element_names(graph.nodes[position].literal, graph.nodes[position].shape))
    ]


def output_elements(graph: Graph) -> list[str]:
    """The names of the elements of all outputs."""
    outputs = zip(graph.outputs, graph.output_names, strict=True)
    return [element for position, name in outputs for element in element_names(name, graph.nodes[position].shape)]
