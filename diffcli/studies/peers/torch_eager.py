"""PyTorch, run operation by operation: records them, and sweeps back over the record."""

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient
from diffcli.studies.peers.program import function, functions_of

OF_TWO_TENSORS = ("max", "min", "atan2", "hypot", "where")


def gradient(graph: Graph, count: int, threads: int) -> Gradient:
    """With torch's functions."""
    return of(function(graph, functions(), "torch"), count, threads)


def of(program: Callable[..., Any], count: int, threads: int) -> Gradient:
    """By `torch.autograd.grad` of leaves in double precision."""
    import torch

    torch.set_num_threads(threads)
    seed = torch.ones(count, dtype=torch.float64) if count else torch.tensor(1.0, dtype=torch.float64)

    def run(*leaves: Any) -> Any:
        value = program(*leaves)
        return value, torch.autograd.grad(value, leaves, seed, materialize_grads=True)

    return Gradient(lambda values: tuple(tensor(v).requires_grad_() for v in values), run, numbers)


def functions() -> dict[str, Callable[..., Any]]:
    """What torch has for our primitives; of functions of two numbers each may be a constant."""
    import torch

    found = functions_of(torch) | {"lgamma": torch.lgamma}
    found |= {op: _of_tensors(found[op]) for op in OF_TWO_TENSORS}
    return found | {"where": lambda condition, x, y: torch.where(tensor(condition) != 0, tensor(x), tensor(y))}


def _of_tensors(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y: call(tensor(x), tensor(y))


def tensor(value: Any) -> Any:
    """A number or an array in double precision."""
    import torch

    return torch.as_tensor(value, dtype=torch.float64)


def numbers(result: tuple[Any, Sequence[Any]]) -> tuple[Any, Sequence[Any]]:
    """The value and the partials as floats or arrays."""
    value, partials = (result[0].detach(), [partial.detach() for partial in result[1]])
    if value.ndim:
        return value.numpy(), [partial.numpy() for partial in partials]
    return value.item(), [partial.item() for partial in partials]
