"""HIPS autograd: records the calls of NumPy's functions, and sweeps back over the record."""

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient
from diffcli.studies.peers.program import function, functions_of

NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh",
}  # fmt: skip
UNKNOWN = ("cbrt", "hypot", "expm1")
"""NumPy has them; autograd knows no derivative of the first two, and loses the digits of the third."""


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - NumPy's functions have one thread
    """With the functions of its own NumPy."""
    import autograd.numpy as recorded

    functions = functions_of(recorded, NAMES)
    functions = {op: call for op, call in functions.items() if op not in UNKNOWN}
    if not count:  # recorded anew at each call, it may branch as Python does
        functions["where"] = lambda condition, x, y: x if condition else y
    return of(function(graph, functions, "autograd"), len(graph.inputs), count)


def of(program: Callable[..., Any], width: int, count: int = 0) -> Gradient:
    """By `make_vjp`, which gives the value with the gradient and works at one point and at many."""
    import autograd
    import numpy as np

    swept = autograd.make_vjp(program, argnum=tuple(range(width)))
    seed = np.ones(count) if count else 1.0

    def run(*values: Any) -> Any:
        pulled_back, value = swept(*values)
        return value, pulled_back(seed)

    def read(result: Any) -> tuple[Any, Sequence[Any]]:
        value, partials = result
        return (value, partials) if count else (float(value), [float(partial) for partial in partials])

    return Gradient(tuple, run, read)
