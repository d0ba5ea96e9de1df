"""Functions written with NumPy at many points: recorded once for all points that take the same branches.

Whatever a function asks for while it is recorded, the values that its `if` and `while` see among it, is computed at all
other points too. Those where it is the same belong to this recording; the function is recorded again for the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from diffcli.batches import PointBatch, along_points, at_point, count_of_points, filled_with
from diffcli.derivatives import Derivatives
from diffcli.errors import UsageError
from diffcli.tracing.containers import leaves, mapped
from diffcli.tracing.nodes import Nodes
from diffcli.tracing.recorded import Recorded
from diffcli.tracing.recorder import on_host
from diffcli.tracing.recording import Recording, argument_names, as_floats, is_number, is_whole, record

MOST_RECORDINGS = 100
"""A function that branches in more ways is run point by point from then on."""
Array = Any


class Group(NamedTuple):
    """Points that take the same branches."""

    points: Array | slice
    """Their numbers."""
    results: list[Array]
    """The value, and the partials by every leaf asked for."""


class Points:
    """Arguments of a function at many points."""

    def __init__(self, args: Sequence[Any], chosen: Sequence[int]) -> None:
        """Tell apart what has an axis of points; `chosen` are the arguments to differentiate by."""
        self.args, self.chosen = args, chosen
        self.leaves = [[leaf.value for leaf in leaves("", arg)] for arg in args]
        everything = [value for values in self.leaves for value in values]
        if any(isinstance(value, Recorded) for value in everything):
            raise UsageError("a batch cannot be differentiated itself", hint="call the function point by point")
        self.count = count_of_points([value for value in everything if not isinstance(value, str | bytes)])

    def at(self, number: int) -> list[Any]:
        """The arguments at one point."""
        return [mapped(lambda value: at_point(value, number), arg) for arg in self.args]

    def _split(self) -> Iterator[tuple[Any, bool]]:
        """Every leaf, and whether it is an input of the recording; others are passed on as they are."""
        for number, values in enumerate(self.leaves):
            for value in values:
                yield value, is_number(value) and (number in self.chosen or not is_whole(value))

    def inputs(self) -> list[Any]:
        """The leaves that are inputs."""
        return [along_points(as_floats(value), self.count) for value, is_input in self._split() if is_input]

    def passed_on(self) -> list[Array]:
        """The leaves that are not inputs and differ from point to point: indices, labels, truth values."""
        return [value for value, is_input in self._split() if not is_input and np.ndim(value) and len(value) > 1]

    def partial_leaves(self) -> list[Any]:
        """The leaves that partials belong to."""
        return [value for number in self.chosen for value in self.leaves[number] if is_number(value)]

    def gradient(self, partials: Sequence[Array]) -> tuple[Any, ...]:
        """Partials in the containers of the arguments; None for what is no number."""
        found = iter(partials)
        return tuple(
            mapped(lambda leaf: next(found) if is_number(leaf) else None, self.args[number]) for number in self.chosen
        )


class _Programs(NamedTuple):
    """What was made of a recording."""

    gradient: PointBatch
    decisions: PointBatch | None


class FunctionBatch:
    """A function at many points; what was compiled is kept from one run to the next."""

    def __init__(self, function: Callable[..., Any], recorded: Callable[..., Recording] | None = None) -> None:
        """`recorded` finds recordings that are used again; without it the function is recorded in every run."""
        self.function, self.recorded = function, recorded
        self.notes: dict[str, None] = {}
        """What there was to say about the last run."""
        self._nodes: list[Nodes] = []  # one for each thread that is at work

    def results(
        self, points: Points, kwargs: Mapping[str, Any], out: list[Any] | None = None, threads: int | None = None
    ) -> list[Array]:
        """The value and the partials by every leaf asked for, at all points."""
        leaves = points.partial_leaves()
        if out is not None:
            out = [np.empty(points.count) if array is None else array for array in out]
        results = None
        for group, found in self._groups(points, kwargs, out, threads):
            if isinstance(group, slice):
                results = found
                break
            results = results or [np.empty((points.count, *one.shape[1:]), one.dtype) for one in found]
            for result, part in zip(results, found, strict=True):
                result[group] = part
        if results is None:
            results = [np.empty(0), *[np.empty((0, *np.shape(leaf)[1:])) for leaf in leaves]]
        if out is not None:
            return results if results[0] is out[0] else filled_with(results, out)
        return [results[0], *[_in_type_of(leaf, part) for leaf, part in zip(leaves, results[1:], strict=True)]]

    def _groups(
        self, points: Points, kwargs: Mapping[str, Any], out: list[Array] | None, threads: int | None
    ) -> Iterator[Group]:
        """The results, for all points at once (then `out` takes them) or for one branch after the other."""
        self.notes = {}
        inputs, passed_on, remaining = points.inputs(), points.passed_on(), np.arange(points.count)
        for _ in range(MOST_RECORDINGS):
            if not len(remaining):
                return
            recording = self._record(points, int(remaining[0]), kwargs)
            values = [*inputs, *recording.values[len(inputs) :]]
            if any(isinstance(value, Recorded) for value in values):
                raise UsageError("a batch cannot be differentiated itself", hint="call the function point by point")
            programs = self._programs(recording)
            if programs.decisions is None and not passed_on:
                yield Group(slice(None), programs.gradient(values, points.count, out, threads))
                return
            is_same = _same_contents(passed_on, remaining)
            if programs.decisions is not None:
                for found, decided in zip(
                    programs.decisions.among(values, remaining, threads), recording.decisions.values(), strict=True
                ):
                    is_same &= _same_everywhere(found, decided)
            is_same[0] = True  # the point at which it was recorded, whatever was rounded otherwise
            group, remaining = remaining[is_same], remaining[~is_same]
            yield Group(group, programs.gradient.among(values, group, threads))
        yield from self._one_by_one(points, remaining, kwargs)

    def _one_by_one(self, points: Points, numbers: Array, kwargs: Mapping[str, Any]) -> Iterator[Group]:
        for number in map(int, numbers):
            recording = self._record(points, number, kwargs)
            graph = recording.graph
            value, partials = Derivatives(graph, recording.inputs(graph)).gradient(recording.values)
            yield Group(np.array([number]), [np.asarray(one)[None] for one in (value, *partials)])

    def _record(self, points: Points, number: int, kwargs: Mapping[str, Any]) -> Recording:
        args = points.at(number)
        if self.recorded is not None:
            recording = self.recorded(self.function, args, kwargs, points.chosen)
        else:
            nodes = self._nodes.pop() if self._nodes else Nodes()
            names = argument_names(self.function, len(args))
            recording = record(self.function, args, kwargs, points.chosen, nodes, names=names, with_data=True)
            self._nodes.append(nodes.successor())
        self.notes.update(dict.fromkeys(recording.notes))
        return recording

    @staticmethod
    def _programs(recording: Recording) -> _Programs:
        known, key = recording.nodes.programs, (recording.key, recording.wrt, tuple(recording.decisions))
        if key not in known:
            graph, positions = recording.graph, tuple(recording.decisions)
            gradient = PointBatch(Derivatives(graph, recording.inputs(graph)).gradient_program.graph)
            decided = recording.nodes.program((recording.key[0], positions)) if positions else None
            known[key] = _Programs(gradient, PointBatch(decided) if decided else None)
        found: _Programs = known[key]
        return found


def _in_type_of(leaf: Any, partials: Array) -> Array:
    """Partials by an array of single precision are of single precision."""
    is_single = str(getattr(leaf, "dtype", "")) == "float32" and isinstance(partials, np.ndarray)
    return partials.astype(leaf.dtype, copy=False) if is_single else partials


def _same_contents(arrays: Sequence[Array], numbers: Array) -> Array:
    """At which of the points arrays hold what they hold at the first of them."""
    is_same = np.ones(len(numbers), dtype=bool)
    for array in arrays:
        found = np.asarray(array)[numbers]
        is_same &= (found == found[:1]).reshape(len(numbers), -1).all(axis=1)
    return is_same


def _same_everywhere(found: Array, decided: Any) -> Array:
    """At which points a value is the one that decided; 0.0 and -0.0 are two, and every NaN is the same."""
    values, one = on_host(found), np.asarray(decided)
    is_same = (values == one) & (np.signbit(values) == np.signbit(one)) | (np.isnan(values) & np.isnan(one))
    return is_same.reshape(len(values), -1).all(axis=1)
