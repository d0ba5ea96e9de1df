"""The values of all nodes of a program: floats, or arrays in their full shape, on the host as records keep them."""

from collections.abc import Sequence
from typing import Any

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape


def node_values(graph: Graph, point: Sequence[Any]) -> list[Any]:
    """The value of every node: a float where all are numbers, else whatever the arrays' library makes of it."""
    if graph.is_scalar and all(isinstance(value, float) for value in point):
        return evaluate(graph, FLOATS, point)
    from diffcli.execute.array_library import library_of
    from diffcli.execute.arrays import ArrayArithmetic

    return evaluate(graph, ArrayArithmetic(library_of(point)), point)


def in_full(value: Any, shape: Shape) -> Any:
    """A float, or a NumPy array of this shape, of which the value may be one of many equal copies."""
    if not shape:
        return on_host(value)
    import numpy as np

    return np.broadcast_to(on_host(value), shape)


def on_host(value: Any) -> Any:
    """A value as a float or a NumPy array, whichever library holds it; in single precision the shortest decimal."""
    if isinstance(value, float):
        return float(value)
    import numpy as np

    from diffcli.execute.flat import flattened

    if not isinstance(value, np.ndarray | np.generic):
        value = np.asarray(flattened([value]), dtype=np.dtype(str(value.dtype).rpartition(".")[2])).reshape(value.shape)
    return value if value.shape else float(str(value[()]))


def unit(shape: Shape, like: Sequence[Any]) -> Any:
    """A number 1, or an array of ones of the library and type of those in `like`."""
    from diffcli.execute.flat import zeros

    return zeros(shape, like) + 1.0 if shape else 1.0
