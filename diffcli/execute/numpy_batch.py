"""A program of numbers at many points in NumPy: in blocks that stay in the cache, with threads over the blocks.

A plain transcription to NumPy walks through main memory once for every operation. Here all operations run on one block
of points before the next, and results are written straight into the arrays that are returned. NumPy lets other threads
run while it computes.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from diffcli.execute import half_angles
from diffcli.execute.block_plan import Plan, Program
from diffcli.execute.python_source import MAX_NODES
from diffcli.execute.workers import cores, share
from diffcli.graph.program import Graph

BLOCK = 16_384
"""Points of a block, …"""
CACHE = 3_000_000
"""… or fewer, so that all blocks of a program together have about this many bytes, …"""
SHORT_BLOCK, SHARED_CACHE = 4_096, 32_000_000
"""… but not fewer than so many while they fit into a larger cache: calls would take longer than what they do; …"""
SHORTEST_BLOCK = 1_024
"""… and never fewer than this."""
WHOLE = 8_192
"""Up to this many points NumPy runs on the arrays as they are."""
THREADED = 10_000_000
"""From about this many nanoseconds of work on several threads share the blocks."""
UNLIMITED = 1 << 62
FLOAT64 = np.dtype(np.float64)

Array = Any
Arrays = tuple[bool, ...]
"""For every input whether it is an array; the others are the same number at all points."""


class _Prepared(NamedTuple):
    plan: Plan
    program: Program
    known: dict[int, Array] | None
    """The numbers in the program, where they are the same in every run."""


class NumpyBatch:
    """A program of numbers made ready to run at many points in NumPy."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is compiled before the first run, which knows what is an array."""
        self.graph = graph
        self._quota = [UNLIMITED]
        self._prepared: dict[tuple[Arrays, bool], _Prepared] = {}
        self._is_short = len(graph.nodes) <= MAX_NODES

    @property
    def quota(self) -> int:
        """Points that `many` and `fill` still take; then whoever set it may choose something better."""
        return self._quota[0]

    @quota.setter
    def quota(self, points: int) -> None:
        self._quota[0] = points

    @cached_property
    def many(self) -> Callable[..., Any]:
        """All points in one block and in new arrays: the first output and a tuple of the others.

        None unless all inputs are plain arrays of a kind, and small.
        """
        return self._whole(Plan.allocating) or nothing

    @cached_property
    def fill_few(self) -> Callable[..., Any]:
        """The same for inputs and arrays that take the results; None unless all are of a kind, small, and apart."""
        return self._whole(Plan.filling) or nothing

    def _whole(self, written: Callable[[Plan, int, list[int]], Callable[..., Any]]) -> Callable[..., Any] | None:
        """A program on whole arrays, for one thread at a time: others get a RuntimeError."""
        count = len(self.graph.inputs)
        if not count or not self._is_short:
            return None
        plan = self._prepare((True,) * count).plan
        return partial(_quiet(), written(plan, WHOLE, self._quota))

    def cost(self, arrays: Arrays, points: int) -> int:
        """About how many nanoseconds one of so many points takes."""
        return self._prepare(arrays, is_large=points > WHOLE).plan.cost

    def fill(
        self,
        arrays: Arrays,
        inputs: Sequence[Array],
        given: Sequence[float],
        results: Sequence[Array],
        threads: int | None = None,
    ) -> None:
        """Fill the results at all points.

        Args:
            arrays: Which inputs are arrays.
            inputs: For each that is one its elements, along one axis.
            given: Values of all inputs, of which only those that are no arrays count.
            results: For every output an array with one axis.
            threads: How many threads share many points; as many as there are cores by default.
        """
        plan, program, known = self._prepare(arrays, is_large=results[0].size > WHOLE)
        known = known or plan.values(given)
        for number, place in plan.others:
            if place is None:
                results[number].fill(known[plan.graph.outputs[number]])
        if inputs:
            work = _Work(plan, program, inputs, [known[position] for position in plan.numbers], results)
            work.shared(threads or (cores() if inputs[0].size * plan.cost >= THREADED else 1))

    def _prepare(self, is_array: Arrays, *, is_large: bool = False) -> _Prepared:
        prepared = self._prepared.get((is_array, is_large))
        if prepared is None:
            plan = Plan(self.graph, is_array, by_half_angles=is_large and half_angles.pay())
            known = plan.values([0.0] * len(is_array)) if all(is_array) else None
            prepared = self._prepared[is_array, is_large] = _Prepared(plan, plan.program(), known)
        return prepared


class _Work:
    """One run over all blocks."""

    def __init__(
        self, plan: Plan, program: Program, inputs: Sequence[Array], numbers: Sequence[Array], results: Sequence[Array]
    ) -> None:
        self.plan, self.program = plan, program
        self.inputs, self.numbers, self.results = inputs, numbers, results
        self.copied = [(place, results[number]) for number, place in plan.others if place is not None]
        self.total = inputs[0].size
        self.block = block_length(plan.arrays)
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


def block_length(arrays: int) -> int:
    """Points of a block where so many arrays are in use at once."""
    size = 8 * max(1, arrays)
    fitting = max(CACHE // size, min(SHORT_BLOCK, SHARED_CACHE // size))
    return min(BLOCK, max(SHORTEST_BLOCK, fitting // 1024 * 1024))


def nothing(*_: Any) -> None:
    """What takes no points at all."""


def _quiet() -> Callable[..., Any]:
    """What calls a function so that 1/0 is inf and not a warning; entering a context is quicker than np.errstate."""
    context = Context()
    context.run(np.seterr, all="ignore")
    return context.run
