"""Programs on numbers and arrays at many points, which lie along a first axis.

A program of numbers runs in blocks (see `execute.blocks`). A program on arrays becomes one on arrays with an axis more,
for as many points at a time as the cache holds.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from diffcli.derivatives import Runnable
from diffcli.errors import ShapeError, UsageError
from diffcli.execute.array_library import library_of
from diffcli.execute.blocks import Batch
from diffcli.graph.batching import batched
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown

BLOCK_BYTES = 2**23
"""What the intermediates of the points of one block may take together."""
MAX_PROGRAMS = 16
"""A program on arrays is compiled for a number of points; so many of them are kept."""
FIRST_AXIS = "the first axis of every array is that of the points; one of length 1, or a number, is the same at all"

Array = Any


class PointBatch:
    """A program made ready to run at many points."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is compiled before the first run."""
        self.graph = graph
        self._of_numbers: Batch | None = None
        self._of_arrays: dict[tuple[tuple[bool, ...], int], Runnable] = {}
        self._block = max(1, BLOCK_BYTES // (8 * sum(prod(node.shape) for node in graph.nodes) or 8))

    def __call__(
        self, values: Sequence[Any], count: int, out: Sequence[Array] | None = None, threads: int | None = None
    ) -> list[Array]:
        """All outputs at all points, as arrays with a first axis of length `count`.

        Args:
            values: For every input an array with such a first axis, or what it is at all points.
            count: How many points there are.
            out: For every output an array that takes it.
            threads: How many threads share many points of numbers.
        """
        if self.graph.is_scalar and any(map(np.ndim, values)) and all(map(_is_of_numpy, values)):
            self._of_numbers = self._of_numbers or Batch(self.graph)
            return self._of_numbers(values, out, threads)
        is_many = self._is_many(values)
        size = min(count, self._block)
        program = self._program(is_many, size)
        results: list[Array] | None = None
        for start in range(0, count, size):
            begin = min(start, count - size)  # the last block is as long as all: it overlaps the one before
            part = slice(begin, begin + size)
            found = program([value[part] if flag else value for value, flag in zip(values, is_many, strict=True)])
            if size == count:
                results = list(found)
                break
            results = results or [_empty_like(one, count) for one in found]
            for result, one in zip(results, found, strict=True):
                result[part] = one
        assert results is not None, "there is a point"
        return results if out is None else filled_with(results, out)

    def among(self, values: Sequence[Any], numbers: Array, threads: int | None = None) -> list[Array]:
        """All outputs at the points with these numbers.

        Groups of points have many sizes; for programs on arrays, which are compiled for each, they are made up to a
        power of two by points that stand there twice.
        """
        count = len(numbers)
        if not self.graph.is_scalar:
            numbers = np.concatenate([numbers, np.full((1 << (count - 1).bit_length()) - count, numbers[-1])])
        chosen = [value[numbers] if flag else value for value, flag in zip(values, self._is_many(values), strict=True)]
        return [result[:count] for result in self(chosen, len(numbers), None, threads)]

    def _is_many(self, values: Sequence[Any]) -> tuple[bool, ...]:
        """Which inputs have an axis of points."""
        ranks = [len(self.graph.nodes[position].shape) for position in self.graph.inputs]
        return tuple(np.ndim(value) > rank for value, rank in zip(values, ranks, strict=True))

    def _program(self, is_many: tuple[bool, ...], size: int) -> Runnable:
        program = self._of_arrays.get((is_many, size))
        if program is None:
            if len(self._of_arrays) >= MAX_PROGRAMS:
                self._of_arrays.clear()
            inputs = [position for position, flag in zip(self.graph.inputs, is_many, strict=True) if flag]
            program = self._of_arrays[is_many, size] = Runnable(batched(self.graph, inputs, size))
        return program


def _is_of_numpy(value: Any) -> bool:
    return isinstance(value, (int, float, np.ndarray, np.generic))


def _empty_like(part: Array, count: int) -> Array:
    return library_of([part]).namespace.empty((count, *part.shape[1:]), dtype=part.dtype)


def count_of_points(values: Sequence[Any]) -> int:
    """How many points arrays have along their first axes; raises ShapeError where these do not fit."""
    counts = {len(value) for value in values if np.ndim(value)}
    if not counts:
        raise UsageError("no argument has an axis of points", hint=FIRST_AXIS)
    many = counts - {1}
    if len(many) > 1:
        found = " and ".join(map(str, sorted(many)))
        raise ShapeError(f"the arguments have different numbers of points: {found}", hint=FIRST_AXIS)
    return many.pop() if many else 1


def at_point(value: Any, number: int) -> Any:
    """What a value is at one point: an element along the first axis, or the value itself."""
    if not np.ndim(value):
        return value
    found = value[number if len(value) > 1 else 0]
    return float(found) if isinstance(found, np.floating) else found


def along_points(value: Any, count: int) -> Any:
    """A value that is the same at all of several points without its axis of points."""
    return value[0] if count > 1 and np.ndim(value) and len(value) == 1 else value


def filled_with(results: Sequence[Array], out: Sequence[Any]) -> list[Array]:
    """The arrays that the user gave for results, with these in them."""
    if len(out) != len(results):
        raise UsageError(f"out has {len(out)} arrays, {len(results)} are needed")
    for result, target in zip(results, out, strict=True):
        if not hasattr(target, "shape") or not hasattr(target, "__setitem__"):
            raise UsageError(f"out takes arrays, not {type(target).__name__}")
        if target.shape != result.shape:
            raise ShapeError(f"an array in out has the shape {shown(target.shape)}, and not {shown(result.shape)}")
        target[...] = result
    return list(out)
