"""diffcli itself as its users call it from Python, in a process like those of its peers."""

from operator import itemgetter

from diffcli.execute.python_source import compiled, compiled_function
from diffcli.graph.program import Graph
from diffcli.methods.gradient import SHORT, gradient_program
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.peers.peer import Gradient, NotApplicable, parted


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - one point needs no threads
    """The program that `diffcli.value_and_grad` runs at a point."""
    if count:
        raise NotApplicable("many points are for diffcli.value_and_grad(…).batch")
    task = graph, graph.outputs[0], graph.inputs
    if len(graph.nodes) > SHORT:
        return Gradient(lambda values: (values,), gradient_program(*task), parted)
    program = adjoint_program(*task).graph
    quick = compiled_function(program, lambda *values: parted(compiled(program)(values)))
    return Gradient(tuple, quick, itemgetter(0, 1), lambda values: quick(*values))
