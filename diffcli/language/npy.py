"""NumPy's file format, read without NumPy: numbers only, never objects, so that a file can do nothing but be wrong.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.
"""

import re
import sys
from array import array
from collections.abc import Sequence
from math import prod
from typing import BinaryIO, NamedTuple

from diffcli.errors import PointError
from diffcli.graph.shapes import Shape, shown
from diffcli.language.array_value import MOST_AXES, ArrayValue
from diffcli.language.limits import Limits

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
DESCRIPTION = re.compile(r"'descr'\s*:\s*'([<>|=]?)([A-Za-z])(\d{0,6})(?:\[\w*\])?'")
RECORDS = re.compile(r"'descr'\s*:\s*\[")
ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)")
SHAPE = re.compile(r"'shape'\s*:\s*\(\s*((?:\d{1,15}\s*,\s*)*(?:\d{1,15})?)\s*\)")
TYPECODES = {
    "f4": "f", "f8": "d", "b1": "B",
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
}  # fmt: skip
KINDS = {
    "O": "Python objects, which are never loaded", "c": "complex numbers", "U": "text", "S": "text", "V": "records",
    "M": "dates", "m": "times",
}  # fmt: skip
HINT = "diffcli reads real numbers: float32, float64, whole numbers and booleans"


class Header(NamedTuple):
    """What stands before the numbers."""

    typecode: str
    size: int
    """Bytes of one number."""
    swapped: bool
    """Whether the bytes of a number stand in the other order than in this machine."""
    is_fortran: bool
    shape: Shape


def read_npy(stream: BinaryIO, limits: Limits) -> ArrayValue:
    """The array in an open file; raises PointError for anything but real numbers."""
    header = _header(_header_text(stream))
    count = prod(header.shape)
    limits.check("elements", count, f"the array in the file has {count} elements")
    data = stream.read(count * header.size)
    if len(data) < count * header.size:
        raise PointError(f"it is cut off: {len(data)} of {count * header.size} bytes", hint="save it again")
    numbers: array[float] = array(header.typecode)
    numbers.frombytes(data)
    if header.swapped:
        numbers.byteswap()
    elements = numbers if header.typecode == "d" else array("d", numbers)
    if header.is_fortran and sum(size > 1 for size in header.shape) > 1:
        elements = _row_by_row(elements, header.shape)
    return ArrayValue(header.shape, elements, "float32" if header.typecode == "f" else "float64")


def _header_text(stream: BinaryIO) -> str:
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise PointError("it is no .npy file", hint="write it with numpy.save")
    if start[6] not in (1, 2, 3):
        raise PointError(f"version {start[6]} of the .npy format is not known")
    size = stream.read(2 if start[6] == 1 else 4)
    length = int.from_bytes(size, "little")
    text = stream.read(min(length, LONGEST_HEADER + 1))
    if not length or len(text) < length or length > LONGEST_HEADER:
        raise PointError("its header is damaged", hint="save it again")
    return text.decode("latin-1")


def _header(text: str) -> Header:
    description, order, shape = (pattern.search(text) for pattern in (DESCRIPTION, ORDER, SHAPE))
    if RECORDS.search(text):
        raise PointError("it holds records", hint=HINT)
    if description is None or order is None or shape is None:
        raise PointError("its header is damaged", hint="save it again")
    kind = description[2] + description[3]
    typecode = TYPECODES.get(kind)
    if typecode is None:
        what = KINDS.get(description[2], f"numbers of the type {kind}")
        raise PointError(f"it holds {what}", hint=HINT)
    sizes = tuple(int(size) for size in shape[1].split(",") if size.strip())
    if len(sizes) > MOST_AXES:
        raise PointError(f"its array has more than {MOST_AXES} axes")
    if not prod(sizes):
        raise PointError(f"its array of shape {shown(sizes)} holds no numbers")
    foreign = {"<": "big", ">": "little"}.get(description[1])
    return Header(typecode, int(description[3]), foreign == sys.byteorder, order[1] == "True", sizes)


def _row_by_row(elements: "array[float]", shape: Shape) -> "array[float]":
    """Fortran's order, first index fastest, to last index fastest, by one slice along the last axis at a time."""
    sizes = [size for size in shape if size > 1]  # the others change nothing
    strides = [prod(sizes[:axis]) for axis in range(len(sizes))]
    *axes, (length, step) = zip(sizes, strides, strict=True)
    half = len(axes) // 2
    outer, inner = _offsets(axes[:half]), _offsets(axes[half:])
    result = array("d")
    for start in (first + second for first in outer for second in inner):
        result.extend(elements[start : start + (length - 1) * step + 1 : step])
    return result


def _offsets(axes: Sequence[tuple[int, int]]) -> list[int]:
    """Where all combinations of indices into axes (length, stride) lie, the last index fastest."""
    offsets = [0]
    for length, stride in axes:
        offsets = [offset + index * stride for offset in offsets for index in range(length)]
    return offsets
