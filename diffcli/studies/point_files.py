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
from diffcli.studies.npy_rows import NEEDED, opened_rows

LONGEST_LINE = 1_000_000
LONGEST_BLOCK = 16_000_000
"""Characters of the lines that are read at once."""
ONLY_FINITE = "only finite numbers can be computed with"
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


# NumPy's format.


@contextmanager
def _opened_npy(path: Path, name: str) -> Iterator[PointFile]:
    with opened_rows(path, name) as data:
        is_changed = _watch(data.stream.fileno(), name)

        def blocks(rows: int) -> Iterator[Block]:
            for start in range(0, data.count, rows):
                columns = data.columns(start, min(start + rows, data.count))
                for number, column in enumerate(columns):
                    wrong = _not_finite(column)
                    if wrong is not None:
                        raise PointError(
                            f"{name}: the number at [{start + wrong}, {number}] is {column[wrong]}", hint=ONLY_FINITE
                        )
                yield Block(columns, min(1.0, (start + rows) / data.count))
            is_changed()

        yield PointFile(data.names, data.width, blocks)


def _watch(file: int, name: str) -> Callable[[], None]:
    """What raises PointError if an open file was written to meanwhile."""
    before = os.fstat(file)

    def check() -> None:
        now = os.fstat(file)
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise PointError(f"{name} was changed while it was read", hint="run it again when the file is complete")

    return check


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
        self._check_unchanged = _watch(stream.fileno(), name)
        self._waiting: list[tuple[int, str]] = []

    def file(self) -> PointFile:
        """What the first row says of all."""
        first = next(self._rows(), None)
        if first is None:
            raise PointError(f"{self._name} holds no points", hint=NEEDED)
        cells = _cells(first[1])
        if any(map(_is_number, cells)):
            self._waiting.append(first)
            return PointFile(None, len(cells), lambda rows: self._blocks(rows, len(cells)))
        names = tuple(spell(cell).plain.strip() for cell in cells)
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

    def _blocks(self, rows: int, width: int) -> Iterator[Block]:
        lines, self._waiting, length = self._waiting, [], 0
        for numbered in self._rows():
            lines.append(numbered)
            length += len(numbered[1])
            if len(lines) >= rows or length >= LONGEST_BLOCK:
                yield self._block(lines, width)
                lines, length = [], 0
        if lines:
            yield self._block(lines, width)
        self._check_unchanged()

    def _block(self, lines: list[tuple[int, str]], width: int) -> Block:
        try:
            table = np.loadtxt([line for _, line in lines], delimiter=",", comments=None, quotechar='"', ndmin=2)
        except ValueError:
            raise self._mistake(lines, width) from None
        if len(table) != len(lines) or table.shape[1] != width or not np.isfinite(table).all():
            raise self._mistake(lines, width)
        return Block(list(np.ascontiguousarray(table.T)), min(1.0, self._stream.buffer.tell() / self._size))

    def _mistake(self, lines: list[tuple[int, str]], width: int) -> PointError:
        """What is wrong, at the first line where something is."""
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
    return [_bare(cell.strip()) for cell in line.split(",")]


def _bare(cell: str) -> str:
    """A cell without its quotes."""
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _counted(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.isascii()
