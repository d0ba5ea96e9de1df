"""Rows of NumPy's file format, read piece by piece: a file may be larger than memory, and may change meanwhile.

The file is read and not mapped: what was looked at does not stay in memory, and a file that becomes shorter while it
is read is an error and not the end of the process.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from diffcli.errors import PointError
from diffcli.language.characters import shown

NEEDED = "numbers in rows, one point per row and one column per variable"
Array = Any


class NpyRows:
    """An open file with a matrix of real numbers, or with records of them."""

    def __init__(self, stream: BinaryIO, header: Array, name: str) -> None:
        """`header` is the mapped array, of which nothing but what the file says of itself is asked for."""
        self.stream, self._name, self._start = stream, name, header.offset
        self._dtype, self.names = header.dtype, header.dtype.names
        shape = header.shape
        if len(shape) == 1 and self.names is None:
            shape = (*shape, 1)
        if len(shape) != (1 if self.names else 2):
            raise PointError(f"{name} has {len(shape)} axes", hint=NEEDED)
        kinds = [self._dtype[field] for field in self.names] if self.names else [self._dtype]
        wrong = next((kind for kind in kinds if kind.kind not in "biuf" or kind.shape), None)
        if wrong is not None:
            raise PointError(f"{name} holds {shown(str(wrong))[:40]}, and not real numbers", hint=NEEDED)
        self.count = shape[0]
        self.width = len(self.names) if self.names else shape[1]
        self._is_by_columns = self.names is None and self.width > 1 and not header.flags.c_contiguous

    def columns(self, start: int, stop: int) -> Sequence[Array]:
        """One array of doubles for each column of some rows."""
        if self._is_by_columns:
            found = [self._numbers(column * self.count + start, stop - start) for column in range(self.width)]
        elif self.names:
            records = self._numbers(start, stop - start)
            found = [records[field] for field in self.names]
        else:
            found = list(self._numbers(start * self.width, (stop - start) * self.width).reshape(-1, self.width).T)
        with np.errstate(over="ignore"):  # numbers of extended precision that doubles cannot hold are infinite
            return [np.ascontiguousarray(column, dtype=np.float64) for column in found]

    def _numbers(self, first: int, count: int) -> Array:
        self.stream.seek(self._start + first * self._dtype.itemsize)
        try:
            data = self.stream.read(count * self._dtype.itemsize)
        except OSError as problem:
            raise PointError(f"{self._name}: {problem.strerror or 'it cannot be read'}") from None
        if len(data) < count * self._dtype.itemsize:
            raise PointError(f"{self._name} became shorter while it was read")
        return np.frombuffer(data, dtype=self._dtype)


@contextmanager
def opened_rows(path: Path, name: str) -> Iterator[NpyRows]:
    """The rows in a file; raises PointError where they are no real numbers."""
    try:
        header: Array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError, TypeError):
        raise PointError(f"{name}: it is no whole .npy file of numbers", hint=NEEDED) from None
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise PointError(f"{name}: {problem.strerror or 'it cannot be read'}") from None
    with stream:
        yield NpyRows(stream, header, name)
