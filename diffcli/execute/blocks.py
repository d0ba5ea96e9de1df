"""A program of numbers at many points, by the executor that is asked for or that is quickest."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from diffcli.errors import ShapeError, UsageError
from diffcli.execute.c_batch import CBatch
from diffcli.execute.c_program import CProgram
from diffcli.execute.cuda_batch import CudaBatch, is_on_device
from diffcli.execute.executors import at_one_point
from diffcli.execute.numpy_batch import FLOAT64, UNLIMITED, Array, Arrays, NumpyBatch, nothing
from diffcli.execute.results import Results
from diffcli.execute.workers import checked
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape, shown

OUT = "out=(values, (g1, g2, …)), each an array of its own"
MOST_WORK: Any = 10_000
"""Steps until NumPy gives up to find out whether two arrays share memory."""


class Batch:
    """A program of numbers made ready to run at many points."""

    def __init__(self, graph: Graph, executor: str | None = None) -> None:
        """Nothing is compiled before the first run, which knows what is an array.

        Args:
            graph: The program.
            executor: What runs it (see `executors`); by default NumPy, and C where that pays.
        """
        self.graph, self._executor = graph, executor
        self._numpy, self._c = NumpyBatch(graph), CBatch(graph)
        self._cuda: CudaBatch | None = None
        self._results = Results(len(graph.outputs))
        self._runs_in_c = False
        self.many: Callable[..., Any] = nothing
        """From plain arrays, of few points where NumPy runs, to the first output and a tuple of the others; None for
        all else. Raises RuntimeError where another thread is in it."""
        self.fill_few: Callable[..., Any] = nothing
        """Whether such arrays for the inputs and the outputs could be filled."""
        if executor is None:
            self._grant(0)  # the first run will show what a point costs

    def __call__(
        self, points: Sequence[Any], out: Sequence[Any] | None = None, threads: int | None = None
    ) -> list[Array]:
        """All outputs at all points, as arrays of double precision of the inputs' common shape.

        Args:
            points: For every input an array of real numbers, or a number that is the same at all points.
            out: For every output an array that takes it.
            threads: How many threads share the work at many points; as many as there are cores by default.

        Raises:
            ShapeError: The shapes do not broadcast to one, or an array in `out` has another.
            UsageError: An input is not made of real numbers, or an array in `out` cannot be written to as it is.
            CompilerError: C was asked for, and there is no compiler that works.
        """
        threads = checked(threads)
        is_free = threads is None or not self._runs_in_c  # NumPy takes few points in one thread
        found = self._at_once(points, out) if is_free and len(points) == len(self.graph.inputs) else None
        if found is not None:
            return found
        if any(map(is_on_device, points)):
            return self._on_device(points, out)
        arrays = [_real(name, values) for name, values in zip(self.graph.variables, points, strict=True)]
        shape = _common_shape(self.graph.variables, arrays)
        results = self._results.arrays(shape) if out is None else list(out)
        if out is not None:
            _check_outputs(results, shape, arrays, len(self.graph.outputs))
        flat = [array.reshape(-1) for array in results]
        self._fill(arrays, shape, flat, threads)
        for array, written in zip(results, flat, strict=True):
            if not np.may_share_memory(array, written):
                array[...] = written.reshape(shape)
        return results

    def _at_once(self, points: Sequence[Any], out: Sequence[Any] | None) -> list[Array] | None:
        """The results where nothing has to be looked at or converted."""
        try:
            if out is None:
                found = self.many(*points)
                return None if found is None else [found[0], *found[1]]
            return list(out) if len(out) == len(self.graph.outputs) and self.fill_few(*points, *out) else None
        except RuntimeError:  # another thread is in it
            return None

    def _on_device(self, points: Sequence[Any], out: Sequence[Any] | None) -> list[Array]:
        if self._executor is not None:
            raise UsageError(f"arrays of CuPy run as one kernel on their device, not by {self._executor}")
        if self._cuda is None:
            self._cuda = CudaBatch(self.graph)
        return self._cuda(points, out)

    def _fill(self, points: Sequence[Array], shape: Shape, results: Sequence[Array], threads: int | None) -> None:
        """Fill the results, which have one axis."""
        if self._executor in ("interpreter", "python"):
            self._one_by_one(points, shape, results)
            return
        arrays = tuple(array.size != 1 for array in points)
        given = [0.0 if flag else one.item() for one, flag in zip(points, arrays, strict=True)]
        inputs = [np.broadcast_to(array, shape).reshape(-1) for array in points if array.size != 1]
        program = self._c_program(arrays, prod(shape))
        if all(arrays):
            self._remember(program)
        if program is None:
            self._numpy.fill(arrays, inputs, given, results, threads)
            return
        inputs = [np.require(array, np.float64, ["C", "ALIGNED"]) for array in inputs]
        written = [result if _is_contiguous(result) else np.empty(result.shape) for result in results]
        program.run(inputs, written, given, threads)
        for result, one in zip(results, written, strict=True):
            if one is not result:
                result[...] = one

    def one(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """What takes one point, compiled by C: floats in, the first output and a tuple of the others out.

        Args:
            otherwise: What it hands everything else to; it is the result where this Python cannot call C.

        Raises:
            CompilerError: There is no compiler that works.
        """
        program = self._c.compiled((True,) * len(self.graph.inputs))
        self._remember(program)
        return otherwise if program.calls is None else program.calls.one(otherwise)

    def _remember(self, program: CProgram | None) -> None:
        """Let plain arrays go the short way from now on."""
        if program is None:
            self.many, self.fill_few = self._numpy.many, self._numpy.fill_few
        elif program.calls is not None and not self._runs_in_c:
            self.many, self.fill_few = program.calls.many(self._results.along), program.calls.fill()
            self._runs_in_c = True

    def _c_program(self, arrays: Arrays, points: int) -> CProgram | None:
        """The program in C, if that is asked for or pays."""
        if self._executor is not None:
            return self._c.compiled(arrays) if self._executor == "c" else None
        cost = self._numpy.cost(arrays, points)
        if not all(arrays):
            return self._c.if_it_pays(arrays, points * cost)
        done = self._granted - max(0, self._numpy.quota) if self._granted < UNLIMITED else 0
        program = self._c.if_it_pays(arrays, (points + done) * cost)
        self._grant(UNLIMITED if program else self._c.patience(arrays) / max(1, cost))
        return program

    def _grant(self, points: float) -> None:
        """Let NumPy take so many points before C is thought of again."""
        self._granted = self._numpy.quota = int(min(points, UNLIMITED))

    def _one_by_one(self, points: Sequence[Array], shape: Shape, results: Sequence[Array]) -> None:
        program = at_one_point(self.graph, self._executor)
        columns = [np.broadcast_to(array, shape).reshape(-1).astype(np.float64).tolist() for array in points]
        for number in range(prod(shape)):
            for result, value in zip(results, program([column[number] for column in columns]), strict=True):
                result[number] = value


def _is_contiguous(array: Array) -> bool:
    return bool(array.flags.c_contiguous and array.flags.aligned)


def _real(name: str, values: Any) -> Array:
    """An input as an array of real numbers, not copied where it is one."""
    if _is_masked(values):
        raise UsageError(f"{name} is a masked array", hint="choose the points first: x[~x.mask].data")
    if hasattr(values, "__array_namespace__") and not isinstance(values, np.ndarray | np.generic):
        raise UsageError(f"{name} is no array of NumPy, on which batches run")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as problem:
        raise UsageError(f"{name} is no array of numbers: {problem}") from None
    if array.dtype.kind not in "biuf":
        raise UsageError(f"{name} consists of {array.dtype}, and not of real numbers")
    return array


def _is_masked(array: Any) -> bool:
    """Whether it is one of numpy.ma, which is imported only for arrays of special kinds.

    A child of a process that is just importing something would wait for it for ever.
    """
    return isinstance(array, np.ndarray) and type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray)


def _common_shape(names: Sequence[str], arrays: Sequence[Array]) -> Shape:
    try:
        return np.broadcast_shapes(*[array.shape for array in arrays])
    except ValueError:
        shapes = ", ".join(f"{name}: {shown(array.shape)}" for name, array in zip(names, arrays, strict=True))
        raise ShapeError(f"the shapes of the points do not fit each other ({shapes})") from None


def _check_outputs(results: Sequence[Any], shape: Shape, inputs: Sequence[Array], count: int) -> None:
    """Refuse arrays that cannot take the results as they are."""
    if len(results) != count:
        raise UsageError(f"out has {len(results)} arrays, {count} are needed", hint=OUT)
    for number, array in enumerate(results):
        if not isinstance(array, np.ndarray) or array.dtype != FLOAT64:
            what = f"of {array.dtype}" if hasattr(array, "dtype") else type(array).__name__
            raise UsageError(f"out takes arrays of float64, not {what}", hint=OUT)
        if _is_masked(array):
            raise UsageError("an array in out is masked")
        if array.shape != shape:
            raise ShapeError(f"an array in out has the shape {shown(array.shape)}, and not {shown(shape)}")
        if not array.flags.writeable:
            raise UsageError("an array in out is read-only")
        if _overlaps_itself(array):
            raise UsageError("an array in out overlaps itself", hint=OUT)
        if any(_share_memory(array, other) for other in (*inputs, *results[:number])):
            raise UsageError("an array in out shares its memory with an input or with another one in out", hint=OUT)


def _overlaps_itself(array: Array) -> bool:
    """Whether two elements have a byte in common; steps along axes of one element do not matter."""
    reach = array.itemsize
    for step, length in sorted((abs(step), length) for step, length in zip(array.strides, array.shape, strict=True)):
        if length > 1 and step < reach:
            return bool(array.size > 0)
        reach += step * (length - 1)
    return False


def _share_memory(array: Array, other: Array) -> bool:
    """Whether they have a byte in common, or it would take long to tell; columns of one table have not."""
    try:
        return bool(np.shares_memory(array, other, max_work=MOST_WORK))
    except np.exceptions.TooHardError:
        return True
