"""Files of points, one per row, read in blocks: .csv with or without a line of names, .npy of numbers or of records."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from diffcli.errors import PointError
from diffcli.language.characters import shown, spell

LONGEST_LINE = 1_000_000
ONLY_FINITE = "only finite numbers can be computed with"
NEEDED = "numbers in rows, one point per row and one column per variable"
Array = Any


class Block(NamedTuple):
    """Some rows."""

    columns: Sequence[Array]
    """One array of doubles for each column."""
    done: float
    """The part of the file that is read, from 0 to 1."""


class PointFile(NamedTuple):
    """An open file of points."""

    names: tuple[str, ...] | None
    """The names of the columns; None where the file has none."""
    width: int
    """How many columns there are."""
    blocks: Callable[[int], Iterator[Block]]
    """The rows, at most so many at a time."""


@contextmanager
def opened(path: Path) -> Iterator[PointFile]:
    """The points in a file; every error is a PointError that names the file, and the line or the row."""
    name = shown(path.name)
    opener = {".npy": _opened_npy, ".csv": _opened_csv}.get(path.suffix.lower())
    if opener is None:
        raise PointError(f"{name}: points are read from .csv or .npy", hint=NEEDED)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a named pipe would be waited for
            raise PointError(f"{name} is no ordinary file")
    except (OSError, ValueError) as problem:
        reason = "there is no such file" if isinstance(problem, FileNotFoundError) else "it cannot be read"
        raise PointError(f"{name}: {reason}") from None
    with opener(path, name) as file:
        yield file


# NumPy's format, mapped into memory: only what is looked at is read.


@contextmanager
def _opened_npy(path: Path, name: str) -> Iterator[PointFile]:
    try:
        data: Array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError, OverflowError):
        raise PointError(f"{name}: it is no whole .npy file of numbers", hint=NEEDED) from None
    fields = data.dtype.names
    if data.ndim == 1 and fields is None:
        data = data[:, None]
    if data.ndim != (1 if fields else 2):
        raise PointError(f"{name} has {data.ndim} axes", hint=NEEDED)
    kinds = [data.dtype[field] for field in fields] if fields else [data.dtype]
    wrong = next((kind for kind in kinds if kind.kind not in "biuf" or kind.shape), None)
    if wrong is not None:
        raise PointError(f"{name} holds {shown(str(wrong))[:40]}, and not real numbers", hint=NEEDED)

    def blocks(rows: int) -> Iterator[Block]:
        for start in range(0, len(data), rows):
            part = data[start : start + rows]
            columns = [part[field] for field in fields] if fields else list(part.T)
            doubles = [np.ascontiguousarray(column, dtype=np.float64) for column in columns]
            for number, column in enumerate(doubles):
                wrong = _not_finite(column)
                if wrong is not None:
                    raise PointError(
                        f"{name}: the number at [{start + wrong}, {number}] is {column[wrong]}", hint=ONLY_FINITE
                    )
            yield Block(doubles, min(1.0, (start + rows) / len(data)))

    yield PointFile(fields, len(fields) if fields else data.shape[1], blocks)


def _not_finite(values: Array) -> int | None:
    """Where the first number is that is not finite."""
    is_wrong = ~np.isfinite(values)
    return int(np.argmax(is_wrong)) if is_wrong.any() else None


# Text: one row per line, numbers separated by commas.


@contextmanager
def _opened_csv(path: Path, name: str) -> Iterator[PointFile]:
    try:
        stream: Any = path.open(encoding="utf-8-sig")
    except OSError as problem:
        raise PointError(f"{name}: {problem.strerror or 'it cannot be read'}") from None
    with stream:
        yield _Lines(stream, name).file()


class _Lines:
    """The lines of a text file that are neither blank nor comments."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name, self._number = stream, name, 0
        self._size = max(1, os.fstat(stream.fileno()).st_size)
        self._waiting: list[tuple[int, str]] = []

    def file(self) -> PointFile:
        """What the first row says of all."""
        first = next(self._rows(), None)
        if first is None:
            raise PointError(f"{self._name} holds no points", hint=NEEDED)
        cells = _cells(first[1])
        if any(map(_is_number, cells)):
            self._waiting.append(first)
            return PointFile(None, len(cells), self._blocks)
        names = tuple(spell(cell.strip('"')).plain.strip() for cell in cells)
        if "" in names or len(set(names)) < len(names):
            what = "is empty" if "" in names else "stands there twice"
            raise PointError(f"{self._name}, line {first[0]}: the name of a column {what}")
        return PointFile(names, len(names), lambda rows: self._blocks(rows, len(names)))

    def _rows(self) -> Iterator[tuple[int, str]]:
        while True:
            try:
                line = self._stream.readline(LONGEST_LINE)
            except UnicodeDecodeError:
                raise PointError(f"{self._name}: it is not UTF-8 text") from None
            except OSError as problem:
                raise PointError(f"{self._name}: {problem.strerror or 'it cannot be read'}") from None
            if not line:
                return
            self._number += 1
            if len(line) == LONGEST_LINE:
                raise PointError(f"{self._name}, line {self._number} is longer than {LONGEST_LINE} characters")
            bare = line.strip()
            if bare and not bare.startswith("#"):
                yield self._number, bare

    def _blocks(self, rows: int, width: int | None = None) -> Iterator[Block]:
        lines, self._waiting = self._waiting, []
        for numbered in self._rows():
            lines.append(numbered)
            if len(lines) >= rows:
                yield self._block(lines, width)
                lines = []
        if lines:
            yield self._block(lines, width)

    def _block(self, lines: list[tuple[int, str]], width: int | None) -> Block:
        try:
            table = np.loadtxt([line for _, line in lines], delimiter=",", comments=None, ndmin=2)
        except ValueError:
            raise self._mistake(lines, width) from None
        if len(table) != len(lines) or table.shape[1] != (width or table.shape[1]) or not np.isfinite(table).all():
            raise self._mistake(lines, width)
        return Block(list(np.ascontiguousarray(table.T)), min(1.0, self._stream.buffer.tell() / self._size))

    def _mistake(self, lines: list[tuple[int, str]], width: int | None) -> PointError:
        """What is wrong, at the first line where something is."""
        width = width or len(_cells(lines[0][1]))
        for number, line in lines:
            cells, place = _cells(line), f"{self._name}, line {number}"
            wrong = next((cell for cell in cells if not _is_number(cell)), None)
            if wrong is not None:
                hint = "numbers are separated by commas" if any(mark in wrong for mark in ";\t ") else None
                what = f"'{shown(wrong[:40])}' is not a number" if wrong else "a number is missing"
                return PointError(f"{place}: {what}", hint=hint)
            if len(cells) != width:
                return PointError(f"{place} has {_counted(len(cells))}, and not {width}")
            wrong = next((cell for cell in cells if not np.isfinite(float(cell))), None)
            if wrong is not None:
                return PointError(f"{place}: {wrong} is not a finite number", hint=ONLY_FINITE)
        return PointError(f"{self._name}, lines {lines[0][0]} to {lines[-1][0]} cannot be read as numbers")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(",")]


def _counted(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.isascii()
