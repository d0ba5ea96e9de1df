"""Archives of arrays (.npz) that may come from anybody: no objects, nothing larger than the file says, no surprises."""

import zipfile
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, Self

MOST_BYTES = 2**31
"""Of one array."""
KINDS = "fiubUS"
"""Floats, whole numbers, booleans and text."""


class Archive:
    """An open .npz file; whatever is wrong with it raises ValueError or OSError."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        if path.exists() and not path.is_file():
            raise ValueError("it is no ordinary file")  # a device would be read for ever
        try:
            self._file = zipfile.ZipFile(path)
        except (OSError, MemoryError):
            raise
        except Exception as problem:  # zipfile raises a dozen kinds for damaged files
            raise ValueError("it is no .npz archive") from problem
        self._members = {info.filename.removesuffix(".npy"): info for info in self._file.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def names(self) -> tuple[str, ...]:
        """What its arrays are called."""
        return tuple(self._members)

    def array(self, name: str) -> Any:
        """One of its arrays."""
        import numpy as np
        from numpy.lib import format as npy

        info = self._members[name]
        if info.file_size > MOST_BYTES:
            raise ValueError(f"the array {name[:40]!r} has {info.file_size} bytes")
        try:
            content = self._file.read(info)
        except (OSError, MemoryError):
            raise
        except Exception as problem:  # what zipfile and its compressions raise for damaged files
            raise ValueError(f"the array {name[:40]!r} is damaged") from problem
        stream = BytesIO(content)
        version = npy.read_magic(stream)
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if header is None:
            raise ValueError(f"the array {name[:40]!r} is of an unknown version")
        shape, _, dtype = header(stream)
        if dtype.kind not in KINDS:
            raise ValueError(f"the array {name[:40]!r} holds neither numbers nor text")
        if prod(shape) * dtype.itemsize > len(content):
            raise ValueError(f"the array {name[:40]!r} is cut off")
        return np.load(BytesIO(content), allow_pickle=False)
