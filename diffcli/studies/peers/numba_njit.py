"""Numba: it compiles, but does not differentiate, so it gets the derivative program that diffcli generates."""

import math
from collections.abc import Callable
from typing import Any

from diffcli.graph.program import Graph
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.peers.peer import Gradient, parted
from diffcli.studies.peers.program import defined, function

NAMES = {"ln": "log", "abs": "fabs", "cbrt": ""}
OPS = (
    "exp expm1 ln log1p log2 log10 sqrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh abs hypot"
    " erf erfc gamma lgamma".split()
)

PARALLEL = 10_000
"""Points from which on threads take less time than starting them."""


def gradient(graph: Graph, count: int, threads: int) -> Gradient:
    """One machine function for value and gradient; over many points a loop around it that gives new arrays."""
    import numpy as np

    if not count:
        compiled = machine_function(graph)
        return Gradient(tuple, compiled, parted, lambda values: parted(compiled(*values)))
    fill, size = loop(graph, count, threads), len(graph.inputs) + 1

    def run(points: Any) -> Any:
        results = np.empty((size, count))
        fill(points, results)
        return results

    return Gradient(lambda values: (np.array(values),), run, parted)


def machine_function(graph: Graph) -> Callable[..., Any]:
    """The derivative program as machine code."""
    import numba

    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    compiled: Callable[..., Any] = numba.njit(error_model="numpy")(function(program, _functions(numba), "numba"))
    return compiled


def loop(graph: Graph, count: int, threads: int) -> Callable[[Any, Any], None]:
    """From points to results, each with a row for each number, by threads where that pays."""
    import numba

    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    unpacked = ", ".join(f"points[{k}, i]" for k in range(len(graph.inputs)))
    targets = ", ".join(f"results[{k}, i]" for k in range(len(graph.inputs) + 1))
    text = f"def program(points, results):\n for i in indices({count}):\n  {targets} = compiled({unpacked})\n"
    is_parallel = count >= PARALLEL
    names = {"indices": numba.prange if is_parallel else range, "compiled": machine_function(graph)}
    compiled: Callable[[Any, Any], None] = numba.njit(parallel=is_parallel, error_model="numpy")(defined(text, names))
    return compiled


def _functions(numba: Any) -> dict[str, Callable[..., Any]]:
    import numpy as np

    found = {op: getattr(math, NAMES.get(op, op)) for op in OPS}
    found |= {"max": np.maximum, "min": np.minimum, "floor": np.floor, "ceil": np.ceil, "sign": np.sign}
    chosen = numba.njit(lambda condition, x, y: x if condition else y)
    return found | {"where": chosen}
