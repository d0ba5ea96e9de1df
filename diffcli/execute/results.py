"""Arrays for the results of batches, out of memory of earlier results that nobody holds any more.

Memory that is new to a process has to be cleared by the system, page by page, which at many points takes as long as the
computation itself. So a batch keeps the memory of its last results, within a limit, and gives it out again as soon as
no array refers to it: Python counts its references.
"""

import sys
from collections.abc import Sequence
from math import prod
from sys import getrefcount
from threading import Lock
from typing import Any

import numpy as np

SMALLEST, MOST_KEPT = 65_536, 2**28
"""Bytes of an array from which on its memory is kept, and of all that are kept: enough for the values and two partials
at ten million points."""

Array = Any


Kept = tuple[Array, Array]
"""An array and a view of it, of which further ones are made: what is done to the shape, the type or the flags of those,
or of the array, which is their base, ends with them."""


def _kept(shape: tuple[int, ...]) -> Kept:
    array = np.empty(shape)
    return array, array[...]


def _free(kept: Sequence[Kept], most: int) -> list[Array]:
    """New views of the arrays that only the list and its views refer to."""
    found = list[Array]()
    for array, view in kept:
        if getrefcount(array) == NOBODY:
            found.append(view[...])
            if len(found) == most:
                break
    return found


def _holders(kept: Sequence[Kept]) -> int:
    for array, _ in kept:
        return getrefcount(array)
    return 0


NOBODY = _holders([_kept((1,))])
"""What is counted in a loop for an array that only the list and its view refer to."""
IS_COUNTED = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()


class Results:
    """The memory of one batch."""

    def __init__(self, count: int) -> None:
        """Begin with none, for so many outputs."""
        self._count = count
        self._shape: tuple[int, ...] = ()
        self._kept: list[Kept] = []
        self._room = 0
        self._lock = Lock()

    def along(self, points: int) -> tuple[Array, ...]:
        """For every output an array of double precision for so many points, with anything in them."""
        return tuple(self.arrays((points,)))

    def arrays(self, shape: tuple[int, ...]) -> list[Array]:
        """The same, of a shape."""
        count = self._count
        if not self._lock.acquire(blocking=False):  # held by another thread, which a child of this process may lack
            return [np.empty(shape) for _ in range(count)]
        try:
            if shape != self._shape:
                self._begin(shape)
            found = _free(self._kept, count)
            while len(found) < count:
                found.append(self._new())
        finally:
            self._lock.release()
        return found

    def _begin(self, shape: tuple[int, ...]) -> None:
        """With arrays of another shape."""
        size = 8 * prod(shape)
        self._shape, self._kept = shape, []
        self._room = MOST_KEPT // size if size >= SMALLEST and IS_COUNTED else 0

    def _new(self) -> Array:
        if len(self._kept) == self._room:
            return np.empty(self._shape)
        self._kept.append(_kept(self._shape))
        return self._kept[-1][1][...]
