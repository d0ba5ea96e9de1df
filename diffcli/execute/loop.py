"""A loop over the flat graph with every function looked up once: for programs too large to be worth compiling."""

from collections.abc import Callable, Sequence

from diffcli.execute.floats import FLOATS, function
from diffcli.graph.program import CONSTANT, INPUT, Graph


def looped(graph: Graph) -> Callable[[Sequence[float]], Sequence[float]]:
    """A runnable program: values of the inputs in, values of the outputs out; never raises."""
    needed = graph.pruned()
    start = [FLOATS.constant(node.literal) if node.op == CONSTANT else 0.0 for node in needed.nodes]
    steps = [
        (position, function(node.op), node.args)
        for position, node in enumerate(needed.nodes)
        if node.op not in (CONSTANT, INPUT)
    ]

    def run(values: Sequence[float]) -> Sequence[float]:
        results = start.copy()
        for position, value in zip(needed.inputs, values, strict=True):
            results[position] = value
        for position, operation, args in steps:
            results[position] = operation(*[results[argument] for argument in args])
        return [results[position] for position in needed.outputs]

    return run
