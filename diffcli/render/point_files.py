"""Tables of numbers written as they come, block by block: csv, or NumPy's file format."""

from collections.abc import Sequence
from typing import IO, Any, Protocol

import numpy as np


class TableWriter(Protocol):
    """Writes rows to an open file."""

    def write(self, table: Any) -> None:
        """Write some rows."""
        ...

    def finish(self) -> None:
        """Complete the file."""
        ...


class CsvWriter:
    """A line of names, then one line per row, with all digits."""

    def __init__(self, stream: IO[bytes], header: Sequence[str]) -> None:
        """Write the names."""
        self._stream = stream
        stream.write(f"{','.join(header)}\n".encode())

    def write(self, table: Any) -> None:
        """Write some rows."""
        self._stream.write("".join([f"{','.join(map(repr, row))}\n" for row in table.tolist()]).encode())

    def finish(self) -> None:
        """Nothing more is needed."""


class NpyWriter:
    """A matrix of doubles, whose number of rows is written into its header at the end."""

    def __init__(self, stream: IO[bytes], header: Sequence[str]) -> None:
        """Write a header for no rows; NumPy leaves space in it for more digits."""
        self._stream, self._width, self._rows = stream, len(header), 0
        self._header()

    def write(self, table: Any) -> None:
        """Write some rows."""
        self._rows += len(table)
        self._stream.write(np.ascontiguousarray(table, dtype="<f8").tobytes())

    def finish(self) -> None:
        """Write the header again."""
        start = self._stream.tell()
        self._stream.seek(0)
        self._header()
        self._stream.seek(start)

    def _header(self) -> None:
        shape = (self._rows, self._width)
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._stream, header)


WRITERS: dict[str, type[CsvWriter] | type[NpyWriter]] = {".csv": CsvWriter, ".npy": NpyWriter}
"""By the suffix of the file."""
