"""PyTorch, value and gradient in one compiled program: `torch.compile` of `torch.func.grad_and_value`."""

from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers import torch_eager
from diffcli.studies.peers.peer import Gradient
from diffcli.studies.peers.program import function


def gradient(graph: Graph, count: int, threads: int) -> Gradient:
    """Compiled at the first call, for C++ (which needs a compiler), `vmap` over the points."""
    import torch

    torch.set_num_threads(threads)
    torch.compiler.reset()  # it refuses to compile the same functions again and again, which are others each time here
    program = function(graph, torch_eager.functions(), "torch")
    both: Any = torch.func.grad_and_value(program, argnums=tuple(range(len(graph.inputs))))
    compiled: Any = torch.compile(torch.func.vmap(both) if count else both, fullgraph=True, dynamic=False)
    return Gradient(
        lambda values: tuple(torch_eager.tensor(value) for value in values),
        compiled,
        lambda result: torch_eager.numbers((result[1], result[0])),
    )
