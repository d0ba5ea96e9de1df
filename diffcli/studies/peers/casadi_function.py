"""CasADi: a graph of its own (scalar SX at a point, MX over all points) with its gradient, run by its own machine."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient
from diffcli.studies.peers.program import function, functions_of

NAMES = {"max": "fmax", "min": "fmin", "abs": "fabs", "ln": "log"}


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - threads of `map` made it slower
    """With casadi's functions; scalars at one point, vectors over many."""
    import casadi

    program = function(graph, functions(), "casadi")
    return of(program, len(graph.inputs), count, casadi.MX if count else casadi.SX)


def functions() -> dict[str, Callable[..., Any]]:
    """What casadi has for our primitives."""
    import casadi

    return functions_of(casadi, NAMES) | {"where": casadi.if_else}


def of(program: Callable[..., Any], width: int, count: int, kind: Any) -> Gradient:
    """Called through buffers, which costs a tenth of a call with numbers."""
    import casadi

    inputs = [kind.sym(f"s{k}", max(count, 1)) for k in range(width)]
    value = kind(program(*inputs))
    compiled: Any = casadi.Function("f", inputs, [value, *[casadi.gradient(casadi.sum1(value), one) for one in inputs]])
    buffer, run = compiled.buffer()
    places = [_memory(count) for _ in inputs]
    results = [_memory(count) for _ in range(len(inputs) + 1)]
    for k, memory in enumerate(places):
        buffer.set_arg(k, memoryview(memory))
    for k, memory in enumerate(results):
        buffer.set_res(k, memoryview(memory))

    def own(values: Sequence[Any]) -> tuple[()]:
        assert buffer, "it must live as long as `run` does"
        for memory, value in zip(places, values, strict=True):
            memory[slice(None) if count else 0] = value
        return ()

    def read(_: Any) -> tuple[Any, Sequence[Any]]:
        return (results[0], results[1:]) if count else (results[0][0], [one[0] for one in results[1:]])

    return Gradient(own, run, read)


def _memory(count: int) -> Any:
    """For one number, Python's own arrays are the quickest to write and read."""
    if not count:
        return array("d", [0.0])
    import numpy as np

    return np.zeros(count)
