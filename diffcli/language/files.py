"""Arrays from files, x=@data.npy, .csv or .json: read as data, whatever is in them."""

import json
import math
import os
import stat
from array import array
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from diffcli.errors import PointError
from diffcli.graph.shapes import Shape, shown
from diffcli.language.array_value import MOST_AXES, ArrayValue
from diffcli.language.characters import shown as printable
from diffcli.language.limits import Limits
from diffcli.language.npy import read_npy
from diffcli.language.suggestions import nearest

BYTES_PER_NUMBER = 26
"""A double with its sign, 17 digits, exponent and separator."""
LONGEST_NUMBER = 1000
"""Characters of a number in a table."""
NO_NUMBERS = "it holds no numbers"
FORMS = {
    ".npy": "numpy.save writes such a file",
    ".csv": "one row of numbers per line, separated by commas",
    ".json": "a list of numbers, or lists of equal lengths: [[1, 2], [3, 4]]",
}
"""What a file should hold."""


def read_file(name: str, limits: Limits) -> float | ArrayValue:
    """The number or the array in a file, found from the current folder; raises PointError."""
    path = Path(name)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise PointError("an array is read from .npy, .csv or .json", hint="for example x=@data.npy")
    try:
        _refuse_special(path)
        with path.open("rb") as stream:
            value = reader(stream, limits)
    except (OSError, ValueError, MemoryError) as problem:
        raise _unreadable(path, problem) from None
    except PointError as problem:
        problem.hint = problem.hint or FORMS[path.suffix.lower()]
        raise
    _check_finite(value)
    return value if value.shape else value.elements[0]


def _refuse_special(path: Path) -> None:
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a named pipe would be waited for
        raise PointError("it is no ordinary file")


def _unreadable(path: Path, problem: Exception) -> PointError:
    if isinstance(problem, FileNotFoundError):
        try:
            guess = nearest(path.name, [entry.name for entry in list(path.parent.iterdir())[:1000]])
        except OSError:
            guess = None
        hint = f"did you mean @{printable(str(path.with_name(guess)))}?" if guess else "paths begin in this folder"
        return PointError("there is no such file", hint=hint)
    if isinstance(problem, UnicodeDecodeError):
        return PointError("it is not UTF-8 text", hint=FORMS[path.suffix.lower()])
    if isinstance(problem, OSError):
        return PointError(problem.strerror or "it cannot be read")
    return PointError("it cannot be read")


def _check_finite(value: ArrayValue) -> None:
    if all(map(math.isfinite, value.elements)):
        return
    at = next(i for i, element in enumerate(value.elements) if not math.isfinite(element))
    number = value.elements[at]
    what = "nan" if math.isnan(number) else "an infinity or too large for double precision"
    index = []
    for size in reversed(value.shape):
        at, remainder = divmod(at, size)
        index.append(str(remainder))
    place = f" at [{', '.join(reversed(index))}]" if index else ""
    raise PointError(f"the number{place} is {what}", hint="only finite numbers can be computed with")


