"""Arrays that a function met on the way: used by reference, and watched while the function runs.

A buffer that is filled again and again would otherwise have its last elements everywhere in the program.
"""

from typing import Any, NamedTuple

import numpy as np

from diffcli.errors import FunctionError

EXACT = 8192
"""Up to so many elements an array is remembered as a whole; of a larger one …"""
SAMPLES = 512
"""… about so many elements, at equal distances."""


class Mark:
    """What an array held when it was met."""

    __slots__ = ("_array", "_contents", "_step")

    def __init__(self, array: Any) -> None:
        """Remember its elements, or some of them."""
        self._array = array
        self._step = 1 if array.size <= EXACT else array.size // SAMPLES
        self._contents = self._now()

    def _now(self) -> bytes:
        array = self._array
        if self._step == 1:
            return array.tobytes()  # type: ignore[no-any-return]
        return array.flat[:: self._step].tobytes()  # type: ignore[no-any-return]

    def holds(self) -> bool:
        """Whether the array still holds that."""
        return self._now() == self._contents

    def restored(self) -> Any:
        """The array as it was; raises FunctionError for one that is too large to have been remembered."""
        if self._step > 1:
            raise FunctionError(
                f"an array of {self._array.size} elements was changed in place while the function ran",
                hint="make a new array each time, or use a copy: array.copy()",
            )
        return np.frombuffer(self._contents, dtype=self._array.dtype).reshape(self._array.shape)


class Captured(NamedTuple):
    """An array that was met."""

    position: int
    """Its node."""
    thing: Any
    mark: Mark | None
    """None for what cannot be changed."""
