"""A program of numbers at many points: NumPy in blocks that stay in the cache, with threads over the blocks; or C.

A plain transcription to NumPy walks through main memory once for every operation. Here all operations run on one block
of points before the next, and results are written straight into the arrays that are returned. NumPy lets other threads
run while it computes.
"""

from collections import deque
from collections.abc import Sequence
from contextvars import Context
from math import prod
from typing import Any, NamedTuple

import numpy as np

from diffcli.errors import ShapeError, UsageError
from diffcli.execute import half_angles
from diffcli.execute.block_plan import Plan, Program
from diffcli.execute.c_batch import CBatch
from diffcli.execute.c_program import CProgram, Quick
from diffcli.execute.executors import at_one_point
from diffcli.execute.python_source import MAX_NODES
from diffcli.execute.workers import cores, share
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape, shown

BLOCK = 16_384
"""Points of a block, …"""
SHORTEST_BLOCK = 1_024
CACHE = 1_500_000
"""… or fewer, so that all blocks of a program together have about this many bytes."""
WHOLE = 8_192
"""Up to this many points NumPy runs on the arrays as they are."""
THREADED = 10_000_000
"""From about this many nanoseconds of work on several threads share the blocks."""
OUT = "out=(values, (g1, g2, …)), each an array of its own"
FLOAT64 = np.dtype(np.float64)

Array = Any


class _Prepared(NamedTuple):
    plan: Plan
    program: Program
    known: dict[int, Array] | None
    """The numbers in the program, where they are the same in every run."""


