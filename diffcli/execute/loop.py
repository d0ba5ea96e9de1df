"""A loop over the flat graph with every function looked up once: for programs too large to be worth compiling.

Functions that raise where IEEE 754 gives inf or nan are tried first; such a point is run again by the IEEE functions.
"""

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.execute.floats import FLOATS, function, quick
from diffcli.graph.program import CONSTANT, Graph

Program = Callable[[Sequence[float]], Sequence[float]]


def looped(graph: Graph) -> Program:
    """A runnable program: values of the inputs in, values of the outputs out; never raises."""
    values, outputs = all_values(graph), graph.outputs

    def run(point: Sequence[float]) -> Sequence[float]:
        results = values(point)
        return [results[position] for position in outputs]

    return run


def all_values(graph: Graph) -> Callable[[Sequence[float]], list[float]]:
    """From the values of the inputs to those of all nodes that an output needs, the others staying 0."""
    start = [FLOATS.constant(node.literal) if node.op == CONSTANT else 0.0 for node in graph.nodes]
    bare, careful = _run(graph, start, quick), list[Callable[[Sequence[float]], list[float]]]()

    def run(point: Sequence[float]) -> list[float]:
        try:
            return bare(point)
        except (ArithmeticError, ValueError):
            careful[:] = careful or [_run(graph, start, function)]
            return careful[0](point)

    return run


def _run(
    graph: Graph, start: list[float], look_up: Callable[[str], Callable[..., float]]
) -> Callable[[Sequence[float]], list[float]]:
    steps: list[tuple[int, Callable[..., float], Any, int]] = []
    """Where the result goes, the function, and its arguments: one and −1, two, or all of them and −2."""
    for position, (node, needed) in enumerate(zip(graph.nodes, graph.needed, strict=True)):
        args = node.args
        if needed and args:
            first, second = args if len(args) == 2 else (args[0], -1) if len(args) == 1 else (args, -2)
            steps.append((position, look_up(node.op), first, second))
    inputs = graph.inputs

    def run(point: Sequence[float]) -> list[float]:
        results = start.copy()
        for position, value in zip(inputs, point, strict=True):
            results[position] = value
        for position, operation, first, second in steps:
            if second >= 0:
                results[position] = operation(results[first], results[second])
            elif second == -1:
                results[position] = operation(results[first])
            else:
                results[position] = operation(*[results[argument] for argument in first])
        return results

    return run