def _content(stream: BinaryIO, limits: Limits) -> bytes:
    """What a text file holds, refused by its size before it is read."""
    size = os.fstat(stream.fileno()).st_size
    if size > limits.elements * BYTES_PER_NUMBER:
        limits.check("elements", size // BYTES_PER_NUMBER, f"the file has {size} bytes")
    return stream.read(size)


# Text files with one row of numbers per line.


def _read_csv(stream: BinaryIO, limits: Limits) -> ArrayValue:
    """One number per cell; one row or one column is a vector. Blank lines and lines after # are skipped."""
    elements = array("d")
    rows = width = first = 0
    for number, cells in _rows(_content(stream, limits)):
        if not rows:
            width, first = len(cells), number
        if len(cells) != width:
            raise PointError(f"line {number} has {_counted(len(cells))}, line {first} has {_counted(width)}")
        try:
            elements.extend(map(float, cells))
        except ValueError:
            raise _bad_cell(number, cells, is_first=not rows) from None
        rows += 1
    limits.check("elements", len(elements), f"the array in the file has {len(elements)} elements")
    if not rows:
        raise PointError(NO_NUMBERS)
    shape = tuple(size for size in (rows, width) if size > 1)
    return ArrayValue(shape, elements)


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(TextIOWrapper(BytesIO(content), "utf-8-sig"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            if "_" in line or not line.isascii():  # Python's float reads 1_000 and digits of other scripts
                raise _bad_cell(number, line.split(","), is_first=False)
            cells = line.split(",")
            if len(line) > LONGEST_NUMBER and max(map(len, cells)) > LONGEST_NUMBER:
                raise _bad_cell(number, cells, is_first=False)
            yield number, cells


def _counted(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _bad_cell(line: int, cells: list[str], *, is_first: bool) -> PointError:
    for column, cell in enumerate(cells, start=1):
        if not cell.strip():
            return PointError(f"line {line}, column {column} is empty", hint="every row needs a number in every column")
        if not _is_number(cell):
            break
    hint = None
    if is_first and not any(map(_is_number, cells)):
        hint = "a line of names is no part of the numbers; begin it with #"
    cell = cell[:LONGEST_NUMBER]
    if ";" in cell or "\t" in cell or len(cell.split()) > 1:
        hint = "numbers are separated by commas"
    what = f"'{printable(cell.strip()[:40])}' is not a number"
    return PointError(f"line {line}, column {column}: {what}", hint=hint)


def _is_number(cell: str) -> bool:
    try:
        float(cell[:LONGEST_NUMBER])
    except ValueError:
        return False
    return len(cell) <= LONGEST_NUMBER and "_" not in cell and cell.isascii()


# JSON: nested lists of numbers.


def _read_json(stream: BinaryIO, limits: Limits) -> ArrayValue:
    text = _content(stream, limits).decode("utf-8-sig")
    try:
        data = json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        raise PointError(f"line {problem.lineno}, column {problem.colno}: {problem.msg}") from None
    except RecursionError:
        raise PointError(f"more than {MOST_AXES} lists stand in each other") from None
    shape, elements = _flat(data)
    limits.check("elements", len(elements), f"the array in the file has {len(elements)} elements")
    return ArrayValue(shape, elements)


def _refuse_constant(word: str) -> NoReturn:
    raise PointError(f"{word} is not a finite number", hint="only finite numbers can be computed with")


def _flat(data: Any) -> tuple[Shape, "array[float]"]:
    """The shape and the elements of nested lists, one level after the other."""
    shape: list[int] = []
    level = [data]
    while level and all(type(entry) is list for entry in level):
        lengths = {len(entry) for entry in level}
        if len(lengths) > 1:
            low, high = min(lengths), max(lengths)
            raise PointError(f"its lists have different lengths: {low} and {high}")
        shape.append(lengths.pop())
        if len(shape) > MOST_AXES:
            raise PointError(f"more than {MOST_AXES} lists stand in each other")
        level = [element for entry in level for element in entry]
    if not prod(shape):
        raise PointError(NO_NUMBERS if shape == [0] else f"its array of shape {shown(tuple(shape))} holds no numbers")
    wrong = next((entry for entry in level if type(entry) is not float), None)
    if wrong is not None or any(entry is None for entry in level):
        raise PointError(_wrong_entry(wrong), hint="numbers in lists of equal lengths, for example [[1, 2], [3, 4]]")
    return tuple(shape), array("d", level)


def _wrong_entry(entry: Any) -> str:
    if isinstance(entry, list):
        return "numbers and lists stand side by side in one list"
    kinds = {dict: "an object in braces", str: "text", bool: "true or false"}
    return f"it holds {kinds.get(type(entry), 'null')} where a number should stand"


READERS = {".npy": read_npy, ".csv": _read_csv, ".json": _read_json}
