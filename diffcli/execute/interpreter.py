"""The interpreter: one loop over the flat graph, parameterised by an arithmetic.

The arithmetic decides what a number is: a float, an array, a 50-digit number, a node of another graph, a dual number.
All other executors are tested against this one.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from diffcli.graph.program import CONSTANT, INPUT, Graph

Number = TypeVar("Number")


class Arithmetic(Protocol[Number]):
    """What the interpreter needs to know about numbers."""

    def constant(self, literal: str) -> Number:
        """The number a literal ("0.1", "pi", "e") stands for."""
        ...

    def apply(self, op: str, *args: Number, **params: Any) -> Number:
        """The primitive `op` on numbers; on arrays as a whole with its parameters."""
        ...


def evaluate(graph: Graph, arithmetic: Arithmetic[Number], values: Sequence[Number]) -> list[Number]:
    """The values of all nodes, given the values of the inputs in the order of `graph.inputs`."""
    bound = dict(zip(graph.inputs, values, strict=True))
    results: list[Number] = []
    for position, node in enumerate(graph.nodes):
        if node.op == INPUT:
            results.append(bound[position])
        elif node.op == CONSTANT:
            results.append(arithmetic.constant(node.literal))
        else:
            params = dict(node.params) if node.params else {}
            results.append(arithmetic.apply(node.op, *[results[argument] for argument in node.args], **params))
    return results


def outputs(graph: Graph, arithmetic: Arithmetic[Number], values: Sequence[Number]) -> list[Number]:
    """The values of the outputs only."""
    results = evaluate(graph, arithmetic, values)
    return [results[position] for position in graph.outputs]
