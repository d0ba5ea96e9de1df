"""A program of numbers at many points on a GPU: one kernel over arrays of CuPy, and nothing that passes the host."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from diffcli.errors import ShapeError, UsageError
from diffcli.execute.array_source import compiled
from diffcli.execute.c_source import Loop, is_available
from diffcli.execute.cuda_source import KERNEL, source
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown

THREADS, MOST_BLOCKS = 256, 1 << 16
"""Threads of a block, and blocks of a launch; beyond that a thread takes several points."""
OPTIONS = ("--fmad=false",)
"""Every operation is rounded, as on the host."""

Array = Any


def is_on_device(value: Any) -> bool:
    """Whether it is an array of CuPy."""
    return type(value).__module__.partition(".")[0] == "cupy"


class CudaBatch:
    """A program of numbers made ready to run on arrays of CuPy."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is compiled before the first run, which knows what is an array."""
        self.graph = graph
        self._is_available = is_available(graph)
        self._kernels: dict[tuple[bool, ...], tuple[Loop, Any]] = {}

    def __call__(self, points: Sequence[Any], out: Sequence[Array] | None = None) -> list[Array]:
        """All outputs at all points, as arrays of double precision of the inputs' common shape.

        Raises:
            ShapeError: The shapes do not broadcast to one, or an array in `out` has another.
            UsageError: Something is neither a number nor an array of CuPy, or `out` cannot be written to as it is.
        """
        cupy = import_module("cupy")
        self._check(points)
        arrays = [point for point in points if is_on_device(point)]
        try:
            shape = cupy.broadcast_shapes(*[array.shape for array in arrays])
        except ValueError:
            shapes = ", ".join(shown(array.shape) for array in arrays)
            raise ShapeError(f"the shapes of the points do not fit each other ({shapes})") from None
        results = [cupy.empty(shape, dtype=cupy.float64) for _ in self.graph.outputs] if out is None else list(out)
        _check_outputs(results, shape, arrays, len(self.graph.outputs))
        if not self._is_available:
            for result, found in zip(results, compiled(self.graph)(list(points)), strict=True):
                result[...] = found
            return results
        flat = [cupy.ascontiguousarray(cupy.broadcast_to(array, shape), dtype=cupy.float64) for array in arrays]
        written = [result if result.flags.c_contiguous else cupy.empty(shape, dtype=cupy.float64) for result in results]
        self._run(cupy, points, flat, written)
        for result, one in zip(results, written, strict=True):
            if one is not result:
                result[...] = one
        return results

    def _check(self, points: Sequence[Any]) -> None:
        for name, value in zip(self.graph.variables, points, strict=True):
            is_number = isinstance(value, int | float)
            if not is_number and not (is_on_device(value) and value.dtype.kind in "biuf"):
                what = f"of {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
                raise UsageError(f"{name} is {what}: beside arrays of CuPy only such arrays and numbers can stand")

    def _run(self, cupy: Any, points: Sequence[Any], inputs: Sequence[Array], results: Sequence[Array]) -> None:
        arrays = tuple(map(is_on_device, points))
        if arrays not in self._kernels:
            loop = Loop(self.graph, arrays)
            self._kernels[arrays] = loop, cupy.RawKernel(source(loop), KERNEL, options=OPTIONS)
        loop, kernel = self._kernels[arrays]
        numbers = loop.values([0.0 if flag else float(point) for point, flag in zip(points, arrays, strict=True)])
        count = results[0].size
        if count:
            blocks = min(-(-count // THREADS), MOST_BLOCKS)
            kernel((blocks,), (THREADS,), (count, *inputs, *results, *numbers))


def _check_outputs(results: Sequence[Any], shape: tuple[int, ...], inputs: Sequence[Array], count: int) -> None:
    """Refuse arrays that cannot take the results as they are."""
    if len(results) != count:
        raise UsageError(f"out has {len(results)} arrays, {count} are needed")
    for number, array in enumerate(results):
        if not is_on_device(array) or array.dtype.name != "float64":
            raise UsageError("out takes arrays of CuPy of float64")
        if array.shape != shape:
            raise ShapeError(f"an array in out has the shape {shown(array.shape)}, and not {shown(shape)}")
        ends = _bounds(array)
        for other in (*inputs, *results[:number]):
            begin, end = _bounds(other)
            if array.size and other.size and ends[0] < end and begin < ends[1]:
                raise UsageError("an array in out shares its memory with an input or with another one in out")


def address(array: Array) -> int:
    """Where its first element lies in the memory of the device."""
    return int(array.data.ptr)


def _bounds(array: Array) -> tuple[int, int]:
    """The addresses between which its elements lie."""
    low = high = address(array)
    for length, stride in zip(array.shape, array.strides, strict=True):
        low, high = low + min(0, (length - 1) * stride), high + max(0, (length - 1) * stride)
    return low, high + int(array.itemsize)
