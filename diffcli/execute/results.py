"""Arrays for the results of batches, out of memory of earlier results that nobody holds any more.

Memory that is new to a process has to be cleared by the system, page by page, which at many points takes as long as the
computation itself. So a batch keeps the memory of its last results, within a limit, and gives it out again as soon as
no array refers to it: Python counts its references.
"""

import sys
from collections.abc import Sequence
from math import prod
from threading import Lock
from typing import Any

import numpy as np

SMALLEST, MOST_KEPT = 65_536, 2**28
"""Bytes of an array from which on its memory is kept, and of all that are kept: enough for the values and two partials
at ten million points."""

Array = Any


def _holders(kept: Sequence[Any], number: int) -> int:
    return sys.getrefcount(kept[number])


NOBODY = _holders([object()], 0)
"""What is counted for an object that only the list refers to."""
IS_COUNTED = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()


class Results:
    """The memory of one batch."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: list[Array] = []
        self._lock = Lock()

    def arrays(self, shape: tuple[int, ...], count: int) -> list[Array]:
        """So many arrays of double precision, with anything in them."""
        size = prod(shape)
        if size * 8 < SMALLEST or not IS_COUNTED:
            return [np.empty(shape) for _ in range(count)]
        if not self._lock.acquire(blocking=False):  # held by another thread, which a child of this process may lack
            return [np.empty(shape) for _ in range(count)]
        try:
            return [array.reshape(shape) for array in self._flat(size, count)]
        finally:
            self._lock.release()

    def _flat(self, size: int, count: int) -> list[Array]:
        kept = self._kept
        free = [kept[k] for k in range(len(kept)) if kept[k].size == size and _holders(kept, k) == NOBODY]
        new = [np.empty(size) for _ in range(count - len(free))]
        used = [array for array in kept if array.size == size]
        room = MOST_KEPT // (8 * size) - len(used)
        self._kept = [*used, *new[: max(0, room)]]
        return [*free, *new][:count]
