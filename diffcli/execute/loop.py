"""A loop over the flat graph with every function looked up once: for programs too large to be worth compiling.

Functions that raise where IEEE 754 gives inf or nan are tried first; such a point is run again by the IEEE functions.
"""

from collections.abc import Callable, Sequence

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
    nodes, inputs = graph.nodes, graph.inputs
    positions = [position for position, needed in enumerate(graph.needed) if needed and nodes[position].args]
    operations = [look_up(nodes[position].op) for position in positions]
    arguments = [nodes[position].args for position in positions]

    def run(point: Sequence[float]) -> list[float]:
        results = start.copy()
        for position, value in zip(inputs, point, strict=True):
            results[position] = value
        for position, operation, args in zip(positions, operations, arguments, strict=True):
            if len(args) == 2:
                x, y = args
                results[position] = operation(results[x], results[y])
            elif len(args) == 1:
                results[position] = operation(results[args[0]])
            else:
                results[position] = operation(*[results[argument] for argument in args])
        return results

    return run
