"""NumPy's functions that join arrays, and those that part them."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.errors import ShapeError
from diffcli.graph import composites
from diffcli.graph.primitive import Term
from diffcli.tracing.moves import at_least
from diffcli.tracing.reductions import axis_of, part

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder


def concatenate(recorder: "Recorder", arrays: Sequence[Any], axis: int | None = 0) -> Term:
    """Joined along an axis."""
    terms = [array if isinstance(array, Term) else recorder.term(array) for array in arrays]
    if axis is None:
        terms, axis = [x.reshape((prod(x.shape),)) for x in terms], 0
    first, *others = terms
    place = axis_of(first, axis)
    return first.apply("concatenate", *others, axis=place) if others else first


def append(recorder: "Recorder", arr: Any, values: Any, axis: int | None = None) -> Term:
    """Joined behind the last element."""
    return concatenate(recorder, [arr, values], axis)


def stack(recorder: "Recorder", arrays: Sequence[Any], axis: int = 0) -> Term:
    """Joined along a new axis."""
    return composites.stack([recorder.term(array) for array in arrays], int(axis))


def hstack(recorder: "Recorder", tup: Sequence[Any]) -> Term:
    """Side by side."""
    terms = _widened(recorder, tup, 1)
    return concatenate(recorder, terms, 0 if len(terms[0].shape) == 1 else 1)


def vstack(recorder: "Recorder", tup: Sequence[Any]) -> Term:
    """One below the other."""
    return concatenate(recorder, _widened(recorder, tup, 2), 0)


def dstack(recorder: "Recorder", tup: Sequence[Any]) -> Term:
    """One behind the other."""
    return concatenate(recorder, _widened(recorder, tup, 3), 2)


def column_stack(recorder: "Recorder", tup: Sequence[Any]) -> Term:
    """Vectors as columns."""
    terms = [recorder.term(array) for array in tup]
    return concatenate(recorder, [x.reshape((prod(x.shape), 1)) if len(x.shape) < 2 else x for x in terms], 1)


def _widened(recorder: "Recorder", arrays: Sequence[Any], rank: int) -> list[Term]:
    return [at_least(rank)(recorder, array) for array in arrays]


def array_split(recorder: "Recorder", ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Term]:
    """Parts along an axis, at indices or in a number of nearly equal sections."""
    x = recorder.term(ary)
    place = axis_of(x, axis)
    return [part(x, place, start, stop) for start, stop in _sections(x.shape[place], indices_or_sections)]


def _sections(length: int, wanted: Any) -> Iterator[tuple[int, int]]:
    for section in np.array_split(np.arange(length), wanted):
        start = int(section[0]) if len(section) else 0
        yield start, start + len(section)


def split(recorder: "Recorder", ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Term]:
    """The same in equal sections only."""
    x = recorder.term(ary)
    length = x.shape[axis_of(x, axis)]
    if not isinstance(indices_or_sections, Sequence | np.ndarray) and length % int(indices_or_sections):
        raise ShapeError(f"{length} elements cannot be split into {indices_or_sections} equal parts")
    return array_split(recorder, ary, indices_or_sections, axis)


def hsplit(recorder: "Recorder", ary: Any, indices_or_sections: Any) -> list[Term]:
    """Parts side by side."""
    return split(recorder, ary, indices_or_sections, 0 if len(recorder.term(ary).shape) == 1 else 1)


def vsplit(recorder: "Recorder", ary: Any, indices_or_sections: Any) -> list[Term]:
    """Parts one below the other."""
    return split(recorder, ary, indices_or_sections, 0)
