"""Arrays that a function met on the way: used by reference, and watched while the function runs.

A buffer that is filled again and again would otherwise have its last elements everywhere in the program.
"""

from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from diffcli.errors import FunctionError

EXACT = 8192
"""Up to so many elements an array is remembered as a whole; of a larger one a check sum."""


class Mark:
    """What an array held when it was met."""

    __slots__ = ("_array", "_contents", "_is_whole")

    def __init__(self, array: Any) -> None:
        """Remember its elements, or their check sum."""
        self._array = array
        self._is_whole = array.size <= EXACT
        self._contents = self._now()

    def _now(self) -> bytes:
        array = self._array
        if self._is_whole:
            return array.tobytes()  # type: ignore[no-any-return]
        kept = tuple(slice(1) if stride == 0 else slice(None) for stride in array.strides)  # repeated ones once
        return crc32(np.ascontiguousarray(array[kept]).data).to_bytes(4, "big")

    def holds(self) -> bool:
        """Whether the array still holds that."""
        return self._now() == self._contents

    def restored(self) -> Any:
        """The array as it was; raises FunctionError for one that is too large to have been remembered."""
        if not self._is_whole:
            raise FunctionError(
                f"an array of {self._array.size} elements was changed in place while the function ran",
                hint="make a new array each time, or use a copy: array.copy()",
            )
        return np.frombuffer(self._contents, dtype=self._array.dtype).reshape(self._array.shape)


class Captured(NamedTuple):
    """Something that was met and is data."""

    position: int
    """Its node."""
    thing: Any
    mark: Mark | None
    """Of an array of NumPy that can be changed from outside."""
    is_shared: bool = False
    """Whether the input is the array itself, and not a copy in another type."""
