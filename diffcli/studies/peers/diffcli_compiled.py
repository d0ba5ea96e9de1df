"""diffcli with the executor "c", as its users call it from Python."""

from operator import itemgetter

from diffcli.errors import LibraryError, UsageError
from diffcli.execute.blocks import Batch
from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.peers.peer import Gradient, NotApplicable, parted


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - one point needs no threads
    """The program that `diffcli.value_and_grad(…, executor="c")` runs at a point."""
    if count:
        raise NotApplicable("many points are for diffcli.value_and_grad(…).batch")
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    try:
        quick = Batch(program, "c").one(lambda *values: parted(compiled(program)(values)))
    except (LibraryError, UsageError) as failure:
        raise NotApplicable(failure.message) from None
    return Gradient(tuple, quick, itemgetter(0, 1), lambda values: quick(*values))
