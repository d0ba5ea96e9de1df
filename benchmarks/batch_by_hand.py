"""What ours is measured against in C: the loop over points as one would write it, and a copy past the cache."""

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from diffcli.errors import LibraryError
from diffcli.execute.c_source import HEAD, STORE, vector_declarations
from diffcli.execute.c_vectors import toolchain
from diffcli.execute.workers import cores

ALONE = 60_000
"""Points below which a second thread does not pay."""
POOL = ThreadPoolExecutor(cores())
LOOP = """
void loop(long long n, const double *restrict x, const double *restrict z, double *restrict u, double *restrict v,
          double *restrict w)
{
#pragma omp simd
    for (long long i = 0; i < n; i++) {
        const double a = x[i], b = z[i];
        double y, ga, gb;
        LINES
        u[i] = y; v[i] = ga; w[i] = gb;
    }
}
"""
COPY = """
void copy(long long n, const double *restrict x, double *restrict y)
{
    store(y, x, n);
    finish();
}
"""


def is_possible() -> bool:
    """Whether there is a compiler."""
    try:
        toolchain()
    except LibraryError:
        return False
    return True


def shared(function: Any, arrays: Sequence[Any]) -> None:
    """Call a function of C on parts of arrays, in as many threads as there are cores."""
    total = arrays[0].size
    threads = cores() if total >= ALONE else 1
    size = -total // threads // 8 * -8
    addresses = [array.ctypes.data for array in arrays]

    def run(begin: int) -> None:
        places = [ctypes.c_void_p(address + 8 * begin) for address in addresses]
        function(ctypes.c_longlong(min(size, total - begin)), *places)

    if threads == 1:
        run(0)
    else:
        list(POOL.map(run, range(0, total, size)))


class ByHand:
    """A loop over points, compiled with our flags and the vector functions that we use."""

    def __init__(self, lines: str) -> None:
        """`lines` set y, ga and gb from a and b."""
        made_by = toolchain()
        text = "\n".join([HEAD, *vector_declarations(made_by.vectors), LOOP.replace("LINES", lines)])
        self._function = made_by.library(text).loop

    def __call__(self, points: Sequence[Any], out: Sequence[Any]) -> None:
        """Fill the arrays in `out`."""
        shared(self._function, [*points, *out])


def copy_of(count: int) -> Callable[[], None]:
    """What copies so many numbers, in all threads and past the cache, as benchmarks of bandwidth do."""
    function = toolchain().library(f"{HEAD}\n{STORE}\n{COPY}").copy
    arrays = [np.ones(count), np.ones(count)]
    return lambda: shared(function, arrays)
