"""Training data from files: a table with a column of labels (.csv), or arrays X and y (.npz). Read as data only."""

import csv
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, TextIO

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest
from diffcli.learn.archive import Archive
from diffcli.learn.data import Data, refuse_unfit

Array = Any
MOST_SURELY_CLASSES = 10
"""Different labels in a small file that may well be classes."""
MISSING = frozenset(("", "?", "na", "n/a", "nan", "null", "none", "-", "."))
MOST_BYTES, MOST_NUMBERS = 2**30, 50_000_000
LONGEST_CELL, MOST_COMMENTS = 200, 1000
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
BETWEEN_DIGITS = re.compile(r"(?<=\d),(?=\d)", re.ASCII)
SAMPLES = ("X", "x", "data", "features", "images", "samples")
LABELS = ("y", "Y", "target", "labels", "label", "classes")


def read_data(path: Path, label: str | None = None, classes: Sequence[str] | None = None) -> Data:
    """The data in a file; `label` is the column (or array) of the labels, `classes` all that may occur there."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".npz"):
        raise UsageError("training data are read from .csv and .npz files", hint="or --data digits, iris, moons")
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a named pipe would be waited for
            raise _unreadable(path, "it is no ordinary file")
        if path.stat().st_size > MOST_BYTES:
            raise _unreadable(path, "it has more than 1 GiB", kind="limit")
        return _csv(path, label, classes) if suffix == ".csv" else _npz(path, label, classes)
    except FileNotFoundError:
        near = nearest(path.name, [entry.name for entry in _entries(path.parent)])
        raise _unreadable(path, "there is no such file", f"did you mean {near}?" if near else None) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8 text") from None
    except OSError as problem:
        raise _unreadable(path, problem.strerror or "it cannot be read") from None
    except (csv.Error, ValueError) as problem:
        raise _unreadable(path, str(problem)[:120]) from None


def _unreadable(path: Path, reason: str, hint: str | None = None, kind: str = "data") -> UsageError:
    return UsageError(f"cannot use the data in '{path.name[:80]}': {reason}", hint=hint, kind=kind)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())[:1000]
    except OSError:
        return []


# Tables.


def _csv(path: Path, label: str | None, classes: Sequence[str] | None) -> Data:
    """One sample per line; a first line without numbers names the columns."""
    import numpy as np

    with path.open(encoding="utf-8-sig", newline="") as stream:
        separator = _separator(stream)
        rows = _rows(stream, separator)
        line, first = next(rows, (0, []))
        if not first:
            raise _unreadable(path, "it holds no rows")
        names = _names(first)
        chosen = _label_column(path, label, names, len(first))
        names = names or [f"column {k + 1}" for k in range(len(first))]
        table = _Table(path, names, chosen, has_commas=separator != ",")
        if names == [f"column {k + 1}" for k in range(len(first))]:
            table.add(line, first)
        for line, cells in rows:
            table.add(line, cells)
    if not table.numbers:
        raise _unreadable(path, "it holds no rows of numbers")
    found, labels = _classified(table.labels, classes, table.places)
    x = np.array(table.numbers, dtype=float).reshape(len(table.labels), len(names) - 1)
    features = tuple(name for k, name in enumerate(names) if k != chosen)
    return refuse_unfit(Data(path.name, x, labels, found, features), table.places)


class _Table:
    """The rows of a table, each checked when it is added."""

    def __init__(self, path: Path, names: Sequence[str], chosen: int, *, has_commas: bool) -> None:
        self.path, self.names, self.chosen, self.has_commas = path, names, chosen, has_commas
        self.marks: set[str] = set()
        """The decimal marks that were met: a file with both is not understood."""
        self.numbers: list[float] = []
        self.labels: list[str] = []
        self.places: list[str] = []

    def add(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self.names):
            self._refuse(f"line {line} has {len(cells)} cells, and there are {len(self.names)} columns")
        for column, cell in enumerate(cells):
            text = cell.strip()
            if text.lower() in MISSING:
                where = f"line {line}, column {column + 1} ({self.names[column][:40]})"
                self._refuse(f"{where}: the value is missing", "remove the row, or fill the value in")
            if column == self.chosen:
                self.labels.append(text[:LONGEST_CELL])
            else:
                self.numbers.append(self._number(line, column, text))
        self.places.append(f"line {line}")
        if len(self.numbers) > MOST_NUMBERS:
            raise _unreadable(self.path, f"it has more than {MOST_NUMBERS} numbers", kind="limit")

    def _number(self, line: int, column: int, text: str) -> float:
        self.marks |= {mark for mark in ".," if mark in text}
        is_decimal_comma = DECIMAL_COMMA.fullmatch(text) is not None
        plain = text.replace(",", ".") if is_decimal_comma and self.has_commas and len(self.marks) < 2 else text
        try:
            value = float(plain) if plain.isascii() and "_" not in plain and len(plain) <= LONGEST_CELL else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            where = f"line {line}, column {column + 1} ({self.names[column][:40]})"
            labels = f"the labels are in the column {self.names[self.chosen][:40]!r}, --label chooses another"
            hint = "decimal points throughout: 0.5" if is_decimal_comma else f"features are numbers; {labels}"
            self._refuse(f"{where}: {text[:40]!r} is not a finite number", hint)
        return value

    def _refuse(self, reason: str, hint: str | None = None) -> NoReturn:
        raise _unreadable(self.path, reason, hint)


def _separator(stream: TextIO) -> str:
    """What separates the cells: commas, or semicolons or tabs where the first line has only decimal commas."""
    lines = (line for line in islice(stream, MOST_COMMENTS) if line.strip() and not line.lstrip().startswith("#"))
    first = next(lines, "")
    stream.seek(0)
    found = max(";\t", key=first.count)
    return found if found in first and "," not in BETWEEN_DIGITS.sub("", first) else ","


def _rows(stream: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(stream, delimiter=separator, skipinitialspace=separator != "\t")
    for cells in reader:
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
            yield reader.line_num, cells


def _names(cells: Sequence[str]) -> list[str]:
    """The cells of the first line as names, or nothing where there are numbers (or gaps for numbers) among them."""
    return [] if any(_is_number(cell) for cell in cells) else [cell.strip()[:LONGEST_CELL] for cell in cells]


def _is_number(text: str) -> bool:
    try:
        float(text[:LONGEST_CELL])
    except ValueError:
        return DECIMAL_COMMA.fullmatch(text[:LONGEST_CELL].strip()) is not None
    return True


def _label_column(path: Path, label: str | None, names: Sequence[str], width: int) -> int:
    """The column that is named, or numbered from 1; the last one without."""
    if width < 2:
        raise _unreadable(path, "it has one column", "numbers and a label, separated by commas, semicolons or tabs")
    if label is None:
        return width - 1
    if label in names:
        return list(names).index(label)
    if label.isascii() and label.isdigit() and 1 <= int(label[:9]) <= width:
        return int(label) - 1
    guess = nearest(label, names) if names else None
    hint = f"did you mean {guess!r}?" if guess else f"columns: {', '.join(names[:12])}" if names else "a number from 1"
    raise _unreadable(path, f"it has no column {label[:60]!r}", hint)


def _classified(
    labels: Sequence[str], classes: Sequence[str] | None, places: Sequence[str]
) -> tuple[tuple[str, ...], Array]:
    """The classes, numbers in their order and others in that of the alphabet, and the number of each label."""
    import numpy as np

    found = sorted(set(labels))
    if all(map(_is_number, found)):
        found.sort(key=lambda text: float(text.replace(",", ".")))
    known = list(classes) if classes else found
    unknown = next((k for k, name in enumerate(labels) if name not in known), None) if classes else None
    if unknown is not None:
        guess = nearest(labels[unknown], known)
        raise UsageError(
            f"{places[unknown]}: the label {labels[unknown][:60]!r} is none of the classes",
            hint=f"did you mean {guess!r}?" if guess else f"they are {', '.join(known[:12])}",
            kind="data",
        )
    if len(found) > max(MOST_SURELY_CLASSES, len(labels) // 2):
        raise UsageError(
            f"the labels have {len(found)} different values in {len(labels)} samples",
            hint="labels are classes; which column is it? --label NAME",
            kind="data",
        )
    number = {name: k for k, name in enumerate(known)}
    return tuple(known), np.array([number[name] for name in labels])


# Archives of arrays.


def _npz(path: Path, label: str | None, classes: Sequence[str] | None) -> Data:
    """Arrays X and y, or whatever else they are usually called."""
    import numpy as np

    with Archive(path) as archive:
        samples = next((name for name in SAMPLES if name in archive.names), None)
        labels = label or next((name for name in LABELS if name in archive.names), None)
        if samples is None or labels not in archive.names:
            held = ", ".join(archive.names[:12]) or "nothing"
            raise _unreadable(path, f"arrays X and y are expected, it holds {held}", "numpy.savez(file, X=X, y=y)")
        x, y = archive.array(samples), archive.array(labels)
    if x.dtype.kind not in "fiub" or x.ndim < 2 or y.ndim != 1 or len(x) != len(y) or not x.size:
        raise _unreadable(
            path,
            f"{samples} is {_described(x)} and {labels} {_described(y)}",
            f"one label for each row: y = {labels}{'.argmax(axis=1)' if y.shape[1] > 1 else '[:, 0]'}"
            if y.ndim == 2 and labels != samples
            else "one row of numbers and one label each",
        )
    is_image, x = x.ndim > 2, x.reshape(len(x), -1).astype(float)
    if x.size > MOST_NUMBERS:
        raise _unreadable(path, f"it has more than {MOST_NUMBERS} numbers", kind="limit")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        what = "missing (nan)" if math.isnan(x[row, column]) else "infinite"
        raise _unreadable(path, f"{samples}[{row}, {column}] is {what}", "remove the row, or fill the value in")
    places = [f"{labels}[{k}]" for k in range(len(y))]
    found, numbers = _classified([_label_text(path, value, place) for value, place in zip(y, places, strict=True)],
                                 classes, places)  # fmt: skip
    features = tuple(f"{samples}[{k}]" for k in range(x.shape[1]))
    return refuse_unfit(Data(path.name, x, numbers, found, features, has_one_unit=is_image), places)


def _described(array: Array) -> str:
    return f"{'×'.join(map(str, array.shape)) or 'a single value'} of {array.dtype}"


def _label_text(path: Path, value: Any, place: str) -> str:
    """A label as text; missing ones and broken numbers are refused."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if isinstance(value, float) or (hasattr(value, "dtype") and value.dtype.kind == "f"):
        if not float(value).is_integer():
            what = "missing" if math.isnan(value) else f"{text[:40]}, which is no class"
            raise _unreadable(path, f"the label {place} is {what}")
        return str(int(value))
    if text.strip().lower() in MISSING:
        raise _unreadable(path, f"the label {place} is missing")
    return text.strip()[:LONGEST_CELL]
