"""Numba: it compiles, but does not differentiate, so it gets the derivative program that diffcli generates."""

import math
from collections.abc import Callable, Sequence
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
    """One machine function for value and gradient; over many points a loop around it, by threads where that pays."""
    import numba

    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    compiled = numba.njit(error_model="numpy")(function(program, _functions(numba), "numba"))
    if not count:
        return Gradient(tuple, compiled, parted, lambda values: parted(compiled(*values)))
    return _parallel(numba, compiled, len(graph.inputs), count)


def _functions(numba: Any) -> dict[str, Callable[..., Any]]:
    import numpy as np

    found = {op: getattr(math, NAMES.get(op, op)) for op in OPS}
    found |= {"max": np.maximum, "min": np.minimum, "floor": np.floor, "ceil": np.ceil, "sign": np.sign}
    chosen = numba.njit(lambda condition, x, y: x if condition else y)
    return found | {"where": chosen}


def _parallel(numba: Any, compiled: Any, width: int, count: int) -> Gradient:
    """A loop over rows; `points` and `results` have one row for each variable and each result."""
    import numpy as np

    unpacked = ", ".join(f"points[{k}, i]" for k in range(width))
    targets = ", ".join(f"results[{k}, i]" for k in range(width + 1))
    text = f"def program(points, results):\n for i in indices({count}):\n  {targets} = compiled({unpacked})\n"
    is_parallel = count >= PARALLEL
    indices = numba.prange if is_parallel else range
    by_rows = defined(text, {"indices": indices, "compiled": compiled})  # how many variables there are is written out
    loop = numba.njit(parallel=is_parallel, error_model="numpy")(by_rows)
    results = np.empty((width + 1, count))

    def read(_: Any) -> tuple[Any, Sequence[Any]]:
        return results[0], list(results[1:])

    return Gradient(lambda values: (np.array(values),), lambda points: loop(points, results), read)
