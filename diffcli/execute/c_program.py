"""A compiled program of numbers at many points: arrays of NumPy in, arrays of NumPy filled, threads over the points.

Other threads of Python run while C computes. Large results go to memory past the cache, which saves reading what is
only to be overwritten.
"""

import ctypes
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from diffcli.errors import LibraryError
from diffcli.execute import c_workers
from diffcli.execute.c_cache import cached
from diffcli.execute.c_calls import Calls, are_known
from diffcli.execute.c_functions import FUNCTIONS
from diffcli.execute.c_source import MOST_STREAMED, Loop, source
from diffcli.execute.c_vectors import Toolchain, toolchain

STREAMED = 16_000_000
"""Bytes of results from which on they pass the cache by: about what it holds."""
MOST_CALLED = 1_000
"""Arrays up to which Python hands them over by itself."""
SIMPLE, QUOTIENT, VECTOR, SCALAR, MEMORY = 0.04, 0.3, 0.45, 10.0, 0.06
"""About how many nanoseconds each point takes: for an operation, a quotient or root, a function that exists for several
numbers at once, any other one, and an array that lies in the cache. (Measured were 0.41, 1.6 and 2.9 for examples C, A
and B of the lectures, on a processor of 2024 with AVX-512.)"""
SIMPLE_CALLS = frozenset(("fabs", "floor", "ceil", "rint", "smaller", "larger", "sign"))

Array = Any


class CProgram:
    """A loop that was compiled; raises CompilerError where that fails."""

    def __init__(self, loop: Loop, made_by: Toolchain) -> None:
        self.loop, self._made_by = loop, made_by
        text = source(loop, made_by.vectors)
        library = made_by.library(text)
        self._program, self._streaming = _function(library.program), None
        computing, moving = _costs(loop, made_by.vectors)
        self.cost = computing + moving
        """About how many nanoseconds one point takes."""
        if loop.outputs <= MOST_STREAMED and computing < moving:
            self._streaming = _function(library.streaming)
        self.calls: Calls | None = None
        """What Python calls by itself, where all inputs are arrays."""
        if loop.takes_arrays_only and len(loop.inputs) + loop.outputs <= MOST_CALLED and are_known():
            counts = len(loop.inputs), loop.outputs
            with suppress(LibraryError, OSError):  # everything can be run without it
                self.calls = Calls(made_by, library.program, *counts, most=self._most(), cost=self.cost)

    def run(
        self, inputs: Sequence[Array], results: Sequence[Array], given: Sequence[float], threads: int | None = None
    ) -> None:
        """Fill the results at all points.

        Args:
            inputs: For every input that is an array its elements: double precision, one after the other.
            results: For every output such an array.
            given: Values of all inputs, of which only those that are no arrays count.
            threads: How many threads share the points.
        """
        total = results[0].size
        numbers = self.loop.values(given)
        arguments = (_places(inputs), _places(results), (ctypes.c_double * max(1, len(numbers)))(*numbers))
        is_large = sum(result.nbytes for result in results) >= STREAMED
        function = self._streaming if is_large and self._streaming is not None else self._program
        c_workers.run(self._made_by, function, total, self.cost, arguments, threads)

    def _most(self) -> int:
        """Points up to which nothing is to be decided: results stay in the cache, and nobody waits for long."""
        if c_workers.team(self._made_by) is None:
            return int(c_workers.IN_PYTHON / self.cost)
        kept = STREAMED // (8 * self.loop.outputs) - 1 if self._streaming is not None else STREAMED
        return min(kept, c_workers.round_of(self.cost))


def _places(arrays: Sequence[Array]) -> Any:
    places: Any = (ctypes.c_void_p * max(1, len(arrays)))(*[array.ctypes.data for array in arrays])
    places.arrays = arrays  # whoever computes with the places keeps what lies there
    return places


def _function(function: Any) -> Any:
    function.argtypes = [ctypes.c_longlong, ctypes.c_longlong, *[ctypes.c_void_p] * 3]
    function.restype = None
    return function


def _costs(loop: Loop, vectors: Sequence[str]) -> tuple[float, float]:
    """About how many nanoseconds one point takes: to compute, and to be read and written."""
    computing = 0.0
    for node in loop.graph.nodes:
        name = FUNCTIONS.get(node.op)
        if node.op in ("div", "sqrt"):
            computing += QUOTIENT
        elif name is None or name in SIMPLE_CALLS:
            computing += SIMPLE
        else:
            computing += VECTOR if name in vectors else SCALAR
    return computing, MEMORY * (len(loop.inputs) + loop.outputs)


def is_cached(loop: Loop) -> bool:
    """Whether the library of this loop is there already; raises CompilerError."""
    made_by = toolchain()
    return cached(made_by.name(source(loop, made_by.vectors))) is not None
