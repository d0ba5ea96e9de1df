"""How the lectures number a program: v_{1-n} … v_0 are the inputs, v_1 … v_N the operations.

Operations are numbered by level, the longest distance from the inputs, and within a level in the order in which
they are completed when the text is read from left to right. Constants are not numbered; an operation on constants
only is at level 1. The reverse sweep visits the numbers downwards.
"""

import re
from itertools import count
from typing import NamedTuple

from diffcli.graph.program import Graph


class Numbering(NamedTuple):
    """Numbers and names of the nodes of one graph."""

    order: tuple[int, ...]
    """Positions of the operations that the outputs need, v_1 first."""
    letter: str
    """v, unless the user has variables called v1, v2, …"""
    labels: dict[int, str]
    """For every numbered node and input its plain name: "v-1", "v5", or the name the user gave it."""


def levels(graph: Graph) -> list[int]:
    """The longest distance of every node from the leaves."""
    result: list[int] = []
    for node in graph.nodes:
        result.append(1 + max([result[argument] for argument in node.args]) if node.args else 0)
    return result


def evaluation_order(graph: Graph) -> tuple[int, ...]:
    """Positions of the operations that the outputs need, as the lectures number them."""
    level, needed = levels(graph), graph.needed
    operations = [position for position, node in enumerate(graph.nodes) if node.args and needed[position]]
    return tuple(sorted(operations, key=level.__getitem__))  # sorting keeps the order within a level


def numbering(graph: Graph) -> Numbering:
    """Number the nodes of `graph` as the lectures do."""
    order = evaluation_order(graph)
    letter = trace_letter((*graph.variables, *graph.names.values(), *graph.output_names))
    first = 1 - len(graph.inputs)
    labels = {position: f"{letter}{first + k}" for k, position in enumerate(graph.inputs)}
    labels.update({position: f"{letter}{k}" for k, position in enumerate(order, start=1)})
    if graph.names:
        labels.update(zip(graph.inputs, graph.variables, strict=True))
        labels.update(
            (p, name) for p, name in zip(graph.outputs, graph.output_names, strict=True) if graph.nodes[p].args
        )
        labels.update((p, name) for p, name in graph.names.items() if graph.nodes[p].args)
    return Numbering(order, letter, labels)


def trace_letter(taken: tuple[str, ...]) -> str:
    """The letter v, or the next one if the user has names such as v1."""
    letters = (letter + "_" * length for length in count() for letter in "vwuzpqrst")
    return next(letter for letter in letters if not any(re.fullmatch(rf"{letter}_?\d*", name) for name in taken))
