"""Indices of recorded arrays: numbers and slices by the primitive `index`, arrays of indices by `take`.

What an index with arrays selects is found by NumPy itself, on an array of positions.
"""

from types import EllipsisType
from typing import Any

import numpy as np

from diffcli.errors import FunctionError
from diffcli.graph.primitive import Term
from diffcli.graph.shapes import normal_key
from diffcli.graph.structural import Indices

_BASIC = (int, np.integer, slice, EllipsisType)


def indexed(x: Term, key: Any) -> Term:
    """x[key] as NumPy means it."""
    entries = key if isinstance(key, tuple) else (key,)
    if all(entry is None or (isinstance(entry, _BASIC) and not isinstance(entry, bool)) for entry in entries):
        return _basic(x, entries)
    return taken(x, positions(x)[tuple(_plain(entry) for entry in entries)])


def selects_a_view(key: Any, shape: tuple[int, ...]) -> bool:
    """Whether NumPy gives a part of the memory of an array for an index: no copy, and no number."""
    entries = key if isinstance(key, tuple) else (key,)
    is_basic = all(entry is None or (isinstance(entry, _BASIC) and not isinstance(entry, bool)) for entry in entries)
    return is_basic and (bool(shape) or any(entry is Ellipsis for entry in entries))


def positions(x: Term) -> Any:
    """An array of the shape of x that holds the position of each element in the flattened array."""
    return np.arange(int(np.prod(x.shape, dtype=np.int64))).reshape(x.shape)


def taken(x: Term, where: Any) -> Term:
    """The elements of x at an array of positions."""
    where = np.asarray(where, dtype=np.int64)
    return x.apply("take", indices=Indices(where.shape, where.tobytes()))


def _basic(x: Term, entries: tuple[Any, ...]) -> Term:
    """Numbers, slices, one … and new axes."""
    if entries.count(Ellipsis) > 1:
        raise FunctionError("an index has one … at most")
    if Ellipsis in entries:
        place = entries.index(Ellipsis)
        missing = len(x.shape) - sum(entry is not None for entry in entries) + 1
        entries = (*entries[:place], *[slice(None)] * missing, *entries[place + 1 :])
    key = normal_key(x.shape, [int(e) if not isinstance(e, slice) else e for e in entries if e is not None])
    result = x if all(entry == (0, size, 1) for entry, size in zip(key, x.shape, strict=True)) else x.index(key)
    return result.reshape(_with_new_axes(result.shape, entries)) if None in entries else result


def _with_new_axes(shape: tuple[int, ...], entries: tuple[Any, ...]) -> tuple[int, ...]:
    sizes, new = iter(shape), []
    for entry in entries:
        if entry is None:
            new.append(1)
        elif isinstance(entry, slice):
            new.append(next(sizes))
    return (*new, *sizes)


def _plain(entry: Any) -> Any:
    """An array of indices or of truth values; recorded truth values are computed, because they decide the shape."""
    if not hasattr(entry, "recorder"):
        return entry
    if entry.dtype != bool:
        raise FunctionError(
            "a recorded array of numbers is no index",
            hint="whole numbers that select are data: name by argnums the arguments to derive by, without them",
        )
    value = entry.recorder.concrete(entry.position)
    entry.recorder.note_thresholds(entry.position)
    return value
