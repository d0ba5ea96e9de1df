"""The special functions that NumPy lacks, in double precision, with `out` like all that it has."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.execute.floats import function
from diffcli.execute.polygamma_arrays import digamma, polygamma

Call = Callable[..., Any]


def _number_by_number(op: str) -> Call:
    """By Python's own function, again by the one that never raises where that does."""
    quick = np.frompyfunc(getattr(math, op), 1, 1)
    quiet = np.frompyfunc(function(op), 1, 1)

    def run(x: Any, out: Any = None) -> Any:
        x = np.asarray(x, dtype=np.float64)
        try:
            found = quick(x)
        except (ArithmeticError, ValueError):
            found = quiet(x)
        if out is None:
            return np.asarray(found, dtype=np.float64)
        out[...] = found
        return out

    return run


SPECIAL: dict[str, Call] = {
    **{op: _number_by_number(op) for op in ("erf", "erfc", "gamma", "lgamma")},
    "digamma": digamma,
    "polygamma": polygamma,
}
