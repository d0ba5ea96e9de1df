"""A compiled program of numbers at many points: arrays of NumPy in, arrays of NumPy filled, threads over the points.

Other threads of Python run while C computes. Large results go to memory past the cache, which saves reading what is
only to be overwritten.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from diffcli.execute.c_cache import cached
from diffcli.execute.c_functions import FUNCTIONS
from diffcli.execute.c_source import MOST_STREAMED, Loop, source
from diffcli.execute.c_vectors import Toolchain, toolchain
from diffcli.execute.workers import cores, share

STREAMED = 16_000_000
"""Bytes of results from which on they pass the cache by: about what it holds."""
SHORTEST, PARTS = 8_192, 8
"""Threads share the points in as many parts for each, of as many points at least."""
THREADED = 120_000
"""Nanoseconds of work from which on a second thread pays: waking it takes a half of that."""
SIMPLE, QUOTIENT, VECTOR, SCALAR, MEMORY = 0.04, 0.3, 0.45, 10.0, 0.06
"""About how many nanoseconds each point takes: for an operation, a quotient or root, a function that exists for several
numbers at once, any other one, and an array that lies in the cache. (Measured were 0.41, 1.6 and 2.9 for examples C, A
and B of the lectures, on a processor of 2024 with AVX-512.)"""
SIMPLE_CALLS = frozenset(("fabs", "floor", "ceil", "rint", "smaller", "larger", "sign"))
FEW = 8_192
"""Points up to which new arrays are as good as kept ones."""
MOST_QUICK = 12
"""Arrays up to which they are handed over as they are."""
LIKE = np.empty(1)
"""What the arrays are that C takes as they are."""

Array = Any
Quick = Callable[..., list[Array] | None]


class CProgram:
    """A loop that was compiled; raises CompilerError where that fails."""

    def __init__(self, loop: Loop, made_by: Toolchain) -> None:
        self.loop = loop
        text = source(loop, made_by.vectors)
        library = made_by.library(text)
        self._program, self._streaming = _function(library.program), None
        computing, moving = _costs(loop, made_by.vectors)
        self.cost = computing + moving
        """About how many nanoseconds one point takes."""
        if loop.outputs <= MOST_STREAMED and computing < moving:
            self._streaming = _function(library.streaming)
        self.quick, self.quick_into = self._quick(library)
        """Functions of arrays for few points; None or False where they cannot take them."""

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
        wanted = threads or (cores() if total * self.cost >= THREADED else 1)
        if wanted == 1:
            function(0, total, *arguments)
            return
        size = max(SHORTEST, -total // (wanted * PARTS) // 8 * -8)
        parts = deque((begin, min(begin + size, total)) for begin in range(0, total, size))

        def work() -> None:
            while True:
                try:
                    begin, end = parts.popleft()
                except IndexError:
                    return
                function(begin, end, *arguments)

        share(work, parts, wanted)

    def _quick(self, library: ctypes.CDLL) -> tuple[Quick | None, Callable[..., bool] | None]:
        """Functions of plain arrays of few points, without and with arrays for the results."""
        count = len(self.loop.inputs) + self.loop.outputs
        if count > MOST_QUICK or self.loop.numbers or not self.loop.inputs or not objects_are_known():
            return None, None
        function = library.arrays
        function.argtypes, function.restype = [ctypes.py_object] * (1 + count), ctypes.c_int
        outputs, most = range(self.loop.outputs), int(THREADED / self.cost)

        def quick(*inputs: Any) -> list[Array] | None:
            first = inputs[0]
            if type(first) is not np.ndarray or first.size > FEW:
                return None
            size = first.size
            results = [np.empty(size) for _ in outputs]
            return results if function(LIKE, *inputs, *results) else None

        def quick_into(*arrays: Any) -> bool:
            first = arrays[0]
            return type(first) is np.ndarray and first.size <= most and bool(function(LIKE, *arrays))

        return quick, quick_into


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


@cache
def objects_are_known() -> bool:
    """Whether NumPy's arrays lie in memory as C is told (see `c_source`), in this build of Python and of NumPy."""
    if object.__basicsize__ != 2 * ctypes.sizeof(ctypes.c_void_p):
        return False
    table = np.arange(12.0).reshape(3, 4)
    for array in (table[1], table[:, 1], table):
        seen = _Object.from_address(id(array))
        shape = [seen.dimensions[axis] for axis in range(array.ndim)]
        strides = [seen.strides[axis] for axis in range(array.ndim)]
        found = (seen.type, seen.data, seen.axes, shape, strides, seen.dtype, seen.flags)
        layout = (array.ctypes.data, array.ndim, [*array.shape], [*array.strides])
        if found != (id(np.ndarray), *layout, id(LIKE.dtype), array.flags.num):
            return False
    return True


class _Object(ctypes.Structure):
    """The public beginning of every array (PyArrayObject_fields in NumPy's headers)."""

    _fields_ = (
        ("count", ctypes.c_ssize_t),
        ("type", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("axes", ctypes.c_int),
        ("dimensions", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )


def is_cached(loop: Loop) -> bool:
    """Whether the library of this loop is there already; raises CompilerError."""
    made_by = toolchain()
    return cached(made_by.name(source(loop, made_by.vectors))) is not None