class Batch:
    """A program of numbers made ready to run at many points."""

    def __init__(self, graph: Graph, executor: str | None = None) -> None:
        """Nothing is compiled before the first run, which knows what is an array.

        Args:
            graph: The program.
            executor: What runs it (see `executors`); by default NumPy, and C where that pays.
        """
        self.graph, self._executor = graph, executor
        self._c = CBatch(graph) if executor in (None, "c") else None
        self._quick: Quick | None = None
        self._prepared: dict[tuple[tuple[bool, ...], bool], _Prepared] = {}
        self._is_short = len(graph.nodes) <= MAX_NODES
        self._whole: Program | None = None
        self._contexts: list[Context] = []

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
        """
        if self._quick is not None and out is None and type(points[0]) is np.ndarray and points[0].size <= WHOLE:
            found = self._quick(*points)
            if found is not None:
                return found
        if self._is_plain(points) and not self._runs_as_c(points):
            return self._at_once(points) if out is None else self._in_place(points, out)
        arrays = [_real(name, values) for name, values in zip(self.graph.variables, points, strict=True)]
        shape = _common_shape(self.graph.variables, arrays)
        results = [np.empty(shape) for _ in self.graph.outputs] if out is None else list(out)
        if out is not None:
            _check_outputs(results, shape, arrays, len(self.graph.outputs))
        flat = [array.reshape(-1) for array in results]
        self._run(arrays, shape, flat, threads)
        for array, written in zip(results, flat, strict=True):
            if not np.may_share_memory(array, written):
                array[...] = written.reshape(shape)
        return results

    def _runs_as_c(self, points: Sequence[Array]) -> bool:
        """Whether C takes plain arrays, which are few points."""
        if self._executor is not None:
            return self._executor != "numpy"
        assert self._c is not None, "the choice is automatic"
        arrays = (True,) * len(points)
        program = self._c.if_it_pays(arrays, points[0].size * self._prepare(arrays).plan.cost)
        if program is not None:
            self._quick = program.quick
        return program is not None

    def _is_plain(self, points: Sequence[Any]) -> bool:
        """Whether all inputs are arrays of double precision and the same shape, and not large."""
        first = points[0] if points else None
        if type(first) is not np.ndarray or not 0 < first.size <= WHOLE or not self._is_short:
            return False
        shape = first.shape
        for array in points:  # a loop is quicker than all()
            if type(array) is not np.ndarray or array.dtype is not FLOAT64 or array.shape != shape:
                return False
        return bool(shape)

    def _at_once(self, points: Sequence[Array]) -> list[Array]:
        """All points in one block, and new arrays for the results."""
        if self._whole is None:
            self._whole = self._prepare((True,) * len(points)).plan.allocating()
        context = self._contexts.pop() if self._contexts else _without_warnings()
        try:
            results: list[Array] = context.run(self._whole, points)
        finally:
            self._contexts.append(context)
        return results

    def _in_place(self, points: Sequence[Array], out: Sequence[Array]) -> list[Array]:
        """All points in one block, and results where they are wanted."""
        shape = points[0].shape
        _check_outputs(out, shape, points, len(self.graph.outputs))
        plan, program, known = self._prepare((True,) * len(points))
        buffers = [np.empty(shape) for _ in plan.buffers.names]
        masks = [np.empty(shape, dtype=np.bool_) for _ in plan.masks.names]
        assert known is not None, "no input is a number"
        values = [*points, *[known[position] for position in plan.numbers], *out, *buffers, *masks]
        with np.errstate(all="ignore"):
            program(values)
        for number, place in plan.others:
            out[number][...] = known[plan.graph.outputs[number]] if place is None else values[place]
        return list(out)

    def _prepare(self, is_array: tuple[bool, ...], *, is_large: bool = False) -> _Prepared:
        prepared = self._prepared.get((is_array, is_large))
        if prepared is None:
            plan = Plan(self.graph, is_array, by_half_angles=is_large and half_angles.pay())
            known = plan.values([0.0] * len(is_array)) if all(is_array) else None
            prepared = self._prepared[is_array, is_large] = _Prepared(plan, plan.program(), known)
        return prepared

    def _run(self, arrays: Sequence[Array], shape: Shape, results: Sequence[Array], threads: int | None) -> None:
        """Fill the results, which have one axis."""
        if self._executor in ("interpreter", "python"):
            self._one_by_one(arrays, shape, results)
            return
        is_array = tuple(array.size != 1 for array in arrays)
        given = [0.0 if flag else one.item() for one, flag in zip(arrays, is_array, strict=True)]
        inputs = [np.broadcast_to(array, shape).reshape(-1) for array in arrays if array.size != 1]
        program = self._c_program(is_array, shape)
        if program is not None:
            if all(is_array):
                self._quick = program.quick
            inputs = [np.require(array, np.float64, ["C", "ALIGNED"]) for array in inputs]
            program.run(inputs, results, given, threads)
        else:
            self._in_blocks(is_array, inputs, given, results, threads)

    def _c_program(self, is_array: tuple[bool, ...], shape: Shape) -> CProgram | None:
        if self._c is None:
            return None
        if self._executor == "c":
            return self._c.compiled(is_array)
        plan = self._prepare(is_array, is_large=prod(shape) > WHOLE).plan
        return self._c.if_it_pays(is_array, prod(shape) * plan.cost)

    def _one_by_one(self, arrays: Sequence[Array], shape: Shape, results: Sequence[Array]) -> None:
        program = at_one_point(self.graph, self._executor)
        columns = [np.broadcast_to(array, shape).reshape(-1).astype(np.float64).tolist() for array in arrays]
        for number in range(prod(shape)):
            for result, value in zip(results, program([column[number] for column in columns]), strict=True):
                result[number] = value

    def _in_blocks(
        self,
        is_array: tuple[bool, ...],
        inputs: Sequence[Array],
        given: Sequence[float],
        results: Sequence[Array],
        threads: int | None,
    ) -> None:
        """By NumPy, block by block."""
        plan, program, known = self._prepare(is_array, is_large=results[0].size > WHOLE)
        known = known or plan.values(given)
        for number, place in plan.others:
            if place is None:
                results[number].fill(known[plan.graph.outputs[number]])
        if inputs:
            work = _Work(plan, program, inputs, [known[position] for position in plan.numbers], results)
            work.shared(threads or (cores() if inputs[0].size * plan.cost >= THREADED else 1))


class _Work:
    """One run over all blocks."""

    def __init__(
        self, plan: Plan, program: Program, inputs: Sequence[Array], numbers: Sequence[Array], results: Sequence[Array]
    ) -> None:
        self.plan, self.program = plan, program
        self.inputs, self.numbers, self.results = inputs, numbers, results
        self.copied = [(place, results[number]) for number, place in plan.others if place is not None]
        self.total = inputs[0].size
        self.block = min(BLOCK, max(SHORTEST_BLOCK, CACHE // (8 * max(1, plan.arrays)) // 1024 * 1024))
        self.starts = deque(range(0, self.total, self.block))
        """The blocks that nobody has begun."""

    def shared(self, threads: int) -> None:
        """Run all blocks, in this thread and in as many more as there are to be."""
        share(self.run, self.starts, threads)

    def run(self) -> None:
        """Take one block after the other, until there are no more."""
        size = min(self.block, self.total)
        buffers = [*np.empty((self.plan.buffers.count, size)), *np.empty((self.plan.masks.count, size), dtype=np.bool_)]
        with np.errstate(all="ignore"):
            while True:
                try:
                    start = self.starts.popleft()
                except IndexError:
                    return
                end = min(start + self.block, self.total)
                if end - start < size:
                    buffers = [buffer[: end - start] for buffer in buffers]
                inputs = [self._numbers(values[start:end]) for values in self.inputs]
                values = [*inputs, *self.numbers, *[result[start:end] for result in self.results], *buffers]
                self.program(values)
                for place, result in self.copied:
                    result[start:end] = values[place]

    @staticmethod
    def _numbers(block: Array) -> Array:
        return block if block.dtype is FLOAT64 else block.astype(np.float64)


def _real(name: str, values: Any) -> Array:
    """An input as an array of real numbers, not copied where it is one."""
    if isinstance(values, np.ma.MaskedArray):
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
        if array.shape != shape:
            raise ShapeError(f"an array in out has the shape {shown(array.shape)}, and not {shown(shape)}")
        if not array.flags.writeable:
            raise UsageError("an array in out is read-only")
        for other in (*inputs, *results[:number]):
            if np.may_share_memory(array, other):
                raise UsageError("an array in out shares its memory with an input or with another one in out", hint=OUT)


def _without_warnings() -> Context:
    """A context in which 1/0 is inf and not a warning; entering one is quicker than np.errstate."""
    context = Context()
    context.run(np.seterr, all="ignore")
    return context
